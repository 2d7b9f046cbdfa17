"""Training losses. Embeddings are [.,C,g,g]; masks are soft, [.,1,2g,2g] float32 in 0..1."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor


def mask_loss(logits: Tensor, target: Tensor) -> Tensor:
    """Focal-weighted cross-entropy plus twice Dice, per sample [B]. logits and target [B,1,H,W].

    Where a prompt leaves the extent open, cross-entropy draws what is likelier in than out (probability 1/2) and
    Dice what raises the expected Dice (half of that Dice): the first alone makes masks of one click too small.
    """
    probability = torch.sigmoid(logits)
    entropy = F.binary_cross_entropy_with_logits(logits, target, reduction="none")
    focus = (probability - target).abs().detach()  # gamma 1
    area = target.sum(dim=(1, 2, 3))
    # Normalised by the structure's own size as well, so that small structures count.
    weight = 0.5 / target[0].numel() + 0.25 / (area + 40.0)
    focal = (focus * entropy).sum(dim=(1, 2, 3)) * weight
    overlap = (probability * target).sum(dim=(1, 2, 3))
    total = (probability * probability).sum(dim=(1, 2, 3)) + (target * target).sum(dim=(1, 2, 3))
    return focal + 2.0 - 2.0 * (2.0 * overlap + 1.0) / (total + 1.0)


def true_iou(logits: Tensor, target: Tensor) -> Tensor:
    """IoU [B] of the thresholded prediction."""
    predicted, wanted = logits > 0, target > 0.5
    both = (predicted & wanted).sum(dim=(1, 2, 3)).float()
    either = (predicted | wanted).sum(dim=(1, 2, 3)).float()
    return both / either.clamp(min=1)


def correspondence_loss(embedding: Tensor, masks: Tensor, source: Tensor, known: Tensor, count: int = 56) -> Tensor:
    """Symmetric InfoNCE over physical points seen in both views of a pair.

    embedding [2P,C,g,g] with views interleaved; source [P,g,g,2] pixels of A for every cell of B; known
    [P,g,g]. About half of the sampled cells lie inside the structure. Cells of the same pair within two
    grid cells of each other are not used as negatives.
    """
    first, second = embedding[0::2], embedding[1::2]
    inside = F.avg_pool2d(masks[1::2], 2)[:, 0] > 0.5
    rows, cells, places = [], [], []
    for index in range(first.shape[0]):
        for region, amount in ((known[index] & inside[index], count // 2), (known[index] & ~inside[index], count // 2)):
            choices = region.flatten().nonzero()[:, 0]
            if choices.numel() == 0:
                continue
            chosen = choices[torch.randint(choices.numel(), (min(amount, choices.numel()),))]
            chosen = torch.unique(chosen)
            rows.append(torch.full_like(chosen, index))
            cells.append(chosen)
            places.append(source[index].reshape(-1, 2)[chosen])
    if not rows:
        return embedding.sum() * 0.0
    row, cell, place = torch.cat(rows), torch.cat(cells), torch.cat(places)
    here = second.flatten(2).transpose(1, 2)[row, cell]  # [M,C]
    grid = first.shape[2]
    # Bilinear lookup of A at fractional cells.
    at = (place + 0.5) / 8.0 - 0.5
    low = at.floor().clamp(0, grid - 1).long()
    high = (low + 1).clamp(max=grid - 1)
    frac = (at - low).clamp(0, 1)
    patches = first.flatten(2).transpose(1, 2)
    pieces = 0.0
    for y, wy in ((low[:, 1], 1 - frac[:, 1]), (high[:, 1], frac[:, 1])):
        for x, wx in ((low[:, 0], 1 - frac[:, 0]), (high[:, 0], frac[:, 0])):
            pieces = pieces + patches[row, y * grid + x] * (wx * wy)[:, None]
    there = F.normalize(pieces, dim=1)
    here = F.normalize(here, dim=1)
    logits = here @ there.T / 0.1
    same = row[:, None] == row[None, :]
    near = same & ((place[:, None] - place[None, :]).norm(dim=2) < 16.0)
    near.fill_diagonal_(False)
    logits = logits.masked_fill(near, -1e4)
    labels = torch.arange(len(row), device=logits.device)
    return 0.5 * (F.cross_entropy(logits, labels) + F.cross_entropy(logits.T, labels))


def prototype_losses(
    embedding: Tensor, masks: Tensor, valid: Tensor, scale: Tensor, offset: Tensor, use: Tensor
) -> tuple[Tensor, Tensor]:
    """How well one view's prototypes find the structure in the other view, as P²SAM uses them.

    valid [2P,1,g,g] marks unpadded cells; `scale` and `offset` are learned scalars; `use` [2P] says which views
    count. Returns (separation,
    hit): balanced cross-entropy of the mean prototype's cosine map, and -log of the softmax mass that the
    cosine maps of the mean, of a random part and of the background put on the right side.
    """
    patches = F.normalize(embedding.flatten(2), dim=1)  # [2P,C,HW]
    inside = (F.avg_pool2d(masks, 2).flatten(1) * valid.flatten(1))  # [2P,HW]
    outside = (1 - F.avg_pool2d(masks, 2).flatten(1)) * valid.flatten(1)
    valid = valid.flatten(1)
    swap = torch.arange(len(patches), device=patches.device) ^ 1
    mean = F.normalize((patches * inside[:, None]).sum(dim=2), dim=1)  # [2P,C]
    ground = F.normalize((patches * outside[:, None]).sum(dim=2), dim=1)
    # A part: the structure's patches that resemble a random one of them, softly.
    seed = torch.multinomial(inside + 1e-6, 1)[:, 0]
    anchor = patches[torch.arange(len(patches)), :, seed]
    similarity = torch.einsum("bc,bcp->bp", anchor, patches).detach()
    weight = torch.softmax(similarity * 12 + torch.log(inside + 1e-6), dim=1)
    part = F.normalize((patches * weight[:, None]).sum(dim=2), dim=1)

    cosine = torch.einsum("kbc,bcp->kbp", torch.stack([mean, part, ground])[:, swap], patches)  # [3,2P,HW]
    logits = scale * (cosine[0] - offset)
    entropy = F.binary_cross_entropy_with_logits(logits, inside, reduction="none")
    share = use.float() / use.sum().clamp(min=1)
    balanced = (entropy * inside).sum(1) / (inside.sum(1) + 1) + (entropy * outside).sum(1) / (outside.sum(1) + 1)
    separation = (balanced * share).sum()
    mass = torch.log_softmax(cosine * 20.0 + torch.log(valid + 1e-6), dim=2)
    right = torch.stack([inside, inside, outside])
    hit = -torch.logsumexp(mass + torch.log(right + 1e-5), dim=2)
    return separation, (hit * torch.tensor([1.0, 0.7, 0.3], device=hit.device)[:, None] * share).sum() / 3
