"""A mask decoder in two parts: what depends on the image alone, once, and a light part for every prompt."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from blocks import Attention, ConvNorm, GlobalContext, MixBlock
from matching import MAPS
from prompts import PROMPT_CHANNELS, draw_prompts

WIDTHS = (40, 64, 96, 96)  # of the features at 1, 1/2, 1/4 and 1/8 of the grid
UNNAMED = 0.25  # how often training hides the mean features of a prompt: on surfaces never seen they mislead


class ImagePart(nn.Module):
    """image_embeddings [B,C,H,W] -> features at H, H/2, H/4 and H/8, with WIDTHS channels."""

    def __init__(self, channels: int = 96):
        super().__init__()
        self.enter = ConvNorm(channels, 64)
        self.high = MixBlock(64, 1)
        self.down1 = nn.Sequential(ConvNorm(64, 96, 2, 2), MixBlock(96), MixBlock(96))
        self.down2 = nn.Sequential(
            ConvNorm(96, 128, 2, 2), MixBlock(128), MixBlock(128), GlobalContext(128), MixBlock(128),
            Attention(128), MixBlock(128), MixBlock(128),
        )
        self.down3 = nn.Sequential(ConvNorm(128, 128, 2, 2), MixBlock(128), MixBlock(128), Attention(128), MixBlock(128))
        self.out = nn.ModuleList(nn.Conv2d(cin, cout, 1) for cin, cout in zip((64, 96, 128, 128), WIDTHS))

    def forward(self, image_embeddings: Tensor) -> tuple[Tensor, ...]:
        x0 = self.high(self.enter(image_embeddings.contiguous(memory_format=torch.channels_last)))
        x1 = self.down1(x0)
        x2 = self.down2(x1)
        x3 = self.down3(x2)
        return tuple(out(x) for out, x in zip(self.out, (x0, x1, x2, x3)))


class PromptPart(nn.Module):
    """One mask per prompt set.

    forward(unit [1 or B,C,H,W], patches of norm 1; features, as ImagePart's; point_coords [B,N,2], point_labels [B,N],
    mask_input [B,1,2H,2W], has_mask_input [1] or [B], match_maps [B,4,H,W]) -> low_res_masks [B,1,2H,2W] logits,
    iou_predictions [B,1] in 0..1, of that mask; match_predictions [B,1] in 0..1, the IoU of the mask that was given with
    the structure that the maps speak of. See prompts.py for coordinates and labels, matching.py for the maps; maps that
    are 0 everywhere say nothing.
    """

    def __init__(self, channels: int = 96, fine: int = 12):
        super().__init__()
        w0, w1, w2, w3 = WIDTHS
        self.prompt = nn.Conv2d(PROMPT_CHANNELS + MAPS + 1, w0, 1)
        self.film = nn.Sequential(nn.Linear(3 * channels + 4, 96), nn.ReLU(), nn.Linear(96, 2 * (w0 + w2)))
        self.enter = nn.Sequential(nn.BatchNorm2d(w0, momentum=0.03), nn.ReLU(inplace=True))
        self.high = MixBlock(w0, 1)
        self.down1 = ConvNorm(w0, w1, 2, 2, act=False)
        self.middle = MixBlock(w1)
        self.down2 = ConvNorm(w1, w2, 2, 2, act=False)
        self.deep = nn.Sequential(MixBlock(w2), GlobalContext(w2), MixBlock(w2))
        self.down3 = ConvNorm(w2, w3, 2, 2, act=False)
        self.deepest = nn.Sequential(MixBlock(w3), MixBlock(w3))
        self.up3 = ConvNorm(w3, w2, act=False)
        self.up2 = ConvNorm(w2, w1, act=False)
        self.up1 = ConvNorm(w1, w0, act=False)
        self.last = MixBlock(w0, 1)
        self.expand = ConvNorm(w0, 4 * fine)
        self.refine = nn.Sequential(ConvNorm(fine + 1, fine + 1, 3, groups=fine + 1, act=False), ConvNorm(fine + 1, fine))
        self.logit = nn.Conv2d(fine, 1, 3, padding=1)
        self.score = nn.Sequential(nn.Linear(2 * w0 + w2 + 4 + 3 * MAPS, 64), nn.ReLU(), nn.Linear(64, 1))
        self.rate = nn.Sequential(nn.Linear(2 * w0 + w2 + 6 + 3 * MAPS, 64), nn.ReLU(), nn.Linear(64, 1))

    def forward(
        self,
        unit: Tensor,
        features: tuple[Tensor, ...],
        point_coords: Tensor,
        point_labels: Tensor,
        mask_input: Tensor,
        has_mask_input: Tensor,
        match_maps: Tensor,
    ) -> tuple[Tensor, Tensor, Tensor]:
        f0, f1, f2, f3 = features
        with torch.autocast(unit.device.type, enabled=False):
            maps, means = draw_prompts(unit, point_coords, point_labels, mask_input, has_mask_input)
            matched = (match_maps.abs().amax(dim=(1, 2, 3), keepdim=True) > 0).float()
            maps = torch.cat([maps, match_maps, matched.expand(-1, 1, *match_maps.shape[2:])], dim=1)
        w0, w2 = WIDTHS[0], WIDTHS[2]
        if self.training:
            hidden = (torch.rand(len(means), 1, device=means.device) < UNNAMED) & (torch.arange(means.shape[1], device=means.device) < means.shape[1] - 4)
            means = means.masked_fill(hidden, 0.0)
        scale, shift, gain, bias = self.film(means)[:, :, None, None].split([w0, w0, w2, w2], dim=1)
        maps = maps.contiguous(memory_format=torch.channels_last)
        x0 = self.high(self.enter(f0 * (1.0 + scale) + shift + self.prompt(maps)))
        x1 = self.middle(torch.relu(self.down1(x0) + f1))
        x2 = self.deep(torch.relu(self.down2(x1) + f2 * (1.0 + gain) + bias))
        x3 = self.deepest(torch.relu(self.down3(x2) + f3))
        up = nn.functional.interpolate
        x2 = x2 + up(self.up3(x3), scale_factor=2.0, mode="nearest")
        x1 = x1 + up(self.up2(x2), scale_factor=2.0, mode="nearest")
        x0 = self.last(x0 + up(self.up1(x1), scale_factor=2.0, mode="bilinear", align_corners=False))
        fine = nn.functional.pixel_shuffle(self.expand(x0), 2).contiguous(memory_format=torch.channels_last)
        earlier = torch.tanh(mask_input * 0.25) * has_mask_input.reshape(-1, 1, 1, 1)
        logits = self.logit(self.refine(torch.cat([fine, earlier.to(fine.dtype)], dim=1))).float()
        x0, x2, probability = x0.float(), x2.float(), torch.sigmoid(logits)
        given = torch.sigmoid(mask_input) * has_mask_input.reshape(-1, 1, 1, 1)
        both = (given * probability).mean(dim=(2, 3))
        common = 2 * both / ((given * given).mean(dim=(2, 3)) + (probability * probability).mean(dim=(2, 3)) + 1e-4)
        stats, told = describe(probability, x0, x2, match_maps), matched[:, :, 0, 0]
        iou = torch.sigmoid(self.score(torch.cat([stats, told], dim=1)))
        rating = torch.sigmoid(self.rate(torch.cat([describe(given, x0, x2, match_maps), told, common, both], dim=1)))
        return logits, iou, rating


def describe(mask: Tensor, high: Tensor, deep: Tensor, maps: Tensor) -> Tensor:
    """What tells how good a mask is, [B,·]: features pooled inside it and overall, its size and certainty, and what the
    match maps say inside it, overall and outside it. mask [B,1,2H,2W] in 0..1; high and maps [B,·,H,W]."""
    inside = nn.functional.avg_pool2d(mask, 2)
    area = inside.mean(dim=(2, 3))  # [B,1]
    pooled = (high * inside).mean(dim=(2, 3)) / (area + 1e-3)
    certain = (mask * mask).mean(dim=(2, 3)) / (area + 1e-3)
    agreement = (maps * inside).mean(dim=(2, 3)) / (area + 1e-3)
    outside = maps.relu()[:, :1] * (1 - inside)
    return torch.cat([
        pooled, high.mean(dim=(2, 3)), deep.mean(dim=(2, 3)), area, torch.sqrt(area + 1e-6), certain,
        agreement, maps.mean(dim=(2, 3)), maps.amax(dim=(2, 3))[:, :-1], outside.mean(dim=(2, 3)),
    ], dim=1)


class SplitDecoder(nn.Module):
    """Both parts, as training uses them."""

    def __init__(self, channels: int = 96):
        super().__init__()
        self.image = ImagePart(channels)
        self.prompt = PromptPart(channels)
