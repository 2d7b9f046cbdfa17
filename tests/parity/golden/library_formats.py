"""Small AVIF, HEIC and JPEG XL files, and DICOM files of JPEG XL and High-Throughput JPEG 2000.

    pip install -r tests/parity/golden/requirements-dicom.txt -r tests/parity/golden/requirements-library-formats.txt
    python tests/parity/golden/library_formats.py       (rewrites the folder library_formats beside this file)

`library_formats/manifest.json` has the entries that images.py describes. The pixels are those that were written: exact
for lossless files, and within a stated tolerance of a smooth picture for others. Boxes, grids and turned headers are
written by hand, so that no library stands on both sides.
"""

import base64
import io
import json
import struct
from pathlib import Path

import imagecodecs
import numpy as np
import pillow_heif
from PIL import Image
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.encaps import encapsulate
from pydicom.uid import UID

OUT = Path(__file__).parent / "library_formats"
OUT.mkdir(exist_ok=True)
for old in OUT.iterdir():
    old.unlink()
pillow_heif.register_heif_opener()
W, H = 19, 13
rng = np.random.default_rng(19)
manifest = []


def smooth(channels, top=255, h=H, w=W):
    """Slow ramps, which lossy codings keep, H x W x C."""
    y, x = np.mgrid[0:h, 0:w]
    planes = [(x * (1 + c / 2) / w + y * (2 - c / 2) / h) / 3 for c in range(channels)]
    a = np.stack(planes, -1)
    return (a * top).round().astype(np.uint16 if top > 255 else np.uint8)


def noisy(channels, top=255, h=H, w=W):
    a = smooth(channels, top, h, w).astype(np.int64) + rng.integers(0, top // 9 + 1, (h, w, channels))
    return np.clip(a, 0, top).astype(np.uint16 if top > 255 else np.uint8)


def window(a):
    """Greys to 8 bits, between percentiles 0.5 and 99.5."""
    values = np.sort(a.astype(np.float64).ravel())
    low = values[int(np.floor(0.005 * (len(values) - 1)))]
    high = values[int(np.ceil(0.995 * (len(values) - 1)))]
    level = np.clip((a.astype(np.float64) - low) * (255 / (high - low)), 0, 255)
    return np.floor(level + 0.5).astype(np.uint8)


def narrow(a, top):
    """Colours of more bits to 8."""
    return np.floor(a * (255 / top) + 0.5).astype(np.uint8)


def add(name, data, expected=None, tolerance=0, mask=None, refused=None):
    (OUT / name).write_bytes(data)
    entry = {"name": name}
    if refused:
        entry["refused"] = refused
    else:
        expected = expected.reshape(expected.shape[0], expected.shape[1], -1)
        h, w, c = expected.shape
        pixels = base64.b64encode(expected.astype(np.uint8).tobytes()).decode()
        entry |= {"width": w, "height": h, "channels": c, "tolerance": tolerance, "pixels": pixels}
    if mask is not None:
        entry["mask"] = base64.b64encode(mask.astype(np.uint8).tobytes()).decode()
    manifest.append(entry)


def saved(image, fmt, **options):
    out = io.BytesIO()
    image.save(out, fmt, **options)
    return out.getvalue()


def turned(a, orientation):
    """What a picture stored as `a` shows with EXIF's orientation."""
    how = {2: Image.FLIP_LEFT_RIGHT, 3: Image.ROTATE_180, 4: Image.FLIP_TOP_BOTTOM, 5: Image.TRANSPOSE,
           6: Image.ROTATE_270, 7: Image.TRANSVERSE, 8: Image.ROTATE_90}.get(orientation)
    image = Image.fromarray(a)
    return np.asarray(image if how is None else image.transpose(how))


def exif_of(orientation):
    exif = Image.Exif()
    exif[0x0112] = orientation
    return exif.tobytes()


blob = np.zeros((H, W), np.uint8)
blob[3:9, 4:13] = 255
grey, rgb, rgba = smooth(1)[..., 0], smooth(3), smooth(4)

# AVIF -------------------------------------------------------------------------------------------------

add("grey.avif", saved(Image.fromarray(grey), "AVIF", quality=95), grey, 4)
add("rgb.avif", saved(Image.fromarray(rgb), "AVIF", quality=95), rgb, 6)
add("rgb-even.avif", saved(Image.fromarray(smooth(3, h=14, w=20)), "AVIF", quality=95), smooth(3, h=14, w=20), 6)
add("rgba.avif", saved(Image.fromarray(rgba, "RGBA"), "AVIF", quality=95), rgb, 6)
for depth in (10, 12):
    top = 2**depth - 1
    deep = smooth(3, top)
    data = imagecodecs.avif_encode(deep, level=98, bitspersample=depth)
    add(f"rgb-{depth}.avif", data, narrow(deep, top), 4)
    deep = smooth(1, top)[..., 0]
    data = imagecodecs.avif_encode(deep, level=98, bitspersample=depth, pixelformat="400")
    add(f"grey-{depth}.avif", data, window(deep), 6)
even = smooth(3, h=14, w=20)
for orientation in range(1, 9):
    data = saved(Image.fromarray(even), "AVIF", quality=95, exif=exif_of(orientation))
    add(f"orientation-{orientation}.avif", data, turned(even, orientation), 6)
two = saved(Image.fromarray(rgb), "AVIF", quality=95, save_all=True, append_images=[Image.fromarray(255 - rgb)])
add("sequence-with-still.avif", two, rgb, 6)
add("refused-sequence.avif", two.replace(b"meta", b"free", 1), refused="unsupported-type")
data = saved(Image.fromarray(blob), "AVIF", quality=90)
add("mask.avif", data, blob, 60, mask=blob > 0)

# HEIC -------------------------------------------------------------------------------------------------

lossless = {"quality": -1, "chroma": 444, "matrix_coefficients": 0}
add("grey.heic", saved(Image.fromarray(grey), "HEIF", quality=95), grey, 4)
add("rgb.heic", saved(Image.fromarray(rgb), "HEIF", quality=95), rgb, 8)
add("rgb-even.heic", saved(Image.fromarray(even), "HEIF", quality=95), even, 8)
add("rgb-lossless.heic", saved(Image.fromarray(rgb), "HEIF", **lossless), rgb)
add("rgba.heic", saved(Image.fromarray(rgba, "RGBA"), "HEIF", quality=95), rgb, 8)
add("mask.heic", saved(Image.fromarray(blob), "HEIF", quality=90), blob, 60, mask=blob > 0)
for orientation in range(1, 9):
    data = saved(Image.fromarray(even), "HEIF", quality=95, exif=exif_of(orientation))
    add(f"turned-{orientation}.heic", data, turned(even, orientation), 8)
for mode, deep in [("RGB;16", smooth(3, 65535, 14, 20)), ("L;16", smooth(1, 65535, 14, 20))]:
    image = pillow_heif.from_bytes(mode, (20, 14), deep.tobytes())
    out = io.BytesIO()
    image.save(out, quality=98)
    is_rgb = deep.shape[-1] == 3
    expected = narrow(deep, 65535) if is_rgb else window(deep)
    add(f"{'rgb' if is_rgb else 'grey'}-10.heic", out.getvalue(), expected, 6)


def box(kind, *parts, version=None, flags=0):
    body = b"".join(parts)
    if version is not None:
        body = struct.pack(">I", version << 24 | flags) + body
    return struct.pack(">I", len(body) + 8) + kind.encode() + body


def found(data, kind):
    """The body of the first box of a kind."""
    at = data.index(kind.encode())
    return data[at + 4 : at - 4 + struct.unpack(">I", data[at - 4 : at])[0]]


def heif(items, primary, brand=b"heic", references=b"", idat=b"", kind=b"pict"):
    """A file of items (id, type, properties, data); data in `idat` are given as (offset, length)."""
    boxes, associations, infos, places, payload = [], b"", b"", [], b""
    for item, coding, properties, data in items:
        indexes = b""
        for one in properties:
            if one not in boxes:
                boxes.append(one)
            indexes += bytes([boxes.index(one) + 1])
        associations += struct.pack(">HB", item, len(properties)) + indexes
        infos += box("infe", struct.pack(">HH", item, 0), coding, b"\0", version=2)
        if isinstance(data, tuple):
            places.append((item, 1, *data))
        else:
            places.append((item, 0, len(payload), len(data)))
            payload += data

    def build(start):
        iloc = struct.pack(">HH", 0x4400, len(places))
        for item, method, offset, length in places:
            at = offset if method else start + offset
            iloc += struct.pack(">HHHHII", item, method, 0, 1, at, length)
        meta = box(
            "meta",
            box("hdlr", b"\0" * 4, kind, b"\0" * 13, version=0),
            box("pitm", struct.pack(">H", primary), version=0),
            box("iinf", struct.pack(">H", len(items)), infos, version=0),
            box("iloc", iloc, version=1),
            box("iprp", box("ipco", *boxes), box("ipma", struct.pack(">I", len(items)), associations, version=0)),
            *([box("iref", references, version=0)] if references else []),
            *([box("idat", idat)] if idat else []),
            version=0,
        )
        return box("ftyp", brand, b"\0\0\0\0", b"mif1", brand) + meta

    start = len(build(0)) + 8
    return build(start) + box("mdat", payload)


def ispe(w, h):
    return box("ispe", struct.pack(">II", w, h), version=0)


def tile(a):
    """The coded data and the configuration of a 64 x 64 picture."""
    data = saved(Image.fromarray(a), "HEIF", **lossless)
    return found(data, "mdat"), box("hvcC", found(data, "hvcC"))


whole = smooth(3, h=90, w=101)
padded = np.pad(whole, ((0, 38), (0, 27), (0, 0)), mode="edge")
tiles = [tile(padded[y : y + 64, x : x + 64]) for y in (0, 64) for x in (0, 64)]
assert len({configuration for _, configuration in tiles}) == 1
colr = box("colr", b"nclx", struct.pack(">HHHB", 1, 13, 0, 0x80))
pixi = box("pixi", b"\3\x08\x08\x08", version=0)


def grid(tiles=tiles, size=(101, 90), stated=(101, 90), extra=(), rows=2, columns=2):
    items = [(i + 1, b"hvc1", [ispe(64, 64), configuration, pixi, colr], data) for i, (data, configuration) in enumerate(tiles)]
    properties = [ispe(*stated), pixi, colr, *extra]
    items.append((9, b"grid", properties, (0, 8)))
    body = struct.pack(">BBBBHH", 0, 0, rows - 1, columns - 1, *size)
    dimg = box("dimg", struct.pack(">HH", 9, len(tiles)), *[struct.pack(">H", i + 1) for i in range(len(tiles))])
    return heif(items, 9, references=dimg, idat=body)


add("grid.heic", grid(), whole)
add("grid-turned.heic", grid(extra=[box("irot", b"\1")]), turned(whole, 8))
add("grid-mirrored.heic", grid(extra=[box("irot", b"\3"), box("imir", b"\1")]), turned(whole, 5))
crop = box("clap", struct.pack(">IIIIiIiI", 61, 1, 50, 1, -20, 1, -20, 1))
add("grid-cropped.heic", grid(extra=[crop]), whole[0:50, 0:61])
exif_item = b"\0\0\0\0MM\0*\0\0\0\x08\0\1\x01\x12\0\3\0\0\0\1\0\6\0\0\0\0\0\0"
one, configuration = tiles[0]
base = [ispe(64, 64), configuration, pixi, colr]
reference = box("cdsc", struct.pack(">HHH", 2, 1, 1))
add("exif-not-applied.heic", heif([(1, b"hvc1", base, one), (2, b"Exif", [], exif_item)], 1, references=reference),
    padded[:64, :64])
add("refused-huge.heic", heif([(1, b"hvc1", [ispe(60000, 60000), configuration], one)], 1), refused="too-large")
add("refused-hidden-huge.heic",
    heif([(1, b"hvc1", [ispe(4000, 4000), configuration, box("clap", struct.pack(">8I", 8, 1, 8, 1, 0, 1, 0, 1))], one)], 1),
    refused="too-large")
add("refused-other-size.heic", heif([(1, b"hvc1", [ispe(19, 13), configuration, pixi, colr], one)], 1), refused="malformed")
add("refused-jpeg.heic", heif([(1, b"jpeg", [ispe(19, 13)], b"\xff\xd8\xff")], 1), refused="unsupported-type")
add("refused-no-such-primary.heic", heif([(1, b"hvc1", base, one)], 7), refused="unsupported-type")
add("refused-grid-tiles.heic", grid(tiles[:3]), refused="malformed")
add("refused-grid-size.heic", grid(size=(300, 90), stated=(300, 90)), refused="malformed")
add("refused-grid-contradicts.heic", grid(stated=(19, 13)), refused="malformed")
add("refused-sequence.heic", box("ftyp", b"hevc\0\0\0\0msf1hevc") + box("moov", b"\0" * 100) + box("mdat", one),
    refused="unsupported-type")
data = grid()
add("refused-cut.heic", data[:-40], refused="truncated")
at = data.rindex(b"mdat")
add("refused-short-mdat.heic", data[: at - 4] + struct.pack(">I", len(data) - at - 36) + data[at:-40], refused="truncated")
add("big-size.heic", data[: at - 4] + struct.pack(">I", 0) + data[at:], whole)

# JPEG XL ----------------------------------------------------------------------------------------------


def jxl(a, **options):
    return imagecodecs.jpegxl_encode(a, **options)


for top, depth in [(255, 8), (1023, 10), (4095, 12), (65535, 16)]:
    a = noisy(1, top)[..., 0]
    data = jxl(a, lossless=True, bitspersample=depth)
    add(f"grey-{depth}.jxl", data, a if depth == 8 else window(a), mask=a != 0)
    a = noisy(3, top)
    data = jxl(a, lossless=True, bitspersample=depth, usecontainer=depth == 10)
    add(f"rgb-{depth}.jxl", data, a if depth == 8 else narrow(a, top))
labels = np.zeros((H, W), np.uint8)
labels[2:5, 3:9], labels[6:9, 1:4], labels[10:, 12:] = 1, 2, 3
add("labels.jxl", jxl(labels, lossless=True), labels, mask=labels != 0)
add("rgb-lossy.jxl", jxl(rgb, level=95), rgb, 8)
add("grey-lossy.jxl", jxl(grey, level=95), grey, 8)
add("mask-lossy.jxl", jxl(blob, level=90), blob, 60, mask=blob > 0)
add("rgba.jxl", jxl(rgba, lossless=True), rgba[..., :3])
container = jxl(rgb, lossless=True, usecontainer=True)
at = container.index(b"jxlc")
stream = container[at + 4 :]
cut = len(stream) // 2
parts = box("jxlp", struct.pack(">I", 0), stream[:cut]) + box("free", b"xx") + box("jxlp", struct.pack(">I", 0x80000001), stream[cut:])
add("container.jxl", container, rgb)
add("parts.jxl", container[: at - 4] + parts, rgb)
add("refused-parts-cut.jxl", container[: at - 4] + parts[: parts.index(b"free") - 4], refused="truncated")
jpeg = imagecodecs.jpeg8_encode(rgb, level=98)
add("recompressed.jxl", imagecodecs.jpegxl_encode_jpeg(jpeg), np.asarray(Image.open(io.BytesIO(jpeg)).convert("RGB")), 4)


class Bits:
    """Reads and writes the bits of a JPEG XL header, the lowest first."""

    def __init__(self, data=b""):
        self.bits = [byte >> i & 1 for byte in data for i in range(8)]
        self.at = 0

    def u(self, n):
        self.at += n
        return sum(bit << i for i, bit in enumerate(self.bits[self.at - n : self.at]))

    def pick(self, *choices):
        n, offset = choices[self.u(2)]
        return self.u(n) + offset

    def bytes(self):
        bits = self.bits + [0] * (-len(self.bits) % 8)
        return bytes(sum(bits[i + j] << j for j in range(8)) for i in range(0, len(bits), 8))


def with_extra_fields(data, fields):
    """A bare codestream of lossless RGB or grey, with the bits of the extra fields of its metadata put in (D.3.1)."""
    b = Bits(data)
    b.u(16)
    small = b.u(1)
    side = lambda: b.u(5) if small else b.pick((9, 1), (13, 1), (18, 1), (30, 1))
    side()
    if b.u(3) == 0:
        side()
    assert b.u(2) == 0  # not all default, no extra fields
    head = b.at
    assert b.u(1) == 0
    b.pick((0, 8), (0, 10), (0, 12), (6, 1))
    b.u(1)
    assert b.u(2) == 0 and b.u(1) == 0  # no extra channels, not XYB
    if b.u(1) == 0:
        assert b.u(1) == 0
        enum = lambda: b.pick((0, 0), (0, 1), (4, 2), (6, 18))
        space = enum()
        enum()
        if space != 1:
            enum()
        assert b.u(1) == 0
        enum()
        enum()
    tail = b.at
    assert b.u(3) == 0b100  # no extensions, the default transform
    end = (b.at + 7) // 8
    out = Bits()
    out.bits = b.bits[: head - 1] + [1] + fields + b.bits[head:tail] + [1] + b.bits[tail : tail + 3]
    return out.bytes() + data[end:]


stored = noisy(3, h=14, w=21)
plain = jxl(stored, lossless=True, usecontainer=False)
for orientation in range(1, 9):
    o = orientation - 1
    data = with_extra_fields(plain, [o & 1, o >> 1 & 1, o >> 2, 0, 0, 0])
    add(f"turned-{orientation}.jxl", data, turned(stored, orientation))
animated = with_extra_fields(plain, [0, 0, 0, 0, 0, 1] + [0] * 7)
add("refused-animated.jxl", animated, refused="unsupported-type")
add("refused-float.jxl", jxl(np.linspace(0, 1, W * H).reshape(H, W).astype(np.float32), lossless=True), refused="unsupported-type")
add("refused-cut.jxl", plain[:-30], refused="malformed")
huge = Bits()
huge.bits = Bits(b"\xff\x0a").bits + [0, 1, 1] + [1] * 30 + [1, 0, 0]
add("refused-huge.jxl", huge.bytes() + b"\0" * 40, refused="too-large")

# DICOM ------------------------------------------------------------------------------------------------

HTJ2K_LOSSLESS, HTJ2K_RPCL, HTJ2K = (f"1.2.840.10008.1.2.4.20{n}" for n in (1, 2, 3))
JXL_LOSSLESS, JXL_JPEG, JXL = (f"1.2.840.10008.1.2.4.11{n}" for n in (0, 1, 2))


def dicom(frames, syntax, a, stored, signed=False, photometric="MONOCHROME2", window=None):
    """A secondary capture of coded frames; `a` is one frame's array, for its shape."""
    ds = Dataset()
    ds.file_meta = FileMetaDataset()
    ds.file_meta.TransferSyntaxUID = UID(HTJ2K)
    ds.file_meta.MediaStorageSOPClassUID = ds.SOPClassUID = "1.2.840.10008.5.1.4.1.1.7"
    ds.file_meta.MediaStorageSOPInstanceUID = ds.SOPInstanceUID = f"2.25.{5000 + len(manifest)}"
    ds.file_meta.ImplementationClassUID = "2.25.1"
    ds.PatientName, ds.PatientID = "Doe^Jane", "secret-id"
    ds.SamplesPerPixel = 3 if a.ndim == 3 else 1
    ds.PhotometricInterpretation = photometric
    if a.ndim == 3:
        ds.PlanarConfiguration = 0
    if len(frames) > 1:
        ds.NumberOfFrames = len(frames)
    ds.Rows, ds.Columns = a.shape[:2]
    ds.BitsAllocated = 8 if stored <= 8 else 16
    ds.BitsStored, ds.HighBit, ds.PixelRepresentation = stored, stored - 1, int(signed)
    if window:
        ds.WindowCenter, ds.WindowWidth = window
    ds.PixelData = encapsulate(frames)
    ds["PixelData"].VR = "OB"
    out = io.BytesIO()
    ds.save_as(out, enforce_file_format=True, little_endian=True, implicit_vr=False)
    # pydicom does not write syntaxes that it does not know; all of these are as long.
    return out.getvalue().replace(HTJ2K.encode(), syntax.encode().ljust(len(HTJ2K), b"\0"), 1)


def shown(a, centre, width):
    """PS3.3 C.11.2.1.2.1."""
    level = ((a.astype(np.float64) - (centre - 0.5)) / (width - 1) + 0.5) * 255
    return np.floor(np.clip(level, 0, 255) + 0.5).astype(np.uint8)


def htj2k(a, **options):
    return imagecodecs.htj2k_encode(a, **({"reversible": True} | options))


wide = (1000, 3000)
for name, a, stored_bits, signed, view in [
    ("8", noisy(1)[..., 0], 8, False, (128, 256)),
    ("8-signed", (noisy(1)[..., 0].astype(np.int16) - 100).astype(np.int8), 8, True, (20, 200)),
    ("16", noisy(1, 3000)[..., 0], 16, False, wide),
    ("16-signed", (noisy(1, 3000)[..., 0].astype(np.int32) - 1024).astype(np.int16), 16, True, (400, 1500)),
]:
    add(f"htj2k-{name}.dcm", dicom([htj2k(a)], HTJ2K_LOSSLESS, a, stored_bits, signed, window=view), shown(a, *view))
colour = noisy(3)
add("htj2k-rgb.dcm", dicom([htj2k(colour)], HTJ2K_LOSSLESS, colour, 8, photometric="YBR_RCT"), colour)
a = noisy(1, 3000)[..., 0]
add("htj2k-tiles.dcm", dicom([htj2k(a, tile=(8, 8))], HTJ2K_RPCL, a, 16, window=wide), shown(a, *wide))
a = smooth(1, 3000)[..., 0]
add("htj2k-lossy.dcm", dicom([htj2k(a, reversible=False, level=0.0005)], HTJ2K, a, 16, window=wide), shown(a, *wide), 4)
add("htj2k-as-j2k.dcm", dicom([htj2k(a)], "1.2.840.10008.1.2.4.90", a, 16, window=wide), shown(a, *wide))
stream = htj2k(a)
add("refused-htj2k-cut.dcm", dicom([stream[:-6]], HTJ2K, a, 16), refused="truncated")
tiled = htj2k(a, tile=(8, 8))
last = tiled.rindex(b"\xff\x90\0\x0a")
add("refused-htj2k-tile.dcm", dicom([tiled[:last] + b"\xff\xd9"], HTJ2K, a, 16), refused="truncated")
add("refused-htj2k-size.dcm", dicom([htj2k(a[:8])], HTJ2K, a, 16), refused="malformed")

for name, a, bits in [("8", noisy(1)[..., 0], 8), ("12", noisy(1, 3000)[..., 0], 12), ("16", noisy(1, 60000)[..., 0], 16)]:
    view = (128, 256) if bits == 8 else (20000, 40000) if bits == 16 else wide
    data = jxl(a, lossless=True, bitspersample=bits)
    add(f"jxl-{name}.dcm", dicom([data], JXL_LOSSLESS, a, bits, window=view), shown(a, *view))
add("jxl-rgb.dcm", dicom([jxl(colour, lossless=True)], JXL_LOSSLESS, colour, 8, photometric="RGB"), colour)
add("jxl-lossy.dcm", dicom([jxl(rgb, level=95)], JXL, rgb, 8, photometric="XYB"), rgb, 8)
add("jxl-jpeg.dcm", dicom([imagecodecs.jpegxl_encode_jpeg(jpeg)], JXL_JPEG, rgb, 8, photometric="YBR_FULL_422"),
    np.asarray(Image.open(io.BytesIO(jpeg)).convert("RGB")), 4)

# Two pictures of 12 megapixels, not listed, for the memory of a process --------------------------------

blocks = np.zeros((3000, 4000, 3), np.uint8)
for i in range(12):
    y, x = 992 * (i // 4), 992 * (i % 4)
    blocks[y : y + 992, x : x + 992] = (20 * i, 250 - 20 * i, 100 + 10 * i)
(OUT / "12mp.heic").write_bytes(saved(Image.fromarray(blocks), "HEIF", quality=60))
(OUT / "12mp.avif").write_bytes(saved(Image.fromarray(blocks), "AVIF", quality=60, speed=9))

(OUT / "manifest.json").write_text(json.dumps(manifest, indent=1) + "\n")
print(len(manifest), "files,", sum(f.stat().st_size for f in OUT.iterdir()), "bytes")
