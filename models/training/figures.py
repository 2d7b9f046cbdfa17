"""Generated whole objects made of parts: animals, people, vehicles, cycles, vessels, bags, chairs, free compounds.

A figure is a list of parts in a unit frame (x right, y down, about 1 across), bottom to top. It is painted in a
square tile and laid on a real photo with shading, a shadow, and sometimes other figures or twigs in front.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from scene import Layer, Scene
from shapes import dome, outline
from synth import log_uniform
from textures import Rng, material, pattern, random_colour

OWN = 10  # paints from here on always get a surface of their own; the others do so half of the time


@dataclass
class Part:
    """A polygon [K,2], or a thick stroke [K,3] (x, y, radius). Parts of equal `paint` share a surface;
    `inside` keeps to what is drawn already; `shade` is added to the lightness (far limbs are darker)."""

    path: np.ndarray
    paint: int = 0
    inside: bool = False
    shade: float = 0.0


def rounded(points, closed: bool = False) -> np.ndarray:
    """Corner cutting of a path [K,C] -> about [4K,C]; an open path keeps its ends."""
    path = np.asarray(points, float)
    for _ in range(2):
        before, after = (path, np.roll(path, -1, axis=0)) if closed else (path[:-1], path[1:])
        cut = np.stack([0.75 * before + 0.25 * after, 0.25 * before + 0.75 * after], 1).reshape(-1, path.shape[1])
        path = cut if closed else np.concatenate([path[:1], cut, path[-1:]])
    return path


def stroke(*points, paint: int = 0, shade: float = 0.0, inside: bool = False) -> Part:
    return Part(rounded(points), paint, inside, shade)


def box(x: float, y: float, half_x: float, half_y: float, paint: int = 0, inside: bool = False) -> Part:
    corners = np.array([[-1, -1], [0, -1], [1, -1], [1, 0], [1, 1], [0, 1], [-1, 1], [-1, 0]])
    return Part(rounded(corners * [half_x, half_y] + [x, y], True), paint, inside)


def oval(rng: Rng, x: float, y: float, radius: float, paint: int = 0, rough: float = 0.08, inside: bool = False):
    path = outline(rng, np.array([x, y]), radius, np.exp(rng.normal(0, 2 * rough)), rough, rng.normal(0, 3 * rough))
    return Part(path, paint, inside)


def ring(x: float, y: float, radius: float, width: float, paint: int = 0) -> Part:
    theta = np.linspace(0, 6.3, 24)
    return Part(np.stack([x + radius * np.cos(theta), y + radius * np.sin(theta), np.full(24, width)], 1), paint)


def head(rng: Rng, x: float, y: float, r: float, frontal: bool) -> list[Part]:
    """Ears or horns, skull, muzzle or beak, nose, eyes. A profile faces right."""
    parts, u, beak = [], rng.uniform, rng.random() < 0.3
    long, wide, sharp, lift, lean = u(0.6, 2) * r, u(0.1, 0.4) * r, u(0.1, 1), u(-0.6, 1), u(0, 0.7)
    for side in (-1, 1) if rng.random() < 0.8 else ():
        root = x + r * (0.6 * side if frontal else 0.2 * side - 0.4)
        tip = root + long * (side if frontal else -1) * lean
        middle = ((root + tip) / 2, y - 0.7 * r - 0.4 * long * lift, wide)
        parts.append(stroke((root, y - 0.4 * r, wide), middle, (tip, y - 0.5 * r - long * lift, wide * sharp), paint=4))
    reach, drop = (0, y + 0.45 * r) if frontal else (u(0.6, 1.9) * r, y + u(-0.1, 0.6) * r)
    tip = r * (0.08 if beak and not frontal else u(0.25, 0.6))
    bridge = (x + reach / 2, (y + drop) / 2, tip + 0.1 * r)
    muzzle = stroke((x, y, r * 0.7), bridge, (x + reach, drop, tip), paint=OWN + 2 if beak else 2)
    parts += [oval(rng, x, y, r, 2), muzzle] if frontal or not beak else [muzzle, oval(rng, x, y, r, 2)]
    spots = [(reach + 0.3 * tip, drop, tip * 0.4), (0.35 * r, y - 0.2 * r, 0.13 * r), (-0.4 * r, y - 0.2 * r, 0.13 * r)]
    return parts + [oval(rng, x + dx, dy, e, OWN + 1, inside=True) for dx, dy, e in spots[: 3 if frontal else 2]]


def leg(rng: Rng, x: float, y: float, length: float, width: float, shade: float, paint: int = 1, swing: float = 0.25):
    """Hip, knee, ankle, toe; sometimes a sock of another colour. Also an arm, with more swing. list[Part]."""
    angles = rng.normal(0, swing) + rng.normal(0, swing, 2)
    (kx, ky), (fx, fy) = [x, y] + np.cumsum(0.5 * length * np.stack([np.sin(angles), np.cos(angles)], 1), axis=0)
    toe, half = (fx + width * rng.uniform(0.5, 2.5), fy + 0.2 * width, width * 0.7), rng.uniform(0, 1.5)
    hip = (x, y, width * rng.uniform(1.2, 2.2))
    shin = (fx + half * (kx - fx), fy + half * (ky - fy), width)
    sock = stroke(shin, (fx, fy, width * 0.85), toe, paint=5, shade=shade)
    whole = stroke(hip, (kx, ky, width), (fx, fy, width * 0.7), toe, paint=paint, shade=shade)
    return [whole, sock] if half < 0.8 else [whole]


def creature(rng: Rng) -> list[Part]:
    """An animal in profile: standing, sitting up, lying, flying or swimming, with any neck and tail."""
    u, fat, thin = rng.uniform, rng.uniform(0.1, 0.28), rng.uniform(0.025, 0.07)
    tilt = rng.normal(0, 0.2) if rng.random() < 0.75 else u(0.5, 1.4)
    heading = tilt + rng.normal(0, 0.2) * np.arange(4)
    path = np.cumsum(0.32 * np.stack([np.cos(heading), -np.sin(heading)], 1), axis=0) - [0.8, 0]
    spine = [(x, y, fat * u(0.7, 1.15)) for x, y in path]
    floor = path[:, 1].max() + fat + (0.0 if rng.random() < 0.15 or tilt > 0.5 else u(0.15, 0.7))
    hips = [[], [path[2]], [path[0], path[3]], [path[0], path[1], path[3]]][rng.choice(4, p=[0.2, 0.15, 0.57, 0.08])]
    far, near = ([p for x, y in hips for p in leg(rng, x + rng.normal(0, 0.04), y, floor - y, thin, shade)]
                 for shade in (-0.35, 0))
    (x, y), bush, aim = path[0], thin * u(0.5, 2.5), u(-1.5, 1.2) + np.array([0, rng.normal(0, 0.8)])
    steps = [x - 0.3 * fat, y] + np.cumsum(u(0.05, 0.45) * np.stack([-np.cos(aim), np.sin(aim)], 1), axis=0)
    parts = far + [stroke((x, y, bush), (*steps[0], bush), (*steps[1], thin * u(0.1, 1)), paint=3)]
    (x0, y0), skull, reach, rise = path[3], fat * u(0.4, 0.95) + 0.02, log_uniform(rng, 0.12, 0.9), u(-0.2, 1.5)
    x, y, sway = x0 + reach * np.cos(rise), y0 - reach * np.sin(rise), rng.normal(0, 0.1) * reach
    neck = [(x0 - 0.1, y0, 0.8 * fat), (0.65 * x0 + 0.35 * x + sway, 0.6 * y0 + 0.4 * y, 0.9 * min(fat, skull)),
            (x - sway, 0.3 * y0 + 0.7 * y, 0.7 * skull), (x, y, 0.7 * skull)]
    parts += [stroke(*neck, paint=rng.choice([0, 2])), stroke(*spine)]
    if rng.random() < 0.35:  # a belly
        parts.append(stroke(*[(a, b + 0.8 * r, 0.5 * r) for a, b, r in spine], paint=5, inside=True))
    if rng.random() < (0.15 if len(hips) == 2 else 0.5):  # a wing or fin, folded or lifted
        tips = [(0.25, -0.3 * fat), (-0.1, u(-1, 0.3)), (-0.6, u(-1, 0.3)), (-0.3, 0.4 * fat)]
        near.append(Part(rounded(tips + path[2] - [0.1, 0], True), 4))
    return parts + near + head(rng, x, y, skull, rng.random() < 0.2)


def upright(rng: Rng) -> list[Part]:
    """A person or an animal from the front: torso, bent limbs, head, perhaps hair, a hat, a stick, ball or bag."""
    human, tall = rng.random() < 0.5, rng.uniform(0.3, 0.5)
    wide, r = rng.uniform(0.08, 0.15 if human else 0.35), rng.uniform(0.07, 0.1 if human else 0.2)
    lean, thick, skin, arms = rng.normal(0, 0.1), rng.uniform(0.03, 0.055), OWN + 3 if human else 2, []
    parts = [p for side in (-1, 1) for p in leg(rng, side * wide * 0.5, 0.08, tall, thick * 1.3, 0.1 * side, 1, 0.3)]
    for side in (-1, 1):
        arms += leg(rng, lean + side * wide * 0.85, -0.23, tall * 0.7, thick, 0.1 * side, rng.choice([0, skin]), 0.9)
    torso = rounded([(lean - wide, -0.3), (lean + wide, -0.3), (wide * 0.9, 0.13), (-wide * 0.9, 0.13)], True)
    parts += [stroke((lean, -0.28, thick), (lean, -0.35, thick), paint=skin), Part(torso), *arms]
    (x, y, _), turn, top = arms[-1].path[-1], rng.uniform(0, 3.1), -0.33 - 0.7 * r
    hair, face = oval(rng, lean, top - 0.1 * r, r * 1.15, OWN + 4), oval(rng, lean + 0.01, top, r, skin)
    parts += [hair, face] if human else head(rng, lean, top, r, True)
    stick = stroke((x, y, 0.02), (x + 0.4 * np.cos(turn), y - 0.4 * np.sin(turn), 0.015), paint=OWN + 7)
    hat, bag = box(lean, top - 0.9 * r, r * 1.4, r * 0.4, OWN + 6), box(x, y, 0.1, 0.08, OWN + 7)
    extra = [hat, bag, stick, oval(rng, x, y, 0.08, OWN + 7)]
    return parts + [part for part in extra if rng.random() < 0.2]


def thing(rng: Rng) -> list[Part]:
    """A vehicle, cycle, vessel (bottle, mug, lamp), bag or chair."""
    kind, u = rng.choice(5, p=[0.32, 0.1, 0.32, 0.14, 0.12]), rng.uniform
    thin, wide, tall = u(0.015, 0.04), u(0.2, 0.45), u(0.12, 0.4)
    if kind == 0:
        top, wheel, a, b = tall + u(0.15, 0.35), u(0.06, 0.13), u(-0.5, -0.2), u(0.0, 0.45)
        parts = [Part(rounded([(a, -tall), (a + u(0, 0.1), -top), (b - u(0, 0.2), -top), (b, -tall)], True), 1)]
        parts += [box(0, -tall / 2, 0.5, tall / 2 + 0.05), box(0, u(-tall, 0), 0.6, tall * 0.08, 2, True)]
        panes, rim = np.linspace(0.8 * a + 0.2 * b, 0.2 * a + 0.8 * b, 3), wheel * u(0.3, 0.7)
        parts += [box(x, -0.7 * tall - 0.3 * top, (b - a) * 0.12, (top - tall) * 0.25, OWN + 1, True) for x in panes]
        return parts + [oval(rng, x, 0.03, r, p, 0) for x in (-0.33, 0.33) for r, p in ((wheel, OWN), (rim, OWN + 2))]
    if kind == 1:
        seat, bar, back, front = (u(-0.15, 0), -0.3), (0.25, u(-0.5, -0.3)), (-0.33, 0), (0.36, 0)
        tubes = [(back, seat), (seat, bar), ((0, 0), seat), ((0, 0), bar), (back, (0, 0)), (bar, front)]
        parts = [ring(*at, u(0.18, 0.26), thin, OWN) for at in (back, front)] + [box(*seat, 0.08, 0.03, OWN + 1)]
        return parts + [stroke((*p, thin), (*q, thin)) for p, q in tubes]
    if kind == 2:
        widths = np.clip(wide * 0.7 + np.cumsum(rng.normal(0, 0.08, 5)), 0.04, 0.5)
        side = rounded(np.stack([widths, np.linspace(-0.5, 0.5, 5)], 1))
        parts = [ring(widths[2], u(-0.15, 0.15), u(0.1, 0.25), thin * 1.3, 1)] if rng.random() < 0.45 else []
        parts.append(Part(np.concatenate([side, side[::-1] * [-1, 1]])))
        label = box(0, u(-0.2, 0.3), u(0.15, 0.6), u(0.06, 0.2), OWN, True)
        return parts + [p for p in (label, box(0, -0.52, widths[0], u(0.03, 0.1), OWN + 1)) if rng.random() < 0.6]
    if kind == 3:
        pocket = box(u(-0.1, 0.1), u(-0.2, 0.2) * tall, wide * u(0.3, 1.2), tall * u(0.1, 0.5), 2, True)
        return [ring(0, -tall, wide * u(0.4, 0.8), thin, 1), box(0, 0, wide, tall), pocket, oval(rng, 0, 0, 0.05, OWN)]
    legs = [(-0.6, 0.36), (1.1, 0.36), (-1, 0.45), (0.8, 0.45)] + [(x, -tall) for x in (-1, -0.3, 0.3, 1)]
    parts = [stroke((x * wide, 0, thin), (x * wide + 0.1 * y, y, thin), paint=1) for x, y in legs]
    return parts + [box(-0.05, -tall, wide + 0.03, u(0.04, 0.15), 2), box(0, 0, wide + 0.05, u(0.03, 0.08))]


def compound(rng: Rng) -> list[Part]:
    """Two to six blobs, boxes and strokes, each starting on one before."""
    parts = [oval(rng, 0, 0, 0.3, 0, 0.4)]
    for index in range(1, int(rng.integers(2, 7))):
        x, y = rng.choice(parts[int(rng.integers(0, len(parts)))].path)[:2]
        (dx, dy), size = rng.normal(0, 0.3, 2), log_uniform(rng, 0.06, 0.25)
        arm = stroke((x, y, size * 0.4), (x + dx / 2, y, size * 0.4), (x + dx, y + dy, size * 0.2), paint=index)
        shapes = [oval(rng, x, y, size, index, 0.4), box(x, y, size, abs(dx) + 0.05, index), arm]
        parts.insert(int(rng.integers(0, len(parts) + 1)), shapes[int(rng.integers(0, 3))])
    return parts


def draw(path: np.ndarray, size: int) -> np.ndarray:
    """A polygon [K,2] or stroke [K,3] in pixels as a mask [S,S] float32 0..1."""
    canvas, points = np.zeros((size, size), np.uint8), np.round(path * 16).astype(np.int32)
    if path.shape[1] == 2:
        cv2.fillPoly(canvas, [points], 255, cv2.LINE_AA, 4)
        return canvas * np.float32(1 / 255)
    along = np.gradient(path[:, :2], axis=0)[:, ::-1] * [-1, 1]
    offset = along / (np.linalg.norm(along, axis=1, keepdims=True) + 1e-6) * path[:, 2:]
    left, right = (np.round((path[:, :2] + side * offset) * 16).astype(np.int32) for side in (1, -1))
    for i, (x, y, radius) in enumerate(points.tolist()):
        cv2.circle(canvas, (x, y), max(radius, 10), 255, -1, cv2.LINE_AA, 4)
        if i:
            cv2.fillConvexPoly(canvas, np.stack([left[i - 1], left[i], right[i], right[i - 1]]), 255, cv2.LINE_AA, 4)
    return canvas * np.float32(1 / 255)


def coat(rng: Rng, size: int, photo_texture, piece: np.ndarray | None) -> np.ndarray:
    """One surface [S,S,3]: a photo crop, a generated material or `piece`; often recoloured, sometimes patched."""
    if piece is not None:
        return piece * np.exp(rng.normal(0, 0.12) + rng.normal(0, 0.03, 3)).astype(np.float32)
    surface = (photo_texture(rng, size) if rng.random() < 0.5 else material(rng, size)).astype(np.float32)
    if rng.random() < 0.6:
        surface = (surface - surface.mean((0, 1))) * rng.uniform(0.3, 0.9) + random_colour(rng).astype(np.float32)
    if rng.random() < 0.3:
        where = 0.5 + 0.5 * np.tanh(pattern(rng, size) * rng.uniform(1, 6) + rng.normal(0, 0.7))
        surface += where[:, :, None].astype(np.float32) * (material(rng, size).astype(np.float32) - surface)
    pale = rng.uniform(0, 0.9)  # few real surfaces have pure colours
    return cv2.transform(surface, np.float32((1 - pale) * np.eye(3) + pale / 3))


def painted(rng: Rng, parts: list[Part], size: int, photo_texture, piece: np.ndarray | None):
    """Paints parts given in pixels into a square tile: rgb [S,S,3], alpha [S,S]. `piece` is for camouflage."""
    light, gain, low = rng.normal(-1.57, 0.6), rng.uniform(0.25, 0.7), (min(size, 112),) * 2
    coats = {0: coat(rng, size, photo_texture, piece)}
    rgb, alpha, relief = coats[0].copy(), np.zeros((size, size), np.float32), np.zeros(low, np.float32)
    for part in parts:
        if part.paint not in coats:
            hide, own = piece if rng.random() < 0.6 else None, part.paint >= OWN or rng.random() < 0.5
            if own and part.paint >= OWN and hide is None:  # details are small: half the resolution does
                coats[part.paint] = cv2.resize(coat(rng, size // 2, photo_texture, None), (size, size))
            else:
                coats[part.paint] = coat(rng, size, photo_texture, hide) if own else coats[0]
        mask = draw(part.path, size)
        mask = mask * alpha if part.inside else mask
        x, y, w, h = cv2.boundingRect((mask > 0).astype(np.uint8))
        here = slice(y, y + h), slice(x, x + w)
        rgb[here] += mask[here][:, :, None] * (coats[part.paint][here] - rgb[here])
        if not part.inside:
            alpha = np.maximum(alpha, mask)
            small = cv2.resize(mask, low, interpolation=cv2.INTER_AREA)
            relief -= 0.3 * cv2.GaussianBlur(small, (0, 0), 2.0) * (1 - small)  # a seam on what lies below
            relief += small * (0.8 * dome(small, light, 1.0) + part.shade - relief)
    relief = cv2.resize(relief - 0.35 * np.linspace(0, 1, low[0], dtype=np.float32)[:, None] ** 3, (size, size))
    shine = (rng.random() < 0.3) * 120 * np.clip(relief - 0.4, 0, 1)
    rgb = rgb * np.clip(1 + gain * relief, 0.2, 1.8)[:, :, None] + shine[:, :, None]
    fur = log_uniform(rng, 0.3, 3.0)  # soft, slightly rough or furry edges
    noise = rng.standard_normal((size, size), dtype=np.float32)
    noise = cv2.GaussianBlur(noise, (0, 0), 0.6, sigmaY=rng.choice([0.6, 2.0])) * rng.uniform(0, 0.8)
    edge = cv2.GaussianBlur(alpha, (0, 0), 0.4 + fur * size / 300)
    alpha = np.clip((edge + noise * np.minimum(4 * edge * (1 - edge), 1) - 0.5) * (1 + fur) + 0.5, 0, 1)
    return rgb, cv2.GaussianBlur(alpha, (0, 0), rng.uniform(0.4, 1.0))


def lay(rng: Rng, photo_texture, ground: np.ndarray, span: np.ndarray, shape: int, paint: int) -> Layer:
    """One figure somewhere on the ground, within `span` (width, height); the seeds fix its form and surface."""
    size, kind = ground.shape[0], np.random.default_rng(shape)
    parts = [creature, upright, thing, compound][kind.choice(4, p=[0.5, 0.2, 0.18, 0.12])](kind)
    turn = rng.normal(0, 0.1) if rng.random() < 0.9 else rng.uniform(0, 6.3)
    spin = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
    spin = spin @ np.diag(np.exp(rng.normal(0, 0.12, 2)) * [rng.choice([-1, 1]), 1])
    for part in parts:
        part.path[:, :2] = part.path[:, :2] @ spin.T
    solid = np.concatenate([np.pad(p.path, ((0, 0), (0, 3 - p.path.shape[1]))) for p in parts if not p.inside])
    low, high = (solid[:, :2] - solid[:, 2:]).min(0), (solid[:, :2] + solid[:, 2:]).max(0)
    side = max(log_uniform(rng, 0.1, 0.85), log_uniform(rng, 0.1, 0.85)) * span.min()
    if rng.random() < 0.15:  # a close-up, larger than the frame perhaps
        side = rng.uniform(0.8, 1.4) * span.min()
    tile, scale = int(side * 1.08) + 8, side / (high - low).max()
    for part in parts:
        part.path[:, :2] = (part.path[:, :2] - (low + high) / 2) * scale + tile / 2
        part.path[:, 2:] *= scale
    room = (span - (high - low) * scale) / 2
    reach = np.abs(room) if rng.random() < 0.8 else room + 0.3 * side  # the border may cut it off
    x, y = np.round(span / 2 + rng.uniform(-1, 1, 2) * reach - tile / 2).astype(int)
    free = max(0, size - tile)
    cx, cy = np.clip([x, y], 0, free)
    away_x, away_y = rng.integers(0, free + 1, 2)
    nearby = ground[cy : cy + tile, cx : cx + tile]
    piece = ground[away_y : away_y + tile, away_x : away_x + tile][:, ::-1]
    rgb, alpha = painted(np.random.default_rng(paint), parts, tile, photo_texture, piece if free and paint % 5 == 0 else None)
    rgb = rgb * np.power(np.clip(nearby.mean((0, 1)) / 120, 0.1, 2), rng.uniform(0, 0.6)).astype(np.float32)
    mine, around = (cv2.Laplacian(np.ascontiguousarray(v[:, :, 1]), cv2.CV_32F).std() + 1 for v in (rgb, nearby))
    if mine > 1.3 * around:  # no sharper than its surroundings
        rgb = cv2.GaussianBlur(rgb, (0, 0), min(0.4 * mine / around, 1.5))
    layer = Layer(np.zeros_like(ground), np.zeros((size, size), np.float32), rng.uniform(0.7, 2.0))
    to = slice(max(y, 0), min(y + tile, size)), slice(max(x, 0), min(x + tile, size))
    of = slice(to[0].start - y, to[0].stop - y), slice(to[1].start - x, to[1].stop - x)
    layer.rgb[to] = (rgb + rng.uniform(0, 5) * rng.standard_normal((tile, tile, 1), dtype=np.float32))[of]
    layer.alpha[to] = alpha[of]
    return layer


def shaded(rng: Rng, ground: np.ndarray, layer: Layer) -> np.ndarray:
    """The ground with the layer's shadow or reflection."""
    foot, mirror = float(np.flatnonzero(layer.alpha.max(1) > 0.5).max(initial=0)), rng.random() < 0.2
    flat, slant = (-1.0, 0.0) if mirror else (rng.choice([-0.4, 0.1, 0.3, 0.6]), rng.normal(0, 0.8))
    matrix = np.array([[1, slant, -slant * foot], [0, flat, foot * (1 - flat)]], np.float32)
    cast = cv2.warpAffine(layer.alpha, matrix, layer.alpha.shape)
    cast = cv2.blur(cast, (int(rng.integers(2, 4 + cast.shape[0] // 24)),) * 2) * rng.uniform(0.15, 0.65)
    tone = cv2.warpAffine(layer.rgb, matrix, cast.shape) if mirror else ground * np.float32(0.25)
    return ground + cast[:, :, None] * (tone - ground)


def twigs(rng: Rng, surface: np.ndarray, layer: Layer) -> Layer:
    """Poles, blades or twigs in front of the layer."""
    spots, size = 4.0 * np.argwhere(layer.alpha[::4, ::4] > 0.5)[:, ::-1], layer.alpha.shape[0]
    alpha, lie = np.zeros((size, size), np.float32), rng.choice([0.1, 0.4, 2.0])
    for _ in range(rng.integers(1, 4 if lie < 0.2 else 12)):
        at, turn, width = rng.choice(spots), rng.normal(1.57, lie), log_uniform(rng, 0.002, 0.02) * size
        reach = rng.uniform(0.15, 0.5) * size / min(lie, 1.0) ** 0.5 * np.array([np.cos(turn), np.sin(turn)])
        path = [(*(at - reach), width), (*(at + rng.normal(0, 0.05 * lie, 2) * size), width), (*(at + reach), width)]
        alpha = np.maximum(alpha, draw(rounded(path), size))
    return Layer(surface * np.float32(rng.uniform(0.5, 1.2)), cv2.GaussianBlur(alpha, (0, 0), 0.6), 0.3)


def figure(rng: Rng, size: int, photo_texture, ground: np.ndarray, extent: tuple[int, int] | None = None):
    """A Scene with a figure on a photo `ground` [S,S,3], or None if it is too small or too faint to see.
    `photo_texture(rng, n)` gives a photo crop [n,n,3]; all float32. `extent` is the (height, width) to stay in."""
    span, seeds = np.array(extent or (size, size))[::-1], rng.integers(0, 1 << 30, 2)
    others = rng.integers(0, 1 << 30, (int(rng.integers(1, 3)) if rng.random() < 0.25 else 0, 2))
    others = np.where(rng.random(others.shape) < 0.35, seeds, others)  # some share its form or surface
    layers = [lay(rng, photo_texture, ground, span, *pair) for pair in (*others, seeds)]
    target, background = len(others), ground
    weight, colour = layers[target].alpha[::4, ::4], layers[target].rgb[::4, ::4]
    contrast = (weight * np.abs(colour - ground[::4, ::4]).max(2)).sum() / (weight.sum() + 1)
    if weight.mean() < 0.003 or contrast < 10:
        return None
    for layer in layers if rng.random() < 0.75 else []:
        background = shaded(rng, background, layer)
    if rng.random() < 0.25:
        surface = np.roll(ground, size // 3, axis=1) if rng.random() < 0.5 else photo_texture(rng, size)
        front = twigs(rng, surface, layers[target])
        if (layers[target].alpha * front.alpha).sum() < 0.5 * layers[target].alpha.sum():
            layers.append(front)
    return Scene(background, layers, target, extent=extent)
