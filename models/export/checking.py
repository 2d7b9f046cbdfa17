"""The small tools of check.py: counting, comparing, running a script's command line."""

from __future__ import annotations

import contextlib
import io
import traceback
from collections.abc import Iterator
from pathlib import Path

import torch
from torch import Tensor


class Results:
    passed = failed = 0


@contextlib.contextmanager
def check(name: str) -> Iterator[None]:
    try:
        yield
        Results.passed += 1
        print(f"ok      {name}", flush=True)
    except (Exception, SystemExit):
        Results.failed += 1
        print(f"FAILED  {name}\n{traceback.format_exc()}", flush=True)


def equal(found: object, wanted: object) -> None:
    if found != wanted:
        raise AssertionError(f"expected {wanted!r}, got {found!r}")


def close(found: object, wanted: Tensor, tolerance: float = 1e-3) -> None:
    """Within `tolerance` of the largest absolute value."""
    found = torch.as_tensor(found)
    equal(tuple(found.shape), tuple(wanted.shape))
    error = float((found - wanted).abs().max() / wanted.abs().max())
    if not error <= tolerance:
        raise AssertionError(f"differs by {error:.1e} of its range")


def differ(one: Tensor, other: Tensor) -> None:
    """By 1 % of the range at least: else a check of their cause would prove nothing."""
    if float((one - other).abs().max() / other.abs().max()) < 1e-2:
        raise AssertionError("they are the same")


def export(module: object, folder: Path, checkpoint: Path, *options: str) -> str:
    """Runs a script's command line; what it printed."""
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        module.main(["--checkpoint", str(checkpoint), "--id", "random", "--licence", "Apache-2.0", "--source",
                     "random weights", "--out", str(folder), *options])
    return printed.getvalue()


def refused(module: object, folder: Path, checkpoint: Path, words: list[str], *options: str) -> None:
    """The command line must stop with one line that holds these words, and write no package."""
    try:
        export(module, folder / "refused", checkpoint, *options)
    except SystemExit as error:
        line = str(error.code)
        if "\n" in line or not all(word in line for word in words):
            raise AssertionError(f"the message should be one line with {words}: {line}") from None
        print(f"        {line}")
        if (folder / "refused" / "model.json").exists():
            raise AssertionError("a package was written") from None
        return
    raise AssertionError("it was not refused")


def saved(folder: Path, content: object, name: str = "checkpoint.pth") -> Path:
    torch.save(content, folder / name)
    return folder / name
