"""Writes numerics.json: Pillow's antialiased resizes and scikit-learn's k-means on drawn numbers.

    ../venv/bin/python tests/parity/golden/numerics.py
"""

import base64
import hashlib
import json
from pathlib import Path

import numpy as np
from PIL import Image
from sklearn.cluster import KMeans

from portable import draw, mulberry32, plus_plus

SIZES = [
    # width, height, channels, to width, to height
    (1, 1, 1, 5, 3),
    (7, 5, 1, 3, 2),
    (13, 9, 3, 64, 44),
    (64, 48, 3, 17, 13),
    (100, 37, 1, 512, 189),
    (333, 500, 3, 341, 512),
    (854, 480, 3, 512, 288),
    (640, 641, 1, 511, 512),
    (30, 900, 1, 17, 512),
]
CLUSTERS = [(1, 60, 4, 2), (2, 300, 8, 3), (3, 500, 96, 5), (4, 40, 3, 5), (5, 5, 6, 5), (6, 900, 16, 4)]


def resizes():
    for seed, (width, height, channels, to_width, to_height) in enumerate(SIZES, 1):
        pixels = np.floor(draw(seed, width * height * channels) * 256).astype(np.uint8)
        shape = (height, width) if channels == 1 else (height, width, channels)
        image = Image.fromarray(pixels.reshape(shape))
        resized = np.asarray(image.resize((to_width, to_height), Image.BILINEAR))
        yield {
            "seed": seed,
            "size": [width, height, channels, to_width, to_height],
            # Pillow 13 takes some tall pictures vertically first, which rounds differently.
            **(
                {"pixels": base64.b64encode(resized.tobytes()).decode()}
                if height > 20 * width
                else {"sha256": hashlib.sha256(resized.tobytes()).hexdigest()}
            ),
        }


def clusterings():
    for seed, count, dim, k in CLUSTERS:
        points = draw(seed, count * dim).astype(np.float32).reshape(count, dim).astype(np.float64)
        points += (np.arange(count) % k)[:, None]
        points = points.astype(np.float32).astype(np.float64)
        stream = mulberry32(seed)
        fits = [KMeans(k, init=plus_plus(points, k, stream), n_init=1, tol=0).fit(points) for _ in range(10)]
        best = min(fits, key=lambda fit: fit.inertia_)
        own = KMeans(k, n_init=10, tol=0, random_state=0).fit(points)
        yield {
            "seed": seed,
            "count": count,
            "dim": dim,
            "k": k,
            "inertia": best.inertia_,
            "sizes": sorted(np.bincount(best.labels_).tolist()),
            "scikitLearnInertia": own.inertia_,
        }


document = {"resizes": list(resizes()), "clusterings": list(clusterings())}
Path(__file__).with_suffix(".json").write_text(json.dumps(document, indent=1) + "\n")
