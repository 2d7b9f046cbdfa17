"""The mask decoder: prompts drawn as maps, a small U-shaped convolutional net, one mask and its score."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from blocks import ConvNorm, GlobalContext, MixBlock, unit_patches
from prompts import PROMPT_CHANNELS, draw_prompts


class Decoder(nn.Module):
    """One mask per prompt set.

    forward(image_embeddings [1 or B,C,H,W], point_coords [B,N,2], point_labels [B,N],
    mask_input [B,1,2H,2W], has_mask_input [1] or [B]) -> low_res_masks [B,1,2H,2W] logits,
    iou_predictions [B,1] in 0..1. See prompts.py for coordinates and labels.
    """

    def __init__(self, channels: int = 96, width: int = 64, mid: int = 96, deep: int = 128, fine: int = 16):
        super().__init__()
        self.image = nn.Conv2d(channels, width, 1)
        self.prompt = nn.Conv2d(PROMPT_CHANNELS, width, 1)
        self.film = nn.Sequential(nn.Linear(3 * channels + 4, 96), nn.ReLU(), nn.Linear(96, 2 * width))
        self.enter = nn.Sequential(nn.BatchNorm2d(width), nn.ReLU(inplace=True))
        self.high = MixBlock(width, 1)
        self.down1 = nn.Sequential(ConvNorm(width, mid, 2, 2), MixBlock(mid))
        self.down2 = nn.Sequential(
            ConvNorm(mid, deep, 2, 2), MixBlock(deep), MixBlock(deep), GlobalContext(deep), MixBlock(deep), MixBlock(deep),
        )
        self.down3 = nn.Sequential(ConvNorm(deep, deep, 2, 2), *(MixBlock(deep) for _ in range(4)))
        self.up3 = ConvNorm(deep, deep, act=False)
        nn.init.zeros_(self.up3[1].weight)
        self.up2 = ConvNorm(deep, mid, act=False)
        self.up1 = ConvNorm(mid, width, act=False)
        self.last = MixBlock(width, 1)
        self.expand = ConvNorm(width, 4 * fine)
        self.refine = nn.Sequential(ConvNorm(fine + 1, fine + 1, 3, groups=fine + 1, act=False), ConvNorm(fine + 1, fine))
        self.logit = nn.Conv2d(fine, 1, 3, padding=1)
        self.score = nn.Sequential(nn.Linear(2 * width + deep + 3, 64), nn.ReLU(), nn.Linear(64, 1))

    def forward(
        self,
        image_embeddings: Tensor,
        point_coords: Tensor,
        point_labels: Tensor,
        mask_input: Tensor,
        has_mask_input: Tensor,
    ) -> tuple[Tensor, Tensor]:
        with torch.autocast(image_embeddings.device.type, enabled=False):
            maps, features = draw_prompts(unit_patches(image_embeddings), point_coords, point_labels, mask_input, has_mask_input)
        scale, shift = self.film(features)[:, :, None, None].chunk(2, dim=1)
        dense = torch.channels_last
        image = self.image(image_embeddings.contiguous(memory_format=dense))
        maps = maps.contiguous(memory_format=dense)
        x0 = self.enter(image * (1.0 + scale) + shift + self.prompt(maps))
        x0 = self.high(x0)
        x1 = self.down1(x0)
        x2 = self.down2(x1)
        up = nn.functional.interpolate
        x2 = x2 + up(self.up3(self.down3(x2)), scale_factor=2.0, mode="nearest")
        x1 = x1 + up(self.up2(x2), scale_factor=2.0, mode="nearest")
        x0 = self.last(x0 + up(self.up1(x1), scale_factor=2.0, mode="bilinear", align_corners=False))
        fine = nn.functional.pixel_shuffle(self.expand(x0), 2).contiguous(memory_format=dense)
        earlier = torch.tanh(mask_input * 0.25) * has_mask_input.reshape(-1, 1, 1, 1)
        logits = self.logit(self.refine(torch.cat([fine, earlier.to(fine.dtype)], dim=1))).float()
        return logits, self.predict_iou(logits, x0.float(), x2.float())

    def predict_iou(self, logits: Tensor, high: Tensor, deep: Tensor) -> Tensor:
        """Predicted IoU [B,1] from features pooled inside the mask, overall, and the mask's own certainty."""
        probability = torch.sigmoid(logits)
        inside = nn.functional.avg_pool2d(probability, 2)
        area = inside.mean(dim=(2, 3))  # [B,1]
        pooled = (high * inside).mean(dim=(2, 3)) / (area + 1e-3)
        certain = (probability * probability).mean(dim=(2, 3)) / (area + 1e-3)
        deepest = deep.mean(dim=(2, 3))
        stats = torch.cat([pooled, high.mean(dim=(2, 3)), deepest, area, torch.sqrt(area + 1e-6), certain], dim=1)
        return torch.sigmoid(self.score(stats))
