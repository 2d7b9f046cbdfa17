"""Pictures as cameras, scanners, browsers and old programs leave them: JPEG with harmless damage, PNG with odd chunks,
GIF, BMP and JPEG 2000 files.

    pip install numpy==2.4.6 pillow==13.0.0 imagecodecs==2026.3.6
    python tests/parity/golden/raster_files.py           (rewrites the folder raster_files beside this file)

`raster_files/manifest.json` is of the form that `images.py` describes; `alpha` (0..255) and `indices` (of a palette)
are base64 of H x W, for files that have them and are read as masks. Expected pixels are those of the sound file by
Pillow, which is libjpeg-turbo, libpng and OpenJPEG, or the array that was written.
"""

import base64
import io
import json
import struct
import zlib
from pathlib import Path

import imagecodecs
import numpy as np
from PIL import Image

OUT = Path(__file__).parent / "raster_files"
OUT.mkdir(exist_ok=True)
W, H = 19, 13
rng = np.random.default_rng(19)
manifest = []


def picture(channels: int, top: int, w=W, h=H) -> np.ndarray:
    """A smooth ramp with some noise, H x W x C, 0..top."""
    y, x = np.mgrid[0:h, 0:w]
    planes = [(x * (c + 1) / w / 2 + y * (3 - c) / h / 4) % 1 for c in range(channels)]
    ramp = np.stack(planes, -1) + rng.random((h, w, channels)) * 0.05
    return np.clip(ramp * top, 0, top).round().astype(np.uint16 if top > 255 else np.uint8)


def window(a: np.ndarray) -> np.ndarray:
    """Grey of more than 8 bits to 8, between its percentiles 0.5 and 99.5."""
    values = np.sort(a.astype(np.float64).ravel())
    low = values[int(np.floor(0.005 * (len(values) - 1)))]
    high = values[int(np.ceil(0.995 * (len(values) - 1)))]
    level = np.clip((a.astype(np.float64) - low) * (255 / (high - low)), 0, 255)
    return np.floor(level + 0.5).astype(np.uint8)


def add(name, data, expected=None, tolerance=0, mask=None, refused=None, alpha=None, indices=None):
    (OUT / name).write_bytes(data)
    entry = {"name": name}
    if refused:
        entry["refused"] = refused
    else:
        expected = np.asarray(expected)
        expected = expected.reshape(expected.shape[0], expected.shape[1], -1)
        h, w, c = expected.shape
        pixels = base64.b64encode(expected.astype(np.uint8).tobytes()).decode()
        entry |= {"width": w, "height": h, "channels": c, "tolerance": tolerance, "pixels": pixels}
    if mask is not None:
        entry["mask"] = base64.b64encode(mask.astype(np.uint8).tobytes()).decode()
    for key, values in (("alpha", alpha), ("indices", indices)):
        if values is not None:
            entry[key] = base64.b64encode(values.astype(np.uint8).tobytes()).decode()
    manifest.append(entry)


def by_pillow(data: bytes, grey: bool = False) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(data)).convert("L" if grey else "RGB"))


def saved(image: Image.Image, fmt: str, **options) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, fmt, **options)
    return buffer.getvalue()


grey = picture(1, 255)[..., 0]
rgb = picture(3, 255)
colour = Image.fromarray(rgb)

# JPEG with damage that costs no pixels ---------------------------------------------------------------

KINDS = {
    "420": {"subsampling": 2},
    "444": {"subsampling": 0},
    "progressive": {"subsampling": 2, "progressive": True},
    "restart": {"subsampling": 0, "restart_marker_blocks": 1},
    "progressive-restart": {"progressive": True, "restart_marker_rows": 1},
}
SAMSUNG = b"\0\0\x01\x0a\x0e\0\0\0Image_UTC_Data1500000000000SEFHe\0\0\0\x01\0\0\0" + bytes(50) + b"SEFT"


def restarts(data: bytes) -> list[int]:
    """Where the restart markers of a file stand."""
    return [i for i in range(len(data) - 1) if data[i] == 255 and 0xD0 <= data[i + 1] <= 0xD7]


def with_fill(data: bytes, fill: bytes) -> bytes:
    """Puts bytes before every restart marker."""
    out, last = b"", 0
    for at in restarts(data):
        out += data[last:at] + fill
        last = at
    return out + data[last:]


def range_of_scan(data: bytes, values: bytes) -> bytes:
    """Changes Ss, Se and AhAl of the first scan."""
    s = bytearray(data)
    at = s.index(b"\xff\xda")
    n = s[at + 4]
    s[at + 5 + 2 * n : at + 8 + 2 * n] = values
    return bytes(s)


for kind, options in KINDS.items():
    whole = saved(colour, "jpeg", quality=88, **options)
    assert whole.endswith(b"\xff\xd9")
    expected = by_pillow(whole)

    def damaged(name, data):
        add(f"{name}-{kind}.jpg", data, expected, 1)

    damaged("no-end", whole[:-2])
    damaged("half-end", whole[:-1])
    damaged("zeros-before-end", whole[:-2] + bytes(64) + whole[-2:])
    damaged("fill-before-end", whole[:-2] + b"\xff" * 30 + whole[-2:])
    damaged("zeros-for-end", whole[:-2] + bytes(512))
    damaged("stray-bytes", whole[:20] + bytes(5) + b"abc" + whole[20:])
    damaged("film-behind-end", whole + b"\0\0\0\x18ftypmp42" + bytes(range(256)))
    if "progressive" not in kind:
        damaged("samsung-scan", range_of_scan(whole, b"\0\0\0"))
        damaged("odd-scan", range_of_scan(whole, b"\1\x3f\x11"))
        damaged("trailer-for-end", whole[:-2] + SAMSUNG)
        damaged("jpeg-for-end", whole[:-2] + whole)
        damaged("film-for-end", whole[:-2] + b"\0\0\0\x18ftypmp42" + bytes(range(256)))
    if "restart" in kind:
        damaged("zeros-before-restarts", with_fill(whole, bytes(7)))
        damaged("fill-before-restarts", with_fill(whole, b"\xff\xff\xff"))
        damaged("zeros-before-all", with_fill(whole[:-2], bytes(12)) + bytes(12) + whole[-2:])

scans = saved(colour, "jpeg", quality=88, progressive=True)
last = scans.rindex(b"\xff\xda")
add("scans-missing.jpg", scans[: scans.rindex(b"\xff\xc4")], refused="truncated")
whole = saved(colour, "jpeg", quality=88, subsampling=0, restart_marker_blocks=1)
first = restarts(whole)[0]
add("restart-missing.jpg", whole[:first] + whole[first + 2 :], refused="malformed")
add("interval-missing.jpg", whole[:first] + whole[restarts(whole)[1] :], refused="malformed")
add("garbage-before-end.jpg", whole[:-2] + b"garbage before the end" + whole[-2:], refused="malformed")
add("garbage-for-end.jpg", whole[:-2] + b"garbage for the end", refused="truncated")

# JPEG of four components, of 12 bits, and lossless ----------------------------------------------------

rng = np.random.default_rng(20)  # so that a section does not change the next ones

ink = Image.fromarray(picture(4, 255), "CMYK")
for name, options in {
    "plain": {}, "low": {"quality": 30}, "progressive": {"progressive": True}, "restart": {"restart_marker_blocks": 1},
    "optimized": {"optimize": True},
}.items():
    data = saved(ink, "jpeg", **({"quality": 90} | options))
    add(f"cmyk-{name}.jpg", data, by_pillow(data), 2)
    if name == "plain":
        adobe = data.index(b"\xff\xee")
        bare = data[:adobe] + data[adobe + 16 :]
        add("cmyk-bare.jpg", bare, by_pillow(bare), 2)
        add("cmyk-no-end.jpg", data[:-2], by_pillow(data), 2)
four = picture(4, 255, 45, 37)
data = imagecodecs.jpeg8_encode(four, level=92, colorspace="cmyk", outcolorspace="ycck")
add("ycck.jpg", data, by_pillow(data), 3)
twelve = picture(1, 4095)[..., 0]
data = imagecodecs.jpeg8_encode(twelve, level=98, bitspersample=12)
add("grey-12.jpg", data, window(imagecodecs.jpeg8_decode(data)), 1)
add("grey-12-no-end.jpg", data[:-2], window(imagecodecs.jpeg8_decode(data)), 1)
deep = picture(3, 4095, 45, 37)
for subsampling in ("444", "420"):
    data = imagecodecs.jpeg8_encode(deep, level=98, bitspersample=12, subsampling=subsampling)
    add(f"rgb-12-{subsampling}.jpg", data, np.floor(imagecodecs.jpeg8_decode(data) * (255 / 4095) + 0.5), 1)
for bits, channels in ((8, 1), (8, 3), (12, 1), (16, 1)):
    a = picture(channels, 2**bits - 1).squeeze()
    data = imagecodecs.jpeg8_encode(a, lossless=True, bitspersample=bits, predictor=4)
    add(f"lossless-{bits}-{channels}.jpg", data, a if bits == 8 else window(a))
two = bytearray(saved(colour, "jpeg", subsampling=0))
add("arithmetic.jpg", bytes(two).replace(b"\xff\xc0\0\x11", b"\xff\xc9\0\x11", 1), refused="unsupported-type")

# PNG ------------------------------------------------------------------------------------------------

rng = np.random.default_rng(21)


def chunk(name: bytes, body: bytes, crc=None) -> bytes:
    crc = zlib.crc32(name + body) if crc is None else crc
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", crc)


ADAM7 = [(0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2)]
STORED = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}


def lines(a: np.ndarray, depth: int) -> bytes:
    """Unfiltered lines, packed."""
    if a.shape[0] == 0 or a.shape[1] == 0:
        return b""
    out = b""
    for row in a.reshape(a.shape[0], -1):
        bits = "".join(format(int(v), f"0{depth}b") for v in row)
        bits += "0" * (-len(bits) % 8)
        out += b"\0" + int(bits, 2).to_bytes(len(bits) // 8, "big")
    return out


def png(a, depth, kind, before=b"", data=None, interlaced=False, end=chunk(b"IEND", b""), after=b""):
    a = a.reshape(a.shape[0], a.shape[1], -1)
    raw = b"".join(lines(a[y::dy, x::dx], depth) for x, y, dx, dy in ADAM7) if interlaced else lines(a, depth)
    body = zlib.compress(raw, 9)
    header = struct.pack(">IIBBBBB", a.shape[1], a.shape[0], depth, kind, 0, 0, int(interlaced))
    head = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + before
    return head + (chunk(b"IDAT", body) if data is None else data(body)) + after + end


exif = Image.Exif()
exif[0x0112] = 6
turned = exif.tobytes()[6:]
text = chunk(b"tEXt", b"Comment\0made for a test")
add("text-crc.png", png(grey, 8, 0, chunk(b"iTXt", b"Comment\0\0\0\0\0x", 0)), grey)
add("exif-crc.png", png(grey, 8, 0, chunk(b"eXIf", turned, 0)), grey)
add("text-crc-after.png", png(grey, 8, 0, after=chunk(b"tEXt", b"Comment\0x", 7)), grey)
add("header-crc.png", png(grey, 8, 0).replace(png(grey, 8, 0)[29:33], b"abcd", 1), refused="malformed")
add("data-crc.png", png(grey, 8, 0, data=lambda d: chunk(b"IDAT", d, 0)), refused="malformed")
add("no-iend.png", png(grey, 8, 0, end=b""), grey)
add("half-iend.png", png(grey, 8, 0, end=b"\0\0\0\0IE"), grey)
add("iend-crc.png", png(grey, 8, 0, end=chunk(b"IEND", b"", 5)), grey)
add("cut-crc.png", png(grey, 8, 0, end=b"")[:-2], grey)
add("cut-data.png", png(grey, 8, 0, end=b"")[:-8], refused="truncated")
add("empty-idat.png", png(grey, 8, 0, data=lambda d: b"".join(chunk(b"IDAT", x) for x in (b"", d[:40], b"", d[40:], b""))), grey)
add("extra-idat.png", png(grey, 8, 0, data=lambda d: chunk(b"IDAT", d + b"more bytes") + chunk(b"IDAT", b"and more")), grey)
add("trailing.png", png(grey, 8, 0) + bytes(1000), grey)
add("suggested-palette.png", png(rgb, 8, 2, chunk(b"PLTE", bytes(7)), after=chunk(b"PLTE", bytes(9))), rgb)
add("apple.png", png(grey, 8, 0)[:8] + chunk(b"CgBI", b"\x50\0\x20\2") + png(grey, 8, 0)[8:], refused="unsupported-type")

for interlaced in (False, True):
    form = "-adam7" if interlaced else ""
    for kind, depths in {0: [1, 2, 4, 8, 16], 2: [8, 16], 3: [1, 2, 4, 8], 4: [8, 16], 6: [8, 16]}.items():
        for depth in depths:
            top = 2**depth - 1
            a = picture(STORED[kind], top)
            before, alpha, indices = b"", None, None
            if kind in (4, 6):
                alpha = np.floor(a[..., -1] * 255.0 / top + 0.5)
                colour_of = a[..., : 1 if kind == 4 else 3]
            elif kind == 3:
                palette = rng.integers(0, 256, (2**depth, 3))
                opacity = rng.integers(0, 256, max(1, 2**depth - 1))
                before = chunk(b"PLTE", palette.astype(np.uint8).tobytes())
                before += chunk(b"tRNS", opacity.astype(np.uint8).tobytes())
                indices = a[..., 0]
                alpha = np.append(opacity, [255] * 256)[indices]
                colour_of = palette[indices]
            else:
                clear = a[3, 4]
                before = chunk(b"tRNS", clear.astype(">u2").tobytes())
                alpha = np.where((a == clear).all(-1), 0, 255)
                colour_of = a
            data = png(a, depth, kind, before, interlaced=interlaced)
            if depth < 16:
                expected = by_pillow(data, kind in (0, 4)) if kind != 3 else colour_of
            else:
                expected = window(colour_of) if colour_of.shape[-1] == 1 else np.floor(colour_of / 257 + 0.5)
            add(f"alpha-{kind}-{depth}{form}.png", data, expected, alpha=alpha, indices=indices)

rgba = picture(4, 255)
for name, options in {"lossless": {"lossless": True, "exact": True}, "lossy": {"quality": 80}}.items():
    data = saved(Image.fromarray(rgba, "RGBA"), "webp", **options)
    alpha = np.asarray(Image.open(io.BytesIO(data)))[..., 3]
    add(f"alpha-{name}.webp", data, by_pillow(data), 0 if name == "lossless" else 1, alpha=alpha)

# GIF: written by hand where Pillow writes no such file --------------------------------------------------

rng = np.random.default_rng(22)


def lzw(indices: np.ndarray, size: int) -> bytes:
    """A clear code before every pixel or two keeps all codes short."""
    clear, bits = 1 << size, ""
    for i, v in enumerate(indices.ravel()):
        if i % 2 == 0:
            bits = format(clear, f"0{size + 1}b") + bits
        bits = format(int(v), f"0{size + 1}b") + bits
    bits = format(clear + 1, f"0{size + 1}b") + bits
    bits = "0" * (-len(bits) % 8) + bits
    return int(bits, 2).to_bytes(len(bits) // 8, "little")


def blocks(data: bytes) -> bytes:
    return b"".join(bytes([len(part)]) + part for part in (data[i : i + 255] for i in range(0, len(data), 255))) + b"\0"


def gif(a, palette, screen=None, at=(0, 0), local=False, interlaced=False, clear=None, background=0, end=b";", coded=None):
    h, w = a.shape
    screen = screen or (w, h)
    bits = max(1, int(np.log2(len(palette))))
    table = palette.astype(np.uint8).tobytes()
    head = b"GIF89a" + struct.pack("<HHBBB", *screen, 0 if local else 0x80 | (bits - 1), background, 0)
    head += b"" if local else table
    if clear is not None:
        head += b"\x21\xf9\4" + struct.pack("<BHB", 1, 0, clear) + b"\0"
    head += b"\x21\xfe" + blocks(b"a comment")
    flags = (0x80 | (bits - 1) if local else 0) | (0x40 if interlaced else 0)
    head += b"," + struct.pack("<HHHHB", *at, w, h, flags) + (table if local else b"")
    if interlaced:
        a = np.concatenate([a[0::8], a[4::8], a[2::4], a[1::2]])
    size = max(2, bits)
    return head + bytes([size]) + blocks(lzw(a, size) if coded is None else coded) + end


for colours in (2, 4, 16, 256):
    palette = rng.integers(0, 256, (colours, 3))
    a = picture(1, colours - 1)[..., 0]
    for name, options in {
        "plain": {}, "local": {"local": True}, "interlaced": {"interlaced": True}, "clear": {"clear": 1}, "cut": {"end": b""},
    }.items():
        data = gif(a, palette, **options)
        alpha = np.where(a == 1, 0, 255) if name == "clear" else None
        assert (by_pillow(data)[a != 1] == palette[a][a != 1]).all()
        add(f"{name}-{colours}.gif", data, palette[a], alpha=alpha, indices=a)
palette = rng.integers(0, 256, (16, 3))
small = picture(1, 15, 9, 6)[..., 0]
for name, options in {"smaller": {}, "smaller-clear": {"clear": 7}, "smaller-background": {"background": 5}}.items():
    data = gif(small, palette, (W, H), (4, 3), **options)
    whole = np.full((H, W), options.get("clear", options.get("background", 0)))
    whole[3:9, 4:13] = small
    alpha = np.zeros((H, W))
    alpha[3:9, 4:13] = np.where(small == options.get("clear", -1), 0, 255)
    add(f"{name}.gif", data, palette[whole], alpha=alpha, indices=whole)
larger = np.zeros((6, 9), int)
data = gif(small, palette, (5, 4))
add("larger.gif", data, palette[small], indices=small)
for name, size, options in [("long", (W, H), {}), ("long-interlaced", (97, 61), {"interlace": 1}), ("long-plain", (97, 61), {"interlace": 0})]:
    image = Image.fromarray(rng.integers(0, 200, size[::-1]).astype(np.uint8))
    data = saved(image, "gif", **options)
    add(f"{name}.gif", data, by_pillow(data))
flat = Image.fromarray(np.zeros((61, 97), np.uint8) + 9)
data = saved(flat, "gif")
add("flat.gif", data, by_pillow(data))
data = saved(colour, "gif", save_all=True, append_images=[colour.transpose(Image.Transpose.ROTATE_180)])
add("animated.gif", data, refused="unsupported-type")
whole = lzw(small, 4)
add("short-codes.gif", gif(small, palette, (W, H), coded=whole[:20]), refused="truncated")
add("end-too-early.gif", gif(small, palette, (W, H), coded=lzw(small[:3], 4)), refused="truncated")
add("no-palette.gif", gif(small, palette, (W, H))[:10] + b"\0" + gif(small, palette, (W, H))[11:13] + gif(small, palette, (W, H))[61:], refused="malformed")

# BMP ------------------------------------------------------------------------------------------------

rng = np.random.default_rng(23)


def packed(a: np.ndarray, depth: int) -> bytes:
    """Lines of indices, from the bottom, padded to 32 bits."""
    out = b""
    for row in a[::-1]:
        bits = "".join(format(int(v), f"0{depth}b") for v in row)
        bits += "0" * (-len(bits) % 32)
        out += int(bits, 2).to_bytes(len(bits) // 8, "big")
    return out


def rows(a: np.ndarray) -> bytes:
    """Lines of little-endian pixels, from the bottom, padded to 32 bits."""
    return b"".join(row.tobytes() + bytes(-len(row.tobytes()) % 4) for row in a[::-1])


def bmp(w, h, depth, pixels, palette=b"", size=40, compression=0, masks=b"", colours=0):
    if size == 12:
        info = struct.pack("<IHHHH", 12, w, h, 1, depth)
    else:
        info = struct.pack("<IiiHHIIiiII", size, w, h, 1, depth, compression, len(pixels), 2835, 2835, colours, 0)
        info = info[:size] + (masks if size > 40 else b"") + bytes(max(0, size - 40 - len(masks)))
        info += masks if size == 40 else b""
    start = 14 + len(info) + len(palette)
    return b"BM" + struct.pack("<IHHI", start + len(pixels), 0, 0, start) + info + palette + pixels


def quads(palette: np.ndarray) -> bytes:
    return b"".join(bytes([int(b), int(g), int(r), 0]) for r, g, b in palette)


for depth in (1, 2, 4, 8):
    palette = rng.integers(0, 256, (2**depth, 3))
    a = picture(1, 2**depth - 1)[..., 0]
    data = bmp(W, H, depth, packed(a, depth), quads(palette))
    if depth != 2:
        assert (by_pillow(data) == palette[a]).all()
    add(f"palette-{depth}.bmp", data, palette[a], indices=a)
    add(f"palette-{depth}-top-down.bmp", bmp(W, -H, depth, packed(a[::-1], depth), quads(palette)), palette[a], indices=a)
    triples = b"".join(bytes([int(b), int(g), int(r)]) for r, g, b in palette)
    add(f"palette-{depth}-os2.bmp", bmp(W, H, depth, packed(a, depth), triples, size=12), palette[a], indices=a)
    add(f"palette-{depth}-os2-2.bmp", bmp(W, H, depth, packed(a, depth), quads(palette), size=64), palette[a], indices=a)
palette = rng.integers(0, 256, (5, 3))
a = picture(1, 4)[..., 0]
add("palette-short.bmp", bmp(W, H, 8, packed(a, 8), quads(palette), colours=5), palette[a], indices=a)
add("palette-too-short.bmp", bmp(W, H, 8, packed(a + 1, 8), quads(palette), colours=5), refused="malformed")

bgr = rgb[..., ::-1]
whole = bmp(W, H, 24, rows(bgr))
assert (by_pillow(whole) == rgb).all()
add("rgb.bmp", whole, rgb)
add("rgb-os2.bmp", bmp(W, H, 24, rows(bgr), size=12), rgb)
add("rgb-top-down.bmp", bmp(W, -H, 24, rows(bgr[::-1])), rgb)
add("rgb-v5.bmp", bmp(W, H, 24, rows(bgr), size=124), rgb)
add("rgb-trailing.bmp", whole + bytes(99), rgb)
add("rgb-cut.bmp", whole[:-9], refused="truncated")
add("rgb-padding-cut.bmp", whole[:-1], rgb)
padded = np.dstack([bgr, np.zeros((H, W), np.uint8)])
add("rgb-32.bmp", bmp(W, H, 32, rows(padded)), rgb)
opacity = rgba[..., 3]
alpha = np.dstack([rgba[..., 2::-1], opacity])
add("rgba-32.bmp", bmp(W, H, 32, rows(alpha)), rgba[..., :3], alpha=opacity)
fields = struct.pack("<IIII", 0xFF0000, 0xFF00, 0xFF, 0xFF000000)
for size in (56, 108, 124):
    data = bmp(W, H, 32, rows(alpha), size=size, compression=3, masks=fields)
    assert (np.asarray(Image.open(io.BytesIO(data)).convert("RGB")) == rgba[..., :3]).all()
    add(f"rgba-fields-{size}.bmp", data, rgba[..., :3], alpha=opacity)
fields = struct.pack("<III", 0x3FF00000, 0x000FFC00, 0x000003FF)
ten = picture(3, 1023).astype(np.uint32)
word = (ten[..., 0] << 20) | (ten[..., 1] << 10) | ten[..., 2]
add("rgb-10-bits.bmp", bmp(W, H, 32, rows(word.astype("<u4")), compression=3, masks=fields), np.floor(ten * 255 / 1023 + 0.5))
five = picture(3, 31).astype(np.uint16)
word = (five[..., 0] << 10) | (five[..., 1] << 5) | five[..., 2]
data = bmp(W, H, 16, rows(word.astype("<u2")))
assert np.abs(by_pillow(data).astype(int) - five * 255 / 31).max() <= 1
add("rgb-16.bmp", data, np.floor(five * 255 / 31 + 0.5))
word = (five[..., 0] << 11) | (five[..., 1] << 6) | five[..., 2]
green = np.floor(five * [1, 2, 1] * 255 / [31, 63, 31] + 0.5)
fields = struct.pack("<III", 0xF800, 0x07E0, 0x001F)
add("rgb-16-fields.bmp", bmp(W, H, 16, rows(word.astype("<u2")), compression=3, masks=fields), green)
add("jpeg.bmp", bmp(W, H, 24, saved(colour, "jpeg"), compression=4), refused="unsupported-type")


def runs(a: np.ndarray, depth: int) -> bytes:
    """Runs, single pixels and literal stretches in turn; the last lines are left to the code for the end."""
    out = b""
    for y, row in enumerate(a[::-1]):
        x = 0
        while x < len(row):
            if x == 2 and len(row) >= 7:
                part = [int(v) for v in row[x : x + 5]]
                if depth == 4:
                    part = part + [0]
                    body = bytes((part[i] << 4) | part[i + 1] for i in range(0, 6, 2))
                else:
                    body = bytes(part)
                out += b"\0\5" + body + bytes(len(body) % 2)
                x += 5
                continue
            n = 1
            while x + n < len(row) and row[x + n] == row[x] and n < 255:
                n += 1
            out += bytes([n, (int(row[x]) << 4 | int(row[x])) if depth == 4 else int(row[x])])
            x += n
        out += b"\0\1" if y == len(a) - 1 else b"\0\0"
    return out


for depth in (4, 8):
    palette = rng.integers(0, 256, (2**depth, 3))
    a = np.minimum(picture(1, 2**depth - 1)[..., 0], 2**depth - 1) // 4 * 4
    coded = runs(a, depth)
    data = bmp(W, H, depth, coded, quads(palette), compression=1 if depth == 8 else 2)
    assert (by_pillow(data) == palette[a]).all()
    add(f"rle-{depth}.bmp", data, palette[a], indices=a)
    add(f"rle-{depth}-no-end.bmp", data[:-2], palette[a], indices=a)
    add(f"rle-{depth}-cut.bmp", data[: -len(coded) // 2], refused="truncated")
    skip = b"\0\2\3\2" + bytes([4, 0x55 if depth == 4 else 5]) + b"\0\1"
    skipped = np.zeros((H, W), int)
    skipped[H - 3, 3:7] = 5
    add(f"rle-{depth}-skips.bmp", bmp(W, H, depth, skip, quads(palette), compression=1 if depth == 8 else 2), palette[skipped], indices=skipped)

# JPEG 2000 ------------------------------------------------------------------------------------------

rng = np.random.default_rng(24)


def j2k(a, fmt="jp2", **options):
    return imagecodecs.jpeg2k_encode(np.ascontiguousarray(a), codecformat=fmt, reversible=options.pop("reversible", True), **options)


def stream_of(data: bytes) -> bytes:
    return data[data.index(b"\xff\x4f\xff\x51") :]


def box(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", 8 + len(body)) + kind + body


def jp2(stream: bytes, w, h, components, depth=8, space=16, boxes=b"", colour=None) -> bytes:
    header = box(b"ihdr", struct.pack(">IIHBBBB", h, w, components, depth - 1, 7, 0, 0))
    header += box(b"colr", struct.pack(">BBBI", 1, 0, 0, space)) if colour is None else colour
    head = box(b"jP  ", b"\r\n\x87\n") + box(b"ftyp", b"jp2 \0\0\0\0jp2 ")
    return head + box(b"jp2h", header + boxes) + box(b"jp2c", stream)


wide = picture(1, 65535)[..., 0]
twelve = picture(1, 4095)[..., 0]
deep = picture(3, 65535)
add("grey.jp2", j2k(grey), grey)
add("grey-16.jp2", j2k(wide), window(wide))
add("grey-12.jp2", j2k(twelve, bitspersample=12), window(twelve))
add("rgb.jp2", j2k(rgb), rgb)
add("rgb-16.jp2", j2k(deep), np.floor(deep / 257 + 0.5))
add("rgb-lossy.jp2", j2k(rgb, reversible=False, level=60), by_pillow(j2k(rgb, reversible=False, level=60)), 1)
add("rgb.j2k", j2k(rgb, "j2k"), rgb)
add("grey.j2k", j2k(grey, "j2k"), grey)
add("rgba.jp2", j2k(rgba), rgba[..., :3], alpha=rgba[..., 3])
add("grey-alpha.jp2", j2k(rgba[..., 2:]), rgba[..., 2], alpha=rgba[..., 3])
defined = box(b"cdef", struct.pack(">H", 4) + b"".join(struct.pack(">HHH", *row) for row in [(0, 1, 0), (1, 0, 1), (2, 0, 2), (3, 0, 3)]))
argb = stream_of(j2k(np.roll(rgba, 1, -1), "j2k", mct=False))
add("argb.jp2", jp2(argb, W, H, 4, boxes=defined), rgba[..., :3], alpha=rgba[..., 3])
add("rgb-cut.jp2", j2k(rgb)[:-200], refused="truncated")
planes = stream_of(j2k(rgb, "j2k", mct=False))
add("rgb-profile.jp2", jp2(planes, W, H, 3, colour=box(b"colr", b"\2\0\0" + bytes(128))), rgb)
order = [(0, 0, 3), (1, 0, 2), (2, 0, 1)]
defined = box(b"cdef", struct.pack(">H", 3) + b"".join(struct.pack(">HHH", *row) for row in order))
add("bgr.jp2", jp2(planes, W, H, 3, boxes=defined), rgb[..., ::-1])
y, cb, cr = rgb[..., 0].astype(float), rgb[..., 1] - 128.0, rgb[..., 2] - 128.0
back = np.stack([y + 1.402 * cr, y - 0.344136 * cb - 0.714136 * cr, y + 1.772 * cb], -1)
add("sycc.jp2", jp2(planes, W, H, 3, space=18), np.floor(np.clip(back, 0, 255) + 0.5))
add("cmyk.jp2", jp2(stream_of(j2k(rgba, "j2k", mct=False)), W, H, 4, space=12), refused="unsupported-type")
palette = rng.integers(0, 256, (16, 3))
index = picture(1, 15)[..., 0]
table = box(b"pclr", struct.pack(">HBBBB", 16, 3, 7, 7, 7) + palette.astype(np.uint8).tobytes())
table += box(b"cmap", b"".join(struct.pack(">HBB", 0, 1, c) for c in range(3)))
add("palette.jp2", jp2(stream_of(j2k(index, "j2k")), W, H, 1, boxes=table), palette[index], indices=index)
few = box(b"pclr", struct.pack(">HBBBB", 9, 3, 7, 7, 7) + palette[:9].astype(np.uint8).tobytes())
add("palette-short.jp2", jp2(stream_of(j2k(index, "j2k")), W, H, 1, boxes=few), refused="malformed")
signed = (grey.astype(np.int16) - 128).astype(np.int8)
add("signed.jp2", j2k(signed), refused="unsupported-type")

(OUT / "manifest.json").write_text(json.dumps(manifest, indent=2) + "\n")
