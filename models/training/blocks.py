"""Convolution blocks shared by the encoder and the decoder.

Depthwise kernels are 3x3 throughout: onnxruntime's WebAssembly build has a fast path for depthwise 3x3
with dilation 1 and falls back to one matrix product per channel for anything larger. Context comes from
downscaled branches and global pooling instead of large kernels.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn


STRIDE = 8  # of the embedding


def folded(conv: nn.Conv2d, norm: nn.BatchNorm2d) -> tuple[Tensor, Tensor]:
    """Weight and bias of a convolution with the frozen norm behind it, which saves a pass over the activations."""
    gain = norm.weight * torch.rsqrt(norm.running_var + norm.eps)
    return conv.weight * gain[:, None, None, None], norm.bias - norm.running_mean * gain


class ConvNorm(nn.Sequential):
    """Convolution, batch norm and an optional ReLU. [B,Cin,H,W] -> [B,Cout,H/stride,W/stride].

    While its statistics are frozen the norm is folded into the weights on the fly; `export.py` folds it for good.
    """

    def __init__(self, cin: int, cout: int, kernel: int = 1, stride: int = 1, groups: int = 1, act: bool = True):
        padding = 0 if kernel == stride else kernel // 2
        layers: list[nn.Module] = [
            nn.Conv2d(cin, cout, kernel, stride, padding, groups=groups, bias=False),
            nn.BatchNorm2d(cout, momentum=0.03),
        ]
        super().__init__(*layers, *([nn.ReLU(inplace=True)] if act else []))

    def forward(self, x: Tensor) -> Tensor:
        conv, norm = self[0], self[1]
        if isinstance(norm, nn.Identity) or norm.training:
            return super().forward(x)
        y = nn.functional.conv2d(x, *folded(conv, norm), conv.stride, conv.padding, 1, conv.groups)
        return torch.relu_(y) if len(self) == 3 else y


class InvertedResidual(nn.Module):
    """1x1 expand, depthwise 3x3, 1x1 project, identity shortcut. [B,C,H,W] -> [B,C,H,W]."""

    def __init__(self, channels: int, expand: int = 3):
        super().__init__()
        hidden = channels * expand
        self.body = nn.Sequential(
            ConvNorm(channels, hidden),
            ConvNorm(hidden, hidden, 3, groups=hidden),
            ConvNorm(hidden, channels, act=False),
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
            ConvNorm(channels, channels, 3, groups=channels, act=False),
            ConvNorm(channels, hidden),
            ConvNorm(hidden, channels, act=False),
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


class Attention(nn.Module):
    """Self-attention over all grid cells with an identity shortcut, so that far parts of one object find each
    other. For coarse grids only: the cost grows with the square of the cells. [B,C,H,W] -> [B,C,H,W]."""

    def __init__(self, channels: int, heads: int = 4):
        super().__init__()
        self.depth = channels // heads
        self.norm = ChannelNorm()
        self.query_key_value = nn.Conv2d(channels, 3 * channels, 1)
        self.out = nn.Conv2d(channels, channels, 1)
        nn.init.zeros_(self.out.weight)
        nn.init.zeros_(self.out.bias)

    def forward(self, x: Tensor) -> Tensor:
        channels, height, width = x.shape[1:]
        mixed = self.query_key_value(self.norm(x)).flatten(2).chunk(3, dim=1)  # three of [B,C,HW]
        query, key, value = (part.reshape(-1, self.depth, height * width) for part in mixed)  # [B*heads,d,HW]
        weights = torch.softmax(torch.matmul(query.transpose(1, 2) * self.depth**-0.5, key), dim=2)
        mean = torch.matmul(value, weights.transpose(1, 2)).reshape(-1, channels, height, width)
        return x + self.out(mean)


def unit_patches(embedding: Tensor) -> Tensor:
    """An embedding whose patches have norm 1: the encoder ends in ChannelNorm, so all have the same. [B,C,H,W]."""
    return embedding * embedding.shape[1] ** -0.5


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


def position_code(height: int, width: int, device: torch.device) -> Tensor:
    """Low-frequency position channels, [1,8,H,W] float32, in fractions of the (square) model input.

    Anatomy and video objects tend to stay where they were, so where a patch is helps to recognise it. The
    code only has half, one and two periods over the input: it can tell regions apart, not single patches.
    """
    y = (torch.arange(height, device=device, dtype=torch.float32) + 0.5) / height
    x = (torch.arange(width, device=device, dtype=torch.float32) + 0.5) / width
    rows = [torch.cos(math.pi * y), torch.sin(2 * math.pi * y), torch.cos(2 * math.pi * y), torch.sin(4 * math.pi * y)]
    cols = [torch.cos(math.pi * x), torch.sin(2 * math.pi * x), torch.cos(2 * math.pi * x), torch.sin(4 * math.pi * x)]
    planes = [r[:, None].expand(height, width) for r in rows] + [c[None, :].expand(height, width) for c in cols]
    return torch.stack(planes)[None]
