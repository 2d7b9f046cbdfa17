"""Small pictures of every format, depth, mode and orientation, with the pixels that they hold.

    pip install numpy==2.4.6 pillow==13.0.0 tifffile==2026.3.3
    python tests/parity/golden/images.py                 (rewrites the folder images beside this file)

`images/manifest.json` lists, for each file: `name`; either `refused`, the error code that decoding must
end with, or `width`, `height`, `channels`, `pixels` (base64 of H x W x C uint8, after EXIF rotation) and
`tolerance` (greatest difference in grey levels; 0 for lossless files). `mask` is base64 of H x W, 0 or 1,
where given. Two more files, not listed there, hold 12-megapixel JPEGs, gzipped. Expected pixels are Pillow's own reading wherever Pillow keeps all the values; for 16-bit
files, which Pillow clips or cuts, they follow from the array that was written, by the documented rule.
"""

import base64
import gzip
import io
import json
import struct
import zlib
from pathlib import Path

import numpy as np
import tifffile
from PIL import Image, ImageOps

OUT = Path(__file__).parent / "images"
W, H = 19, 13
rng = np.random.default_rng(7)
manifest = []


def picture(channels: int, top: int) -> np.ndarray:
    """A smooth ramp with some noise, H x W x C, 0..top."""
    y, x = np.mgrid[0:H, 0:W]
    planes = [(x * (c + 1) / W / 2 + y * (3 - c) / H / 4) % 1 for c in range(channels)]
    ramp = np.stack(planes, -1) + rng.random((H, W, channels)) * 0.05
    return np.clip(ramp * top, 0, top).round().astype(np.uint16 if top > 255 else np.uint8)


def window(a: np.ndarray) -> np.ndarray:
    """16-bit grey to 8 bits, between its percentiles 0.5 and 99.5; less is left out where these are equal."""
    values = np.sort(a.astype(np.float64).ravel())
    for part in (1, 0.1, 0.01, 0):
        low = values[int(np.floor(0.005 * part * (len(values) - 1)))]
        high = values[int(np.ceil((1 - 0.005 * part) * (len(values) - 1)))]
        if high > low:
            break
    if low == high:
        return np.zeros(a.shape, np.uint8)
    level = np.clip((a.astype(np.float64) - low) * (255 / (high - low)), 0, 255)
    return np.floor(level + 0.5).astype(np.uint8)


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


def by_pillow(data: bytes, grey: bool) -> np.ndarray:
    image = ImageOps.exif_transpose(Image.open(io.BytesIO(data)))
    return np.asarray(image.convert("L" if grey else "RGB"))


def saved(image: Image.Image, fmt: str, **options) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, fmt, **options)
    return buffer.getvalue()


# PNG: written by hand, so that all filters, depths and interlacing occur ------------------------------

ADAM7 = [(0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2)]


def chunk(name: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))


def scanlines(a: np.ndarray, depth: int) -> bytes:
    """Packs and filters; the filter type goes round with the line number."""
    rows, columns, samples = a.shape
    if rows == 0 or columns == 0:
        return b""
    step = max(1, samples * depth // 8)
    out, before = b"", None
    for y in range(rows):
        flat = a[y].reshape(-1)
        if depth == 16:
            line = flat.astype(">u2").tobytes()
        elif depth == 8:
            line = flat.astype(np.uint8).tobytes()
        else:
            bits = "".join(format(v, f"0{depth}b") for v in flat)
            bits += "0" * (-len(bits) % 8)
            line = int(bits, 2).to_bytes(len(bits) // 8, "big")
        before = before or bytes(len(line))
        kind = y % 5
        coded = bytearray()
        for i, v in enumerate(line):
            left = line[i - step] if i >= step else 0
            corner = before[i - step] if i >= step else 0
            up = before[i]
            p = left + up - corner
            paeth = min((left, up, corner), key=lambda q: abs(p - q))
            coded.append((v - [0, left, up, (left + up) // 2, paeth][kind]) & 255)
        out += bytes([kind]) + bytes(coded)
        before = line
    return out


def png(a, depth, colour_type, interlaced=False, palette=None, extra=b"", after=b"", pieces=1):
    a = a.reshape(a.shape[0], a.shape[1], -1)
    if interlaced:
        raw = b"".join(scanlines(a[y::dy, x::dx], depth) for x, y, dx, dy in ADAM7)
    else:
        raw = scanlines(a, depth)
    body = zlib.compress(raw, 9)
    cuts = [len(body) * i // pieces for i in range(pieces + 1)]
    header = struct.pack(">IIBBBBB", a.shape[1], a.shape[0], depth, colour_type, 0, 0, int(interlaced))
    data = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header)
    if palette is not None:
        data += chunk(b"PLTE", palette.astype(np.uint8).tobytes())
    data += extra
    for start, end in zip(cuts, cuts[1:]):
        data += chunk(b"IDAT", body[start:end])
    return data + after + chunk(b"IEND", b"")


KINDS = {0: ("grey", 1, [1, 2, 4, 8, 16]), 2: ("rgb", 3, [8, 16]), 3: ("palette", 1, [1, 2, 4, 8]),
         4: ("grey-alpha", 2, [8, 16]), 6: ("rgba", 4, [8, 16])}
for colour_type, (kind, samples, depths) in KINDS.items():
    for depth in depths:
        a = picture(samples, 2**depth - 1)
        palette = None
        if colour_type == 3:
            palette = rng.integers(1, 256, (2**depth, 3))
            palette[0] = 0
        for interlaced in (False, True):
            data = png(a, depth, colour_type, interlaced, palette, pieces=1 + 2 * interlaced)
            colour = a[..., : 1 if samples < 3 else 3]
            if depth < 16:
                expected = by_pillow(data, colour_type in (0, 4))
            elif samples < 3:
                expected = window(colour)
            else:
                expected = np.floor(colour / 257 + 0.5)
            add(f"{kind}-{depth}{'-adam7' if interlaced else ''}.png", data, expected, mask=colour.any(-1))

grey = picture(1, 255)
twelve = 1000 + picture(1, 3000)
add("grey-16-of-12.png", png(twelve, 16, 0), window(twelve), mask=np.ones((H, W)))
flat = np.full((H, W, 1), 700, np.uint16)
add("grey-16-constant.png", png(flat, 16, 0), np.zeros((H, W)), mask=np.ones((H, W)))
labels = np.zeros((H, W, 1), np.uint16)
labels[2:5, 3:9], labels[6:9, 1:4], labels[10:, 12:] = 1, 2, 40000
add("labels-16.png", png(labels, 16, 0), window(labels), mask=labels[..., 0] != 0)
opaque = np.zeros((H, W, 4), np.uint8)
opaque[..., 3] = 255
opaque[4:8, 5:11, 2] = 1
add("mask-rgba.png", png(opaque, 8, 6), opaque[..., :3], mask=opaque[..., 2] != 0)
add("grey-trns.png", png(grey, 8, 0, extra=chunk(b"tRNS", b"\0\5")), grey)
add("one-pixel.png", png(grey[:1, :1], 8, 0, True), grey[:1, :1])
frames = chunk(b"acTL", struct.pack(">II", 1, 0)) + chunk(b"fcTL", struct.pack(">IIIIIHHBB", 0, W, H, 0, 0, 1, 10, 0, 0))
add("animated.png", png(grey, 8, 0, extra=frames), grey)
short = png(grey, 8, 3, palette=np.arange(30))
add("palette-too-short.png", short, refused="malformed")

# EXIF orientation -----------------------------------------------------------------------------------

rgb = Image.fromarray(picture(3, 255))
for orientation in range(1, 9):
    exif = Image.Exif()
    exif[0x0112] = orientation
    for fmt, options, tolerance in [
        ("jpeg", {"quality": 90}, 1), ("png", {}, 0), ("webp", {"lossless": True}, 0), ("tiff", {}, 0)
    ]:
        data = saved(rgb, fmt, exif=exif.tobytes() if fmt != "tiff" else exif, **options)
        add(f"orientation-{orientation}.{fmt}", data, by_pillow(data, False), tolerance)

# JPEG -----------------------------------------------------------------------------------------------

for name, image, options in [
    ("grey", Image.fromarray(grey[..., 0]), {}),
    ("grey-progressive", Image.fromarray(grey[..., 0]), {"progressive": True}),
    ("rgb-444", rgb, {"subsampling": 0}),
    ("rgb-422", rgb, {"subsampling": 1}),
    ("rgb-420", rgb, {"subsampling": 2}),
    ("rgb-420-progressive", rgb, {"subsampling": 2, "progressive": True}),
    ("rgb-restart", rgb, {"subsampling": 0, "restart_marker_blocks": 1}),
    ("rgb-keep", rgb, {"subsampling": 0, "keep_rgb": True}),
]:
    data = saved(image, "jpeg", quality=88, **options)
    add(f"{name}.jpg", data, by_pillow(data, image.mode == "L"), 1)
data = saved(rgb, "jpeg", quality=88)
add("trailing-bytes.jpg", data + b"\0" * 40 + data[:100], by_pillow(data, False), 1)
add("cmyk.jpg", saved(rgb.convert("CMYK"), "jpeg"), refused="unsupported-type")
blob = np.zeros((H, W), np.uint8)
blob[3:9, 4:13] = 255
data = saved(Image.fromarray(blob), "jpeg", quality=75)
add("mask.jpg", data, by_pillow(data, True), 1, mask=blob > 0)

# WebP -----------------------------------------------------------------------------------------------

rgba = Image.fromarray(picture(4, 255), "RGBA")
for name, image, options, tolerance in [
    ("lossless", rgb, {"lossless": True}, 0),
    ("lossless-alpha", rgba, {"lossless": True, "exact": True}, 0),
    ("lossy", rgb, {"quality": 80}, 1),
    ("lossy-alpha", rgba, {"quality": 80}, 1),
]:
    data = saved(image, "webp", **options)
    add(f"{name}.webp", data, by_pillow(data, False), tolerance)
data = saved(Image.fromarray(blob).convert("RGB"), "webp", quality=60)
add("mask-lossy.webp", data, by_pillow(data, False), 1, mask=blob > 0)
two = saved(rgb, "webp", save_all=True, append_images=[rgb.transpose(Image.Transpose.ROTATE_180)])
add("animated.webp", two, refused="unsupported-type")

# TIFF -----------------------------------------------------------------------------------------------

wide = picture(1, 65535)
for compression in ["raw", "tiff_lzw", "tiff_deflate", "tiff_adobe_deflate", "packbits"]:
    short = compression.replace("tiff_", "").replace("_", "-")
    for mode, image in [
        ("bw", Image.fromarray(picture(1, 1)[..., 0] > 0)),
        ("grey", Image.fromarray(grey[..., 0])),
        ("grey-16", Image.fromarray(wide[..., 0])),
        ("rgb", rgb),
        ("rgba", rgba),
        ("palette", rgb.quantize(20)),
    ]:
        data = saved(image, "tiff", compression=compression)
        expected = window(wide) if mode == "grey-16" else by_pillow(data, mode in ("bw", "grey"))
        add(f"{mode}-{short}.tiff", data, expected)
# Long and repetitive enough for all LZW code widths and a full table.
long = rng.integers(0, 40, (64, 96)).astype(np.uint8)
data = saved(Image.fromarray(long), "tiff", compression="tiff_lzw")
add("lzw-long.tiff", data, long)
data = saved(rgb, "tiff", compression="tiff_lzw", tiffinfo={317: 2})
add("rgb-lzw-predictor.tiff", data, by_pillow(data, False))
data = saved(Image.fromarray(wide[..., 0]), "tiff", compression="tiff_lzw", tiffinfo={317: 2})
add("grey-16-lzw-predictor.tiff", data, window(wide))


def tiff(a, **options) -> bytes:
    buffer = io.BytesIO()
    tifffile.imwrite(buffer, a, metadata=None, software=False, **options)
    return buffer.getvalue()


colour = np.asarray(rgb)
wide_rgb = picture(3, 65535)
signed = (picture(1, 4000)[..., 0].astype(np.int32) - 1024).astype(np.int16)
tile = {"tile": (16, 16)}
add("big-endian-grey.tiff", tiff(grey[..., 0], byteorder=">"), grey)
add("big-endian-grey-16.tiff", tiff(wide[..., 0], byteorder=">"), window(wide))
add("big-endian-predictor.tiff", tiff(wide[..., 0], byteorder=">", compression="zlib", predictor=2), window(wide))
add("rgb-16.tiff", tiff(wide_rgb, photometric="rgb"), np.floor(wide_rgb / 257 + 0.5))
add("int-16.tiff", tiff(signed), window(signed), mask=signed != 0)
add("white-is-zero.tiff", tiff(grey[..., 0], photometric="miniswhite"), 255 - grey)
add("strips.tiff", tiff(colour, photometric="rgb", rowsperstrip=3), colour)
add("tiles.tiff", tiff(colour, photometric="rgb", **tile), colour)
add("tiles-deflate-16.tiff", tiff(wide[..., 0], compression="zlib", predictor=2, **tile), window(wide))
add("planes.tiff", tiff(np.moveaxis(colour, -1, 0), photometric="rgb", planarconfig="separate"), colour)
add("planes-tiles.tiff", tiff(np.moveaxis(colour, -1, 0), photometric="rgb", planarconfig="separate", **tile), colour)
add("pages.tiff", tiff(np.stack([grey[..., 0], 255 - grey[..., 0]]), photometric="minisblack"), grey)
add("labels-16.tiff", tiff(labels[..., 0], compression="zlib"), window(labels), mask=labels[..., 0] != 0)

# 12 megapixels in flat blocks, gzipped to almost nothing; checked by sampling --------------------------

blocks = np.zeros((3000, 4000, 3), np.uint8)
for i in range(12):
    y, x = divmod(i, 4)
    blocks[y * 992 : y * 992 + 1024, x * 992 : x * 992 + 1024] = (20 * i, 250 - 20 * i, 100 + 10 * i)
for name, options in [("12mp.jpg", {}), ("12mp-progressive.jpg", {"progressive": True})]:
    data = saved(Image.fromarray(blocks), "jpeg", quality=60, optimize=True, **options)
    (OUT / f"{name}.gz").write_bytes(gzip.compress(data, 9, mtime=0))

(OUT / "manifest.json").write_text(json.dumps(manifest, indent=2) + "\n")
