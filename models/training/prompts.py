"""Draws prompts as maps on the embedding grid, inside the graph.

Point coordinates are model-space pixels (x right, y down); the grid is cells of 8 pixels. All
geometry runs in float32. Labels: 1 positive, 0 negative, -1 padding, 2 box top-left, 3 box bottom-right.
"""

from __future__ import annotations

import torch
from torch import Tensor

CELL = 8.0
SIGMAS = (1.0, 4.0)  # cells
PROMPT_CHANNELS = 17


def cell_centres(height: int, width: int, device: torch.device) -> tuple[Tensor, Tensor]:
    """x [1,1,H*W] and y [1,1,H*W] of every cell's centre, in cells."""
    ys = torch.arange(height, device=device, dtype=torch.float32) + 0.5
    xs = torch.arange(width, device=device, dtype=torch.float32) + 0.5
    y = ys[:, None].expand(height, width).reshape(1, 1, -1)
    x = xs[None, :].expand(height, width).reshape(1, 1, -1)
    return x, y


def normalised(x: Tensor, dim: int) -> Tensor:
    return x / torch.sqrt((x * x).sum(dim=dim, keepdim=True) + 1e-6)


def weighted_means(weights: Tensor, patches: Tensor) -> Tensor:
    """weights [B,K,HW] (non-negative), patches [1 or B,C,HW] -> unit mean features [B,K,C]; zero weights give 0."""
    total = weights.sum(dim=2, keepdim=True)
    return normalised(torch.matmul(weights / (total + 1e-4), patches.transpose(1, 2)), 2)


def draw_prompts(
    unit: Tensor, coords: Tensor, labels: Tensor, mask_logits: Tensor, has_mask: Tensor
) -> tuple[Tensor, Tensor]:
    """Prompt maps and the prompt's feature vectors.

    unit [1 or B,C,H,W], patches of norm 1; coords [B,N,2]; labels [B,N]; mask_logits [B,1,2H,2W]; has_mask [1] or
    [B] (0 or 1). Returns maps [B,17,H,W] and features [B,3C+4]: the mean positive-point, mask and box
    features (each a unit vector or zero) and four flags (points, negatives, box, mask present).
    """
    height, width = unit.shape[2], unit.shape[3]
    patches = unit.flatten(2)  # [1 or B,C,HW]
    cx, cy = cell_centres(height, width, unit.device)
    px = (coords[:, :, 0:1] + 0.5) / CELL  # [B,N,1], cells
    py = (coords[:, :, 1:2] + 0.5) / CELL
    distance = (cx - px) ** 2 + (cy - py) ** 2  # [B,N,HW]
    is_pos = (labels == 1).float()[:, :, None]
    is_neg = (labels == 0).float()[:, :, None]
    any_pos = is_pos.amax(dim=1)  # [B,1]
    any_neg = is_neg.amax(dim=1)

    maps = []
    for sigma in SIGMAS:
        bump = torch.exp(distance * (-0.5 / sigma**2))
        maps += [(bump * is_pos).amax(dim=1), (bump * is_neg).amax(dim=1)]

    # The feature under each point (a Gaussian-weighted mean over about one cell) and its cosine map.
    # The squared distance is capped so that a point far outside still gets finite, uniform-ish weights.
    weights = torch.softmax(torch.clamp(distance, max=400.0) * -0.7, dim=2)
    at_points = normalised(torch.matmul(weights, patches.transpose(1, 2)), 2)  # [B,N,C]
    cosine = torch.matmul(at_points, patches)  # [B,N,HW]
    pos_count = is_pos.sum(dim=1)
    maps.append((cosine * is_pos - 2.0 * (1.0 - is_pos)).amax(dim=1) * any_pos + (any_pos - 1.0))
    maps.append((cosine * is_neg - 2.0 * (1.0 - is_neg)).amax(dim=1) * any_neg + (any_neg - 1.0))
    pos_feature = normalised((at_points * is_pos).sum(dim=1) / (pos_count + 1e-4), 1)  # [B,C]

    # The box, as a soft filled rectangle, and the features of its middle against those just around it.
    is_first = (labels == 2).float()[:, :, None]
    is_second = (labels == 3).float()[:, :, None]
    has_box = is_first.amax(dim=1)  # [B,1]
    x0, y0 = (px * is_first).sum(dim=1), (py * is_first).sum(dim=1)  # [B,1]
    x1, y1 = (px * is_second).sum(dim=1), (py * is_second).sum(dim=1)
    gx, gy = cx[:, 0], cy[:, 0]  # [1,HW]
    inside_x = torch.minimum(gx - x0, x1 - gx)
    inside_y = torch.minimum(gy - y0, y1 - gy)
    box = torch.sigmoid(4.0 * torch.minimum(inside_x, inside_y)) * has_box
    half_w, half_h = (x1 - x0) * 0.5 + 0.25, (y1 - y0) * 0.5 + 0.25
    offset = ((gx - (x0 + x1) * 0.5) / half_w) ** 2 + ((gy - (y0 + y1) * 0.5) / half_h) ** 2
    middle = torch.exp(-2.0 * torch.clamp(offset, max=20.0)) * has_box
    ring = torch.exp(-4.0 * (torch.sqrt(torch.clamp(offset, max=20.0) + 1e-4) - 1.6) ** 2) * has_box

    # The earlier mask: 2x2 space-to-depth of its squashed logits, and what it covers.
    flag = has_mask.reshape(-1, 1, 1, 1)
    squashed = torch.tanh(mask_logits * 0.25) * flag  # [B,1,2H,2W]
    folded = torch.nn.functional.pixel_unshuffle(squashed, 2).flatten(2)  # [B,4,HW]
    covered = torch.relu(folded).mean(dim=1)  # [B,HW]

    # Mean features of box, ring and mask, and cosine maps of all.
    means = weighted_means(torch.stack([middle, ring, covered], dim=1), patches)  # [B,3,C]
    box_feature, ring_feature, mask_feature = means.unbind(dim=1)
    cosines = torch.matmul(torch.stack([pos_feature, box_feature - ring_feature, mask_feature], dim=1), patches)  # [B,3,HW]
    maps += [cosines[:, 0], box, has_box.expand(-1, box.shape[1]), middle, cosines[:, 1], cosines[:, 2]]
    mask_flag = flag.reshape(-1, 1).expand(coords.shape[0], -1)  # [B,1]
    stacked = torch.cat([torch.stack(maps, dim=1), folded, mask_flag[:, :, None].expand(-1, -1, box.shape[1])], dim=1)
    features = torch.cat([pos_feature, mask_feature, box_feature, any_pos, any_neg, has_box, mask_flag], dim=1)
    return stacked.reshape(stacked.shape[0], PROMPT_CHANNELS, height, width), features
