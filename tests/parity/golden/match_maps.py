"""Writes match_maps.json: what the references say of every patch, by NumPy in float64 on drawn numbers.

    ../venv/bin/python tests/parity/golden/match_maps.py
"""

import json
from pathlib import Path

import numpy as np

from portable import draw

TEMPERATURE = 0.05
CASES = [
    # seed, channels, grid, columns and rows that show the image, annotated and other patches of every reference
    (1, 4, 8, 8, 8, [(5, 20)]),
    (2, 96, 8, 8, 5, [(1, 16)]),
    (3, 8, 12, 7, 12, [(2, 30), (40, 9)]),
    (4, 16, 8, 8, 8, [(9, 12), (3, 3), (1, 1)]),
    (5, 6, 9, 9, 7, [(13, 26)]),
]


def unit(rows):
    rows = rows.astype(np.float64)
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


def rounded(rows, limit):
    """Each row in whole numbers, the largest of which is the limit, in the order of operations of float32."""
    rows = rows.astype(np.float32)
    return np.rint(rows * (np.float32(limit) / np.abs(rows).max(axis=1, keepdims=True)))


def case(seed, channels, grid, columns, rows, references):
    stream = iter(draw(seed, 10**5).astype(np.float32) - np.float32(0.5))

    def take(count):
        return np.array([next(stream) for _ in range(count * channels)], np.float32).reshape(count, channels)

    target = take(grid * grid)
    sides = [(take(inside), take(outside)) for inside, outside in references]
    inside = np.concatenate([one for one, _ in sides])
    outside = np.concatenate([other for _, other in sides])
    mine, others = (unit(rounded(target, 63)) @ unit(rounded(side, 127)).T for side in (inside, outside))
    exact = unit(target) @ unit(inside).T

    def density(similarity):
        return np.logaddexp.reduce(similarity / TEMPERATURE, axis=1) - np.log(similarity.shape[1])

    def nearest(similarity):
        return np.sort(similarity, axis=1)[:, -3:].mean(axis=1) * shown

    def brief(values):
        return [float(f"{value:.9g}") for value in values]

    prototype = inside.astype(np.float64).mean(axis=0)
    shown = np.add.outer(np.arange(grid) * 0, np.arange(grid)) < columns
    shown = (shown & (np.arange(grid)[:, None] < rows)).flatten()
    place = np.zeros(grid * grid)
    for count, _ in references:
        place[:count] += 1 / len(references)
    maps = {
        "evidence": np.tanh((density(mine) - density(others)) / 4) * shown,
        "nearest": nearest(mine),
        "prototype": unit(target) @ (prototype / np.linalg.norm(prototype)) * shown,
        "place": place,
    }
    return {
        "seed": seed,
        "channels": channels,
        "grid": grid,
        "shown": [columns, rows],
        "references": references,
        "maps": {name: brief(values) for name, values in maps.items()},
        "nearestUnrounded": brief(nearest(exact)),
    }


document = [case(*one) for one in CASES]
Path(__file__).with_suffix(".json").write_text(json.dumps(document) + "\n")
