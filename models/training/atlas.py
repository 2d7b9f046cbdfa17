"""A real head, cut anywhere: the Colin 27 average brain (27 T1 scans of one person; Holmes et al., J Comput Assist
Tomogr 22, 1998), as another patient's at every draw.

Debian's package `mricron-data` brings it: `ch2.nii.gz` is the head, `ch2bet.nii.gz` the brain alone.
Voxels of 1 mm: x to the right, y to the front, z up.
"""

from __future__ import annotations

from pathlib import Path

import cv2
import nibabel
import numpy as np
from scipy.ndimage import distance_transform_edt, map_coordinates

from textures import Rng

MIDDLE = np.array([90.0, 108.0, 78.0])  # of the brain, voxels
SELLA = np.array([90.0, 128.0, 40.0])
AXES = {  # right and down of each plane, in voxels; the face looks up or to the left
    "sagittal": ((0, -1, 0), (0, 0, -1)), "coronal": ((1, 0, 0), (0, 0, -1)), "axial": ((1, 0, 0), (0, -1, 0)),
}
KNOTS = (0, 14, 34, 80, 108, 165, 255)  # grey levels of air, bone, fluid, grey and white matter, fat
REACH = 140.0  # mm that the warp covers around the tumour
KNEES = 6  # cells of the warp along each side


class Atlas:
    """head, inside: [181,217,181]; inside is the distance from the brain's surface, mm."""

    def __init__(self, folder: Path):
        self.head = np.asarray(nibabel.load(folder / "ch2.nii.gz").dataobj).astype(np.uint8)
        brain = np.asarray(nibabel.load(folder / "ch2bet.nii.gz").dataobj) > 0
        self.inside = distance_transform_edt(brain).astype(np.float32)

    def place(self, rng: Rng, low: float, high: float) -> np.ndarray:
        """A voxel of the brain so many mm below its surface, more than 0, [3] float64; MIDDLE where none is found."""
        for _ in range(1000):
            at = rng.uniform(8, np.array(self.inside.shape) - 8)
            if low <= self.inside[tuple(at.astype(int))] <= high:
                return at
        return MIDDLE


class Patient:
    """One head made of the atlas: other proportions, bent, its tissue pushed aside by a tumour of `radius` mm at voxel `place`."""

    def __init__(self, rng: Rng, atlas: Atlas, place: np.ndarray, radius: float, plane: str):
        self.atlas, self.place, self.radius = atlas, place, radius
        turn, _ = np.linalg.qr(np.eye(3) + rng.normal(0, 0.07, (3, 3)))
        turn *= np.sign(np.diag(turn))
        right, down = (np.array(axis, np.float64) for axis in AXES[plane])
        self.right, self.down, self.through = right @ turn.T, down @ turn.T, np.cross(right, down) @ turn.T
        self.stretch = np.exp(rng.normal(0, 0.06, 3))
        self.bend = rng.normal(0, rng.uniform(1, 5), (3, KNEES, KNEES, KNEES))
        self.push = rng.uniform(0, 0.5)

    def offset(self) -> np.ndarray:
        """The tumour's centre from the middle of the head in the plane, [2] mm (right, down)."""
        away = self.place - MIDDLE
        return np.array([away @ self.right, away @ self.down])

    def cut(self, size: int, centre: np.ndarray, spacing: float, height: float) -> tuple[np.ndarray, np.ndarray]:
        """A slice `height` mm from the tumour's middle, which lies at pixel `centre` (x, y): grey levels [size,size]
        float32 0..255 and how surely a pixel is of the brain, 0..1."""
        coarse = max(32, size // 4)
        x, y = ((np.arange(coarse) + 0.5) * size / coarse - 0.5 - c for c in centre)
        p = spacing * (x[None, :, None] * self.right + y[:, None, None] * self.down) + height * self.through
        push = 1 - self.push * np.exp(-(p**2).sum(axis=2, keepdims=True) / (2 * (1.2 * self.radius) ** 2))
        knees = np.moveaxis((p / REACH + 1) * (KNEES - 1) / 2, 2, 0)
        bent = np.stack([map_coordinates(part, knees, order=3, mode="nearest") for part in self.bend], axis=2)
        voxels = (self.place + p * push * self.stretch + bent).astype(np.float32)
        at = np.moveaxis(cv2.resize(voxels, (size, size), interpolation=cv2.INTER_CUBIC), 2, 0)
        image = map_coordinates(self.atlas.head, at, np.float32, order=1)
        depth = map_coordinates(self.atlas.inside, at, np.float32, order=1)
        return image, np.clip(depth, 0, 1)


def toned(image: np.ndarray, levels: tuple) -> np.ndarray:
    """Grey levels of the atlas as those of another scan: `levels` of what KNOTS are."""
    return np.interp(image, KNOTS, levels).astype(np.float32)
