"""Trains the embedded model on pairs of views. The schedule follows the wall clock (`--minutes`), or the number of
pairs seen (`--pairs`), which gives runs to be compared equal shares however busy the machine is.

    python train.py --teacher ../nano --frozen 5 --out runs/lite --minutes 120
    python train.py --teacher ../nano --frozen 5 --out runs/lite --minutes 120 --resume
    python train.py --start runs/lite/checkpoint.pt --frozen 5 --out runs/more --minutes 120 --rate 9e-4

`--ranks` processes of one thread each train together, averaging their gradients every step. On a CPU that
other programs use too this is far faster than one process with as many threads, whose every small
operation would wait for the slowest core. `--start` continues from a checkpoint: norms stay frozen throughout.
"""

from __future__ import annotations

import argparse
import copy
import math
import os
import time
from dataclasses import dataclass
from pathlib import Path

os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")  # waiting threads must not burn a shared core

import cv2
import numpy as np
import torch
import torch.distributed as dist
from torch import Tensor

from atlas import Atlas
from blocks import unit_patches
from data import GENERATED_KINDS, MIX, REAL_KINDS, PairMaker, Photos, Subjects, collate
from lite_encoder import load_imagenet
from losses import correspondence_loss, mask_loss, prototype_losses, true_iou
from matching import Views, all_match_maps, matching_loss
from model import MEAN, STD, Model, parameter_count
from onpolicy import corrective_click, predicted_box, replace_prompts
from strangers import Strangers
from teacher import load_teacher

PAIRS = {256: 4, 384: 2, 512: 1}  # pairs per step and rank at each size
ABLATIONS = {"generated": GENERATED_KINDS, "real": REAL_KINDS}  # kinds of pairs that --without leaves out
TRUNK_RATE = 0.3  # of pretrained weights, as a share of the rate
MATCHED = 0.65  # how often a view is matched with the other of its pair
CORRECTED = 0.25  # how often the second prompt is a click on what the first one got wrong
SENT = 3.0  # the logits of a mask that is sent
TAUGHT = 0.4  # the share of a run in which a teacher leads everywhere
TAUGHT_SCANS = 0.5  # how much it leads on drawn scans, to the end
FREEZE_AT = 0.85  # batch-norm statistics are frozen for the rest


def size_weights(progress: float, fresh: bool) -> list[float]:
    """Chances of the sizes in PAIRS: small images first, the deployment size near the end."""
    if fresh and progress < 0.5:
        return [0.75, 0.2, 0.05]
    if progress < FREEZE_AT:
        return [0.1, 0.4, 0.5]
    return [0.05, 0.3, 0.65]


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


@dataclass
class Matching:
    """Which views of a batch are matched with the other of their pair, and how. Flags are [2P] bool.

    A matched view is given its maps in every pass, as in dense matching: alone, or with the points of prototypes, good or
    bad. Or `late`, in the last pass alone, where a mask that was made without the maps is rated by them; some of these
    masks come from a click that is `astray`.
    """

    maps: Tensor
    late: Tensor
    astray: Tensor

    def at(self, step: int) -> Tensor:
        return self.maps * ~self.late[:, None, None, None] if step < 2 else self.maps


def match_prompts(
    batch: dict[str, Tensor], embedding: Tensor, valid: Tensor, here: Tensor, views: Views, thirds: Views | None
) -> tuple[Matching, Tensor, Tensor, float]:
    """Draws the matching of a batch, and its prompts; also how often a single prototype landed inside."""
    target, count, device = batch["masks"], len(embedding), embedding.device
    maps = all_match_maps(views, thirds, batch["third_of"])
    chance = torch.where(here, torch.full((count,), MATCHED, device=device), torch.ones(count, device=device))
    matched = (torch.rand(count, device=device) < chance) & (maps.abs().amax(dim=(1, 2, 3)) > 0)
    roll = torch.rand(count, device=device)
    alone, placed, late = matched & (roll < 0.45), matched & (roll >= 0.45) & (roll < 0.9), matched & (roll >= 0.9)
    astray = late & (torch.rand(count, device=device) < 0.5)
    maps = maps * matched[:, None, None, None]
    maps[:, 3] = maps[:, 3] * (torch.rand(count, device=device) > 0.25)[:, None, None]
    tried = torch.where(matched, 0.0, 0.4)
    coords, labels, hit_rate = replace_prompts(
        embedding, target, valid, batch["coords"], batch["labels"], tried, placed | (~here & ~alone)
    )
    labels = torch.where((alone | astray)[:, None], torch.full_like(labels, -1.0), labels)
    # A click anywhere in the image but on the structure.
    free = (valid.flatten(1) > 0.5) & (torch.nn.functional.max_pool2d(target, 2).flatten(1) < 0.05)
    cell = torch.multinomial(free.float() + 1e-6, 1)[:, 0]
    width = valid.shape[3]
    spot = torch.stack([cell % width, cell // width], dim=1).float() * 8.0 + 3.5
    coords[astray, 0], labels[astray, 0] = spot[astray], 1.0
    return Matching(maps, late, astray), coords, labels, hit_rate


def decoding_loss(
    model: Model, unit: Tensor, features: tuple[Tensor, ...], target: Tensor, here: Tensor, coords: Tensor, labels: Tensor,
    matching: Matching, bf16: bool, earlier: tuple[Tensor, Tensor] | None = None,
) -> tuple[Tensor, dict[str, float], Tensor]:
    """Loss of three decoding passes of one prompt for every view, and the last logits. `here` [2P]: the view shows its
    target. `earlier`: logits [2P,1,2g,2g] to begin with, and which views [2P] do."""
    count, device = len(target), target.device
    meant = here & ~matching.astray  # the prompt means the target
    weight = meant.float() / meant.sum().clamp(min=1)
    any_maps = matching.maps.abs().amax(dim=(1, 2, 3)) > 0
    logits, has_mask = torch.zeros_like(target), torch.zeros(count, device=device)
    if earlier is not None:
        has_mask = earlier[1].float()
        logits = earlier[0] * has_mask[:, None, None, None]
    extra = torch.zeros(count, 1, 2, device=device), -torch.ones(count, 1, device=device)
    total, ious, alone, rated = 0.0, [], 0.0, 0.0
    for step in range(3):
        maps = matching.at(step)
        matched = maps.abs().amax(dim=(1, 2, 3)) > 0
        if step == 2:
            box, some = predicted_box(logits)
            # A person's box stays.
            own = (labels[:, 6] == 2) & ~any_maps
            coords, labels = with_box(coords, labels, box, some & ~own)
        with torch.autocast(device.type, torch.bfloat16, enabled=bf16):
            raw, score, rating = model.decoder.prompt(
                unit, features, torch.cat([coords, extra[0]], 1), torch.cat([labels, extra[1]], 1), logits, has_mask, maps,
            )
        iou = true_iou(raw, target) * here
        # Where nothing says what is meant, no score is right.
        scored = (meant | (~here & matched)).float()
        total = total + (mask_loss(raw, target) * weight).sum()
        total = total + 0.5 * (((score[:, 0].float() - iou) ** 2) * scored).sum() / scored.sum().clamp(min=1)
        if step > 0:
            given = true_iou(logits, target) * here
            missed = (((rating[:, 0].float() - given) ** 2) * matched).sum() / matched.sum().clamp(min=1)
            total = total + 1.5 * missed
            rated = missed.item()
        ious.append((iou * weight).sum().item())
        if step == 1:
            mine = here & matched
            alone = (iou * mine).sum().item() / max(1, int(mine.sum()))
        logits, has_mask = raw.detach(), torch.ones_like(has_mask)
        if step == 0:
            extra = corrective_click(logits, target, torch.where(here & ~any_maps, 0.3, 0.0))
    stats = {"iou1": ious[0], "iou2": ious[1], "iou3": ious[2], "matched": alone, "rated": rated**0.5}
    return total / 3, stats, logits


def stranger_loss(model: Model, unit: Tensor, features: tuple[Tensor, ...], maps: Tensor, bf16: bool) -> Tensor:
    """Whatever the maps of another subject's structure select is rated 0. maps [2P,4,g,g], 0 where there are none."""
    use = maps.abs().amax(dim=(1, 2, 3)) > 0
    if not use.any():
        return unit.sum() * 0.0
    count, grid, device = int(use.sum()), unit.shape[3], unit.device
    coords, labels = torch.zeros(count, 1, 2, device=device), -torch.ones(count, 1, device=device)
    own, parts = unit[use], tuple(one[use] for one in features)
    with torch.autocast(device.type, torch.bfloat16, enabled=bf16):
        nothing = torch.zeros(count, 1, 2 * grid, 2 * grid, device=device)
        with torch.no_grad():
            logits, _, _ = model.decoder.prompt(own, parts, coords, labels, nothing, torch.zeros(count, device=device), maps[use])
        _, _, rating = model.decoder.prompt(own, parts, coords, labels, logits.float(), torch.ones(count, device=device), maps[use])
    return (rating.float() ** 2).mean()


def train_step(
    model: Model, batch: dict[str, Tensor], scalars: Tensor, strangers: Strangers, bf16: bool, match: float,
    teacher: tuple[torch.nn.Module, float] | None, still: bool = False,
) -> tuple[Tensor, dict[str, float]]:
    """Loss of one batch: the passes of two prompts on both views, plus `match` times the embedding's losses, plus how far
    the embedding is from that of a teacher, times its lead. With `still` the encoder is only used."""
    images, valid = normalise(batch["images"], batch["extents"])
    target, count, kind = batch["masks"], len(images), images.device.type
    absent = batch["absent"].repeat_interleave(2)
    here = (absent == 0) | (torch.arange(count, device=images.device) % 2 == 0)  # the view shows its target
    both = absent == 0
    with torch.set_grad_enabled(not still), torch.autocast(kind, torch.bfloat16, enabled=bf16):
        embedding = model.encoder(images.contiguous(memory_format=torch.channels_last))
    with torch.autocast(kind, torch.bfloat16, enabled=bf16):
        features = model.decoder.image(embedding)
    unit = unit_patches(embedding)
    with torch.no_grad(), torch.autocast(kind, torch.bfloat16, enabled=bf16):
        more, more_valid = normalise(batch["third_images"], batch["third_extents"])
        thirds = Views.of(model.encoder(more), batch["third_masks"], more_valid) if len(more) else None
    views = Views.of(embedding, target, valid)
    matching, coords, labels, hit_rate = match_prompts(batch, embedding, valid, here, views, thirds)
    loss, stats, found = decoding_loss(model, unit, features, target, here, coords, labels, matching, bf16)
    never = torch.zeros_like(here)
    unmatched = Matching(torch.zeros_like(matching.maps), never, never)
    # A person's own prompt, or a correction: what was found, and a click.
    click, sign = corrective_click(found, target, torch.where(here, CORRECTED, 0.0))
    corrected = sign[:, 0] >= 0
    coords = torch.where(corrected[:, None, None], click, batch["other_coords"])
    labels = torch.where(corrected[:, None], -1.0, batch["other_labels"])
    labels[:, 0] = torch.where(corrected, sign[:, 0], labels[:, 0])
    # A mask that a person corrects is sent as what is inside and what is not.
    binary = torch.where(found > 0, SENT, -SENT)
    sent = torch.where(torch.rand(count, 1, 1, 1, device=images.device) < 0.7, binary, found)
    second, own, _ = decoding_loss(
        model, unit, features, target, here, coords, labels, unmatched, bf16, (sent, corrected)
    )
    strange = stranger_loss(model, unit, features, strangers.maps(batch, views), bf16)
    loss = 0.5 * (loss + second) + 0.4 * strange
    stats |= {"own": own["iou3"], "inside": hit_rate, "strange": strange.item() ** 0.5}
    if still:
        return loss, stats
    contrast = correspondence_loss(embedding, target, batch["source"], batch["known"])
    separation, hit = prototype_losses(embedding, target, valid, scalars[0].exp(), scalars[1], both)
    vote = matching_loss(embedding, target, valid, both | ((absent == 1) & ~here))
    loss = loss + match * (0.12 * contrast + 0.15 * separation + 0.15 * hit + 0.3 * vote)
    away = torch.zeros(())
    if teacher is not None:
        encoder, lead = teacher
        leads = (lead + TAUGHT_SCANS * batch["scan"].float()).repeat_interleave(2)
        led = leads > 0
        if led.any():
            with torch.no_grad(), torch.autocast(kind, torch.bfloat16, enabled=bf16):
                wanted = encoder(images[led].contiguous(memory_format=torch.channels_last))
            likeness = torch.nn.functional.cosine_similarity(embedding[led], wanted, dim=1)[:, None]
            distance = ((1 - likeness) * valid[led]).sum(dim=(1, 2, 3)) / valid[led].sum(dim=(1, 2, 3))
            away = distance.mean()
            loss = loss + (distance * leads[led]).sum() / len(images)
    stats |= {"nce": contrast.item(), "sep": separation.item(), "hit": hit.item(), "vote": vote.item(), "away": away.item()}
    return loss, stats


def freeze_norms(model: torch.nn.Module, but: set[str] = frozenset()) -> None:
    """Freezes the statistics of all norms but those of these names."""
    for name, module in model.named_modules():
        if isinstance(module, torch.nn.BatchNorm2d) and name not in but:
            module.eval()


@torch.no_grad()
def update_average(average: Model, model: Model, decay: float) -> None:
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
    model = Model()
    load_imagenet(model.encoder.trunk)
    model.encoder.trunk.freeze(args.frozen)
    if args.still:
        model.encoder.requires_grad_(False)
    if args.start is not None:
        stored = torch.load(args.start, map_location="cpu", weights_only=True)
        # What the checkpoint lacks keeps its fresh start.
        model.load_state_dict(stored["average"], strict=False)
    live = set() if args.start is not None else {name for name, _ in model.named_modules() if ".trunk." not in name}
    teacher = None
    if args.teacher is not None:
        teacher = load_teacher(args.teacher).to(args.device, memory_format=torch.channels_last)
    model = model.to(args.device, memory_format=torch.channels_last)
    average = copy.deepcopy(model).eval()
    scalars = torch.nn.Parameter(torch.tensor([2.0, 0.3], device=args.device))
    if args.start is not None and "scalars" in stored:
        scalars.data.copy_(stored["scalars"])
    named = list(model.named_parameters())
    groups = [
        {"params": [p for name, p in named if (p.ndim > 1) == wide and name.startswith("encoder.trunk.") == trunk],
         "weight_decay": 0.03 if wide else 0.0, "share": TRUNK_RATE if trunk else 1.0}
        for wide in (True, False) for trunk in (False, True)
    ]
    groups[2]["params"].append(scalars)
    optimiser = torch.optim.AdamW([group for group in groups if group["params"]], lr=args.rate, betas=(0.9, 0.98))
    spent, step, pairs = 0.0, 0, 0
    if args.resume and checkpoint_path.exists():
        saved = torch.load(checkpoint_path, map_location=args.device, weights_only=True)
        model.load_state_dict(saved["model"])
        average.load_state_dict(saved["average"])
        optimiser.load_state_dict(saved["optimiser"])
        scalars.data.copy_(saved["scalars"])
        spent, step, pairs = saved["spent"], saved["step"], saved["pairs"]
    torch.manual_seed(args.seed + 7919 * (step + 1) + rank)

    left_out = ABLATIONS.get(args.without, ())
    mix = {size: {kind: share for kind, share in shares.items() if kind not in left_out} for size, shares in MIX.items()}
    match = 0.0 if args.without == "correspondence" else 1.0
    strangers = Strangers()
    atlas = Atlas(args.atlas) if args.atlas else None
    maker = PairMaker(Photos(args.data), Subjects(args.subjects), atlas, args.seed + 1000 * (rank + 1) + step, mix)
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
        freeze_norms(model, live if share < FREEZE_AT else set())
        rate = args.rate * min(1.0, (step + 1) / 150) * (0.01 + 0.99 * 0.5 * (1 + math.cos(math.pi * min(share, 1.0))))
        for group in optimiser.param_groups:
            group["lr"] = rate * group["share"]
        # A teacher shows a fresh model the way at first; then the losses of matching go further.
        lead = 4.0 * max(0.0, 1 - share / TAUGHT) if args.start is None else 0.0
        loss, stats = train_step(
            model, batch, scalars, strangers, args.bf16, match, (teacher, lead) if teacher is not None else None, args.still
        )
        optimiser.zero_grad(set_to_none=False)
        loss.backward()
        trained = [p for p in [*model.parameters(), scalars] if p.requires_grad]
        gradients = [p.grad if p.grad is not None else torch.zeros_like(p) for p in trained]
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
    parser.add_argument("--data", type=Path, default=Path("../../../shared/data/train"), help="folder of the sets nuclei, clothing and objects; see README.md")
    parser.add_argument("--subjects", type=Path, default=Path("../../../shared/data/train2"), help="folder of sets with several images of a subject; see README.md")
    parser.add_argument("--atlas", type=Path, help="folder of the head atlas; without it all heads are drawn; see README.md")
    parser.add_argument("--teacher", type=Path, help="a nano package whose embedding leads at first")
    parser.add_argument("--out", type=Path, default=Path("runs/lite"))
    parser.add_argument("--minutes", type=float, default=75)
    parser.add_argument("--pairs", type=int, help="length of the schedule in pairs, instead of --minutes")
    parser.add_argument("--resume", action="store_true")
    parser.add_argument("--start", type=Path, help="a checkpoint whose averaged weights to start from; its norms stay frozen")
    parser.add_argument("--frozen", type=int, default=0, help="blocks of the pretrained trunk that keep their weights")
    parser.add_argument("--still", action="store_true", help="the encoder stays as it is; only the decoder learns")
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
