"""Refusals of the service."""

from __future__ import annotations

import json
from typing import Any

#: Type of the problem that is made up for the answer of a proxy.
PROXY = "about:blank"


class ProblemError(Exception):
    """The service refused a call, in the words of its problem document (RFC 9457)."""

    def __init__(self, problem: dict[str, Any], retry_after: float | None) -> None:
        super().__init__(problem["detail"])
        self.problem = problem
        #: Seconds after which to call again, where the service states them.
        self.retry_after = retry_after

    @property
    def is_temporary(self) -> bool:
        """Whether the same call may succeed soon: the service is busy, or a proxy says that it is down."""
        status = self.problem["status"]
        return status in (429, 503) or (self.problem["type"] == PROXY and 502 <= status <= 504)


def problem_of(status: int, retry_after: str | None, body: bytes) -> ProblemError:
    """The error of an answer; one is made up for the answer of a proxy."""
    try:
        problem = json.loads(body)
        problem["detail"], problem["type"], problem["status"]
    except (ValueError, TypeError, KeyError):
        detail = f"The service responded with status {status} and no reason."
        problem = {"type": PROXY, "title": f"Status {status}", "status": status, "detail": detail}
    # The header may also be a date (RFC 9110, 10.2.3), which a proxy may send.
    seconds = float(retry_after) if retry_after is not None and retry_after.isdigit() else None
    return ProblemError(problem, seconds)
