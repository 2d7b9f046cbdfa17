# /// script
# requires-python = ">=3.11"
# dependencies = [
#   "mobilesam-mirror==1.0.0",
#   "numpy==2.4.6",
#   "onnx==1.23.2",
#   "onnxruntime==1.32.0",
#   "safetensors==0.8.0",
#   "sam2==1.1.0",
#   "segment-anything==1.0",
#   "timm==1.0.31",
#   "torch==2.15.0",
#   "torchvision==0.29.2",
# ]
# ///
"""Exports every family at its true size, with seeded random weights, for tests/process/package_end_to_end.ts.

    SAM2_BUILD_CUDA=0 uv run models/export/families.py --out ../families [--only sam-vit-b …] [--size 256]

Each checkpoint is built by the authors' package, saved as people save it, and goes through the script that a user
would run. The masks of these packages mean nothing. Without --only, the large ones are left out: sam-vit-l,
sam-vit-h (11 GB of memory), sam2.1-base+, sam2.1-large.
"""

from __future__ import annotations

import argparse
import tempfile
import warnings
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import torch
from torch import Tensor

import mobilesam
import sam
import sam_2
from check_oracles import SamedQkv, official_mobilesam, official_sam, official_sam2, roughen

SMALLER = ["--encoder-dtype", "float16", "--decoder-dtype", "int8"]


def sam_weights(variant: str, size: int) -> dict[str, Tensor]:
    return official_sam(size, variant).state_dict()


def samed_weights(size: int) -> dict[str, Tensor]:
    """ViT-B tuned by SAMed's LoRA of rank 4, saved whole from a distributed run."""
    model = official_sam(size, "vit_b")
    for block in model.image_encoder.blocks:
        block.attn.qkv = SamedQkv(block.attn.qkv, 4)
    return {f"module.sam.{name}": tensor for name, tensor in model.state_dict().items()}


def mobilesam_weights(_: int) -> dict[str, Tensor]:
    return official_mobilesam().state_dict()


def sam2_weights(variant: str, version: str) -> dict[str, dict[str, Tensor]]:
    return {"model": roughen(official_sam2(variant, version)).state_dict()}


# id -> what makes the checkpoint for an input size, the script that exports it, its options
Family = tuple[Callable[[int], object], ModuleType, list[str]]
FAMILIES: dict[str, Family] = {
    "mobilesam": (mobilesam_weights, mobilesam, []),
    "mobilesam-small": (mobilesam_weights, mobilesam, SMALLER),
    "sam2.1-tiny": (lambda _: sam2_weights("tiny", "2.1"), sam_2, []),
    "sam2-tiny": (lambda _: sam2_weights("tiny", "2"), sam_2, []),
    "sam-vit-b": (lambda size: sam_weights("vit_b", size), sam, []),
    "medsam": (lambda size: sam_weights("vit_b", size), sam, ["--normalise", "min-max"]),
    "sam-vit-b-lora": (samed_weights, sam, []),
}
LARGE: dict[str, Family] = {
    "sam-vit-l": (lambda size: sam_weights("vit_l", size), sam, []),
    "sam-vit-h": (lambda size: sam_weights("vit_h", size), sam, ["--encoder-dtype", "float16"]),
    "sam2.1-base+": (lambda _: sam2_weights("base+", "2.1"), sam_2, []),
    "sam2.1-large": (lambda _: sam2_weights("large", "2.1"), sam_2, []),
}


def write(name: str, size: int, out: Path) -> None:
    weights, script, options = (FAMILIES | LARGE)[name]
    torch.manual_seed(0)
    with tempfile.TemporaryDirectory() as folder:
        checkpoint = Path(folder) / "random.pth"
        torch.save(weights(size), checkpoint)
        # A model's id holds no "+".
        script.main(["--checkpoint", str(checkpoint), "--id", name.replace("+", "-plus"), "--licence", "Apache-2.0",
                     "--source", "random weights", "--out", str(out / name), *options])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, required=True, help="folder of the packages")
    parser.add_argument("--only", choices=[*FAMILIES, *LARGE], action="append", help="may be repeated")
    parser.add_argument("--size", type=int, default=1024, help="input of the ViTs: a smaller one costs less to run, and"
                        " has the same layers and weights but for the table of positions")
    args = parser.parse_args()
    warnings.simplefilter("ignore")
    torch.set_grad_enabled(False)
    for name in args.only or FAMILIES:
        write(name, args.size, args.out)


if __name__ == "__main__":
    main()
