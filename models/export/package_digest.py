"""The digest of a model package, as lib/model/package.ts computes it."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path


def package_digest(
    hashes: dict[str, str],
    size: int,
    mean: Sequence[float],
    std: Sequence[float],
    calibration: dict | None = None,
) -> str:
    """SHA-256 of one line `role hash` per file, sorted by role, of a line about the input, and of one about the
    calibration if there is one."""
    text = "".join(f"{role} {hashes[role]}\n" for role in sorted(hashes))
    text += f"input {size} {','.join(map(shortest, mean))} {','.join(map(shortest, std))}\n"
    if calibration is not None:
        numbers = [calibration[name] for name in ("threshold", "slope", "offset")]
        if presence := calibration.get("presence"):
            numbers += [presence[name] for name in ("offset", "rating", "structure", "surroundings")]
            numbers += [presence["typical"][name] for name in ("structure", "surroundings")]
        text += f"calibration {' '.join(map(shortest, numbers))}\n"
    return hashlib.sha256(text.encode()).hexdigest()


def shortest(number: float) -> str:
    """A number in its shortest decimal form, without a trailing `.0`."""
    return str(int(number)) if number == int(number) else repr(number)


def sha256(path: Path) -> str:
    """SHA-256 of a file, hex."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
