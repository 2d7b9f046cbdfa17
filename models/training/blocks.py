"""Convolution blocks shared by the encoder and the decoder.

Depthwise kernels are 3x3 throughout: onnxruntime's WebAssembly build has a fast path for depthwise 3x3
with dilation 1 and falls back to one matrix product per channel for anything larger. Context comes from
downscaled branches and global pooling instead of large kernels.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn


def conv_bn(cin: int, cout: int, kernel: int = 1, stride: int = 1, groups: int = 1, act: bool = True) -> nn.Sequential:
    """Convolution, batch norm (folded into the convolution at export) and an optional ReLU."""
    layers: list[nn.Module] = [
        nn.Conv2d(cin, cout, kernel, stride, kernel // 2, groups=groups, bias=False),
        nn.BatchNorm2d(cout, momentum=0.03),
    ]
    if act:
        layers.append(nn.ReLU(inplace=True))
    return nn.Sequential(*layers)


class InvertedResidual(nn.Module):
    """1x1 expand, depthwise 3x3, 1x1 project, identity shortcut. [B,C,H,W] -> [B,C,H,W]."""

    def __init__(self, channels: int, expand: int = 3):
        super().__init__()
        hidden = channels * expand
        self.body = nn.Sequential(
            conv_bn(channels, hidden),
            conv_bn(hidden, hidden, 3, groups=hidden),
            conv_bn(hidden, channels, act=False),
        )
        nn.init.zeros_(self.body[2][1].weight)

    def forward(self, x: Tensor) -> Tensor:
        return x + self.body(x)


class MixBlock(nn.Module):
    """Depthwise 3x3 first, then a pointwise expansion: cheaper than InvertedResidual at high resolution."""

    def __init__(self, channels: int, expand: int = 2):
        super().__init__()
        hidden = channels * expand
        self.body = nn.Sequential(
            conv_bn(channels, channels, 3, groups=channels, act=False),
            conv_bn(channels, hidden),
            conv_bn(hidden, channels, act=False),
        )
        nn.init.zeros_(self.body[2][1].weight)

    def forward(self, x: Tensor) -> Tensor:
        return x + self.body(x)


class GlobalContext(nn.Module):
    """Adds a bias computed from the globally averaged features. [B,C,H,W] -> [B,C,H,W]."""

    def __init__(self, channels: int):
        super().__init__()
        self.reduce = nn.Linear(channels, channels)
        self.out = nn.Linear(channels, channels)
        nn.init.zeros_(self.out.weight)
        nn.init.zeros_(self.out.bias)

    def forward(self, x: Tensor) -> Tensor:
        pooled = x.mean(dim=(2, 3))
        return x + self.out(torch.relu(self.reduce(pooled)))[:, :, None, None]


class ChannelNorm(nn.Module):
    """LayerNorm over channels at every grid cell, without scale or shift. [B,C,H,W] -> [B,C,H,W].

    Every patch then has the same norm, so squared Euclidean distances between raw patches (which rank the
    candidates) and cosine similarities (which place the prompts) order patches the same way.
    """

    def __init__(self, eps: float = 1e-5):
        super().__init__()
        self.eps = eps

    def forward(self, x: Tensor) -> Tensor:
        centred = x - x.mean(dim=1, keepdim=True)
        variance = (centred * centred).mean(dim=1, keepdim=True)
        return centred / torch.sqrt(variance + self.eps)
