"""Writes what the oracle answers: pipeline.json, for generated patients and for real ones with the embedded model, and
random-*.json beside it, for the generated patients with the packages of models/.

    python3 -m venv ../venv && ../venv/bin/pip install -r tests/parity/golden/requirements.txt
    ../venv/bin/python tests/parity/golden/pipeline.py --data ../shared/data/oneshot
    ../venv/bin/python tests/parity/golden/pipeline.py --model tests/parity/golden/models/random-natural --recipe medical --recipe natural
    ../venv/bin/python tests/parity/golden/pipeline.py --model tests/parity/golden/models/random-sam2 --recipe medical --recipe natural

Run it from the root of the repository whenever the model changes.
"""

import argparse
import json
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

from oracle import Oracle

HERE = Path(__file__).parent


def draw_patient(seed, size, colour):
    """Two visits of a generated patient: [(image, mask), (image, mask)]."""
    width, height = size
    visits = []
    base = np.random.default_rng(seed)
    tones = base.integers(40, 215, (4, 3))
    for visit in range(2):
        rng = np.random.default_rng(100 * seed + visit)
        dx, dy = rng.integers(-12, 13, 2) * visit
        grow = 1 + 0.2 * visit
        image = Image.new("RGB", size, tuple(map(int, tones[0] // 3)))
        mask = Image.new("L", size, 0)
        draw = ImageDraw.Draw(image)

        def ellipse(canvas, x, y, a, b, fill):
            box = [(x - a) * width + dx, (y - b) * height + dy, (x + a) * width + dx, (y + b) * height + dy]
            canvas.ellipse(box, fill=fill)

        ellipse(draw, 0.5, 0.5, 0.42, 0.4, tuple(map(int, tones[1] // 2)))
        ellipse(draw, 0.3, 0.55, 0.1, 0.18, tuple(map(int, tones[2])))
        for canvas, outer, inner in ((draw, tones[3], 255 - tones[3]), (ImageDraw.Draw(mask), None, None)):
            ellipse(canvas, 0.62, 0.42, 0.13 * grow, 0.12 * grow, 255 if outer is None else tuple(map(int, outer)))
            ellipse(canvas, 0.66, 0.4, 0.05 * grow, 0.06 * grow, 255 if inner is None else tuple(map(int, inner)))
        image = image.filter(ImageFilter.GaussianBlur(1.2))
        noisy = np.asarray(image, np.float64) + rng.normal(0, 5, (height, width, 1))
        image = Image.fromarray(np.clip(noisy, 0, 255).astype(np.uint8))
        visits.append((image if colour else image.convert("L"), mask))
    return visits


def generated():
    folder = HERE / "pipeline"
    folder.mkdir(exist_ok=True)
    cases = []
    for seed, size, colour in ((1, (160, 120), True), (2, (120, 160), False), (3, (192, 192), False)):
        for visit, (image, mask) in enumerate(draw_patient(seed, size, colour)):
            image.save(folder / f"{seed}-{visit}.png")
            if visit == 0:
                mask.save(folder / f"{seed}-mask.png")
        cases.append({
            "root": "golden",
            "reference": f"pipeline/{seed}-0.png",
            "mask": f"pipeline/{seed}-mask.png",
            "image": f"pipeline/{seed}-1.png",
        })
    return cases


# With the present model the best of ten k-means restarts into four parts hangs on the last bit there: moving one
# value in a thousand by one float16 step lost it in 2 of 4 trials (inertia 13842.22 against 13848.92).
ILL_CONDITIONED = {"car-roundabout"}


def real(data):
    cases = []
    for folder in sorted(data.glob("*/Images/*")):
        if folder.name in ILL_CONDITIONED:
            continue
        annotations = folder.parent.parent / "Annotations" / folder.name
        reference, target = sorted(folder.iterdir())[:2]
        name = lambda path: str(path.relative_to(data))
        cases.append({
            "root": "oneshot",
            "reference": name(reference),
            "mask": name(annotations / f"{reference.stem}.png"),
            "image": name(target),
        })
    return cases


def runs(mask):
    """Run lengths down the columns, outside first."""
    flat = np.concatenate(([0], mask.T.ravel().astype(np.int8)))
    edges = np.flatnonzero(np.diff(flat))
    return np.diff(np.concatenate(([0], edges, [mask.size]))).tolist()


def answer(oracle, case, root, recipe):
    """The case with what the oracle makes of it."""
    mask = Image.open(root / case["mask"]).convert("L").point(lambda value: 255 if value else 0)
    profile = oracle.enrol(Image.open(root / case["reference"]), mask)
    candidates, winner = oracle.segment(profile, Image.open(root / case["image"]), recipe)
    found = candidates[winner]["mask"]
    for candidate in candidates:
        candidate.pop("mask")
        if np.isinf(candidate["distance"]):
            candidate["distance"] = None
    print(case["reference"], recipe, [c["distance"] for c in candidates], winner, f"{found.mean():.0%}")
    return {
        **case,
        **({"recipe": recipe} if recipe != "medical" else {}),
        "foreground": len(profile["patches"]),
        "winner": winner,
        "runs": runs(found),
        "candidates": candidates,
    }


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--model", type=Path, help="default: the embedded one")
    parser.add_argument("--recipe", action="append", choices=["medical", "natural"])
    parser.add_argument("--data", type=Path, default=Path("../shared/data/oneshot"))
    options = parser.parse_args()
    oracle = Oracle(options.model or "models/nano")
    cases = generated() + ([] if options.model else real(options.data))
    document = {
        "model": oracle.manifest["digest"],
        "cases": [
            answer(oracle, case, HERE if case["root"] == "golden" else options.data, recipe)
            for case in cases
            for recipe in options.recipe or ["medical"]
        ],
    }
    name = options.model.resolve().name if options.model else "pipeline"
    (HERE / f"{name}.json").write_text(json.dumps(document, separators=(",", ":")) + "\n")


if __name__ == "__main__":
    main()
