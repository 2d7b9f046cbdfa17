"""A polyp on the wall of a colon, ray-marched from two camera poses.

World frame: the colon is a tube along z of radius 1; the polyp sits at angle pi (x = -1) and z = 0. The wall is a
height field over (angle, z), and the polyp has a finer one around its place (its chart). Colours belong to the
wall, light and highlights to the camera, so the shading changes between the views as in a video.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from types import SimpleNamespace

import cv2
import numpy as np

from scene import CELL, Pair
from shapes import fill, outline
from synth import log_uniform
from textures import Rng, clouds

ROUND = 2 * np.pi  # the wall map's period in both directions
CHART = 2.2  # half the chart's side in polyp radii


@dataclass
class Camera:
    """position [3]; turn [3,3]: rows right, down, forward; middle [2] and focal in frame sides; bend: barrel."""

    position: np.ndarray
    turn: np.ndarray
    middle: np.ndarray
    focal: float
    bend: float

    def rays(self, count: int) -> np.ndarray:
        """Unit world directions through the pixels of a count x count frame, [count,count,3] float32."""
        axis = (np.arange(count, dtype=np.float32) + 0.5) / count
        x, y = np.meshgrid(axis - np.float32(self.middle[0]), axis - np.float32(self.middle[1]))
        z = self.focal * (1 - self.bend * (x * x + y * y))
        return cv2.merge([v / cv2.sqrt(x * x + y * y + z * z) for v in (x, y, z)]) @ self.turn.astype(np.float32)

    def project(self, points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """World points [...,3] to places in the frame [...,2] (0..1) and distances [...] (negative: behind)."""
        local = (points - self.position) @ self.turn.T
        flat = np.hypot(local[..., 0], local[..., 1]) + 1e-6
        slope = flat / np.maximum(local[..., 2], 1e-3)
        k = 2 * self.focal * self.bend * slope + 1e-6
        radius = (np.sqrt(1 + 2 * k * self.focal * slope) - 1) / k
        place = self.middle + local[..., :2] * (radius / flat)[..., None]
        return place, np.linalg.norm(local, axis=-1) * np.sign(local[..., 2])


def aim(target: np.ndarray, lens: tuple, place: np.ndarray, distance: float, tilt: float, heading: float,
        roll: float) -> Camera:
    """Camera that sees world `target` at frame `place`, `tilt` off the wall's normal. lens: middle, focal, bend."""
    middle, focal, bend = lens
    away = np.array([np.cos(tilt), np.sin(tilt) * np.sin(heading), -np.sin(tilt) * np.cos(heading)])
    offset, frames = place - middle, []
    ray = np.array([*offset, focal * (1 - bend * (offset @ offset))])
    for first in (ray / np.linalg.norm(ray), -away):
        second = np.cross(first, [0.0, 1.0, 0.0])
        second /= np.linalg.norm(second)
        frames.append(np.stack([first, second, np.cross(first, second)]))
    c, s = np.cos(roll), np.sin(roll)
    turn = frames[0].T @ np.array([[1, 0, 0], [0, c, -s], [0, s, c]]) @ frames[1]
    return Camera(target + distance * away, turn, middle, focal, bend)


@dataclass
class Wall:
    """height [M,M] over (z, angle), slopes [M,M,2] along (angle, z); tile [T,T,3], vessels [V,V] and relief [T,T,2],
    `repeats` times around; bump [K,K], tilt [K,K,3]: slopes and creases, skin [K,K,4]: rgb factors less 1 and mask."""

    height: np.ndarray
    slopes: np.ndarray
    tile: np.ndarray
    vessels: np.ndarray
    relief: np.ndarray
    repeats: int
    bump: np.ndarray
    tilt: np.ndarray
    skin: np.ndarray
    radius: float

    def on_map(self, table: np.ndarray, angle: np.ndarray, z: np.ndarray, repeats: int = 1) -> np.ndarray:
        scale = np.float32(table.shape[0] * repeats / ROUND)
        return cv2.remap(table, angle * scale, z * scale, cv2.INTER_LINEAR, borderMode=cv2.BORDER_WRAP)

    def on_chart(self, table: np.ndarray, angle: np.ndarray, z: np.ndarray) -> np.ndarray:
        half = (table.shape[0] - 1) / 2
        scale = half / (CHART * self.radius)
        return cv2.remap(table, angle * scale + (half - np.pi * scale), z * scale + half, cv2.INTER_LINEAR)

    def rise(self, angle: np.ndarray, z: np.ndarray) -> np.ndarray:
        return self.on_map(self.height, angle, z) + self.on_chart(self.bump, angle, z)

    def march(self, camera: Camera, rays: np.ndarray, depth: np.ndarray, steps: int) -> tuple[np.ndarray, ...]:
        """Moves along the rays from `depth` to the surface; returns depth, angle, z: each [n,n] float32."""
        start, (dx, dy, dz) = camera.position.tolist(), cv2.split(rays)
        for step in range(steps + 1):
            z = start[2] + depth * dz
            rho, angle = cv2.cartToPolar(start[0] + depth * dx, start[1] + depth * dy)
            if step < steps:
                depth = np.clip(depth + 0.65 * (1 - rho - self.rise(angle, z)), 0.02, 9.0)
        return depth, angle, z


def tiling(rng: Rng, size: int, cells: int) -> np.ndarray:
    """Like textures.field, but seamless. cells: a power of two."""
    small, step = np.pad(rng.standard_normal((cells, cells)).astype(np.float32), 2, mode="wrap"), size // cells
    inner = slice(2 * step, -2 * step)
    return cv2.resize(small, None, fx=step, fy=step, interpolation=cv2.INTER_CUBIC)[inner, inner]


def slopes(height: np.ndarray, pixel: float) -> np.ndarray:
    """Derivatives along columns and rows, [S,S,2]; `pixel` is one pixel's length in the world."""
    return cv2.merge([cv2.Sobel(height, cv2.CV_32F, *d, ksize=3, scale=1 / (8 * pixel)) for d in ((1, 0), (0, 1))])


@lru_cache(maxsize=64)
def vessels(size: int, seed: int) -> np.ndarray:
    """A seamless net of branching lines, [size,size] 0..1. Slow, so a few of them are kept in memory."""
    rng = np.random.default_rng(seed)
    canvas, width = np.zeros((2 * size, 2 * size), np.uint8), rng.uniform(1.2, 3.2) * size / 512
    trees = [(rng.uniform(0.6, 1.4, 2) * size, rng.uniform(0, 6.3), width, 40) for _ in range(rng.integers(2, 12))]
    while trees:
        point, heading, thick, length = trees.pop()
        path = [point]
        for _ in range(length):
            heading += rng.normal(0, 0.22)
            path.append(point := point + size / 70 * np.array([np.cos(heading), np.sin(heading)]))
            if rng.random() < 0.09 and thick > 0.35 * width:
                side = rng.choice([-1, 1]) * rng.uniform(0.4, 1.1)
                trees.append((point, heading + side, thick * 0.65, length * 2 // 3))
        line, shade = [np.round(np.array(path) * 16).astype(np.int32)], int(255 * min(1.0, thick / width + 0.15))
        cv2.polylines(canvas, line, False, shade, max(1, round(thick)), cv2.LINE_AA, 4)
    folded = canvas.reshape(2, size, 2, size).max(axis=(0, 2)).astype(np.float32) / 255
    return cv2.GaussianBlur(folded, (0, 0), 0.5 + 0.3 * width)


def folds(rng: Rng, radius: float, size: int = 192) -> np.ndarray:
    """Heights of haustral folds, lumps and now and then look-alike bumps, [size,size] over (z, angle)."""
    axis = (np.arange(size, dtype=np.float32) / size * ROUND)[None, :]
    z, calm = axis.T, float(rng.choice([0.3, 0.8, 1.2]))
    bent = z + tiling(rng, size, 4) * rng.uniform(0.05, 0.35)
    height = calm * (tiling(rng, size, 4) * rng.uniform(0.01, 0.06) + tiling(rng, size, 8) * rng.uniform(0, 0.025))
    first = place = rng.normal(0, 0.3 * radius) if rng.random() < 0.4 else rng.uniform(0.3, 1.0)
    while place < first + ROUND - 0.4:
        away = np.abs(bent - place % ROUND)
        lobes = 0.5 + 0.5 * np.cos(int(rng.integers(1, 4)) * (axis - rng.uniform(0, ROUND)))
        tall = rng.uniform(0.08, 0.5) * calm * (0.15 + 0.85 * lobes ** rng.uniform(0.5, 1.5))
        ridge = tall * cv2.exp(-((np.minimum(away, np.abs(ROUND - away)) / rng.uniform(0.06, 0.22)) ** 2))
        height = np.maximum(height, height * 0.5 + ridge)
        place += rng.uniform(0.5, 1.6)
    for _ in range(rng.integers(1, 4) if rng.random() < 0.2 else 0):
        side, own = rng.uniform(0, ROUND), max(0.05, radius * rng.uniform(0.2, 0.6))
        far = radius * rng.uniform(1.6, 3.5) + own
        u, v = axis - np.pi - far * np.cos(side), (z - far * np.sin(side) + np.pi) % ROUND - np.pi
        height += own * rng.uniform(0.3, 0.7) * cv2.exp(-((u * u + v * v) ** 1.5) / own**3)
    return cv2.GaussianBlur(np.minimum(height, 0.45), (0, 0), 0.9)


def polyp(rng: Rng, radius: float, size: int = 240) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The polyp's chart: bump [K,K], tilt [K,K,3], skin [K,K,4]; see Wall."""
    unit, middle, angle = size / (2 * CHART), np.full(2, size / 2), rng.uniform(0, np.pi)
    kind = str(rng.choice(["flat", "sessile", "tall", "lobed", "spreading"], p=[0.3, 0.3, 0.12, 0.16, 0.12]))
    low, high, rough = {"flat": (0.06, 0.28, 0.2), "sessile": (0.35, 0.9, 0.08), "tall": (0.9, 1.3, 0.06),
                        "lobed": (0.35, 0.8, 0.1), "spreading": (0.1, 0.35, 0.3)}[kind]
    low_kind, top = kind in ("flat", "spreading"), min(rng.uniform(low, high), 0.38 / radius)  # short of the axis
    aspect = min(2.8, np.exp(abs(rng.normal(0, 0.5 if low_kind else 0.2))))
    parts = [(middle, 0.92 * unit, aspect)]
    if kind == "lobed":
        parts = [(middle, unit * 0.55, 1.2)]
        for side in rng.uniform(0, ROUND, rng.integers(2, 6)):
            spot = middle + rng.uniform(0.2, 0.8) * unit * np.array([np.cos(side), np.sin(side)])
            parts.append((spot, unit * rng.uniform(0.4, 0.65), 1.2))
    elif kind == "tall":  # a head and a stalk lying on the wall
        lean = unit * rng.uniform(0.4, 0.9) * np.array([np.cos(angle), np.sin(angle)])
        parts = [(middle + lean * 0.5, unit * 0.7, 1.15), (middle - lean * 0.7, unit * 0.4, 1.8)]
    mask, rise = np.zeros((size, size), np.float32), np.zeros((size, size), np.float32)
    plateau = rng.uniform(0.35, 0.7) if low_kind else rng.uniform(0.75, 1.0)
    for index, (spot, reach, aspect) in enumerate(parts):
        part = fill(size, outline(rng, spot, reach, aspect, rough, angle))
        inside = cv2.distanceTransform((part > 0.5).astype(np.uint8), cv2.DIST_L2, 5)
        deep = np.minimum(inside / (inside.max() * plateau + 1e-3), 1)
        own = top * reach / unit * (0.5 if kind == "tall" and index else 1.0)
        rise = np.maximum(rise, own * cv2.sqrt(deep * (2 - deep)))
        mask = np.maximum(mask, part)
    rise = cv2.GaussianBlur(rise, (0, 0), unit * rng.uniform(0.03, 0.1))
    soft = cv2.GaussianBlur(mask, (0, 0), unit * log_uniform(rng, 0.02, 0.12))
    if kind == "flat" and rng.random() < 0.3:  # a shallow dip in the middle
        rise -= rise * 0.6 * np.clip(cv2.GaussianBlur(mask, (0, 0), unit * 0.3) * 2 - 1, 0, 1)
    grain, lumps = clouds(rng, size, int(rng.integers(12, 50)), 2), clouds(rng, size, int(rng.integers(6, 16)), 2)
    if rng.random() < 0.5:  # pits and ridges instead of grains
        grain = (0.8 - np.abs(grain)) * 1.5
    rise += soft * (np.abs(lumps) * rng.uniform(0.02, 0.06) if kind == "spreading" else lumps * rng.uniform(0.0, 0.03))
    fine = rise + soft * grain * log_uniform(rng, 0.0005, 0.006)
    crease = np.clip((cv2.GaussianBlur(fine, (0, 0), unit * 0.1) - fine) * rng.uniform(0.5, 4), -0.1, 0.4)
    shift = [(0, 0, 0), (-0.02, -0.22, -0.18), (0.06, 0.2, 0.22)][rng.choice(3, p=[0.5, 0.28, 0.22])]  # same, red, pale
    tint = (np.array(shift) * rng.uniform(0.3, 1.0) + rng.normal(0, 0.02, 3)).tolist()
    shade = clouds(rng, size, 4, 3) * rng.uniform(0, 0.05) + grain * rng.uniform(0, 0.06)
    ruddy = clouds(rng, size, 8, 2) * rng.uniform(0, 0.07)
    factors = [soft * (t + shade + ruddy * w) for t, w in zip(tint, (0.2, -1.0, -0.8))]
    return rise * radius, cv2.merge([*cv2.split(slopes(fine, 1 / unit)), crease]), cv2.merge([*factors, mask])


def build_wall(rng: Rng, size: int, radius: float, distance: float) -> Wall:
    green = rng.uniform(0.28, 0.68)
    patches = tiling(rng, size, 8) + 0.6 * tiling(rng, size, 16)
    mottle = tiling(rng, size, 32) + 0.7 * tiling(rng, size, 64)
    shade = 1 + patches * rng.uniform(0, 0.06) + mottle * rng.uniform(0, 0.03)
    blush = (tiling(rng, size, 4) + 0.4 * mottle) * rng.uniform(0, 0.08)
    base = (1.0, green, green * rng.uniform(0.5, 0.85))
    tile = cv2.merge([(shade + blush * w) * b for w, b in zip((0.2, -1.0, -0.8), base)])
    bumps = (tiling(rng, size, 16) + rng.uniform(0, 0.5) * mottle) * rng.uniform(0.005, 0.02)
    if rng.random() < 0.25:  # mucus or stool
        dirt = np.clip((patches + 0.3 * mottle - rng.uniform(2.0, 3.0)) * 3, 0, 1)
        colour = np.array([0.85, rng.uniform(0.5, 0.8), rng.uniform(0.15, 0.6)], np.float32) * rng.uniform(0.6, 1.1)
        tile += (dirt * rng.uniform(0.3, 0.9))[:, :, None] * (colour - tile)
        bumps += dirt * 0.02
    if rng.random() < 0.2:  # bubbles
        foam, near = np.zeros((size, size), np.uint8), rng.uniform(0, size, 2)
        for _ in range(rng.integers(4, 40)):
            spot, reach = (near + rng.normal(0, 0.08, 2) * size) % size, rng.uniform(2, 8) * size / 512
            cv2.circle(foam, np.round(spot * 16).astype(int).tolist(), round(reach * 16), 255, 1, cv2.LINE_AA, 4)
        bumps += foam * np.float32(0.0001)
        tile += (foam * np.float32(0.0007))[:, :, None]
    net = vessels(2 * size, int(rng.integers(0, 32))) if rng.random() < 0.7 else np.zeros((4, 4), np.float32)
    net = net[:: rng.choice([-1, 1]), :: rng.choice([-1, 1])] * np.float32(log_uniform(rng, 0.1, 0.8))
    height, repeats = folds(rng, radius), max(1, round(2.2 / distance))
    return Wall(height, slopes(height, ROUND / 192), tile, net, slopes(bumps, 3.0 / size), repeats,
                *polyp(rng, radius), radius)


def optics(rng: Rng, size: int) -> tuple[np.ndarray, np.ndarray]:
    """What the optics show, [S,S] 0..1: everything, a square with cut corners or a disc; and its middle (0..1)."""
    kind, middle = rng.choice(["all", "corners", "disc"], p=[0.3, 0.5, 0.2]), 0.5 + rng.uniform(-0.04, 0.04, 2)
    if kind == "all":
        return np.ones((size, size), np.float32), middle
    half = rng.uniform(0.4, 0.5, 2) if kind == "corners" else np.full(2, rng.uniform(0.46, 0.58))
    axis = (np.arange(size) + 0.5) / size
    x, y = np.abs(axis - middle[0])[None, :] / half[0], np.abs(axis - middle[1])[:, None] / half[1]
    away = np.hypot(x, y) if kind == "disc" else np.maximum(np.maximum(x, y), (x + y) / rng.uniform(1.5, 1.9))
    return np.clip((1 - away) * (size * half[0] / rng.uniform(1, 3)), 0, 1).astype(np.float32), middle


def shaded(rng: Rng, wall: Wall, light: SimpleNamespace, camera: Camera, rays: np.ndarray, hit: tuple[np.ndarray, ...],
           skin: np.ndarray, inside: np.ndarray) -> np.ndarray:
    """One view, float32 [S,S,3] 0..255. Exposure and highlights follow what every 4th pixel `inside` shows."""
    depth, angle, z = hit
    size, alpha = depth.shape[0], skin[..., 3]
    colour = wall.on_map(wall.tile, angle, z, wall.repeats) * (1 + skin[..., :3])
    vein = wall.on_map(wall.vessels, angle, z, wall.repeats) * (1 - 0.85 * alpha)
    colour *= 1 - vein[:, :, None] * np.array([0.25, 0.75, 0.6], np.float32)
    tilt, fine = wall.on_chart(wall.tilt, angle, z), wall.on_map(wall.relief, angle, z, wall.repeats)
    own = wall.on_map(wall.slopes, angle, z) + tilt[..., :2]
    moved = [depth * d for d in cv2.split(rays)]
    x, y = (float(camera.position[i]) + moved[i] for i in (0, 1))
    rho = np.maximum(cv2.magnitude(x, y), 0.15)
    tx, ty, tz = (float(lamp) - m for lamp, m in zip(light.lamp, moved))
    distance = cv2.sqrt(tx * tx + ty * ty + tz * tz)
    inward, along = -(x * tx + y * ty) / (rho * distance), -tz / distance
    around = (y * tx - x * ty) / (rho * rho * distance)

    def facing(slope: np.ndarray) -> np.ndarray:
        """Cosine between the surface's normal and the lamp, [S,S]."""
        a, b = cv2.split(slope)
        return (inward + a * around + b * along) / cv2.sqrt(1 + (a / rho) ** 2 + b * b)

    # Tissue scatters light, so even what faces away is not black.
    lit = np.maximum(facing(own + fine * light.rough), -0.5 * light.wrap) + light.wrap
    level = lit * cv2.pow(distance + 0.1, -light.fade) * (1 - tilt[..., 2])
    level += light.ambient * cv2.pow(distance + 0.7, -1.2)
    axis = (np.arange(size, dtype=np.float32) + 0.5) / size - 0.5
    level *= 1 - light.vignette * (axis[None, :] ** 2 + axis[:, None] ** 2)
    level *= rng.uniform(0.7, 1.5) / (float(np.quantile(level[::4, ::4][inside], 0.8)) + 1e-6)
    balance = light.balance * np.exp(rng.normal(0, 0.02, 3))
    image = 1 - cv2.exp(level[:, :, None] * colour * (-1.2 * balance).astype(np.float32))
    wet = facing(own + fine) * (depth < 5)
    limit = max(0.9, float(np.quantile(wet[::4, ::4][inside], 1 - light.gloss * rng.uniform(0.3, 1.5))))
    glare = np.clip((wet - limit) / (0.3 * (1.0005 - limit)), 0, 1) * np.minimum(level * 2, 1)
    glare = np.maximum(cv2.GaussianBlur(glare, (0, 0), size / 400), 0.5 * cv2.GaussianBlur(glare, (0, 0), size / 128))
    glare = np.maximum(glare, light.sheen * cv2.pow(np.maximum(wet, 0), 16))
    return 255 * (image + glare[:, :, None] * (np.array([1.0, 0.99, 0.95], np.float32) - image))


def blurred(rng: Rng, image: np.ndarray) -> np.ndarray:
    """Now and then defocus or motion."""
    roll, scale = rng.random(), image.shape[0] / 256
    if roll < 0.15:
        return cv2.GaussianBlur(image, (0, 0), scale * rng.uniform(0.6, 2.0))
    if roll > 0.3:
        return image
    half, turn = scale * rng.uniform(2, 5), rng.uniform(0, np.pi)
    along = np.linspace(-half, half, int(2 * half) | 1)
    kernel = np.zeros((2 * int(half) + 3,) * 2, np.float32)
    spots = tuple(np.round(along * f).astype(int) + int(half) + 1 for f in (np.sin(turn), np.cos(turn)))
    np.add.at(kernel, spots, 1 / along.size)
    return cv2.filter2D(image, -1, kernel)


def outlook(wall: Wall, camera: Camera) -> np.ndarray | None:
    """Coarse depth [64,64] of a view; None where the camera is in the wall or hardly sees the polyp."""
    spot = [np.full((1, 1), v, np.float32) for v in camera.position]
    rho, angle = cv2.cartToPolar(spot[0], spot[1])
    if (1 - rho - wall.rise(angle, spot[2])).item() < 0.1:
        return None
    depth, angle, z = wall.march(camera, camera.rays(64), np.full((64, 64), 0.05, np.float32), 28)
    return depth if 0.004 < (wall.on_chart(wall.skin, angle, z)[..., 3] > 0.5).mean() < 0.7 else None


def find_views(rng: Rng, wall: Wall, distance: float, lens: tuple) -> list[tuple[Camera, np.ndarray]]:
    """Up to two cameras that see the polyp, with their coarse depths."""
    target = np.array([-1 + 0.5 * float(wall.bump.max()) + float(wall.height[0, 96]), 0.0, 0.0])
    steepest, views = np.arccos(min(0.95, 1.3 / distance)) if distance > 1.3 else 0.0, []
    for _ in range(12):
        if not views:
            tilt, heading = rng.uniform(steepest, max(1.25, steepest + 0.1)), rng.normal(0, 0.4)
            side = rng.uniform(0, ROUND)
            place = lens[0] + rng.uniform(0, 0.36) * np.array([np.cos(side), np.sin(side)])
            rolls = rng.uniform(0, ROUND, 4 if rng.random() < 0.6 else 1)  # several: prefer to look along the colon
            roll = max(rolls, key=lambda r: aim(target, lens, place, distance, tilt, heading, r).turn[2, 2])
            pose = (place, distance, tilt, heading, roll)
        else:
            pose = (np.clip(place + rng.normal(0, 0.14, 2), 0.06, 0.94), distance / log_uniform(rng, 0.6, 1.6),
                    np.clip(tilt + rng.normal(0, 0.2), 0, 1.4), heading + rng.normal(0, 0.25),
                    roll + rng.uniform(-0.52, 0.52))
        camera = aim(target, lens, *pose)
        depth = outlook(wall, camera)
        if depth is not None:
            views.append((camera, depth))
        if len(views) == 2:
            break
    return views


def colon(rng: Rng, size: int, look) -> Pair | None:
    """One polyp in two views; None if it is not well seen in both. `look(rng, image)` is the photometric change."""
    window, middle = optics(rng, size)
    focal, share = rng.uniform(0.5, 0.85), log_uniform(rng, 0.13, 0.72)  # share: the polyp's part of the frame's side
    radius = float(np.clip(share * log_uniform(rng, 0.4, 2.2) / (2 * focal), 0.04, 0.5))
    distance = max(2 * focal * radius / share, 1.4 * radius + 0.15)
    wall = build_wall(rng, size, radius, distance)
    views = find_views(rng, wall, distance, (middle, focal, rng.uniform(0, 0.35)))
    if len(views) < 2:
        return None
    balance = np.exp(rng.normal(0, 0.07, 3)) * (np.array([0.75, 1.1, 1.15]) if rng.random() < 0.05 else 1)
    light = SimpleNamespace(lamp=rng.normal(0, 0.04, 3), fade=rng.uniform(0.8, 2.0),
                            ambient=log_uniform(rng, 0.03, 0.3), gloss=log_uniform(rng, 0.001, 0.03),
                            sheen=rng.uniform(0, 0.25), rough=rng.uniform(0.05, 0.5),
                            wrap=rng.uniform(0.1, 0.55), vignette=rng.uniform(0, 0.9), balance=balance)
    black, noise = (rng.choice([0, 8, 20]) + rng.uniform(0, 3, 3)).astype(np.float32), rng.uniform(0.3, 4)
    images, masks, hits = [], [], []
    for camera, depth in views:
        near, rays = cv2.resize(cv2.erode(depth, np.ones((3, 3))), (size, size)), camera.rays(size)
        hit = wall.march(camera, rays, near, 4)
        skin = wall.on_chart(wall.skin, *hit[1:])
        image = blurred(rng, shaded(rng, wall, light, camera, rays, hit, skin, window[::4, ::4] > 0.5))
        image += rng.standard_normal((size, size, 1), dtype=np.float32) * noise
        images.append(look(rng, black + window[:, :, None] * (image - black)))
        masks.append((skin[..., 3] > 0.5) & (window > 0.5))
        hits.append(hit)
    areas = [mask.mean() for mask in masks]
    if min(areas) < 0.0025 or max(areas) > 0.75:
        return None
    cells = slice(CELL // 2, None, CELL)
    depth, angle, z = (np.ascontiguousarray(values[cells, cells]) for values in hits[1])
    rho = 1 - wall.rise(angle, z)
    place, away = views[0][0].project(np.stack([rho * np.cos(angle), rho * np.sin(angle), z], axis=2))
    source = (place * size - 0.5).astype(np.float32)
    x, y = np.moveaxis(np.clip(np.round(source), 0, size - 1).astype(np.int64), 2, 0)
    known = (away > 0) & (depth < 5) & (source >= 1).all(axis=2) & (source < size - 2).all(axis=2)
    known &= (np.abs(hits[0][0][y, x] - away) < 0.04 * away + 0.01) & (masks[0][y, x] == masks[1][cells, cells])
    known &= (window[y, x] > 0.5) & (window[cells, cells] > 0.5)
    return Pair(np.stack(images), np.stack(masks).astype(np.uint8), source, known, np.full((2, 2), size))
