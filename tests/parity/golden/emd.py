"""Golden earth mover's distances, computed with POT.

    pip install numpy==2.4.6 POT==0.9.7.post1     (POT brings scipy)
    python tests/parity/golden/emd.py                    (rewrites emd.json beside this file; about a minute)

A case stores no points, only what both sides rebuild them from: `kind`, `seed`, `n`, `m`, `dim`.
Random numbers are mulberry32 draws k/2^32. Stream 4*seed feeds the sources, 4*seed+1 the targets,
4*seed+2 and 4*seed+3 their weights. A point takes dim+1 draws: the first picks its cluster, the
others (r) give its coordinates, worked out in float64 and rounded once to float32:

    uniform, weighted, zeros   r
    duplicates                 floor(3 r)
    line                       floor(50 r_1) * (1, 2, .., dim): collinear integers, many ties
    clusters                   4 * centre + 0.25 * r; five centres from stream 7, dim draws each
    far                        r for sources, r + 1000 for targets
    identical                  r, both sides from stream 4*seed

Weights (kinds weighted and zeros): one draw r per point; in kind zeros, r < 0.3 becomes 0. They are
normalised to sum to 1. All other kinds are uniform. Cost: squared Euclidean distance in float64.
"""

import json
from pathlib import Path

import numpy as np
import ot

from portable import draw
from scipy.spatial.distance import cdist

CASES = [
    # kind, seed, n, m, dim
    ("uniform", 1, 1, 1, 2),
    ("uniform", 2, 1, 7, 3),
    ("uniform", 3, 9, 1, 3),
    ("uniform", 4, 2, 3, 1),
    ("uniform", 5, 12, 18, 2),
    ("uniform", 6, 100, 100, 256),
    ("uniform", 7, 101, 97, 5),
    ("uniform", 8, 10, 1500, 16),
    ("uniform", 9, 1500, 10, 16),
    ("uniform", 10, 500, 600, 256),
    ("uniform", 11, 1000, 1200, 32),
    ("uniform", 12, 2000, 2000, 64),
    ("uniform", 13, 4096, 4096, 2),
    ("weighted", 20, 1, 5, 2),
    ("weighted", 21, 40, 60, 3),
    ("weighted", 22, 300, 200, 256),
    ("weighted", 23, 1000, 1100, 8),
    ("zeros", 30, 10, 12, 2),
    ("zeros", 31, 200, 150, 16),
    ("zeros", 32, 900, 900, 4),
    ("duplicates", 40, 30, 45, 2),
    ("duplicates", 41, 600, 400, 2),
    ("duplicates", 42, 512, 512, 4),
    ("line", 50, 64, 64, 1),
    ("line", 51, 700, 300, 3),
    ("line", 52, 1500, 1500, 1),
    ("clusters", 60, 60, 80, 8),
    ("clusters", 61, 800, 1000, 64),
    ("clusters", 62, 1500, 1500, 2),
    ("far", 70, 50, 50, 2),
    ("far", 71, 700, 500, 16),
    ("identical", 80, 33, 33, 2),
    ("identical", 81, 500, 500, 16),
]


def points(kind: str, stream: int, count: int, dim: int, offset: float) -> np.ndarray:
    """count x dim, float32."""
    draws = draw(stream, count * (dim + 1)).reshape(count, dim + 1)
    pick, r = draws[:, 0], draws[:, 1:]
    if kind == "duplicates":
        r = np.floor(3 * r)
    elif kind == "line":
        r = np.floor(50 * r[:, :1]) * np.arange(1, dim + 1)
    elif kind == "clusters":
        centres = draw(7, 5 * dim).reshape(5, dim)
        r = 4 * centres[np.floor(5 * pick).astype(int)] + 0.25 * r
    elif kind == "far":
        r = r + offset
    return r.astype(np.float32)


def weights(kind: str, stream: int, count: int) -> np.ndarray:
    if kind not in ("weighted", "zeros"):
        return np.full(count, 1 / count)
    r = draw(stream, count)
    if kind == "zeros":
        r[r < 0.3] = 0
    return r / r.sum()


def main() -> None:
    cases = []
    for kind, seed, n, m, dim in CASES:
        a = points(kind, 4 * seed, n, dim, 0)
        b = points(kind, 4 * seed + (kind != "identical"), m, dim, 1000)
        cost = cdist(a.astype(np.float64), b.astype(np.float64), "sqeuclidean")
        distance, log = ot.emd2(
            weights(kind, 4 * seed + 2, n),
            weights(kind, 4 * seed + 3, m),
            cost,
            numItermax=10_000_000,
            log=True,
        )
        if log["warning"] is not None:
            raise SystemExit(f"{kind} {seed}: {log['warning']}")
        cases.append(
            {"kind": kind, "seed": seed, "n": n, "m": m, "dim": dim, "distance": float(distance)}
        )
    golden = {
        "generator": "tests/parity/golden/emd.py",
        "versions": {"numpy": np.__version__, "POT": ot.__version__},
        "cases": cases,
    }
    text = json.dumps(golden, indent=2) + "\n"
    Path(__file__).with_name("emd.json").write_text(text)


if __name__ == "__main__":
    main()
