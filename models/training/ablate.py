"""Does each part of the training pay? Short trainings from random weights, one part left out in each.

    python ablate.py --data ../../../shared/data --out runs/ablation --pairs 2400

Every training gets the same seed and sees as many pairs. The numbers are Dice of `evaluate.py --p2sam`, mean over
the one-shot sets. A run that is already finished in `--out` is not repeated.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from pathlib import Path

import torch

from evaluate import evaluate_sets
from onnx_model import Package

VARIANTS = {
    "everything": [],
    "no correspondence loss": ["--without", "correspondence"],
    "no generated data": ["--without", "generated"],
    "no real data": ["--without", "real"],
}
COLUMNS = {"box": "box", "point": "point", "one": "one prototype", "all": "P²SAM", "in": "prototype's point inside"}


def finished(checkpoint: Path) -> bool:
    if not checkpoint.exists():
        return False
    return torch.load(checkpoint, map_location="cpu", weights_only=True)["done"]


def train_variant(args: argparse.Namespace, name: str) -> Path:
    """Trains and exports one variant; returns its package folder."""
    folder = args.out / name.replace(" ", "-")
    checkpoint = folder / "checkpoint.pt"
    if not finished(checkpoint):
        subprocess.run([sys.executable, "train.py", "--data", args.data / "train", "--out", folder, "--resume",
                        "--pairs", str(args.pairs), *VARIANTS[name]], check=True)
    package = folder / "package"
    subprocess.run([sys.executable, "export.py", "--checkpoint", checkpoint, "--out", package], check=True)
    return package


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=Path("../../../shared/data"))
    parser.add_argument("--out", type=Path, default=Path("runs/ablation"))
    parser.add_argument("--pairs", type=int, default=2400)
    args = parser.parse_args()
    rows = []
    for name in VARIANTS:
        package = train_variant(args, name)
        means = evaluate_sets(Package(package), args.data / "oneshot", p2sam=True)["mean over sets"]
        rows.append(f"| {name} | " + " | ".join(f"{means[key]:.3f}" for key in COLUMNS) + " |")
    print("| training | " + " | ".join(COLUMNS.values()) + " |\n|---|" + "--:|" * len(COLUMNS))
    print("\n".join(rows))


if __name__ == "__main__":
    main()
