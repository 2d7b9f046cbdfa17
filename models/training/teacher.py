"""The encoder of a `nano` package, with its weights."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import torch
from onnx import numpy_helper
from torch import Tensor

from blocks import ConvNorm
from nano_encoder import NanoEncoder
from shared import HALF


def read_weights(path: Path) -> dict[str, Tensor]:
    """Weights of an ONNX file by parameter name, float32."""
    return {
        entry.name.removesuffix(HALF): torch.from_numpy(numpy_helper.to_array(entry).astype(np.float32))
        for entry in onnx.load(str(path)).graph.initializer
    }


@torch.no_grad()
def load_teacher(package: Path) -> NanoEncoder:
    """The encoder in evaluation mode; its convolutions are those of the package, whose norms are folded."""
    encoder = NanoEncoder()
    stored = read_weights(package / "encoder.onnx")
    for name, module in encoder.named_modules():
        if isinstance(module, ConvNorm):
            conv, norm = module[0], module[1]
            conv.weight.copy_(stored[f"{name}.0.weight"])
            norm.weight.fill_(1)
            norm.bias.copy_(stored[f"{name}.0.bias"])
            norm.running_mean.zero_()
            norm.running_var.fill_(1 - norm.eps)
        else:
            for key, value in module.named_parameters(recurse=False):
                if f"{name}.{key}" in stored:
                    value.copy_(stored[f"{name}.{key}"])
    return encoder.eval()
