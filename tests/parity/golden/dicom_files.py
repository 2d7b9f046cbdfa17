"""Small DICOM files as people really have them: with slips of their writers, contradictions, odd windows and tables.

    pip install -r tests/parity/golden/requirements-dicom.txt
    python tests/parity/golden/dicom_files.py           (rewrites the folder dicom_files beside this file)

`dicom_files/manifest.json` has the entries that dicom.py describes, and `warnings`: the codes of the doubts that
reading must tell. The pixels are what was stored, shown by the documented rule; where pydicom reads a file too, its
values must be those that were stored.
"""

import base64
import io
import json
import struct
import zlib
from pathlib import Path

import imagecodecs
import numpy as np
import pydicom
from PIL import Image
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.encaps import encapsulate
from pydicom.pixels import apply_color_lut, convert_color_space
from pydicom.sequence import Sequence
from pydicom.uid import UID

from hot_pixels import like_neighbours

OUT = Path(__file__).parent / "dicom_files"
OUT.mkdir(exist_ok=True)
W, H = 19, 13
rng = np.random.default_rng(19)
manifest = []

IMPLICIT, EXPLICIT, BIG = "1.2.840.10008.1.2", "1.2.840.10008.1.2.1", "1.2.840.10008.1.2.2"
DEFLATED, DEFLATED_FRAME = "1.2.840.10008.1.2.1.99", "1.2.840.10008.1.2.8.1"
JPEG, J2K, RLE = "1.2.840.10008.1.2.4.50", "1.2.840.10008.1.2.4.90", "1.2.840.10008.1.2.5"
CONTRADICTION, IGNORED, MENDED = "contradiction", "window-ignored", "end-mended"


# --- pictures ---
def ramp(low, high, shape=(H, W)):
    """A smooth ramp with some noise, from low to high."""
    y, x = np.mgrid[0 : shape[0], 0 : shape[1]]
    a = (x / shape[1] + y / shape[0]) / 2 + rng.random(shape) * 0.1
    return low + (a - a.min()) / (a.max() - a.min()) * (high - low)


def ints(low, high, shape=(H, W)):
    return ramp(low, high, shape).round().astype(np.int64)


def levels(values, low, high):
    if high <= low:
        return np.zeros(values.shape, np.uint8)
    return np.floor(np.clip((values - low) * (255.0 / (high - low)), 0, 255) + 0.5).astype(np.uint8)


def windowed(values, centre, width):
    """PS3.3 C.11.2.1.2.1."""
    v = ((values.astype(float) - (centre - 0.5)) / (width - 1) + 0.5) * 255
    return np.floor(np.clip(v, 0, 255) + 0.5).astype(np.uint8)


def exact(values, centre, width):
    """PS3.3 C.11.2.1.3.2."""
    return np.floor(np.clip((values.astype(float) - centre) / width + 0.5, 0, 1) * 255 + 0.5).astype(np.uint8)


def percentiles(values, among=None):
    """The documented rule without a window; the range is that of some of the values."""
    ordered = np.sort((values if among is None else among).astype(np.float64).ravel())
    for part in (1, 0.1, 0.01, 0):
        low = ordered[int(np.floor(0.005 * part * (len(ordered) - 1)))]
        high = ordered[int(np.ceil((1 - 0.005 * part) * (len(ordered) - 1)))]
        if high > low:
            break
    return levels(values.astype(np.float64), low, high)


# --- files ---
def dataset(pixels, stored=None, signed=False, photometric="MONOCHROME2", allocated=None, **attributes):
    a = np.asarray(pixels)
    colour = a.ndim >= 3 and a.shape[-1] == 3
    frames = a if a.ndim == (4 if colour else 3) else a[None]
    ds = Dataset()
    ds.SOPClassUID, ds.SOPInstanceUID = "1.2.840.10008.5.1.4.1.1.2", f"2.25.{5000 + len(manifest)}"
    ds.StudyInstanceUID, ds.SeriesInstanceUID = "2.25.1", "2.25.2"
    ds.PatientName, ds.PatientID = "Doe^Jane", "secret-id"
    ds.SamplesPerPixel = 3 if colour else 1
    if photometric:
        ds.PhotometricInterpretation = photometric
    if colour:
        ds.PlanarConfiguration = 0
    if len(frames) > 1:
        ds.NumberOfFrames = len(frames)
    ds.Rows, ds.Columns = frames.shape[1:3]
    stored = stored or 8
    ds.BitsAllocated = allocated or (8 if stored <= 8 else 16 if stored <= 16 else 32)
    ds.BitsStored, ds.HighBit, ds.PixelRepresentation = stored, stored - 1, int(signed)
    words = (frames & (2 ** ds.BitsStored - 1)).astype(f"<u{ds.BitsAllocated // 8}").tobytes()
    ds.PixelData = words + b"\0" * (len(words) % 2)
    ds["PixelData"].VR = "OB" if ds.BitsAllocated == 8 else "OW"
    for name, value in attributes.items():
        if value is None:
            if name in ds:
                delattr(ds, name)
        else:
            setattr(ds, name, value)
    return ds


def file(ds, syntax=EXPLICIT):
    ds.file_meta = FileMetaDataset()
    ds.file_meta.TransferSyntaxUID = UID(syntax)
    ds.file_meta.MediaStorageSOPClassUID, ds.file_meta.MediaStorageSOPInstanceUID = ds.SOPClassUID, ds.SOPInstanceUID
    ds.file_meta.ImplementationClassUID = "2.25.3"
    out = io.BytesIO()
    implicit, little = syntax == IMPLICIT, syntax != BIG
    pydicom.dcmwrite(out, ds, enforce_file_format=True, implicit_vr=implicit, little_endian=little)
    return out.getvalue()


def body(data):
    """The data set, without preamble and meta information."""
    return data[144 + struct.unpack("<I", data[140:144])[0] :]


def head(data):
    return data[: len(data) - len(body(data))]


def syntax_is(data, syntax):
    """The same data set under meta information that states another transfer syntax."""
    meta = element(0x00020010, "UI", syntax.encode() + b"\0" * (len(syntax) % 2))
    return bytes(128) + b"DICM" + element(0x00020000, "UL", struct.pack("<I", len(meta))) + meta + body(data)


def element(tag, vr, value, order="<"):
    start = struct.pack(order + "HH", tag >> 16, tag & 0xFFFF)
    if vr is None:
        return start + struct.pack("<I", len(value)) + value
    if vr in ("OB", "OW", "SQ", "UN", "UT"):
        return start + vr.encode() + b"\0\0" + struct.pack(order + "I", len(value)) + value
    return start + vr.encode() + struct.pack(order + "H", len(value)) + value


def find(data, tag, vr):
    return data.index(struct.pack("<HH", tag >> 16, tag & 0xFFFF) + vr)


def inserted(data, what, before=(0x00280002, b"US")):
    at = find(data, *before)
    return data[:at] + what + data[at:]


def replaced(data, tag, vr, value):
    """With the value of one short element replaced by raw bytes."""
    at = find(data, tag, vr)
    length = struct.unpack("<H", data[at + 6 : at + 8])[0]
    value += b" " * (len(value) % 2)
    return data[: at + 6] + struct.pack("<H", len(value)) + value + data[at + 8 + length :]


def item(content=b"", length=None, end=b""):
    return b"\xfe\xff\x00\xe0" + struct.pack("<I", len(content) if length is None else length) + content + end


OPEN = 0xFFFFFFFF
ITEM_END, SEQUENCE_END, ZEROS = b"\xfe\xff\x0d\xe0" + bytes(4), b"\xfe\xff\xdd\xe0" + bytes(4), bytes(8)


def sequence(content, tag=0x00081140, vr=b"SQ", length=None):
    start = struct.pack("<HH", tag >> 16, tag & 0xFFFF)
    size = struct.pack("<I", len(content) if length is None else length)
    return start + (size if vr is None else vr + b"\0\0" + size) + content


def encapsulated(ds, frames, syntax, table=True, parts=1):
    ds.PixelData = encapsulate(frames, fragments_per_frame=parts, has_bot=table)
    ds["PixelData"].VR, ds["PixelData"].is_undefined_length = "OB", True
    return syntax_is(file(ds, J2K), syntax)


def j2k(a, **options):
    return imagecodecs.jpeg2k_encode(np.ascontiguousarray(a), codecformat="J2K", level=0, reversible=True, **options)


def jpeg(a, **options):
    out = io.BytesIO()
    Image.fromarray(a.astype(np.uint8)).save(out, "JPEG", quality=95, **options)
    return out.getvalue()


def unmarked(stream):
    """A JPEG without its JFIF segment."""
    assert stream[2:4] == b"\xff\xe0"
    return stream[:2] + stream[4 + int.from_bytes(stream[4:6], "big") :]


def rle(planes):
    parts, at, offsets = [], 64, []
    for plane in planes:
        packed = imagecodecs.packbits_encode(np.ascontiguousarray(plane).tobytes())
        packed += b"\0" * (len(packed) % 2)
        offsets.append(at)
        at += len(packed)
        parts.append(packed)
    return struct.pack("<16I", len(planes), *offsets, *[0] * (15 - len(planes))) + b"".join(parts)


def pack(a):
    return base64.b64encode(np.ascontiguousarray(a).astype(np.uint8).tobytes()).decode()


def add(name, data, expected=None, *warnings, stored=None, mask=None, tolerance=0, refused=None):
    """Expected: F x H x W x C or H x W [x C]. Stored: what pydicom must read; the mask is where it is not 0."""
    name += ".dcm"
    (OUT / name).write_bytes(data)
    entry = {"name": name}
    manifest.append(entry)
    if refused:
        entry["refused"] = refused
        return
    if expected.ndim == 2 or (expected.ndim == 3 and expected.shape[-1] != 3 and len(expected) > 5):
        expected = expected[..., None]
    if expected.ndim == 3:
        expected = expected[None] if expected.shape[-1] in (1, 3) else expected[..., None]
    _, h, w, c = expected.shape
    entry |= {"width": w, "height": h, "channels": c, "tolerance": tolerance, "pixels": pack(expected[0])}
    entry["warnings"] = list(warnings)
    if len(expected) > 1:
        entry["more"] = [pack(frame) for frame in expected[1:]]
        entry["positions"] = [k / (len(expected) - 1) for k in range(len(expected))]
    if stored is not None:
        ds = pydicom.dcmread(io.BytesIO(data), force=True)
        if "TransferSyntaxUID" not in ds.file_meta:
            ds.file_meta.TransferSyntaxUID = UID(IMPLICIT if ds.original_encoding[0] else EXPLICIT)
        assert np.array_equal(ds.pixel_array, stored), name
        mask = stored if stored.ndim == 2 else stored[0]
    if mask is not None:
        entry["mask"] = pack(mask != 0)


# --- the file: a CT with a window ---
CT = ints(0, 3000)
SHOWN = windowed(CT - 1024, 100, 1200)


def ct(**more):
    values = dict(RescaleIntercept=-1024, RescaleSlope=1, WindowCenter=100, WindowWidth=1200)
    return dataset(CT, 12, **values | more)


plain, implicit, big = (file(ct(), syntax) for syntax in (EXPLICIT, IMPLICIT, BIG))
# pydicom writes pixel bytes as they are.
big = big[: -2 * W * H] + np.frombuffer(big[-2 * W * H :], "<u2").astype(">u2").tobytes()
add("no-meta-explicit", body(plain), SHOWN, stored=CT)
add("no-meta-implicit", body(implicit), SHOWN, stored=CT)
add("no-meta-big-endian", body(big), SHOWN)
add("no-preamble-implicit", implicit[132:], SHOWN)
add("preamble-no-meta", plain[:132] + body(implicit), SHOWN)
add("prefix-alone", plain[128:], SHOWN)
without_syntax = plain[:132] + element(0x00020002, "UI", b"1.2.840.10008.5.1.4.1.1.2\0") + body(plain)
add("meta-without-syntax", without_syntax, SHOWN)
add("meta-implicit", plain[:132] + element(0x00020010, None, b"1.2.840.10008.1.2\0") + body(implicit), SHOWN)
add("says-explicit-is-implicit", syntax_is(implicit, EXPLICIT), SHOWN, stored=CT)
add("says-implicit-is-explicit", syntax_is(plain, IMPLICIT), SHOWN, stored=CT)
add("says-little-is-big", syntax_is(big, EXPLICIT), SHOWN)
add("says-big-is-little", syntax_is(plain, BIG), SHOWN)
add("says-deflated-is-not", syntax_is(plain, DEFLATED), SHOWN)


def deflate(data):
    stream = zlib.compressobj(9, zlib.DEFLATED, -15)
    return stream.compress(data) + stream.flush()


low_group = plain.index(b"\x08\0\x16\0UI")
add("group-1-first", plain[:low_group] + element(0x00010001, "LO", b"odd ") + plain[low_group:], SHOWN)
add("deflated-implicit", head(syntax_is(plain, DEFLATED)) + deflate(body(implicit)), SHOWN)
uid = element(0x00081150, None, b"1.2.3\0")
explicit_uid = element(0x00081150, "UI", b"1.2.3\0")
add("implicit-item", inserted(plain, sequence(item(uid + element(0x00081155, None, b"1.2.4\0"))), (0x00100010, b"PN")), SHOWN, stored=CT)
add("explicit-item", inserted(implicit, sequence(item(explicit_uid), vr=None), (0x00100010, b"\x08\0")), SHOWN)
at = find(plain, 0x00280100, b"US")
add("implicit-from-0028-on", plain[:at] + body(implicit)[body(implicit).index(b"\x28\0\0\x01\x02\0\0\0") :], SHOWN)

# --- ends ---
add("trailing-zeros", plain + bytes(512), SHOWN, stored=CT)
add("trailing-zeros-implicit", implicit + bytes(510), SHOWN)
add("trailing-zeros-odd", plain + bytes(3), SHOWN)
add("trailing-ones", plain + b"\xff" * 100, SHOWN, MENDED)
add("trailing-text", plain + b"signed by nobody at all", SHOWN, MENDED)
add("trailing-element", plain + element(0xFFFCFFFC, "OB", bytes(64)), SHOWN, stored=CT)
add("trailing-element-cut", plain + element(0xFFFCFFFC, "OB", bytes(64))[:-30], SHOWN, MENDED)
odd = ints(0, 255)
data = file(dataset(odd, 8, WindowCenter=128, WindowWidth=256))
add("odd-length", data[: -W * H - 5] + struct.pack("<I", W * H) + data[-W * H - 1 : -1], odd)
add("last-byte-missing", data[:-1], odd, MENDED)
add("refused-pixel-missing", data[:-2], refused="truncated")

# --- frames ---
for text in ("0", "", " "):
    add(f"frames-{ {'0': '0', '': 'empty', ' ': 'blank'}[text] }", inserted(plain, element(0x00280008, "IS", (text + " ")[: 2 * len(text)].encode())), SHOWN)
three = np.stack([ints(0, 255), ints(40, 200), ints(255, 0)])
add("frames-not-stated", file(dataset(three, 8, NumberOfFrames=None)), three[0], CONTRADICTION)
# --- elements ---
private = element(0x00190010, "LO", b"SYNTHETIC ")
for name, vr in (("blank", b"  "), ("zero", b"\0\0"), ("odd", b"??"), ("lower-case", b"us")):
    add(f"vr-{name}", inserted(plain, private + b"\x19\0\x01\x10" + vr + b"\x04\0abcd"), SHOWN)
add("vr-blank-long", inserted(plain, private + b"\x19\0\x01\x10  \0\0\x06\0\0\0abcdef"), SHOWN)
add("vr-two-blanks", inserted(plain, private + (b"\x19\0\x01\x10  \x04\0abcd") + (b"\x19\0\x02\x10  \x04\0abcd")), SHOWN)
add("un-short", inserted(plain, private + b"\x19\0\x01\x10UN\x04\0abcd"), SHOWN)
add("undefined-un", inserted(plain, private + sequence(item(uid) + SEQUENCE_END, 0x00191001, b"UN", OPEN)), SHOWN, stored=CT)
add("undefined-un-explicit", inserted(plain, private + sequence(item(explicit_uid, OPEN, ITEM_END) + SEQUENCE_END, 0x00191001, b"UN", OPEN)), SHOWN)
add("undefined-ob", inserted(plain, private + sequence(item(b"fragment") + item(b"another!") + SEQUENCE_END, 0x00191001, b"OB", OPEN)), SHOWN)
add("undefined-ob-bare", inserted(plain, private + sequence(b"no items here!" + SEQUENCE_END, 0x00191001, b"OB", OPEN)), SHOWN, stored=CT)
add("undefined-implicit", inserted(implicit, element(0x00190010, None, b"SYNTHETIC ") + sequence(item(uid, OPEN, ITEM_END) + SEQUENCE_END, 0x00191001, None, OPEN), (0x00280002, b"\x02\0")), SHOWN, stored=CT)
add("undefined-implicit-bytes", inserted(implicit, element(0x00190010, None, b"SYNTHETIC ") + sequence(item(b"not an element") + SEQUENCE_END, 0x00191001, None, OPEN), (0x00280002, b"\x02\0")), SHOWN)
before = (0x00100010, b"PN")
inner = explicit_uid
for name, content, length in [
    ("item-not-delimited", item(inner, OPEN) + SEQUENCE_END, OPEN),
    ("items-not-delimited", item(inner, OPEN) + item(inner, OPEN) + SEQUENCE_END, OPEN),
    ("sequence-not-delimited", item(inner, OPEN, ITEM_END), OPEN),
    ("sequence-not-delimited-defined", item(inner), OPEN),
    ("item-zero-delimiter", item(inner, OPEN, ZEROS) + SEQUENCE_END, OPEN),
    ("sequence-zero-delimiter", item(inner, OPEN, ITEM_END) + ZEROS, OPEN),
    ("zero-delimiters", item(inner, OPEN, ZEROS) + ZEROS, OPEN),
    ("undefined-delimiters", item(inner, OPEN, ITEM_END[:4] + b"\xff" * 4) + SEQUENCE_END[:4] + b"\xff" * 4, OPEN),
    ("item-needless-delimiter", item(inner, None, ITEM_END) + SEQUENCE_END, OPEN),
    ("item-delimiter-counted", item(inner + ITEM_END) + SEQUENCE_END, OPEN),
    ("sequence-delimiter-counted", item(inner) + SEQUENCE_END, None),
    ("sequence-needless-delimiter", item(inner) + SEQUENCE_END, len(item(inner))),
    ("sequence-too-long", item(inner), len(item(inner)) + 8),
    ("sequence-empty", b"", None),
    ("sequence-empty-undefined", SEQUENCE_END, OPEN),
]:
    add(name, inserted(plain, sequence(content, length=length), before), SHOWN)
# The same inside another sequence, with the groups of a frame.
groups = element(0x00281050, "DS", b"100 ") + element(0x00281051, "DS", b"1200")
shared = item(sequence(item(groups, OPEN) + SEQUENCE_END, 0x00289132, length=OPEN), OPEN) + SEQUENCE_END
bare = file(dataset(CT, 12, RescaleIntercept=-1024, RescaleSlope=1))
add("groups-not-delimited", inserted(bare, sequence(shared, 0x52009229, length=OPEN), (0x7FE00010, b"OW")), SHOWN)
add("odd-value-padded", inserted(plain, element(0x00081030, "LO", b"study") + b"\0", before), SHOWN)
add("odd-value", inserted(plain, element(0x00081030, "LO", b"study"), before), SHOWN, stored=CT)
lengths = inserted(plain, element(0x00280000, "UL", struct.pack("<I", 1234)))
lengths = inserted(lengths, element(0x00100000, "UL", struct.pack("<I", 4)), before)
add("group-lengths", lengths, SHOWN, stored=CT)
add("repeated-same", inserted(plain, element(0x00280002, "US", b"\x01\0")), SHOWN, stored=CT)
add("repeated", inserted(plain, element(0x00281051, "DS", b"400 "), (0x00281052, b"DS")), SHOWN, CONTRADICTION)
unknown, at, whole = b"", 0, body(implicit)
while at < len(whole):
    size = struct.unpack("<I", whole[at + 4 : at + 8])[0]
    unknown += whole[at : at + 4] + b"UN\0\0" + whole[at + 4 : at + 8 + size]
    at += 8 + size
add("all-unknown", head(plain) + unknown, SHOWN, stored=CT)

# --- compressed frames ---
eight = [j2k(a.astype(np.uint8)) for a in three]
multi = lambda: dataset(three, 8)
add("no-end-mark", encapsulated(multi(), eight, J2K)[:-8], three, MENDED)
add("end-mark-cut", encapsulated(multi(), eight, J2K)[:-3], three, MENDED)
add("end-mark-zero", encapsulated(multi(), eight, J2K)[:-8] + ZEROS, three, MENDED)
add("end-mark-undefined", encapsulated(multi(), eight, J2K)[:-4] + b"\xff" * 4, three, stored=three)
add("no-end-mark-element", encapsulated(multi(), eight, J2K)[:-8] + element(0xFFFCFFFC, "OB", bytes(6)), three, MENDED)
add("refused-fragment-missing", encapsulated(multi(), eight, J2K)[: -16 - len(eight[2]) - len(eight[2]) % 2], refused="truncated")
add("fragments-wrong-table", encapsulated(multi(), eight, J2K, False, 2).replace(b"\xfe\xff\x00\xe0\0\0\0\0", item(bytes(12)), 1), three)
packed = [rle([a.astype(np.uint8)]) for a in three]
add("rle-fragments", encapsulated(multi(), packed, RLE, False, 2), three)
low = ints(0, 255)
add("rle-without-high-bytes", encapsulated(dataset(low, 8, allocated=16, WindowCenter=128, WindowWidth=256), [rle([low.astype(np.uint8)])], RLE), low)
add("fragment-empty", encapsulated(multi(), packed, RLE)[:-8] + item() + SEQUENCE_END, three)
add("codec-frames-not-stated", encapsulated(dataset(three, 8, NumberOfFrames=None), eight, J2K), three[0], CONTRADICTION)
add("native-says-none", encapsulated(multi(), eight, EXPLICIT), three, CONTRADICTION)
add("no-meta-j2k", body(encapsulated(multi(), eight, J2K)), three, CONTRADICTION)
add("no-meta-rle", body(encapsulated(multi(), packed, J2K)), three, CONTRADICTION)
add("no-meta-jpeg-ls", body(encapsulated(dataset(CT, 12, WindowCenter=1124, WindowWidth=1200), [imagecodecs.jpegls_encode(CT.astype(np.uint16))], J2K)), SHOWN, CONTRADICTION)
add("says-j2k-is-rle", encapsulated(multi(), packed, J2K), three, CONTRADICTION)
add("says-jpeg-is-j2k", encapsulated(multi(), eight, JPEG), three, CONTRADICTION)
add("says-j2k-is-native", syntax_is(plain, J2K), SHOWN, CONTRADICTION)
at = find(plain, 0x7FE00010, b"OW")
coded = encapsulated(ct(), [j2k(CT.astype(np.uint16), bitspersample=12)], J2K)
items = coded[find(coded, 0x7FE00010, b"OB") + 12 : -8]
add("fragments-in-stated-length", syntax_is(plain[:at] + element(0x7FE00010, "OB", items), J2K), SHOWN)
add("codestream-in-stated-length", syntax_is(plain[:at] + element(0x7FE00010, "OB", items[20:]), J2K), SHOWN)
add("refused-unknown-codec", encapsulated(multi(), [b"nothing known "] * 3, EXPLICIT), refused="unsupported-type")
for name, syntax in (("mpeg-2", "1.2.840.10008.1.2.4.100"), ("h264", "1.2.840.10008.1.2.4.102"), ("hevc", "1.2.840.10008.1.2.4.107"), ("ge", "1.2.840.113619.5.2")):
    add(f"refused-{name}", encapsulated(multi(), [b"\0\0\1\xb3" * 8], syntax), refused="unsupported-type")
add("refused-jpip", syntax_is(plain[:at], "1.2.840.10008.1.2.4.94"), refused="unsupported-type")
add("deflated-frame", encapsulated(ct(), [deflate(CT.astype("<u2").tobytes())], DEFLATED_FRAME), SHOWN, mask=CT)
add("deflated-frames", encapsulated(multi(), [deflate(a.astype(np.uint8).tobytes()) for a in three], DEFLATED_FRAME, parts=2), three, mask=three[0])
add("refused-deflated-frame-cut", encapsulated(ct(), [deflate(CT.astype("<u2").tobytes())[:60]], DEFLATED_FRAME), refused="truncated")
add("refused-deflated-frame-short", encapsulated(ct(), [deflate(bytes(100))], DEFLATED_FRAME), refused="truncated")
add("refused-deflated-frame-bomb", encapsulated(ct(), [deflate(bytes(10**6))], DEFLATED_FRAME), refused="too-large")
add("encapsulated-uncompressed", encapsulated(ct(), [CT.astype("<u2").tobytes()], "1.2.840.10008.1.2.1.98"), SHOWN, mask=CT)
stream = jpeg(three[0], progressive=True)
add("jpeg-progressive", encapsulated(dataset(three[0], 8), [stream], "1.2.840.10008.1.2.4.55"), np.asarray(Image.open(io.BytesIO(stream))), tolerance=2)

# --- kinds of values ---
long = ints(0, 4_000_000_000)
add("grey-32", file(dataset(long, 32, WindowCenter=2e9, WindowWidth=3e9)), windowed(long, 2e9, 3e9), stored=long)
signed = ints(-2_000_000, 1_500_000)
add("grey-32-signed", file(dataset(signed, 32, True, RescaleSlope="0.001", RescaleIntercept=5, WindowCenter=0, WindowWidth=2500)), windowed(signed * 0.001 + 5, 0, 2500), stored=signed)
part = ints(0, 16_000_000)
add("grey-24-of-32", file(dataset(part, 24, WindowCenter=8e6, WindowWidth=1e7)), windowed(part, 8e6, 1e7), stored=part)
add("grey-12-of-32", file(dataset(CT, 12, allocated=32, WindowCenter=1124, WindowWidth=1200)), SHOWN, stored=CT)
add("grey-32-monochrome1", file(dataset(signed, 32, True, photometric="MONOCHROME1", WindowCenter=0, WindowWidth=3e6)), 255 - windowed(signed, 0, 3e6), stored=signed)
add("grey-32-sigmoid", file(dataset(signed, 32, True, WindowCenter=0, WindowWidth=1e6, VOILUTFunction="SIGMOID")), np.floor(255 / (1 + np.exp(-4 * signed / 1e6)) + 0.5), stored=signed)
# The bins of long values differ by one in 2000.
add("grey-32-open", file(dataset(signed, 32, True)), percentiles(signed), stored=signed, tolerance=1)
planes = lambda a: [(a >> shift & 255).astype(np.uint8) for shift in (24, 16, 8, 0)]
add("rle-32", encapsulated(dataset(long, 32, WindowCenter=2e9, WindowWidth=3e9), [rle(planes(long))], RLE), windowed(long, 2e9, 3e9), stored=long)
data = file(dataset(long, 32, WindowCenter=2e9, WindowWidth=3e9), BIG)
add("grey-32-big-endian", data[: -4 * W * H] + long.astype(">u4").tobytes(), windowed(long, 2e9, 3e9))


def floats(values, size, order="<", **attributes):
    ds = dataset(CT, 12, **attributes)
    for name in ("PixelData", "BitsStored", "HighBit", "PixelRepresentation"):
        delattr(ds, name)
    ds.BitsAllocated = 8 * size
    ds.SOPClassUID = "1.2.840.10008.5.1.4.1.1.30"
    ds.add_new(0x7FE00008 if size == 4 else 0x7FE00009, "OF" if size == 4 else "OD", values.astype(f"{order}f{size}").tobytes())
    return ds


real = ramp(0, 0.8)
real[2:5, 3:9] = 0
single = real.astype(np.float32)
add("float", file(floats(real, 4, WindowCenter="0.5", WindowWidth="0.6")), exact(single, 0.5, 0.6), stored=single)
add("float-no-window", file(floats(real, 4)), percentiles(single), stored=single, tolerance=1)
add("float-lost-window", file(floats(real, 4, WindowCenter=40, WindowWidth=400)), percentiles(single), IGNORED, stored=single, tolerance=1)
add("double", file(floats(real, 8, WindowCenter="0.5", WindowWidth="0.6")), exact(real, 0.5, 0.6), stored=real)
add("float-implicit", file(floats(real, 4, WindowCenter="0.5", WindowWidth="0.6"), IMPLICIT), exact(single, 0.5, 0.6))
add("float-big-endian", file(floats(real, 4, ">", WindowCenter="0.5", WindowWidth="0.6"), BIG), exact(single, 0.5, 0.6))
padded = real.copy()
padded[:, :4] = -1e6
ds = floats(padded, 4)
ds.add_new(0x00280122, "FL", -1e6)
add("float-padding", file(ds), percentiles(padded, real[:, 4:]), tolerance=1, stored=padded.astype(np.float32))
holes = real.copy()
holes[0, :5] = np.nan
add("float-nan", file(floats(holes, 4, WindowCenter="0.5", WindowWidth="0.6")), np.nan_to_num(exact(np.nan_to_num(holes.astype(np.float32), nan=-9), 0.5, 0.6)))

# --- contradictions ---
eightbit = ints(0, 255)
add("no-photometric", file(ct(PhotometricInterpretation=None)), SHOWN, CONTRADICTION)
add("photometric-lower-case", file(ct(PhotometricInterpretation="monochrome2")), SHOWN)
rgb = np.stack([ints(0, 255), ints(255, 0), ints(60, 120)], -1)
add("no-photometric-colour", file(dataset(rgb, 8, photometric=None)), rgb, CONTRADICTION)
add("no-samples-colour", file(dataset(rgb, 8, photometric="RGB", SamplesPerPixel=None)), rgb)
add("says-1-sample-holds-3", file(dataset(rgb, 8, photometric="RGB", SamplesPerPixel=1)), rgb, CONTRADICTION)
add("says-3-samples-holds-1", file(ct(SamplesPerPixel=3)), SHOWN, CONTRADICTION)
add("says-grey-holds-rgb", file(dataset(rgb, 8, photometric="MONOCHROME2")), rgb, CONTRADICTION)
add("says-rgb-holds-grey", file(ct(PhotometricInterpretation="RGB")), SHOWN, CONTRADICTION)
smooth = np.stack([np.add.outer(np.arange(H) * 9, np.arange(W) * 6) % 256, np.full((H, W), 90), 200 - np.add.outer(np.arange(H) * 9, np.arange(W) * 3) % 200], -1).astype(np.uint8)
stream = jpeg(smooth, subsampling=0)
add("says-grey-jpeg-holds-3", encapsulated(dataset(smooth.astype(int), 8, photometric="MONOCHROME2", SamplesPerPixel=1), [stream], JPEG), np.asarray(Image.open(io.BytesIO(stream))), CONTRADICTION, tolerance=4)
stream = jpeg(eightbit)
add("says-rgb-jpeg-holds-grey", encapsulated(dataset(rgb, 8, photometric="RGB"), [stream], JPEG), np.asarray(Image.open(io.BytesIO(stream))), CONTRADICTION, tolerance=2)
add("high-bit-too-low", file(ct(HighBit=7)), SHOWN, CONTRADICTION)
add("high-bit-too-high", file(ct(HighBit=16)), SHOWN, CONTRADICTION)
add("high-bit-15-is-low", file(ct(HighBit=15)), SHOWN, CONTRADICTION)
negative = ints(-1500, 1500)
data = dataset(negative, 16, True, BitsStored=12, HighBit=15, WindowCenter=100, WindowWidth=1200)
add("high-bit-15-is-low-signed", file(data), windowed(negative, 100, 1200), CONTRADICTION)
for mode, name in ((1, "422"), (2, "420")):
    stream = unmarked(jpeg(smooth, subsampling=mode))
    add(f"says-rgb-jpeg-{name}", encapsulated(dataset(smooth.astype(int), 8, photometric="RGB"), [stream], JPEG), np.asarray(Image.open(io.BytesIO(stream))), CONTRADICTION, tolerance=6)
stream = jpeg(smooth, subsampling=0)
add("says-rgb-jfif", encapsulated(dataset(smooth.astype(int), 8, photometric="RGB"), [stream], JPEG), np.asarray(Image.open(io.BytesIO(stream))), CONTRADICTION, tolerance=4)
for label in ("YBR_FULL_422", "YBR_FULL"):
    add(f"j2k-mct-{label.lower().replace('_', '-')}", encapsulated(dataset(rgb, 8, photometric=label), [j2k(rgb.astype(np.uint8), mct=True)], J2K), rgb, CONTRADICTION)
ybr = np.asarray(Image.fromarray(rgb.astype(np.uint8)).convert("YCbCr"))
add("j2k-ybr-full", encapsulated(dataset(ybr.astype(int), 8, photometric="YBR_FULL"), [j2k(ybr, mct=False)], J2K), convert_color_space(ybr, "YBR_FULL", "RGB"), tolerance=1)
# RGB without a marker that counts: an Adobe segment without its last bytes.
stream = imagecodecs.jpeg8_encode(smooth, level=95, colorspace="RGB", outcolorspace="RGB", subsampling="444")
start = stream.index(b"\xff\xee")
assert stream[start + 2 : start + 9] == b"\0\x0eAdobe"
short = stream[:start] + b"\xff\xee\0\x0cAdobe\0\0\0\0\0" + stream[start + 16 :]
short = short.replace(b"\3R\x11\0G\x11\0B\x11\0", b"\3\0\x11\0\1\x11\0\2\x11\0").replace(b"\3R\0G\0B\0", b"\3\0\0\1\0\2\0")
add("jpeg-rgb-short-adobe", encapsulated(dataset(smooth.astype(int), 8, photometric="RGB"), [short], JPEG), smooth, tolerance=6)
two = np.stack([rgb, rgb[::-1]])
data = file(dataset(two, 8, photometric="RGB"), BIG)
swapped = np.frombuffer(two.astype(np.uint8).tobytes(), "<u2").astype(">u2").tobytes()
at = data.rindex(b"OB\0\0")
add("rgb-odd-big-endian", data[:at] + b"OW" + data[at + 2 : -len(swapped)] + swapped, two)
add("native-ybr-rct", file(dataset(rgb, 8, photometric="YBR_RCT")), rgb, CONTRADICTION)
add("ybr-422-holds-full", file(dataset(ybr.astype(int), 8, photometric="YBR_FULL_422")), convert_color_space(ybr, "YBR_FULL", "RGB"), CONTRADICTION, tolerance=1)


def paired(a):
    """Y Y Cb Cr of two neighbours; the last of an odd row with itself."""
    if a.shape[1] % 2:
        a = np.concatenate([a, a[:, -1:]], 1)
    return np.stack([a[:, 0::2, 0], a[:, 1::2, 0], a[:, 0::2, 1], a[:, 0::2, 2]], -1).astype(np.uint8).tobytes()


shared_colours = ybr.copy()
shared_colours[:, 1::2, 1:] = shared_colours[:, 0:-1:2, 1:]
ds = dataset(shared_colours.astype(int), 8, photometric="YBR_FULL_422")
ds.PixelData = paired(shared_colours)
add("ybr-422-odd-width", file(ds), convert_color_space(shared_colours, "YBR_FULL", "RGB"), CONTRADICTION, tolerance=1)
even = shared_colours[:, :18]
ds = dataset(even.astype(int), 8, photometric="YBR_FULL")
ds.PixelData = paired(even)
add("ybr-full-holds-422", file(ds), convert_color_space(even, "YBR_FULL", "RGB"), CONTRADICTION, tolerance=1)
ds = dataset(shared_colours.astype(int), 8, photometric="YBR_FULL_422")
ds.PixelData = paired(shared_colours)[: 2 * W * H] + b"\0" * (2 * W * H % 2)
add("refused-ybr-422-odd-width", file(ds), refused="malformed")
ds = dataset(even.astype(int), 8, photometric="YBR_FULL_422", PlanarConfiguration=1)
ds.PixelData = paired(even)
add("ybr-422-says-planar", file(ds), convert_color_space(even, "YBR_FULL", "RGB"), tolerance=1)
add("refused-photometric-hsv", file(dataset(rgb, 8, photometric="HSV")), refused="unsupported-type")

def table(first, values, bits, entries=None, packed=False, vr="OW", sign="US"):
    item = Dataset()
    item.add_new(0x00283002, sign, [len(values) % 65536 if entries is None else entries, first if sign == "SS" else first & 0xFFFF, bits])
    raw = np.asarray(values).astype(np.uint8 if packed else "<u2").tobytes()
    item.add_new(0x00283006, vr, raw + b"\0" * (len(raw) % 2))
    return Sequence([item])


# --- windows ---
hu = CT - 1024
for name, centre, width, picture in [
    ("comma", b"100,0", b"1200,0", SHOWN),
    ("comma-zeros", b"100,000000", b"1200,000000", SHOWN),
    ("comma-fraction", b"100,5", b"1200,25", windowed(hu, 100.5, 1200.25)),
    ("comma-list", b"100,40,300", b"1200,400,1500", SHOWN),
    ("trailing-backslash", b"100\\", b"1200\\", SHOWN),
    ("blanks", b"  100\0\0", b" 1200 \0", SHOWN),
    ("blanks-inside", b"100 \\ 40", b"1200\0\\400", SHOWN),
    ("first-empty", b"\\100", b"\\1200", SHOWN),
    ("first-bad", b"NaN\\100", b"0\\1200", SHOWN),
    ("plus-exponent", b"+1.0E2", b"1.2e+03", SHOWN),
    ("width-1", b"100", b"1", np.where(hu <= 99.5, 0, 255)),
    ("width-half", b"100", b"0.5", exact(hu, 100, 0.5)),
    ("empty", b"", b"", percentiles(CT)),
]:
    data = replaced(replaced(plain, 0x00281050, b"DS", centre), 0x00281051, b"DS", width)
    add(f"window-{name}", data, picture)
for name, centre, width in [
    ("nan", b"NaN", b"NaN"), ("0", b"0", b"0"), ("negative", b"100", b"-1200"), ("text", b"LUNG", b"WIDE"),
    ("alone", b"100", b""), ("thousands", b"1.000,5", b"1.200,5"), ("all-black", b"9000", b"100"), ("all-white", b"-9000", b"100"),
]:
    data = replaced(replaced(plain, 0x00281050, b"DS", centre), 0x00281051, b"DS", width)
    add(f"window-ignored-{name}", data, percentiles(CT), IGNORED)
add("window-ignored-8", file(dataset(eightbit, 8, WindowCenter=1000, WindowWidth=10)), eightbit, IGNORED)
add("window-ignored-one-grey", file(ct(WindowCenter=100, WindowWidth=9e6)), percentiles(CT), IGNORED)
add("window-lost-constant", file(dataset(np.full((H, W), 700), 12, WindowCenter=3000, WindowWidth=10)), np.zeros((H, W)))
add("window-sigmoid-half", file(dataset(CT, 12, WindowCenter=1500, WindowWidth="0.5", VOILUTFunction="SIGMOID")), np.where(CT < 1500, 0, np.where(CT > 1500, 255, 128)))
add("rescale-comma", replaced(replaced(plain, 0x00281052, b"DS", b"-1024,0"), 0x00281053, b"DS", b"1,0"), SHOWN)
add("rescale-trailing-backslash", replaced(replaced(plain, 0x00281052, b"DS", b"-1024\\"), 0x00281053, b"DS", b"1\\"), SHOWN)
add("rescale-text", replaced(plain, 0x00281052, b"DS", b"none"), windowed(CT, 100, 1200), CONTRADICTION)
add("modality-lut-cut", file(dataset(CT, 12, ModalityLUTSequence=Sequence([table(0, [1, 2, 3], 16, 3001)[0]]), WindowCenter=1500, WindowWidth=3000)), windowed(CT, 1500, 3000), CONTRADICTION)
add("slope-negative", file(ct(RescaleSlope=-1, RescaleIntercept=2000, WindowCenter=None, WindowWidth=None)), percentiles(-CT))
hot = CT.copy()
hot[3, 3] = 65535
add("hot-pixel", file(dataset(hot, 16)), like_neighbours(percentiles(hot), 3, 3), "hot-pixels", stored=hot)
mono = ct(PhotometricInterpretation="MONOCHROME1", WindowCenter=None, WindowWidth=None)
add("monochrome1-open", file(mono), 255 - percentiles(CT), stored=CT)
edge = CT.copy() + 500
edge[:, :6] = 63536
add("padding-lost", file(dataset(edge, 16, PixelPaddingValue=63536, WindowCenter=63536, WindowWidth=10)), percentiles(edge, edge[:, 6:]), IGNORED, stored=edge)


def groups_of(*items):
    """Functional groups with a window each."""
    out = []
    for centre, width in items:
        group, window = Dataset(), Dataset()
        if centre is not None:
            window.WindowCenter, window.WindowWidth = centre, width
            group.FrameVOILUTSequence = Sequence([window])
        out.append(group)
    return Sequence(out)


stack = np.stack([CT, CT // 2, CT // 4])
ds = dataset(stack, 12, PerFrameFunctionalGroupsSequence=groups_of((1000, 900), (None, None), ("9000", "10")), SharedFunctionalGroupsSequence=groups_of((1500, 2000)))
add("window-of-frames", file(ds), np.stack([windowed(stack[0], 1000, 900), windowed(stack[1], 1500, 2000), percentiles(stack[2])]), stored=stack)


# --- tables ---
def by_table(values, first, entries, top):
    index = np.clip(values - first, 0, len(entries) - 1)
    return np.floor(np.asarray(entries)[index] * (255 / top) + 0.5)


curve = (np.arange(3001) ** 2 / 3000**2 * 4095).astype(int)
add("voi-lut-12-says-16", file(dataset(CT, 12, VOILUTSequence=table(0, curve, 16))), by_table(CT, 0, curve, 4095), stored=CT)
bytes_curve = (np.arange(3001) / 3000 * 255).astype(int)
add("voi-lut-8-packed", file(dataset(CT, 12, VOILUTSequence=table(0, bytes_curve, 8, packed=True))), by_table(CT, 0, bytes_curve, 255))
add("voi-lut-8-says-16", file(dataset(CT, 12, VOILUTSequence=table(0, bytes_curve, 16, packed=True))), by_table(CT, 0, bytes_curve, 255))
add("voi-lut-signed", file(dataset(negative, 12, True, VOILUTSequence=table(-1500, curve, 16, sign="SS"))), by_table(negative, -1500, curve, 4095), stored=negative)
add("voi-lut-cut", file(dataset(CT, 12, VOILUTSequence=table(0, curve[:9], 16, 3001))), percentiles(CT), IGNORED)
add("voi-lut-cut-window", file(ct(VOILUTSequence=table(0, curve[:9], 16, 3001))), SHOWN)
add("voi-lut-all-black", file(dataset(CT, 12, VOILUTSequence=table(5000, curve, 16))), percentiles(CT), IGNORED)
modality = Sequence([table(0, curve, 16)[0]])
modality[0].ModalityLUTType = "US"
add("modality-lut-12-says-16", file(dataset(CT, 12, ModalityLUTSequence=modality, WindowCenter=2000, WindowWidth=4000)), windowed(curve[CT], 2000, 4000), stored=CT)
add("modality-lut-open", file(dataset(CT, 12, ModalityLUTSequence=modality)), percentiles(curve[CT]), stored=CT)

index = ints(0, 255)
spread = np.stack([np.arange(256), 255 - np.arange(256), np.arange(256) // 2], -1)


def palette(tables, bits, packed=False, first=0, segments=False, data=index, stored=8):
    ds = dataset(data, stored, photometric="PALETTE COLOR")
    for c, name in enumerate(("Red", "Green", "Blue")):
        entries = tables[c]
        count = 256 if segments else len(entries)
        ds.add_new(f"{name}PaletteColorLookupTableDescriptor", "US", [count % 65536, first, bits])
        raw = np.asarray(entries).astype(np.uint8 if packed else "<u2").tobytes()
        prefix = "Segmented" if segments else ""
        ds.add_new(f"{prefix}{name}PaletteColorLookupTableData", "OW", raw + b"\0" * (len(raw) % 2))
    return file(ds)


colours = spread[index]
for name, tables, bits, packed_ in [
    ("low-byte-says-16", spread.T, 16, False), ("low-byte-says-8", spread.T, 8, False),
    ("high-byte-says-16", spread.T * 256, 16, False), ("high-byte-says-8", spread.T * 256, 8, False),
    ("both-bytes-says-8", spread.T * 257, 8, False), ("packed-says-16", spread.T, 16, True), ("packed-says-8", spread.T, 8, True),
]:
    add(f"palette-{name}", palette(tables, bits, packed_), colours)
add("palette-dark-high-byte", palette(spread.T // 20 * 256, 16), (spread // 20)[index])
add("palette-one-dark", palette([spread[:, 0] * 257, spread[:, 1] * 257, np.full(256, 200)], 16), np.stack([index, 255 - index, index * 0], -1))
add("palette-12", palette(spread.T * 16, 16), colours)
segments = [
    [0, 1, 0, 1, 255, 65535],
    [0, 2, 65535, 60000, 1, 126, 4096, 0, 1, 100, 1, 127, 30000],
    # A copy of the first two segments.
    [0, 28, *rng.integers(0, 65536, 28), 1, 100, 60000, 2, 2, 0, 0],
]
ds_bytes = palette(segments, 16, segments=True)
oracle = apply_color_lut(index.astype(np.uint8), pydicom.dcmread(io.BytesIO(ds_bytes)))
add("palette-segmented", ds_bytes, oracle >> 8, tolerance=1)
add("refused-palette-segmented-cut", palette([s[:5] for s in segments], 16, segments=True), refused="malformed")
add("refused-palette-segmented-loop", palette([[2, 65535, 0, 0]] * 3, 16, segments=True), refused="malformed")
add("palette-mask", palette(spread.T * 257, 16, data=np.where(index > 128, 1, 0)), spread[np.where(index > 128, 1, 0)])

known = {e["name"] for e in manifest} | {"manifest.json"}
for old in OUT.iterdir():
    if old.name not in known:
        old.unlink()
(OUT / "manifest.json").write_text(json.dumps(manifest, indent=0) + "\n")
print(len(manifest), "files,", sum(p.stat().st_size for p in OUT.iterdir()), "bytes")
