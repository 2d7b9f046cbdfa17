"""Reads a NIfTI mask volume with nibabel, and compares it with its source and the masks it was made of.

    python tests/parity/golden/check_nifti.py mask.nii.gz source.nii[.gz] slice:mask.png …

Says `equal` and ends with 0 when the volume has the source's shape, affine and units, the masks' pixels
in their slices and zeros in the others.
"""

import sys

import nibabel as nib
import numpy as np
from PIL import Image

path, source_path, *pairs = sys.argv[1:]
volume, source = nib.load(path), nib.load(source_path)
assert volume.shape == source.shape, "another shape"
assert np.array_equal(volume.affine, source.affine), "another affine"
assert volume.header.get_xyzt_units() == source.header.get_xyzt_units(), "other units"
assert volume.get_data_dtype() == np.uint8
wanted = np.zeros(source.shape[:2] + (int(np.prod(source.shape[2:])),), np.uint8)
for pair in pairs:
    index, mask = pair.split(":", 1)
    wanted[:, :, int(index)] = (np.asarray(Image.open(mask)) > 0).T
assert np.array_equal(np.asarray(volume.dataobj).reshape(wanted.shape, order="F"), wanted), "other voxels"
print("equal")
