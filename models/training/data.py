"""Training pairs: real images (cached small), generated scenes, and mixtures of both."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import torch
from PIL import Image
from torch import Tensor

from atlas import Atlas
from clicks import plain, simulate
from colon import colon
from figures import figure
from head import head
from looks import make_look
from repeats import repeats, thing
from scene import CELL, SMALLEST, Layer, Pair, Scene, render_pair
from shapes import any_shape
from synth import GENERATED, abstract
from textures import Rng, clouds, grey

LONG_SIDE = 560  # real images are cached at most this large
THIRD = 0.35  # how often one more image of the subject is annotated
HELD_BACK = 8  # one of so many subjects of a set is kept for calibration

# Shares of the kinds at each size. A whole scan at 256 pixels shows its structure in a cell or two, and teaches little.
SMALL = {
    "figures": 0.22, "paste": 0.14, "repeats": 0.14, "still": 0.10, "nuclei": 0.04, "clip": 0.14, "single": 0.08,
    "absent": 0.06, "abstract": 0.04, "endoscopy": 0.04,
}
LARGE = {
    "head": 0.22, "colon": 0.11, "endoscopy": 0.03, "brain": 0.02, "slices": 0.02, "ultrasound": 0.01, "subject": 0.29,
    "single": 0.07, "absent": 0.08, "repeats": 0.05, "figures": 0.02, "still": 0.01, "nuclei": 0.03, "clip": 0.04,
}
MIX = {256: SMALL, 384: LARGE, 512: LARGE}
KINDS = [*{**SMALL, **LARGE}]
REAL_KINDS = ("subject", "single", "absent", "repeats", "figures", "paste", "still", "nuclei", "clip")  # the kinds that show real photographs
GENERATED_KINDS = tuple(kind for kind in KINDS if kind not in REAL_KINDS)


@dataclass
class Photo:
    """rgb [H,W,3] uint8, labels [H,W] uint8 or uint16 (0 = background)."""

    rgb: np.ndarray
    labels: np.ndarray


def load_photo(image: Path, mask: Path, long_side: int) -> Photo:
    rgb = Image.open(image).convert("RGB")
    labels = np.array(Image.open(mask))
    scale = min(1.0, long_side / max(rgb.size))
    size = (round(rgb.width * scale), round(rgb.height * scale))
    small = rgb.resize(size, Image.Resampling.BILINEAR) if scale < 1 else rgb
    return Photo(np.array(small), cv2.resize(labels, size, interpolation=cv2.INTER_NEAREST))


class Photos:
    """All real training images in memory: clothing and nuclei as lists, DAVIS clips as lists of frames."""

    def __init__(self, root: Path, long_side: int = LONG_SIDE):
        self.clothing = self.folder(root / "clothing", long_side)
        self.nuclei = self.folder(root / "nuclei", long_side)
        self.clips = [self.folder(clip, long_side) for clip in sorted((root / "objects").iterdir()) if clip.is_dir()]
        if not self.clothing or not self.nuclei or not self.clips:
            raise SystemExit(f"Cannot load training images: no clothing, nuclei or objects in {root}.")

    @staticmethod
    def folder(path: Path, long_side: int) -> list[Photo]:
        return [load_photo(p, p.with_suffix(".png"), long_side) for p in sorted(path.glob("*.jpg"))]


class Subjects:
    """Real images of train2: subjects seen several times, and single images, both as lists by set. Every HELD_BACK-th
    subject of a set is left out, or with `held_back` all others are."""

    def __init__(self, root: Path, long_side: int = 512, held_back: bool = False):
        self.series: list[list[list[Photo]]] = []
        self.singles: list[list[Photo]] = []
        for folder in sorted(p for p in root.iterdir() if p.is_dir()):
            series, singles = [], []
            for index, subject in enumerate(sorted(p for p in folder.iterdir() if p.is_dir())):
                if (index % HELD_BACK == HELD_BACK - 1) != held_back:
                    continue
                photos = [
                    load_photo(image, image.with_name(f"{image.stem}_mask.png"), long_side)
                    for image in sorted(subject.iterdir()) if not image.stem.endswith("_mask")
                ]
                several = subject.name != "any" and len(photos) > 1
                (series.append(photos) if several else singles.extend(photos))
            if series:
                self.series.append(series)
            if singles:
                self.singles.append(singles)
        if not self.series:
            raise SystemExit(f"Cannot load training images: no subjects in {root}.")

    @staticmethod
    def pick(rng: Rng, sets: list[list]) -> list:
        """One of the sets; large ones more often, but less than their size asks for."""
        weights = np.array([len(one) for one in sets]) ** 0.25
        return sets[int(rng.choice(len(sets), p=weights / weights.sum()))]


def frame_window(rng: Rng, height: int, width: int, focus: np.ndarray | None, whole: float) -> tuple[float, float, float, bool]:
    """A square window (x, y, side) of a photo and whether it is the whole photo placed at the top left."""
    long_side = max(height, width)
    if rng.random() < whole:
        return 0.0, 0.0, float(long_side), True
    side = float(rng.uniform(0.4, 1.0) * min(height, width))
    centre = np.array([width / 2, height / 2]) if focus is None else focus
    x, y = centre - side / 2 + rng.normal(0, 0.15, 2) * side
    return (*keep_inside(x, y, side, height, width), side, False)


def keep_inside(x: float, y: float, side: float, height: int, width: int) -> tuple[float, float]:
    """Moves a window into the photo, so that reflection at the border cannot double the target."""
    return float(np.clip(x, 0, max(0.0, width - side))), float(np.clip(y, 0, max(0.0, height - side)))


def cut(photo: Photo, window: tuple[float, float, float, bool], size: int, selected: np.ndarray, mirror: bool):
    """Resamples the window to [size,size]: rgb float32, mask float32, extent (height, width) or None."""
    x, y, side, padded = window
    scale = size / side
    matrix = np.array([[scale, 0, -x * scale], [0, scale, -y * scale]], np.float32)
    flags = {"borderMode": cv2.BORDER_REFLECT_101}
    rgb, mask = photo.rgb, selected.astype(np.uint8)
    if mirror:
        rgb, mask = rgb[:, ::-1], mask[:, ::-1]
        matrix[0, 2] = 0 if padded else -(rgb.shape[1] - x - side) * scale
    interpolation = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    if padded and scale < 1:
        target = (max(1, round(rgb.shape[1] * scale)), max(1, round(rgb.shape[0] * scale)))
        rgb = cv2.resize(np.ascontiguousarray(rgb), target, interpolation=interpolation)
        mask = cv2.resize(np.ascontiguousarray(mask * 255), target, interpolation=interpolation)
        pad = (0, size - target[1], 0, size - target[0])
        rgb = np.pad(rgb, ((0, pad[1]), (0, pad[3]), (0, 0)), mode="symmetric")
        mask = np.pad(mask, ((0, pad[1]), (0, pad[3])), mode="symmetric")
    else:
        rgb = cv2.warpAffine(np.ascontiguousarray(rgb), matrix, (size, size), flags=cv2.INTER_LINEAR, **flags)
        mask = cv2.warpAffine(np.ascontiguousarray(mask * 255), matrix, (size, size), flags=cv2.INTER_LINEAR, **flags)
    extent = None
    if padded:
        extent = (min(size, round(photo.rgb.shape[0] * scale)), min(size, round(photo.rgb.shape[1] * scale)))
    return rgb.astype(np.float32), mask.astype(np.float32) / 255, extent


def centre_of(mask: np.ndarray) -> np.ndarray:
    rows, columns = np.nonzero(mask)
    return np.array([columns.mean(), rows.mean()]) if rows.size else np.array(mask.shape[::-1]) / 2


def choose_region(rng: Rng, photo: Photo, union: float) -> np.ndarray | None:
    """A target in a labelled photo, [H,W] bool: everything labelled, or one large enough connected region."""
    if rng.random() < union:
        return photo.labels > 0
    values = named(photo.labels)
    if values.size == 0:
        return None
    same = (photo.labels == rng.choice(values)).astype(np.uint8)
    count, parts, stats, _ = cv2.connectedComponentsWithStats(same, connectivity=8)
    areas = stats[1:, cv2.CC_STAT_AREA]
    if count < 2 or areas.max() < 0.001 * same.size:
        return None
    large = 1 + np.flatnonzero(areas >= 0.3 * areas.max())
    return parts == rng.choice(large)


def named(labels: np.ndarray) -> np.ndarray:
    """The labels but the background's, ascending."""
    values = np.unique(labels)
    return values[values > 0]


def is_visible(mask: np.ndarray) -> bool:
    """Whether a target is neither too small nor nearly the whole view."""
    return mask.sum() >= SMALLEST * mask.size and mask.mean() <= 0.75


def unmapped(views: list, absent: int = 0) -> Pair:
    """A pair of which no correspondence is known, of two views as `PairMaker.view` makes them."""
    images, masks, extents = zip(*views)
    grid = images[0].shape[0] // CELL
    return Pair(np.stack(images), np.stack(masks), np.zeros((grid, grid, 2), np.float32),
                np.zeros((grid, grid), bool), np.array(extents), absent=absent)


def cut_out(photo: Photo, corner: np.ndarray, side: float, size: int, region: np.ndarray, mirror: bool):
    """A region of a photo in a square window: rgb [S,S,3] and alpha [S,S], 0 beyond the photo."""
    rgb, alpha, _ = cut(photo, (corner[0], corner[1], side, False), size, region, mirror)
    scale = size / side
    matrix = np.array([[scale, 0, -corner[0] * scale], [0, scale, -corner[1] * scale]], np.float32)
    frame = cv2.warpAffine(np.ones(region.shape, np.float32), matrix, (size, size))
    return rgb, alpha * (frame > 0.5)


class PairMaker:
    """Draws random training pairs. One instance (and one generator) per loader process."""

    def __init__(self, photos: Photos, subjects: Subjects, atlas: Atlas | None, seed: int, mix: dict[int, dict[str, float]]):
        self.photos, self.subjects, self.atlas, self.mix = photos, subjects, atlas, mix
        self.rng = np.random.default_rng(seed)

    def pick(self, items: list):
        return items[int(self.rng.integers(0, len(items)))]

    def any_photo(self) -> Photo:
        roll = self.rng.random()
        source = self.photos.clothing if roll < 0.6 else self.photos.nuclei if roll < 0.7 else self.pick(self.photos.clips)
        return self.pick(source)

    def still(self, size: int, photo: Photo, union: float, whole: float) -> Scene | None:
        region = choose_region(self.rng, photo, union)
        if region is None or not region.any():
            return None
        window = frame_window(self.rng, *region.shape, centre_of(region), whole)
        rgb, mask, extent = cut(photo, window, size, region, self.rng.random() < 0.5)
        return Scene(rgb, mask=mask, extent=extent, part=bool(region.sum() < 0.7 * (photo.labels > 0).sum()))

    def nuclei(self, size: int) -> Scene | None:
        photo = self.pick(self.photos.nuclei)
        all_of_them = self.rng.random() < 0.3
        if all_of_them:
            scene = self.still(size, photo, 1.0, 0.3)
        else:
            region = choose_region(self.rng, photo, 0.0)
            if region is None:
                return None
            side = max(24.0, float(np.sqrt(region.sum()) * self.rng.uniform(2, 7)))
            x, y = centre_of(region) - side * self.rng.uniform(0.3, 0.7, 2)
            rgb, mask, _ = cut(photo, (x, y, side, False), size, region, False)
            scene = Scene(rgb, mask=mask)
        if scene is not None:
            scene.still = 0.6
            scene.part = all_of_them  # which one click cannot mean
        return scene

    def paste(self, size: int) -> Scene | None:
        """A real object on another photo, or a generated object on a photo, with its own motion."""
        ground_photo = self.any_photo()
        window = frame_window(self.rng, *ground_photo.labels.shape, None, 0.3)
        ground, _, extent = cut(ground_photo, window, size, ground_photo.labels > 0, self.rng.random() < 0.5)
        if self.rng.random() < 0.3:
            scene = abstract(self.rng, size, ground)
            scene.extent = extent
            return scene
        photo = self.pick(self.photos.clothing) if self.rng.random() < 0.6 else self.pick(self.pick(self.photos.clips))
        region = choose_region(self.rng, photo, 0.6)
        if region is None or not region.any():
            return None
        rows, columns = np.nonzero(region)
        reach = max(np.ptp(rows), np.ptp(columns), 8)
        side = float(reach * self.rng.uniform(1.1, 4.0))
        corner = np.array([columns.min(), rows.min()]) - self.rng.uniform(0, 1, 2) * (side - reach)
        rgb, alpha = cut_out(photo, corner, side, size, region, self.rng.random() < 0.5)
        layers = []
        if self.rng.random() < 0.3:
            shape = any_shape(self.rng, size, self.rng.uniform(0, 1, 2) * size, self.rng.uniform(0.05, 0.2) * size)
            layers.append(Layer(np.roll(ground, size // 3, axis=1), shape))
        layers.append(Layer(rgb, cv2.GaussianBlur(alpha, (0, 0), 0.7), self.rng.uniform(0.5, 2.0)))
        other = None
        if self.rng.random() < 0.35:
            photo = self.any_photo()
            other, _, _ = cut(photo, frame_window(self.rng, *photo.labels.shape, None, 0.0), size, photo.labels > 0, False)
        return Scene(ground, layers, len(layers) - 1, extent=extent, other=other)

    def repeats(self, size: int) -> Scene | None:
        """Several things that look alike, drawn or cut out of photos, on a photo or on a drawn tissue."""
        if self.rng.random() < 0.5:
            photo = self.any_photo()
            window = frame_window(self.rng, *photo.labels.shape, None, 0.2)
            ground, _, extent = cut(photo, window, size, photo.labels > 0, self.rng.random() < 0.5)
        else:
            ground = grey(self.rng.uniform(20, 200) + self.rng.uniform(3, 30) * clouds(self.rng, size)).astype(np.float32)
            extent = None
        if self.rng.random() < 0.5:
            return repeats(self.rng, ground, *thing(self.rng, size), extent)
        sets = self.subjects.singles + [sum(one, []) for one in self.subjects.series]
        photo = self.pick(self.subjects.pick(self.rng, sets)) if self.rng.random() < 0.6 else self.pick(self.photos.clothing)
        region = choose_region(self.rng, photo, 0.1)
        if region is None or not region.any():
            return None
        rows, columns = np.nonzero(region)
        side = 2.0 * max(np.ptp(rows), np.ptp(columns), 8)
        corner = np.array([columns.min() + columns.max(), rows.min() + rows.max()]) / 2 - side / 2
        return repeats(self.rng, ground, *cut_out(photo, corner, side, size, region, False), extent)

    def photo_texture(self, rng: Rng, size: int) -> np.ndarray:
        """A random piece of a photo as a surface, [size,size,3] float32."""
        photo = self.any_photo()
        window = frame_window(rng, *photo.labels.shape, None, 0.0)
        return cut(photo, window, size, photo.labels > 0, rng.random() < 0.5)[0]

    def figures(self, size: int) -> Scene | None:
        """A generated creature, person or thing on the emptiest of three photo windows."""
        choices = []
        for _ in range(3):
            photo = self.pick(self.photos.clothing if self.rng.random() < 0.4 else self.pick(self.photos.clips))
            window = frame_window(self.rng, *photo.labels.shape, None, 0.2)
            choices.append(cut(photo, window, size, photo.labels > 0, self.rng.random() < 0.5))
        ground, _, extent = min(choices, key=lambda choice: choice[1].mean())
        return figure(self.rng, size, self.photo_texture, ground, extent)

    def clip(self, size: int, look) -> Pair | None:
        """Two frames of one clip; no correspondence is known."""
        frames = self.pick(self.photos.clips)
        first = int(self.rng.integers(0, len(frames)))
        others = np.clip(first + self.rng.integers(-16, 17, self.others()), 0, len(frames) - 1)
        return self.views([frames[first], *(frames[int(at)] for at in others)], lambda labels: labels > 0, size, look)

    def subject(self, size: int, look) -> Pair | None:
        """One structure in two images of one subject; others of the subject stay in both, as what it is not."""
        subjects = self.subjects.pick(self.rng, self.subjects.series)
        photos = self.pick(subjects)
        chosen = [photos[int(at)] for at in self.rng.permutation(len(photos))]
        common = np.intersect1d(named(chosen[0].labels), named(chosen[1].labels))
        if common.size == 0:
            return None
        value = self.rng.choice(common)
        further = [photo for photo in chosen[2:] if (photo.labels == value).any()]
        pair = self.views([*chosen[:2], *further[: self.others() - 1]], lambda labels: labels == value, size, look)
        if pair is not None:
            pair.topic, pair.who = hash((id(subjects), int(value))), id(photos)
        return pair

    def absent(self, size: int, look) -> Pair | None:
        """A structure, and an image that does not show it: of another subject, another place of the same one, or of
        another kind. Only the first view has a target."""
        subjects = self.subjects.pick(self.rng, self.subjects.series)
        mine = int(self.rng.integers(len(subjects)))
        one = self.pick(subjects[mine])
        values = named(one.labels)
        if values.size == 0:
            return None
        value, roll = self.rng.choice(values), self.rng.random()
        if roll < 0.35 and len(subjects) > 1:
            rest = [photos for index, photos in enumerate(subjects) if index != mine]
            other, strange = self.pick(self.pick(rest)), True
        elif roll < 0.75:
            other, strange = self.pick(subjects[mine]), False
        else:
            other, strange = self.any_photo(), True
        target = one.labels == value
        elsewhere = np.zeros(other.labels.shape, bool) if strange else other.labels == value
        views = []
        for photo, present, focus, whole in (
            (one, target, centre_of(target), 0.4), (other, elsewhere, None, 0.4 if strange else 0.1),
        ):
            window = frame_window(self.rng, *photo.labels.shape, focus, whole)
            views.append(self.view(photo, window, size, present, self.rng.random() < 0.5 and strange, look))
        pair = unmapped(views, absent=2 if strange else 1)
        return None if pair.masks[1].any() or not is_visible(pair.masks[0]) else pair

    def single(self, size: int) -> Scene | None:
        """A structure of an image that stands alone, or a place where one subject is one image, warped."""
        sets = self.subjects.singles if self.rng.random() < 0.75 else [sum(one, []) for one in self.subjects.series]
        photo = self.pick(self.subjects.pick(self.rng, sets))
        if self.rng.random() < 0.4:
            return self.still(size, photo, 0.5, 0.5)
        # One label with all its pieces, as a person would annotate it.
        values = named(photo.labels)
        if values.size == 0:
            return None
        region = photo.labels == self.rng.choice(values)
        window = frame_window(self.rng, *region.shape, centre_of(region), 0.5)
        rgb, mask, extent = cut(photo, window, size, region, self.rng.random() < 0.5)
        return Scene(rgb, mask=mask, extent=extent, part=bool(region.sum() < 0.7 * (photo.labels > 0).sum()))

    def others(self) -> int:
        """How many images are shown beside the first."""
        return 2 if self.rng.random() < THIRD else 1

    def views(self, photos: list[Photo], select, size: int, look) -> Pair | None:
        """Two images that show the same, or three; no correspondence is known. `select(labels)` is the target, bool."""
        one = photos[0]
        mirror, steady = self.rng.random() < 0.5, self.rng.random() < 0.5
        height, width = one.labels.shape
        start = centre_of(select(one.labels))
        window = frame_window(self.rng, height, width, start, 0.4)
        views = []
        for photo in photos:
            target = select(photo.labels)
            view = window
            if window[3]:
                view = (0.0, 0.0, float(max(target.shape)), True)
            else:
                tall, wide = target.shape
                side = window[2] * min(tall, wide) / min(height, width)
                scale = np.array([wide / width, tall / height])
                if steady:
                    x, y = np.array(window[:2]) * scale + self.rng.normal(0, 0.02, 2) * side
                else:
                    side *= float(np.exp(self.rng.normal(0, 0.12)))
                    drift = centre_of(target) - start * scale
                    x, y = np.array(window[:2]) * scale + self.rng.uniform(0, 1) * drift + self.rng.normal(0, 0.14, 2) * side
                side = min(side, float(min(tall, wide)))
                view = (*keep_inside(x, y, side, tall, wide), side, False)
            views.append(self.view(photo, view, size, target, mirror, look))
        pair = unmapped(views[:2])
        pair.third = next((view for view in views[2:] if is_visible(view[1])), None)
        return pair if all(map(is_visible, pair.masks)) else None

    def view(self, photo: Photo, window, size: int, target: np.ndarray, mirror: bool, look):
        """A window of a photo as one view of a pair: image [S,S,3] uint8, mask [S,S] uint8 and extent, zero beyond it."""
        rgb, mask, extent = cut(photo, window, size, target, mirror)
        extent = extent or (size, size)
        image = look(self.rng, rgb)
        image[extent[0]:], image[:, extent[1]:] = 0, 0
        mask[extent[0]:], mask[:, extent[1]:] = 0, 0
        return image, (mask > 0.5).astype(np.uint8), extent

    def draw(self, size: int) -> Pair:
        """One pair at the given size; retries until the target is visible in both views."""
        while True:
            shares = np.array(list(self.mix[size].values()))
            kind = str(self.rng.choice(list(self.mix[size]), p=shares / shares.sum()))
            generated = kind in GENERATED_KINDS
            scan = kind in ("brain", "head", "slices", "ultrasound")
            grey_chance = 0.05 if scan or kind == "endoscopy" else 0.25
            look = make_look(self.rng, grey_chance, 0.3, 0.7 if generated else 1.0, tint=not scan)
            if kind in ("clip", "subject", "absent"):
                pair = getattr(self, kind)(size, look)
            elif kind == "colon":
                pair = colon(self.rng, size, make_look(self.rng, 0.1, 0.3, 1.0))
            elif kind == "head":
                pair = head(self.rng, size, look, self.atlas)
            else:
                if kind in GENERATED:
                    scene = GENERATED[kind](self.rng, size)
                    if self.rng.random() < 0.15:
                        scene.extent = tuple(int(size * v) for v in self.rng.permutation([1.0, self.rng.uniform(0.55, 1)]))
                elif kind == "still":
                    photo = self.pick(self.photos.clothing) if self.rng.random() < 0.65 else self.pick(self.pick(self.photos.clips))
                    scene = self.still(size, photo, 0.75, 0.5)
                else:
                    scene = getattr(self, kind)(size)
                pair = render_pair(self.rng, scene, look) if scene is not None else None
            if pair is not None:
                pair.scan = scan
                if kind in ("colon", "head"):
                    pair.topic, pair.who = 1 + KINDS.index(kind), int(self.rng.integers(1 << 40))
                return pair


def channels_first(images: np.ndarray) -> Tensor:
    """[N,H,W,3] -> [N,3,H,W]."""
    return torch.from_numpy(np.ascontiguousarray(images.transpose(0, 3, 1, 2)))


def coarse(masks) -> Tensor:
    """Masks [N,S,S] -> their shares of 4 x 4 pixels, [N,1,S/4,S/4] float32."""
    return torch.from_numpy(np.stack(
        [cv2.resize(mask.astype(np.float32), None, fx=0.25, fy=0.25, interpolation=cv2.INTER_AREA) for mask in masks]
    ))[:, None]


def collate(rng: Rng, pairs: list[Pair]) -> dict[str, Tensor]:
    """Batches P pairs. Views are interleaved (A0,B0,A1,B1,…): images [2P,3,S,S] uint8, masks [2P,1,S/4,S/4]
    float32 (area-averaged), extents [2P,2] int64, coords [2P,8,2], labels [2P,8], the same of a second prompt,
    source [P,g,g,2], known [P,g,g], absent [P] (0: seen twice; 1: not in view B; 2: view B is of something else), scan, topic and who [P];
    of the K pairs that have a third view, third_images [K,3,S,S], third_masks, third_extents, and third_of [K], which pairs."""
    images = np.concatenate([p.images for p in pairs])
    masks = np.concatenate([p.masks for p in pairs])
    prompts = [simulate(rng, mask, pair.part) for pair in pairs for mask in pair.masks]
    others = [plain(rng, mask, pair.part) for pair in pairs for mask in pair.masks]
    thirds = [p.third for p in pairs if p.third is not None]
    size = images.shape[1]
    return {
        "images": channels_first(images),
        "masks": coarse(masks),
        "third_images": channels_first(np.array([image for image, _, _ in thirds], np.uint8).reshape(-1, size, size, 3)),
        "third_masks": coarse([mask for _, mask, _ in thirds]) if thirds else torch.zeros(0, 1, size // 4, size // 4),
        "third_extents": torch.tensor([extent for _, _, extent in thirds], dtype=torch.int64).reshape(-1, 2),
        "third_of": torch.tensor([index for index, p in enumerate(pairs) if p.third is not None], dtype=torch.int64),
        "extents": torch.from_numpy(np.concatenate([p.extents for p in pairs]).astype(np.int64)),
        "coords": torch.from_numpy(np.stack([p[0] for p in prompts])),
        "labels": torch.from_numpy(np.stack([p[1] for p in prompts])),
        "other_coords": torch.from_numpy(np.stack([p[0] for p in others])),
        "other_labels": torch.from_numpy(np.stack([p[1] for p in others])),
        "source": torch.from_numpy(np.stack([p.source for p in pairs])),
        "known": torch.from_numpy(np.stack([p.known for p in pairs])),
        "absent": torch.tensor([p.absent for p in pairs]),
        "scan": torch.tensor([p.scan for p in pairs]),
        "topic": torch.tensor([p.topic for p in pairs]),
        "who": torch.tensor([p.who for p in pairs]),
    }
