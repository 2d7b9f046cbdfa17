"""Reads a COCO document with pycocotools, and compares its masks with PNG files.

    python tests/parity/golden/check_coco.py series.json mask.png [mask.png …]

Mask k is that of the image with the id k + 1. Says `equal` and ends with 0 when all pixels, areas and boxes are equal.
"""

import contextlib
import io
import sys

import numpy as np
from PIL import Image
from pycocotools import mask as runs
from pycocotools.coco import COCO

path, *masks = sys.argv[1:]
with contextlib.redirect_stdout(io.StringIO()):
    coco = COCO(path)
assert len(coco.getCatIds()) == 1
for k, name in enumerate(masks):
    mask = (np.asarray(Image.open(name)) > 0).astype(np.uint8)
    (image,) = coco.loadImgs(k + 1)
    assert mask.shape == (image["height"], image["width"])
    annotations = coco.loadAnns(coco.getAnnIds(imgIds=k + 1))
    assert len(annotations) == (1 if mask.any() else 0) == (1 if image["present"] else 0)
    for annotation in annotations:
        assert np.array_equal(coco.annToMask(annotation), mask), "pycocotools reads other pixels"
        encoded = runs.encode(np.asfortranarray(mask))
        assert annotation["area"] == runs.area(encoded)
        assert annotation["bbox"] == list(runs.toBbox(encoded))
print("equal")
