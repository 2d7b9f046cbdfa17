"""Fits how the predicted IoU of dense matching is read, on subjects that were not trained on.

    python calibrate.py --write ../../out/held-back
    deno task evaluate --data out/held-back --model lite --calibration --json > out/answers.json   # at the root
    python calibrate.py --answers ../../out/answers.json --package ../lite

The first command writes the held-back subjects of train2 and generated pairs as one-shot sets. The last one writes the
`calibration` of the package's model.json: the chance that Dice is at least 0.7, and the chance that the structure is
there at all, both by logistic regression; and the threshold of presence, by the rule that RULE states.
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
        maker = PairMaker(photos, shown, None, SEED, {SIDE: {kind: 1.0}})
        drawn = 0
        while drawn < count:
            pair = maker.draw(SIDE)
            if pair.absent:
                continue
            for index in range(2):
                write_pair(out / f"generated-{kind}", f"{drawn:02d}", index, pair.images[index], pair.masks[index])
            drawn += 1


def fit(features: np.ndarray, good: np.ndarray, counts: np.ndarray) -> np.ndarray:
    """Weights of the logistic regression of `good` [N] on features [N,F], the offset last, by Newton's method.
    counts [N]: how much each answer counts."""
    design = np.concatenate([features, np.ones((len(features), 1))], axis=1)
    first = np.eye(design.shape[1])[0]
    weights = first
    for _ in range(50):
        chance = 1 / (1 + np.exp(-design @ weights))
        # A little ridge keeps the weights finite where the two are apart.
        gradient = design.T @ (counts * (chance - good)) + 0.1 * (weights - first)
        hessian = (design * (counts * chance * (1 - chance))[:, None]).T @ design + 0.1 * np.eye(design.shape[1])
        weights = weights - np.linalg.solve(hessian, gradient)
    return weights


def logit(ious: np.ndarray) -> np.ndarray:
    iou = np.clip(ious, 1e-4, 1 - 1e-4)
    return np.log(iou / (1 - iou))


def chance_of(features: np.ndarray, weights: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-features @ weights[:-1] - weights[-1]))


def features_of(answers: list[dict], typical: tuple[float, float]) -> np.ndarray:
    """Logit of the predicted IoU and both similarities, [N,3]."""
    return np.array([
        (logit(np.array(answer["predictedIou"])), *(
            (answer["similarity"]["structure"], answer["similarity"]["surroundings"]) if answer["similarity"] else typical
        ))
        for answer in answers
    ]).reshape(-1, 3)


def area_under_curve(right: np.ndarray, wrong: np.ndarray) -> float:
    above = (right[:, None] > wrong).mean() + 0.5 * (right[:, None] == wrong).mean()
    return float(above)


def reliability(chance: np.ndarray, good: np.ndarray) -> None:
    print("chance of Dice >= 0.7: answers, mean chance, share that came true")
    for low in np.arange(0, 1, 0.1):
        inside = (chance >= low) & (chance < low + 0.1 + 1e-9)
        if inside.any():
            print(f"  {low:.1f} to {low + 0.1:.1f}: {inside.sum():4d}  {chance[inside].mean():.2f}  {good[inside].mean():.2f}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=Path("../../../shared/data/train"), help="as for train.py")
    parser.add_argument("--subjects", type=Path, default=Path("../../../shared/data/train2"), help="as for train.py")
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
    good = np.array([answer["dice"] >= GOOD for answer in own], float)
    ratings = logit(np.array([answer["predictedIou"] for answer in own]))[:, None]
    slope, offset = fit(ratings, good, np.ones(len(own)))
    reliability(chance_of(ratings, np.array([slope, offset])), good)

    known = [answer["similarity"] for answer in own if answer["similarity"]]
    typical = tuple(round(float(np.mean([one[name] for one in known])), 3) for name in ("structure", "surroundings"))
    strange = {name: [answer for one in sets for answer in one[name]] for name in ("others", "without")}
    groups = [features_of(answers, typical) for answers in (own, *strange.values())]
    # The three kinds count the same, however many answers there are of each.
    counts = np.concatenate([np.full(len(group), len(own) / len(group)) for group in groups])
    there = np.concatenate([np.full(len(group), float(index == 0)) for index, group in enumerate(groups)])
    weights = np.round(fit(np.concatenate(groups), there, counts), 3)
    score, *others = [chance_of(group, weights) for group in groups]
    threshold = float(np.floor(np.quantile(score, 1 - KEPT) * 1000) / 1000)
    for name, wrong in zip(strange, others):
        print(f"{name}: {len(wrong)}, refused {np.mean(wrong < threshold):.3f}, AUC {area_under_curve(score, wrong):.3f}")
    print(f"threshold {threshold} ({RULE}), slope {slope:.3f}, offset {offset:.3f}, presence {weights}, typical {typical}")
    rating, structure, surroundings, at = map(float, weights)
    with_calibration(args.package, {
        "threshold": threshold, "slope": round(float(slope), 3), "offset": round(float(offset), 3),
        "presence": {
            "offset": at, "rating": rating, "structure": structure, "surroundings": surroundings,
            "typical": dict(zip(("structure", "surroundings"), typical)),
        },
    })


if __name__ == "__main__":
    main()
