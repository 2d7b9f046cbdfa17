"""Does each part of the training pay? Short trainings from random weights, one part left out in each.

    python ablate.py --data FOLDER --out runs/ablation --pairs 2400 [--deno "npx -y deno@2.9.6"]

Every training gets the same seed and sees as many pairs. The numbers are Dice of `deno task evaluate`, mean over the
one-shot sets. A run that is already finished in `--out` is not repeated.
"""

from __future__ import annotations

import argparse
import json
import shlex
import subprocess
import sys
from pathlib import Path

import torch

ROOT = Path(__file__).resolve().parents[2]
VARIANTS = {
    "everything": [],
    "no correspondence loss": ["--without", "correspondence"],
    "no generated data": ["--without", "generated"],
    "no real data": ["--without", "real"],
}
COLUMNS = {"box": "box", "centrePoint": "point", "onePrototype": "one prototype", "p2sam": "P²SAM"}


def finished(checkpoint: Path) -> bool:
    if not checkpoint.exists():
        return False
    return torch.load(checkpoint, map_location="cpu", weights_only=True)["done"]


def train_variant(args: argparse.Namespace, name: str) -> Path:
    """Trains and exports one variant; returns its package folder."""
    folder = args.out / name.replace(" ", "-")
    checkpoint = folder / "checkpoint.pt"
    if not finished(checkpoint):
        subprocess.run([sys.executable, "train.py", "--data", args.data / "train", "--subjects", args.data / "train2",
                        "--out", folder, "--resume", "--pairs", str(args.pairs), *VARIANTS[name]], check=True)
    package = folder / "package"
    subprocess.run([sys.executable, "export.py", "--checkpoint", checkpoint, "--out", package], check=True)
    return package


def evaluate(package: Path, data: Path, deno: list[str]) -> dict[str, float]:
    """Dice of every method, mean over subjects and sets."""
    command = [*deno, "task", "evaluate", "--data", data.resolve(), "--model", package.resolve(), "--json"]
    printed = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout
    means = json.loads(printed)["meanOverSets"]["videoMean"]
    return {key: means[key]["dice"] for key in COLUMNS}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=Path("../../../shared/data"), help="folder of train, train2 and oneshot; see README.md")
    parser.add_argument("--out", type=Path, default=Path("runs/ablation"))
    parser.add_argument("--pairs", type=int, default=2400)
    parser.add_argument("--deno", default="deno", help="how to start Deno")
    args = parser.parse_args()
    rows = []
    for name in VARIANTS:
        means = evaluate(train_variant(args, name), args.data / "oneshot", shlex.split(args.deno))
        rows.append(f"| {name} | " + " | ".join(f"{means[key]:.3f}" for key in COLUMNS) + " |")
    print("| training | " + " | ".join(COLUMNS.values()) + " |\n|---|" + "--:|" * len(COLUMNS))
    print("\n".join(rows))


if __name__ == "__main__":
    main()
