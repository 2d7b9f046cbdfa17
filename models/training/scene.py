"""A scene is a background, movable layers and one target; a pair is the scene seen twice.

View A is the scene as built. View B moves everything by one smooth motion, moves every layer by its own
small motion on top, and grows or shrinks it. Because every motion is known, each grid cell of B knows
which pixel of A shows the same physical point.
"""

from __future__ import annotations

from dataclasses import dataclass, field as dataclass_field

import cv2
import numpy as np

from textures import Rng

CELL = 8
SMALLEST = 0.001  # share of a view that a target covers at least
VANISH = 0.08  # how often a target is gone in view B


@dataclass
class Layer:
    """rgb [S,S,3] float32 0..255, alpha [S,S] float32 0..1. `loose` scales how far it moves on its own."""

    rgb: np.ndarray
    alpha: np.ndarray
    loose: float = 1.0


@dataclass
class Scene:
    """background [S,S,3]; `target` indexes `layers`, or is None when `mask` [S,S] marks the background itself.

    `finish` is applied to every rendered view (noise that belongs to the imaging, not to the object);
    `other` optionally replaces the background in view B (then background cells have no correspondence).
    """

    background: np.ndarray
    layers: list[Layer] = dataclass_field(default_factory=list)
    target: int | None = None
    mask: np.ndarray | None = None
    finish: object = None
    other: np.ndarray | None = None
    extent: tuple[int, int] | None = None  # (height, width) of the unpadded area
    still: float = 1.0  # scales the global motion
    window: np.ndarray | None = None  # [S,S] 0..1, what the optics show; fixed in the frame
    part: bool = False  # the target is a part of a larger object
    roams: bool = True  # the target may leave its place for another


@dataclass
class Pair:
    """Two views. images [2,S,S,3] uint8, masks [2,S,S] uint8 0/1, source [g,g,2] float32 (x,y in A's pixels
    for every cell of B), known [g,g] bool, extents [2,2] (height, width); `part` as in Scene. `absent`: 1 where view B is the
    same scene without the target, 2 where it is another scene. `scan`: both views are drawn MR, CT or ultrasound.
    `topic` is the same for structures of one kind, and `who` for those of one subject; 0 where no other subject shows the like.
    `third`: one more view (image, mask, extent) that is annotated beside either."""

    images: np.ndarray
    masks: np.ndarray
    source: np.ndarray
    known: np.ndarray
    extents: np.ndarray
    part: bool = False
    absent: int = 0
    scan: bool = False
    topic: int = 0
    who: int = 0
    third: tuple | None = None


def smooth_motion(rng: Rng, size: int, strength: float) -> np.ndarray:
    """Map [S,S,2] float32 from view pixels to scene pixels: affine about the middle plus smooth elastic."""
    angle = rng.normal(0, 0.2 * strength)
    zoom = np.exp(rng.normal(0, 0.16 * strength, 1) + rng.normal(0, 0.05 * strength, 2))
    shear = rng.normal(0, 0.05 * strength)
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    matrix = (turn @ np.array([[zoom[0], shear], [0, zoom[1]]])).astype(np.float32)
    shift = (rng.normal(0, 0.08 * strength, 2) * size).astype(np.float32)
    axis = np.arange(size, dtype=np.float32) - size / 2
    x, y = axis[None, :], axis[:, None]
    out = np.empty((size, size, 2), np.float32)
    out[..., 0] = matrix[0, 0] * x + matrix[0, 1] * y + size / 2 + shift[0]
    out[..., 1] = matrix[1, 0] * x + matrix[1, 1] * y + size / 2 + shift[1]
    if rng.random() < 0.8:
        cells = int(rng.integers(3, 6))
        coarse = rng.normal(0, 0.012 * strength * size, (cells, cells, 2)).astype(np.float32)
        out += cv2.resize(coarse, (size, size), interpolation=cv2.INTER_CUBIC)
    return out


def own_motion(rng: Rng, base: np.ndarray, alpha: np.ndarray, loose: float) -> np.ndarray:
    """`base` followed by a small turn, growth and shift about the layer's middle."""
    size = alpha.shape[0]
    moments = cv2.moments(alpha)
    if moments["m00"] < 1:
        return base
    centre = np.array([moments["m10"], moments["m01"]], np.float32) / moments["m00"]
    angle = rng.normal(0, 0.15 * loose)
    zoom = np.exp(rng.normal(0, 0.16 * min(loose, 1.5)) + rng.normal(0, 0.06, 2))
    matrix = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]]) * zoom
    matrix = matrix.astype(np.float32)
    shift = (rng.normal(0, 0.05 * loose, 2) * size).astype(np.float32)
    local = base - centre - shift
    out = np.empty_like(base)
    out[..., 0] = matrix[0, 0] * local[..., 0] + matrix[0, 1] * local[..., 1] + centre[0]
    out[..., 1] = matrix[1, 0] * local[..., 0] + matrix[1, 1] * local[..., 1] + centre[1]
    if rng.random() < 0.5:
        coarse = rng.normal(0, 0.008 * size, (5, 5, 2)).astype(np.float32)
        out += cv2.resize(coarse, (size, size), interpolation=cv2.INTER_CUBIC)
    return out


def compose(background: np.ndarray, layers: list[Layer]) -> np.ndarray:
    """Layers over the background, first at the bottom. [S,S,3] float32."""
    image = background.copy()
    for layer in layers:
        image += layer.alpha[:, :, None] * (layer.rgb - image)
    return image


def visible(layers: list[Layer], target: int) -> np.ndarray:
    """Alpha of the target after the layers above it cover it."""
    alpha = layers[target].alpha
    for layer in layers[target + 1 :]:
        alpha = alpha * (1.0 - layer.alpha)
    return alpha


def render_pair(rng: Rng, scene: Scene, look) -> Pair | None:
    """Renders both views; `look(rng, image)` is the photometric change. None if the target got lost. Sometimes the
    target roams farther than its surroundings, or is gone in view B."""
    size = scene.background.shape[0]
    vanished = scene.target is not None and rng.random() < VANISH
    roams = 3.0 if scene.roams and rng.random() < 0.2 else 1.0
    motion = smooth_motion(rng, size, scene.still * rng.choice([0.4, 0.9, 1.3, 2.0]))
    flip = rng.random() < 0.04
    if flip:
        motion = np.ascontiguousarray(motion[:, ::-1])
    moved, maps = [], []
    for index, layer in enumerate(scene.layers):
        loose = layer.loose * (roams if index == scene.target else 1.0)
        path = own_motion(rng, motion, layer.alpha, loose) if loose > 0 else motion
        rgb = cv2.remap(layer.rgb, path, None, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT_101)
        alpha = cv2.remap(layer.alpha, path, None, cv2.INTER_LINEAR, borderMode=cv2.BORDER_CONSTANT)
        if vanished and index == scene.target:
            alpha = np.zeros_like(alpha)
        moved.append(Layer(rgb, alpha))
        maps.append(path)
    ground = scene.background if scene.other is None else scene.other
    ground = cv2.remap(ground, motion, None, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT_101)
    images = [compose(scene.background, scene.layers), compose(ground, moved)]
    if scene.target is None:
        mask_b = cv2.remap(scene.mask, motion, None, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT_101)
        masks = [scene.mask > 0.5, mask_b > 0.5]
        path = motion
    else:
        masks = [visible(scene.layers, scene.target) > 0.5, visible(moved, scene.target) > 0.5]
        path = maps[scene.target]

    extents = np.array([scene.extent or (size, size)] * 2)
    views = []
    for index in range(2):
        image = scene.finish(rng, images[index]) if scene.finish is not None else images[index]
        image = look(rng, image)
        height, width = extents[index]
        image[height:] = 0
        image[:, width:] = 0
        masks[index] = masks[index].copy() if scene.window is None else masks[index] & (scene.window > 0.5)
        masks[index][height:] = False
        masks[index][:, width:] = False
        views.append(image)

    smallest = SMALLEST * size * size
    if min(masks[0].sum(), masks[0].sum() if vanished else masks[1].sum()) < smallest or max(masks[0].mean(), masks[1].mean()) > 0.75:
        return None

    half = CELL // 2
    inside_b = masks[1][half::CELL, half::CELL]
    source = np.where(inside_b[..., None], path[half::CELL, half::CELL], motion[half::CELL, half::CELL])
    height, width = extents[0]
    known = (source >= 1).all(axis=2) & (source[..., 0] < width - 1) & (source[..., 1] < height - 1)
    known[(extents[1][0] // CELL) :] = False
    known[:, (extents[1][1] // CELL) :] = False
    xy = np.clip(np.round(source), 0, size - 1).astype(np.int64)
    known &= masks[0][xy[..., 1], xy[..., 0]] == inside_b
    if scene.layers:  # a background cell under a foreign layer in either view shows something else
        cover_a = np.max([layer.alpha for layer in scene.layers], axis=0)
        cover_b = np.max([layer.alpha for layer in moved], axis=0)[half::CELL, half::CELL]
        clear = (cover_a[xy[..., 1], xy[..., 0]] < 0.3) & (cover_b < 0.3)
        known &= inside_b | clear
    if scene.other is not None:
        known &= inside_b
    return Pair(np.stack(views), np.stack(masks).astype(np.uint8), source.astype(np.float32), known, extents, scene.part, int(vanished))
