"""Small NIfTI, NRRD and MetaImage volumes of every layout, with the pixels that they show and where they lie.

    pip install numpy==2.4.6 nibabel==5.4.2 simpleitk==2.5.7 pynrrd==1.1.3
    python tests/parity/golden/volumes.py               (rewrites the folder volumes beside this file)

`volumes/manifest.json` has the entries that images.py describes, and `affine`: the 3x4 matrix from voxels to
millimetres right, front and up (RAS), row-major, or null. nibabel reads the NIfTI files back, pynrrd and SimpleITK
the NRRD files, SimpleITK the MetaImages; the documented rule takes their values to 8 bits.
"""

import base64
import gzip
import json
import struct
import tempfile
import zlib
from pathlib import Path

import nibabel as nib
import nrrd
import numpy as np
import SimpleITK as sitk

from hot_pixels import like_neighbours

OUT = Path(__file__).parent / "volumes"
OUT.mkdir(exist_ok=True)
for old in OUT.iterdir():
    old.unlink()
W, H, D = 19, 13, 4
rng = np.random.default_rng(23)
manifest = []
scratch = Path(tempfile.mkdtemp())
pack = lambda a: base64.b64encode(np.ascontiguousarray(a, np.uint8).tobytes()).decode()


def shown(values):
    """The documented range: percentiles 0.5 and 99.5, less left out where these are one value, then all of it."""
    v = np.sort(values[np.isfinite(values)].ravel())
    for part in (1, 0.1, 0.01):
        low = v[int(np.floor(0.005 * part * (len(v) - 1)))]
        high = v[int(np.ceil((1 - 0.005 * part) * (len(v) - 1)))]
        if high > low:
            return low, high
    return v[0], v[-1]


def to8(values, low, high):
    if not high > low:
        return np.zeros(values.shape, np.uint8)
    return np.floor(np.clip((values - low) / (high - low), 0, 1) * 255 + 0.5).astype(np.uint8)


def write(name, data):
    (OUT / name).write_bytes(data)


def add(name, data, values, affine=None, window=None, slices=None, hot=None):
    """values: frames x H x W of true values, or frames x H x W x 3 of colours. A grey level that lies half-way may be rounded either way."""
    write(name, data)
    colour = values.ndim == 4
    values = np.where(np.isnan(values.astype(float)), 0, values.astype(float))
    frames = values if colour else to8(values, *(window or shown(values)))
    if hot is not None:
        frame, row, column = hot
        frames[frame] = like_neighbours(frames[frame], row, column)
    n = len(frames)
    slices = slices or n
    entry = dict(
        name=name, width=frames.shape[2], height=frames.shape[1], channels=3 if colour else 1, pixels=pack(frames[0]),
        tolerance=0 if colour else 1, mask=pack((values[0] != 0).any(-1) if colour else values[0] != 0),
        affine=None if affine is None else [float(v) for v in np.asarray(affine)[:3].ravel()])
    if n > 1:
        entry["more"] = [pack(f) for f in frames[1:]]
        entry["positions"] = [k % slices / (slices - 1) if slices > 1 else 0 for k in range(n)]
    manifest.append(entry)


def refuse(name, data, code):
    write(name, data)
    manifest.append(dict(name=name, refused=code, width=0, height=0, channels=1, tolerance=0))


def ramp(low, high, *rest, dtype=np.int16):
    """x, y and further axes: smooth, with some noise, from low to high."""
    shape = (W, H) + rest
    grid = np.indices(shape)
    a = sum(g / n for g, n in zip(grid, shape)) / len(shape) + rng.random(shape) * 0.1
    a = (a - a.min()) / (a.max() - a.min())
    return (low + a * (high - low)).round().astype(dtype)


def colours(dtype=np.uint8, top=255):
    """x, y, z, colour."""
    return np.stack([ramp(0, top, D, dtype=dtype), ramp(top, 0, D, dtype=dtype), ramp(0, top // 3, D, dtype=dtype)], -1)


def stack(a):
    """x, y[, z[, t]] as frames x H x W."""
    return np.moveaxis(a.reshape(W, H, -1, order="F"), [0, 1, 2], [2, 1, 0])


def stack_colours(a):
    """x, y, z, colour as frames x H x W x 3."""
    return np.transpose(a[..., :3], (2, 1, 0, 3))


# --- NIfTI ---
OBLIQUE = np.array([[-0.79, 0.05, 0.3, 11], [0.02, 0.69, -0.2, -7.5], [0.1, 0.08, 2.4, 30], [0, 0, 0, 1]])


def nifti(array, order="<", cls=nib.Nifti1Image, affine=OBLIQUE, change=lambda header: None):
    header = cls.header_class(endianness=order)
    picture = cls(array, affine, header, dtype=array.dtype)
    change(picture.header)
    return picture.to_bytes()


def poke(data, form, *places):
    data = bytearray(data)
    for at, *values in places:
        struct.pack_into(form, data, at, *values)
    return bytes(data)


def add_nifti(name, data, read=None, window=None, affine=..., cls=nib.Nifti1Image, hot=None):
    """read: what nibabel is given where it is stricter than the file's readers need to be."""
    plain = read or (gzip.decompress(data) if name.endswith(".gz") else data)
    picture = cls.from_bytes(plain)
    values = np.asarray(picture.dataobj)
    place = picture.affine if affine is ... else affine
    if values.dtype.names:
        add(name, data, stack_colours(np.stack([values[c] for c in "RGB"], -1)), place)
    elif values.ndim == 5:
        add(name, data, stack_colours(values[:, :, :, 0, :]), place)
    else:
        slices = values.shape[2] if values.ndim > 2 else 1
        add(name, data, stack(values), place, window, slices, hot)


zipped = lambda data: gzip.compress(data, mtime=0)
volume = ramp(-1000, 2000, D)
for kind in ("uint8", "int8", "int16", "uint16", "int32", "uint32", "int64", "uint64", "float32", "float64"):
    a = ramp(-100 if kind[0] != "u" else 0, 120, dtype=kind)
    add_nifti(f"nifti-{kind}.nii", nifti(a))
plain = nifti(volume)
add_nifti("nifti-volume.nii", plain)
add_nifti("nifti-volume.nii.gz", zipped(plain))
add_nifti("nifti-big-endian.nii", nifti(volume, order=">"))
add_nifti("nifti-big-endian-int64.nii.gz", zipped(nifti(volume.astype(np.int64), order=">")))
add_nifti("nifti-series.nii", nifti(ramp(0, 200, 2, 2, dtype=np.uint8)))


def cal(low, high):
    def change(header):
        header["cal_min"], header["cal_max"] = low, high
    return change


add_nifti("nifti-window.nii.gz", zipped(nifti(volume, change=cal(-160, 240))), window=(-160, 240))
add_nifti("nifti-window-lost.nii.gz", zipped(nifti(volume + 1700, change=cal(0, 255))))
hot = volume.copy()
hot[3, 4, 1] = 32000
add_nifti("nifti-hot-voxel.nii.gz", zipped(nifti(hot)), hot=(1, 4, 3))
hot = ramp(0, 20, D, dtype=np.uint8)
hot[3, 4, 1] = 255
add_nifti("nifti-hot-voxel-uint8.nii", nifti(hot), hot=(1, 4, 3))
labels = np.zeros((W, H, D), np.uint8)
labels[4:9, 3:9, 1:3], labels[12:16, 5:8, 2] = 1, 2
add_nifti("nifti-labels.nii.gz", zipped(nifti(labels)))
add_nifti("nifti-few-labels.nii", nifti((labels == 2).astype(np.uint16)))
add_nifti("nifti-constant.nii", nifti(np.full((W, H), 7, np.int16)))

holes = volume.astype(np.float32)
holes[:5] = np.nan
holes[7, 7, 0], holes[8, 8, 0] = np.inf, -np.inf
add_nifti("nifti-nan.nii", nifti(holes))
scaled = lambda slope, intercept: poke(plain, "<2f", (112, slope, intercept))
add_nifti("nifti-scaled.nii", scaled(0.5, -24))
add_nifti("nifti-negative-slope.nii", scaled(-1, 0))
add_nifti("nifti-slope-0.nii", scaled(0, 5), read=plain)
add_nifti("nifti-slope-nan.nii", scaled(np.nan, np.nan), read=plain)

for name, order in (("", "<"), ("-big-endian", ">")):
    data = nifti(volume, order, nib.Nifti2Image)
    add_nifti(f"nifti-2{name}.nii", data, cls=nib.Nifti2Image)
    add_nifti(f"nifti-2{name}.nii.gz", zipped(data), cls=nib.Nifti2Image)

rgb = colours()
bytes_of = lambda a, names: np.ascontiguousarray(a).view([(n, "u1") for n in names])[..., 0]
rgba = np.concatenate([rgb, 255 - rgb[..., :1]], -1)
add_nifti("nifti-rgb24.nii.gz", zipped(nifti(bytes_of(rgb, "RGB"))))
add_nifti("nifti-rgba32.nii", nifti(bytes_of(rgba, "RGBA")))
add_nifti("nifti-vector-rgb.nii.gz", zipped(nifti(rgb[:, :, :, None])))
add_nifti("nifti-vector-rgba.nii", nifti(rgba[:, :, :, None], change=lambda h: h.set_intent(2004)))
refuse("refused-nifti-vectors.nii", nifti(rgb[:, :, :, None].astype(np.float32)), "unsupported-type")

add_nifti("nifti-offset-0.nii", poke(plain, "<f", (108, 0)), read=plain)
add_nifti("nifti-offset-odd.nii", poke(plain[:352] + b"\0" * 5 + plain[352:], "<f", (108, 357)), read=plain)
extended = nib.Nifti1Image(volume, OBLIQUE)
extended.header.extensions.append(nib.nifti1.Nifti1Extension("comment", b"some words"))
add_nifti("nifti-extension.nii.gz", zipped(extended.to_bytes()))
add_nifti("nifti-dimensions-0.nii", poke(plain, "<h", (40, 0)), read=plain)
flat = nifti(ramp(0, 50))
add_nifti("nifti-lengths-0.nii", poke(flat, "<8h", (40, 4, W, H, 0, 0, 0, 0, 0)), read=flat)
add_nifti("nifti-length-swapped.nii", poke(plain, ">i", (0, 348)), read=plain)
add_nifti("nifti-trailing.nii", plain + b"more" * 9, read=plain)
members = zipped(plain[:352]) + zipped(plain[352:900]) + zipped(plain[900:]) + b"\0" * 512
add_nifti("nifti-members.nii.gz", members)

quaternion = nib.Nifti1Image(volume, None)
turn = nib.affines.from_matvec(nib.quaternions.quat2mat([0.8, 0.3, -0.4, np.sqrt(0.11)]) @ np.diag([0.7, 0.9, -2.5]), [5, 6, 7])
quaternion.header.set_qform(turn, 1)
quaternion.header.set_sform(None, 0)
add_nifti("nifti-quaternion.nii", quaternion.to_bytes(), affine=quaternion.header.get_qform())
microns = nib.Nifti1Image(volume, OBLIQUE)
microns.header.set_xyzt_units("micron")
add_nifti("nifti-microns.nii", microns.to_bytes(), affine=OBLIQUE * 0.001)
nowhere = nib.Nifti1Image(volume, None)
nowhere.header.set_qform(None, 0)
nowhere.header.set_sform(None, 0)
add_nifti("nifti-nowhere.nii", nowhere.to_bytes(), affine=None)

refuse("refused-nifti-complex.nii", nifti(ramp(0, 9).astype(np.complex64)), "unsupported-type")
refuse("refused-nifti-float128.nii", poke(plain, "<hh", (70, 1536, 128)), "unsupported-type")
refuse("refused-nifti-cut.nii.gz", zipped(flat)[:-100], "truncated")
refuse("refused-nifti-damaged.nii.gz", zipped(flat)[:-8] + b"\1" * 8, "malformed")
analyze = poke(plain[:352], "<4s", (344, b"\0\0\0\0"))
refuse("refused-analyze.hdr", poke(analyze, "<c", (38, b"r")), "unsupported-type")


def pair(cls, name, zip_header=False, zip_voxels=False):
    cls(volume, OBLIQUE).to_filename(scratch / "p.img")
    header, voxels = (scratch / "p.hdr").read_bytes(), (scratch / "p.img").read_bytes()
    refuse(f"{name}.hdr" + ".gz" * zip_header, zipped(header) if zip_header else header, "unsupported-type")
    write(f"{name}.img" + ".gz" * zip_voxels, zipped(voxels) if zip_voxels else voxels)


# The pairs hold the volume of nifti-volume.nii.
pair(nib.Nifti1Pair, "pair-nifti-1")
pair(nib.Nifti1Pair, "pair-nifti-1-zipped", True, True)
pair(nib.Nifti1Pair, "pair-nifti-1-half-zipped", False, True)
pair(nib.Nifti2Pair, "pair-nifti-2")


# --- NRRD ---
def header(sizes, type="short", encoding="raw", version=4, **fields):
    lines = [f"NRRD000{version}", "# a comment", f"type: {type}", f"dimension: {len(sizes)}",
             "sizes: " + " ".join(map(str, sizes)), f"encoding: {encoding}"]
    lines += [f"{name.replace('_', ' ')}: {value}" for name, value in fields.items()]
    return ("\n".join(lines) + "\nsome key:=some value\n").encode()


def steps(matrix, *nones):
    """The columns of a 3x4 matrix as space directions, with `none` at the places named; the last is the origin."""
    words = ["(" + ",".join(map(str, column[:3])) + ")" for column in np.asarray(matrix).T]
    origin = words.pop()
    for at in nones:
        words.insert(at, "none")
    return dict(space_directions=" ".join(words), space_origin=origin)


LPS = np.diag([-1, -1, 1, 1]) @ OBLIQUE
ANATOMY = dict(space="left-posterior-superior", **steps(LPS))
bytes_in = lambda a, order="<": a.astype(a.dtype.newbyteorder(order)).tobytes(order="F")


def place_of(path):
    """The matrix of SimpleITK, in RAS."""
    p = sitk.ReadImage(path)
    m = np.eye(4)
    m[:3, :3] = np.array(p.GetDirection()).reshape(3, 3) @ np.diag(p.GetSpacing())
    m[:3, 3] = p.GetOrigin()
    return np.diag([-1, -1, 1, 1]) @ m


def add_nrrd(name, data, order=None, affine=None, by_itk=False, slices=D, read=None):
    """order: the axes of pynrrd's array as x, y, z or t[, colour]. read: a file that pynrrd reads alike."""
    path = scratch / "volume.nrrd"
    path.write_bytes(read or data)
    array, _ = nrrd.read(str(path))
    if order is not None:
        array = np.transpose(array, order)
    if by_itk:
        itk = place_of(path)
        assert np.allclose(itk, affine), (name, itk, affine)
        assert np.array_equal(sitk.GetArrayFromImage(sitk.ReadImage(path)), stack(array))
    colour = array.ndim == 4 and array.shape[3] in (3, 4)
    if colour and array.dtype.itemsize == 2:
        frames = np.floor(stack_colours(array) / 257 + 0.5)
    else:
        frames = stack_colours(array) if colour else stack(array)
    add(name, data, frames, affine, slices=slices)


little = dict(endian="little", kinds="domain domain domain", **ANATOMY)
raw = header((W, H, D), **little) + b"\n" + bytes_in(volume)
add_nrrd("nrrd-raw.nrrd", raw, affine=OBLIQUE, by_itk=True)
add_nrrd("nrrd-gzip.nrrd", header((W, H, D), encoding="gzip", **little) + b"\n" + zipped(bytes_in(volume)), affine=OBLIQUE, by_itk=True)
add_nrrd("nrrd-crlf.nrrd", raw[: -volume.nbytes].replace(b"\n", b"\r\n") + bytes_in(volume), affine=OBLIQUE, read=raw)
add_nrrd("nrrd-big-endian.nrrd", header((W, H, D), **{**little, "endian": "big"}) + b"\n" + bytes_in(volume, ">"), affine=OBLIQUE, by_itk=True)
text = "\n".join(" ".join(map(str, row)) for row in volume.reshape(W, -1, order="F").T.tolist())
add_nrrd("nrrd-text.nrrd", header((W, H, D), encoding="ascii", **ANATOMY) + b"\n" + text.encode(), affine=OBLIQUE, by_itk=True)
digits = bytes_in(volume).hex().encode()
digits = b"\n".join(digits[i : i + 60] for i in range(0, len(digits), 60))
add_nrrd("nrrd-hex.nrrd", header((W, H, D), encoding="hex", **little) + b"\n" + digits, affine=OBLIQUE, read=raw)
words = header((W, H), type="float", encoding="text")
floats = ramp(0, 1, dtype=np.float32) + rng.random((W, H)).astype(np.float32)
rows = lambda form: "\n".join(" ".join(map(form, row)) for row in floats.T.tolist()).encode()
add_nrrd("nrrd-text-floats.nrrd", words + b"\n" + rows(lambda v: f"{v:.8e}"), slices=1)

for kind, names in {
    "int8": ["signed char", "int8_t"], "uint8": ["uchar", "unsigned char"], "int16": ["short int", "signed short int"],
    "uint16": ["ushort", "unsigned short int"], "int32": ["signed int", "int32"], "uint32": ["uint", "uint32_t"],
    "int64": ["longlong", "signed long long int"], "uint64": ["unsigned long long", "uint64_t"],
    "float32": ["float"], "float64": ["double"],
}.items():
    for i, name in enumerate(names):
        a = ramp(-100 if kind[0] != "u" else 0, 120, dtype=kind)
        data = header((W, H), type=name, version=1 + i, endian="little") + b"\n" + bytes_in(a)
        add_nrrd(f"nrrd-{kind}-{i}.nrrd", data, slices=1)

skipped = header((W, H, D), byte_skip=7, **little) + b"\n" + b"1234567" + bytes_in(volume)
add_nrrd("nrrd-byte-skip.nrrd", skipped, affine=OBLIQUE, read=raw)
skipped = header((W, H, D), line_skip=2, encoding="gzip", **little) + b"\none\ntwo\n" + zipped(bytes_in(volume))
add_nrrd("nrrd-line-skip.nrrd", skipped, affine=OBLIQUE, read=raw)
skipped = header((W, H, D), byte_skip=-1, **little) + b"\nmany words before the voxels" + bytes_in(volume)
add_nrrd("nrrd-at-the-end.nrrd", skipped, affine=OBLIQUE, read=raw)

for space, signs in (("right-anterior-superior", (1, 1, 1)), ("LAS", (-1, 1, 1))):
    turned = np.diag([*signs, 1]) @ OBLIQUE
    fields = dict(endian="little", space=space, **steps(turned))
    add_nrrd(f"nrrd-{space[:3].lower()}.nrrd", header((W, H, D), **fields) + b"\n" + bytes_in(volume), affine=OBLIQUE, by_itk=True)
fields = dict(endian="little", space="scanner-xyz", **steps(OBLIQUE))
add_nrrd("nrrd-scanner.nrrd", header((W, H, D), **fields) + b"\n" + bytes_in(volume))
add_nrrd("nrrd-spacings.nrrd", header((W, H, D), endian="little", spacings="0.7 0.8 2.5") + b"\n" + bytes_in(volume))

first = np.moveaxis(rgb, 3, 0)
fields = dict(space="left-posterior-superior", **steps(LPS, 0))
for kind in ("RGB-color", "3-color", "vector"):
    data = header((3, W, H, D), "uchar", kinds=f"{kind} domain domain domain", **fields) + b"\n" + bytes_in(first)
    add_nrrd(f"nrrd-{kind.lower()}.nrrd", data, (1, 2, 3, 0), OBLIQUE)
data = header((4, W, H, D), "uchar", "gz", kinds="RGBA-color domain domain domain", **fields) + b"\n"
add_nrrd("nrrd-rgba.nrrd", data + zipped(bytes_in(np.moveaxis(rgba, 3, 0))), (1, 2, 3, 0), OBLIQUE)
deep = colours(np.uint16, 60000)
data = header((3, W, H, D), "ushort", kinds="RGB-color domain domain domain", endian="big") + b"\n" + bytes_in(np.moveaxis(deep, 3, 0), ">")
add_nrrd("nrrd-rgb16.nrrd", data, (1, 2, 3, 0))
data = header((3, W, H, D), "uchar") + b"\n" + bytes_in(first)
add_nrrd("nrrd-rgb-unnamed.nrrd", data, (1, 2, 3, 0))
data = header((W, H, D, 3), "uchar", "gzip", kinds="domain domain domain RGB-color", space="LPS", **steps(LPS, 3)) + b"\n"
add_nrrd("nrrd-colour-last.nrrd", data + zipped(bytes_in(rgb)), affine=OBLIQUE)
data = header((W, H, 3, D), "uchar", "gzip", kinds="domain domain 3-color domain", space="LPS", **steps(LPS, 2)) + b"\n"
add_nrrd("nrrd-colour-between.nrrd", data + zipped(bytes_in(np.swapaxes(rgb, 2, 3))), (0, 1, 3, 2), OBLIQUE)
times = ramp(0, 3000, D, 2)
data = header((W, H, D, 2), encoding="gzip", kinds="domain domain domain list", endian="little", space="LPS", **steps(LPS, 3)) + b"\n"
add_nrrd("nrrd-list-last.nrrd", data + zipped(bytes_in(times)), affine=OBLIQUE)
data = header((2, W, H, D), encoding="gzip", kinds="list domain domain domain", endian="little", space="LPS", **steps(LPS, 0)) + b"\n"
add_nrrd("nrrd-list-first.nrrd", data + zipped(bytes_in(np.moveaxis(times, 3, 0))), (1, 2, 3, 0), OBLIQUE)

refuse("refused-nrrd-bzip2.nrrd", header((W, H), encoding="bzip2", endian="little") + b"\nBZh9", "unsupported-type")
refuse("refused-nrrd-block.nrrd", header((W, H), type="block", block_size=3) + b"\n" + b"\0" * W * H * 3, "unsupported-type")
refuse("refused-nrrd-no-endian.nrrd", header((W, H)) + b"\n" + bytes_in(volume[:, :, 0]), "malformed")
refuse("refused-nrrd-matrices.nrrd", header((7, W, H, D), "float", kinds="3D-masked-symmetric-matrix domain domain domain", endian="little") + b"\n" + b"\0" * W * H * D * 28, "unsupported-type")
refuse("refused-nrrd-vectors.nrrd", header((3, W, H, D), "float", kinds="vector domain domain domain", endian="little") + b"\n" + b"\0" * W * H * D * 12, "unsupported-type")
refuse("refused-nrrd-cut.nrrd", raw[:-2], "truncated")
refuse("refused-nrrd-cut-gzip.nrrd", header((W, H), encoding="gzip", endian="little") + b"\n" + zipped(bytes_in(volume[:, :, 0]))[:-99], "truncated")
refuse("refused-nrrd-huge.nrrd", header((60000, 60000, 60000), "uchar", "gzip") + b"\n", "too-large")
# The pair holds the volume of nrrd-raw.nrrd.
refuse("pair-nrrd.nhdr", header((W, H, D), byte_skip=3, data_file="pair-nrrd.raw", **little), "unsupported-type")
write("pair-nrrd.raw", b"abc" + bytes_in(volume))


# --- MetaImage ---
def by_itk(name, array, compress=False, affine=LPS):
    """Written by SimpleITK; array x, y[, z][, colour]."""
    colour = array.ndim == 4
    picture = sitk.GetImageFromArray(np.transpose(array, (2, 1, 0, 3) if colour else range(array.ndim)[::-1]), isVector=colour)
    if picture.GetDimension() == 3:
        spacing = np.linalg.norm(affine[:3, :3], axis=0)
        picture.SetSpacing(spacing.tolist())
        u, _, v = np.linalg.svd(affine[:3, :3] / spacing)  # the nearest rotation
        picture.SetDirection((u @ v).ravel().tolist())
        picture.SetOrigin(affine[:3, 3].tolist())
    sitk.WriteImage(picture, scratch / name, compress)
    return (scratch / name).read_bytes()


def add_meta(name, data, read=None):
    path = scratch / "volume.mha"
    path.write_bytes(read or data)
    picture = sitk.ReadImage(path)
    array = sitk.GetArrayFromImage(picture)
    colour = picture.GetNumberOfComponentsPerPixel() > 1
    place = place_of(path) if picture.GetDimension() == 3 else None
    slices = array.shape[-4 if colour else -3] if picture.GetDimension() > 2 else 1
    if colour:
        array = array[..., :3]
        array = np.floor(array / 257 + 0.5) if array.dtype.itemsize == 2 else array
        add(name, data, array.reshape(-1, H, W, 3), place)
    else:
        add(name, data, array.reshape(-1, H, W), place, slices=slices)


for kind in ("uint8", "int8", "int16", "uint16", "int32", "uint32", "int64", "uint64", "float32", "float64"):
    a = ramp(-100 if kind[0] != "u" else 0, 120, dtype=kind)
    add_meta(f"meta-{kind}.mha", by_itk("m.mha", a))
mha = by_itk("m.mha", volume)
add_meta("meta-volume.mha", mha)
add_meta("meta-zlib.mha", by_itk("m.mha", volume, True))
swapped = mha[: -volume.nbytes].replace(b"ByteOrderMSB = False", b"ByteOrderMSB = True") + bytes_in(volume, ">")
add_meta("meta-big-endian.mha", swapped)
add_meta("meta-element-order.mha", swapped.replace(b"BinaryDataByteOrderMSB", b"ElementByteOrderMSB"))
add_meta("meta-rgb.mha", by_itk("m.mha", rgb))
add_meta("meta-rgba-zlib.mha", by_itk("m.mha", rgba, True))
add_meta("meta-rgb16.mha", by_itk("m.mha", deep))
add_meta("meta-text.mha", mha[: -volume.nbytes].replace(b"BinaryData = True", b"BinaryData = False") + text.encode(), read=mha)
head, voxels = mha[: -volume.nbytes], mha[-volume.nbytes :]
stated = lambda n: head.replace(b"ElementDataFile", b"HeaderSize = %d\nElementDataFile" % n)
add_meta("meta-header-size.mha", stated(len(stated(100)) + 6) + b"unused" + voxels, read=mha)
add_meta("meta-at-the-end.mha", stated(-1) + b"unused" + voxels, read=mha)
add_meta("meta-crlf.mha", head.replace(b"\n", b"\r\n") + voxels, read=mha)
series = ramp(0, 900, D, 2)
meta4 = (f"ObjectType = Image\nNDims = 4\nBinaryData = True\nBinaryDataByteOrderMSB = False\nDimSize = {W} {H} {D} 2\n"
         "ElementType = MET_SHORT\nElementDataFile = LOCAL\n").encode()
add_meta("meta-series.mha", meta4 + bytes_in(series))
long = meta4.replace(b"NDims = 4", b"NDims = 2").replace(b" 4 2\n", b"\n").replace(b"MET_SHORT", b"MET_LONG")
add_meta("meta-long.mha", long + bytes_in(ramp(-9, 900, dtype=np.int32)))
add_meta("meta-ndims-first.mha", long.replace(b"ObjectType = Image\n", b"").replace(b"LONG", b"UCHAR") + bytes_in(ramp(0, 200, dtype=np.uint8)))

refuse("refused-meta-vectors.mha", by_itk("m.mha", rgb.astype(np.float32)), "unsupported-type")
refuse("refused-meta-cut.mha", mha[:-1], "truncated")
refuse("refused-meta-cut-zlib.mha", by_itk("m.mha", volume[:, :, 0], True)[:-60], "truncated")
refuse("refused-meta-huge.mha", head.replace(b"DimSize = 19 13 4", b"DimSize = 60000 60000 60000") + voxels, "too-large")
# The pairs hold the volume of meta-volume.mha.
for name, compress in (("pair-meta", False), ("pair-meta-zlib", True)):
    refuse(f"{name}.mhd", by_itk(f"{name}.mhd", volume, compress), "unsupported-type")
    data = next(p for p in scratch.iterdir() if p.stem == name and p.suffix in (".raw", ".zraw"))
    write(data.name, data.read_bytes())

(OUT / "manifest.json").write_text(json.dumps(manifest, indent=0) + "\n")
print(len(manifest), "files,", sum(p.stat().st_size for p in OUT.iterdir()), "bytes")
