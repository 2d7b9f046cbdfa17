"""Generated scenes: abstract objects and rough sketches of MR, CT, ultrasound and endoscopy."""

from __future__ import annotations

import cv2
import numpy as np

from scene import Layer, Scene
from shapes import any_shape, blob, dome, fill, outline, tube
from textures import Rng, clouds, field, grey, material, ramp, random_colour


def place(rng: Rng, size: int, low: float = 0.15, high: float = 0.85) -> np.ndarray:
    return rng.uniform(low, high, 2) * size


def log_uniform(rng: Rng, low: float, high: float) -> float:
    return float(np.exp(rng.uniform(np.log(low), np.log(high))))


def abstract(rng: Rng, size: int, background: np.ndarray | None = None) -> Scene:
    """Textured shapes on a textured ground; the target may have parts of its own; look-alikes around."""
    ground = material(rng, size) if background is None else background
    if background is None and rng.random() < 0.6:
        for _ in range(rng.integers(1, 5)):
            patch = any_shape(rng, size, place(rng, size, 0, 1), rng.uniform(0.1, 0.4) * size)
            ground = ground + patch[:, :, None] * (material(rng, size) - ground)
    layers = []
    radius = log_uniform(rng, 0.05, 0.36) * size
    colour = random_colour(rng)
    surface = material(rng, size, colour)
    for _ in range(rng.integers(0, 4)):  # distractors below
        roll = rng.random()
        rgb = surface if roll < 0.2 else material(rng, size, colour if roll < 0.45 else None)
        layers.append(Layer(rgb, any_shape(rng, size, place(rng, size, 0, 1), log_uniform(rng, 0.04, 0.2) * size)))
    centre = place(rng, size)
    alpha = any_shape(rng, size, centre, radius)
    rgb = surface
    if rng.random() < 0.5:  # parts: other materials inside the target's own outline
        for _ in range(rng.integers(1, 4)):
            part = any_shape(rng, size, centre + rng.normal(0, 0.6 * radius, 2), radius * rng.uniform(0.2, 0.7))
            if rng.random() < 0.5:
                alpha = np.maximum(alpha, part)
            rgb = rgb + part[:, :, None] * (material(rng, size) - rgb)
    if rng.random() < 0.4:
        rgb = rgb + 60 * rng.uniform(0.3, 1) * dome(alpha, rng.uniform(0, 6.3), rng.uniform(0.4, 1))[:, :, None]
    layers.append(Layer(rgb, alpha))
    target = len(layers) - 1
    if rng.random() < 0.25:
        layers.append(Layer(material(rng, size), any_shape(rng, size, place(rng, size, 0, 1), 0.08 * size)))
    other = material(rng, size) if background is None and rng.random() < 0.15 else None
    return Scene(ground, layers, target, other=other)


def add_noise(level: float, blur: float = 0.0):
    """A finishing step: imaging noise of the given level, optionally smoothed. Grey images stay grey."""

    def finish(rng: Rng, image: np.ndarray) -> np.ndarray:
        noise = rng.standard_normal(image.shape[:2]).astype(np.float32) * level
        if blur > 0:
            noise = cv2.GaussianBlur(noise, (0, 0), blur) * (1 + 2 * blur)
        return image + noise[:, :, None]

    return finish


def brain(rng: Rng, size: int) -> Scene:
    """Contrast-enhanced head MR in any plane: skull ring, folded tissue, ventricles, bright lesion, vessels."""
    middle = np.array([0.5, 0.5]) * size + rng.normal(0, 0.02, 2) * size
    radius = rng.uniform(0.3, 0.44) * size
    head = outline(rng, middle, radius, rng.uniform(0.8, 1.25), 0.04, rng.uniform(-0.2, 0.2))
    scalp = fill(size, head, 0.6)
    inner = fill(size, middle + (head - middle) * rng.uniform(0.84, 0.94), 1.0)
    skull = fill(size, middle + (head - middle) * rng.uniform(0.95, 0.98), 0.8)
    tissue = rng.uniform(60, 120)
    folds = np.abs(clouds(rng, size, int(rng.integers(10, 18)), 2)) < 0.25
    folds = cv2.GaussianBlur(folds.astype(np.float32), (0, 0), 1.0)
    value = tissue + 8 * clouds(rng, size, 4, 5) + rng.uniform(-35, 25) * folds
    image = np.full((size, size), rng.uniform(0, 8), np.float32)
    image += scalp * (rng.uniform(90, 200) + 20 * clouds(rng, size, 12, 2) - image)
    image += skull * (rng.uniform(10, 50) - image)
    image += inner * (value - image)
    for side in (-1, 1):  # ventricles
        if rng.random() < 0.6:
            spot = middle + np.array([side * 0.09, rng.uniform(-0.1, 0.1)]) * size
            image += blob(rng, size, spot, rng.uniform(0.03, 0.07) * size, 0.3, 1.0) * (rng.uniform(15, 45) - image)
    if rng.random() < 0.3:  # midline or tentorium
        image += tube(rng, size, middle, 0.5 * size, 2) * rng.uniform(10, 60)
    if rng.random() < 0.55:  # a side view: face and neck, eyes and cavities crowd one side
        heading = rng.choice([0, 0, 0.5, 1.0, 1.5]) * np.pi + rng.normal(0, 0.3)
        face = middle + radius * rng.uniform(0.7, 1.1) * np.array([np.cos(heading), np.sin(heading)])
        region = blob(rng, size, face, rng.uniform(0.5, 0.9) * radius, 0.3, 2.0)
        flesh = rng.uniform(50, 110) + 25 * clouds(rng, size, int(rng.integers(8, 24)), 4)
        image += region * rng.uniform(0.6, 1.0) * (flesh - image)
        for _ in range(rng.integers(3, 14)):
            spot = face + rng.normal(0, 0.35, 2) * radius
            if rng.random() < 0.5:
                part = tube(rng, size, spot, rng.uniform(0.1, 0.35) * size, rng.uniform(1.5, 6) * size / 256)
            else:
                part = blob(rng, size, spot, rng.uniform(0.015, 0.07) * size, 0.3, 1.0)
            image += part * (rng.choice([5, 30, 60, 150, 200]) * rng.uniform(0.7, 1.2) - image)
        inner = inner * (1 - region)
    bias = 1 + rng.uniform(0.05, 0.25) * (field(rng, size, 3) * 0.5 + ramp(rng, size))
    layers = []
    bright = tissue + rng.uniform(15, 130)
    for _ in range(rng.integers(0, 7)):  # vessels and other enhancing bits
        spot = middle + rng.normal(0, 0.45, 2) * radius
        if rng.random() < 0.5:
            alpha = tube(rng, size, spot, rng.uniform(0.05, 0.3) * size, rng.uniform(1.5, 4) * size / 256)
        else:
            alpha = blob(rng, size, spot, rng.uniform(0.008, 0.03) * size, 0.3, 0.8)
        layers.append(Layer(grey((bright + rng.uniform(-20, 40)) * bias), alpha * inner, 0.5))
    lesion_radius = log_uniform(rng, 0.033, 0.14) * size
    lesion_centre = middle + rng.uniform(-0.75, 0.75, 2) * radius
    alpha = blob(rng, size, lesion_centre, lesion_radius, rng.choice([0.1, 0.3, 0.5]), rng.uniform(0.5, 1.5))
    lesion = bright + rng.uniform(2, 25) * clouds(rng, size, 12, 3)
    roll = rng.random()
    if roll < 0.35:  # ring with a dark core
        scale = rng.uniform(0.5, 0.85)
        core = blob(rng, size, lesion_centre, lesion_radius * scale, 0.3, 1.0)
        lesion = lesion + core * (rng.uniform(20, tissue + 10) - lesion)
    elif roll < 0.5:
        lesion = lesion + blob(rng, size, lesion_centre + rng.normal(0, 0.3, 2) * lesion_radius, lesion_radius * 0.5,
                               0.3, 1.0) * rng.uniform(-60, 40)
    elif roll < 0.6:  # a darker lesion
        lesion = rng.uniform(10, tissue - 20) + 5 * clouds(rng, size, 12, 3)
    if rng.random() < 0.4:  # oedema around, not part of the target
        around = blob(rng, size, lesion_centre, lesion_radius * rng.uniform(1.3, 2.2), 0.5, 3.0)
        layers.append(Layer(grey((tissue * rng.uniform(0.5, 0.9) + np.zeros_like(image)) * bias), around * inner, 0.3))
    layers.append(Layer(grey(lesion * bias), alpha * np.maximum(inner, 0.2), rng.uniform(0.2, 0.9)))
    return Scene(grey(image * bias), layers, len(layers) - 1, finish=add_noise(rng.uniform(1, 9), rng.choice([0, 0.7])),
                 still=0.6)


def slices(rng: Rng, size: int) -> Scene:
    """A CT- or MR-like body slice: nested organs with flat tones; the target is an organ or a lesion in one."""
    middle = np.array([0.5, 0.5]) * size
    body = outline(rng, middle, rng.uniform(0.34, 0.47) * size, rng.uniform(0.9, 1.6), 0.08, 0.0)
    skin = fill(size, body, 0.7)
    inner = fill(size, middle + (body - middle) * rng.uniform(0.85, 0.95), 0.7)
    image = np.full((size, size), rng.uniform(0, 20), np.float32)
    image += skin * (rng.uniform(30, 120) - image)
    image += inner * (rng.uniform(80, 150) + 5 * clouds(rng, size) - image)
    layers = []
    for _ in range(rng.integers(3, 10)):
        spot = middle + rng.normal(0, 0.2, 2) * size
        alpha = blob(rng, size, spot, log_uniform(rng, 0.05, 0.2) * size, rng.choice([0.1, 0.3]), 0.7) * inner
        tone = rng.uniform(10, 230) + rng.uniform(0, 8) * clouds(rng, size, 8, 3)
        layers.append(Layer(grey(tone), alpha, 0.4))
    for _ in range(rng.integers(0, 5)):  # bones
        layers.append(Layer(grey(np.full((size, size), rng.uniform(200, 250), np.float32)),
                            blob(rng, size, middle + rng.normal(0, 0.28, 2) * size, 0.03 * size, 0.3, 0.7), 0.3))
    if rng.random() < 0.5:
        target = int(rng.integers(0, len(layers)))
        return Scene(grey(image), layers, target, finish=add_noise(rng.uniform(2, 14), rng.choice([0, 0.8])), still=0.7)
    host = layers[int(rng.integers(0, len(layers)))]
    spot = np.array(np.unravel_index(int(np.argmax(host.alpha * rng.random(host.alpha.shape))), host.alpha.shape)[::-1])
    tone = host.rgb[..., 0].mean() + rng.choice([-1, 1]) * rng.uniform(15, 60)
    tone = tone + rng.uniform(2, 12) * clouds(rng, size, 12, 3)
    layers.append(Layer(grey(tone), blob(rng, size, spot.astype(float), log_uniform(rng, 0.04, 0.12) * size, 0.35, 0.8)))
    return Scene(grey(image), layers, len(layers) - 1, finish=add_noise(rng.uniform(2, 14), rng.choice([0, 0.8])),
                 still=0.7)


def ultrasound(rng: Rng, size: int) -> Scene:
    """Layered speckle with a dark or bright lesion and shadows."""
    depth = np.linspace(0, 1, size, dtype=np.float32)[:, None]
    bands = np.sin(depth * rng.uniform(6, 30) + field(rng, size, 3) * 0.7)
    image = 70 + 30 * bands + 20 * clouds(rng, size, 4, 3) - rng.uniform(0, 60) * depth
    layers = []
    for _ in range(rng.integers(0, 4)):
        alpha = blob(rng, size, place(rng, size), rng.uniform(0.04, 0.12) * size, 0.3, 2)
        layers.append(Layer(grey(np.full((size, size), rng.uniform(10, 140), np.float32)), alpha, 0.5))
    tone = rng.choice([rng.uniform(5, 45), rng.uniform(110, 180)]) + 8 * clouds(rng, size, 10, 3)
    alpha = blob(rng, size, place(rng, size, 0.25, 0.75), log_uniform(rng, 0.06, 0.24) * size, 0.3, rng.uniform(0.8, 3))
    layers.append(Layer(grey(tone), alpha))
    grain = rng.uniform(0.8, 2.0)

    def speckle(rng: Rng, image: np.ndarray) -> np.ndarray:
        noise = np.hypot(*rng.standard_normal((2, size, size)).astype(np.float32))
        noise = cv2.GaussianBlur(noise, (0, 0), grain * 1.5, sigmaY=grain * 0.6)
        noise = (noise - noise.mean()) / (noise.std() + 1e-6)
        return image * (1 + 0.35 * noise[:, :, None]) + 3

    return Scene(grey(np.maximum(image, 3)), layers, len(layers) - 1, finish=speckle, still=0.8)


def endoscopy(rng: Rng, size: int) -> Scene:
    """Mucosa with folds, vessels, a dark lumen, highlights and a shaded bump; black corners or frame."""
    base = np.array([rng.uniform(120, 215), rng.uniform(55, 120), rng.uniform(35, 95)], np.float32)
    light = rng.uniform(0, 6.3)
    folds = np.sin(field(rng, size, int(rng.integers(3, 6))) * rng.uniform(1.5, 4) + ramp(rng, size) * rng.uniform(0, 10))
    shade = 0.18 * folds * rng.uniform(0.2, 1.3) + 0.06 * clouds(rng, size, 6, 4)
    axis = np.linspace(-1, 1, size, dtype=np.float32)
    hot = rng.uniform(-0.5, 0.5, 2)
    fall = np.exp(-rng.uniform(0.3, 1.5) * ((axis[None, :] - hot[0]) ** 2 + (axis[:, None] - hot[1]) ** 2))
    redness = clouds(rng, size, 4, 3)[:, :, None] * np.array([4, -5, -4], np.float32) * rng.uniform(0, 2)
    image = base * (0.75 + shade)[:, :, None] + redness
    for _ in range(rng.integers(0, 7)):  # vessels
        line = tube(rng, size, place(rng, size, 0, 1), rng.uniform(0.1, 0.5) * size, rng.uniform(1, 2.5) * size / 256)
        image -= cv2.GaussianBlur(line, (0, 0), 0.8)[:, :, None] * np.array([10, 30, 25], np.float32) * rng.uniform(0.3, 1)
    layers = []
    if rng.random() < 0.6:  # lumen
        dark = blob(rng, size, place(rng, size, 0, 1), rng.uniform(0.06, 0.2) * size, 0.3, rng.uniform(2, 10) * size / 256)
        layers.append(Layer(image * rng.uniform(0.1, 0.4), dark, 0.5))
    for _ in range(rng.integers(0, 3)):  # folds that bulge like the target, and bubbles or debris
        bulge = blob(rng, size, place(rng, size, 0, 1), rng.uniform(0.04, 0.15) * size, 0.3, 1.5)
        rgb = image * (1 + rng.uniform(0.1, 0.5) * dome(bulge, light, 1.0))[:, :, None] + rng.normal(0, 6, 3)
        layers.append(Layer(rgb.astype(np.float32), bulge, 0.6))
    radius = log_uniform(rng, 0.09, 0.32) * size
    alpha = blob(rng, size, place(rng, size, 0.2, 0.8), radius, rng.choice([0.08, 0.2, 0.4]), rng.uniform(0.6, 2.5))
    subtle = rng.random() < 0.75
    own = base * (rng.uniform(0.93, 1.12) if subtle else rng.uniform(0.85, 1.2)) + rng.normal(0, 4 if subtle else 10, 3)
    bump = 0.78 + rng.uniform(0.15 if subtle else 0.3, 0.9) * dome(alpha, light, rng.uniform(0.5, 1))
    bump = bump + rng.uniform(0.02, 0.12) * clouds(rng, size, int(rng.integers(8, 32)), 3)
    rgb = (own * np.maximum(bump, rng.uniform(0.3, 0.6))[:, :, None]).astype(np.float32)
    if rng.random() < 0.4:  # darker rim where the bump meets the wall
        rim = cv2.GaussianBlur(alpha, (0, 0), 0.015 * size + 1)
        image = image * (1 - rng.uniform(0.1, 0.4) * rim)[:, :, None]
    layers.append(Layer(rgb, alpha, rng.uniform(0.4, 1.1)))
    frame = rng.choice(["none", "corners", "circle"], p=[0.4, 0.4, 0.2])
    cut = rng.uniform(0.1, 0.3)
    ax, ay = np.abs(axis)[None, :] * rng.uniform(1.0, 1.3), np.abs(axis)[:, None] * rng.uniform(1.0, 1.15)
    if frame == "corners":
        lens = (np.maximum(np.maximum(ax, ay), (ax + ay) / (2 - cut)) < rng.uniform(0.92, 1.0)).astype(np.float32)
    elif frame == "circle":
        lens = (np.hypot(ax, ay) < rng.uniform(0.95, 1.2)).astype(np.float32)
    else:
        lens = np.ones((size, size), np.float32)
    shine = rng.uniform(0.2, 1.2)
    noise = add_noise(rng.uniform(0.5, 4))

    def finish(rng: Rng, view: np.ndarray) -> np.ndarray:
        level = view.mean(axis=2) * fall + 12 * clouds(rng, size, 16, 2)
        limit = np.quantile(level[::4, ::4], 1 - 0.02 * shine)
        glare = cv2.GaussianBlur((level > limit).astype(np.float32), (0, 0), 0.8)
        view = view * (0.35 + 0.75 * fall)[:, :, None]
        view = view + glare[:, :, None] * (245 - view) * 0.9
        return noise(rng, view) * lens[:, :, None]

    return Scene(image.astype(np.float32), layers, len(layers) - 1, finish=finish, still=0.65, window=lens)


GENERATED = {"abstract": abstract, "brain": brain, "slices": slices, "ultrasound": ultrasound, "endoscopy": endoscopy}
