"""Fits how the predicted IoU of dense matching is read, on subjects that were not trained on.

    python calibrate.py --write ../../out/held-back
    deno task evaluate --data out/held-back --model lite --calibration --json > out/answers.json   # at the root
    python calibrate.py --answers ../../out/answers.json --package ../lite

The first command writes the held-back subjects of train2 and generated pairs as one-shot sets. The last one writes the
`calibration` of the package's model.json: the chance that Dice is at least 0.7, by logistic regression; and the
threshold of presence, by the rule that RULE states.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import cv2
import numpy as np
from PIL import Image

from data import PairMaker, Photos, Subjects
from package import with_calibration

GOOD = 0.7  # Dice
RULE = "the largest threshold that keeps 97 % of the targets"
KEPT = 0.97
SIDE = 512  # of generated images
SHARE = 0.002  # of an image that a structure covers at least
GENERATED = {"head": 12, "colon": 12, "figures": 12, "slices": 12, "ultrasound": 8, "paste": 12}
SEED = 99991  # no training has it


def write_pair(folder: Path, subject: str, index: int, rgb: np.ndarray, mask: np.ndarray) -> None:
    for kind, picture in (("Images", rgb), ("Annotations", mask.astype(np.uint8) * 255)):
        path = folder / kind / subject
        path.mkdir(parents=True, exist_ok=True)
        Image.fromarray(picture).save(path / f"{index:02d}.png")


def write_held_back(root: Path, out: Path) -> None:
    """Every label of every held-back subject as a subject of its own, in a set for each set of train2."""
    for number, series in enumerate(Subjects(root, held_back=True).series):
        for at, photos in enumerate(series):
            for value in np.unique(photos[0].labels)[1:]:
                shown = [photo for photo in photos if (photo.labels == value).mean() > SHARE]
                if len(shown) < 2 or shown[0] is not photos[0]:
                    continue
                for index, photo in enumerate(shown):
                    write_pair(out / f"held-back-{number}", f"{at}-{value}", index, photo.rgb, photo.labels == value)


def write_generated(data: Path, subjects: Path, out: Path) -> None:
    photos, shown = Photos(data), Subjects(subjects)
    for kind, count in GENERATED.items():
        maker = PairMaker(photos, shown, SEED, {SIDE: {kind: 1.0}})
        drawn = 0
        while drawn < count:
            pair = maker.draw(SIDE)
            if pair.absent:
                continue
            for index in range(2):
                write_pair(out / f"generated-{kind}", f"{drawn:02d}", index, pair.images[index], pair.masks[index])
            drawn += 1


def fit(scores: np.ndarray, good: np.ndarray) -> tuple[float, float]:
    """Slope and offset of the logistic regression of `good` on the logit of the score, by Newton's method."""
    score = np.clip(scores, 1e-4, 1 - 1e-4)
    design = np.stack([np.log(score / (1 - score)), np.ones_like(score)], axis=1)
    weights = np.array([1.0, 0.0])
    for _ in range(50):
        chance = 1 / (1 + np.exp(-design @ weights))
        # A little ridge keeps the slope finite where the two are apart.
        gradient = design.T @ (chance - good) + 0.1 * (weights - [1.0, 0.0])
        hessian = (design * (chance * (1 - chance))[:, None]).T @ design + 0.1 * np.eye(2)
        weights -= np.linalg.solve(hessian, gradient)
    return float(weights[0]), float(weights[1])


def reliability(chance: np.ndarray, good: np.ndarray) -> None:
    print("chance of Dice >= 0.7: answers, mean chance, share that came true")
    for low in np.arange(0, 1, 0.1):
        inside = (chance >= low) & (chance < low + 0.1 + 1e-9)
        if inside.any():
            print(f"  {low:.1f} to {low + 0.1:.1f}: {inside.sum():4d}  {chance[inside].mean():.2f}  {good[inside].mean():.2f}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=Path("../../../shared/data/train"))
    parser.add_argument("--subjects", type=Path, default=Path("../../../shared/data/train2"))
    parser.add_argument("--write", type=Path, help="folder for the sets")
    parser.add_argument("--answers", type=Path, help="what deno task evaluate printed of them")
    parser.add_argument("--package", type=Path, default=Path("../lite"))
    args = parser.parse_args()
    cv2.setNumThreads(1)
    if args.write is not None:
        write_held_back(args.subjects, args.write)
        write_generated(args.data, args.subjects, args.write)
        return
    sets = json.loads(args.answers.read_text())["answers"]
    own = [answer for one in sets for answer in one["own"]]
    score = np.array([answer["score"] for answer in own])
    good = np.array([answer["dice"] >= GOOD for answer in own], float)
    slope, offset = fit(score, good)
    reliability(1 / (1 + np.exp(-slope * np.log(score.clip(1e-4, 1 - 1e-4) / (1 - score.clip(1e-4, 1 - 1e-4))) - offset)), good)
    threshold = float(np.floor(np.quantile(score, 1 - KEPT) * 1000) / 1000)
    for name in ("others", "without"):
        wrong = np.array([answer["score"] for one in sets for answer in one[name]])
        print(f"{name}: {len(wrong)}, refused {np.mean(wrong < threshold):.3f}")
    print(f"threshold {threshold} ({RULE}), slope {slope:.3f}, offset {offset:.3f}")
    with_calibration(args.package, {"threshold": threshold, "slope": round(slope, 3), "offset": round(offset, 3)})


if __name__ == "__main__":
    main()
