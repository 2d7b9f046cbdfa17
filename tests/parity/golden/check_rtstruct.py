"""Reads a structure set with pydicom and rt-utils, and compares it with the masks it was made of.

    python tests/parity/golden/check_rtstruct.py rtstruct.dcm folder-of-the-series [--label=liver] image.dcm:mask.png [image.dcm:mask.png …]

The folder holds the series and nothing else. Each mask is 8-bit grey, non-zero inside. Says `equal` and ends with 0 when
the structure is found on its images, has a Dice of 0.99 with every mask, and shares the images' patient, study and frame
of reference.
"""

import sys

import numpy as np
import pydicom
from PIL import Image
from rt_utils import RTStructBuilder

path, folder, *pairs = sys.argv[1:]
plain = pydicom.dcmread(path)
structure = plain.StructureSetROISequence[0]
if pairs[0].startswith("--label="):
    assert structure.ROIName == pairs.pop(0).removeprefix("--label="), "pydicom reads another label"
contours = plain.ROIContourSequence[0]
observation = plain.RTROIObservationsSequence[0]
assert structure.ROINumber == contours.ReferencedROINumber == observation.ReferencedROINumber
assert len(plain.StructureSetLabel) <= 16
assert len(contours.ROIDisplayColor) == 3
read = RTStructBuilder.create_from(dicom_series_path=folder, rt_struct_path=path)
assert read.get_roi_names() == [structure.ROIName]
instances = [image.SOPInstanceUID for image in read.series_data]
study = plain.ReferencedFrameOfReferenceSequence[0].RTReferencedStudySequence[0]
series = study.RTReferencedSeriesSequence[0]
assert {image.ReferencedSOPInstanceUID for image in series.ContourImageSequence} == set(instances)
has_contours = "ContourSequence" in contours
volume = read.get_roi_mask_by_name(structure.ROIName) if has_contours else None
for pair in pairs:
    name, mask_path = pair.rsplit(":", 1)
    source = pydicom.dcmread(name)
    mask = np.asarray(Image.open(mask_path)) > 0
    found = volume[:, :, instances.index(source.SOPInstanceUID)] if has_contours else np.zeros_like(mask)
    both, total = (found & mask).sum(), found.sum() + mask.sum()
    dice = 2 * both / total if total else 1
    assert dice >= 0.99, f"rt-utils reads another mask: Dice {dice}"
    for keyword in ("PatientID", "PatientName", "StudyInstanceUID"):
        assert plain.get(keyword) == source.get(keyword), keyword
    assert structure.ReferencedFrameOfReferenceUID == source.FrameOfReferenceUID
    assert study.ReferencedSOPInstanceUID == source.StudyInstanceUID
    assert series.SeriesInstanceUID == source.SeriesInstanceUID
    assert plain.SeriesInstanceUID != source.SeriesInstanceUID
    if not has_contours:
        continue
    # Every contour lies in the plane of the image that it names.
    normal = np.cross(*np.reshape([float(v) for v in source.ImageOrientationPatient], (2, 3)))
    origin = np.array([float(v) for v in source.ImagePositionPatient])
    for contour in contours.ContourSequence:
        if contour.ContourImageSequence[0].ReferencedSOPInstanceUID != source.SOPInstanceUID:
            continue
        assert contour.ContourGeometricType == "CLOSED_PLANAR"
        points = np.reshape([float(v) for v in contour.ContourData], (-1, 3))
        assert len(points) == contour.NumberOfContourPoints
        assert np.abs((points - origin) @ normal).max() < 0.001
print("equal")
