"""A short P²SAM for monitoring a model during training. The product's own implementation is the judge."""

from __future__ import annotations

import cv2
import numpy as np
import ot
from PIL import Image
from sklearn.cluster import KMeans

from onnx_model import Package


def unit(x: np.ndarray) -> np.ndarray:
    return x / (np.linalg.norm(x, axis=-1, keepdims=True) + 1e-8)


def resize(field: np.ndarray, size: int) -> np.ndarray:
    return cv2.resize(field.astype(np.float32), (size, size), interpolation=cv2.INTER_LINEAR)


class QuickP2sam:
    """Enrols one reference, then segments targets with 1..parts part prototypes and one background prototype."""

    def __init__(self, package: Package, parts: int = 5):
        self.package, self.parts = package, parts

    def patches(self, embedding: np.ndarray) -> np.ndarray:
        return embedding[0].reshape(embedding.shape[1], -1).T  # [g*g,C]

    def enrol(self, image: Image.Image, embedding: np.ndarray, mask: np.ndarray) -> None:
        package = self.package
        width, height = package.scaled(*image.size)
        small = Image.fromarray((mask * 255).astype(np.uint8)).resize((width, height), Image.Resampling.BILINEAR)
        frame = np.zeros((package.size, package.size), np.float32)
        frame[:height, :width] = np.asarray(small, np.float32)
        frame -= (frame.max() + frame.min()) / 2
        inside = resize(frame, package.grid).flatten() > 0
        if not inside.any():
            inside[np.argmax(resize(frame, package.grid))] = True
        own = np.zeros((package.grid, package.grid), bool)
        own[: -(-height * package.grid // package.size), : -(-width * package.grid // package.size)] = True
        patches = self.patches(embedding)
        self.reference = patches[inside]
        self.background = unit(patches[~inside & own.flatten()].mean(axis=0))
        self.prototypes = []
        for count in range(1, min(self.parts, len(self.reference)) + 1):
            owner = KMeans(count, n_init=3, random_state=0).fit_predict(self.reference)
            self.prototypes.append(unit(np.stack([self.reference[owner == k].mean(axis=0) for k in range(count)])))

    def best_pixel(self, prototype: np.ndarray, patches: np.ndarray, extent: tuple[int, int]) -> tuple[int, int]:
        """Model-space pixel (x, y) of the cosine map's maximum inside the unpadded area."""
        grid = self.package.grid
        cosine = resize(resize((unit(patches) @ prototype).reshape(grid, grid), 4 * grid), self.package.size)
        cosine = cosine[: extent[1], : extent[0]]
        y, x = np.unravel_index(int(np.argmax(cosine)), cosine.shape)
        return int(x), int(y)

    def segment(self, embedding: np.ndarray, extent: tuple[int, int]) -> list[tuple[float, np.ndarray, list]]:
        """Candidates (distance, logits, points), one for every part count."""
        package, patches = self.package, self.patches(embedding)
        candidates = []
        for prototypes in self.prototypes:
            points = [self.best_pixel(p, patches, extent) for p in prototypes]
            coords = [*points, self.best_pixel(self.background, patches, extent)]
            labels = [1] * len(points) + [0]
            logits, _ = package.decode(embedding, coords, labels)
            logits, _ = package.decode(embedding, coords, labels, logits)
            on = np.argwhere(logits > 0)
            if len(on):
                scale = package.size / package.low_res
                corners = [on[:, 1].min() * scale, on[:, 0].min() * scale,
                           (on[:, 1].max() + 1) * scale - 1, (on[:, 0].max() + 1) * scale - 1]
                box = np.array(corners).reshape(2, 2)
                logits, _ = package.decode(embedding, [*coords, *box], [*labels, 2, 3], logits)
            covered = patches[resize(logits, package.grid).flatten() > 0]
            distance = np.inf
            if len(covered):
                distance = float(ot.emd2([], [], ot.dist(self.reference.astype(np.float64), covered.astype(np.float64)),
                                         numItermax=2_000_000))
            candidates.append((distance, logits, points))
        return candidates
