"""Exports a checkpoint to a model package and checks it against PyTorch.

    python export.py --checkpoint runs/nano/checkpoint.pt --out ../nano
    python export.py --checkpoint runs/a/checkpoint.pt runs/b/checkpoint.pt --share 0.75 --out ../nano
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

from model import CHANNELS, GRID, LOW_RES, SIZE, Nano, parameter_count
from package import write_package
from shared import store_half
from warm_start import HALF

OPSET = 17
DECODER_INPUTS = ["image_embeddings", "point_coords", "point_labels", "mask_input", "has_mask_input"]


def load(checkpoint: Path, raw: bool = False) -> Nano:
    """The averaged weights (or the raw ones) of a checkpoint, in evaluation mode."""
    saved = torch.load(checkpoint, map_location="cpu", weights_only=True)
    model = Nano()
    model.load_state_dict(saved["model" if raw else "average"])
    print(f"checkpoint: {saved['step']} steps, {saved['pairs']} pairs, {saved['spent'] / 60:.1f} minutes")
    return model.eval()


def blend(first: Nano, second: Nano, share: float) -> None:
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


def random_prompts(batch: int, points: int, seed: int) -> tuple[torch.Tensor, ...]:
    """Decoder inputs after the embedding, with mixed labels: points, padding and sometimes a box."""
    generator = torch.Generator().manual_seed(seed)
    coords = torch.rand(batch, points, 2, generator=generator) * SIZE
    labels = torch.randint(-1, 2, (batch, points), generator=generator).float()
    if points >= 2 and seed % 2:
        corners = coords[:, :2].sort(dim=1).values
        coords[:, :2] = corners
        labels[:, 0], labels[:, 1] = 2, 3
    mask = torch.randn(batch, 1, LOW_RES, LOW_RES, generator=generator) * 4
    return coords, labels, mask, torch.tensor([float(seed % 3 != 0)])


def write_onnx(model: Nano, encoder: Path, decoder: Path, half: bool) -> None:
    common = {"opset_version": OPSET, "dynamo": False, "do_constant_folding": True}
    with torch.no_grad():
        torch.onnx.export(model.encoder, (torch.zeros(1, 3, SIZE, SIZE),), str(encoder), input_names=["image"],
                          output_names=["image_embeddings"], dynamic_axes=dict.fromkeys(("image", "image_embeddings"), {0: "batch"}),
                          **common)
        embedding = torch.randn(1, CHANNELS, GRID, GRID)
        dynamic = {"point_coords": {0: "batch", 1: "points"}, "point_labels": {0: "batch", 1: "points"},
                   "mask_input": {0: "batch"}, "low_res_masks": {0: "batch"}, "iou_predictions": {0: "batch"}}
        torch.onnx.export(model.decoder, (embedding, *random_prompts(2, 3, 1)), str(decoder),
                          input_names=DECODER_INPUTS, output_names=["low_res_masks", "iou_predictions"],
                          dynamic_axes=dynamic, **common)
    for path in (encoder, decoder):
        if half:
            store_half(path, HALF)
        onnx.checker.check_model(onnx.load(str(path)), full_check=True)


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


def verify(model: Nano, encoder: Path, decoder: Path) -> None:
    """onnxruntime against PyTorch on random inputs, over batch sizes and point counts."""
    providers = ["CPUExecutionProvider"]
    encode = onnxruntime.InferenceSession(str(encoder), providers=providers)
    decode = onnxruntime.InferenceSession(str(decoder), providers=providers)
    images = torch.randn(3, 3, SIZE, SIZE, generator=torch.Generator().manual_seed(5))
    with torch.no_grad():
        for batch in (images, images[:1]):
            embedding = model.encoder(batch)
            compare("image_embeddings", embedding, encode.run(None, {"image": batch.numpy()})[0], 2e-3)
        cases = [(1, 1), (1, 2), (3, 1), (2, 7), (16, 16), (1, 16), (16, 2)]
        for seed, (batch, points) in enumerate(cases):
            prompts = random_prompts(batch, points, seed)
            inputs = dict(zip(DECODER_INPUTS, [embedding.numpy(), *(p.numpy() for p in prompts)]))
            masks, scores = model.decoder(embedding, *prompts)
            first, second = decode.run(None, inputs), decode.run(None, inputs)
            compare(f"low_res_masks at batch {batch}, points {points}", masks, first[0], 5e-3)
            compare(f"iou_predictions at batch {batch}, points {points}", scores, first[1], 1e-3)
            if not (first[0] == second[0]).all():
                raise SystemExit("Cannot accept the decoder: two runs on the same input differ.")


def describe(path: Path) -> str:
    graph = onnx.load(str(path)).graph
    return f"{path.name}: {len(graph.node)} nodes, {path.stat().st_size / 1e6:.2f} MB, ops {sorted({n.op_type for n in graph.node})}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--checkpoint", type=Path, nargs="+", default=[Path("runs/nano/checkpoint.pt")],
                        help="one; or two, the second started from the first, whose weights are blended")
    parser.add_argument("--share", type=float, default=0.5, help="of the second checkpoint's weights")
    parser.add_argument("--out", type=Path, default=Path("../nano"))
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
    built = {role: args.out / f".{role}.{os.getpid()}.tmp" for role in ("encoder", "decoder")}
    try:
        write_onnx(model, built["encoder"], built["decoder"], not args.fp32)
        verify(model, built["encoder"], built["decoder"])
        for path in built.values():
            print(describe(path))
        manifest = write_package(args.out, built)
    finally:
        for path in built.values():
            path.unlink(missing_ok=True)
    print(f"wrote {args.out} with digest {manifest['digest']}")


if __name__ == "__main__":
    main()
