"""Runs a model package through onnxruntime: images in, masks out, as the product does."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import onnxruntime
from PIL import Image


class Package:
    """The encoder and the decoder of a package folder."""

    def __init__(self, folder: Path, threads: int = 1):
        self.manifest = json.loads((folder / "model.json").read_text())
        self.size = self.manifest["input"]["size"]
        self.mean = np.array(self.manifest["input"]["mean"], np.float32)
        self.std = np.array(self.manifest["input"]["std"], np.float32)
        self.low_res = self.manifest["lowResMask"]
        self.grid = self.manifest["embedding"]["grid"]
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        files = {role: str(folder / entry["path"]) for role, entry in self.manifest["files"].items()}
        self.encoder = onnxruntime.InferenceSession(files["encoder"], options, providers=["CPUExecutionProvider"])
        self.decoder = onnxruntime.InferenceSession(files["decoder"], options, providers=["CPUExecutionProvider"])

    def scaled(self, width: int, height: int) -> tuple[int, int]:
        """Size (width, height) of the image in model space: the long side is the input size."""
        scale = self.size / max(width, height)
        return max(1, int(width * scale + 0.5)), max(1, int(height * scale + 0.5))

    def encode(self, image: Image.Image) -> np.ndarray:
        """RGB image -> embedding [1,C,g,g] float32."""
        pixels = np.asarray(image.resize(self.scaled(*image.size), Image.Resampling.BILINEAR), np.float32)
        padded = np.zeros((1, 3, self.size, self.size), np.float32)
        padded[0, :, : pixels.shape[0], : pixels.shape[1]] = ((pixels - self.mean) / self.std).transpose(2, 0, 1)
        return self.encoder.run(None, {"image": padded})[0]

    def decode(self, embedding: np.ndarray, coords, labels, logits: np.ndarray | None = None) -> tuple[np.ndarray, float]:
        """One prompt set (coords [N,2] model-space pixels, labels [N]) -> logits [low,low], predicted IoU."""
        has = logits is not None
        mask = logits[None, None] if has else np.zeros((1, 1, self.low_res, self.low_res), np.float32)
        masks, scores = self.decoder.run(None, {
            "image_embeddings": embedding,
            "point_coords": np.asarray(coords, np.float32).reshape(1, -1, 2),
            "point_labels": np.asarray(labels, np.float32).reshape(1, -1),
            "mask_input": mask.astype(np.float32),
            "has_mask_input": np.array([float(has)], np.float32),
        })
        return masks[0, 0], float(scores[0, 0])

    def full_mask(self, logits: np.ndarray, width: int, height: int) -> np.ndarray:
        """Low-res logits -> boolean mask [height,width] in image space."""
        square = Image.fromarray(logits.astype(np.float32)).resize((self.size, self.size), Image.Resampling.BILINEAR)
        inner = square.crop((0, 0, *self.scaled(width, height)))
        return np.asarray(inner.resize((width, height), Image.Resampling.BILINEAR)) > 0
