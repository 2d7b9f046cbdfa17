"""Evaluates a model package on one-shot sets in PerSeg layout, through onnxruntime.

    python evaluate.py --package ../nano --data ../../../shared/data/oneshot [--p2sam]

Box Dice: the ground-truth box as the prompt, one decoding. Point Dice: one click at the place deepest
inside the structure. With --p2sam also a quick one-shot estimate: `one` uses a single prototype, `all`
1..5 parts chosen by earth mover's distance, `best` the best of those candidates, `in` how often the single
prototype's point falls inside the structure. Means run over images, then subjects, then sets.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
from PIL import Image

from clicks import deepest, tight_box
from onnx_model import Package
from quick_p2sam import QuickP2sam


def dice(first: np.ndarray, second: np.ndarray) -> float:
    total = first.sum() + second.sum()
    return float(2.0 * (first & second).sum() / total) if total else 1.0


def load(folder: Path, subject: str) -> list[tuple[Image.Image, np.ndarray]]:
    """All (image, mask [H,W] bool) of a subject; the first is the reference."""
    pairs = []
    for path in sorted((folder / "Images" / subject).iterdir()):
        mask = np.array(Image.open(folder / "Annotations" / subject / f"{path.stem}.png").convert("L")) > 0
        pairs.append((Image.open(path).convert("RGB"), mask))
    return pairs


def evaluate_subject(package: Package, pairs: list, p2sam: bool) -> dict[str, float]:
    rows: dict[str, list[float]] = {}

    def record(name: str, value: float) -> None:
        rows.setdefault(name, []).append(value)

    quick = QuickP2sam(package)
    for index, (image, mask) in enumerate(pairs):
        height, width = mask.shape
        scale = package.size / max(width, height)
        embedding = package.encode(image)
        box = tight_box(mask) + np.array([0, 0, 1, 1], np.float32)
        logits, _ = package.decode(embedding, (box * scale).reshape(2, 2), [2, 3])
        record("box", dice(package.full_mask(logits, width, height), mask))
        click = (deepest(mask.astype(np.uint8)) + 0.5) * scale
        logits, _ = package.decode(embedding, click, [1])
        record("point", dice(package.full_mask(logits, width, height), mask))
        if not p2sam:
            continue
        if index == 0:
            quick.enrol(image, embedding, mask)
            continue
        candidates = quick.segment(embedding, package.scaled(width, height))
        scores = [dice(package.full_mask(logits, width, height), mask) for _, logits, _ in candidates]
        record("one", scores[0])
        record("all", scores[int(np.argmin([distance for distance, _, _ in candidates]))])
        record("best", max(scores))
        x, y = candidates[0][2][0]
        record("in", float(mask[min(height - 1, int((y + 0.5) / scale)), min(width - 1, int((x + 0.5) / scale))]))
    return {name: float(np.mean(values)) for name, values in rows.items()}


def show(name: str, row: dict[str, float]) -> None:
    print(f"{name:34s}" + "  ".join(f"{key} {value:.3f}" for key, value in row.items()), flush=True)


def mean_rows(rows: list[dict[str, float]]) -> dict[str, float]:
    return {key: float(np.mean([row[key] for row in rows])) for key in rows[0]}


def evaluate_sets(package: Package, data: Path, p2sam: bool) -> dict[str, dict[str, float]]:
    """Mean rows of every set below `data`, and of their mean, printed as they come."""
    if not data.is_dir():
        raise SystemExit(f"Cannot evaluate: no folder {data}.")
    sets = {}
    for folder in sorted(p for p in data.iterdir() if (p / "Images").is_dir()):
        subjects = []
        for subject in sorted(p.name for p in (folder / "Images").iterdir()):
            subjects.append(evaluate_subject(package, load(folder, subject), p2sam))
            show(f"  {folder.name}/{subject}", subjects[-1])
        sets[folder.name] = mean_rows(subjects)
        show(folder.name, sets[folder.name])
    sets["mean over sets"] = mean_rows(list(sets.values()))
    show("mean over sets", sets["mean over sets"])
    return sets


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--package", type=Path, default=Path("../nano"))
    parser.add_argument("--data", type=Path, default=Path("../../../shared/data/oneshot"))
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--p2sam", action="store_true")
    args = parser.parse_args()
    evaluate_sets(Package(args.package, args.threads), args.data, args.p2sam)


if __name__ == "__main__":
    main()
