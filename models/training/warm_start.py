"""Starts training from the weights of a model package."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import torch
from onnx import numpy_helper
from torch import Tensor

from blocks import ConvNorm
from model import Model

HALF = ".half"  # how export.py marks weights that it stored as float16


def read_weights(path: Path) -> dict[str, Tensor]:
    """Weights of an ONNX file by parameter name, float32."""
    return {
        entry.name.removesuffix(HALF): torch.from_numpy(numpy_helper.to_array(entry).astype(np.float32))
        for entry in onnx.load(str(path)).graph.initializer
    }


@torch.no_grad()
def unfold(module: ConvNorm, weight: Tensor, bias: Tensor) -> None:
    """Splits a folded convolution into rows of equal size and their gains, with neutral statistics."""
    conv, norm = module[0], module[1]
    size = weight.flatten(1).norm(dim=1).clamp(min=1e-3) * 3**0.5  # rows as large as PyTorch's fresh ones
    conv.weight.copy_(weight / size[:, None, None, None])
    norm.weight.copy_(size)
    norm.bias.copy_(bias)
    norm.running_mean.zero_()
    norm.running_var.fill_(1 - norm.eps)


@torch.no_grad()
def load_package(model: Model, package: Path) -> list[str]:
    """Copies a package's weights into `model`, whose norms must stay frozen from then on. Parameters that the
    package lacks keep their fresh start; returns their names."""
    missing = []
    for part, role in ((model.encoder, "encoder"), (model.decoder, "decoder")):
        stored, loaded = read_weights(package / f"{role}.onnx"), set()
        for name, module in part.named_modules():
            weight, bias = stored.get(f"{name}.0.weight"), stored.get(f"{name}.0.bias")
            if isinstance(module, ConvNorm) and bias is not None and weight.shape == module[0].weight.shape:
                unfold(module, weight, bias)
                loaded.update(f"{name}.{key}" for key in module.state_dict())
        for name, value in part.state_dict().items():
            if name not in loaded and name in stored and value.shape == stored[name].shape:
                value.copy_(stored[name])
                loaded.add(name)
        missing += [f"{role}.{name}" for name in part.state_dict() if name not in loaded and not name.endswith("num_batches_tracked")]
    return missing
