"""What both languages draw alike: the mulberry32 stream and the k-means++ seeds taken from it."""

import numpy as np


def mulberry32(seed):
    """Yields floats in [0, 1) on a grid of 2^-32."""
    state = seed & 0xFFFFFFFF
    while True:
        state = (state + 0x6D2B79F5) & 0xFFFFFFFF
        t = ((state ^ (state >> 15)) * (state | 1)) & 0xFFFFFFFF
        t ^= (t + (((t ^ (t >> 7)) * (t | 61)) & 0xFFFFFFFF)) & 0xFFFFFFFF
        yield ((t ^ (t >> 14)) & 0xFFFFFFFF) / 4294967296


def draw(seed: int, count: int) -> np.ndarray:
    """The first `count` draws of a stream, float64 in [0, 1)."""
    with np.errstate(over="ignore"):
        a = np.uint32(seed) + np.arange(1, count + 1, dtype=np.uint32) * np.uint32(0x6D2B79F5)
        t = (a ^ (a >> np.uint32(15))) * (np.uint32(1) | a)
        t = (t + (t ^ (t >> np.uint32(7))) * (np.uint32(61) | t)) ^ t
    return (t ^ (t >> np.uint32(14))).astype(np.float64) / 2**32


def plus_plus(points, k, stream):
    """k-means++ seeds (k, dim), or None when there are fewer than k distinct points."""
    centres = [points[int(np.floor(next(stream) * len(points)))]]
    nearest = np.full(len(points), np.inf)
    while len(centres) < k:
        nearest = np.minimum(nearest, ((points - centres[-1]) ** 2).sum(axis=1))
        running = np.cumsum(nearest)
        if running[-1] == 0:
            return None
        target = next(stream) * running[-1]
        centres.append(points[min(int(np.searchsorted(running, target, side="right")), len(points) - 1)])
    return np.array(centres)
