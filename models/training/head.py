"""Generated head MR: one patient's tumour in two nearby slices of one scan.

The head is drawn, or more often cut out of an atlas (`atlas.py`); the tumour is always drawn. What varies through the
head is a mixture of two random draws whose weights turn with the slice position z, so two slices drawn from one seed
are two cuts through one random patient. Shapes are in head units: x right, y down,
the skull about 1 from the origin, vertex (axial planes: face) at the top.
"""

from __future__ import annotations

from collections import namedtuple
from functools import lru_cache

import cv2
import numpy as np

from atlas import AXES, SELLA, Atlas, Patient, toned
from scene import CELL, Pair, smooth_motion
from shapes import SHIFT
from textures import Rng, grey


def mirrored(*half: tuple[float, float]) -> list[tuple[float, float]]:
    return [*half, *((-x, y) for x, y in half[::-1] if x > 0)]


PLANES = {  # cavity of the skull; soft parts outside; sella; middle and spread of the face; eyes; the frame's origin
    "sagittal": ([(-.84, -.1), (-.82, -.5), (-.48, -.84), (.05, -.94), (.55, -.82), (.88, -.42), (.95, .08), (.8, .45),
                  (.5, .64), (.2, .58), (.1, .32), (-.2, .24), (-.42, .06), (-.7, .02)],
                 [[(-.92, -.2), (-1, .1), (-1.18, .5), (-1, .75), (-.98, 1.2), (-.4, 1.4), (.1, 1.3), (.3, .3),
                   (-.3, 0)],
                  [(-.1, .2), (.8, .3), (.86, .7), (.9, 2.2), (-.25, 2.2), (-.3, 1)]],
                 (-.12, .17), (-.3, .75, .6), [(-.82, .2)], (0.08, -.12)),
    "coronal": (mirrored((0, -.95), (.45, -.88), (.8, -.45), (.82, 0), (.7, .38), (.35, .42), (.12, .28), (0, .26)),
                [mirrored((0, .1), (.8, .1), (.9, .5), (.75, 1.1), (.55, 1.5), (.6, 2.2), (0, 2.2))],
                (0, .2), (0, .85, .5), [(-.36, .38), (.36, .38)], (0, -.22)),
    "base": (mirrored((0, -.12), (.25, -.18), (.5, -.32), (.74, -.1), (.74, .2), (.64, .38), (.58, .65),
                      (.3, .86), (0, .88)),
             [mirrored((0, -1.12), (.15, -1), (.55, -.85), (.85, -.4), (.9, 0), (.6, .3), (0, .3))],
             (0, -.04), (0, -.6, .4), [(-.38, -.62), (.38, -.62)], (0, 0)),
    "axial": (mirrored((0, -.96), (.4, -.9), (.72, -.5), (.8, .05), (.72, .55), (.4, .88), (0, .95)),
              [], (0, -.1), None, [], (0, 0)),
}
Tones = namedtuple("Tones", "csf grey white fat flesh vessel bright dark oedema")  # grey levels 0..255 of one scan
KINDS = {"solid": 0.22, "grain": 0.2, "ring": 0.22, "cyst": 0.13, "dark": 0.08, "cluster": 0.08, "pituitary": 0.07}
CIRCLE = 1.1 * np.array([(1, 0), (.71, .71), (0, 1), (-.71, .71), (-1, 0), (-.71, -.71), (0, -1), (.71, -.71)])
REAL = 0.6  # how often the head is of the atlas
Site = namedtuple("Site", "kind tail centre radius")  # centre [2] and radius in pixels; tail: attached to the dura


def draw_tones(rng: Rng) -> Tones:
    """Levels of one scan, mostly contrast-enhanced T1; now and then plain T1, T2 or FLAIR."""
    white, lift, up = rng.uniform(55, 100), np.exp(rng.uniform(np.log(7), np.log(110))), rng.uniform(1.4, 2.2)
    kind = rng.choice(["t1c", "t1", "t2", "flair"], p=[0.84, 0.05, 0.06, 0.05])
    fat, flesh, dark = rng.uniform(120, 260), white * rng.uniform(0.8, 1.3), rng.uniform(0.35, 0.95) * white
    if kind == "t2":
        return Tones(white * 2.2, white * 1.3, white, fat * 0.8, flesh * 0.7, 15, white * up, white * 2.1, white * 1.4)
    if kind == "flair":
        return Tones(20, white * 1.2, white, fat * 0.8, flesh, white * 0.6, white * up, dark, white * 1.25)
    matter = white * (rng.uniform(0.93, 1.05) if rng.random() < 0.6 else rng.uniform(0.7, 0.93))
    bright, vessel = (white - 18, white * 0.6) if kind == "t1" else (white + lift, white + rng.uniform(15, 110))
    return Tones(white * rng.uniform(0.3, 0.65), matter, white, fat, flesh, vessel, bright, dark,
                 white * rng.uniform(0.68, 0.98))


def over(image: np.ndarray, alpha: np.ndarray, value) -> None:
    """Paints a value or [S,S] onto image [S,S] in place."""
    image += alpha * (value - image)


def step(values: np.ndarray, softness: float) -> np.ndarray:
    return np.clip(values / np.float32(softness) + np.float32(0.5), 0, 1)


def depth(mask: np.ndarray) -> np.ndarray:
    return cv2.distanceTransform((mask > 0.5).astype(np.uint8), cv2.DIST_L2, 3)


@lru_cache
def rounding(count: int) -> np.ndarray:
    """Matrix [8*count, count] that cuts the corners of a closed polygon three times."""
    m = np.eye(count)
    for _ in range(3):
        n = np.roll(m, -1, axis=0)
        m = np.stack([0.75 * m + 0.25 * n, 0.25 * m + 0.75 * n], axis=1).reshape(-1, count)
    return m


class Slice:
    """Random draws for one slice: the same seed and order of calls give the same patient, z where it is cut."""

    def __init__(self, seed: int, size: int, z: float, plane: str):
        self.rng, self.size, self.z, self.plane = np.random.default_rng(seed), size, z, plane
        self.unit, self.line = self.rng.uniform(0.36, 0.45) * size, size / 256
        self.origin = 0.5 * size + self.rng.normal(0, 0.02, 2) * size + self.unit * np.array(PLANES[plane][5])

    def drift(self, *shape: int, rate: float = 1.0) -> np.ndarray:
        """Unit normal numbers that change gradually with z."""
        pair = self.rng.standard_normal((2, *shape), dtype=np.float32)
        return np.float32(np.cos(rate * self.z)) * pair[0] + np.float32(np.sin(rate * self.z)) * pair[1]

    def field(self, cells: int, octaves: int = 1, rate: float = 1.0) -> np.ndarray:
        """Smooth field [S,S] of about unit deviation."""
        total = self.drift(cells, cells, rate=rate)
        for k in range(1, octaves):
            n = min(cells << k, self.size // 2)
            total = cv2.resize(total, (n, n), interpolation=cv2.INTER_CUBIC)
            total += np.float32(0.6**k) * self.drift(n, n, rate=rate)
        gain = np.float32(1.3 / np.sqrt(sum(0.36**k for k in range(octaves))))
        half = cv2.resize(total * gain, (self.size // 2, self.size // 2), interpolation=cv2.INTER_CUBIC)
        return cv2.resize(half, (self.size, self.size), interpolation=cv2.INTER_LINEAR)

    def patch(self, image: np.ndarray, points, value, within=None, wobble: float = 0.02,
              soft: float = 0.0) -> np.ndarray:
        """Paints a smooth closed shape near control points [K,2] in place, where `within` [S,S] allows."""
        p = np.asarray(points, np.float64)
        p = rounding(len(p)) @ (self.origin + self.unit * (p + wobble * self.drift(*p.shape)))
        corners = p.min(axis=0) - 4 - 4 * soft, p.max(axis=0) + 5 + 4 * soft
        low, high = (np.clip(v, 0, self.size).astype(int) for v in corners)
        if (high > low).all():
            canvas, box = np.zeros((high - low)[::-1], np.uint8), (slice(low[1], high[1]), slice(low[0], high[0]))
            cv2.fillPoly(canvas, [np.round((p - low) * (1 << SHIFT)).astype(np.int32)], 255, cv2.LINE_AA, SHIFT)
            alpha = (cv2.GaussianBlur(canvas, (0, 0), soft * self.line) if soft else canvas) * np.float32(1 / 255)
            over(image[box], alpha if within is None else alpha * within[box], value[box] if np.ndim(value) else value)
        return image

    def disc(self, image: np.ndarray, x: float, y: float, radius: float, value, within=None, aspect: float = 1.0,
             wobble: float = 0.1, soft: float = 0.0) -> None:
        self.patch(image, CIRCLE * [radius * aspect, radius / aspect] + [x, y], value, within, wobble * radius, soft)

    def strands(self, count: int, region: tuple, length: tuple, width: tuple) -> np.ndarray:
        """Curved lines that come and go with z, [S,S] 0..1; region (x, y, spread), lengths and widths in head units."""
        canvas = np.zeros((self.size, self.size), np.uint8)
        hubs = np.array(region[:2]) + region[2] * self.rng.uniform(-1, 1, (4, 2))
        start = hubs[self.rng.integers(0, 4, count)] + 0.3 * region[2] * self.drift(count, 2, rate=0.3)
        bends = np.cumsum(self.rng.normal(0, 0.15, (count, 1)) + 0.25 * self.drift(count, 12, rate=1.5), axis=1)
        bends += self.rng.uniform(0, 6.3, (count, 1))
        steps = self.rng.uniform(*length, (count, 1, 1)) / 12 * np.stack([np.cos(bends), np.sin(bends)], axis=2)
        paths = self.origin + self.unit * (start[:, None] + np.cumsum(steps, axis=1))
        paths = np.round(paths * (1 << SHIFT)).astype(np.int32)
        levels = np.clip(150 + 90 * self.drift(count, rate=1.5), 0, 255)
        wide = self.rng.uniform(*width, count) * self.unit
        for path, level, thick in zip(paths, levels, wide):
            cv2.polylines(canvas, [path], False, int(level), max(1, round(thick)), cv2.LINE_AA, SHIFT)
        return cv2.GaussianBlur(canvas, (0, 0), 0.3 + 0.25 * self.line).astype(np.float32) * np.float32(1 / 255)


def anatomy(s: Slice, t: Tones) -> tuple[np.ndarray, np.ndarray]:
    """A slice without tumour and vessels: image and cranial cavity 0..1, both [S,S]."""
    rng, unit, black = s.rng, s.unit, np.zeros((s.size, s.size), np.float32)
    points, parts, _, region, eyes, _ = PLANES[s.plane]
    cavity = s.patch(black.copy(), np.array(points) * np.exp(rng.normal(0, 0.05, 2) + 0.04 * s.drift(2)), 1.0)
    away, inside = depth(1 - cavity) / unit, depth(cavity) / unit
    skull, scalp, wave = rng.uniform(0.035, 0.075), 0.04 + 0.14 * rng.random() ** 2, s.field(5)
    limit = scalp * (1 + 0.2 * wave)
    skin, soft = np.clip((skull + limit - away) * unit, 0, 1), black.copy()
    for part in parts:
        s.patch(soft, part, 1.0, wobble=0.03)
    skin = np.maximum(skin, soft)
    image = skin * np.float32(t.flesh)
    if parts:  # muscle, fat, air cells with mucosa, orbits, vertebrae
        over(image, soft, t.flesh * (0.85 + 0.3 * s.field(int(rng.integers(12, 30)), 3)))
        over(image, soft * s.strands(16, region, (0.2, 0.7), (0.01, 0.05)), t.fat * rng.uniform(0.6, 0.9))
        over(image, soft * s.strands(9, region, (0.2, 0.5), (0.01, 0.035)), 12.0)
        for _ in range(rng.integers(5, 12)):
            x, y = np.array(region[:2]) + region[2] * rng.uniform(-.9, .9, 2)
            radius, aspect = rng.uniform(0.03, 0.15), rng.uniform(0.7, 1.5)
            tone = rng.choice([6, 6, t.flesh, t.fat * 0.8])
            s.disc(image, x, y, radius + 0.02, t.flesh * 1.5, soft, aspect, 0.2)
            s.disc(image, x, y, radius, tone, soft, aspect, 0.25)
        for x, y in eyes * int(rng.random() < 0.65):
            for radius, tone in ((0.24, t.fat * 0.75), (0.15, t.flesh * 1.4), (0.125, 22.0)):
                s.disc(image, x, y, radius, tone, soft, 1.0, 0.04)
        if s.plane == "sagittal":
            for left, right, tone in ((.3, .44, t.csf), (.33, .41, t.white)):
                s.patch(image, [(left, .5), (right, .5), (right + .06, 2), (left + .06, 2)], tone, soft)
            for k in range(5):
                s.disc(image, .18, .8 + .2 * k, 0.09, t.flesh * 1.25, soft, 1.1)
    rim = depth(skin) / unit
    fat = t.fat * rng.uniform(0.7, 1) * (1 + 0.1 * s.field(30, 2))
    over(image, skin * np.clip((limit * 0.8 - rim) * unit / 2, 0, 1), fat)
    over(image, skin * np.clip(1.2 - rim * unit / s.line, 0, 1), t.flesh)
    bone = np.clip((skull * (0.9 + 0.2 * wave) - away) * unit / 1.5, 0, 1) * (1 - soft * step(s.field(9), 1.0) * 0.9)
    over(image, bone, rng.uniform(8, 30))
    marrow = np.clip(1 - np.abs(away / skull - 0.5) * rng.uniform(3.5, 6), 0, 1) * np.clip(0.6 + 0.6 * s.field(7), 0, 1)
    over(image, marrow, t.fat * rng.uniform(0.1, 0.6))
    folds = np.abs(s.field(int(rng.integers(13, 20)), 2, 1.3))  # sulci lie at its zeros
    cortex = np.clip((rng.uniform(0.2, 0.4) * (1 + 0.3 * wave) - inside) * 10, 0, 1)
    brain = black + np.float32(t.white)
    over(brain, np.maximum(cortex * np.clip((0.5 - folds) * 8, 0, 1), np.clip((0.035 - inside) * 60, 0, 1)), t.grey)
    over(brain, rng.uniform(0, 1) * cortex * np.clip((rng.uniform(0.06, 0.16) - folds) * 14, 0, 1), t.csf)
    paint_middle(s, brain, t)
    over(brain, np.clip((rng.uniform(0, 0.03) - inside) * unit, 0, 1) * 0.8, t.csf)
    over(image, cavity, brain + t.white * 0.03 * s.field(6, 3))
    dura = np.clip(1.6 - np.abs(inside - away) * unit / s.line, 0, 1) * np.clip(0.4 + 0.5 * s.field(6), 0, 1)
    over(image, dura * rng.uniform(0, 1), t.vessel)
    return image, cavity


def paint_middle(s: Slice, brain: np.ndarray, t: Tones) -> None:
    """Deep grey matter, ventricles, callosum, falx, sinuses, brain stem and cerebellum, painted in place."""
    rng, wide, lateral, plane = s.rng, float(np.exp(0.3 * s.drift())), s.rng.random(), s.plane
    x, y = (np.arange(s.size, dtype=np.float32) - s.origin[:, None].astype(np.float32)) / np.float32(s.unit)
    rings = np.sqrt((x[None, :] - np.float32(0.2)) ** 2 + (y[:, None] - np.float32(0.3)) ** 2)
    folia = np.sin(s.field(4) * 2 + np.float32(rng.uniform(60, 110)) * rings)
    hind = t.white * (1 + rng.uniform(0, 0.16) * folia * np.clip(0.6 + s.field(6), 0, 1))
    for side in (-1, 1):
        s.disc(brain, side * 0.2, 0.02, 0.15, (t.grey + t.white) / 2, None, 0.9, 0.2, 2)
    if plane == "sagittal":
        s.patch(brain, [(.25, .2), (.6, .12), (.88, .2), (.85, .5), (.5, .62), (.28, .5)], hind, None, 0.03)
        over(brain, s.strands(1, (.6, .12, .05), (0.6, 0.9), (0.005, 0.02)), t.vessel)  # tentorium
        if lateral < 0.5:
            s.patch(brain, [(.12, .12), (.28, .1), (.34, .5), (.32, .8), (.22, .8), (.12, .4)], t.white)
            s.disc(brain, .34, .34, 0.05 * wide, t.csf, None, 0.7, 0.3)
        if lateral < 0.8:  # callosum arching above the ventricle
            arch = np.array([(-.35, -.02), (-.38, -.2), (-.2, -.36), (.1, -.38), (.32, -.25), (.36, -.05)])
            s.patch(brain, np.concatenate([arch, (arch * 0.8 + [0, -.02])[::-1]]), t.white * 1.08, None, 0.01)
            thin = 0.8 * (1 - 0.35 * wide * rng.uniform(0.3, 1))
            s.patch(brain, np.concatenate([arch * 0.8, (arch * thin + [0, -.05])[::-1]]), t.csf)
    elif plane != "base":
        for side in (-1, 1) if lateral < 0.8 else ():
            horn = np.array([(.04, -.1), (.12, -.36), (.2, -.34), (.14, -.05), (.22, .25), (.16, .3), (.05, .05)])
            flat = np.array([side * wide * rng.uniform(0.8, 1.2), 0.5 if plane == "coronal" else 1.0])
            s.patch(brain, horn * flat + [0, -.1 if plane == "coronal" else 0], t.csf)
        s.disc(brain, 0, 0.05, 0.04, t.csf, None, 0.5, 0.2)
        for top, end in [(-1, -.25), (1, .3)] if plane == "axial" else [(-1, -.3)]:  # falx and sagittal sinus
            s.patch(brain, [(-.012, top), (.012, top), (.012, end), (-.012, end)], t.vessel * 0.9, None, 0.006)
            s.disc(brain, 0, 0.93 * top, rng.uniform(0.03, 0.07), t.vessel * 1.1, None, 1, 0.3)
    if plane == "base" or (plane == "coronal" and lateral > 0.6):
        s.disc(brain, 0, .55 if plane == "base" else .3, 0.45, hind, None, 1.2, 0.06)
        s.disc(brain, 0, .2, 0.13, t.white, None, 1.1)
        s.disc(brain, 0, .4, 0.06 * wide, t.csf, None, 1.3, 0.2)
        for side in (-1, 1):  # sigmoid sinuses
            s.disc(brain, side * 0.58, .5, 0.06, t.vessel, None, 0.7, 0.3)


def draw_kind(rng: Rng) -> tuple[str, bool, float, float]:
    """Kind of the tumour, whether it sits on the dura, its radius (2 to 13 % of the frame) and how many radii deep it lies."""
    kind = str(rng.choice(list(KINDS), p=list(KINDS.values())))
    tail = kind == "solid" and rng.random() < 0.6
    radius = np.exp(rng.uniform(np.log(0.022), np.log(0.12))) * {"cyst": 1.4, "ring": 1.25, "pituitary": 0.6}.get(kind, 1.0)
    return kind, tail, min(max(radius, 0.02), 0.13), 0.8 if tail else rng.uniform(0.3, 1.1)


def draw_patient(rng: Rng, s: Slice, atlas: Atlas) -> tuple[Patient, Site, float]:
    """A head of the atlas, its tumour, and the spacing of pixels, mm."""
    kind, tail, radius, near = draw_kind(rng)
    spacing = 95 / s.unit
    mm = radius * s.size * spacing
    place = SELLA + rng.normal(0, 3, 3) if kind == "pituitary" else atlas.place(rng, 0.9 * near * mm, 1.1 * mm if tail else np.inf)
    patient = Patient(rng, atlas, place, mm, s.plane)
    return patient, Site(kind, tail, s.origin + patient.offset() / spacing, radius * s.size), spacing


def draw_site(rng: Rng, s: Slice, cavity: np.ndarray) -> Site:
    """The tumour of a drawn head."""
    (kind, tail, radius, near), inside = draw_kind(rng), depth(cavity)
    radius = min(radius * s.size, 0.75 * float(inside.max()))
    centre = s.origin + s.unit * (np.array(PLANES[s.plane][2]) + rng.normal(0, 0.04, 2))
    if kind != "pituitary":
        rows, columns = np.nonzero((inside > 0.9 * near * radius) & (inside < (1.1 * radius if tail else s.size)))
        spot = rng.integers(0, rows.size)
        centre = np.array([columns[spot], rows[spot]], np.float64)
    return Site(kind, tail, centre, radius)


def tumour(s: Slice, site: Site, image: np.ndarray, cavity: np.ndarray, t: Tones) -> np.ndarray:
    """Paints one slice of the tumour in place and returns its annotation, [S,S] float32 0..1."""
    rng, (kind, tail, centre, r), lift = s.rng, site, t.bright - t.white
    angle, aspect, axis = rng.uniform(0, 3.1), np.exp(rng.normal(0, 0.2)), np.arange(s.size, dtype=np.float32)
    x, y = ((axis - c) / np.float32(r) for c in centre.astype(np.float32))
    x, y = x[None, :], y[:, None]
    c, n = np.float32(np.cos(angle)), np.float32(np.sin(angle))
    distance = (c * x + n * y) ** 2 * np.float32(aspect) + (c * y - n * x) ** 2 / np.float32(aspect)
    coarse = max(3, round(s.size / r * rng.uniform(0.5, 1)))
    wave, fine = s.field(coarse, 2), s.field(min(4 * coarse, s.size // 3), 2, 1.6)
    rough = rng.uniform(0.03, 0.12) if kind in ("solid", "pituitary") else rng.uniform(0.1, 0.35)
    top = max(0.3, 1 - ((s.z - rng.uniform(-0.4, 0.4)) / rng.uniform(0.6, 1.4)) ** 2)
    hill = top - distance + rough * wave  # positive inside a rough ellipsoid
    soft, hollow = rng.uniform(1, 3.5) * s.line / r, rng.uniform(0.15, 0.7)
    allowed = np.ones_like(cavity) if kind == "pituitary" else cavity
    alpha = step(hill, soft) * allowed
    value = t.bright + lift * (rng.uniform(0, 0.12) * fine + rng.uniform(0, 0.2) * wave)
    if kind == "grain":
        value = t.bright + lift * rng.uniform(0.25, 0.6) * fine - 0.5 * t.white * step(fine - 1.1, 0.5)
        over(value, step(-s.field(2 * coarse) - rng.uniform(0.2, 1.2), 0.6), t.white * rng.uniform(0.7, 1))
    elif kind == "ring":
        core = step(hill - hollow - rng.uniform(0, 0.25) * s.field(2 * coarse, 2), 2 * soft)
        over(value, core, t.dark + rng.uniform(0, 0.5) * lift * np.maximum(fine, 0))
    elif kind == "cyst":  # fluid with a thin wall and a solid part
        value = t.dark * (1 + 0.04 * fine)
        over(value, step(0.06 - np.abs(hill - 0.08), 0.1) * rng.uniform(0, 1) * np.clip(0.5 + wave, 0, 1), t.bright)
        part = rng.uniform(0.2, 0.9) - 2 * ((x - rng.normal(0, 0.45)) ** 2 + (y - rng.normal(0, 0.45)) ** 2)
        part = part + 0.15 * s.field(coarse, 2)
        over(value, step(part, soft), t.white * rng.uniform(0.8, 1.1) + lift * 0.4 * np.maximum(fine, 0))
        over(value, step(0.08 - np.abs(part - 0.06), 0.08) * 0.8, t.bright)
    elif kind == "dark":
        value = t.dark * (1 + 0.06 * fine)
    elif kind == "cluster":  # bright balls or loops between dark gaps
        balls = s.field(2 * coarse) + 0.4 if rng.random() < 0.5 else np.abs(s.field(2 * coarse))
        value = t.white * rng.uniform(0.4, 1) + step(balls - 0.4, 0.5) * (value - t.white * 0.6)
    around = step(hill + rng.uniform(0.3, 3.0) + 0.5 * s.field(5), 1.0) * cavity
    over(image, around * float(kind != "pituitary" and rng.random() < 0.5), t.oedema * (1 + 0.03 * fine))
    if tail:  # thickened bright dura beside a meningioma
        edge = step(0.03 * s.unit - np.abs(depth(cavity) - 0.02 * s.unit), 2.0)
        over(image, edge * step(2.0 + wave - distance, 1.0) * 0.9, t.bright)
    if kind == "pituitary":
        for side in (-1, 1):  # carotids
            spot = (centre + [side * rng.uniform(1.3, 1.9) * r, rng.normal(0, 0.3) * r] - s.origin) / s.unit
            s.disc(image, *spot, max(0.3 * r / s.unit, 0.025), rng.choice([15.0, t.vessel * 1.2]))
    over(image, alpha, value)
    # The annotation: a polygon of few corners around it all, a little outside, cores and gaps included.
    loose, coarse = rng.choice([0.0, 0.05, 0.11]) + rng.uniform(0, 0.03), rng.uniform(0.01, 0.07)
    hull = rng.random() < 0.3
    seen, out = (alpha > 0.5).astype(np.uint8), np.zeros((s.size, s.size), np.float32)
    seen = cv2.morphologyEx(seen, cv2.MORPH_CLOSE, np.ones((3, 3), np.uint8), iterations=max(1, int(0.12 * r)))
    contours, _ = cv2.findContours(seen, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    if contours:
        best = max(contours, key=cv2.contourArea)
        points = cv2.approxPolyDP(cv2.convexHull(best) if hull else best, coarse * r, True)[:, 0].astype(np.float64)
        away = points - points.mean(axis=0)
        points += loose * r * away / np.maximum(np.linalg.norm(away, axis=1, keepdims=True), 1)
        cv2.fillPoly(out, [np.round(points).astype(np.int32)], 1.0)
    return out * allowed


def head(rng: Rng, size: int, look, atlas: Atlas | None) -> Pair | None:
    """Two views of one tumour; `look(rng, image)` is the photometric change. None if it is lost in a view."""
    grid, seed, t = min(size, 320), int(rng.integers(1 << 40)), draw_tones(rng)
    real = atlas is not None and rng.random() < REAL
    plane = str(rng.choice(list(AXES)) if real else rng.choice(list(PLANES), p=[0.5, 0.18, 0.14, 0.18]))
    quarter, mirror, first = int(rng.choice(4, p=[0.5, 0.2, 0.1, 0.2])), rng.random() < 0.5, rng.uniform(-0.5, 0.5)
    gap = rng.choice([0.0, 0.15, 0.4, 0.9], p=[0.15, 0.2, 0.35, 0.3]) * rng.uniform(0.5, 1.2) * rng.choice([-1, 1])
    site, plain, masks = None, [], []
    if real:
        grid = min(size, 448)
        patient, site, spacing = draw_patient(rng, Slice(seed, grid, first, plane), atlas)
        thick = np.clip(patient.radius, 8, 25)  # mm in which the tumour changes as much as from z to z + 1
        levels = rng.uniform(0, 6), rng.uniform(8, 25), t.csf, t.grey, t.white, t.fat * 0.85, t.fat * 1.2
    for z in (first, first + gap) if gap else (first,):
        s = Slice(seed, grid, z, plane)
        if real:
            image, cavity = patient.cut(grid, site.centre, spacing, z * thick)
            image = toned(image, levels)
        else:
            image, cavity = anatomy(s, t)
        vessels = s.strands(int(s.rng.integers(6, 26)), (0, -.1, .7), (0.1, 0.7), (0.005, 0.02))
        vessels = vessels * cavity * s.rng.uniform(0.4, 1)
        site = site or draw_site(rng, s, cavity)
        over(image, 0.5 * vessels, t.vessel)
        mask = tumour(s, site, image, cavity, t)
        over(image, 0.5 * vessels, t.vessel)
        for value, store in ((image, plain), (mask, masks)):
            value = np.ascontiguousarray(np.rot90(value[:, ::-1] if mirror else value, quarter))
            store.append(value if grid == size else cv2.resize(value, (size, size), interpolation=cv2.INTER_LINEAR))
    if not gap:
        plain, masks = plain * 2, masks * 2
    motion, edge = smooth_motion(rng, size, rng.choice([0.1, 0.3, 0.7])), {"borderMode": cv2.BORDER_CONSTANT}
    change = cv2.blur(np.abs(plain[0] - plain[1]), (size // 40, size // 40))
    plain[1] = cv2.remap(plain[1], motion, None, cv2.INTER_LINEAR, **edge)
    masks = np.stack([masks[0], cv2.remap(masks[1], motion, None, cv2.INTER_LINEAR, **edge)]) > 0.5
    if masks.sum(axis=(1, 2)).min() < 0.001 * size * size:
        return None

    # The scanner: matrix size with ringing, coil shading, window, Rician noise.
    shrink, gain = rng.uniform(0.5, 0.85) if rng.random() < 0.5 else 1.0, np.exp(rng.normal(0, 0.15))
    level, blur = np.exp(rng.uniform(np.log(0.7), np.log(9))), rng.uniform(0.4, 1.2)
    shade = cv2.resize(rng.standard_normal((3, 3), dtype=np.float32), (size, size), interpolation=cv2.INTER_CUBIC)
    shade = (1 + np.float32(rng.uniform(0, 0.25)) * shade) * np.float32(gain)
    views = []
    for image in plain:
        if shrink < 1:
            small = cv2.resize(image, None, fx=shrink, fy=shrink, interpolation=cv2.INTER_AREA)
            image = cv2.resize(small, (size, size), interpolation=cv2.INTER_LANCZOS4)
        noise = cv2.GaussianBlur(rng.standard_normal((size, size, 2), dtype=np.float32), (0, 0), blur)
        noise *= np.float32(level * (1 + blur))
        image = image * (shade * np.float32(np.exp(rng.normal(0, 0.06)))) + noise[..., 0]
        views.append(look(rng, grey(cv2.magnitude(image, np.ascontiguousarray(noise[..., 1])))))

    cells = slice(CELL // 2, None, CELL)
    source, inside = motion[cells, cells], masks[1][cells, cells]
    known = ((source >= 1) & (source < size - 1)).all(axis=2)
    column, row = np.moveaxis(np.clip(np.round(source), 0, size - 1).astype(np.int64), 2, 0)
    known &= (masks[0][row, column] == inside) & (inside | (change[row, column] < 0.15 * t.white))
    return Pair(np.stack(views), masks.astype(np.uint8), source.astype(np.float32), known, np.full((2, 2), size))
