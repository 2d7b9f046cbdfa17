"""DICOM segmentations and structure sets, the images that they lie on, and the masks that they are there.

    pip install -r tests/parity/golden/requirements-dicom.txt
    python tests/parity/golden/segmentations.py         (rewrites the folder segmentations beside this file)

`segmentations/manifest.json` lists the images, as images.py describes it. `segmentations/cases.json` lists what a file
is on an image: `mask` (base64, a byte per pixel) with `value`, `threshold` and `warnings`, or `refused` (code) with
words of the `message`. Masks of segmentations are looked up, pixel by pixel, in the volume that highdicom makes of the
file; where highdicom does not read it, they are the structure itself, which is known at every place of the patient.
Masks of structure sets are an even-odd test of the pixels' centres in millimetres.
"""

import base64
from copy import deepcopy
import io
import json
from pathlib import Path

import highdicom as hd
import imagecodecs
import numpy as np
import pydicom
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.encaps import encapsulate
from pydicom.sequence import Sequence
from pydicom.sr.codedict import codes
from pydicom.uid import UID

OUT = Path(__file__).parent / "segmentations"
OUT.mkdir(exist_ok=True)
W, H, N = 19, 13, 4
COLUMN, ROW, GAP = 0.7, 0.8, 5.0
AXIAL = ([1, 0, 0], [0, 1, 0])
CORONAL = ([1, 0, 0], [0, 0, -1])
SAGITTAL = ([0, 1, 0], [0, 0, -1])
UP = [0, 0, 1]
EXPLICIT = "1.2.840.10008.1.2.1"
rng = np.random.default_rng(19)
manifest, cases, files = [], [], {"manifest.json", "cases.json"}
pack = lambda a: base64.b64encode(np.ascontiguousarray(a).astype(np.uint8).tobytes()).decode()


# --- a patient of two organs, mirror images of each other, that end in the third of four slices ---
class Grid:
    """Rows and columns of parallel slices; they are stacked along their normal, or along another direction."""

    def __init__(self, first, axes, spacing=(ROW, COLUMN), size=(H, W), gap=GAP, thickness=None, slices=N, turn=None, stack=None):
        row, column = (np.array(a, float) for a in axes)
        if turn is not None:
            row, column = turn @ row, turn @ column
        self.row, self.column, self.spacing, self.size, self.gap = row, column, spacing, size, gap
        self.thickness = gap if thickness is None else thickness
        self.stack = np.cross(row, column) if stack is None else np.array(stack, float)
        self.first, self.slices = np.array(first, float), slices

    def position(self, k):
        return self.first + self.stack * self.gap * k

    def points(self, k):
        y, x = np.mgrid[0 : self.size[0], 0 : self.size[1]]
        return (
            self.position(k)
            + x[..., None] * self.spacing[1] * self.row
            + y[..., None] * self.spacing[0] * self.column
        )

    def orientation(self):
        return [float(v) for v in [*self.row, *self.column]]


def organ(points, side):
    """A structure without any symmetry of its own; side 1 or -1."""
    x, y, z = side * points[..., 0], points[..., 1], points[..., 2]
    body = (x - 3.2) ** 2 / 4.1 + (y - 0.6) ** 2 / 11 <= 1
    horn = (x > 3.1) & (x < 5.5) & (y > -4.2) & (y < -1.7)
    reach = (z > 2) & (z < 12) & ~((z > 7) & (y > 2))
    return (body | horn) & reach


def everything(grid, what):
    return np.stack([what(grid.points(k)) for k in range(grid.slices)])


LEFT = lambda p: organ(p, 1)
RIGHT = lambda p: organ(p, -1)
START = [-(W - 1) / 2 * COLUMN, -(H - 1) / 2 * ROW, 0]
axial = Grid(START, AXIAL)


def bytes_of(ds):
    out = io.BytesIO()
    pydicom.dcmwrite(out, ds, enforce_file_format=True)
    return out.getvalue()


def write(name, ds):
    data = ds if isinstance(ds, bytes) else bytes_of(ds)
    (OUT / name).write_bytes(data)
    files.add(name)
    return data


def image_of(grid, k, series, pixels=None):
    ds = Dataset()
    ds.file_meta = FileMetaDataset()
    ds.file_meta.TransferSyntaxUID = UID(EXPLICIT)
    ds.SOPClassUID = ds.file_meta.MediaStorageSOPClassUID = "1.2.840.10008.5.1.4.1.1.2"
    ds.SOPInstanceUID = ds.file_meta.MediaStorageSOPInstanceUID = f"2.25.{series}{k + 1}"
    ds.file_meta.ImplementationClassUID = "2.25.1"
    ds.StudyInstanceUID, ds.SeriesInstanceUID, ds.FrameOfReferenceUID = "2.25.1", f"2.25.{series}", "2.25.3"
    ds.PatientName, ds.PatientID, ds.PatientBirthDate, ds.PatientSex = "Doe^Jane", "secret-id", "19500101", "F"
    ds.StudyDate = ds.ContentDate = "20200102"
    ds.StudyTime = ds.ContentTime = "101112"
    ds.StudyID, ds.AccessionNumber, ds.ReferringPhysicianName, ds.PositionReferenceIndicator = "7", "A1", "", ""
    ds.Modality, ds.SeriesNumber, ds.InstanceNumber = "CT", 1, k + 1
    ds.ImagePositionPatient = [round(float(v), 6) for v in grid.position(k)]
    ds.ImageOrientationPatient = [round(v, 9) for v in grid.orientation()]
    ds.PixelSpacing, ds.SliceThickness = list(grid.spacing), grid.thickness
    if pixels is None:
        pixels = np.where(LEFT(grid.points(k)) | RIGHT(grid.points(k)), 200, 60) + rng.integers(0, 20, grid.size)
    ds.SamplesPerPixel, ds.PhotometricInterpretation = 1, "MONOCHROME2"
    ds.Rows, ds.Columns = grid.size
    ds.BitsAllocated, ds.BitsStored, ds.HighBit, ds.PixelRepresentation = 8, 8, 7, 0
    data = pixels.astype(np.uint8).tobytes()
    ds.PixelData = data + b"\0" * (len(data) % 2)
    ds["PixelData"].VR = "OB"
    return ds


def images(name, grid, series):
    """Writes the slices of a grid; returns them with their file names."""
    out = []
    for k in range(grid.slices):
        ds = image_of(grid, k, series)
        file = f"{name}-{k + 1}.dcm"
        write(file, ds)
        manifest.append(dict(name=file, width=ds.Columns, height=ds.Rows, channels=1, pixels=pack(ds.pixel_array), tolerance=0))
        out.append((file, ds))
    return out


def described(*labels, numbers=None):
    return [
        hd.seg.SegmentDescription(
            segment_number=n, segment_label=label, segmented_property_category=codes.SCT.Organ,
            segmented_property_type=codes.SCT.Kidney, algorithm_type="MANUAL")
        for n, label in zip(numbers or range(1, len(labels) + 1), labels)
    ]


def fixed(ds):
    """Nothing of the clock or of chance."""
    for element in ds.iterall():
        if element.keyword == "DimensionOrganizationUID":
            element.value = "2.25.6"
        elif element.VR == "DA":
            element.value = "20200102"
        elif element.VR == "DT":
            element.value = "20200102101213"
        elif element.VR == "TM":
            element.value = "101213"
    return ds


def segmentation(sources, pixels, labels=("Kidney",), kind="BINARY", grid=None, order=None, numbers=None, **options):
    """By highdicom, on the grid of the images or on another one."""
    if grid is not None:
        order = order or range(grid.slices)
        options.update(
            plane_positions=[hd.PlanePositionSequence("PATIENT", [round(float(v), 6) for v in grid.position(k)]) for k in order],
            plane_orientation=hd.PlaneOrientationSequence("PATIENT", [round(v, 9) for v in grid.orientation()]),
            pixel_measures=hd.PixelMeasuresSequence(list(grid.spacing), grid.thickness, grid.gap))
    seg = hd.seg.Segmentation(
        source_images=sources, pixel_array=pixels, segmentation_type=kind,
        segment_descriptions=described(*labels, numbers=numbers), series_instance_uid="2.25.4", series_number=2,
        sop_instance_uid="2.25.5", instance_number=1, manufacturer="x", manufacturer_model_name="x", software_versions="1",
        device_serial_number="1", **options)
    return fixed(pydicom.dcmread(io.BytesIO(bytes_of(seg))))


def looked_up(data, image, segment=1, half=None):
    """The mask on an image by highdicom's volume of a segment: the nearest voxel of every pixel."""
    seg = hd.seg.segread(io.BytesIO(data))
    if seg.segmentation_type.value == "LABELMAP":
        volume = seg.get_volume(combine_segments=True, allow_missing_positions=True)
        array = volume.array == segment
    else:
        volume = seg.get_volume(
            segment_numbers=[segment], combine_segments=False, rescale_fractional=half is not None, allow_missing_positions=True)
        array = volume.array[..., 0] >= (half or 1)
    to_image = hd.spatial.create_affine_matrix_from_attributes(
        image_position=image.ImagePositionPatient, image_orientation=image.ImageOrientationPatient, pixel_spacing=image.PixelSpacing)
    y, x = np.mgrid[0 : image.Rows, 0 : image.Columns]
    # Its affine counts columns first.
    world = to_image @ np.stack([x.ravel(), y.ravel(), 0 * x.ravel(), 1 + 0 * x.ravel()])
    index = np.floor(np.linalg.inv(volume.affine) @ world + 0.5 + 1e-6).astype(int)[:3]
    inside = np.all((index >= 0) & (index < np.array(array.shape)[:, None]), 0)
    out = np.zeros(x.size, bool)
    out[inside] = array[tuple(index[:, inside])]
    return out.reshape(y.shape)


def is_mask(file, image, mask, value=1, **rest):
    assert mask.any(), file
    cases.append(dict(file=file, image=image, mask=pack(mask), width=mask.shape[1], value=value, **rest))


def is_refused(file, image, message, code="frame-choice", **rest):
    cases.append(dict(file=file, image=image, refused=code, message=message, **rest))


def on_all(file, sources, grid, what=LEFT, lookup=True, absent="no frame on this image", **rest):
    """The structure is where it is on every slice that has it, and on no other."""
    data = (OUT / file).read_bytes()
    number = rest.get("value", 1)
    for k, (image, ds) in enumerate(sources):
        mask = what(grid.points(k))
        if not mask.any():
            is_refused(file, image, absent, **({"segment": rest["segment"]} if "segment" in rest else {}))
            continue
        if lookup:
            assert (looked_up(data, ds, number) == mask).all(), (file, k)
        is_mask(file, image, mask, **rest)


series = images("axial", axial, 100)
sources = [ds for _, ds in series]
stack = lambda grid, *whats: np.stack([everything(grid, w) for w in whats], -1).astype(np.uint8)

# --- the same place, however the frames are stored ---
overlapping = [LEFT, lambda p: RIGHT(p) | (LEFT(p) & (p[..., 1] < -1.7))]
write("two.dcm", segmentation(sources, stack(axial, *overlapping), ("Kidney left", "KIDNEY right")))
for number, (name, what) in enumerate(zip(("Kidney left", "kidney RIGHT"), overlapping), 1):
    on_all("two.dcm", series, axial, what, segment=str(number), value=number)
    on_all("two.dcm", series, axial, what, segment=name, value=number)
is_refused("two.dcm", "axial-2.dcm", "several segments; choose one with segment, by number or name: 1, 2.")
is_refused("two.dcm", "axial-2.dcm", "no segment 3; it has: 1, 2.", segment="3")
is_refused("two.dcm", "axial-2.dcm", "no segment of that name; it has: 1, 2.", segment="liver")
write("same-names.dcm", segmentation(sources, stack(axial, LEFT, RIGHT), ("Kidney", "kidney")))
on_all("same-names.dcm", series, axial, RIGHT, segment="kidney", value=2)
is_refused("same-names.dcm", "axial-2.dcm", "several segments have that name; choose one by its number: 1, 2.", segment="KIDNEY")
write("one.dcm", segmentation(sources, everything(axial, LEFT).astype(np.uint8)))
on_all("one.dcm", series, axial)
is_refused("one.dcm", "axial-2.dcm", "no segment 2; it has: 1.", segment="2")

last = axial.points(0)[-1, -1]
right, top = axial.points(0)[0, -1], axial.points(0)[0, 0]
bottom = axial.points(0)[-1, 0]


stored = {
    "turned": Grid(last, ([-1, 0, 0], [0, -1, 0])),
    "mirrored": Grid(right, ([-1, 0, 0], [0, 1, 0]), stack=UP),
    "upside-down": Grid(bottom, ([1, 0, 0], [0, -1, 0]), stack=UP),
    "transposed": Grid(top, ([0, 1, 0], [1, 0, 0]), (COLUMN, ROW), (W, H), stack=UP),
    "turned-by-90": Grid(bottom, ([0, -1, 0], [1, 0, 0]), (COLUMN, ROW), (W, H)),
    "cropped": Grid(axial.points(0)[1, 7], AXIAL, size=(11, 12)),
    "beyond": Grid(START - np.array([2 * COLUMN, 3 * ROW, 0]), AXIAL, size=(H + 4, W + 5)),
}
for name, grid in stored.items():
    write(f"{name}.dcm", segmentation(sources, everything(grid, LEFT).astype(np.uint8), grid=grid))
    on_all(f"{name}.dcm", series, axial)
write("reversed.dcm", segmentation(sources, everything(axial, LEFT)[::-1].astype(np.uint8), grid=axial, order=range(N - 1, -1, -1)))
on_all("reversed.dcm", series, axial)
# With references to the wrong slices: the place decides.
ds = segmentation(sources, everything(axial, LEFT).astype(np.uint8))
for group in ds.PerFrameFunctionalGroupsSequence:
    source = group.DerivationImageSequence[0].SourceImageSequence[0]
    items = []
    for s in sources:
        one = Dataset()
        one.ReferencedSOPClassUID, one.ReferencedSOPInstanceUID, one.SpatialLocationsPreserved = s.SOPClassUID, s.SOPInstanceUID, "NO"
        items.append(one)
    group.DerivationImageSequence[0].SourceImageSequence = Sequence(items)
write("all-sources.dcm", ds)
on_all("all-sources.dcm", series, axial)

# --- other views ---
for name, axes, start in (("coronal", CORONAL, [START[0], -4.4, 11.3]), ("sagittal", SAGITTAL, [1.7, START[1], 11.3])):
    stack_along = [0, 1, 0] if name == "coronal" else [1, 0, 0]
    grid = Grid(start, axes, gap=2.0, stack=stack_along)
    view = images(name, grid, 200 if name == "coronal" else 300)
    flipped = Grid(grid.points(0)[-1, -1], tuple([-v for v in a] for a in axes), gap=2.0, stack=stack_along)
    pixels = everything(flipped, LEFT).astype(np.uint8)
    write(f"{name}.dcm", segmentation([ds for _, ds in view], pixels, grid=flipped))
    on_all(f"{name}.dcm", view, grid)
    is_refused(f"{name}.dcm", "axial-2.dcm", f"not parallel to the image: they are {name}, and the image is axial")

# --- other resolutions: nearest neighbour, and said so ---
others = {
    "half": Grid(START + np.array([COLUMN / 2, ROW / 2, 0]), AXIAL, (2 * ROW, 2 * COLUMN), (7, 10)),
    "double": Grid(START - np.array([COLUMN / 4, ROW / 4, 0]), AXIAL, (ROW / 2, COLUMN / 2), (2 * H, 2 * W)),
    "shifted": Grid(START + np.array([0.3 * COLUMN, 0.2 * ROW, 0]), AXIAL),
    "turned-in-plane": Grid(START, AXIAL, size=(H + 3, W), turn=np.array([[np.cos(0.1), np.sin(0.1), 0], [-np.sin(0.1), np.cos(0.1), 0], [0, 0, 1]])),
}
for name, grid in others.items():
    data = write(f"{name}.dcm", segmentation(sources, everything(grid, LEFT).astype(np.uint8), grid=grid))
    for k in (1, 2):
        is_mask(f"{name}.dcm", series[k][0], looked_up(data, sources[k]), warnings=["mask-resampled"])

# --- thick frames on thin slices and thin frames on thick ones ---
thin = Grid(START + np.array([0, 0, 3.5]), AXIAL, gap=1.25, slices=3)
view = images("thin", thin, 400)
write("thick-frames.dcm", segmentation(sources, everything(axial, LEFT).astype(np.uint8)))
for k, (image, ds) in enumerate(view):
    warned = ["mask-resampled"] if abs(thin.position(k)[2] - 5) > 0.5 else []
    is_mask("thick-frames.dcm", image, LEFT(axial.points(1)), warnings=warned)
fine = Grid(START + np.array([0, 0, 0.4]), AXIAL, gap=1.0, slices=16)
write("thin-frames.dcm", segmentation(sources, everything(fine, LEFT).astype(np.uint8), grid=fine))
is_mask("thin-frames.dcm", "axial-2.dcm", LEFT(fine.points(5)), warnings=["mask-resampled"])
is_refused("thin-frames.dcm", "axial-1.dcm", "its nearest lies 2.4 mm from the image's plane")

# --- refused: other planes, other frames of reference, tiles, contradictions ---
def tilt(degrees):
    a = np.radians(degrees)
    return np.array([[1, 0, 0], [0, np.cos(a), -np.sin(a)], [0, np.sin(a), np.cos(a)]])


oblique = Grid(START, AXIAL, turn=tilt(5))
write("oblique.dcm", segmentation(sources, np.ones((N, H, W), np.uint8), grid=oblique))
is_refused("oblique.dcm", "axial-2.dcm", "not parallel to the image: they are tilted against it by 5.0°")
view = images("oblique", oblique, 500)
write("on-oblique.dcm", segmentation([ds for _, ds in view], everything(oblique, LEFT).astype(np.uint8)))
on_all("on-oblique.dcm", view, oblique)


def changed(name, change, pixels=None, **options):
    ds = segmentation(sources, everything(axial, LEFT).astype(np.uint8) if pixels is None else pixels, **options)
    change(ds)
    write(name, ds)


changed("other-space.dcm", lambda ds: setattr(ds, "FrameOfReferenceUID", "2.25.99"))
is_refused("other-space.dcm", "axial-2.dcm", "another frame of reference")


def tiles(ds):
    ds.TotalPixelMatrixColumns, ds.TotalPixelMatrixRows = 4 * W, 4 * H


changed("tiles.dcm", tiles)
is_refused("tiles.dcm", "axial-2.dcm", "cut into tiles")


def drop_group(ds):
    ds.PerFrameFunctionalGroupsSequence = Sequence(list(ds.PerFrameFunctionalGroupsSequence)[:-1])


changed("groups.dcm", drop_group)
is_refused("groups.dcm", "axial-2.dcm", "it has 2 frames, and describes 1", "malformed")


def drop_numbers(ds):
    for group in [*ds.PerFrameFunctionalGroupsSequence, *ds.SharedFunctionalGroupsSequence]:
        if "SegmentIdentificationSequence" in group:
            del group.SegmentIdentificationSequence


changed("no-numbers.dcm", drop_numbers)
on_all("no-numbers.dcm", series, axial, lookup=False)
changed("no-numbers-of-two.dcm", drop_numbers, stack(axial, LEFT, RIGHT), labels=("a", "b"))
is_refused("no-numbers-of-two.dcm", "axial-2.dcm", "a frame of none of them", "malformed", segment="1")


def unsourced(ds):
    """Without what a frame or the file names as its sources; the referenced series stays."""
    for holder in (ds, *ds.SharedFunctionalGroupsSequence, *ds.PerFrameFunctionalGroupsSequence):
        for tag in ("DerivationImageSequence", "SourceImageSequence"):
            if tag in holder:
                delattr(holder, tag)


def twice(ds):
    """A second frame of the same place, derived from another image."""
    for group in ds.PerFrameFunctionalGroupsSequence:
        group.PlanePositionSequence[0].ImagePositionPatient = [round(float(v), 6) for v in axial.position(1)]


changed("twice.dcm", twice)
first = LEFT(axial.points(1))
is_mask("twice.dcm", "axial-2.dcm", first)
changed("twice-unknown.dcm", lambda ds: (twice(ds), unsourced(ds)))
is_refused("twice-unknown.dcm", "axial-2.dcm", "2 frames of the segment lie on this image")

# --- no geometry: references, where they can be believed ---
def placeless(ds, number):
    for tag in ("FrameOfReferenceUID", "PositionReferenceIndicator", "ImagePositionPatient", "ImageOrientationPatient", "PixelSpacing", "SliceThickness"):
        if tag in ds:
            del ds[tag]
    ds.SOPClassUID = ds.file_meta.MediaStorageSOPClassUID = "1.2.840.10008.5.1.4.1.1.1.2"
    ds.SOPInstanceUID = ds.file_meta.MediaStorageSOPInstanceUID = f"2.25.60{number}"
    ds.Modality = "MG"
    ds.PatientOrientation = ["A", "R"]
    return ds


flat = [placeless(image_of(axial, k, 600), k) for k in (1, 2)]
for k, ds in enumerate(flat):
    write(f"flat-{k + 1}.dcm", ds)
    manifest.append(dict(name=f"flat-{k + 1}.dcm", width=W, height=H, channels=1, pixels=pack(ds.pixel_array), tolerance=0))
mask = LEFT(axial.points(1))


def name_both(ds):
    """Refers to the second image too, as files do whose every frame refers to all sources."""
    sources = ds.PerFrameFunctionalGroupsSequence[0].DerivationImageSequence[0].SourceImageSequence
    sources.append(deepcopy(sources[0]))
    sources[1].ReferencedSOPInstanceUID = flat[1].SOPInstanceUID


for name, change in {
    "flat": lambda ds: None,
    "flat-moved": lambda ds: setattr(ds.PerFrameFunctionalGroupsSequence[0].DerivationImageSequence[0].SourceImageSequence[0], "SpatialLocationsPreserved", "NO"),
    "flat-turned": lambda ds: setattr(ds.PerFrameFunctionalGroupsSequence[0].DerivationImageSequence[0].SourceImageSequence[0], "SpatialLocationsPreserved", "REORIENTED_ONLY"),
    "flat-twice": lambda ds: (
        setattr(ds, "PerFrameFunctionalGroupsSequence", Sequence([ds.PerFrameFunctionalGroupsSequence[0]] * 2)),
        setattr(ds, "NumberOfFrames", 2),
        setattr(ds, "PixelData", ds.PixelData * 2),
    ),
    "flat-series": lambda ds: unsourced(ds),
    "flat-of-both": lambda ds: name_both(ds),
    "flat-of-none": lambda ds: (unsourced(ds), ds.__delitem__("ReferencedSeriesSequence")),
}.items():
    ds = segmentation([flat[0]], mask.astype(np.uint8))
    series_item, instance = Dataset(), Dataset()
    instance.ReferencedSOPClassUID, instance.ReferencedSOPInstanceUID = flat[0].SOPClassUID, flat[0].SOPInstanceUID
    series_item.SeriesInstanceUID, series_item.ReferencedInstanceSequence = flat[0].SeriesInstanceUID, Sequence([instance])
    ds.ReferencedSeriesSequence = Sequence([series_item])
    change(ds)
    write(f"{name}.dcm", ds)
is_mask("flat.dcm", "flat-1.dcm", mask)
is_mask("flat-series.dcm", "flat-1.dcm", mask)
is_refused("flat.dcm", "flat-2.dcm", "no frame on this image")
is_refused("flat-series.dcm", "flat-2.dcm", "no frame on this image")
is_refused("flat-of-none.dcm", "flat-1.dcm", "no frame on this image")
is_refused("flat-moved.dcm", "flat-1.dcm", "do not lie where the image's do")
is_refused("flat-turned.dcm", "flat-1.dcm", "do not lie where the image's do")
is_refused("flat-of-both.dcm", "flat-2.dcm", "refers to several images")
is_refused("flat-twice.dcm", "flat-1.dcm", "2 frames of the segment refer to this image")
is_refused("flat.dcm", "axial-2.dcm", "one of the two states no frame of reference")
# Any image of the frame's size, where the file is no DICOM and says nothing.
is_mask("flat.dcm", None, mask)
is_refused("one.dcm", None, "the segment has 2 frames; send the DICOM image")
ds = image_of(axial, 1, 100)
del ds.PixelSpacing
write("no-spacing.dcm", ds)
manifest.append(dict(name="no-spacing.dcm", width=W, height=H, channels=1, pixels=pack(ds.pixel_array), tolerance=0))
is_mask("one.dcm", "no-spacing.dcm", mask)
is_refused("turned.dcm", "no-spacing.dcm", "no frame on this image")

# --- fractional, and compressed ---
def in_jpeg_2000(ds):
    streams = [imagecodecs.jpeg2k_encode(f, codecformat="J2K", level=0, reversible=True) for f in ds.pixel_array]
    ds.file_meta.TransferSyntaxUID = UID("1.2.840.10008.1.2.4.90")
    ds.PixelData = encapsulate(streams)
    ds["PixelData"].VR, ds["PixelData"].is_undefined_length = "OB", True
    return ds


soft = everything(axial, LEFT) * 0.8 + everything(axial, RIGHT) * 0.3
for name, options in {
    "probability": dict(),
    "occupancy": dict(fractional_type="OCCUPANCY", max_fractional_value=100),
    "probability-rle": dict(transfer_syntax_uid="1.2.840.10008.1.2.5"),
    "probability-jpegls": dict(transfer_syntax_uid="1.2.840.10008.1.2.4.80"),
}.items():
    data = write(f"{name}.dcm", segmentation(sources, soft, kind="FRACTIONAL", **options))
    for k in (1, 2):
        assert (looked_up(data, sources[k], 1, 0.5) == LEFT(axial.points(k))).all()
        is_mask(f"{name}.dcm", series[k][0], LEFT(axial.points(k)), threshold=50 if name == "occupancy" else 127.5)
ds = segmentation(sources, everything(axial, LEFT).astype(np.uint8))
ds.file_meta.TransferSyntaxUID = UID("1.2.840.10008.1.2.1.99")
write("deflated.dcm", ds)
on_all("deflated.dcm", series, axial)


def in_bytes(ds, values):
    # highdicom leaves empty frames out, and begins with the last slice.
    places = [g.PlanePositionSequence[0].ImagePositionPatient[2] for g in ds.PerFrameFunctionalGroupsSequence]
    frames = values[[int(z / GAP) for z in places]]
    ds.BitsAllocated, ds.BitsStored, ds.HighBit = 8, 8, 7
    data = frames.astype(np.uint8).tobytes()
    ds.PixelData = data + b"\0" * (len(data) % 2)


changed("bytes.dcm", lambda ds: in_bytes(ds, everything(axial, LEFT) * 255))
on_all("bytes.dcm", series, axial, lookup=False)
changed("several-values.dcm", lambda ds: in_bytes(ds, everything(axial, LEFT) * 1 + everything(axial, RIGHT) * 2))
is_refused("several-values.dcm", "axial-2.dcm", "a frame holds several values besides 0", "malformed")



def padded_bits(ds):
    """Every frame begins with a byte."""
    bits = ds.pixel_array.reshape(ds.NumberOfFrames, -1)
    data = np.packbits(bits, axis=1, bitorder="little").tobytes()
    ds.PixelData = data + b"\0" * (len(data) % 2)


long = Grid(axial.points(0)[1, 7], AXIAL, size=(11, 12), slices=3 * N)
ds = segmentation(sources, np.ones((3 * N, 11, 12), np.uint8), grid=long)
data = write("full.dcm", ds)
is_mask("full.dcm", "axial-2.dcm", looked_up(data, sources[1]))
padded_bits(ds)
write("padded-bits.dcm", ds)
is_refused("padded-bits.dcm", "axial-2.dcm", "are padded to bytes", "malformed")

# --- label maps ---
labels = everything(axial, LEFT) * 1 + everything(axial, RIGHT) * 2
absent = "no pixel on this image"
for name, options in {
    "labels": dict(),
    "labels-rle": dict(transfer_syntax_uid="1.2.840.10008.1.2.5"),
    "labels-j2k": dict(),
}.items():
    ds = segmentation(sources, labels.astype(np.uint8), ("Left", "Right"), "LABELMAP", omit_empty_frames=False, **options)
    write(f"{name}.dcm", in_jpeg_2000(ds) if name == "labels-j2k" else ds)
    for number, what in ((1, LEFT), (2, RIGHT)):
        on_all(f"{name}.dcm", series, axial, what, segment=str(number), value=number, absent=absent)
is_refused("labels.dcm", "axial-2.dcm", "several segments; choose one with segment, by number or name: 1, 2.")
is_refused("labels.dcm", "axial-2.dcm", "no segment 0; it has: 1, 2.", segment="0")
write("labels-mirrored.dcm", segmentation(
    sources, (everything(stored["mirrored"], LEFT) * 1 + everything(stored["mirrored"], RIGHT) * 2).astype(np.uint8), ("Left", "Right"), "LABELMAP",
    grid=stored["mirrored"]))
on_all("labels-mirrored.dcm", series, axial, LEFT, segment="left")
many = everything(axial, LEFT) * 257 + everything(axial, RIGHT) * 300 + (everything(axial, lambda p: p[..., 0] < -5.9) & ~everything(axial, RIGHT)) * 1
write("labels-300.dcm", segmentation(sources, many.astype(np.uint16), [f"label {n}" for n in range(1, 301)], "LABELMAP", omit_empty_frames=False))
on_all("labels-300.dcm", series, axial, LEFT, segment="257", value=257, absent=absent)
on_all("labels-300.dcm", series, axial, RIGHT, segment="label 300", value=300, absent=absent)
is_mask("labels-300.dcm", "axial-1.dcm", many[0] == 1, segment="1")
is_refused("labels-300.dcm", "axial-2.dcm", absent, segment="2")
for name, pixels, numbers, count in (("palette-8", labels.astype(np.uint8), [1, 2], 3), ("palette-16", many.astype(np.uint16), [1, 2, 257, 300], 301)):
    table = rng.integers(0, 256, (count, 3)).astype(np.uint8 if count < 256 else np.uint16)
    table[0] = 0
    lut = hd.PaletteColorLUTTransformation.from_combined_lut(table, palette_color_lut_uid="2.25.7")
    write(f"{name}.dcm", segmentation(
        sources, pixels, [f"label {n}" for n in numbers], "LABELMAP", numbers=numbers, omit_empty_frames=False, palette_color_lut_transformation=lut))
    number = numbers[-2]
    on_all(f"{name}.dcm", series, axial, LEFT, segment=str(number), value=number, absent=absent)


def padded(ds):
    """Background of another number than 0."""
    ds.PixelPaddingValue = 2
    ds["PixelPaddingValue"].VR = "US"


ds = segmentation(sources, np.where(everything(axial, LEFT), 1, 2).astype(np.uint8), ("Left", "Rest"), "LABELMAP")
padded(ds)
write("labels-padded.dcm", ds)
on_all("labels-padded.dcm", series, axial, lookup=False, absent=absent)

# --- an image of several frames ---
ds = image_of(axial, 0, 700, everything(axial, LEFT) * 100 + 20)
ds.SOPClassUID = ds.file_meta.MediaStorageSOPClassUID = "1.2.840.10008.5.1.4.1.1.2.1"
ds.NumberOfFrames = N
shared, per = Dataset(), []
orientation, measures = Dataset(), Dataset()
orientation.ImageOrientationPatient = ds.ImageOrientationPatient
measures.PixelSpacing, measures.SliceThickness = ds.PixelSpacing, ds.SliceThickness
shared.PlaneOrientationSequence, shared.PixelMeasuresSequence = Sequence([orientation]), Sequence([measures])
for k in range(N):
    group, place, content = Dataset(), Dataset(), Dataset()
    place.ImagePositionPatient = [round(float(v), 6) for v in axial.position(k)]
    content.DimensionIndexValues, content.StackID, content.InStackPositionNumber = [1, k + 1], "1", k + 1
    group.PlanePositionSequence, group.FrameContentSequence = Sequence([place]), Sequence([content])
    per.append(group)
ds.SharedFunctionalGroupsSequence, ds.PerFrameFunctionalGroupsSequence = Sequence([shared]), Sequence(per)
for tag in ("ImagePositionPatient", "ImageOrientationPatient", "PixelSpacing", "SliceThickness"):
    del ds[tag]
write("frames.dcm", ds)
frames = ds.pixel_array
manifest.append(dict(
    name="frames.dcm", width=W, height=H, channels=1, pixels=pack(frames[0]), more=[pack(f) for f in frames[1:]], tolerance=0,
    positions=[0, 1 / 3, 2 / 3, 1]))
for file in ("one.dcm", "turned.dcm"):
    for k in range(N):
        if LEFT(axial.points(k)).any():
            is_mask(file, "frames.dcm", LEFT(axial.points(k)), frame=k)
        else:
            is_refused(file, "frames.dcm", "no frame on this image", frame=k)
write("of-frames.dcm", segmentation([ds], everything(axial, LEFT).astype(np.uint8)))
is_mask("of-frames.dcm", "axial-3.dcm", LEFT(axial.points(2)))

# The place in the file itself is that of its first frame at most.
ds = image_of(axial, 1, 100, everything(axial, LEFT) * 100 + 20)
ds.NumberOfFrames = N
write("one-place.dcm", ds)
for k in (1, 2):
    is_refused("one.dcm", "one-place.dcm", "does not say to which frame of the image it belongs", frame=k)


# --- structure sets ---
def contour(points, kind="CLOSED_PLANAR", source=None, digits=3):
    item = Dataset()
    item.ContourGeometricType, item.NumberOfContourPoints = kind, len(points)
    item.ContourData = [f"{v:.{digits}f}" for v in np.ravel(points)]
    if source is not None:
        one = Dataset()
        one.ReferencedSOPClassUID, one.ReferencedSOPInstanceUID = source.SOPClassUID, source.SOPInstanceUID
        item.ContourImageSequence = Sequence([one])
    return item


def structure_set(name, structures, space="2.25.3"):
    """Structures as (number, name, contours)."""
    ds = Dataset()
    ds.file_meta = FileMetaDataset()
    ds.file_meta.TransferSyntaxUID = UID(EXPLICIT)
    ds.SOPClassUID = ds.file_meta.MediaStorageSOPClassUID = "1.2.840.10008.5.1.4.1.1.481.3"
    ds.SOPInstanceUID = ds.file_meta.MediaStorageSOPInstanceUID = "2.25.80"
    ds.file_meta.ImplementationClassUID = "2.25.1"
    ds.StudyInstanceUID, ds.SeriesInstanceUID, ds.Modality = "2.25.1", "2.25.81", "RTSTRUCT"
    ds.PatientName, ds.PatientID, ds.StructureSetLabel = "Doe^Jane", "secret-id", "x"
    ds.SpecificCharacterSet = "ISO_IR 192"
    rois, drawn = [], []
    for number, label, contours in structures:
        roi = Dataset()
        roi.ROINumber, roi.ROIName, roi.ROIGenerationAlgorithm = number, label, "MANUAL"
        if space:
            roi.ReferencedFrameOfReferenceUID = space
        rois.append(roi)
        if contours is not None:
            item = Dataset()
            item.ReferencedROINumber, item.ContourSequence = number, Sequence(contours)
            drawn.append(item)
    ds.StructureSetROISequence, ds.ROIContourSequence = Sequence(rois), Sequence(drawn)
    write(name, ds)


def star(x, y, z, radius, points=23, depth=0.35, phase=0.4, axes=AXIAL):
    """A star with uneven rays around a place, in the plane of two axes."""
    t = np.linspace(0, 2 * np.pi, points, endpoint=False)
    r = radius * (1 - depth * (1 + np.sin(5 * t + phase)) / 2)
    u, v = (np.array(a, float) for a in axes)
    return np.array([x, y, z]) + (r * np.cos(t))[:, None] * u + (r * np.sin(t))[:, None] * v


def even_odd(grid, k, polygons):
    """Whether the centre of a pixel lies within an odd number of polygons' edges, in millimetres."""
    p = grid.points(k) - grid.position(k)
    x, y = p @ grid.row, p @ grid.column
    inside = np.zeros(x.shape, bool)
    for polygon in polygons:
        q = np.round(polygon, 3) - grid.position(k)
        a, b = q @ grid.row, q @ grid.column
        for i in range(len(a)):
            j = (i + 1) % len(a)
            crosses = (b[i] > y) != (b[j] > y)
            with np.errstate(divide="ignore", invalid="ignore"):
                inside ^= crosses & (x < (a[j] - a[i]) * (y - b[i]) / (b[j] - b[i]) + a[i])
    return inside


Z = [axial.position(k)[2] for k in range(N)]
left = {k: [star(3.3, 0.4, Z[k], 2.9 - 0.4 * k)] for k in (1, 2)}
right = {1: [star(-3.6, 1.1, Z[1], 1.9, phase=1), star(-2.1, -3.3, Z[1], 1.5, phase=2)], 2: [star(-3.1, 0.3, Z[2], 2.6)]}
every = lambda polygons, **o: [contour(p, **o) for k in polygons for p in polygons[k]]
structure_set("structures.dcm", [(3, "Niere links", every(left)), (7, "Niére RECHTS", every(right)), (9, "empty", None), (10, "also empty", [])])
for number, names, polygons in ((3, ("3", "Niere links"), left), (7, ("7", "niére rechts"), right)):
    for segment in names:
        for k in (1, 2):
            is_mask("structures.dcm", series[k][0], even_odd(axial, k, polygons[k]), segment=segment, value=number)
        is_refused("structures.dcm", "axial-1.dcm", f"structure {number} has no contour on this image; its nearest lies 5.0 mm", segment=segment)
is_refused("structures.dcm", "axial-2.dcm", "several structures; choose one with segment, by number or name: 3, 7.")
is_refused("structures.dcm", "axial-2.dcm", "structure 9 has no contours", segment="9")
is_refused("structures.dcm", "axial-2.dcm", "structure 10 has no contours", segment="also empty")
is_refused("structures.dcm", "axial-2.dcm", "no structure 4; it has: 3, 7, 9, 10.", segment="4")
is_refused("structures.dcm", "flat-1.dcm", "states its position", segment="3")
is_refused("structures.dcm", "no-spacing.dcm", "states its position", segment="3")
is_refused("structures.dcm", None, "the image must be a DICOM file", segment="3")
is_refused("structures.dcm", "coronal-2.dcm", "not parallel to the image: they are axial, and the image is coronal", segment="3")
is_mask("structures.dcm", "frames.dcm", even_odd(axial, 2, left[2]), segment="3", frame=2, value=3)

outer, hole, island = star(0.3, 0.2, Z[1], 4.9, depth=0.1), star(0.5, 0.1, Z[1], 3.1, depth=0.1), star(0.6, 0.3, Z[1], 1.3, depth=0.1)
rings = even_odd(axial, 1, [outer, hole, island])
structure_set("holes-xor.dcm", [(1, "ring", [contour(p, "CLOSEDPLANAR_XOR") for p in (outer, hole, island)])])
structure_set("holes-closed.dcm", [(1, "ring", [contour(p) for p in (hole, outer[::-1], island)])])
is_mask("holes-xor.dcm", "axial-2.dcm", rings)
is_mask("holes-closed.dcm", "axial-2.dcm", rings, warnings=["contradiction"])
keyhole = np.concatenate([outer, outer[:1], hole[:1], hole[::-1]])
structure_set("holes-keyhole.dcm", [(1, "ring", [contour(keyhole)])])
is_mask("holes-keyhole.dcm", "axial-2.dcm", even_odd(axial, 1, [outer, hole]))
structure_set("beyond-edges.dcm", [(1, "large", [contour(star(5, -3, Z[1], 9))])])
is_mask("beyond-edges.dcm", "axial-2.dcm", even_odd(axial, 1, [star(5, -3, Z[1], 9)]))
structure_set("outside.dcm", [(1, "elsewhere", [contour(star(50, -3, Z[1], 9))])])
is_refused("outside.dcm", "axial-2.dcm", "covers no pixel of it")

between = star(3, 0, 7.4, 3)
structure_set("between.dcm", [(1, "between", [contour(between)])])
is_mask("between.dcm", "axial-2.dcm", even_odd(axial, 1, [between]), warnings=["mask-resampled"])
is_refused("between.dcm", "axial-3.dcm", "its nearest lies 2.6 mm from the image's plane")
close = [star(3, 0, 4, 2), star(3, 0, 5, 3), star(3, 0, 6, 4)]
structure_set("close.dcm", [(1, "a contour each millimetre", [contour(p) for p in close])])
is_mask("close.dcm", "axial-2.dcm", even_odd(axial, 1, close[1:2]))

standing = [star(x, 0, 5, 3, axes=SAGITTAL) for x in (-1, 0, 1)]
structure_set("sagittal-contours.dcm", [(1, "x", [contour(p) for p in standing])])
is_refused("sagittal-contours.dcm", "axial-2.dcm", "not parallel to the image: they are sagittal, and the image is axial")
structure_set("tilted-contours.dcm", [(1, "x", [contour((star(0, 0, 0, 4) @ tilt(5).T) + [0, 0, 5])])])
is_refused("tilted-contours.dcm", "axial-2.dcm", "tilted against it by 5.0°")
upright = Grid([1.7, START[1], 11.3], SAGITTAL, gap=2.0, stack=[1, 0, 0])
at = star(upright.position(1)[0], 0.3, 6.1, 3, axes=SAGITTAL)
structure_set("on-sagittal.dcm", [(1, "x", [contour(at)])])
is_mask("on-sagittal.dcm", "sagittal-2.dcm", even_odd(upright, 1, [at]))
slope = star(0, 0, 0, 3.3) @ tilt(5).T + oblique.position(2) - oblique.position(0)
structure_set("on-oblique-contours.dcm", [(1, "x", [contour(slope)])])
is_mask("on-oblique-contours.dcm", "oblique-3.dcm", even_odd(oblique, 2, [slope]))

structure_set("other-space-contours.dcm", [(1, "x", every(left))], "2.25.99")
is_refused("other-space-contours.dcm", "axial-2.dcm", "another frame of reference")
structure_set("no-space.dcm", [(1, "x", [contour(left[k][0], source=sources[k]) for k in left])], None)
is_mask("no-space.dcm", "axial-2.dcm", even_odd(axial, 1, left[1]))
is_refused("no-space.dcm", "axial-1.dcm", "does not refer to this image")
structure_set("no-space-no-source.dcm", [(1, "x", every(left))], None)
is_refused("no-space-no-source.dcm", "axial-2.dcm", "does not refer to this image")

lines = [contour(star(0, 0, Z[1], 3), "OPEN_PLANAR"), contour([[0, 0, 5]], "POINT")]
structure_set("lines.dcm", [(1, "x", lines)])
is_refused("lines.dcm", "axial-2.dcm", "points or open lines, which enclose nothing")
structure_set("lines-too.dcm", [(1, "x", every(left) + lines)])
is_mask("lines-too.dcm", "axial-2.dcm", even_odd(axial, 1, left[1]), warnings=["contradiction"])
structure_set("contours-of-none.dcm", [])
is_refused("contours-of-none.dcm", "axial-2.dcm", "an RTSTRUCT without contours")
short = contour(left[1][0])
short.NumberOfContourPoints = 40
structure_set("short.dcm", [(1, "x", [short])])
is_refused("short.dcm", "axial-2.dcm", "a contour says 40 points, and holds 23", "malformed")
for name, value in (("nan", "NaN"), ("far", "1e300")):
    odd = contour(left[1][0])
    odd["ContourData"]._value = None
    raw = "\\".join(f"{v:.3f}" for v in left[1][0].ravel()[:-1]) + "\\" + value
    odd.add_new(0x30060050, "UN", raw.encode() + b" " * (len(raw) % 2))
    structure_set(f"{name}.dcm", [(1, "x", [odd])])
    is_refused(f"{name}.dcm", "axial-2.dcm", "something else than coordinates", "malformed")

for old in OUT.iterdir():
    if old.name not in files:
        old.unlink()
(OUT / "manifest.json").write_text(json.dumps(manifest, indent=0) + "\n")
(OUT / "cases.json").write_text(json.dumps(cases, indent=0) + "\n")
print(len(cases), "cases,", len(manifest), "images,", len(files), "files,", sum(p.stat().st_size for p in OUT.iterdir()), "bytes")
