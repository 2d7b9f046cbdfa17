"""Trains the nano model on pairs of views. The schedule follows the wall clock (`--minutes`), or the number of
pairs seen (`--pairs`), which gives runs to be compared equal shares however busy the machine is.

    python train.py --data ../../../shared/data/train --out runs/nano --minutes 75
    python train.py --data ../../../shared/data/train --out runs/nano --minutes 75 --resume
    python train.py --data ../../../shared/data/train --out runs/more --minutes 75 --start ../nano --rate 8e-4

`--ranks` processes of one thread each train together, averaging their gradients every step. On a CPU that
other programs use too this is far faster than one process with as many threads, whose every small
operation would wait for the slowest core. `--start` continues from a package: norms stay frozen throughout.
"""

from __future__ import annotations

import argparse
import copy
import math
import os
import time
from pathlib import Path

os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")  # waiting threads must not burn a shared core

import cv2
import numpy as np
import torch
import torch.distributed as dist
from torch import Tensor

from data import GENERATED_KINDS, MIX, REAL_KINDS, PairMaker, Photos, collate
from losses import correspondence_loss, mask_loss, prototype_losses, true_iou
from model import MEAN, STD, Nano, parameter_count
from onpolicy import corrective_click, predicted_box, replace_prompts
from warm_start import load_package

PAIRS = {256: 4, 384: 2, 512: 1}  # pairs per step and rank at each size
ABLATIONS = {"generated": GENERATED_KINDS, "real": REAL_KINDS}  # kinds of pairs that --without leaves out
FREEZE_AT = 0.85  # batch-norm statistics are frozen for the rest


def size_weights(progress: float, fresh: bool) -> list[float]:
    """Chances of the sizes in PAIRS: small images first, the deployment size near the end."""
    if fresh and progress < 0.5:
        return [0.75, 0.2, 0.05]
    if progress < FREEZE_AT:
        return [0.4, 0.4, 0.2]
    return [0.1, 0.35, 0.55]


def normalise(images: Tensor, extents: Tensor) -> tuple[Tensor, Tensor]:
    """uint8 [B,3,S,S] -> normalised float32 with zero padding, and valid cells [B,1,S/8,S/8]."""
    size = images.shape[2]
    mean = torch.tensor(MEAN, device=images.device)[None, :, None, None]
    std = torch.tensor(STD, device=images.device)[None, :, None, None]
    axis = torch.arange(size, device=images.device)
    inside = (axis[None, :, None] < extents[:, 0, None, None]) & (axis[None, None, :] < extents[:, 1, None, None])
    valid = inside[:, None].float()
    return (images.float() - mean) / std * valid, valid[:, :, 4::8, 4::8]


def with_box(coords: Tensor, labels: Tensor, box: Tensor, use: Tensor) -> tuple[Tensor, Tensor]:
    """Writes `box` [B,4] into slots 6 and 7 where `use` [B]."""
    coords, labels = coords.clone(), labels.clone()
    coords[use, 6], coords[use, 7] = box[use, :2], box[use, 2:]
    labels[use, 6], labels[use, 7] = 2.0, 3.0
    return coords, labels


def train_step(
    model: Nano, batch: dict[str, Tensor], scalars: Tensor, bf16: bool, match: float
) -> tuple[Tensor, dict[str, float]]:
    """Loss of one batch: three decoding passes on both views, plus `match` times the embedding's losses."""
    images, valid = normalise(batch["images"], batch["extents"])
    target, count = batch["masks"], len(images)
    with torch.autocast(images.device.type, torch.bfloat16, enabled=bf16):
        embedding = model.encoder(images.contiguous(memory_format=torch.channels_last))
    coords, labels, hit_rate = replace_prompts(embedding, target, valid, batch["coords"], batch["labels"], 0.4)
    logits = torch.zeros_like(target)
    has_mask = torch.zeros(count, device=images.device)
    extra = torch.zeros(count, 1, 2, device=images.device), -torch.ones(count, 1, device=images.device)
    total, ious = 0.0, []
    for step in range(3):
        if step == 2:
            box, some = predicted_box(logits)
            sides = (batch["boxes"][:, 2:] - batch["boxes"][:, :2]).repeat(1, 2)
            truth = batch["boxes"] + torch.randn(count, 4, device=box.device) * 0.03 * sides
            exact = torch.rand(count, device=box.device) < 0.35
            coords, labels = with_box(coords, labels, torch.where(exact[:, None], truth, box), exact | some)
        with torch.autocast(images.device.type, torch.bfloat16, enabled=bf16):
            raw, score = model.decoder(
                embedding, torch.cat([coords, extra[0]], 1), torch.cat([labels, extra[1]], 1), logits, has_mask
            )
        iou = true_iou(raw, target)
        total = total + mask_loss(raw, target).mean() + 0.5 * ((score[:, 0].float() - iou) ** 2).mean()
        ious.append(iou.mean().item())
        logits, has_mask = raw.detach(), torch.ones_like(has_mask)
        if step == 0:
            extra = corrective_click(logits, target, 0.4)
    contrast = correspondence_loss(embedding, target, batch["source"], batch["known"])
    separation, hit = prototype_losses(embedding, target, valid, scalars[0].exp(), scalars[1])
    loss = total / 3 + match * (0.12 * contrast + 0.3 * separation + 0.15 * hit)
    stats = {"iou1": ious[0], "iou2": ious[1], "iou3": ious[2], "nce": contrast.item(), "sep": separation.item(),
             "hit": hit.item(), "inside": hit_rate}
    return loss, stats


def freeze_norms(model: torch.nn.Module) -> None:
    for module in model.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            module.eval()


@torch.no_grad()
def update_average(average: Nano, model: Nano, decay: float) -> None:
    for slow, fast in zip(average.state_dict().values(), model.state_dict().values()):
        if slow.dtype.is_floating_point:
            slow.lerp_(fast, 1 - decay)
        else:
            slow.copy_(fast)


def save(path: Path, payload: dict) -> None:
    temporary = path.with_suffix(".tmp")
    torch.save(payload, temporary)
    temporary.replace(path)


def average_over_ranks(tensors: list[Tensor], extra: Tensor) -> Tensor:
    """Averages `tensors` in place and returns the average of `extra` [K] over all ranks."""
    device = tensors[0].device
    flat = torch.cat([t.flatten().float() for t in tensors] + [extra.to(device)])
    dist.all_reduce(flat)
    flat /= dist.get_world_size()
    start = 0
    for tensor in tensors:
        tensor.copy_(flat[start : start + tensor.numel()].view_as(tensor))
        start += tensor.numel()
    return flat[start:]


def run(rank: int, args: argparse.Namespace) -> None:
    torch.set_num_threads(args.threads)
    cv2.setNumThreads(1)
    dist.init_process_group("gloo", init_method=f"tcp://127.0.0.1:{args.port}", rank=rank, world_size=args.ranks)
    checkpoint_path = args.out / "checkpoint.pt"

    torch.manual_seed(args.seed)
    model = Nano()
    if args.start is not None:
        fresh = load_package(model, args.start)
        if rank == 0:
            print(f"started from {args.start}; {len(fresh)} tensors are new", flush=True)
    model = model.to(args.device, memory_format=torch.channels_last)
    average = copy.deepcopy(model).eval()
    scalars = torch.nn.Parameter(torch.tensor([2.0, 0.3], device=args.device))
    decayed = [p for p in model.parameters() if p.ndim > 1]
    plain = [p for p in model.parameters() if p.ndim <= 1] + [scalars]
    optimiser = torch.optim.AdamW([{"params": decayed, "weight_decay": 0.03}, {"params": plain, "weight_decay": 0.0}],
                                  lr=args.rate, betas=(0.9, 0.98))
    spent, step, pairs = 0.0, 0, 0
    if args.resume and checkpoint_path.exists():
        saved = torch.load(checkpoint_path, map_location=args.device, weights_only=True)
        model.load_state_dict(saved["model"])
        average.load_state_dict(saved["average"])
        optimiser.load_state_dict(saved["optimiser"])
        scalars.data.copy_(saved["scalars"])
        spent, step, pairs = saved["spent"], saved["step"], saved["pairs"]
    torch.manual_seed(args.seed + 7919 * (step + 1) + rank)

    mix = {kind: share for kind, share in MIX.items() if kind not in ABLATIONS.get(args.without, ())}
    match = 0.0 if args.without == "correspondence" else 1.0
    maker = PairMaker(Photos(args.data), args.seed + 1000 * (rank + 1) + step, mix)
    if rank == 0:
        print(f"parameters: {parameter_count(model)}", flush=True)
    statistics = [b for b in model.buffers() if b.dtype.is_floating_point]

    def snapshot() -> None:
        if rank == 0:
            save(checkpoint_path, {
                "model": model.state_dict(), "average": average.state_dict(), "optimiser": optimiser.state_dict(),
                "scalars": scalars.data, "spent": spent, "step": step, "pairs": pairs, "done": progress() >= 1,
            })

    dist.barrier()
    last, saved_at, recent = time.time(), spent, []

    def progress() -> float:
        return pairs / args.pairs if args.pairs else spent / (args.minutes * 60)

    share = progress()
    model.train()
    while share < 1:
        size = int(np.random.default_rng(args.seed + step).choice(list(PAIRS), p=size_weights(share, args.start is None)))
        drawn = collate(maker.rng, [maker.draw(size) for _ in range(PAIRS[size])])
        batch = {k: v.to(args.device) for k, v in drawn.items()}
        if args.start is not None or share > FREEZE_AT:
            freeze_norms(model)
        rate = args.rate * min(1.0, (step + 1) / 150) * (0.01 + 0.99 * 0.5 * (1 + math.cos(math.pi * min(share, 1.0))))
        for group in optimiser.param_groups:
            group["lr"] = rate
        loss, stats = train_step(model, batch, scalars, args.bf16, match)
        optimiser.zero_grad(set_to_none=False)
        loss.backward()
        gradients = [p.grad if p.grad is not None else torch.zeros_like(p) for p in [*model.parameters(), scalars]]
        now = time.time()
        clock = torch.tensor([spent + now - last, loss.item(), *stats.values()])
        spent_now, *shown = average_over_ranks(gradients, clock).tolist()
        spent, last = spent_now, now
        norm = torch.nn.utils.clip_grad_norm_(model.parameters(), 3.0)
        if torch.isfinite(norm):
            optimiser.step()
        step, pairs = step + 1, pairs + args.ranks * PAIRS[size]
        share = progress()
        if step % 20 == 0:
            average_over_ranks(statistics, torch.zeros(1))
        if rank == 0:
            update_average(average, model, min(0.998, (1 + step) / (20 + step)))
        recent.append(shown)
        if step % 50 == 0:
            line = " ".join(f"{k} {v:.3f}" for k, v in zip(["loss", *stats], np.mean(recent, axis=0)))
            if rank == 0:
                print(f"step {step} pairs {pairs} minutes {spent / 60:.1f} rate {rate:.1e} {line}", flush=True)
            recent = []
        if spent - saved_at > 120:
            saved_at = spent
            snapshot()
    snapshot()
    dist.destroy_process_group()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=Path("../../../shared/data/train"))
    parser.add_argument("--out", type=Path, default=Path("runs/nano"))
    parser.add_argument("--minutes", type=float, default=75)
    parser.add_argument("--pairs", type=int, help="length of the schedule in pairs, instead of --minutes")
    parser.add_argument("--resume", action="store_true")
    parser.add_argument("--start", type=Path, help="a model package whose weights to start from")
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--ranks", type=int, default=2)
    parser.add_argument("--threads", type=int, default=1, help="per rank")
    parser.add_argument("--port", type=int, default=29611, help="where the ranks meet, on this machine")
    parser.add_argument("--rate", type=float, default=1.5e-3)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--without", choices=["correspondence", *ABLATIONS], help="leave one part out, to see if it pays")
    parser.add_argument("--bf16", action="store_true", help="bfloat16 autocast, for machines with such arithmetic")
    args = parser.parse_args()
    args.out.mkdir(parents=True, exist_ok=True)
    torch.multiprocessing.spawn(run, (args,), nprocs=args.ranks)


if __name__ == "__main__":
    main()
