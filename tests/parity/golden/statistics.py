"""Rank statistics by scikit-learn and SciPy, with ties: statistics.json."""

import json
from pathlib import Path

import numpy as np
from scipy.stats import rankdata, spearmanr
from sklearn.metrics import roc_auc_score

generator = np.random.default_rng(5)


def rank_case(size, levels):
    a = generator.integers(0, levels, size) / levels
    b = np.round(a + generator.normal(0, 0.4, size), 1)
    return {
        "a": a.tolist(),
        "b": b.tolist(),
        "ranks": rankdata(a).tolist(),
        "spearman": float(spearmanr(a, b)[0]),
    }


def auc_case(positives, negatives, levels):
    p = generator.integers(1, levels + 2, positives) / levels
    n = generator.integers(0, levels, negatives) / levels
    truth = [1] * positives + [0] * negatives
    return {
        "positives": p.tolist(),
        "negatives": n.tolist(),
        "auc": float(roc_auc_score(truth, np.concatenate([p, n]))),
    }


cases = {
    "ranks": [rank_case(*case) for case in [(5, 3), (30, 6), (200, 1000), (2, 9)]],
    "auc": [auc_case(*case) for case in [(3, 4, 3), (40, 100, 9), (100, 30, 1000), (1, 1, 2)]],
}
Path(__file__).with_suffix(".json").write_text(json.dumps(cases) + "\n")
