"""Photometric changes of one view: float32 [S,S,3] 0..255 in, uint8 [S,S,3] out."""

from __future__ import annotations

import cv2
import numpy as np

from textures import Rng


def make_look(rng: Rng, grey_chance: float, blur_chance: float, strength: float = 1.0, tint: bool = True):
    """Returns `look(rng, image)`. What a pair shares (grey or colour, inversion, base sharpness) is fixed
    here; gamma, contrast, brightness, tint (if wanted) and noise differ between the two views."""
    as_grey = rng.random() < grey_chance
    invert = as_grey and rng.random() < 0.2
    soften = rng.uniform(0.5, 2.2) if rng.random() < blur_chance else 0.0
    shrink = int(rng.integers(2, 4)) if rng.random() < blur_chance * 0.5 else 1
    quality = int(rng.integers(25, 90)) if rng.random() < 0.1 else 0
    weights = np.array([0.299, 0.587, 0.114], np.float32)

    def look(rng: Rng, image: np.ndarray) -> np.ndarray:
        size = image.shape[0]
        if as_grey:
            image = np.repeat((image @ weights)[:, :, None], 3, axis=2)
        values = np.clip(image, 0, 255) * np.float32(1 / 255)
        if invert:
            values = np.maximum(1 - values, 0)
        if rng.random() < 0.7 * strength:
            values = np.power(values, np.float32(np.exp(rng.normal(0, 0.22))))
        if rng.random() < 0.8 * strength:
            gain, lift = np.float32(np.exp(rng.normal(0, 0.12))), np.float32(rng.normal(0, 0.05))
            values = (values - 0.5) * gain + 0.5 + lift
        if tint and not as_grey and rng.random() < 0.5 * strength:
            values = values * np.exp(rng.normal(0, 0.06, 3)).astype(np.float32)
        if shrink > 1:
            small = cv2.resize(values, (size // shrink, size // shrink), interpolation=cv2.INTER_AREA)
            values = cv2.resize(small, (size, size), interpolation=cv2.INTER_LINEAR)
        blur = soften + (rng.uniform(0, 1.2) if rng.random() < 0.15 else 0.0)
        if blur > 0.3:
            values = cv2.GaussianBlur(values, (0, 0), blur)
        if rng.random() < 0.35 * strength:
            level = np.float32(rng.uniform(0.005, 0.05))
            noise = rng.standard_normal((size, size, 1 if as_grey else 3), dtype=np.float32)
            values = values + level * noise
        out = np.clip(values * 255, 0, 255).astype(np.uint8)
        if quality:
            out = cv2.imdecode(cv2.imencode(".jpg", out, [cv2.IMWRITE_JPEG_QUALITY, quality])[1], cv2.IMREAD_COLOR)
        return out

    return look
