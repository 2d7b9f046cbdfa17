"""Procedural textures and colours. Images are float32 [S,S,3] RGB on the 0..255 scale; fields are [S,S]."""

from __future__ import annotations

import cv2
import numpy as np

Rng = np.random.Generator


def field(rng: Rng, size: int, cells: int) -> np.ndarray:
    """Smooth random field with about `cells` bumps across, roughly zero mean and unit deviation."""
    cells = max(2, min(cells, size))
    small = rng.standard_normal((cells, cells)).astype(np.float32)
    return cv2.resize(small, (size, size), interpolation=cv2.INTER_CUBIC)


def clouds(rng: Rng, size: int, first: int = 3, octaves: int = 4, decay: float = 0.6) -> np.ndarray:
    """Sum of octaves of `field`, normalised to zero mean and unit deviation."""
    total = np.zeros((size, size), np.float32)
    gain, cells = 1.0, first
    for _ in range(octaves):
        total += gain * field(rng, size, cells)
        gain *= decay
        cells *= 2
    total -= total.mean()
    return total / (total.std() + 1e-6)


def ramp(rng: Rng, size: int) -> np.ndarray:
    """Linear gradient in a random direction, -1..1."""
    angle = rng.uniform(0, 2 * np.pi)
    axis = np.linspace(-1, 1, size, dtype=np.float32)
    return np.float32(np.cos(angle)) * axis[None, :] + np.float32(np.sin(angle)) * axis[:, None]


def stripes(rng: Rng, size: int) -> np.ndarray:
    """Warped sine bands."""
    phase = ramp(rng, size) * rng.uniform(6, 60) + field(rng, size, 4) * rng.uniform(0, 2.0)
    wave = np.sin(phase)
    return np.sign(wave) if rng.random() < 0.3 else wave


def spots(rng: Rng, size: int) -> np.ndarray:
    """Thresholded clouds: islands of one tone in another."""
    base = clouds(rng, size, int(rng.integers(6, 40)), 2)
    return np.tanh((base - rng.uniform(-0.5, 1.2)) * rng.uniform(2, 10))


def checks(rng: Rng, size: int) -> np.ndarray:
    """Random blocks, as in woven or printed surfaces."""
    cells = int(rng.integers(4, 40))
    small = rng.standard_normal((cells, cells)).astype(np.float32)
    return cv2.resize(small, (size, size), interpolation=cv2.INTER_NEAREST)


def pattern(rng: Rng, size: int) -> np.ndarray:
    """One random texture field of any kind."""
    kind = rng.integers(0, 6)
    if kind == 0:
        return stripes(rng, size)
    if kind == 1:
        return spots(rng, size)
    if kind == 2:
        return checks(rng, size)
    if kind == 3:
        return ramp(rng, size) + 0.2 * clouds(rng, size)
    return clouds(rng, size, int(rng.integers(2, 30)), int(rng.integers(2, 5)), rng.uniform(0.4, 0.9))


def random_colour(rng: Rng) -> np.ndarray:
    """RGB [3] float32: half of the time any colour, otherwise near-grey or skin/mucosa/earth-like."""
    roll = rng.random()
    if roll < 0.5:
        return rng.uniform(10, 245, 3).astype(np.float32)
    level = rng.uniform(15, 240)
    if roll < 0.75:
        return np.clip(level + rng.normal(0, 8, 3), 0, 255).astype(np.float32)
    return np.clip(level * np.array([1.0, rng.uniform(0.45, 0.9), rng.uniform(0.3, 0.8)]), 0, 255).astype(np.float32)


def paint(rng: Rng, texture: np.ndarray, colour: np.ndarray, contrast: float) -> np.ndarray:
    """Colours a texture field: mostly lightness variation around `colour`, with a random tint. [S,S,3]."""
    tint = (np.ones(3) + rng.normal(0, 0.5, 3)).astype(np.float32) * contrast
    return colour[None, None, :] + texture[:, :, None] * tint[None, None, :]


def material(rng: Rng, size: int, colour: np.ndarray | None = None, contrast: float | None = None) -> np.ndarray:
    """A random textured surface, [S,S,3]."""
    colour = random_colour(rng) if colour is None else colour
    contrast = rng.choice([4, 10, 25, 45]) * rng.uniform(0.6, 1.2) if contrast is None else contrast
    surface = paint(rng, pattern(rng, size), colour, contrast)
    if rng.random() < 0.4:
        surface = surface + paint(rng, pattern(rng, size), np.zeros(3, np.float32), contrast * 0.5)
    return surface


def grey(values: np.ndarray) -> np.ndarray:
    """[S,S] -> [S,S,3] with equal channels."""
    return np.repeat(values[:, :, None], 3, axis=2)
