"""The encoder of `nano`, the model before: here it only teaches, see teacher.py."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from blocks import STRIDE, Attention, ChannelNorm, ConvNorm, GlobalContext, InvertedResidual, position_code

class NanoEncoder(nn.Module):
    """Normalised RGB image [B,3,S,S] float32 -> embedding [B,C,S/8,S/8] float32, unit variance per patch."""

    def __init__(self, channels: int = 96, widths: tuple[int, ...] = (24, 32, 64, 112, 160)):
        super().__init__()
        w0, w1, w2, w3, w4 = widths
        self.stem = ConvNorm(3, w0, 3, 2)
        self.stage4 = nn.Sequential(ConvNorm(w0, w1, 3, 2), InvertedResidual(w1))
        self.stage8 = nn.Sequential(ConvNorm(w1, w2, 3, 2), *(InvertedResidual(w2) for _ in range(4)))
        self.stage16 = nn.Sequential(ConvNorm(w2, w3, 3, 2), *(InvertedResidual(w3) for _ in range(9)))
        self.stage32 = nn.Sequential(
            ConvNorm(w3, w4, 3, 2), *(InvertedResidual(w4) for _ in range(3)), GlobalContext(w4),
            Attention(w4), InvertedResidual(w4), Attention(w4), *(InvertedResidual(w4) for _ in range(3)),
        )
        self.lateral4 = ConvNorm(w1, channels, 2, 2, act=False)
        self.lateral8 = ConvNorm(w2, channels, act=False)
        self.lateral16 = ConvNorm(w3, channels, act=False)
        self.lateral32 = ConvNorm(w4, channels, act=False)
        self.smooth16 = InvertedResidual(channels, 2)
        self.position = nn.Conv2d(8, channels, 1, bias=False)
        self.fuse = nn.Sequential(*(InvertedResidual(channels, 2) for _ in range(3)))
        self.head = nn.Conv2d(channels, channels, 1)
        self.norm = ChannelNorm()

    def forward(self, image: Tensor) -> Tensor:
        x4 = self.stage4(self.stem(image))
        x8 = self.stage8(x4)
        x16 = self.stage16(x8)
        x32 = self.stage32(x16)
        up = nn.functional.interpolate
        p16 = self.lateral16(x16) + up(self.lateral32(x32), scale_factor=2.0, mode="nearest")
        p16 = self.smooth16(p16)
        p8 = self.lateral8(x8) + self.lateral4(x4) + up(p16, scale_factor=2.0, mode="bilinear", align_corners=False)
        code = position_code(image.shape[2] // STRIDE, image.shape[3] // STRIDE, image.device)
        p8 = self.fuse(p8 + self.position(code))
        return self.norm(self.head(p8).float().contiguous())
