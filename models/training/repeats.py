"""Scenes of several things that look alike, one of which is meant: vertebrae in a row, paired organs, cars of one kind.

Where they are the same, only their place tells them apart, and they hardly move; where they differ in their surface,
they may change places.
"""

from __future__ import annotations

import cv2
import numpy as np

from scene import Layer, Scene
from shapes import any_shape
from textures import Rng, clouds, grey, material


def thing(rng: Rng, size: int) -> tuple[np.ndarray, np.ndarray]:
    """A drawn object in the middle: rgb [S,S,3], alpha [S,S]."""
    middle = np.array([size / 2, size / 2])
    alpha = any_shape(rng, size, middle, 0.22 * size)
    scan = rng.random() < 0.6
    rgb = grey(rng.uniform(40, 220) + rng.uniform(2, 25) * clouds(rng, size, 6, 3)) if scan else material(rng, size)
    return rgb.astype(np.float32), alpha.astype(np.float32)


def placed(layer: np.ndarray, spot: np.ndarray, scale: float, angle: float, mirror: bool, border: int) -> np.ndarray:
    """What lies in the middle of `layer`, moved to `spot`."""
    size = layer.shape[0]
    turn = cv2.getRotationMatrix2D((size / 2, size / 2), angle, scale)
    turn[:, 2] += spot - size / 2
    source = layer[:, ::-1] if mirror else layer
    return cv2.warpAffine(np.ascontiguousarray(source), turn, (size, size), flags=cv2.INTER_LINEAR, borderMode=border)


def spots_of(rng: Rng, size: int, reach: float) -> np.ndarray:
    """Where the things lie, [N,2]: in a row, a pair side by side, or scattered so that they do not touch."""
    roll = rng.random()
    if roll < 0.45:
        count, gap = int(rng.integers(3, 8)), reach * rng.uniform(1.05, 1.5)
        along = np.array([np.sin(angle := rng.normal(0, 0.35)), np.cos(angle)])
        if rng.random() < 0.3:
            along = along[::-1]
        first = np.array([size, size]) / 2 + rng.normal(0, 0.08, 2) * size - along * gap * (count - 1) / 2
        bend = rng.normal(0, 0.04) * size
        steps = np.arange(count)[:, None]
        return first + steps * along * gap + along[::-1] * bend * np.sin(np.pi * steps / max(1, count - 1))
    if roll < 0.7:
        apart = rng.uniform(0.6, 1.6) * reach + 0.05 * size
        middle = np.array([size, size]) / 2 + rng.normal(0, 0.06, 2) * size
        return middle + np.array([[-apart, rng.normal(0, 0.04) * size], [apart, 0.0]])
    spots: list[np.ndarray] = []
    for _ in range(60):
        spot = rng.uniform(0.12, 0.88, 2) * size
        if all(np.linalg.norm(spot - other) > 1.15 * reach for other in spots):
            spots.append(spot)
    return np.array(spots[: int(rng.integers(2, 7))])


def repeats(rng: Rng, ground: np.ndarray, rgb: np.ndarray, alpha: np.ndarray, extent: tuple[int, int] | None) -> Scene | None:
    """A scene of copies of the object (rgb [S,S,3], alpha [S,S], in the middle) on the ground [S,S,3]."""
    size = ground.shape[0]
    rows, columns = np.nonzero(alpha > 0.5)
    if rows.size == 0:
        return None
    own = float(max(np.ptp(rows), np.ptp(columns), 8))
    scale = float(rng.uniform(0.1, 0.24)) * size / own
    spots = spots_of(rng, size, own * scale)
    if len(spots) < 2:
        return None
    alike = rng.random() < 0.7
    pair = len(spots) == 2
    layers = []
    for index, spot in enumerate(spots):
        surface = rgb if alike else np.clip(rgb * rng.uniform(0.4, 1.6, 3 if rng.random() < 0.5 else 1) + rng.normal(0, 25), 0, 255)
        turn, grown = rng.normal(0, 6), scale * float(np.exp(rng.normal(0, 0.07)))
        mirror = pair and index == 1
        layers.append(Layer(
            placed(surface.astype(np.float32), spot, grown, turn, mirror, cv2.BORDER_REFLECT_101),
            cv2.GaussianBlur(placed(alpha, spot, grown, turn, mirror, cv2.BORDER_CONSTANT), (0, 0), 0.7),
            0.3 if alike else float(rng.choice([0.3, 3.0])),
        ))
    return Scene(ground, layers, int(rng.integers(len(layers))), extent=extent, still=0.35 if alike else 1.0, roams=False)
