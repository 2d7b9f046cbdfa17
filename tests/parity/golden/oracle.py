"""The method of P2SAM (Zhao & Shen, TMLR 2025), both recipes, written a second time.

An independent oracle on numpy, scikit-learn, POT, Pillow and onnxruntime: maps are built in full size,
nothing is shared with the product but the model package and the random stream of the k-means seeds.
"""

import json
from pathlib import Path

import numpy as np
import onnxruntime
import ot
from PIL import Image
from sklearn.cluster import KMeans

from portable import mulberry32, plus_plus

SEED = 2025
MAX_PARTS = 5
RESTARTS = 10


def interpolate(array, height, width):
    """Bilinear, half-pixel centres, no antialias; (h, w) to (height, width), float64."""

    def axis(source, target):
        at = np.maximum((np.arange(target) + 0.5) * source / target - 0.5, 0)
        low = np.minimum(at.astype(int), source - 1)
        return low, np.minimum(low + 1, source - 1), at - low

    top, bottom, v = axis(array.shape[0], height)
    left, right, h = axis(array.shape[1], width)
    upper = array[top][:, left] * (1 - h) + array[top][:, right] * h
    lower = array[bottom][:, left] * (1 - h) + array[bottom][:, right] * h
    return upper * (1 - v)[:, None] + lower * v[:, None]


class Oracle:
    def __init__(self, folder):
        folder = Path(folder)
        self.manifest = json.loads((folder / "model.json").read_text())
        self.size = self.manifest["input"]["size"]
        self.grid = self.manifest["embedding"]["grid"]
        self.side = self.manifest["lowResMask"]
        files = self.manifest["files"]
        self.encoder = onnxruntime.InferenceSession(folder / files["encoder"]["path"])
        self.decoder = onnxruntime.InferenceSession(folder / files["decoder"]["path"])
        image = files.get("image")
        self.image = image and onnxruntime.InferenceSession(folder / image["path"])

    def scaled(self, width, height):
        scale = self.size / max(width, height)
        return int(width * scale + 0.5), int(height * scale + 0.5)

    def embed(self, image):
        """PIL image to tensors by name, rounded to float16 as embeddings are stored."""
        resized = image.convert("RGB").resize(self.scaled(*image.size), Image.BILINEAR)
        mean, std = (np.array(self.manifest["input"][key]) for key in ("mean", "std"))
        pixels = (np.asarray(resized, np.float64) - mean) / std
        padded = np.zeros((self.size, self.size, 3))
        padded[: pixels.shape[0], : pixels.shape[1]] = pixels
        feed = padded.transpose(2, 0, 1)[None].astype(np.float32)
        names = [output.name for output in self.encoder.get_outputs()]
        tensors = self.encoder.run(names, {self.encoder.get_inputs()[0].name: feed})
        return {name: tensor.astype(np.float16).astype(np.float32) for name, tensor in zip(names, tensors)}

    def patches(self, embedding):
        """(g * g, C)."""
        features = embedding["image_embeddings"][0]
        return features.reshape(len(features), -1).T

    def split(self, mask):
        """Foreground and background patch indices of a PIL mask (0 or 255)."""
        width, height = self.scaled(*mask.size)
        padded = np.zeros((self.size, self.size))
        padded[:height, :width] = np.asarray(mask.resize((width, height), Image.BILINEAR))
        recentred = padded - (padded.min() + padded.max()) / 2
        inside = interpolate(recentred, self.grid, self.grid) > 0
        return np.flatnonzero(inside), np.flatnonzero(~inside)

    def prototypes(self, points, count):
        """(count, C) unit rows, or None where the points do not allow that many."""
        if count > len(points):
            return None
        stream = mulberry32(SEED + count)
        points = points.astype(np.float64)
        best = None
        for _ in range(RESTARTS):
            seeds = plus_plus(points, count, stream)
            if seeds is None:
                return None
            fitted = KMeans(count, init=seeds, n_init=1, tol=0, algorithm="lloyd").fit(points)
            if best is None or fitted.inertia_ < best.inertia_ * (1 - 1e-9):
                best = fitted
        centres = best.cluster_centers_
        return (centres / np.linalg.norm(centres, axis=1, keepdims=True)).astype(np.float32)

    def enrol(self, image, mask):
        points = self.patches(self.embed(image))
        inside, outside = self.split(mask)
        return {
            "patches": points[inside],
            "parts": [self.prototypes(points[inside], n) for n in range(1, MAX_PARTS + 1)],
            "negative": self.prototypes(points[outside], 1),
        }

    def similarity(self, unit, prototype, size):
        """The full-size map of cosine similarity, (height, width)."""
        width, height = size
        scaled_width, scaled_height = self.scaled(width, height)
        cosine = (unit @ prototype.astype(np.float64)).reshape(self.grid, self.grid)
        middle = interpolate(cosine, 4 * self.grid, 4 * self.grid)
        model = interpolate(middle, self.size, self.size)[:scaled_height, :scaled_width]
        return interpolate(model, height, width)

    def peaks(self, values):
        """Image-space (x, y) of the largest value, and all pixels that equal it but for rounding: along the border,
        where resizing repeats values, the first of them is a matter of the order of operations."""
        y, x = divmod(int(values.argmax()), values.shape[1])
        ys, xs = np.nonzero(values >= values.max() - 1e-12)
        return [x, y], [[int(x), int(y)] for y, x in zip(ys, xs)]

    def attention(self, unit, prototypes, size):
        """The mean map over the grid, standardised over the patches of the image, through a sigmoid; padding 0."""
        width, height = (np.ceil(side * self.grid / self.size).astype(int) for side in self.scaled(*size))
        mean = (unit @ prototypes.astype(np.float64).T).mean(axis=1).reshape(self.grid, self.grid)
        inside = mean[:height, :width]
        guide = np.zeros_like(mean)
        guide[:height, :width] = 1 / (1 + np.exp(-(inside - inside.mean()) / inside.std()))
        return guide.astype(np.float32)

    def decode(self, embedding, size, points, labels, box, logits, guidance=None, multimask=False):
        width, height = size
        scale = np.array(self.scaled(width, height)) / np.array([width, height])
        if box is None:
            points, labels = [*points, (0, 0)], [*labels, -1]
        else:
            points, labels = [*points, box[:2], box[2:]], [*labels, 2, 3]
        shape = (1, 1, self.side, self.side)
        if self.image:
            outputs = [output.name for output in self.image.get_outputs()]
            embedding = dict(zip(outputs, self.image.run(outputs, embedding)))
        feeds = {
            **embedding,
            "point_coords": (np.array(points, np.float64) * scale).astype(np.float32)[None],
            "point_labels": np.array(labels, np.float32)[None],
            "mask_input": np.zeros(shape, np.float32) if logits is None else logits.reshape(shape),
            "has_mask_input": np.array([0 if logits is None else 1], np.float32),
        }
        if "target_embedding" in [entry.name for entry in self.decoder.get_inputs()]:
            channels = self.manifest["embedding"]["channels"]
            none = np.zeros((self.grid, self.grid)), np.zeros(channels)
            guide, target = none if guidance is None else guidance
            feeds |= {
                "attention_similarity": guide.astype(np.float32)[None, None],
                "has_attention_similarity": np.array([guidance is not None], np.float32),
                "target_embedding": target.astype(np.float32)[None, None],
            }
        names = ["multi_masks", "multi_iou_predictions"] if multimask else ["low_res_masks", "iou_predictions"]
        masks, ious = self.decoder.run(names, feeds)
        return masks[0, ious[0].argmax()]

    def mask(self, logits, size):
        """Low-res logits to a boolean image-space mask."""
        width, height = size
        scaled_width, scaled_height = self.scaled(width, height)
        model = interpolate(logits.astype(np.float64), self.size, self.size)
        return interpolate(model[:scaled_height, :scaled_width], height, width) > 0

    def cascade(self, embedding, size, points, labels, guidance=None):
        later = {"multimask": guidance is not None}
        logits = self.decode(embedding, size, points, labels, None, None, guidance)
        logits = self.decode(embedding, size, points, labels, None, logits, **later)
        ys, xs = np.nonzero(self.mask(logits, size))
        box = None if len(xs) == 0 else (xs.min(), ys.min(), xs.max(), ys.max())
        return self.decode(embedding, size, points, labels, box, logits, **later)

    def distance(self, reference, points, logits):
        inside = interpolate(logits.astype(np.float64), self.grid, self.grid) > 0
        chosen = points[np.flatnonzero(inside)].astype(np.float64)
        if len(chosen) == 0:
            return float("inf")
        cost = ot.dist(reference.astype(np.float64), chosen, metric="sqeuclidean")
        uniform = [np.full(len(side), 1 / len(side)) for side in (reference, chosen)]
        return float(ot.emd2(*uniform, cost, numItermax=10_000_000))

    def segment(self, profile, image, recipe="medical"):
        """Every candidate of n = 1..5 with one negative, and the index of the winner."""
        embedding = self.embed(image)
        points = self.patches(embedding)
        unit = points.astype(np.float64)
        unit /= np.linalg.norm(unit, axis=1, keepdims=True)
        size = image.size
        candidates = []
        for prototypes in profile["parts"]:
            if prototypes is None:
                continue
            maps = [self.similarity(unit, prototype, size) for prototype in prototypes]
            if recipe == "natural":
                negative, guidance = -np.mean(maps, axis=0), (
                    self.attention(unit, prototypes, size),
                    profile["patches"].mean(axis=0),
                )
            else:
                negative, guidance = self.similarity(unit, profile["negative"][0], size), None
            clicks, ties = zip(*(self.peaks(map) for map in [*maps, negative]))
            labels = [1] * len(maps) + [0]
            logits = self.cascade(embedding, size, list(clicks), labels, guidance)
            candidates.append({
                "parts": len(maps),
                "points": clicks,
                **({"ties": ties} if any(len(tied) > 1 for tied in ties) else {}),
                "distance": self.distance(profile["patches"], points, logits),
                "mask": self.mask(logits, size),
            })
        winner = int(np.argmin([candidate["distance"] for candidate in candidates]))
        return candidates, winner
