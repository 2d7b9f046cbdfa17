"""PyTorch to ONNX, smaller number formats, and how far each is from PyTorch in float32."""

from __future__ import annotations

import logging
import warnings
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import torch
from torch import Tensor, nn

from decoder import Decoder
from split_decoder import ImageSide, PromptSide

OPSET = 17
TOLERANCE = 1e-3  # of the largest absolute value, between PyTorch and onnxruntime in float32
Arrays = dict[str, np.ndarray]


class Unfaithful(Exception):
    """A graph that does not answer as its PyTorch model does."""


def write_encoder(encoder: nn.Module, size: int, names: list[str], path: Path) -> None:
    to_onnx(encoder, (torch.zeros(1, 3, size, size),), ["image"], names, {}, path)


@torch.no_grad()
def write_decoder(decoder: Decoder, image_path: Path, path: Path) -> None:
    """The two graphs of split_decoder.py."""
    image, prompt = ImageSide(decoder).eval(), PromptSide(decoder).eval()
    embedding = random_embedding(decoder, 0)
    to_onnx(image, tuple(embedding.values()), image.input_names, image.output_names, {}, image_path)
    given = dict(zip(image.output_names, image(*embedding.values()))) | random_inputs(decoder, embedding, 3, seed=1)
    axes = {name: {1: "points"} for name in ("point_coords", "point_labels")}
    to_onnx(prompt, tuple(given[name] for name in prompt.input_names), prompt.input_names, prompt.output_names, axes, path)


@torch.no_grad()
def to_onnx(module: nn.Module, inputs: tuple[Tensor, ...], names: list[str], outputs: list[str], axes: dict,
            path: Path) -> None:
    logging.getLogger("torch.onnx").setLevel(logging.ERROR)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # whatever the tracer warns about, `compare` would find
        torch.onnx.export(module, inputs, str(path), input_names=names, output_names=outputs, dynamic_axes=axes,
                          opset_version=OPSET, dynamo=False)
    onnx.checker.check_model(str(path), full_check=True)


def store_int8(path: Path) -> None:
    """Matrix products with 8-bit weights per output channel and inputs quantised as they come; the rest stays, and
    so do the positional encodings, products with a matrix [2,C/2] whose phases take no rounding.

    The weights are unsigned: products with signed ones saturate on processors without VNNI, which cost a tenth of
    the masks' IoU here."""
    from onnxruntime.quantization import QuantType, quantize_dynamic

    logging.getLogger().setLevel(logging.ERROR)  # it recommends a preprocessing that gains nothing here
    graph, small = onnx.load(str(path)).graph, path.with_name(f"{path.name}.int8")
    places = {tensor.name for tensor in graph.initializer if list(tensor.dims)[:1] == [2]}
    kept = [node.name for node in graph.node if node.op_type == "MatMul" and node.input[1] in places]
    quantize_dynamic(path, small, op_types_to_quantize=["MatMul", "Gemm"], weight_type=QuantType.QUInt8,
                     per_channel=True, nodes_to_exclude=kept)
    small.replace(path)


def session(path: Path) -> onnxruntime.InferenceSession:
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")  # leave the cores to others
    return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])


def run(graph: onnxruntime.InferenceSession, inputs: dict[str, Tensor]) -> Arrays:
    names = [output.name for output in graph.get_outputs()]
    return dict(zip(names, graph.run(None, {name: value.numpy() for name, value in inputs.items()})))


class DecoderGraphs:
    """The decoder of a package, run as lib/runtime/onnx_model.ts does."""

    def __init__(self, folder: Path) -> None:
        self.image, self.prompt = session(folder / "image.onnx"), session(folder / "decoder.onnx")

    def run(self, inputs: dict[str, Tensor]) -> Arrays:
        names = {entry.name for entry in self.image.get_inputs()}
        side = run(self.image, {name: value for name, value in inputs.items() if name in names})
        rest = {name: value.numpy() for name, value in inputs.items() if name not in names}
        outputs = [output.name for output in self.prompt.get_outputs()]
        return dict(zip(outputs, self.prompt.run(outputs, side | rest)))


def random_image(size: int, seed: int) -> Tensor:
    """Normalised image [1,3,S,S]: smooth shapes at several scales, some noise, the lower tenth padding."""
    generator = torch.Generator().manual_seed(seed)
    image = torch.randn(1, 3, size, size, generator=generator) * 0.1
    for cells in (4, 16, 64):
        field = torch.randn(1, 3, cells, cells, generator=generator)
        image += nn.functional.interpolate(field, (size, size), mode="bicubic") / 2
    image[:, :, -(size // 10) :] = 0
    return image


def random_embedding(decoder: Decoder, seed: int) -> dict[str, Tensor]:
    """What an encoder could give this decoder."""
    generator = torch.Generator().manual_seed(seed)
    return {name: torch.randn(1, *shape, generator=generator) for name, shape in decoder.embedding_shapes().items()}


def random_inputs(decoder: Decoder, embedding: dict[str, Tensor], points: int, seed: int,
                  mask: bool = True, attention: bool = True, target: bool = True) -> dict[str, Tensor]:
    """Decoder inputs by name, in its order, one prompt with labels of every kind."""
    generator = torch.Generator().manual_seed(seed)
    grid = decoder.grid
    inputs = {
        **embedding,
        "point_coords": torch.rand(1, points, 2, generator=generator) * decoder.size,
        "point_labels": torch.randint(-1, 4, (1, points), generator=generator).float(),
        "mask_input": torch.randn(1, 1, 4 * grid, 4 * grid, generator=generator) * 4,
        "has_mask_input": torch.tensor([float(mask)]),
        "attention_similarity": torch.rand(1, 1, grid, grid, generator=generator) * 4,
        "has_attention_similarity": torch.tensor([float(attention)]),
        "target_embedding": torch.randn(1, 1, decoder.channels, generator=generator) * target,
    }
    return {name: inputs[name] for name in decoder.input_names}


class Differences:
    """The largest difference of each tensor so far: absolute, and relative to its largest absolute value."""

    def __init__(self) -> None:
        self.worst: dict[str, tuple[float, float]] = {}

    def add(self, wanted: dict[str, Tensor], got: Arrays, tolerance: float | None = TOLERANCE) -> None:
        for name, tensor in wanted.items():
            if tuple(tensor.shape) != got[name].shape or not np.isfinite(got[name]).all():
                raise Unfaithful(f"{name} should be finite and {list(tensor.shape)}; onnxruntime gives"
                                 f" {list(got[name].shape)}, {np.isfinite(got[name]).mean():.0%} of it finite")
            error = float(np.abs(tensor.numpy() - got[name]).max())
            relative = error / max(float(tensor.abs().max()), 1e-12)
            if tolerance is not None and relative > tolerance:
                raise Unfaithful(f"{name} differs from PyTorch by {relative:.1e} of its range, above {tolerance:.0e}")
            before = self.worst.get(name, (0.0, 0.0))
            self.worst[name] = max(before[0], error), max(before[1], relative)

    def rows(self) -> list[tuple[str, str, str]]:
        return [(name, f"{error:.1e}", f"{relative:.1e}") for name, (error, relative) in self.worst.items()]


@torch.no_grad()
def compare_encoder(encoder: nn.Module, path: Path, image: Tensor, names: list[str],
                    differences: Differences) -> dict[str, Tensor]:
    """Runs both on the image, notes their differences, and gives PyTorch's embedding."""
    outputs = encoder(image)
    wanted = dict(zip(names, outputs if isinstance(outputs, tuple) else (outputs,), strict=True))
    differences.add(wanted, run(session(path), {"image": image}))
    return wanted


@torch.no_grad()
def compare_decoder(decoder: Decoder, graphs: DecoderGraphs, embedding: dict[str, Tensor],
                    differences: Differences) -> None:
    """Point counts × with and without each optional input."""
    for seed, points in enumerate((1, 7, 2)):
        for given in ((True, True, True), (False, False, False)) if decoder.natural else ((True,), (False,)):
            inputs = random_inputs(decoder, embedding, points, seed, *given)
            differences.add(dict(zip(decoder.output_names, decoder(*inputs.values()))), graphs.run(inputs))


def mean_iou(graphs: DecoderGraphs, other: DecoderGraphs, decoder: Decoder, embedding: dict[str, Tensor],
             changed: dict[str, Tensor], prompts: int = 16) -> tuple[float, float]:
    """Mean IoU of the masks, and the largest difference of the predicted IoU, of two decoders or embeddings on
    random clicks, no mask given."""
    ious, worst = [], 0.0
    for seed in range(prompts):
        first, second = (g.run(random_inputs(decoder, e, 1 + seed % 4, seed, False, False, False))
                         for g, e in ((graphs, embedding), (other, changed)))
        a, b = first["low_res_masks"] > 0, second["low_res_masks"] > 0
        both, either = (a & b).sum((1, 2, 3)), (a | b).sum((1, 2, 3))
        ious += list(np.where(either == 0, 1.0, both / np.maximum(either, 1)))
        worst = max(worst, float(np.abs(first["iou_predictions"] - second["iou_predictions"]).max()))
    return float(np.mean(ious)), worst
