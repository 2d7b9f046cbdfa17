"""Random shapes as soft masks: float32 [S,S] in 0..1, x right, y down, pixels."""

from __future__ import annotations

import cv2
import numpy as np

from textures import Rng, clouds

SHIFT = 4  # sub-pixel bits for OpenCV's polygon filler


def fill(size: int, points: np.ndarray, softness: float = 0.0) -> np.ndarray:
    """Filled polygon. points [K,2] float (x,y)."""
    canvas = np.zeros((size, size), np.uint8)
    cv2.fillPoly(canvas, [np.round(points * (1 << SHIFT)).astype(np.int32)], 255, cv2.LINE_AA, SHIFT)
    mask = canvas.astype(np.float32) / 255.0
    return cv2.GaussianBlur(mask, (0, 0), softness) if softness > 0.3 else mask


def outline(rng: Rng, centre: np.ndarray, radius: float, aspect: float, rough: float, angle: float) -> np.ndarray:
    """Closed wavy outline, [72,2]: an ellipse of geometric-mean radius `radius` with radial harmonics."""
    theta = np.linspace(0, 2 * np.pi, 72, endpoint=False)
    wave = np.ones_like(theta)
    for k in range(2, 7):
        wave += rough * rng.normal(0, 1.0 / k) * np.cos(k * theta + rng.uniform(0, 6.3))
    wave = np.clip(wave, 0.3, 2.0)
    x = radius * np.sqrt(aspect) * wave * np.cos(theta)
    y = radius / np.sqrt(aspect) * wave * np.sin(theta)
    c, s = np.cos(angle), np.sin(angle)
    return np.stack([centre[0] + c * x - s * y, centre[1] + s * x + c * y], axis=1)


def blob(rng: Rng, size: int, centre: np.ndarray, radius: float, rough: float = 0.25, softness: float = 0.0) -> np.ndarray:
    """A wavy ellipse."""
    aspect = float(np.exp(rng.normal(0, 0.3)))
    return fill(size, outline(rng, centre, radius, aspect, rough, rng.uniform(0, np.pi)), softness)


def polygon(rng: Rng, size: int, centre: np.ndarray, radius: float) -> np.ndarray:
    """A random star-shaped polygon with 3 to 9 corners, or a turned rectangle."""
    if rng.random() < 0.35:
        half = radius * np.exp(rng.normal(0, 0.35, 2))
        corners = np.array([[-1, -1], [1, -1], [1, 1], [-1, 1]]) * half
        angle = rng.uniform(0, np.pi)
        turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
        return fill(size, corners @ turn.T + centre)
    count = int(rng.integers(3, 10))
    theta = np.sort(rng.uniform(0, 2 * np.pi, count))
    reach = radius * rng.uniform(0.5, 1.5, count)
    return fill(size, centre + np.stack([reach * np.cos(theta), reach * np.sin(theta)], axis=1))


def tube(rng: Rng, size: int, centre: np.ndarray, length: float, width: float) -> np.ndarray:
    """A curved thick line."""
    heading, point, points = rng.uniform(0, 2 * np.pi), centre.copy(), []
    bend = rng.normal(0, 0.25)
    for _ in range(14):
        points.append(point.copy())
        heading += bend + rng.normal(0, 0.15)
        point = point + length / 13 * np.array([np.cos(heading), np.sin(heading)])
    path = np.array(points)
    path += centre - path.mean(axis=0)
    canvas = np.zeros((size, size), np.uint8)
    line = [np.round(path * 16).astype(np.int32)]
    cv2.polylines(canvas, line, False, 255, max(1, int(round(width))), cv2.LINE_AA, SHIFT)
    return canvas.astype(np.float32) / 255.0


def island(rng: Rng, size: int, centre: np.ndarray, radius: float) -> np.ndarray:
    """An irregular connected piece of thresholded clouds near the centre."""
    axis = np.arange(size, dtype=np.float32)
    distance = ((axis[None, :] - centre[0]) ** 2 + (axis[:, None] - centre[1]) ** 2) / (radius * radius)
    hill = 1.0 - distance + 0.35 * clouds(rng, size, int(rng.integers(3, 12)), 3)
    count, labels, stats, _ = cv2.connectedComponentsWithStats((hill > 0).astype(np.uint8), connectivity=4)
    if count < 2:
        return fill(size, outline(rng, centre, radius, 1.0, 0.1, 0.0))
    best = 1 + int(np.argmax(stats[1:, cv2.CC_STAT_AREA]))
    return cv2.GaussianBlur((labels == best).astype(np.float32), (0, 0), 0.7)


def any_shape(rng: Rng, size: int, centre: np.ndarray, radius: float) -> np.ndarray:
    """A random shape of roughly the given radius: blob, polygon, tube, island, ring or a union of two."""
    roll = rng.random()
    if roll < 0.42:
        return blob(rng, size, centre, radius, rng.choice([0.05, 0.25, 0.6]))
    if roll < 0.6:
        return polygon(rng, size, centre, radius)
    if roll < 0.7:
        return tube(rng, size, centre, radius * rng.uniform(2, 3.5), radius * rng.uniform(0.4, 0.9))
    if roll < 0.84:
        return island(rng, size, centre, radius)
    if roll < 0.88:
        return np.clip(blob(rng, size, centre, radius) - blob(rng, size, centre, radius * rng.uniform(0.4, 0.6)), 0, 1)
    offset = rng.normal(0, 0.8 * radius, 2)
    return np.maximum(blob(rng, size, centre, radius * 0.8), any_shape(rng, size, centre + offset, radius * 0.6))


def dome(mask: np.ndarray, light: float, flatness: float) -> np.ndarray:
    """Lambert-like shading of a bump over the mask, about -1..1: [S,S]. `light` is the light's angle."""
    inside = cv2.distanceTransform((mask > 0.5).astype(np.uint8), cv2.DIST_L2, 3)
    top = inside.max() + 1e-3
    height = np.sqrt(np.clip(1.0 - (1.0 - np.minimum(inside / (top * flatness), 1.0)) ** 2, 0, 1)) * top * flatness
    height = cv2.GaussianBlur(height, (0, 0), max(1.0, top * 0.12))
    slope_x = cv2.Sobel(height, cv2.CV_32F, 1, 0, ksize=3) / 8
    slope_y = cv2.Sobel(height, cv2.CV_32F, 0, 1, ksize=3) / 8
    return np.clip(-(np.cos(light) * slope_x + np.sin(light) * slope_y), -1.5, 1.5).astype(np.float32)
