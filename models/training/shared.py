"""What this exporter shares with models/export."""

import sys
from pathlib import Path

# At the end, because modules of the same name here come first.
sys.path.append(str(Path(__file__).parents[1] / "export"))

from half_weights import store_half  # noqa: E402, F401
from package_digest import package_digest, sha256  # noqa: E402, F401

HALF = ".half"  # how export.py marks weights that it stored as float16
