"""From a loaded model to a checked package on disk: what every export script shares after reading its checkpoint."""

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor, nn

import convert
from checkpoint import BadCheckpoint, Weights, lora_options, merge_lora, read_weights
from decoder import Decoder
from half_weights import ONNX_LIMIT, store_half
from package_digest import package_digest, sha256

ROLES = ("encoder", "decoder", "image")
IMAGENET = (123.675, 116.28, 103.53), (58.395, 57.12, 57.375)
# For min-max: pixels come as 1..256, so that the padding, 0, differs from black.
SHIFTED = (-1.0, -1.0, -1.0), (1.0, 1.0, 1.0)


@dataclass
class Model:
    """An encoder and a decoder with their weights, in evaluation mode."""

    family: str
    variant: str
    size: int
    encoder: nn.Module
    decoder: Decoder
    embedding_names: tuple[str, ...] = ("image_embeddings",)


class MinMax(nn.Module):
    """The encoder behind a normalisation of each image to 0..1 by its own smallest and largest value, over all
    channels, padding left out, as MedSAM does it. In: [1,3,S,S], pixels + 1, padding 0."""

    def __init__(self, encoder: nn.Module) -> None:
        super().__init__()
        self.encoder = encoder

    def forward(self, image: Tensor) -> Tensor | tuple[Tensor, ...]:
        inside = image > 0.5
        low = torch.where(inside, image, 256.0).amin((1, 2, 3), keepdim=True)
        high = image.amax((1, 2, 3), keepdim=True)
        return self.encoder(torch.where(inside, (image - low) / (high - low).clamp(min=1e-8), 0.0))


def arguments(doc: str, variants: list[str]) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=doc, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--checkpoint", type=Path, required=True, help=".pth, .pt, .ckpt, .bin or .safetensors")
    parser.add_argument("--variant", choices=variants, help="default: what the checkpoint is")
    parser.add_argument("--id", required=True, help="name of the model: letters, digits, . _ -")
    parser.add_argument("--licence", required=True, help="licence of the weights, e.g. Apache-2.0")
    parser.add_argument("--source", required=True, help="where the checkpoint comes from")
    parser.add_argument("--trained-on", action="append", default=[], metavar="DATA", help="may be repeated")
    parser.add_argument("--out", type=Path, required=True, help="folder of the package")
    parser.add_argument("--encoder-dtype", choices=["float32", "float16"], default="float32")
    parser.add_argument("--decoder-dtype", choices=["float32", "int8"], default="float32")
    parser.add_argument("--recipe", choices=["natural", "medical"], default="natural",
                        help="medical: without attention_similarity, target_embedding and the multimask outputs")
    parser.add_argument("--normalise", choices=["imagenet", "min-max"], default="imagenet",
                        help="min-max for MedSAM and its kin")
    parser.add_argument("--base", type=Path, help="checkpoint that --checkpoint adapts, if that holds only changes")
    parser.add_argument("--lora-alpha", type=float, help="default: from adapter_config.json; SAMed's equals its rank")
    parser.add_argument("--prefix", help="which of several models in the file, e.g. 'ema.'")
    return parser


def read(args: argparse.Namespace, roots: tuple[str, ...],
         rename: Callable[[Weights], Weights] = lambda weights: weights) -> Weights:
    """The plain weights that the arguments speak of: base first, checkpoint over it, LoRA merged, names ours."""
    weights = rename(read_weights(args.checkpoint, roots, args.prefix))
    alpha, root_of_rank = lora_options(args.checkpoint)
    if args.base:
        weights = rename(read_weights(args.base, roots)) | weights
    weights, count = merge_lora(weights, args.lora_alpha if args.lora_alpha is not None else alpha, root_of_rank)
    if count:
        print(f"merged {count} LoRA pairs")
    return weights


def command(doc: str, variants: list[str], load: Callable[[argparse.Namespace], Model], argv: list[str] | None,
            extend: Callable[[argparse.ArgumentParser], None] = lambda parser: None) -> None:
    """The whole command line of a family: `load` makes the model from the arguments."""
    parser = arguments(doc, variants)
    extend(parser)
    args = parser.parse_args(argv)
    if not re.fullmatch(r"[\w.-]+", args.id, re.ASCII):
        parser.error(f"--id {args.id!r}: letters, digits, '.', '_' and '-' only")
    try:
        export(load(args), args)
    except (BadCheckpoint, convert.Unfaithful) as error:
        sys.exit(f"Cannot export {args.checkpoint}: {error}.")


def export(model: Model, args: argparse.Namespace) -> None:
    """Writes, compares, shrinks, measures; the package appears in --out only when all of that went well."""
    counts = {role: sum(p.numel() for p in module.parameters())
              for role, module in (("encoder", model.encoder), ("decoder", model.decoder))}
    print(f"{model.family} {model.variant}, input {model.size}: "
          + ", ".join(f"{role} {count:,} parameters" for role, count in counts.items()))
    if counts["encoder"] * 4 > ONNX_LIMIT and args.encoder_dtype == "float32":
        raise BadCheckpoint(f"its encoder would be {counts['encoder'] * 4e-9:.1f} GB and an ONNX file holds 2;"
                            " give --encoder-dtype float16")
    work = args.out / f".export-{os.getpid()}"
    work.mkdir(parents=True)
    try:
        report = build(model, args, work)
        write_package(model, args, work, report, counts)
    finally:
        shutil.rmtree(work)


def build(model: Model, args: argparse.Namespace, work: Path) -> list[str]:
    """encoder.onnx, image.onnx and decoder.onnx in `work`; returns the lines of the report, printed as they come."""
    report: list[str] = []

    def say(line: str) -> None:
        print(line, flush=True)
        report.append(line)

    encoder, image = model.encoder, convert.random_image(model.size, 5)
    if args.normalise == "min-max":
        encoder, image = MinMax(encoder).eval(), (image * 30 + 120).clamp(1, 256)
        image[:, :, -(model.size // 10) :] = 0
    paths = {role: work / f"{role}.onnx" for role in ROLES}
    convert.write_encoder(encoder, model.size, list(model.embedding_names), paths["encoder"])
    convert.write_decoder(model.decoder, paths["image"], paths["decoder"])
    exact = convert.DecoderGraphs(work)

    differences = convert.Differences()
    embedding = convert.compare_encoder(encoder, paths["encoder"], image, list(model.embedding_names), differences)
    convert.compare_decoder(model.decoder, exact, embedding, differences)
    say("| onnxruntime against PyTorch, float32 | largest difference | relative to the largest value |")
    say("|---|---|---|")
    for row in differences.rows():
        say(f"| `{row[0]}` | {row[1]} | {row[2]} |")

    if args.encoder_dtype == "float16":
        store_half(paths["encoder"])
        rounded = convert.run(convert.session(paths["encoder"]), {"image": image})
        error = convert.Differences()
        error.add(embedding, rounded, tolerance=None)
        changed = {name: torch.from_numpy(value) for name, value in rounded.items()}
        iou, _ = convert.mean_iou(exact, exact, model.decoder, embedding, changed)
        say("")
        say("Encoder weights in float16 against float32: "
            + ", ".join(f"`{name}` differs by {relative} of its range" for name, _, relative in error.rows())
            + f"; masks of 16 random prompts agree with a mean IoU of {iou:.4f}.")
    if args.decoder_dtype == "int8":
        convert.store_int8(paths["decoder"])
        iou, worst = convert.mean_iou(exact, convert.DecoderGraphs(work), model.decoder, embedding, embedding)
        say("")
        say(f"Decoder in int8 against float32: masks of 16 random prompts agree with a mean IoU of {iou:.4f};"
            f" predicted IoU differs by at most {worst:.3f}.")
    return report


def write_package(model: Model, args: argparse.Namespace, work: Path, report: list[str],
                  counts: dict[str, int]) -> None:
    """Moves the files into --out; model.json goes last."""
    hashes = {role: sha256(work / f"{role}.onnx") for role in ROLES}
    mean, std = SHIFTED if args.normalise == "min-max" else IMAGENET
    number = lambda value: int(value) if value == int(value) else value  # noqa: E731
    shapes = model.decoder.embedding_shapes()
    channels, grid, _ = shapes.pop("image_embeddings")
    embedding = {"channels": channels, "grid": grid} | ({"tensors": shapes} if shapes else {})
    manifest = {
        "format": 1,
        "id": args.id,
        "family": model.family,
        "licence": args.licence,
        "source": args.source,
        "trainedOn": args.trained_on,
        "input": {"size": model.size, "mean": [*map(number, mean)], "std": [*map(number, std)]},
        "embedding": embedding,
        "lowResMask": 4 * model.decoder.grid,
        "decoderInputs": ["mask_input"] + ["attention_similarity", "target_embedding"] * model.decoder.natural,
        "decoderOutputs": ["multi_masks", "multi_iou_predictions"] * model.decoder.natural,
        "files": {role: {"path": f"{role}.onnx", "sha256": digest} for role, digest in hashes.items()},
        "digest": package_digest(hashes, model.size, mean, std),
    }
    (work / "model.json").write_text(json.dumps(manifest, indent=2, ensure_ascii=False) + "\n")
    (work / "README.md").write_text(card(model, args, manifest, report, counts, work))
    for name in (*(f"{role}.onnx" for role in ROLES), "README.md", "model.json"):
        os.replace(work / name, args.out / name)
    for role in hashes:
        path = args.out / f"{role}.onnx"
        print(f"{path}: {path.stat().st_size / 1e6:.1f} MB")
    print(f"wrote {args.out} with digest {manifest['digest']}")


def card(model: Model, args: argparse.Namespace, manifest: dict, report: list[str], counts: dict[str, int],
         work: Path) -> str:
    """The model card: facts filled in, what only its owner knows marked TODO."""
    data = "".join(f"- {line}\n" for line in args.trained_on) or "- TODO: the data, and its licences\n"
    files = "".join(f"| `{entry['path']}` | {f'{counts[role]:,}' if role in counts else 'part of the decoder'} | {(work / entry['path']).stat().st_size / 1e6:.1f} MB |"
                    f" `{entry['sha256']}` |\n" for role, entry in manifest["files"].items())
    formats = f"encoder {args.encoder_dtype}, decoder {args.decoder_dtype}"
    based = f", over `{args.base.name}` (sha256 `{sha256(args.base)}`)" if args.base else ""
    return f"""# {args.id}

{model.family} {model.variant} at {model.size} × {model.size}, {args.normalise} normalisation; {formats}; recipes:
{"medical and natural" if model.decoder.natural else "medical"}.

- Licence of the weights: {args.licence}
- Source: {args.source}
- Checkpoint: `{args.checkpoint.name}` (sha256 `{sha256(args.checkpoint)}`){based}
- Digest: `{manifest["digest"]}`

## Trained on

{data}
## Intended use

TODO: images and structures that it was evaluated on, and those that it must not be used for. Not a medical device.

## Results

TODO: `deno task evaluate` on data that it was not trained on.

## Files

| file | parameters | size | sha256 |
|---|---|---|---|
{files}
## Conversion

Made by `models/export` with PyTorch {torch.__version__}. Checked on random inputs:

{chr(10).join(report)}
"""
