"""Draws good and bad results of the product side by side, for the model card.

    python pictures.py --data FOLDER --data FOLDER --model lite --out ../lite/results.jpg [--deno "npx -y deno@2.9.6"]

Every target of a subject goes through `deno task segment`; its best and its worst result are shown beside the
annotated reference: ours in orange, the truth in blue. Only sets that may be published are drawn, of each the first
two subjects.
"""

from __future__ import annotations

import argparse
import os
import shlex
import subprocess
import tempfile
from pathlib import Path

import cv2
import numpy as np

# With their licences.
SETS = {
    "brain-tumor-mr": "CC BY 4.0", "davis-objects": "BSD", "perseg": "MIT", "cardiac-mr": "MIT", "vocal-folds": "CC BY 4.0",
    "heart-ct": "Apache-2.0", "heart-mr3d": "CC BY 4.0", "spine-mr": "CC BY 4.0", "ms-lesion-mr": "CC BY 4.0",
}
SUBJECTS = 2  # of each set
ROOT = Path(__file__).resolve().parents[2]
WIDTH, HEIGHT, GAP = 300, 220, 6
TRUTH, OURS, WHITE = (255, 140, 0), (0, 140, 255), (255, 255, 255)  # BGR


def dice(first: np.ndarray, second: np.ndarray) -> float:
    total = first.sum() + second.sum()
    return float(2.0 * (first & second).sum() / total) if total else 1.0


def read_mask(path: Path) -> np.ndarray:
    return cv2.imread(str(path), cv2.IMREAD_GRAYSCALE) > 0


def tile(image: Path, outlines: list[tuple[np.ndarray, tuple[int, int, int]]], caption: str) -> np.ndarray:
    """The image fitted into a tile, with outlines of masks and a caption. [HEIGHT,WIDTH,3] BGR."""
    pixels = cv2.imread(str(image), cv2.IMREAD_COLOR)
    scale = min(WIDTH / pixels.shape[1], HEIGHT / pixels.shape[0])
    size = (round(pixels.shape[1] * scale), round(pixels.shape[0] * scale))
    drawn = cv2.resize(pixels, size, interpolation=cv2.INTER_AREA)
    for mask, colour in outlines:
        small = cv2.resize(mask.astype(np.uint8) * 255, size, interpolation=cv2.INTER_AREA) > 127
        contours, _ = cv2.findContours(small.astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
        cv2.drawContours(drawn, contours, -1, colour, 2, cv2.LINE_AA)
    canvas = np.full((HEIGHT + 22, WIDTH, 3), 255, np.uint8)
    top, left = (HEIGHT - size[1]) // 2, (WIDTH - size[0]) // 2
    canvas[top : top + size[1], left : left + size[0]] = drawn
    cv2.putText(canvas, caption, (4, HEIGHT + 16), cv2.FONT_HERSHEY_SIMPLEX, 0.45, (40, 40, 40), 1, cv2.LINE_AA)
    return canvas


def row(folder: Path, subject: str, model: str, deno: list[str]) -> np.ndarray:
    """Reference, best and worst target of one subject."""
    images = sorted((folder / "Images" / subject).iterdir())
    masks = [folder / "Annotations" / subject / f"{path.stem}.png" for path in images]
    with tempfile.TemporaryDirectory() as out:
        targets = [argument for path in images[1:] for argument in ("--image", str(path.resolve()))]
        subprocess.run([*deno, "task", "segment", "--reference", images[0].resolve(), "--mask", masks[0].resolve(),
                        *targets, "--out", out], cwd=ROOT, check=True, capture_output=True, env={**os.environ, "MODEL": model})
        ours = [read_mask(Path(out) / f"{path.stem}_mask.png") for path in images[1:]]
    truths = [read_mask(path) for path in masks[1:]]
    scores = [dice(a, b) for a, b in zip(ours, truths)]
    tiles = [tile(images[0], [(read_mask(masks[0]), TRUTH)], f"{folder.name} {subject}: annotated")]
    for name, index in (("best", int(np.argmax(scores))), ("worst", int(np.argmin(scores)))):
        outlines = [(truths[index], TRUTH), (ours[index], OURS)]
        tiles.append(tile(images[index + 1], outlines, f"{name}: Dice {scores[index]:.2f}"))
    space = np.full((HEIGHT + 22, GAP, 3), 255, np.uint8)
    return np.hstack([tiles[0], space, tiles[1], space, tiles[2]])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, action="append", required=True, help="folder of sets in PerSeg layout; may be repeated")
    parser.add_argument("--model", default="lite", help="id of the model")
    parser.add_argument("--out", type=Path, default=Path("../lite/results.jpg"))
    parser.add_argument("--deno", default="deno", help="how to start Deno")
    args = parser.parse_args()
    folders = [data / name for name in SETS for data in args.data if (data / name).is_dir()]
    rows = [row(folder, subject.name, args.model, shlex.split(args.deno))
            for folder in folders for subject in sorted((folder / "Images").iterdir())[:SUBJECTS]]
    middle = (len(rows) + 1) // 2
    blank = np.full_like(rows[0], 255)
    halves = [np.vstack(part + [blank] * (middle - len(part))) for part in (rows[:middle], rows[middle:])]
    sheet = np.hstack([halves[0], np.full((halves[0].shape[0], 4 * GAP, 3), 255, np.uint8), halves[1]])
    cv2.imwrite(str(args.out), sheet, [cv2.IMWRITE_JPEG_QUALITY, 85])


if __name__ == "__main__":
    main()
