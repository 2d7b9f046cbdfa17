# /// script
# requires-python = ">=3.11"
# dependencies = [
#   "matplotlib==3.10.9",
#   "numpy==2.4.6",
#   "onnx==1.23.2",
#   "onnxruntime==1.32.0",
#   "opencv-python-headless==5.0.0.93",
#   "pillow==13.0.0",
#   "POT==0.9.7.post1",
#   "pycocotools==2.0.11",
#   "scikit-learn==1.9.1",
#   "segment-anything==1.0",
#   "timm==1.0.31",
#   "torch==2.15.0",
#   "torchvision==0.29.2",
# ]
# ///
"""The method as a user of PyTorch, scikit-learn and POT writes it, for timing.

Answers requests on standard input, a JSON object a line, as compare.ts sends them; every answer holds the
milliseconds of its stages. Section 1 of the design, step by step: maps and masks are built in full size, every
candidate is decoded in every pass, every distance is solved. The weights are those of mobilesam/build.py.
"""

from __future__ import annotations

import io
import json
import sys
import time
import warnings
from pathlib import Path

import cv2
import numpy as np
import ot
import torch
import torch.nn.functional as F
from PIL import Image
from pycocotools import mask as coco
from sklearn.cluster import KMeans

sys.path.insert(0, str(Path(__file__).parent.parent / "mobilesam"))
from build import CHANNELS, GRID, MEAN, SIZE, STD, Decoder, build  # noqa: E402

PARTS, RESTARTS = range(1, 6), 10


class Clock:
    """Milliseconds of each stage, added up over its runs."""

    def __init__(self) -> None:
        self.stages: dict[str, float] = {}

    read = staticmethod(time.perf_counter)

    def time(self, stage: str, work):
        started = self.read()
        result = work()
        self.stages[stage] = self.stages.get(stage, 0.0) + 1000 * (self.read() - started)
        return result


class Reference:
    def __init__(self, seed: int):
        sam = build(seed)
        self.encoder = sam.image_encoder
        self.decoder = Decoder(sam, return_single_mask=True).eval()
        # Random weights draw no masks: what a candidate's decoder answers is replaced by these low-res logits.
        self.masks: list[torch.Tensor] = []
        self.mean, self.std = torch.tensor(MEAN).view(3, 1, 1), torch.tensor(STD).view(3, 1, 1)

    # -- image to embedding

    @staticmethod
    def scaled(width: int, height: int) -> tuple[int, int]:
        scale = SIZE / max(width, height)
        return int(width * scale + 0.5), int(height * scale + 0.5)

    def preprocess(self, image: Image.Image) -> torch.Tensor:
        """[1,3,S,S] float32."""
        resized = image.resize(self.scaled(*image.size), Image.Resampling.BILINEAR)
        pixels = torch.from_numpy(np.array(resized)).permute(2, 0, 1).float()
        pixels = (pixels - self.mean) / self.std
        return F.pad(pixels, (0, SIZE - resized.width, 0, SIZE - resized.height))[None]

    # -- enrolment

    def foreground(self, mask: Image.Image) -> np.ndarray:
        """Which patches the annotation owns, [g * g] bool."""
        resized = mask.resize(self.scaled(*mask.size), Image.Resampling.BILINEAR)
        padded = F.pad(torch.from_numpy(np.array(resized)).float(),
                       (0, SIZE - resized.width, 0, SIZE - resized.height))
        padded = padded - (padded.min() + padded.max()) / 2
        on_grid = F.interpolate(padded[None, None], (GRID, GRID), mode="bilinear", align_corners=False)
        return (on_grid > 0).flatten().numpy()

    @staticmethod
    def prototypes(patches: np.ndarray, count: int) -> np.ndarray:
        if count == 1:
            centres = patches.mean(axis=0, keepdims=True)
        else:
            centres = KMeans(count, init="k-means++", n_init=RESTARTS, random_state=0).fit(patches).cluster_centers_
        return centres / np.linalg.norm(centres, axis=1, keepdims=True)

    def enrol(self, embedding: torch.Tensor, mask: Image.Image, clock: Clock) -> int:
        patches = embedding[0].flatten(1).T.numpy()
        inside = self.foreground(mask)
        clock.time("parts", lambda: ([self.prototypes(patches[inside], n) for n in PARTS],
                                     self.prototypes(patches[~inside], 1)))
        return int(inside.sum())

    # -- segmentation

    def peak(self, unit: torch.Tensor, prototype: torch.Tensor, size: tuple[int, int]) -> tuple[int, int]:
        """Pixel x, y of the image of the largest value of the full-size map."""
        width, height = self.scaled(*size)
        grid = (prototype @ unit).view(1, 1, GRID, GRID)
        resize = lambda x, *to: F.interpolate(x, to, mode="bilinear", align_corners=False)
        model = resize(resize(grid, 4 * GRID, 4 * GRID), SIZE, SIZE)[..., :height, :width]
        y, x = divmod(int(resize(model, size[1], size[0]).argmax()), size[0])
        return x, y

    def prompts(self, embedding: torch.Tensor, profile: dict, size: tuple[int, int]) -> list[list[tuple]]:
        unit = F.normalize(embedding[0].flatten(1), dim=0)
        candidates = []
        for prototypes in profile["parts"]:
            points = [(*self.peak(unit, p, size), 1) for p in prototypes]
            points += [(*self.peak(unit, p, size), 0) for p in profile["negatives"]]
            candidates.append(points)
        return candidates

    def decode(self, embedding: torch.Tensor, size: tuple[int, int], points, box, logits) -> torch.Tensor:
        """Low-res logits [1,1,256,256]."""
        scale = torch.tensor(self.scaled(*size)) / torch.tensor(size)
        coords, labels = [p[:2] for p in points], [p[2] for p in points]
        coords, labels = (coords + [(0, 0)], labels + [-1]) if box is None else (
            coords + [box[:2], box[2:]], labels + [2, 3])
        coords = (torch.tensor(coords, dtype=torch.float64) * scale).float()[None]
        has_mask = torch.tensor([0.0 if logits is None else 1.0])
        mask = torch.zeros(1, 1, 4 * GRID, 4 * GRID) if logits is None else logits
        self.decoder(embedding, coords, torch.tensor([labels]).float(), mask, has_mask)
        return self.masks[labels.count(1) - 1]

    def mask(self, logits: torch.Tensor, size: tuple[int, int]) -> np.ndarray:
        """The logits in image space, > 0."""
        width, height = self.scaled(*size)
        model = F.interpolate(logits, (SIZE, SIZE), mode="bilinear", align_corners=False)[..., :height, :width]
        return (F.interpolate(model, size[::-1], mode="bilinear", align_corners=False)[0, 0] > 0).numpy()

    def cascade(self, embedding: torch.Tensor, size: tuple[int, int], points, clock: Clock) -> torch.Tensor:
        decode = lambda box, logits: clock.time("decode", lambda: self.decode(embedding, size, points, box, logits))
        logits = decode(None, decode(None, None))
        ys, xs = clock.time("box", lambda: np.nonzero(self.mask(logits, size)))
        box = None if len(xs) == 0 else (xs.min(), ys.min(), xs.max(), ys.max())
        return decode(box, logits)

    def distance(self, reference: np.ndarray, patches: np.ndarray, logits: torch.Tensor, clock: Clock) -> float:
        on_grid = F.interpolate(logits, (GRID, GRID), mode="bilinear", align_corners=False)
        inside = patches[(on_grid > 0).flatten().numpy()]
        if len(inside) == 0:
            return float("inf")
        cost = clock.time("cost", lambda: ot.dist(reference, inside))
        weights = ot.unif(len(reference)), ot.unif(len(inside))
        return clock.time("distance", lambda: float(ot.emd2(*weights, cost, numItermax=10**8)))

    @staticmethod
    def write(mask: np.ndarray) -> int:
        """PNG, COCO run-length encoding, polygons."""
        file = io.BytesIO()
        Image.fromarray(mask.astype(np.uint8) * 255).save(file, "PNG")
        coco.encode(np.asfortranarray(mask.astype(np.uint8)))
        cv2.findContours(mask.astype(np.uint8), cv2.RETR_CCOMP, cv2.CHAIN_APPROX_SIMPLE)
        return file.tell()

    def segment(self, embedding: torch.Tensor, profile: dict, size: tuple[int, int], clock: Clock) -> dict:
        candidates = clock.time("prompts", lambda: self.prompts(embedding, profile, size))
        logits = [self.cascade(embedding, size, points, clock) for points in candidates]
        patches = embedding[0].flatten(1).T.double().numpy()
        distances = clock.time("retrieval", lambda: [
            self.distance(profile["patches"], patches, one, clock) for one in logits])
        winner = int(np.argmin(distances))

        def output():
            mask = self.mask(logits[winner], size)
            self.write(mask)
            return mask

        mask = clock.time("output", output)
        return {"points": candidates, "winner": winner, "area": int(mask.sum())}


def read(request: dict, name: str, *shape: int) -> np.ndarray:
    return np.fromfile(request[name], np.float32).reshape(shape)


def read_profile(request: dict) -> dict:
    sets = lambda name: [torch.from_numpy(read({name: path}, name, -1, CHANNELS)) for path in request[name]]
    return {"parts": sets("parts"), "negatives": sets("negatives")[0],
            "patches": read(request, "patches", -1, CHANNELS).astype(np.float64)}


def answer(reference: Reference, request: dict) -> dict:
    clock = Clock()
    result = {}
    if request["op"] == "encode":
        image = Image.open(request["image"]).convert("RGB")
        pixels = clock.time("preprocess", lambda: reference.preprocess(image))
        if request["run"]:
            clock.time("encode", lambda: reference.encoder(pixels))
    elif request["op"] == "enrol":
        embedding = torch.from_numpy(read(request, "embedding", 1, CHANNELS, GRID, GRID))
        mask = Image.open(request["mask"]).convert("L")
        result["patches"] = clock.time("enrolment", lambda: reference.enrol(embedding, mask, clock))
    elif request["op"] == "segment":
        embedding = torch.from_numpy(read(request, "embedding", 1, CHANNELS, GRID, GRID))
        profile, size = read_profile(request), tuple(request["size"])
        reference.masks = [torch.from_numpy(read({"mask": path}, "mask", 1, 1, 4 * GRID, 4 * GRID))
                           for path in request["masks"]]
        result = clock.time("segmentation", lambda: reference.segment(embedding, profile, size, clock))
    elif request["op"] == "emd":
        a, b = (read(request, name, -1, CHANNELS).astype(np.float64) for name in ("a", "b"))
        cost = clock.time("cost", lambda: ot.dist(a, b))
        solve = lambda: float(ot.emd2(ot.unif(len(a)), ot.unif(len(b)), cost, numItermax=10**8))
        result["distance"] = clock.time("distance", solve)
    return {**result, "stages": clock.stages}


@torch.no_grad()
def main() -> None:
    warnings.simplefilter("ignore")
    torch.set_num_threads(int(sys.argv[1]))
    if sys.argv[2] == "cpu":
        Clock.read = staticmethod(time.process_time)
    reference = Reference(seed=0)
    print(json.dumps({"ready": True}), flush=True)
    for line in sys.stdin:
        print(json.dumps(answer(reference, json.loads(line))), flush=True)


if __name__ == "__main__":
    main()
