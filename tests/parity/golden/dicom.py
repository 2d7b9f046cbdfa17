"""Small DICOM files of every transfer syntax and kind of pixel, with the pixels that they show.

    pip install -r tests/parity/golden/requirements-dicom.txt
    python tests/parity/golden/dicom.py                 (rewrites the folder dicom beside this file)

`dicom/manifest.json` has the entries that images.py describes; a file of several frames lists those after
the first in `more`, and where they lie along the volume in `positions`. pydicom reads each file back and
undoes its coding with codecs that the product does not use (pylibjpeg, pyjpegls, imagecodecs); its
modality and VOI functions give the values, which the documented rule takes to 8 bits.
"""

import base64
import io
import json
from pathlib import Path

import imagecodecs
import numpy as np
import pydicom
from PIL import Image
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.encaps import encapsulate
from pydicom.pixels import apply_color_lut, apply_modality_lut, apply_voi_lut, convert_color_space
from pydicom.sequence import Sequence
from pydicom.uid import UID

OUT = Path(__file__).parent / "dicom"
W, H = 19, 13
rng = np.random.default_rng(11)
manifest = []

IMPLICIT = "1.2.840.10008.1.2"
EXPLICIT = "1.2.840.10008.1.2.1"
DEFLATED = "1.2.840.10008.1.2.1.99"
BIG = "1.2.840.10008.1.2.2"
BASELINE = "1.2.840.10008.1.2.4.50"
EXTENDED = "1.2.840.10008.1.2.4.51"
LOSSLESS = "1.2.840.10008.1.2.4.57"
LOSSLESS_SV1 = "1.2.840.10008.1.2.4.70"
LS = "1.2.840.10008.1.2.4.80"
LS_NEAR = "1.2.840.10008.1.2.4.81"
J2K_LOSSLESS = "1.2.840.10008.1.2.4.90"
J2K = "1.2.840.10008.1.2.4.91"
RLE = "1.2.840.10008.1.2.5"


def ramp(low, high, shape=(H, W), dtype=np.int64):
    """A smooth ramp with some noise, from low to high."""
    y, x = np.mgrid[0 : shape[0], 0 : shape[1]]
    a = (x / shape[1] + y / shape[0]) / 2 + rng.random(shape) * 0.1
    a = (a - a.min()) / (a.max() - a.min())
    return (low + a * (high - low)).round().astype(dtype)


def colours(shape=(H, W), top=255):
    return np.stack([ramp(0, top, shape), ramp(top, 0, shape), ramp(top // 4, top // 2, shape)], -1)


def image(pixels, stored, allocated=None, signed=False, syntax=EXPLICIT, photometric="MONOCHROME2", **attributes):
    """A secondary capture that holds the array: F x H x W [x 3], or without F."""
    allocated = allocated or (8 if stored <= 8 else 16)
    colour = pixels.shape[-1] == 3 and pixels.ndim >= 3
    frames = pixels if pixels.ndim == (4 if colour else 3) else pixels[None]
    ds = Dataset()
    ds.file_meta = FileMetaDataset()
    ds.file_meta.TransferSyntaxUID = UID(syntax)
    ds.file_meta.MediaStorageSOPClassUID = ds.SOPClassUID = "1.2.840.10008.5.1.4.1.1.7"
    ds.file_meta.MediaStorageSOPInstanceUID = ds.SOPInstanceUID = f"2.25.{1000 + len(manifest)}"
    ds.file_meta.ImplementationClassUID = "2.25.1"
    ds.PatientName = "Doe^Jane"
    ds.PatientID = "secret-id"
    ds.SamplesPerPixel = 3 if colour else 1
    ds.PhotometricInterpretation = photometric
    if colour:
        ds.PlanarConfiguration = attributes.pop("PlanarConfiguration", 0)
    if len(frames) > 1:
        ds.NumberOfFrames = len(frames)
    ds.Rows, ds.Columns = frames.shape[1:3]
    ds.BitsAllocated, ds.BitsStored = allocated, stored
    ds.HighBit = attributes.pop("HighBit", stored - 1)
    ds.PixelRepresentation = int(signed)
    for name, value in attributes.items():
        setattr(ds, name, value)
    return ds, frames


def native(ds, frames):
    order = ">" if ds.file_meta.TransferSyntaxUID == BIG else "<"
    words = frames.astype(np.int64)
    if ds.BitsStored < ds.BitsAllocated:
        words = (words & (2**ds.BitsStored - 1)) << (ds.HighBit + 1 - ds.BitsStored)
    if ds.get("PlanarConfiguration") == 1:
        words = np.moveaxis(words, -1, 1)
    data = (words & (2**ds.BitsAllocated - 1)).astype(f"{order}u{ds.BitsAllocated // 8}").tobytes()
    ds.PixelData = data + b"\0" * (len(data) % 2)
    ds["PixelData"].VR = "OW" if ds.BitsAllocated == 16 else "OB"
    return ds


def coded(ds, streams, table=True):
    ds.PixelData = encapsulate(streams, has_bot=table)
    ds["PixelData"].VR = "OB"
    ds["PixelData"].is_undefined_length = True
    return ds


def bytes_of(ds) -> bytes:
    out = io.BytesIO()
    syntax = ds.file_meta.TransferSyntaxUID
    pydicom.dcmwrite(out, ds, enforce_file_format=True, little_endian=syntax != BIG, implicit_vr=syntax == IMPLICIT)
    return out.getvalue()


def to8(values, low, high):
    if high <= low:
        return np.zeros(values.shape, np.uint8)
    return np.floor(np.clip((values - low) * 255.0 / (high - low), 0, 255) + 0.5).astype(np.uint8)


def percentiles(values):
    """The documented range of values without a window: percentiles 0.5 and 99.5; less is left out where these are equal."""
    ordered = np.sort(values.ravel())
    for part in (1, 0.1, 0.01, 0):
        low = ordered[int(np.floor(0.005 * part * (len(ordered) - 1)))]
        high = ordered[int(np.ceil((1 - 0.005 * part) * (len(ordered) - 1)))]
        if high > low:
            break
    return low, high


def shown(ds, stored):
    """Grey levels of stored values by pydicom's own modality LUT and VOI, or by the documented ranges."""
    values = apply_modality_lut(stored, ds).astype(np.float64)
    windowed = "WindowCenter" in ds or "VOILUTSequence" in ds
    if "VOILUTSequence" in ds:
        values = apply_voi_lut(values.astype(np.int64), ds).astype(np.float64)
        out = to8(values, 0, max(ds.VOILUTSequence[0].LUTData))
    elif windowed:
        # pydicom spreads the window over the range that the stored bits can have.
        ends = [-(2 ** (ds.BitsStored - 1)), 2 ** (ds.BitsStored - 1) - 1] if ds.PixelRepresentation else [0, 2**ds.BitsStored - 1]
        slope, intercept = float(ds.get("RescaleSlope", 1)), float(ds.get("RescaleIntercept", 0))
        low, high = (end * slope + intercept for end in ends)
        if "ModalityLUTSequence" in ds:
            low, high = 0, 2 ** ds.ModalityLUTSequence[0].LUTDescriptor[2] - 1
        out = to8(apply_voi_lut(values, ds), low, high)
    elif ds.BitsStored <= 8:
        ends = [-(2 ** (ds.BitsStored - 1)), 2 ** (ds.BitsStored - 1) - 1] if ds.PixelRepresentation else [0, 2**ds.BitsStored - 1]
        low, high = apply_modality_lut(np.array(ends), ds).astype(float)
        out = to8(values, low, high)
    else:
        keep = stored != ds.get("PixelPaddingValue", 10**6)
        low, high = percentiles(values[keep])
        out = to8((values - low) * (255.0 / max(high - low, 1e-9)), 0, 255) if high > low else np.zeros(values.shape, np.uint8)
    return 255 - out if ds.PhotometricInterpretation == "MONOCHROME1" else out


def pack(a):
    return base64.b64encode(np.ascontiguousarray(a).astype(np.uint8).tobytes()).decode()


def add(name, data, expected=None, tolerance=0, mask=None, refused=None, positions=None):
    """Expected: F x H x W x C, or H x W [x C]."""
    (OUT / name).write_bytes(data)
    entry = {"name": name}
    if refused:
        entry["refused"] = refused
    else:
        if expected.ndim == 2:
            expected = expected[..., None]
        if expected.ndim == 3:
            expected = expected[None]
        _, h, w, c = expected.shape
        entry |= {"width": w, "height": h, "channels": c, "tolerance": tolerance, "pixels": pack(expected[0])}
        if len(expected) > 1:
            entry["more"] = [pack(frame) for frame in expected[1:]]
            entry["positions"] = positions
    if mask is not None:
        entry["mask"] = pack(mask)
    manifest.append(entry)


def raw_of(data: bytes):
    """Stored values as pydicom reads them back, colours unconverted."""
    ds = pydicom.dcmread(io.BytesIO(data))
    from pydicom.pixels import pixel_array

    return ds, pixel_array(ds, raw=True)


def grey(name, ds, frames, truth=None, tolerance=0, **more):
    """Adds a grey file after checking that pydicom reads the array that was written."""
    data = bytes_of(ds)
    back, stored = raw_of(data)
    wanted = frames if stored.ndim == 3 else frames[0]
    assert np.array_equal(stored, wanted) or truth == "lossy", name
    levels = np.stack([shown(back, s) for s in (stored if stored.ndim == 3 else stored[None])])
    if not more.pop("masked", True):
        mask = None
    else:
        mask = (stored if stored.ndim == 2 else stored[0]) != 0
    add(name, data, levels[..., None], tolerance, mask, **more)


def lut(first, values, bits, modality=False):
    item = Dataset()
    item.LUTDescriptor = [len(values), first & 0xFFFF, bits]
    item.LUTData = [int(v) for v in values]
    item["LUTDescriptor"].VR = "US"
    item["LUTData"].VR = "US"
    if modality:
        item.ModalityLUTType = "US"
    return Sequence([item])


# --- grey, uncompressed ---
def simple(name, low, high, stored, masked=True, positions=None, frames=None, **attributes):
    pixels = ramp(low, high) if frames is None else frames
    ds, f = image(pixels, stored, **attributes)
    grey(name, native(ds, f), f, masked=masked, positions=positions)


simple("grey-8.dcm", 3, 250, 8)
simple("grey-8-signed.dcm", -120, 100, 8, signed=True)
simple("grey-6-of-8.dcm", 0, 63, 6)
simple("grey-16.dcm", 100, 60000, 16)
simple("grey-16-signed.dcm", -1024, 3071, 16, signed=True)
simple("grey-12-of-16.dcm", 0, 4095, 12)
# pydicom leaves the shift to its caller.
ds, f = image(ramp(0, 4095), 12, HighBit=15)
add("grey-12-high-bit-15.dcm", bytes_of(native(ds, f)), shown(ds, f[0]), mask=f[0] != 0)
simple("grey-10-signed.dcm", -512, 511, 10, allocated=16, signed=True)
simple("grey-implicit.dcm", 0, 4095, 12, syntax=IMPLICIT)
simple("grey-big-endian.dcm", 0, 4095, 12, syntax=BIG)
simple("grey-8-big-endian.dcm", 0, 255, 8, syntax=BIG)
simple("grey-deflated.dcm", 0, 4095, 12, syntax=DEFLATED)
simple("ct.dcm", 0, 4000, 16, signed=True, RescaleSlope=1, RescaleIntercept=-1024, WindowCenter=40, WindowWidth=400)
simple("ct-two-windows.dcm", 0, 3000, 12, RescaleSlope="1.5", RescaleIntercept=-1000, WindowCenter=["50", "300"], WindowWidth=["350", "1500"])
simple("window-exact.dcm", 0, 4095, 12, WindowCenter=2000, WindowWidth=1000, VOILUTFunction="LINEAR_EXACT")
simple("window-sigmoid.dcm", 0, 4095, 12, WindowCenter=2000, WindowWidth=1000, VOILUTFunction="SIGMOID")
simple("window-narrow.dcm", 0, 4095, 12, WindowCenter=2000, WindowWidth=1)
simple("monochrome1.dcm", 0, 4095, 12, photometric="MONOCHROME1")
simple("monochrome1-window.dcm", 0, 4095, 12, photometric="MONOCHROME1", WindowCenter=2000, WindowWidth=3000)
simple("monochrome1-8.dcm", 0, 255, 8, photometric="MONOCHROME1")
simple("voi-lut.dcm", 0, 4095, 12, VOILUTSequence=lut(1000, (np.arange(1500) ** 2 / 1500**2 * 4095).astype(int), 12))
simple("modality-lut.dcm", 0, 255, 8, ModalityLUTSequence=lut(0, (np.sqrt(np.arange(256)) * 1000).astype(int), 16, True), WindowCenter=8000, WindowWidth=9000)
simple("constant.dcm", 700, 700, 12, frames=np.full((H, W), 700))
padded = ramp(100, 3000)
padded[:, :3] = -2000
simple("padding.dcm", 0, 0, 16, frames=padded, signed=True, PixelPaddingValue=-2000)
three = np.stack([ramp(0, 255), ramp(50, 150), ramp(255, 0)])
simple("frames-8.dcm", 0, 0, 8, frames=three, positions=[0, 0.5, 1])
simple("frames-16-window.dcm", 0, 0, 12, frames=three * 16, positions=[0, 0.5, 1], WindowCenter=1000, WindowWidth=1500)

# Without a preamble.
ds, f = image(ramp(0, 255), 8)
data = bytes_of(native(ds, f))
add("no-preamble.dcm", data[132:], shown(ds, f[0]), mask=f[0] != 0)

# Single bits; frames follow each other without padding.
bits = (rng.random((3, H, W)) < 0.4).astype(np.uint8)
ds, f = image(bits, 1, allocated=1)
ds.PixelData = np.packbits(bits.ravel(), bitorder="little").tobytes() + b"\0" * 1
ds["PixelData"].VR = "OB"
add("bits.dcm", bytes_of(ds), (bits * 255)[..., None], mask=bits[0], positions=[0, 0.5, 1])

# An enhanced image: windows, rescale and positions by functional groups, frames not in spatial order.
ds, f = image(three * 8, 12)
ds.SOPClassUID = ds.file_meta.MediaStorageSOPClassUID = "1.2.840.10008.5.1.4.1.1.2.1"
ds.SharedFunctionalGroupsSequence = Sequence([Dataset()])
shared = ds.SharedFunctionalGroupsSequence[0]
values = Dataset()
values.RescaleIntercept, values.RescaleSlope, values.RescaleType = -500, 2, "US"
shared.PixelValueTransformationSequence = Sequence([values])
plane = Dataset()
plane.ImageOrientationPatient = [1, 0, 0, 0, 1, 0]
shared.PlaneOrientationSequence = Sequence([plane])
items, expected = [], []
for k, z in enumerate([30, 10, 20]):
    item, voi, position = Dataset(), Dataset(), Dataset()
    voi.WindowCenter, voi.WindowWidth = 500 + 200 * k, 1000 + 500 * k
    position.ImagePositionPatient = [0, 0, z]
    item.FrameVOILUTSequence = Sequence([voi])
    item.PlanePositionSequence = Sequence([position])
    items.append(item)
    flat = Dataset()
    flat.update(voi)
    flat.update(values)
    flat.BitsStored, flat.PixelRepresentation, flat.PhotometricInterpretation = 12, 0, "MONOCHROME2"
    expected.append(shown(flat, f[k]))
ds.PerFrameFunctionalGroupsSequence = Sequence(items)
add("enhanced.dcm", bytes_of(native(ds, f)), np.stack(expected)[..., None], mask=f[0] != 0, positions=[1, 0, 0.5])
enhanced = ds
# The same with sequences of undefined length.
for element in ds.iterall():
    if element.VR == "SQ":
        element.is_undefined_length = True
        for item in element.value:
            item.is_undefined_length_sequence_item = True
add("enhanced-undefined-lengths.dcm", bytes_of(ds), np.stack(expected)[..., None], mask=f[0] != 0, positions=[1, 0, 0.5])

# --- colour, uncompressed ---
rgb = colours()
for planar in (0, 1):
    ds, f = image(rgb, 8, photometric="RGB", PlanarConfiguration=planar)
    add(f"rgb-planar-{planar}.dcm", bytes_of(native(ds, f)), rgb, mask=rgb.any(-1))
rgb16 = colours(top=65535)
ds, f = image(rgb16, 16, photometric="RGB")
add("rgb-16.dcm", bytes_of(native(ds, f)), np.floor(rgb16 / 257 + 0.5))
ybr = colours()
ds, f = image(ybr, 8, photometric="YBR_FULL")
data = bytes_of(native(ds, f))
add("ybr-full.dcm", data, convert_color_space(ybr.astype(np.uint8), "YBR_FULL", "RGB"), 1)
ds, f = image(np.stack([ybr, ybr[::-1]]), 8, photometric="YBR_FULL", PlanarConfiguration=1)
both = np.stack([convert_color_space(a.astype(np.uint8), "YBR_FULL", "RGB") for a in f])
add("ybr-full-planar-frames.dcm", bytes_of(native(ds, f)), both, 1, positions=[0, 1])
wide = colours((H, 20))
wide[:, 1::2, 1:] = wide[:, 0::2, 1:]  # what 4:2:2 can hold
ds, f = image(wide, 8, photometric="YBR_FULL_422")
pairs = np.stack([wide[:, 0::2, 0], wide[:, 1::2, 0], wide[:, 0::2, 1], wide[:, 0::2, 2]], -1)
ds.PixelData = pairs.astype(np.uint8).tobytes()
ds["PixelData"].VR = "OB"
data = bytes_of(ds)
add("ybr-422.dcm", data, convert_color_space(wide.astype(np.uint8), "YBR_FULL", "RGB"), 1)

for name, entries, bits_, first, top in [("palette-8.dcm", 200, 8, 0, 255), ("palette-16.dcm", 256, 16, 0, 65535), ("palette-offset.dcm", 100, 16, 50, 65535)]:
    index = ramp(0, 255)
    ds, f = image(index, 8, photometric="PALETTE COLOR")
    for colour in ("Red", "Green", "Blue"):
        table = rng.integers(0, top + 1, entries)
        setattr(ds, f"{colour}PaletteColorLookupTableDescriptor", [entries, first, bits_])
        ds[f"{colour}PaletteColorLookupTableDescriptor"].VR = "US"
        setattr(ds, f"{colour}PaletteColorLookupTableData", table.astype("<u1" if bits_ == 8 else "<u2").tobytes())
    expected = apply_color_lut(f[0].astype(np.uint8), ds)
    add(name, bytes_of(native(ds, f)), expected if bits_ == 8 else expected >> 8)


# --- compressed ---
def compressed(name, pixels, stored, syntax, encode, signed=False, truth=None, tolerance=0, table=True, positions=None, **attributes):
    ds, f = image(pixels, stored, syntax=syntax, signed=signed, **attributes)
    kind = ("i" if signed else "u") + str(ds.BitsAllocated // 8)
    coded(ds, [encode(frame.astype(kind)) for frame in f], table)
    grey(name, ds, f, truth, tolerance, masked=truth != "lossy", positions=positions)


def rle_of(ds, f):
    from pydicom.pixels import get_encoder

    encoder = get_encoder(RLE)
    kind = "u1" if ds.BitsAllocated == 8 else "u2"
    return [
        encoder.encode(frame.astype(kind), rows=ds.Rows, columns=ds.Columns, samples_per_pixel=ds.SamplesPerPixel,
                       bits_allocated=ds.BitsAllocated, bits_stored=ds.BitsStored, pixel_representation=0,
                       photometric_interpretation=ds.PhotometricInterpretation, number_of_frames=1, planar_configuration=0)
        for frame in f
    ]


flat = ramp(0, 255)
flat[4:8] = 90  # runs
for name, pixels, stored, positions in [("rle-8.dcm", flat, 8, None), ("rle-12.dcm", flat * 16, 12, None), ("rle-frames.dcm", three, 8, [0, 0.5, 1])]:
    ds, f = image(pixels, stored, syntax=RLE)
    grey(name, coded(ds, rle_of(ds, f)), f, positions=positions)
ds, f = image(rgb, 8, syntax=RLE, photometric="RGB")
add("rle-rgb.dcm", bytes_of(coded(ds, rle_of(ds, f))), rgb, mask=rgb.any(-1))
ds, f = image(ybr, 8, syntax=RLE, photometric="YBR_FULL")
add("rle-ybr.dcm", bytes_of(coded(ds, rle_of(ds, f))), convert_color_space(ybr.astype(np.uint8), "YBR_FULL", "RGB"), 1)


def pillow_jpeg(a, **options):
    out = io.BytesIO()
    Image.fromarray(a).save(out, "JPEG", quality=95, **options)
    return out.getvalue()


def unmarked(jpeg):
    """Without its JFIF segment."""
    assert jpeg[2:4] == b"\xff\xe0"
    return jpeg[:2] + jpeg[4 + int.from_bytes(jpeg[4:6], "big") :]


def pillow(stream):
    return np.asarray(Image.open(io.BytesIO(stream)).convert("RGB"))


compressed("jpeg-8.dcm", ramp(0, 255), 8, BASELINE, pillow_jpeg, truth="lossy", tolerance=2)
compressed("jpeg-extended-8.dcm", ramp(0, 255), 8, EXTENDED, pillow_jpeg, truth="lossy", tolerance=2, photometric="MONOCHROME1")
for name, pixels, options in (("jpeg-12.dcm", ramp(0, 4095), {"level": 95}), ("jpeg-12-coarse.dcm", ramp(900, 1100), {"level": 60})):
    ds, f = image(pixels, 12, syntax=EXTENDED)
    stream = imagecodecs.jpeg8_encode(f[0].astype(np.uint16), bitspersample=12, **options)
    add(name, bytes_of(coded(ds, [stream])), shown(ds, imagecodecs.jpeg8_decode(stream).astype(np.int64)), 2)
smooth = np.stack([np.add.outer(np.arange(H) * 9, np.arange(W) * 6) % 256, np.full((H, W), 90), np.add.outer(-np.arange(H) * 9, np.arange(W) * 3) % 256], -1).astype(np.uint8)
stream = pillow_jpeg(smooth, subsampling=1)
ds, f = image(smooth, 8, syntax=BASELINE, photometric="YBR_FULL_422")
add("jpeg-ybr-422.dcm", bytes_of(coded(ds, [stream])), pillow(stream), 4)
stream = unmarked(pillow_jpeg(smooth, subsampling=0, keep_rgb=False))
ds, f = image(smooth, 8, syntax=BASELINE, photometric="YBR_FULL")
add("jpeg-ybr-unmarked.dcm", bytes_of(coded(ds, [stream])), pillow(stream), 4)
# RGB that no marker tells: components numbered 1, 2, 3, so that readers guess Y'CbCr.
stream = imagecodecs.jpeg8_encode(smooth, level=95, colorspace="RGB", outcolorspace="RGB", subsampling="444")
start = stream.index(b"\xff\xc0")
marked = bytearray(stream)
for k in range(3):
    marked[start + 10 + 3 * k] = k + 1
scan = stream.index(b"\xff\xda")
for k in range(3):
    marked[scan + 5 + 2 * k] = k + 1
at = marked.find(b"\xff\xee")
if at > 0:
    del marked[at : at + 2 + int.from_bytes(marked[at + 2 : at + 4], "big")]
at = marked.find(b"\xff\xe0")
if at > 0:
    del marked[at : at + 2 + int.from_bytes(marked[at + 2 : at + 4], "big")]
ds, f = image(smooth, 8, syntax=BASELINE, photometric="RGB")
add("jpeg-rgb-unmarked.dcm", bytes_of(coded(ds, [bytes(marked)])), pillow(stream), 4)
frames3 = [pillow_jpeg(a.astype(np.uint8)) for a in three]
expected = np.stack([np.asarray(Image.open(io.BytesIO(s))) for s in frames3])[..., None]
ds, f = image(three, 8, syntax=BASELINE)
add("jpeg-frames.dcm", bytes_of(coded(ds, frames3)), expected, 2, positions=[0, 0.5, 1])
# Each frame in two fragments: with an offset table, and without.
for name, table in (("jpeg-fragments-table.dcm", True), ("jpeg-fragments.dcm", False)):
    ds, f = image(three, 8, syntax=BASELINE)
    ds.PixelData = encapsulate(frames3, fragments_per_frame=2, has_bot=table)
    ds["PixelData"].VR, ds["PixelData"].is_undefined_length = "OB", True
    add(name, bytes_of(ds), expected, 2, positions=[0, 0.5, 1])


def ljpeg(predictor, bits, **options):
    return lambda a: imagecodecs.jpeg8_encode(a, lossless=True, predictor=predictor, bitspersample=bits, **options)


for predictor in range(1, 8):
    compressed(f"lossless-{predictor}.dcm", ramp(0, 4095), 12, LOSSLESS_SV1 if predictor == 1 else LOSSLESS, ljpeg(predictor, 12))
compressed("lossless-8.dcm", ramp(0, 255), 8, LOSSLESS_SV1, ljpeg(1, 8))
compressed("lossless-16.dcm", rng.integers(0, 65536, (H, W)), 16, LOSSLESS_SV1, ljpeg(1, 16))
stream = imagecodecs.jpeg8_encode(rgb.astype(np.uint8), lossless=True, predictor=1, bitspersample=8, colorspace="RGB", outcolorspace="RGB")
ds, f = image(rgb, 8, syntax=LOSSLESS_SV1, photometric="RGB")
add("lossless-rgb.dcm", bytes_of(coded(ds, [stream])), rgb, mask=rgb.any(-1))
signed = ramp(-1000, 1000)
ds, f = image(signed, 16, syntax=LOSSLESS_SV1, signed=True, RescaleIntercept=0, RescaleSlope=1, WindowCenter=0, WindowWidth=1500)
grey("lossless-signed.dcm", coded(ds, [ljpeg(1, 16)(signed.astype("<i2").view("<u2"))]), f)

ls = lambda **o: lambda a: imagecodecs.jpegls_encode(a, **o)
compressed("jpegls-8.dcm", ramp(0, 255), 8, LS, ls())
compressed("jpegls-12.dcm", ramp(0, 4095), 12, LS, ls())
compressed("jpegls-16.dcm", ramp(0, 65535), 16, LS, ls())
compressed("jpegls-near.dcm", ramp(0, 255), 8, LS_NEAR, ls(level=2), truth="lossy")
compressed("jpegls-frames.dcm", three, 8, LS, ls(), positions=[0, 0.5, 1])
from jpeg_ls import encode_array

ds, f = image(signed, 16, syntax=LS, signed=True)
grey("jpegls-signed.dcm", coded(ds, [imagecodecs.jpegls_encode(signed.astype("<i2").view("<u2"))]), f)
for mode in (0, 1, 2):
    ds, f = image(rgb, 8, syntax=LS, photometric="RGB")
    stream = bytes(encode_array(np.moveaxis(rgb, -1, 0).copy().astype(np.uint8) if mode == 0 else rgb.astype(np.uint8), interleave_mode=mode))
    add(f"jpegls-rgb-{mode}.dcm", bytes_of(coded(ds, [stream])), rgb, mask=rgb.any(-1))

j2k = lambda **o: lambda a: imagecodecs.jpeg2k_encode(a, codecformat="J2K", **o)
reversible = j2k(level=0, reversible=True)
compressed("j2k-8.dcm", ramp(0, 255), 8, J2K_LOSSLESS, reversible)
compressed("j2k-12.dcm", ramp(0, 4095), 12, J2K_LOSSLESS, lambda a: imagecodecs.jpeg2k_encode(a, codecformat="J2K", level=0, reversible=True, bitspersample=12))
compressed("j2k-16.dcm", ramp(0, 65535), 16, J2K_LOSSLESS, reversible)
compressed("j2k-signed.dcm", signed, 16, J2K_LOSSLESS, reversible, signed=True, WindowCenter=0, WindowWidth=1500)
compressed("j2k-lossy.dcm", ramp(0, 255), 8, J2K, j2k(level=40), truth="lossy", tolerance=1)
compressed("j2k-frames.dcm", three, 8, J2K_LOSSLESS, reversible, positions=[0, 0.5, 1])
for name, photometric, mct in (("j2k-rct.dcm", "YBR_RCT", True), ("j2k-rgb.dcm", "RGB", False)):
    ds, f = image(rgb, 8, syntax=J2K_LOSSLESS, photometric=photometric)
    stream = imagecodecs.jpeg2k_encode(rgb.astype(np.uint8), codecformat="J2K", level=0, reversible=True, mct=mct)
    add(name, bytes_of(coded(ds, [stream])), rgb, mask=rgb.any(-1))
ds, f = image(smooth, 8, syntax=J2K, photometric="YBR_ICT")
stream = imagecodecs.jpeg2k_encode(smooth, codecformat="J2K", level=45, reversible=False, mct=True)
add("j2k-ict.dcm", bytes_of(coded(ds, [stream])), imagecodecs.jpeg2k_decode(stream), 1)


# --- refused ---
def refuse(name, code, change, **attributes):
    ds, f = image(ramp(0, 255), 8, **attributes)
    native(ds, f)
    change(ds)
    add(name, bytes_of(ds), refused=code)


refuse("refused-no-pixels.dcm", "unsupported-type", lambda ds: ds.pop("PixelData"))
refuse("refused-no-rows.dcm", "unsupported-type", lambda ds: ds.pop("Rows"))
refuse("refused-photometric.dcm", "unsupported-type", lambda ds: setattr(ds, "PhotometricInterpretation", "YBR_PARTIAL_420"))
refuse("refused-samples.dcm", "malformed", lambda ds: setattr(ds, "SamplesPerPixel", 4))
refuse("refused-64-bits.dcm", "unsupported-type", lambda ds: setattr(ds, "BitsAllocated", 64))
refuse("refused-bits-stored.dcm", "malformed", lambda ds: setattr(ds, "BitsStored", 12))
refuse("refused-rows-0.dcm", "malformed", lambda ds: setattr(ds, "Rows", 0))
refuse("refused-short.dcm", "truncated", lambda ds: setattr(ds, "Rows", H + 1))
refuse("refused-frames.dcm", "truncated", lambda ds: setattr(ds, "NumberOfFrames", 90000))
refuse("refused-frames-negative.dcm", "malformed", lambda ds: setattr(ds, "NumberOfFrames", -1))
refuse("refused-huge.dcm", "too-large", lambda ds: (setattr(ds, "Rows", 65535), setattr(ds, "Columns", 65535)))
refuse("refused-palette.dcm", "malformed", lambda ds: None, photometric="PALETTE COLOR")
ds, f = image(ramp(0, 255), 8, syntax="1.2.840.10008.1.2.4.100")
add("refused-mpeg.dcm", bytes_of(coded(ds, [b"\0\0\1\xb3" * 8])), refused="unsupported-type")
ds, f = image(ramp(0, 255), 8, syntax=BASELINE)
add("refused-size-differs.dcm", bytes_of(coded(ds, [pillow_jpeg(np.zeros((8, 8), np.uint8))])), refused="malformed")
ds, f = image(ramp(0, 255), 8, syntax=J2K_LOSSLESS)
add("refused-not-j2k.dcm", bytes_of(coded(ds, [b"\x89PNG\r\n\x1a\n" * 8])), refused="malformed")
# --- segmentations by highdicom, of three slices of which the first two are given ---
import datetime

import highdicom as hd
from pydicom.sr.codedict import codes

slices = []
for k in range(3):
    ds, f = image(ramp(0, 3000), 12, RescaleIntercept=-1000, RescaleSlope=1, WindowCenter=500, WindowWidth=2000)
    native(ds, f)
    ds.SOPClassUID = ds.file_meta.MediaStorageSOPClassUID = "1.2.840.10008.5.1.4.1.1.2"
    ds.SOPInstanceUID = ds.file_meta.MediaStorageSOPInstanceUID = f"2.25.{9000 + k}"
    ds.StudyInstanceUID, ds.SeriesInstanceUID, ds.FrameOfReferenceUID = "2.25.1", "2.25.2", "2.25.3"
    ds.ImagePositionPatient, ds.ImageOrientationPatient = [-10.5, 20, 5 * k], [1, 0, 0, 0, 1, 0]
    ds.PixelSpacing, ds.SliceThickness = [0.8, 0.7], 5
    ds.StudyDate, ds.StudyTime, ds.ContentDate, ds.ContentTime = "20200102", "101112", "20200102", "101213"
    ds.PatientBirthDate, ds.PatientSex, ds.StudyID, ds.AccessionNumber = "19500101", "F", "7", "A1"
    ds.Modality, ds.InstanceNumber, ds.ReferringPhysicianName, ds.SeriesNumber = "CT", k + 1, "", 1
    ds.PositionReferenceIndicator = ""
    slices.append(ds)
    if k < 2:
        (OUT / f"slice-{k + 1}.dcm").write_bytes(bytes_of(ds))
y, x = np.mgrid[0:H, 0:W]
organs = np.stack([np.stack([(x - 5 - k) ** 2 + (y - 6) ** 2 < 16, (x - 14) ** 2 + (y - 5 + k) ** 2 < 9], -1) for k in range(3)])
segments = {}
for name, kind in (("segments", "BINARY"), ("segments-fractional", "FRACTIONAL")):
    described = [
        hd.seg.SegmentDescription(
            segment_number=n, segment_label=label, segmented_property_category=codes.SCT.Organ,
            segmented_property_type=code, algorithm_type="MANUAL")
        for n, label, code in ((1, "Liver", codes.SCT.Liver), (2, "Spleen", codes.SCT.Spleen))
    ]
    pixels = organs.astype(np.uint8) if kind == "BINARY" else np.where(organs, 0.7, 0.3)
    seg = hd.seg.Segmentation(
        source_images=slices, pixel_array=pixels, segmentation_type=kind, segment_descriptions=described,
        series_instance_uid="2.25.4", series_number=2, sop_instance_uid="2.25.5", instance_number=1, manufacturer="x",
        manufacturer_model_name="x", software_versions="1", device_serial_number="1", omit_empty_frames=False)
    for element in seg.iterall():  # nothing of the clock or of chance
        if element.keyword == "DimensionOrganizationUID":
            element.value = "2.25.6"
        elif element.VR == "DA":
            element.value = "20200102"
        elif element.VR == "DT":
            element.value = "20200102101213"
        elif element.VR == "TM":
            element.value = "101213"
    out = io.BytesIO()
    seg.save_as(out)
    (OUT / f"{name}.dcm").write_bytes(out.getvalue())
segments["masks"] = {f"{k + 1}/{n + 1}": pack(organs[k, ..., n]) for k in range(2) for n in range(2)}
(OUT / "segments.json").write_text(json.dumps(segments, indent=0) + "\n")

OUT.mkdir(exist_ok=True)
known = {e["name"] for e in manifest} | {"manifest.json", "segments.json", "segments.dcm", "segments-fractional.dcm", "slice-1.dcm", "slice-2.dcm"}
for old in OUT.iterdir():
    if old.name not in known:
        old.unlink()
(OUT / "manifest.json").write_text(json.dumps(manifest, indent=0) + "\n")
print(len(manifest), "files,", sum(p.stat().st_size for p in OUT.iterdir()), "bytes")
