"""Starts training from the weights of a model package."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import torch
from onnx import numpy_helper
from torch import Tensor

from blocks import ConvNorm
from model import Nano

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
def load_package(model: Nano, package: Path) -> list[str]:
    """Copies a package's weights into `model`, whose norms must stay frozen from then on. Parameters that the
    package lacks keep their fresh start; returns their names."""
    missing = []
    for part, role in ((model.encoder, "encoder"), (model.decoder, "decoder")):
        stored = read_weights(package / f"{role}.onnx")
        known = set(stored)
        for name, module in part.named_modules():
            if isinstance(module, ConvNorm) and f"{name}.0.bias" in stored:
                unfold(module, stored.pop(f"{name}.0.weight"), stored.pop(f"{name}.0.bias"))
        for name, value in part.state_dict().items():
            if name in stored:
                value.copy_(stored[name])
            elif name.rsplit(".", 2)[0] + ".0.bias" not in known and not name.endswith("num_batches_tracked"):
                missing.append(f"{role}.{name}")
    return missing
