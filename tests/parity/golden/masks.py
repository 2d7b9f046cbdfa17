"""Mask files of every kind, with the pixels that each means.

    pip install numpy==2.4.6 pillow==13.0.0 tifffile==2026.3.3 nibabel==5.4.2 pydicom==3.0.2
    python tests/parity/golden/masks.py                 (rewrites the folder masks beside this file)

`masks/readings.json` lists, for each reading: `file`; `segment`, `image` and `frame` where they are given; and either
`refused` (the error code) with `says` (parts of the sentence) and `choices`, or `width`, `height`, `mask` (base64 of
H x W, 0 or 1), `kind`, `value`, `threshold` and `warnings` (codes). The masks follow from the arrays that were
written, by numpy; those of volumes with other axes by nibabel's reorientation, and of other grids by the places that
nibabel's affines give, voxel by voxel. `masks/manifest.json` describes the same pictures as images, as that of
`images` does, by Pillow.
"""

import base64
import io
import json
from pathlib import Path

import nibabel as nib
import numpy as np
import pydicom
import tifffile
from PIL import Image, ImageDraw, ImageFilter, ImageOps

OUT = Path(__file__).parent / "masks"
W, H = 48, 40
Y, X = np.mgrid[0:H, 0:W]
readings, manifest = [], []


def packed(a) -> str:
    return base64.b64encode(np.ascontiguousarray(a).astype(np.uint8).tobytes()).decode()


def write(name: str, data: bytes, is_picture: bool = True) -> None:
    (OUT / name).write_bytes(data)
    if not is_picture:
        return
    image = Image.open(io.BytesIO(data))
    is_grey = image.mode in ("1", "L", "LA") and not name.endswith(".webp")
    pixels = np.asarray(image.convert("L" if is_grey else "RGB"))
    lossy = name.endswith(".jpg") or "lossy" in name
    manifest.append({"name": name, "width": pixels.shape[1], "height": pixels.shape[0],
                     "channels": 1 if is_grey else 3, "tolerance": 3 if lossy else 0, "pixels": packed(pixels)})


def read(file, mask, kind="binary", value=None, threshold=None, warnings=(), **given):
    h, w = mask.shape
    readings.append({"file": file, **given, "width": w, "height": h, "mask": packed(mask), "kind": kind,
                     "value": value, "threshold": threshold, "warnings": list(warnings)})


def refuse(file, *says, code="frame-choice", choices=None, **given):
    readings.append({"file": file, **given, "refused": code, "says": list(says),
                     **({} if choices is None else {"choices": [str(c) for c in choices]})})


def png(image, **options) -> bytes:
    if not isinstance(image, Image.Image):
        image = Image.fromarray(image)
    buffer = io.BytesIO()
    image.save(buffer, options.pop("format", "PNG"), **options)
    return buffer.getvalue()


def tiff(a, **options) -> bytes:
    buffer = io.BytesIO()
    tifffile.imwrite(buffer, a, **options)
    return buffer.getvalue()


def disc(cx, cy, r, fine=1):
    """Coverage of every pixel by a disc, 0..1."""
    y, x = (np.mgrid[0:H * fine, 0:W * fine] + 0.5) / fine
    inside = np.hypot(x - cx, y - cy) <= r
    return inside.reshape(H, fine, W, fine).mean((1, 3))


A = disc(15, 14, 9) > 0
B = disc(34, 27, 7) > 0
LABELS = (A * 1 + B * 2).astype(np.uint8)
FINE = disc(22.3, 18.7, 11, 8)
SOFT = np.round(FINE * 255).astype(np.uint8)


# Values: one is the structure, several must be chosen from -------------------------------------------

def label_map(name, data, values, is_picture=True, chosen=None):
    """A file whose labels 1 and 2 have these values."""
    write(name, data, is_picture)
    one, two = chosen or values
    refuse(name, f"it has {one}, {two};", choices=[one, two])
    read(name, A, "label", one, segment=str(one))
    read(name, B, "label", two, segment=str(two))
    refuse(name, "it has no structure 7 here", f"it has {one}, {two}", segment="7", choices=[one, two])
    refuse(name, "segment must be one of its values", segment="liver")


def of(one, two, dtype=np.uint8):
    return np.where(A, one, np.where(B, two, 0)).astype(dtype)


for one, two in ((1, 2), (1, 255), (254, 255), (85, 170), (128, 255)):
    label_map(f"labels-{one}-{two}.png", png(of(one, two)), (one, two))
label_map("labels-16.png", png(of(300, 40000, np.uint16)), (300, 40000), False)
label_map("labels-rgb.png", png(np.dstack([of(1, 2)] * 3)), (1, 2))
for kind in (np.uint8, np.uint16, np.int16):
    label_map(f"labels-{np.dtype(kind).name}.tiff", tiff(of(3, 90, kind)), (3, 90), kind == np.uint8)

write("binary-255.png", png((A * 255).astype(np.uint8)))
read("binary-255.png", A)
read("binary-255.png", A, "label", 255, segment="255")
refuse("binary-255.png", "it has no structure 1 here", "it has 255", segment="1", choices=[255])
refuse("binary-255.png", "no structure 0", segment="0")
write("binary-1.png", png(A.astype(np.uint8)))
read("binary-1.png", A)
write("bits.png", png(Image.fromarray(A)))
read("bits.png", A)
write("empty.png", png(np.zeros((H, W), np.uint8)))
read("empty.png", A & False)
refuse("empty.png", "it has no value besides 0", segment="1", choices=[])
write("full.png", png(np.full((H, W), 255, np.uint8)))
read("full.png", A | True)
exif = Image.Exif()
exif[0x0112] = 6
turned = png(np.ascontiguousarray(np.rot90(LABELS)), exif=exif)
assert (np.asarray(ImageOps.exif_transpose(Image.open(io.BytesIO(turned)))) == LABELS).all()
label_map("turned.png", turned, (1, 2), False)
many = (X // 4 + 12 * (Y // 4) + 1).astype(np.uint8)
write("many.png", png(many))
refuse("many.png", "it has 1, 2, 3,", "50 and more", choices=range(1, 51))

# Label maps whose labels touch, or are as thin as edges ----------------------------------------------

ring = np.hypot(X - 23, Y - 19)
for inner, outer in ((255, 1), (255, 128), (128, 255), (200, 90)):
    for width in (1, 2, 4):
        rims = np.where(ring <= 12, inner, np.where(ring <= 12 + width, outer, 0)).astype(np.uint8)
        name = f"rim-{width}-{inner}-{outer}.png"
        write(name, png(rims))
        refuse(name, "send segment=n", choices=sorted([inner, outer]))
        read(name, rims == inner, "label", inner, segment=str(inner))
nested = np.select([ring <= 16 - 2 * k for k in range(6, -1, -1)], [250, 200, 160, 120, 80, 40, 20]).astype(np.uint8)
write("nested.png", png(nested))
refuse("nested.png", choices=[20, 40, 80, 120, 160, 200, 250])
rng = np.random.default_rng(5)
seeds = rng.uniform(0, 1, (117, 2)) * [H, W]
organs = (1 + np.argmin(np.hypot(Y[..., None] - seeds[:, 0], X[..., None] - seeds[:, 1]), -1)).astype(np.uint8)
organs[disc(23, 19, 18) == 0] = 0
write("organs.png", png(organs))
refuse("organs.png", choices=sorted(set(organs.flat) - {0})[:50])
read("organs.png", organs == 60, "label", 60, segment="60")
blurred = np.asarray(Image.fromarray(of(128, 255)).resize((W * 2, H * 2), Image.BILINEAR).resize((W, H), Image.BOX))
write("labels-resampled.png", png(blurred))
refuse("labels-resampled.png", "send segment=n")

# Soft masks are cut at half their maximum ------------------------------------------------------------


def soft(name, data, values, is_picture=True, lossy=False):
    write(name, data, is_picture)
    top = values.max()
    read(name, values >= top / 2, "soft", None, float(top / 2))
    refuse(name, "its lossy coding" if lossy else "degrees", segment="255")


soft("soft.png", png(SOFT), SOFT)
soft("soft-16.png", png(np.round(FINE * 65535).astype(np.uint16)), np.round(FINE * 65535), False)
soft("soft-rgb.png", png(np.dstack([SOFT] * 3)), SOFT)
soft("soft-dim.png", png((SOFT // 2).astype(np.uint8)), SOFT // 2)
red = np.dstack([SOFT, SOFT // 2, SOFT * 0])
soft("soft-orange.png", png(red), SOFT)
blur = np.asarray(Image.fromarray((A * 255).astype(np.uint8)).filter(ImageFilter.GaussianBlur(2)))
soft("soft-blurred.png", png(blur), blur)
degree = np.round(255 / (1 + np.exp((ring - 11) / 1.5))).astype(np.uint8)
soft("soft-probability.png", png(degree), degree)
small = np.round(disc(22.3, 18.7, 3, 8) * 255).astype(np.uint8)
soft("soft-small.png", png(small), small)
canvas = Image.new("L", (W * 8, H * 8))
ImageDraw.Draw(canvas).polygon([(40, 60), (300, 90), (260, 280), (110, 250)], fill=255)
polygon = np.asarray(canvas.resize((W, H), Image.BOX))
soft("soft-polygon.png", png(polygon), polygon)
palette = Image.fromarray(SOFT).quantize(256)
grey = np.asarray(palette.convert("L"))
soft("soft-palette.png", png(palette), grey)
for quality in (50, 90):
    for name, mask in (("grey", (A * 255).astype(np.uint8)), ("red", np.dstack([A * 255, A * 0, A * 0]).astype(np.uint8))):
        file = f"{name}-{quality}.jpg"
        write(file, png(mask, format="JPEG", quality=quality))
        values = np.asarray(Image.open(OUT / file))
        values = values.max(-1) if values.ndim == 3 else values
        if values.max() > 250:
            read(file, values >= values.max() / 2, "soft", None, float(values.max() / 2))
        refuse(file, "its lossy coding blurs labels", segment="255")
write("labels.jpg", png(of(85, 255), format="JPEG", quality=90))
refuse("labels.jpg", "several values or colours", "send a PNG")
write("colours.jpg", png(np.dstack([A * 255, B * 255, A * 0]).astype(np.uint8), format="JPEG", quality=90))
refuse("colours.jpg", "several values or colours", "send a PNG")
write("dim.jpg", png(of(1, 2), format="JPEG", quality=90))
refuse("dim.jpg", "this small")
texture = np.clip(rng.normal(90, 30, (H, W)) + 3 * X, 0, 255).astype(np.uint8)
write("picture.png", png(texture))
refuse("picture.png", "send segment=n")
write("picture.jpg", png(texture, format="JPEG", quality=90))
refuse("picture.jpg", "several values")

# Colours and palettes --------------------------------------------------------------------------------

write("red.png", png(np.dstack([A * 200, A * 0, A * 30]).astype(np.uint8)))
read("red.png", A)
refuse("red.png", "#c8001e", segment="1")
write("two-colours.png", png(np.dstack([A * 255, B * 128, A * 0]).astype(np.uint8)))
refuse("two-colours.png", "#ff0000, #008000", "one structure")


def indexed(labels, colours, **options):
    image = Image.fromarray(labels.astype(np.uint8), "P")
    image.putpalette(colours)
    return png(image, **options)


VOC = [0, 0, 0, 128, 0, 0, 0, 128, 0]
label_map("voc.png", indexed(LABELS, VOC), (1, 2))
label_map("voc-void.png", indexed(of(15, 255), sum(([i, i // 2, 255 - i] for i in range(1, 256)), [0, 0, 0])), (15, 255))
# A palette that ends before its labels do: Pillow fills it with black, and the label must not be lost.
label_map("voc-black.png", indexed(of(1, 2), [0, 0, 0, 128, 0, 0, 0, 0, 0]), (1, 2))
write("palette-inverse.png", indexed(1 - A, [255, 255, 255, 0, 0, 0]))
read("palette-inverse.png", A)
label_map("palette-grey.png", indexed(2 - of(2, 1), [170, 170, 170, 85, 85, 85, 0, 0, 0]), (170, 85), chosen=(170, 85))
readings[-5]["says"], readings[-5]["choices"] = ["it has 85, 170;"], ["85", "170"]
readings[-2]["says"], readings[-2]["choices"] = ["it has 85, 170"], ["85", "170"]
write("palette-colours.png", indexed(of(1, 2), [9, 9, 9, 128, 0, 0, 0, 128, 0]))
refuse("palette-colours.png", "#090909")


colours = np.zeros((3, 256), np.uint16)
colours[0, 1], colours[1, 2] = 128 * 257, 128 * 257
label_map("voc.tiff", tiff(LABELS, photometric="palette", colormap=colours), (1, 2))
label_map("labels-float32.tiff", tiff(of(3, 90, np.float32), photometric="minisblack"), (3, 90), False)
noisy = np.nextafter(of(3, 90, np.float32), np.float32(0))
label_map("labels-nearly-whole.tiff", tiff(noisy, photometric="minisblack"), (3, 90), False)
write("labels-scaled.tiff", tiff(of(.5, 1, np.float32), photometric="minisblack"), False)
refuse("labels-scaled.tiff", "which are neither whole labels nor probabilities")
soft("soft-float32.tiff", tiff(FINE.astype(np.float32), photometric="minisblack"), FINE.astype(np.float32), False)
pages = np.stack([LABELS, of(2, 1), LABELS * 0])
write("pages.tiff", tiff(pages, photometric="minisblack"), False)
write("stack.tiff", tiff(rng.integers(0, 255, (3, H, W)).astype(np.uint8), photometric="minisblack"), False)
for frame, one in ((0, 1), (1, 2)):
    read("pages.tiff", A, "label", one, segment=str(one), image="stack.tiff", frame=frame)
refuse("pages.tiff", "no structure 1 here", segment="1", image="stack.tiff", frame=2)

# Alpha that varies is the mask -----------------------------------------------------------------------

photo = np.dstack([X * 5, Y * 6, X + Y]).astype(np.uint8)


def cut_out(name, colour, alpha, **options):
    write(name, png(np.dstack([colour, alpha]), **options))
    read(name, alpha >= alpha.max() / 2, "alpha", None, float(alpha.max() / 2))


CUT = (A * 255).astype(np.uint8)
white = np.full((H, W, 3), 255, np.uint8)
cut_out("alpha-white.png", white, CUT)
cut_out("alpha-black.png", white * 0, CUT)
cut_out("alpha-photo.png", photo, CUT)
cut_out("alpha-soft.png", photo, SOFT)
cut_out("alpha-half.png", white, CUT // 2)
cut_out("alpha-grey.png", white[..., 0], CUT)
cut_out("alpha-lossless.webp", photo, CUT, format="WEBP", lossless=True, exact=True)
cut_out("alpha-lossy.webp", photo, CUT, format="WEBP", quality=80)
write("alpha.tiff", tiff(np.dstack([photo, CUT]), photometric="rgb", extrasamples=["unassalpha"]), False)
read("alpha.tiff", A, "alpha", None, 127.5)
refuse("alpha-white.png", "no structure 3", segment="3", choices=[255])
read("alpha-white.png", A, "label", 255, segment="255")
write("alpha-labels.png", png(np.dstack([of(1, 2)] * 3 + [((A | B) * 255).astype(np.uint8)])))
read("alpha-labels.png", A | B, "alpha", None, 127.5)
read("alpha-labels.png", B, "label", 2, segment="2")
write("alpha-constant.png", png(np.dstack([of(255, 0)] * 3 + [white[..., 0]])))
read("alpha-constant.png", A)
write("trns-palette.png", indexed(1 - A, [255, 255, 255, 255, 255, 255], transparency=bytes([255, 0])))
read("trns-palette.png", A, "alpha", None, 127.5)
label_map("trns-labels.png", indexed(of(1, 2), [255, 255, 255, *VOC[3:]], transparency=0), (1, 2))
write("trns-grey.png", png(Image.fromarray(np.where(A, 9, 200).astype(np.uint8)), transparency=200))
read("trns-grey.png", A, "alpha", None, 127.5)
write("trns-rgb.png", png(Image.fromarray(np.where(A[..., None], photo, 255).astype(np.uint8)), transparency=(255, 255, 255)))
read("trns-rgb.png", A, "alpha", None, 127.5)

# Volumes: places decide ------------------------------------------------------------------------------

SHAPE = (11, 9, 5)
STEPS = np.array([-2.0, -2.5, 3.0])
AFFINE = np.diag([*STEPS, 1.0])
AFFINE[:3, 3] = (40, 30, -20)
VOXELS = rng.integers(0, 3, SHAPE).astype(np.uint8)
VOXELS[0, 0] = (1, 2, 1, 2, 1)   # every slice has both labels
VOXELS[0, 1] = (2, 1, 2, 1, 2)


def volume(name, data, affine, is_bare=False):
    image = nib.Nifti1Image(np.ascontiguousarray(data), None if is_bare else affine)
    if is_bare:
        image.header["sform_code"] = image.header["qform_code"] = 0
    write(name, image.to_bytes(), False)
    return image


IMAGE = "volume.nii"
volume(IMAGE, rng.integers(0, 900, SHAPE).astype(np.int16), AFFINE)
same = dict(image=IMAGE, kind="label")
for codes in ("LPS", "RAS", "LAS", "PIR", "SLP", "IAR", "ASL"):
    image = nib.Nifti1Image(VOXELS, AFFINE)
    turn = nib.orientations.ornt_transform(nib.io_orientation(AFFINE), nib.orientations.axcodes2ornt(codes))
    turned = image.as_reoriented(turn)
    name = f"mask-{codes}.nii"
    volume(name, np.asarray(turned.dataobj), turned.affine)
    for frame in (0, 3):
        read(name, VOXELS[:, :, frame].T == 2, value=2, segment="2", frame=frame, **same)
refuse("mask-PIR.nii", "it has 1, 2;", image=IMAGE, frame=1, choices=[1, 2])
volume("mask-float.nii", VOXELS.astype(np.float32), AFFINE)
read("mask-float.nii", VOXELS[:, :, 2].T == 1, value=1, segment="1", frame=2, **same)
volume("mask-one.nii", ((VOXELS == 2) * 2 * (np.arange(5) != 1)).astype(np.uint8), AFFINE)
read("mask-one.nii", VOXELS[:, :, 2].T == 2, "binary", 2, image=IMAGE, frame=2)
read("mask-one.nii", VOXELS[:, :, 1].T > 9, "binary", None, image=IMAGE, frame=1)
refuse("mask-one.nii", "no structure 2 here", segment="2", image=IMAGE, frame=1, choices=[])
chance = rng.uniform(0, 1, SHAPE).astype(np.float32)
volume("mask-chance.nii", chance, AFFINE)
read("mask-chance.nii", chance[:, :, 2].T >= chance[:, :, 2].max() / 2, "soft", None, float(chance[:, :, 2].max() / 2),
     image=IMAGE, frame=2)
volume("mask-between.nii", (VOXELS * 1.5).astype(np.float32), AFFINE)
refuse("mask-between.nii", "it has 1.5, 3, which are neither", image=IMAGE, frame=2)
signed = VOXELS.astype(np.int16) - 1
volume("mask-signed.nii", signed, AFFINE)
read("mask-signed.nii", signed[:, :, 2].T == -1, value=-1, segment="-1", frame=2, **same)


def nearest(data, affine, to_place, shape):
    """The nearest voxel at every pixel of a picture; 0 outside. @param to_place (x, y, 1) to RAS+ millimetres."""
    y, x = np.mgrid[0:shape[0], 0:shape[1]]
    places = to_place @ np.stack([x, y, x * 0 + 1]).reshape(3, -1)
    at = np.linalg.inv(affine) @ np.vstack([places, np.ones(places.shape[1])])
    at = np.floor(at[:3] + 0.5).astype(int)
    inside = ((at >= 0) & (at < np.array(data.shape)[:, None])).all(0)
    out = np.zeros(at.shape[1], data.dtype)
    out[inside] = data[tuple(at[:, inside])]
    return out.reshape(shape)


def slice_place(frame):
    return np.stack([AFFINE[:3, 0], AFFINE[:3, 1], AFFINE[:3, 2] * frame + AFFINE[:3, 3]], -1)


for name, shape, grid in (  # the last takes indices of the mask to those of the image
    ("coarse", (6, 5, 3), [[2, 0, 0, 0.4], [0, 2, 0, 0.3], [0, 0, 2, 0.2]]),
    ("fine", (22, 18, 10), [[0.5, 0, 0, -0.2], [0, 0.5, 0, -0.2], [0, 0, 0.5, -0.2]]),
    ("cropped", (5, 4, 3), [[1, 0, 0, 3], [0, 1, 0, 2], [0, 0, 1, 1]]),
    ("shifted", SHAPE, [[1, 0, 0, 0.4], [0, 1, 0, 0], [0, 0, 1, 0]]),
    ("coarse-turned", (3, 6, 5), [[0, -2, 0, 10.3], [0, 0, 2, 0.3], [2, 0, 0, 0.2]]),
):
    data = rng.integers(0, 3, shape).astype(np.uint8)
    affine = AFFINE @ np.array([*grid, [0, 0, 0, 1]])
    volume(f"mask-{name}.nii", data, affine)
    for frame in (1, 2):
        there = nearest(data, affine, slice_place(frame), SHAPE[1::-1])
        read(f"mask-{name}.nii", there == 2, value=2, segment="2", frame=frame, warnings=["mask-resampled"], **same)
refuse("mask-cropped.nii", "does not reach", "5×4×3 voxels", image=IMAGE, frame=4)
turn = np.eye(4)
turn[:2, :2] = [[np.cos(0.3), -np.sin(0.3)], [np.sin(0.3), np.cos(0.3)]]
volume("mask-oblique.nii", VOXELS, turn @ AFFINE)
refuse("mask-oblique.nii", "oblique", "11×9×5 voxels", "2×2.5×3 mm", "left-posterior-superior, tilted",
       code="invalid-input", image=IMAGE, frame=1)
volume("mask-bare.nii", VOXELS, AFFINE, True)
read("mask-bare.nii", VOXELS[:, :, 3].T == 2, value=2, segment="2", frame=3, **same)
volume("mask-bare-small.nii", VOXELS[:, :, :4], AFFINE, True)
refuse("mask-bare-small.nii", "another size", "11×9×4 voxels, no place stated", code="invalid-input", image=IMAGE, frame=1)
volume("mask-single.nii", VOXELS[:, :, 2:3], AFFINE)
read("mask-single.nii", VOXELS[:, :, 2].T == 2, value=2, segment="2", frame=3, **same)
volume("mask-in-time.nii", np.stack([VOXELS, VOXELS], -1), AFFINE)
refuse("mask-in-time.nii", "2 volumes", code="invalid-input", image=IMAGE, frame=1)
refuse("mask-LPS.nii", "another size", code="invalid-input", image="binary-255.png")

# A DICOM image's axes point to the left and the back ------------------------------------------------


def dicom(name, position, orientation, spacing, size):
    ds = pydicom.Dataset()
    ds.SOPClassUID, ds.SOPInstanceUID, ds.FrameOfReferenceUID = "1.2.840.10008.5.1.4.1.1.2", "1.2.3.4", "1.2.3.5"
    ds.ImagePositionPatient, ds.ImageOrientationPatient, ds.PixelSpacing = position, orientation, spacing
    ds.Rows, ds.Columns = size
    ds.SamplesPerPixel, ds.PhotometricInterpretation, ds.PixelRepresentation = 1, "MONOCHROME2", 0
    ds.BitsAllocated = ds.BitsStored = 8
    ds.HighBit = 7
    ds.PixelData = bytes(size[0] * size[1] + size[0] * size[1] % 2)
    ds.file_meta = pydicom.dataset.FileMetaDataset()
    ds.file_meta.TransferSyntaxUID = pydicom.uid.ExplicitVRLittleEndian
    buffer = io.BytesIO()
    ds.save_as(buffer, enforce_file_format=True)
    (OUT / name).write_bytes(buffer.getvalue())
    across, down = np.array(orientation[:3]) * spacing[1], np.array(orientation[3:]) * spacing[0]
    return np.diag([-1, -1, 1]) @ np.stack([across, down, position], -1)


first = AFFINE @ (0, 0, 3, 1) * (-1, -1, 1, 1)
place = dicom("axial.dcm", [*first[:3]], [1, 0, 0, 0, 1, 0], [2.5, 2], (9, 11))
for codes in ("LPS", "LAS", "PIR"):
    read(f"mask-{codes}.nii", VOXELS[:, :, 3].T == 2, "label", 2, segment="2", image="axial.dcm")
first = AFFINE @ (4, 0, 4, 1) * (-1, -1, 1, 1)
place = dicom("sagittal.dcm", [*first[:3]], [0, 1, 0, 0, 0, -1], [3, 2.5], (5, 9))
read("mask-LPS.nii", VOXELS[4, :, ::-1].T == 2, "label", 2, segment="2", image="sagittal.dcm")
place = dicom("fine.dcm", [-38.2, -29.1, -15], [1, 0, 0, 0, 1, 0], [1.1, 0.9], (18, 22))
read("mask-SLP.nii", nearest(VOXELS, AFFINE, place, (18, 22)) == 2, "label", 2, segment="2", image="fine.dcm",
     warnings=["mask-resampled"])
dicom("far.dcm", [-40, -30, 90], [1, 0, 0, 0, 1, 0], [2.5, 2], (9, 11))
refuse("mask-LPS.nii", "does not reach", image="far.dcm")
refuse("mask-single.nii", "does not reach", image="far.dcm")
refuse("mask-bare.nii", "another size", code="invalid-input", image="axial.dcm")

if __name__ == "__main__":
    (OUT / "readings.json").write_text(json.dumps(readings, separators=(",", ":")).replace("},{", "},\n{") + "\n")
    (OUT / "manifest.json").write_text(json.dumps(manifest, separators=(",", ":")).replace("},{", "},\n{") + "\n")
