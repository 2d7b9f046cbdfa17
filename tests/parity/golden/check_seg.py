"""Reads a DICOM segmentation with pydicom and highdicom, and compares it with the masks it was made of.

    python tests/parity/golden/check_seg.py seg.dcm [--label=liver] image.dcm:mask.png [image.dcm#frame:mask.png …]

Each mask is 8-bit grey, non-zero inside. Frames count from 1, as DICOM does. Says `equal` and ends with 0
when every frame is found by its source, has the mask's pixels, and shares the source's patient, study,
frame of reference and place.
"""

import sys

import highdicom as hd
import numpy as np
import pydicom
from PIL import Image

path, *pairs = sys.argv[1:]
plain = pydicom.dcmread(path)
seg = hd.seg.segread(path)
if pairs[0].startswith("--label="):
    label = pairs.pop(0).removeprefix("--label=")
    assert plain.SegmentSequence[0].SegmentLabel == label, "pydicom reads another label"
    assert seg.get_segment_description(1).segment_label == label, "highdicom reads another label"
frames = plain.pixel_array.reshape(len(pairs), plain.Rows, plain.Columns)
for k, pair in enumerate(pairs):
    name, mask_path = pair.rsplit(":", 1)
    name, _, frame = name.partition("#")
    source = pydicom.dcmread(name)
    mask = np.asarray(Image.open(mask_path)) > 0
    assert np.array_equal(frames[k].astype(bool), mask), "pydicom reads other pixels"
    if frame:
        by_source = seg.get_pixels_by_source_frame(source.SOPInstanceUID, [int(frame)], segment_numbers=[1])
    else:
        by_source = seg.get_pixels_by_source_instance([source.SOPInstanceUID], segment_numbers=[1])
    assert np.array_equal(by_source[0, ..., 0].astype(bool), mask), "highdicom reads other pixels"
    for keyword in ("PatientID", "PatientName", "StudyInstanceUID", "FrameOfReferenceUID"):
        assert seg.get(keyword) == source.get(keyword), keyword
    assert seg.SeriesInstanceUID != source.SeriesInstanceUID
    if "ImagePositionPatient" in source:
        place = seg.PerFrameFunctionalGroupsSequence[k].PlanePositionSequence[0].ImagePositionPatient
        assert np.allclose([float(v) for v in place], [float(v) for v in source.ImagePositionPatient])
        volume = seg.SharedFunctionalGroupsSequence[0]
        assert volume.PixelMeasuresSequence[0].PixelSpacing == source.PixelSpacing
        assert volume.PlaneOrientationSequence[0].ImageOrientationPatient == source.ImageOrientationPatient
print("equal")
