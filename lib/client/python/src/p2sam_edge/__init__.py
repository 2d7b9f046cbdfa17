"""Client of P²SAM Edge: one annotated image of a patient, then every next one is segmented."""

from .client import Client
from .problem_error import ProblemError

__all__ = ["Client", "ProblemError"]
