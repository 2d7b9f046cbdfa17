"""Simulated user prompts for one view, in model-space pixels (x right, y down)."""

from __future__ import annotations

import cv2
import numpy as np

from textures import Rng

SLOTS = 8  # six points, then the two corners of a box


def pick(rng: Rng, mask: np.ndarray, count: int) -> np.ndarray:
    """`count` random pixels of the mask, [count,2] float32 (x,y); [0,2] if it is empty."""
    flat = np.flatnonzero(mask)
    if flat.size == 0:
        return np.zeros((0, 2), np.float32)
    chosen = flat[rng.integers(0, flat.size, count)]
    return np.stack([chosen % mask.shape[1], chosen // mask.shape[1]], axis=1).astype(np.float32)


def deepest(mask: np.ndarray) -> np.ndarray:
    """The pixel farthest from the mask's border, [1,2]."""
    inside = cv2.distanceTransform(np.pad(mask, 1), cv2.DIST_L2, 3)[1:-1, 1:-1]
    index = int(np.argmax(inside))
    return np.array([[index % mask.shape[1], index // mask.shape[1]]], np.float32)


def tight_box(mask: np.ndarray) -> np.ndarray:
    """[x0,y0,x1,y1] float32 of the mask's pixels, or zeros."""
    columns, rows = np.flatnonzero(mask.any(axis=0)), np.flatnonzero(mask.any(axis=1))
    if columns.size == 0:
        return np.zeros(4, np.float32)
    return np.array([columns[0], rows[0], columns[-1], rows[-1]], np.float32)


def jitter_box(rng: Rng, box: np.ndarray, amount: float) -> np.ndarray:
    side = np.array([box[2] - box[0], box[3] - box[1]] * 2)
    return (box + np.clip(rng.normal(0, amount, 4), -0.25, 0.25) * side).astype(np.float32)


def plain(rng: Rng, mask: np.ndarray, part: bool = False) -> tuple[np.ndarray, np.ndarray]:
    """What a person gives most often for mask [S,S] uint8: its box, a click on its middle, or any first prompt; of a
    part of a larger object always the box. Returns coords [8,2] and labels [8] (float32)."""
    coords = np.zeros((SLOTS, 2), np.float32)
    labels = np.full(SLOTS, -1, np.float32)
    roll = rng.random()
    if roll < 0.2:
        return simulate(rng, mask, part)
    if roll < 0.45 and not part:
        coords[0], labels[0] = deepest(mask)[0], 1
        return coords, labels
    drawn = jitter_box(rng, tight_box(mask), float(rng.choice([0.0, 0.03, 0.08], p=[0.5, 0.3, 0.2])))
    coords[6], coords[7] = drawn[:2], drawn[2:]
    labels[6], labels[7] = 2, 3
    return coords, labels


def simulate(rng: Rng, mask: np.ndarray, part: bool = False) -> tuple[np.ndarray, np.ndarray]:
    """A first prompt for mask [S,S] uint8. Returns coords [8,2] and labels [8] (float32).
    A part of a larger object always gets its box: clicks alone shall mean whole objects."""
    coords = np.zeros((SLOTS, 2), np.float32)
    labels = np.full(SLOTS, -1, np.float32)
    if not part and rng.random() < 0.35:  # a single click
        coords[0], labels[0] = deepest(mask)[0], 1
        return coords, labels
    roll = rng.random()
    with_box = part or roll < 0.45
    with_points = roll > 0.3
    if with_points:
        count = int(rng.choice([1, 2, 3, 4, 5], p=[0.4, 0.22, 0.18, 0.12, 0.08]))
        kind = rng.random()
        if kind < 0.2:
            points = np.concatenate([deepest(mask), pick(rng, mask, count - 1)]) if count > 1 else deepest(mask)
        elif kind < 0.4:
            eroded = cv2.erode(mask, np.ones((7, 7), np.uint8))
            rim = mask - eroded
            points = pick(rng, rim, count)
        else:
            points = pick(rng, mask, count)
        coords[: len(points)] = points
        labels[: len(points)] = 1
        if len(points) >= 3 and rng.random() < 0.1:  # one wrong point among several
            stray = pick(rng, 1 - mask, 1)
            if len(stray):
                coords[0] = stray[0]
        if rng.random() < 0.45:
            reach = max(5, int(0.15 * mask.shape[0])) | 1
            near = cv2.dilate(mask, np.ones((reach, reach), np.uint8)) - mask
            outside = pick(rng, near if rng.random() < 0.4 else 1 - mask, 1)
            if len(outside):
                coords[5] = outside[0]
                labels[5] = 0
    if with_box:
        drawn = jitter_box(rng, tight_box(mask), float(rng.choice([0.0, 0.03, 0.08])))
        coords[6], coords[7] = drawn[:2], drawn[2:]
        labels[6], labels[7] = 2, 3
    return coords, labels
