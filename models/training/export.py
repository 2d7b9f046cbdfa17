"""Exports a checkpoint to a model package and checks it against PyTorch.

    python export.py --checkpoint runs/lite/checkpoint.pt --out ../lite
    python export.py --checkpoint runs/a/checkpoint.pt runs/b/checkpoint.pt --share 0.75 --out ../lite
"""

from __future__ import annotations

import argparse
import os
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import torch
from torch import nn
from torch.nn.utils.fusion import fuse_conv_bn_eval

from blocks import unit_patches
from matching import MAPS
from model import CHANNELS, GRID, LOW_RES, SIZE, Model, parameter_count
from package import write_package
from shared import HALF, store_half

OPSET = 17
PROMPTS = ["point_coords", "point_labels", "mask_input", "has_mask_input", "match_maps"]
FEATURES = ["unit_patches", "features_1", "features_2", "features_4", "features_8"]


def load(checkpoint: Path, raw: bool = False) -> Model:
    """The averaged weights (or the raw ones) of a checkpoint, in evaluation mode."""
    saved = torch.load(checkpoint, map_location="cpu", weights_only=True)
    model = Model()
    model.load_state_dict(saved["model" if raw else "average"])
    print(f"checkpoint: {saved['step']} steps, {saved['pairs']} pairs, {saved['spent'] / 60:.1f} minutes")
    return model.eval()


def blend(first: Model, second: Model, share: float) -> None:
    """Moves the weights of `first` to those of `second`, by `share` of the way. Both share their norms."""
    with torch.no_grad():
        for mine, other in zip(first.state_dict().values(), second.state_dict().values()):
            if mine.dtype.is_floating_point:
                mine.mul_(1 - share).add_(other * share)


def fold_norms(module: nn.Module) -> None:
    """Folds every batch norm that follows a convolution in a Sequential into that convolution."""
    for child in module.children():
        fold_norms(child)
        if isinstance(child, nn.Sequential):
            for index in range(len(child) - 1):
                if isinstance(child[index], nn.Conv2d) and isinstance(child[index + 1], nn.BatchNorm2d):
                    child[index] = fuse_conv_bn_eval(child[index], child[index + 1])
                    child[index + 1] = nn.Identity()


def random_prompts(batch: int, points: int, seed: int) -> dict[str, torch.Tensor]:
    """Decoder inputs besides what depends on the image, with mixed labels: points, padding and sometimes a box."""
    generator = torch.Generator().manual_seed(seed)
    coords = torch.rand(batch, points, 2, generator=generator) * SIZE
    labels = torch.randint(-1, 2, (batch, points), generator=generator).float()
    if points >= 2 and seed % 2:
        corners = coords[:, :2].sort(dim=1).values
        coords[:, :2] = corners
        labels[:, 0], labels[:, 1] = 2, 3
    mask = torch.randn(batch, 1, LOW_RES, LOW_RES, generator=generator) * 4
    maps = torch.rand(batch, MAPS, GRID, GRID, generator=generator) * 2 - 1
    return dict(zip(PROMPTS, (coords, labels, mask, torch.tensor([float(seed % 3 != 0)]), maps)))


class ImageGraph(nn.Module):
    """What the decoder takes of an embedding: its patches with norm 1, and the features of the image part."""

    def __init__(self, part: nn.Module) -> None:
        super().__init__()
        self.part = part

    def forward(self, image_embeddings: torch.Tensor) -> tuple[torch.Tensor, ...]:
        return unit_patches(image_embeddings), *self.part(image_embeddings)


class PromptGraph(nn.Module):
    """The prompt part with its features one by one."""

    def __init__(self, part: nn.Module) -> None:
        super().__init__()
        self.part = part

    def forward(self, unit, f1, f2, f4, f8, coords, labels, mask, has_mask, maps):  # noqa: ANN001, ANN201
        return self.part(unit, (f1, f2, f4, f8), coords, labels, mask, has_mask, maps)


def graphs_of(model: Model) -> dict[str, tuple[nn.Module, list[str], list[str]]]:
    """Every graph of a package: role -> module, names of its inputs and of its outputs."""
    return {
        "encoder": (model.encoder, ["image"], ["image_embeddings"]),
        "image": (ImageGraph(model.decoder.image).eval(), ["image_embeddings"], FEATURES),
        "decoder": (PromptGraph(model.decoder.prompt).eval(), [*FEATURES, *PROMPTS],
                    ["low_res_masks", "iou_predictions", "match_predictions"]),
    }


def write_onnx(model: Model, paths: dict[str, Path], half: bool) -> None:
    graphs = graphs_of(model)
    values = {"image": torch.zeros(1, 3, SIZE, SIZE), "image_embeddings": torch.randn(1, CHANNELS, GRID, GRID)}
    values |= random_prompts(2, 3, 1)
    with torch.no_grad():
        values |= dict(zip(FEATURES, graphs["image"][0](values["image_embeddings"])))
    dynamic = {"image": {0: "batch"}, "image_embeddings": {0: "batch"}, "point_coords": {0: "batch", 1: "points"},
               "point_labels": {0: "batch", 1: "points"}, "mask_input": {0: "batch"}, "match_maps": {0: "batch"},
               "low_res_masks": {0: "batch"}, "iou_predictions": {0: "batch"}, "match_predictions": {0: "batch"}}
    for role, (module, inputs, outputs) in graphs.items():
        axes = {name: dynamic[name] for name in (*inputs, *outputs) if name in dynamic and (role == "encoder" or name != "image_embeddings")}
        with torch.no_grad():
            torch.onnx.export(module, tuple(values[name] for name in inputs), str(paths[role]), input_names=inputs,
                              output_names=outputs, dynamic_axes=axes, opset_version=OPSET, dynamo=False,
                              do_constant_folding=True)
        if half:
            store_half(paths[role], HALF)
        onnx.checker.check_model(onnx.load(str(paths[role])), full_check=True)


def round_to_half(model: nn.Module, smallest: int = 256) -> None:
    """Gives PyTorch the weights that `store_half` will store, so that both can be compared exactly."""
    for weight in model.parameters():
        if weight.numel() >= smallest:
            weight.data = weight.data.half().float()


def compare(name: str, wanted: torch.Tensor, got: np.ndarray, tolerance: float) -> None:
    if tuple(wanted.shape) != got.shape:
        raise SystemExit(f"Cannot accept {name}: expected shape {tuple(wanted.shape)}, got {got.shape}.")
    if not np.isfinite(got).all():
        raise SystemExit(f"Cannot accept {name}: it holds values that are not finite.")
    error = float(np.abs(wanted.numpy() - got).max())
    if error > tolerance:
        raise SystemExit(f"Cannot accept {name}: differs from PyTorch by {error:.2e}, at most {tolerance:.0e} allowed.")


def verify(model: Model, paths: dict[str, Path]) -> None:
    """onnxruntime against PyTorch on random inputs, over batch sizes and point counts."""
    graphs = graphs_of(model)
    sessions = {role: onnxruntime.InferenceSession(str(paths[role]), providers=["CPUExecutionProvider"]) for role in graphs}

    def run(role: str, inputs: dict[str, torch.Tensor]) -> list[np.ndarray]:
        return sessions[role].run(None, {name: inputs[name].numpy() for name in graphs[role][1]})

    images = torch.randn(3, 3, SIZE, SIZE, generator=torch.Generator().manual_seed(5))
    with torch.no_grad():
        for batch in (images, images[:1]):
            embedding = model.encoder(batch)
            compare("image_embeddings", embedding, run("encoder", {"image": batch})[0], 2e-3)
        features = graphs["image"][0](embedding)
        for name, wanted, got in zip(FEATURES, features, run("image", {"image_embeddings": embedding})):
            compare(name, wanted, got, 2e-3)
        values = dict(zip(FEATURES, features))
        cases = [(1, 1), (1, 2), (3, 1), (2, 7), (16, 16), (1, 16), (16, 2)]
        for seed, (batch, points) in enumerate(cases):
            inputs = values | random_prompts(batch, points, seed)
            module, names, _ = graphs["decoder"]
            masks, *scores = module(*(inputs[name] for name in names))
            first, second = run("decoder", inputs), run("decoder", inputs)
            compare(f"low_res_masks at batch {batch}, points {points}", masks, first[0], 5e-3)
            for wanted, got in zip(scores, first[1:]):
                compare(f"scores at batch {batch}, points {points}", wanted, got, 1e-3)
            if not (first[0] == second[0]).all():
                raise SystemExit("Cannot accept the decoder: two runs on the same input differ.")


def describe(path: Path) -> str:
    graph = onnx.load(str(path)).graph
    return f"{path.name}: {len(graph.node)} nodes, {path.stat().st_size / 1e6:.2f} MB, ops {sorted({n.op_type for n in graph.node})}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--checkpoint", type=Path, nargs="+", default=[Path("runs/lite/checkpoint.pt")],
                        help="one; or two, the second started from the first, whose weights are blended")
    parser.add_argument("--share", type=float, default=0.5, help="of the second checkpoint's weights")
    parser.add_argument("--out", type=Path, default=Path("../lite"))
    parser.add_argument("--raw", action="store_true", help="export the raw weights, not their running average")
    parser.add_argument("--fp32", action="store_true", help="store the weights as float32 instead of float16")
    args = parser.parse_args()
    torch.set_num_threads(1)
    args.out.mkdir(parents=True, exist_ok=True)
    model = load(args.checkpoint[0], args.raw)
    for more in args.checkpoint[1:]:
        blend(model, load(more, args.raw), args.share)
    fold_norms(model)
    if not args.fp32:
        round_to_half(model)
    print(f"parameters (norms folded): encoder {parameter_count(model.encoder)}, decoder {parameter_count(model.decoder)}")
    built = {role: args.out / f".{role}.{os.getpid()}.tmp" for role in graphs_of(model)}
    try:
        write_onnx(model, built, not args.fp32)
        verify(model, built)
        for path in built.values():
            print(describe(path))
        manifest = write_package(args.out, built)
    finally:
        for path in built.values():
            path.unlink(missing_ok=True)
    print(f"wrote {args.out} with digest {manifest['digest']}")


if __name__ == "__main__":
    main()
