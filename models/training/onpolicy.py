"""Prompts made the way the product makes them: prototypes of one view placed on the other."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor


def part_means(patches: Tensor, parts: int, rounds: int = 5) -> Tensor:
    """Lloyd's k-means from random patches. patches [K,C] -> unit prototypes [parts,C]."""
    centres = patches[torch.randperm(len(patches), device=patches.device)[:parts]]
    for _ in range(rounds if parts > 1 else 1):
        owner = torch.cdist(patches, centres).argmin(dim=1) if parts > 1 else torch.zeros(len(patches), dtype=torch.long, device=patches.device)
        centres = torch.stack(
            [patches[owner == k].mean(dim=0) if (owner == k).any() else centres[k] for k in range(parts)]
        )
    return F.normalize(centres, dim=1)


@torch.no_grad()
def replace_prompts(
    embedding: Tensor, masks: Tensor, valid: Tensor, coords: Tensor, labels: Tensor, chance: Tensor, force: Tensor
) -> tuple[Tensor, Tensor, float]:
    """Swaps in prototype prompts: with `chance` [2P] where most positives land in or next to the structure, and, of one or
    three parts as dense matching has them, wherever `force` [2P]. embedding [2P,C,g,g]; masks [2P,1,2g,2g]; coords [2P,8,2]; labels [2P,8].
    Returns new coords, labels and how often a single mean prototype landed inside."""
    coords, labels = coords.clone(), labels.clone()
    grid = embedding.shape[3]
    patches = embedding.flatten(2).transpose(1, 2)  # [2P,HW,C]
    cover = F.avg_pool2d(masks, 2)
    inside = cover.flatten(1) > 0.3
    near = F.max_pool2d(cover, 3, 1, 1).flatten(1) > 0.3
    open_cells = valid.flatten(1) > 0.5
    hits, tried = 0, 0
    for index in range(len(patches)):
        if not force[index] and torch.rand(()) > chance[index]:
            continue
        other = index ^ 1
        own = patches[other][inside[other]]
        if len(own) < 2:
            continue
        drawn = int(torch.randint(0, 2, ())) * 2 + 1 if force[index] else int(torch.randint(1, 6, ()))
        parts = min(drawn, len(own))
        means = part_means(own, parts)
        ground = F.normalize(patches[other][~inside[other] & open_cells[other]].mean(dim=0), dim=0)
        target = F.normalize(patches[index], dim=1)
        cosine = torch.cat([means, ground[None]]) @ target.T
        cosine[:, ~open_cells[index]] = -2
        best = cosine.argmax(dim=1)
        if parts == 1:
            tried += 1
            hits += int(inside[index][best[0]])
        good = near[index][best[:parts]].float().mean()
        if not force[index] and (good < 0.6 or inside[index][best[parts]]):
            continue
        spots = torch.stack([best % grid, best // grid], dim=1).float() * 8.0 + 3.5
        labels[index] = -1
        coords[index, :parts] = spots[:parts]
        labels[index, :parts] = 1
        coords[index, 5] = spots[parts]
        if force[index] or torch.rand(()) < 0.85:
            labels[index, 5] = 0
    return coords, labels, hits / max(tried, 1)


@torch.no_grad()
def corrective_click(logits: Tensor, target: Tensor, chance: Tensor) -> tuple[Tensor, Tensor]:
    """With `chance` [B] a click deep inside what is labelled wrongly, as a person gives it: coords [B,1,2] pixels, labels
    [B,1] (-1 = none)."""
    wrong = ((logits > 0) != (target > 0.5)).float()
    enough = (wrong.sum(dim=(1, 2, 3)) >= 4) & (torch.rand(len(wrong), device=wrong.device) < chance)
    depth, left = torch.rand_like(wrong) * wrong, wrong
    for _ in range(12):
        depth, left = depth + left, -F.max_pool2d(-left, 3, 1, 1)
    chosen = depth.flatten(1).argmax(dim=1)
    width = logits.shape[3]
    spot = torch.stack([chosen % width, chosen // width], dim=1).float() * 4.0 + 1.5
    truth = (target.flatten(1).gather(1, chosen[:, None]) > 0.5).float()
    return spot[:, None], torch.where(enough[:, None], truth, torch.full_like(truth, -1.0))


@torch.no_grad()
def predicted_box(logits: Tensor) -> tuple[Tensor, Tensor]:
    """Tight box [B,4] (pixels) of each mask, and whether it is not empty [B]."""
    on = logits[:, 0] > 0
    columns, rows = on.any(dim=1).float(), on.any(dim=2).float()
    width, height = columns.shape[1], rows.shape[1]
    some = on.flatten(1).any(dim=1)
    x0, x1 = columns.argmax(dim=1), width - 1 - columns.flip(1).argmax(dim=1)
    y0, y1 = rows.argmax(dim=1), height - 1 - rows.flip(1).argmax(dim=1)
    return torch.stack([x0 * 4, y0 * 4, x1 * 4 + 3, y1 * 4 + 3], dim=1).float(), some
