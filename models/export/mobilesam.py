# /// script
# requires-python = ">=3.11"
# dependencies = [
#   "numpy==2.4.6",
#   "onnx==1.23.2",
#   "onnxruntime==1.32.0",
#   "safetensors==0.8.0",
#   "segment-anything==1.0",
#   "timm==1.0.31",
#   "torch==2.15.0",
#   "torchvision==0.29.2",
# ]
# ///
"""Exports a MobileSAM checkpoint (TinyViT encoder; official or fine-tuned by anyone) to a model package.

    uv run models/export/mobilesam.py --checkpoint mobile_sam.pt --id mobilesam --licence Apache-2.0 \\
        --source https://github.com/ChaoningZhang/MobileSAM --trained-on "SA-1B, 1 %" --out models/mobilesam

LiteMedSAM takes `--normalise min-max --size 256`.
"""

from __future__ import annotations

import argparse
import re

import torch
from segment_anything.modeling.common import LayerNorm2d
from timm.layers import set_fused_attn
from timm.models.tiny_vit import TinyVit
from torch import Tensor, nn

from checkpoint import Weights, load_into
from decoder import CHANNELS, Decoder, mask_decoder, prompt_encoder
from package import Model, command, read

ROOTS = ("image_encoder", "prompt_encoder", "mask_decoder")
# TinyViT's classification head, which MobileSAM carries and never runs, and indices that follow from the shape.
UNUSED = r"image_encoder\.(norm_head|head)\.|.*\.attention_bias_idxs$|.*\.attn\.ab$"


class Encoder(nn.Module):
    """Normalised RGB image [1,3,S,S] float32 -> embedding [1,256,S/16,S/16] float32."""

    def __init__(self) -> None:
        super().__init__()
        set_fused_attn(False)  # plain attention, which every runtime has
        self.backbone = TinyVit(embed_dims=(64, 128, 160, 320), depths=(2, 2, 6, 2), num_heads=(2, 4, 5, 10),
                                window_sizes=(7, 7, 14, 7), drop_path_rate=0.0)
        self.backbone.head = nn.Identity()
        # TinyViT ends at stride 32; MobileSAM leaves out the last halving and ends at 16.
        self.backbone.stages[3].downsample.conv2.conv.stride = (1, 1)
        self.neck = nn.Sequential(
            nn.Conv2d(320, CHANNELS, 1, bias=False), LayerNorm2d(CHANNELS),
            nn.Conv2d(CHANNELS, CHANNELS, 3, padding=1, bias=False), LayerNorm2d(CHANNELS),
        )

    def forward(self, image: Tensor) -> Tensor:
        return self.neck(self.backbone.forward_features(image))


def timm_names(weights: Weights) -> Weights:
    """MobileSAM's names -> timm's, which count a halving to the stage after it."""

    def translate(name: str) -> str:
        name = re.sub(r"^image_encoder\.(patch_embed|layers)\.", r"image_encoder.backbone.\1.", name)
        name = re.sub(r"\.patch_embed\.seq\.([02])\.", lambda m: f".patch_embed.conv{int(m[1]) // 2 + 1}.", name)
        name = re.sub(r"\.layers\.(\d)\.downsample\.", lambda m: f".stages.{int(m[1]) + 1}.downsample.", name)
        name = re.sub(r"\.backbone\.layers\.", ".backbone.stages.", name)
        return re.sub(r"^(image_encoder\..+)\.c\.weight$", r"\1.conv.weight", name)

    return {translate(name): tensor for name, tensor in weights.items()}


def load(args: argparse.Namespace) -> Model:
    weights = timm_names(read(args, ROOTS))
    model = nn.ModuleDict({"image_encoder": Encoder(), "prompt_encoder": prompt_encoder(args.size),
                           "mask_decoder": mask_decoder()}).eval().requires_grad_(False)
    # Counts of batches steer training only, and not every checkpoint keeps them.
    counts = {name: tensor for name, tensor in model.state_dict().items() if name.endswith("num_batches_tracked")}
    load_into(model, counts | weights, UNUSED)
    decoder = Decoder(model["prompt_encoder"], model["mask_decoder"], natural=args.recipe == "natural").eval()
    return Model("mobilesam", "tiny_vit_5m", args.size, model["image_encoder"], decoder)


def main(argv: list[str] | None = None) -> None:
    torch.set_grad_enabled(False)
    size = lambda parser: parser.add_argument("--size", type=int, default=1024, help="side of the input")  # noqa: E731
    command(__doc__, ["tiny_vit_5m"], load, argv, size)


if __name__ == "__main__":
    main()
