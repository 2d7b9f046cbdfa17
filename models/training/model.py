"""The whole model: encoder and decoder together, and its normalisation constants."""

from __future__ import annotations

from torch import nn

from lite_decoder import SplitDecoder
from lite_encoder import LiteEncoder

MEAN = (123.675, 116.28, 103.53)  # per RGB channel, 0..255 scale
STD = (58.395, 57.12, 57.375)
CHANNELS = 96
SIZE = 512
GRID = 64
LOW_RES = 128


class Model(nn.Module):
    """Holds the encoder and the decoder; training calls the two separately."""

    def __init__(self) -> None:
        super().__init__()
        self.encoder = LiteEncoder(MEAN, STD, CHANNELS)
        self.decoder = SplitDecoder(CHANNELS)


def parameter_count(module: nn.Module) -> int:
    return sum(p.numel() for p in module.parameters())
