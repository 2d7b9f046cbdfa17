"""How a single hot pixel is shown: like its neighbours."""

import numpy as np


def like_neighbours(shown: np.ndarray, row: int, column: int) -> np.ndarray:
    """A grey picture whose pixel has the upper median of the levels around it."""
    around = shown[max(0, row - 1) : row + 2, max(0, column - 1) : column + 2].ravel().tolist()
    around.remove(shown[row, column])
    out = shown.copy()
    out[row, column] = sorted(around)[len(around) // 2]
    return out
