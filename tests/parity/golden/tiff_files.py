"""Small TIFF files of every kind that is read, with the pixels that they show.

    pip install numpy==2.4.6 pillow==13.0.0 tifffile==2026.3.3 imagecodecs==2026.3.6
    python tests/parity/golden/tiff_files.py         (rewrites the folder tiff_files beside this file)

`tiff_files/manifest.json` has the entries that images.py describes; a file of several pages lists those after the
first in `more`, and where they lie in `positions`. tifffile with imagecodecs, or Pillow with libtiff, writes the files,
and reads each back; the documented rule takes values of more than 8 bits to 8. Where neither can write a kind, the
bytes are put together here, and still read by one of them.
"""

import base64
import io
import json
import struct
import zlib
from pathlib import Path

import imagecodecs
import numpy as np
import tifffile
from PIL import Image, ImageOps

from hot_pixels import like_neighbours

OUT = Path(__file__).parent / "tiff_files"
OUT.mkdir(exist_ok=True)
W, H = 19, 13
rng = np.random.default_rng(11)
manifest = []


def picture(channels=1, top=255, dtype=np.uint8, width=W, height=H):
    """A smooth ramp with some noise, H x W or H x W x C, 0..top."""
    y, x = np.mgrid[0:height, 0:width]
    planes = [(x * (c + 1) / width / 2 + y * (3 - c) / height / 4) % 1 for c in range(channels)]
    ramp = np.stack(planes, -1) + rng.random((height, width, channels)) * 0.05
    a = np.clip(ramp * top, 0, top)
    a = a.astype(dtype) if np.dtype(dtype).kind == "f" else a.round().astype(dtype)
    return a[..., 0] if channels == 1 else a


def window(a):
    """Values to 8 bits, between their percentiles 0.5 and 99.5; less is left out where these are equal."""
    a = a.astype(np.float64)
    values = np.sort(a[np.isfinite(a)].ravel())
    for part in (1, 0.1, 0.01, 0):
        low = values[int(np.floor(0.005 * part * (len(values) - 1)))]
        high = values[int(np.ceil((1 - 0.005 * part) * (len(values) - 1)))]
        if high > low:
            break
    level = np.clip((a - low) * (255 / (high - low)), 0, 255)
    return np.floor(np.nan_to_num(level) + 0.5).astype(np.uint8)


def encoded(a):
    a = np.asarray(a)
    return base64.b64encode(a.astype(np.uint8).tobytes()).decode()


def add(name, data, expected=None, tolerance=0, mask=None, refused=None, more=()):
    name += ".tiff"
    (OUT / name).write_bytes(data)
    entry = {"name": name}
    if refused:
        entry["refused"] = refused
    else:
        expected = np.asarray(expected)
        expected = expected.reshape(expected.shape[0], expected.shape[1], -1)
        h, w, c = expected.shape
        entry |= {"width": w, "height": h, "channels": c, "tolerance": tolerance, "pixels": encoded(expected)}
    if mask is not None:
        entry["mask"] = encoded(mask)
    if len(more):
        entry["more"] = [encoded(one) for one in more]
        entry["positions"] = [i / len(more) for i in range(len(more) + 1)]
    manifest.append(entry)


def tiff(a, **options):
    buffer = io.BytesIO()
    tifffile.imwrite(buffer, a, **({"metadata": None, "software": False} | options))
    return buffer.getvalue()


def tiffs(*pages):
    """Pages, each an array and its options."""
    buffer = io.BytesIO()
    with tifffile.TiffWriter(buffer) as writer:
        for a, options in pages:
            writer.write(a, **({"metadata": None, "software": False, "photometric": "minisblack"} | options))
    return buffer.getvalue()


def by_tifffile(data, **options):
    return tifffile.imread(io.BytesIO(data), **options)


def saved(image, **options):
    buffer = io.BytesIO()
    image.save(buffer, "tiff", **options)
    return buffer.getvalue()


def by_pillow(data, mode):
    return np.asarray(ImageOps.exif_transpose(Image.open(io.BytesIO(data))).convert(mode))


def raw(tags, *segments, order="<"):
    """A file of the given tags, with its strips after the directory; tag 273 is filled in."""
    tags = dict(tags)
    tags[273] = [0] * len(segments)
    entries = []
    start = 8 + 2 + 12 * len(tags) + 4
    extra = b""
    at = start + sum(4 * len(v) for v in tags.values() if isinstance(v, list) and len(v) > 1)
    for segment, i in zip(segments, range(len(segments))):
        tags[273][i] = at
        at += len(segment)
    for tag, value in sorted(tags.items()):
        values = value if isinstance(value, list) else [value]
        body = b"".join(struct.pack(order + "I", v) for v in values)
        if len(values) > 1:
            body, extra = struct.pack(order + "I", start + len(extra)), extra + body
        entries.append(struct.pack(order + "HHI", tag, 4, len(values)) + body)
    head = (b"II" if order == "<" else b"MM") + struct.pack(order + "HI", 42, 8)
    return head + struct.pack(order + "H", len(tags)) + b"".join(entries) + bytes(4) + extra + b"".join(segments)


def plain(a, bits, photometric=1, **more):
    """The tags of a picture in one strip."""
    h, w = a.shape[:2]
    tags = {256: w, 257: h, 258: bits, 259: 1, 262: photometric, 277: a.shape[2] if a.ndim == 3 else 1}
    return tags | {int(k[1:]): v for k, v in more.items()}


grey, rgb = picture(), picture(3)
blob = np.zeros((H, W), np.uint8)
blob[3:9, 4:13] = 255
tile = {"tile": (16, 16)}

# Integers and floats ----------------------------------------------------------------------------------

for dtype in ["u4", "i4", "u8", "i8", "f2", "f4", "f8"]:
    kind = {"u": "uint", "i": "int", "f": "float"}[dtype[0]] + str(8 * int(dtype[1]))
    top = {"u": 3e9, "i": 2e9, "f": 1}[dtype[0]] if dtype != "u8" and dtype != "i8" else 2**52
    a = picture(1, top, np.dtype(dtype))
    if dtype[0] != "u":
        a = (a - a.dtype.type(top / 3)).astype(dtype)
    predictor = {"predictor": 3 if dtype[0] == "f" else 2}
    for name, options in [
        ("", {}),
        ("-big-endian", {"byteorder": ">"}),
        ("-predictor", {"compression": "zlib"} | predictor),
        ("-predictor-big-endian-tiles", {"byteorder": ">", "compression": "zlib"} | predictor | tile),
    ]:
        data = tiff(a, photometric="minisblack", **options)
        assert np.array_equal(by_tifffile(data), a)
        add(kind + name, data, window(a), 1, mask=a != 0)
    add(f"{kind}-white-is-zero", tiff(a, photometric="miniswhite"), window(-a.astype(np.float64)), 1)
int8 = (grey.astype(int) - 128).astype(np.int8)
int8[2, 3:6] = 0
add("int8", tiff(int8, photometric="minisblack"), int8.astype(int) + 128, mask=int8 != 0)
add("int8-predictor", tiff(int8, photometric="minisblack", compression="zlib", predictor=2), int8.astype(int) + 128)
add("int8-white-is-zero", tiff(int8, photometric="miniswhite"), 127 - int8.astype(int))
int16 = picture(1, 4000, np.int16) - np.int16(1024)
add("int16-white-is-zero", tiff(int16, photometric="miniswhite"), window(-int16.astype(int)))
# Differences of whole words, whatever these stand for.
words = picture(1, 1, np.float32)
coded = np.diff(words.view(np.uint32), axis=1, prepend=np.uint32(0)).astype("<u4")
data = raw(plain(words, 32, x259=8, x317=2, x339=3, x279=0), zlib.compress(coded.tobytes()))
add("float32-predictor-2", data, window(words), 1)
holes = np.where(blob > 0, np.float32(0.5), np.float32(np.nan))
holes[4, 5] = 0.25
add("float32-nan", tiff(holes), window(holes), 1)
labels = np.zeros((H, W), np.uint32)
labels[2:5, 3:9], labels[6:9, 1:4], labels[10:, 12:] = 1, 2, 70000
add("labels-uint32", tiff(labels, compression="zlib"), window(labels), 1, mask=labels != 0)
hot = picture(1, 1, np.float32)
hot[5, 5] = 1e30
add("float32-hot-pixel", tiff(hot), like_neighbours(window(hot), 5, 5), 1)
wide = picture(3, 1, np.float32)
add("rgb-float32", tiff(wide, photometric="rgb"), window(wide), 1)
for bits in (3, 6, 10, 12, 14):
    a = picture(1, 2**bits - 1, np.uint16)
    rows = ("".join(format(v, f"0{bits}b") for v in row) for row in a)
    packed = b"".join(np.packbits([int(bit) for bit in row]).tobytes() for row in rows)
    data = raw(plain(a, bits, x279=len(packed)), packed)
    assert np.array_equal(by_tifffile(data), a)
    add(f"grey-{bits}", data, window(a) if bits > 8 else np.floor(a * 255 / (2**bits - 1) + 0.5), mask=a != 0)

# Layout ----------------------------------------------------------------------------------------------

for order, name in ("<", "little"), (">", "big"):
    add(f"bigtiff-{name}-endian", tiff(grey, bigtiff=True, byteorder=order), grey)
add("bigtiff-tiles", tiff(rgb, bigtiff=True, photometric="rgb", **tile), rgb)
for name, options in [("", {}), ("-tiles", tile), ("-strips", {"rowsperstrip": 3}), ("-predictor", {"predictor": 2})]:
    add(f"zstd{name}", tiff(rgb, photometric="rgb", compression="zstd", **options), rgb)
strip = grey.tobytes()
add("no-byte-counts", raw(plain(grey, 8), strip), grey)
add("byte-count-0", raw(plain(grey, 8, x279=0), strip), grey)
add("rows-unlimited", raw(plain(grey, 8, x278=2**32 - 1, x279=len(strip)), strip, order=">"), grey)
four = [grey[y : y + 4].tobytes() for y in range(0, H, 4)]
add("strips-no-byte-counts", raw(plain(grey, 8, x278=4), *four), grey)
tags = plain(grey, 8, x278=4, x279=[len(s) for s in four])
del tags[262]
add("no-photometric", raw(tags, *four), grey)
data = bytearray(raw(plain(grey, 8, x278=7, x279=[7 * W, 6 * W]), strip[7 * W :], strip[: 7 * W]))
at = data.index(struct.pack("<HHI", 273, 4, 2)) + 8
offsets = struct.unpack_from("<I", data, at)[0]
first, second = struct.unpack_from("<II", data, offsets)
struct.pack_into("<II", data, offsets, second, first)
add("strips-out-of-order", bytes(data), grey)

# Samples ---------------------------------------------------------------------------------------------

bits = np.packbits(blob > 0, axis=1)
mirrored = np.array([int(f"{i:08b}"[::-1], 2) for i in range(256)], np.uint8)
for photometric, name in (0, "white"), (1, "black"):
    shown = blob if photometric else 255 - blob
    data = raw(plain(blob, 1, photometric, x266=2, x279=bits.size), mirrored[bits].tobytes())
    assert np.array_equal(by_pillow(data, "L"), shown)
    add(f"fill-order-2-{name}-is-zero", data, shown, mask=shown > 0)
data = raw(plain(grey, 8, x266=2, x279=grey.size), mirrored[grey].tobytes())
assert np.array_equal(by_tifffile(data), grey)
add("fill-order-2-grey", data, grey)
alpha = np.where(blob > 0, 200, 0).astype(np.uint8)
for name, kind in ("unassociated", "unassalpha"), ("associated", "assocalpha"), ("unspecified", "unspecified"):
    add(f"rgb-{name}", tiff(np.dstack([rgb, alpha]), photometric="rgb", extrasamples=[kind]), rgb)
add("rgb-two-extra", tiff(np.dstack([rgb, grey, alpha]), photometric="rgb", extrasamples=[0, 2]), rgb)
five = np.dstack([rgb, grey, alpha])
separate = tiff(np.moveaxis(five, -1, 0), photometric="rgb", planarconfig="separate", extrasamples=[0, 2])
add("rgb-two-extra-planes", separate, rgb)
add("rgb-two-extra-tiles", tiff(five, photometric="rgb", extrasamples=[0, 2], compression="lzw", predictor=2, **tile), rgb)
grey16 = picture(2, 65535, np.uint16)
add("grey-16-alpha", tiff(grey16, photometric="minisblack", planarconfig="contig", extrasamples=[2]), window(grey16[..., 0]))
many = picture(6)
add("grey-six-channels", tiff(many, photometric="minisblack", planarconfig="contig"), many[..., 0])
inks = picture(4)
data = saved(Image.fromarray(inks, "CMYK"))
add("cmyk", data, by_pillow(data, "RGB"), 1)
add("cmyk-planes", tiff(np.moveaxis(inks, -1, 0), photometric="separated", planarconfig="separate"), by_pillow(data, "RGB"), 1)
wide = inks.astype(np.uint16) * 257
add("cmyk-16", tiff(wide, photometric="separated"), by_pillow(data, "RGB"), 1)

# JPEG ------------------------------------------------------------------------------------------------

large = picture(3, width=50, height=39)
for name, options in [
    ("", {"subsampling": (1, 1)}),
    ("-422", {"subsampling": (2, 1)}),
    ("-420", {"subsampling": (2, 2)}),
]:
    args = {"compression": "jpeg", "compressionargs": {"level": 90}} | options
    for layout, more in [("", {}), ("-tiles", {"tile": (32, 32)}), ("-strips", {"rowsperstrip": 16})]:
        data = tiff(large, photometric="rgb", **args, **more)
        assert tifffile.TiffFile(io.BytesIO(data)).pages[0].photometric == 6
        add(f"jpeg-ycbcr{name}{layout}", data, by_tifffile(data), 2)
args = {"compression": "jpeg", "compressionargs": {"level": 90, "outcolorspace": "rgb"}}
data = tiff(large, photometric="rgb", **args)
assert tifffile.TiffFile(io.BytesIO(data)).pages[0].photometric == 2
add("jpeg-rgb", data, by_tifffile(data), 1)
data = tiff(grey, photometric="minisblack", compression="jpeg")
add("jpeg-grey", data, by_tifffile(data), 1)
data = tiff(grey, photometric="miniswhite", compression="jpeg")
add("jpeg-white-is-zero", data, 255 - by_tifffile(data), 1)
data = tiff(np.moveaxis(rgb, -1, 0), photometric="rgb", planarconfig="separate", compression="jpeg")
add("jpeg-planes", data, np.moveaxis(by_tifffile(data), 0, -1), 1)
# libtiff keeps the tables in their own tag.
data = saved(Image.fromarray(large), compression="jpeg", quality=88)
assert 347 in tifffile.TiffFile(io.BytesIO(data)).pages[0].tags
add("jpeg-tables", data, by_pillow(data, "RGB"), 2)
data = saved(Image.fromarray(blob), compression="jpeg")
add("jpeg-mask", data, by_pillow(data, "L"), 1, mask=blob > 0)
data = tiff(large, photometric="rgb", compression="jpeg", subsampling=(2, 2))
at = data.index(struct.pack("<HHI", 262, 3, 1)) + 8
add("refused-jpeg-420-as-rgb", data[:at] + b"\2\0" + data[at + 2 :], refused="unsupported-type")
data = tiff(large, photometric="rgb", compression="jpeg", tile=(32, 32))
at = data.index(b"\xff\xc0\0\x11\x08")
add("refused-jpeg-size", data[:at] + data[at:].replace(b"\0\x20\0\x20", b"\0\x20\0\x40", 1), refused="malformed")

# YCbCr without JPEG ----------------------------------------------------------------------------------

data = saved(Image.fromarray(rgb).convert("YCbCr"))
add("ycbcr", data, by_pillow(data, "RGB"), 2)


def units(a, across, down):
    """Data units of TIFF 6.0 section 21."""
    h, w = -(-a.shape[0] // down) * down, -(-a.shape[1] // across) * across
    a = np.pad(a, ((0, h - a.shape[0]), (0, w - a.shape[1]), (0, 0)), mode="edge")
    out = b""
    for y in range(0, h, down):
        for x in range(0, w, across):
            unit = a[y : y + down, x : x + across]
            out += unit[..., 0].tobytes() + unit[0, 0, 1:].tobytes()
    return out


ycc = np.asarray(Image.fromarray(rgb).convert("YCbCr"))
for across, down in (2, 2), (2, 1), (4, 1), (4, 4), (1, 2):
    # libtiff errs in the last unit of 4 x 4 where the right edge cuts it.
    cut = ycc[:12, :16] if down == 4 else ycc
    body = units(cut, across, down)
    sizes = {"x278": len(cut), "x279": 0, "x530": across | down << 16}
    packed = raw(plain(cut, 8, 6, x259=8, **sizes), zlib.compress(body))
    # The subsampling is two SHORTs in one value.
    shorts = lambda d: d.replace(struct.pack("<HHI", 530, 4, 1), struct.pack("<HHI", 530, 3, 2))
    expected = by_pillow(shorts(packed), "RGB")
    for name, data in ("-deflate", packed), ("", raw(plain(cut, 8, 6, **sizes), body)):
        add(f"ycbcr-{across}x{down}{name}", shorts(data), expected, 2)

# Fax -------------------------------------------------------------------------------------------------

# Runs of all lengths, up to several of the longest code.
runs = np.zeros((8, 5200), np.uint8)
for y, row in enumerate(runs):
    x, value = 0, y & 1
    while x < row.size:
        length = int(rng.choice([rng.integers(0, 64), rng.integers(0, 700), rng.integers(0, 5600)], p=[0.8, 0.15, 0.05]))
        row[x : x + length] = value
        x, value = x + length, 1 - value
runs[3], runs[5, :3000], runs[6], runs[7] = 0, runs[4, :3000], runs[5], 1
near = np.cumsum(rng.integers(-3, 4, (30, 40)), 0) + np.arange(40) * 12 + 40
shape = np.zeros((30, 530), np.uint8)
for y, row in enumerate(near):
    for x in np.clip(row, 0, 529):
        shape[y, x:] ^= 1
for name, options in [
    ("fax-4", {"compression": "group4"}),
    ("fax-3", {"compression": "group3"}),
    ("fax-3-2d", {"compression": "group3", "tiffinfo": {292: 1}}),
    ("fax-3-fill", {"compression": "group3", "tiffinfo": {292: 4}}),
    ("fax-3-2d-fill", {"compression": "group3", "tiffinfo": {292: 5}}),
    ("fax-huffman", {"compression": "tiff_ccitt"}),
    ("fax-4-strips", {"compression": "group4", "tiffinfo": {278: 4}}),
]:
    for kind, a in ("runs", runs), ("shape", shape), ("mask", blob > 0):
        data = saved(Image.fromarray(a.astype(bool)), **options)
        page = tifffile.TiffFile(io.BytesIO(data)).pages[0]
        assert page.tags.get(292) is None or page.tags[292].value == options["tiffinfo"][292]
        assert np.array_equal(by_pillow(data, "L") > 0, a)
        if kind != "runs" or name in ("fax-4", "fax-3"):
            add(f"{name}-{kind}", data, np.asarray(a) * 255.0, mask=a if kind == "mask" else None)
data = saved(Image.fromarray(blob > 0), compression="group4")
page = tifffile.TiffFile(io.BytesIO(data)).pages[0]
coded = np.frombuffer(data, np.uint8)[page.dataoffsets[0] :][: page.databytecounts[0]]
for photometric, name in (0, "white"), (1, "black"):
    shown = 255 - blob if page.photometric != photometric else blob
    data = raw(plain(blob, 1, photometric, x259=4, x266=2, x279=coded.size), mirrored[coded].tobytes())
    assert np.array_equal(by_pillow(data, "L"), shown)
    add(f"fax-4-fill-order-2-{name}-is-zero", data, shown, mask=shown > 0)
add("refused-fax-short", raw(plain(blob, 1, 0, x259=4, x279=coded.size - 5), coded[:-5].tobytes()), refused="truncated")

# Pages -----------------------------------------------------------------------------------------------

pages = [np.roll(grey, 3 * k, 1) for k in range(4)]
add("pages-4", tiff(np.stack(pages), photometric="minisblack"), pages[0], more=pages[1:])
add("pages-4-big-endian-bigtiff", tiff(np.stack(pages), photometric="minisblack", bigtiff=True, byteorder=">"), pages[0], more=pages[1:])
other = picture(1, 255, width=31, height=7)
deep = picture(1, 65535, np.uint16)
data = tiffs((grey, {}), (other, {"compression": "lzw"}), (deep, {}), (rgb, {"photometric": "rgb"}))
add("pages-mixed", data, grey, more=[other, window(deep), rgb])
turned = tiffs((grey, {}), (grey, {"extratags": [(274, 3, 1, 6, True)]}), (grey, {"extratags": [(274, 3, 1, 3, True)]}))
add("pages-turned", turned, grey, more=[np.rot90(grey, -1), np.rot90(grey, 2)])
small = {"subfiletype": 1}
add("thumbnail-first", tiffs((grey[::4, ::4], small), (grey, {})), grey)
add("thumbnail-old-tag", tiffs((grey[::4, ::4], {"extratags": [(255, 3, 1, 2, True)]}), (grey, {})), grey)
transparency = {"subfiletype": 4, "photometric": 4}
data = tiffs((pages[0], {}), (blob > 0, transparency), (pages[1], {}), (pages[1][::2, ::2], small))
add("pages-between-masks", data, pages[0], more=pages[1:2])
add("pyramid", tiffs((grey, {"subifds": 2}), (grey[::2, ::2], small), (grey[::4, ::4], small), (pages[1], {})), grey, more=pages[1:2])
add("picture-below-thumbnail", tiffs((grey[::4, ::4], small | {"subifds": 1}), (grey, {})), grey)
add("only-a-thumbnail", tiffs((grey, small)), grey)
data = tiff(np.stack(pages[:2]), photometric="minisblack")
second = [p.offset for p in tifffile.TiffFile(io.BytesIO(data)).pages][1]
count = struct.unpack_from("<H", data, second)[0]
at = second + 2 + 12 * count
add("pages-in-a-circle", data[:at] + data[4:8] + data[at + 4 :], pages[0], more=pages[1:2])
stack = np.stack([np.roll(deep, 3 * k, 1) for k in range(4)])
for name, a, options in [
    ("imagej", stack, {}),
    ("imagej-hyperstack", stack.reshape(2, 2, H, W), {"metadata": {"axes": "ZCYX"}}),
    ("imagej-little-endian", stack, {"byteorder": "<"}),
]:
    data = tiff(a, imagej=True, **({"metadata": {}, "byteorder": ">"} | options))
    shown = [window(one) for one in stack]
    add(name, data, shown[0], more=shown[1:])
    # ImageJ itself writes one directory; the others are taken off the list.
    file = tifffile.TiffFile(io.BytesIO(data))
    order = file.byteorder
    at = file.pages[0].offset
    at += 2 + 12 * struct.unpack_from(order + "H", data, at)[0]
    single = data[:at] + bytes(4) + data[at + 4 :]
    add(f"{name}-single", single, shown[0], more=shown[1:])
data = tiff(np.stack([rgb, rgb[::-1]]), imagej=True, metadata={})
add("imagej-rgb", data, rgb, more=[rgb[::-1]])
text = b"ImageJ=1.54f\nimages=4\nslices=4\nloop=false\n\0"
data = tiff(grey, photometric="minisblack", extratags=[(270, 2, len(text), text, True)], description=None)
add("imagej-one-left", data, grey)
data = tiff(np.stack(pages), photometric="minisblack", ome=True, metadata={"axes": "ZYX"})
add("ome", data, pages[0], more=pages[1:])

# What is refused -------------------------------------------------------------------------------------

add("refused-raw", raw(plain(grey, 8, 32803, x279=grey.size), strip), refused="unsupported-type")
add("refused-linear-raw", raw(plain(rgb, 8, 34892, x279=rgb.size), rgb.tobytes()), refused="unsupported-type")
data = tiffs((grey[::4, ::4], small | {"subifds": 1}), (grey, {}))
file = tifffile.TiffFile(io.BytesIO(data))
at = file.pages[0].pages[0].tags[262].valueoffset
add("refused-raw-below-thumbnail", data[:at] + struct.pack("<H", 32803) + data[at + 2 :], refused="unsupported-type")
for name, change in {
    "old-jpeg": {"x259": 6},
    "lerc": {"x259": 34887},
    "cielab": {"x262": 8},
    "complex": {"x339": 6, "x258": 64},
    "float24": {"x339": 3, "x258": 24},
    "uint24": {"x258": 24},
    "palette-16": {"x262": 3, "x258": 16},
    "predictor-9": {"x259": 8, "x317": 9},
}.items():
    refused = "malformed" if name == "palette-16" else "unsupported-type"
    add(f"refused-{name}", raw(plain(grey, 8, x279=grey.size) | {int(k[1:]): v for k, v in change.items()}, strip), refused=refused)
add("refused-mixed-bits", raw(plain(rgb, 8, 2, x279=rgb.size) | {258: [8, 8, 16]}, rgb.tobytes()), refused="unsupported-type")
add("refused-zstd-cut", raw(plain(grey, 8, x259=50000, x279=99), imagecodecs.zstd_encode(strip)[:99]), refused="truncated")

(OUT / "manifest.json").write_text(json.dumps(manifest, indent=2) + "\n")
