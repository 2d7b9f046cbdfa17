# /// script
# requires-python = ">=3.11"
# dependencies = [
#   "numpy==2.4.6",
#   "onnx==1.23.2",
#   "onnxruntime==1.32.0",
#   "safetensors==0.8.0",
#   "segment-anything==1.0",
#   "torch==2.15.0",
#   "torchvision==0.29.2",
# ]
# ///
"""Exports a SAM checkpoint (ViT-B, -L, -H; official, MedSAM, or fine-tuned by anyone) to a model package.

    uv run models/export/sam.py --checkpoint sam_vit_b_01ec64.pth --id sam-vit-b --licence Apache-2.0 \\
        --source https://github.com/facebookresearch/segment-anything --trained-on SA-1B --out models/sam-vit-b

MedSAM takes `--normalise min-max`. Variant and input size are read off the weights. Names may have any prefix, and be
those of Hugging Face's SamModel. LoRA matrices (SAMed's linear_a_q…, PEFT's lora_A…) are merged; if the file holds
nothing but changes, `--base` gives the checkpoint that they change.
"""

from __future__ import annotations

import argparse
import re
from functools import partial

import torch
from segment_anything.modeling import ImageEncoderViT
from segment_anything.modeling.image_encoder import Attention, add_decomposed_rel_pos
from torch import Tensor, nn

from checkpoint import BadCheckpoint, Weights, load_into
from decoder import CHANNELS, Decoder, mask_decoder, prompt_encoder
from package import Model, command, read

ROOTS = ("image_encoder", "prompt_encoder", "mask_decoder", "vision_encoder", "shared_image_embedding")
# variant -> width, blocks, heads, blocks with global attention
VARIANTS = {
    "vit_b": (768, 12, 12, (2, 5, 8, 11)),
    "vit_l": (1024, 24, 16, (5, 11, 17, 23)),
    "vit_h": (1280, 32, 16, (7, 15, 23, 31)),
}
# Hugging Face's names -> SAM's, in this order.
HUGGING_FACE = [
    (r"^vision_encoder\.", "image_encoder."),
    (r"^(shared_image_embedding|prompt_encoder\.shared_embedding)\.positional_embedding$",
     "prompt_encoder.pe_layer.positional_encoding_gaussian_matrix"),
    (r"(mlps\.\d|prediction_head)\.proj_out\.", r"\1.layers.2."),
    (r"(mlps\.\d|prediction_head)\.layers\.0\.", r"\1.layers.1."),
    (r"(mlps\.\d|prediction_head)\.proj_in\.", r"\1.layers.0."),
    (r"^image_encoder\.layers\.", "image_encoder.blocks."),
    (r"patch_embed\.projection\.", "patch_embed.proj."),
    (r"\.neck\.conv1\.", ".neck.0."),
    (r"\.neck\.layer_norm1\.", ".neck.1."),
    (r"\.neck\.conv2\.", ".neck.2."),
    (r"\.neck\.layer_norm2\.", ".neck.3."),
    (r"\.mask_embed\.conv1\.", ".mask_downscaling.0."),
    (r"\.mask_embed\.layer_norm1\.", ".mask_downscaling.1."),
    (r"\.mask_embed\.conv2\.", ".mask_downscaling.3."),
    (r"\.mask_embed\.layer_norm2\.", ".mask_downscaling.4."),
    (r"\.mask_embed\.conv3\.", ".mask_downscaling.6."),
    (r"\.point_embed\.", ".point_embeddings."),
    (r"\.upscale_conv1\.", ".output_upscaling.0."),
    (r"\.upscale_layer_norm\.", ".output_upscaling.1."),
    (r"\.upscale_conv2\.", ".output_upscaling.3."),
    (r"\.layer_norm(\d|_final_attn)\.", r".norm\1."),
]


def sam_names(weights: Weights) -> Weights:
    if not any(name.startswith("vision_encoder.") for name in weights):
        return weights

    def translate(name: str) -> str:
        for pattern, replacement in HUGGING_FACE:
            name = re.sub(pattern, replacement, name)
        return name

    return {translate(name): tensor for name, tensor in weights.items()}


class HeadByHead(Attention):
    """Attention over the whole image with the matrix of one head at a time, [g², g²]. Those of all heads together
    take 0.8 GB at an input of 1024 in ViT-B, several times over: more than a WASM heap holds."""

    def forward(self, x: Tensor) -> Tensor:
        """[1,g,g,width] to the same."""
        _, height, width, _ = x.shape
        qkv = self.qkv(x).reshape(1, height * width, 3, self.num_heads, -1).permute(2, 3, 0, 1, 4)
        found = []
        for q, k, v in zip(*qkv):
            scores = add_decomposed_rel_pos((q * self.scale) @ k.transpose(-2, -1), q, self.rel_pos_h, self.rel_pos_w,
                                            (height, width), (height, width))
            found.append(scores.softmax(-1) @ v)
        return self.proj(torch.cat(found, -1).reshape(x.shape))


def image_encoder(variant: str, size: int) -> ImageEncoderViT:
    width, depth, heads, wide = VARIANTS[variant]
    return ImageEncoderViT(img_size=size, embed_dim=width, depth=depth, num_heads=heads, patch_size=16, mlp_ratio=4,
                           norm_layer=partial(nn.LayerNorm, eps=1e-6), qkv_bias=True, use_rel_pos=True,
                           global_attn_indexes=wide, window_size=14, out_chans=CHANNELS)


def shape_of(weights: Weights, asked: str | None) -> tuple[str, int]:
    """Variant and input size of the weights."""
    place = weights.get("image_encoder.pos_embed")
    if place is None or place.ndim != 4:
        raise BadCheckpoint("it lacks image_encoder.pos_embed [1,g,g,width]; if it holds only changes, give the"
                            " checkpoint they change as --base")
    blocks = {int(found[1]) for name in weights if (found := re.match(r"image_encoder\.blocks\.(\d+)\.", name))}
    found = next((name for name, (width, depth, *_) in VARIANTS.items() if (width, depth) == (place.shape[3],
                                                                                            len(blocks))), None)
    if found is None or (asked and asked != found):
        wanted = asked or "a known SAM"
        raise BadCheckpoint(f"it is {found or 'a model'} of width {place.shape[3]} with {len(blocks)} blocks, not"
                            f" {wanted}")
    return found, place.shape[1] * 16


def load(args: argparse.Namespace) -> Model:
    weights = read(args, ROOTS, sam_names)
    variant, size = shape_of(weights, args.variant)
    model = nn.ModuleDict({"image_encoder": image_encoder(variant, size), "prompt_encoder": prompt_encoder(size),
                           "mask_decoder": mask_decoder()}).eval().requires_grad_(False)
    load_into(model, weights)
    for block in model["image_encoder"].blocks:
        if block.window_size == 0:
            block.attn.__class__ = HeadByHead
    decoder = Decoder(model["prompt_encoder"], model["mask_decoder"], natural=args.recipe == "natural").eval()
    return Model("sam", variant, size, model["image_encoder"], decoder)


def main(argv: list[str] | None = None) -> None:
    torch.set_grad_enabled(False)
    command(__doc__, list(VARIANTS), load, argv)


if __name__ == "__main__":
    main()
