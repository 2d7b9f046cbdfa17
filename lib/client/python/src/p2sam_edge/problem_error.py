"""Refusals of the service."""

from __future__ import annotations

import json
from typing import Any


class ProblemError(Exception):
    """The service refused a call, in the words of its problem document (RFC 9457)."""

    def __init__(self, problem: dict[str, Any], retry_after: float | None) -> None:
        super().__init__(problem["detail"])
        self.problem = problem
        #: Seconds after which to call again, where the service states them.
        self.retry_after = retry_after


def problem_of(status: int, retry_after: str | None, body: bytes) -> ProblemError:
    """The error of an answer; one is made up for the answer of a proxy."""
    try:
        problem = json.loads(body)
        problem["detail"]
    except (ValueError, TypeError, KeyError):
        detail = f"The service responded with status {status} and no reason."
        problem = {"type": "about:blank", "title": f"Status {status}", "status": status, "detail": detail}
    # The header may also be a date (RFC 9110, 10.2.3), which a proxy may send.
    seconds = float(retry_after) if retry_after is not None and retry_after.isdigit() else None
    return ProblemError(problem, seconds)
