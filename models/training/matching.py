"""What an annotated view says about every patch of another view: the maps that the decoder takes as `match_maps`."""

from __future__ import annotations

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

TEMPERATURE = 0.05  # of the softmax over reference patches
MOST = 1024  # reference patches of either side, at most
MAPS = 4


def thin(cells: Tensor, most: int) -> Tensor:
    """At most `most` of the cells, drawn at random."""
    return cells if len(cells) <= most else cells[torch.randperm(len(cells), device=cells.device)[:most]]


def reference_cells(cover: Tensor, valid: Tensor, most: int = MOST) -> tuple[Tensor, Tensor]:
    """Annotated and other cells of a reference. cover [HW] is the share of a cell that is annotated, valid [HW] 0 or 1."""
    inside = cover > 0.5
    if not inside.any():
        inside = cover >= cover.max().clamp(min=1e-6)
    return thin(inside.nonzero()[:, 0], most), thin(((cover < 0.3) & (valid > 0.5)).nonzero()[:, 0], most)


def evidence(similarity: Tensor, annotated: int) -> Tensor:
    """Log-likelihood ratio of belonging to the structure, [T], by kernel densities of both sides.

    similarity [T,R]: cosines with the reference's patches, of which the first `annotated` are the structure's. Means, not
    sums, over either side, so that the size of a sample does not matter.
    """
    logits = similarity / TEMPERATURE
    count = similarity.shape[1] - annotated
    mine = torch.logsumexp(logits[:, :annotated], dim=1) - torch.log(torch.tensor(float(annotated), device=logits.device))
    others = torch.logsumexp(logits[:, annotated:], dim=1) - torch.log(torch.tensor(float(max(count, 1)), device=logits.device))
    return mine - others if count else mine - 1 / TEMPERATURE


@dataclass
class Views:
    """Views whose patches are matched: patches [V,HW,C], unit; cover [V,HW], the share of a cell that is annotated; valid
    [V,HW], 0 or 1."""

    patches: Tensor
    cover: Tensor
    valid: Tensor

    @staticmethod
    def of(embedding: Tensor, masks: Tensor, valid: Tensor) -> Views:
        """embedding [V,C,g,g], masks [V,1,2g,2g], valid [V,1,g,g]."""
        patches = F.normalize(embedding.detach().float().flatten(2), dim=1).transpose(1, 2)
        return Views(patches, F.avg_pool2d(masks, 2).flatten(1), valid.flatten(1))

    @property
    def grid(self) -> int:
        return round(self.patches.shape[1] ** 0.5)

    def reference(self, view: int) -> Reference:
        return self.patches[view], self.cover[view], self.valid[view]


Reference = tuple[Tensor, Tensor, Tensor]  # patches [HW,C], cover and valid [HW] of an annotated view


@torch.no_grad()
def match_maps(patches: Tensor, references: list[Reference]) -> Tensor:
    """Maps of one view by others, [4,HW]: squashed evidence, mean of the three largest cosines with annotated
    patches, cosine with the one prototype, and where the structure lay in the references. patches [HW,C], unit."""
    inside, outside = [], []
    for reference, cover, valid in references:
        for side, cells in zip((inside, outside), reference_cells(cover, valid)):
            side.append(reference[cells])
    mine, others = torch.cat(inside), torch.cat(outside)
    similarity = patches @ torch.cat([mine, others]).T
    nearest = similarity[:, : len(mine)].topk(min(3, len(mine)), dim=1).values.mean(dim=1)
    prototype = F.normalize(mine.mean(dim=0), dim=0)
    place = torch.stack([cover for _, cover, _ in references]).mean(dim=0)
    return torch.stack([torch.tanh(evidence(similarity, len(mine)) / 4), nearest, patches @ prototype, place])


def all_match_maps(pairs: Views, thirds: Views | None, third_of: Tensor) -> Tensor:
    """The maps of every view of P pairs by the other of its pair, and by the pair's third view where it has one,
    [2P,4,g,g]; 0 where the other shows no structure. third_of [K]: the pairs of the third views."""
    further = {int(pair): thirds.reference(index) for index, pair in enumerate(third_of)}
    maps = []
    for view, patches in enumerate(pairs.patches):
        if pairs.cover[view ^ 1].any():
            references = [pairs.reference(view ^ 1), *([further[view // 2]] if view // 2 in further else [])]
            maps.append(match_maps(patches, references) * pairs.valid[view])
        else:
            maps.append(torch.zeros(MAPS, len(patches), device=patches.device))
    return torch.stack(maps).reshape(-1, MAPS, pairs.grid, pairs.grid)


def matching_loss(embedding: Tensor, masks: Tensor, valid: Tensor, use: Tensor, count: int = 384) -> Tensor:
    """Balanced cross-entropy of the evidence, each view by the other of its pair; `use` [2P] says which views count."""
    patches = F.normalize(embedding.float().flatten(2), dim=1).transpose(1, 2)
    cover, open_cells = F.avg_pool2d(masks, 2).flatten(1), valid.flatten(1)
    total, views = embedding.sum() * 0.0, 0
    for view in range(len(patches)):
        other = view ^ 1
        if not use[view] or not cover[other].any():
            continue
        mine = thin(((cover[view] > 0.7) & (open_cells[view] > 0.5)).nonzero()[:, 0], count)
        others = thin(((cover[view] < 0.1) & (open_cells[view] > 0.5)).nonzero()[:, 0], 2 * count)
        inside, outside = reference_cells(cover[other], open_cells[other], 512)
        if not len(others) or not len(outside):
            continue
        cells = torch.cat([mine, others])
        score = evidence(patches[view][cells] @ patches[other][torch.cat([inside, outside])].T, len(inside))
        loss = F.softplus(score[len(mine) :]).mean()
        if len(mine):
            loss = loss + F.softplus(-score[: len(mine)]).mean()
        total, views = total + loss, views + 1
    return total / max(views, 1)
