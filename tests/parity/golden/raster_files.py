"""Pictures as cameras, scanners, browsers and old programs leave them: JPEG with harmless damage, PNG with odd chunks,
GIF, BMP and JPEG 2000 files.

    pip install numpy==2.4.6 pillow==13.0.0 imagecodecs==2026.3.6
    python tests/parity/golden/raster_files.py           (rewrites the folder raster_files beside this file)

`raster_files/manifest.json` is of the form that `images.py` describes. Expected pixels are those of the sound file by
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


def add(name, data, expected=None, tolerance=0, mask=None, refused=None):
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

(OUT / "manifest.json").write_text(json.dumps(manifest, indent=2) + "\n")
