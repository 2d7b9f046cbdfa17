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
"""Exports the image part of a SAM 2 or 2.1 checkpoint (tiny, small, base+, large) to a model package.

    uv run models/export/sam_2.py --checkpoint sam2.1_hiera_tiny.pt --id sam2.1-tiny --licence Apache-2.0 \\
        --source https://github.com/facebookresearch/sam2 --trained-on SA-V --trained-on SA-1B --out models/sam2.1-tiny

The encoder gives three tensors: image_embeddings (with SAM 2's "no memory" embedding added, as its image predictor
does), high_res_feats_0 and high_res_feats_1; the decoder takes them all. What tracks through videos is left out.
"""

from __future__ import annotations

import argparse
import re

import torch
from segment_anything.modeling import MaskDecoder
from timm.layers import set_fused_attn
from timm.models.hieradet_sam2 import HieraDet
from torch import Tensor, nn
from torch.nn import functional as F

from checkpoint import BadCheckpoint, Weights, load_into
from decoder import CHANNELS, Decoder, mask_decoder, prompt_encoder
from package import Model, command, read

SIZE = 1024
ROOTS = ("image_encoder", "sam_prompt_encoder", "sam_mask_decoder", "no_mem_embed")
EMBEDDING = ("image_embeddings", "high_res_feats_0", "high_res_feats_1")
VARIANTS = {
    "tiny": dict(stages=(1, 2, 7, 2), global_att_blocks=(5, 7, 9)),
    "small": dict(stages=(1, 2, 11, 2), global_att_blocks=(7, 10, 13)),
    "base+": dict(embed_dim=112, num_heads=2, global_pos_size=(14, 14)),
    "large": dict(embed_dim=144, num_heads=2, stages=(2, 6, 36, 4), global_att_blocks=(23, 33, 43),
                  window_spec=(8, 4, 16, 8)),
}
# Whether the object is there at all: SAM 2 asks it for videos only.
UNUSED = r"mask_decoder\.pred_obj_score_head\."


class Encoder(nn.Module):
    """Normalised RGB image [1,3,1024,1024] -> image_embeddings [1,256,64,64], high_res_feats_0 [1,32,256,256],
    high_res_feats_1 [1,64,128,128]; float32."""

    def __init__(self, options: dict, channels: int = CHANNELS) -> None:
        super().__init__()
        set_fused_attn(False)  # plain attention, which every runtime has
        self.trunk = HieraDet(num_classes=0, **options)
        self.trunk.head = nn.Identity()
        widths = [info["num_chs"] for info in self.trunk.feature_info]
        self.laterals = nn.ModuleList(nn.Conv2d(width, channels, 1) for width in widths)
        self.conv_s0 = nn.Conv2d(channels, channels // 8, 1)
        self.conv_s1 = nn.Conv2d(channels, channels // 4, 1)
        self.no_mem_embed = nn.Parameter(torch.zeros(1, 1, channels))

    def bake_positions(self, size: int) -> None:
        """Resizes the positional embedding once, here, and not with each image in the graph."""
        grid = torch.zeros(1, size // 4, size // 4, self.trunk.pos_embed.shape[1])
        self.register_buffer("places", self.trunk._pos_embed(grid), persistent=False)
        self.trunk._pos_embed = lambda patches: patches + self.places

    def forward(self, image: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        stages = self.trunk.forward_intermediates(image, intermediates_only=True)
        fine, middle, coarse, coarsest = (lateral(stage) for lateral, stage in zip(self.laterals, stages))
        embedding = coarse + F.interpolate(coarsest, scale_factor=2.0, mode="nearest")
        return embedding + self.no_mem_embed.reshape(1, -1, 1, 1), self.conv_s0(fine), self.conv_s1(middle)


def sam2_mask_decoder(channels: int = CHANNELS) -> MaskDecoder:
    decoder = mask_decoder(channels)
    decoder.obj_score_token = nn.Embedding(1, channels)
    return decoder


def our_names(weights: Weights) -> Weights:
    def translate(name: str) -> str:
        name = re.sub(r"^sam_(prompt_encoder|mask_decoder)\.", r"\1.", name)
        name = re.sub(r"^mask_decoder\.(conv_s[01])\.", r"image_encoder.\1.", name)
        name = re.sub(r"^no_mem_embed$", "image_encoder.no_mem_embed", name)
        name = re.sub(r"\.neck\.convs\.(\d)\.conv\.", lambda m: f".laterals.{3 - int(m[1])}.", name)
        layer = "fc" if name.startswith("image_encoder.") else "lin"
        return re.sub(r"\.mlp\.layers\.([01])\.", lambda m: f".mlp.{layer}{int(m[1]) + 1}.", name)

    return {translate(name): tensor for name, tensor in weights.items()}


def variant_of(weights: Weights, asked: str | None) -> str:
    place = weights.get("image_encoder.trunk.pos_embed")
    if place is None:
        raise BadCheckpoint("it lacks image_encoder.trunk.pos_embed: it is no SAM 2")
    blocks = {found[1] for name in weights if (found := re.match(r"image_encoder\.trunk\.blocks\.(\d+)\.", name))}
    shapes = {(96, 12): "tiny", (96, 16): "small", (112, 24): "base+", (144, 48): "large"}
    found = shapes.get((place.shape[1], len(blocks)))
    if found is None or (asked and asked != found):
        raise BadCheckpoint(f"it is {found or 'a model'} of width {place.shape[1]} with {len(blocks)} blocks, not"
                            f" {asked or 'a known SAM 2'}")
    return found


def load(args: argparse.Namespace) -> Model:
    weights = our_names(read(args, ROOTS))
    variant = variant_of(weights, args.variant)
    model = nn.ModuleDict({"image_encoder": Encoder(VARIANTS[variant]), "prompt_encoder": prompt_encoder(SIZE),
                           "mask_decoder": sam2_mask_decoder()}).eval().requires_grad_(False)
    load_into(model, weights, UNUSED)
    model["image_encoder"].bake_positions(SIZE)
    decoder = Decoder(model["prompt_encoder"], model["mask_decoder"], natural=args.recipe == "natural", sam2=True)
    return Model("sam2", variant, SIZE, model["image_encoder"], decoder.eval(), EMBEDDING)


def main(argv: list[str] | None = None) -> None:
    torch.set_grad_enabled(False)
    command(__doc__, list(VARIANTS), load, argv)


if __name__ == "__main__":
    main()
