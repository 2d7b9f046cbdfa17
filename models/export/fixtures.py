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
"""Writes the small packages of tests/parity/golden/models: the graphs of SAM and of SAM 2, narrow, with random weights.

    uv run models/export/fixtures.py

They go through the same code as real checkpoints. Their masks mean nothing; what they prove is that the product
answers as its oracle does. Run tests/parity/golden/pipeline.py on them afterwards: other versions of PyTorch may draw other
weights.
"""

from __future__ import annotations

import argparse
import tempfile
from functools import partial
from pathlib import Path

import torch
from segment_anything.modeling import ImageEncoderViT
from torch import nn

from decoder import Decoder, mask_decoder, prompt_encoder
from package import Model, export
from sam_2 import EMBEDDING, Encoder, sam2_mask_decoder

HERE = Path(__file__).parent
MODELS = HERE.parent.parent / "tests" / "parity" / "golden" / "models"
SIZE, CHANNELS = 256, 32


def roughen(model: nn.Module) -> nn.Module:
    """Random weights with some contrast: fresh ones give features and masks that hardly vary."""
    for tensor in model.parameters():
        noise = torch.randn_like(tensor)
        tensor.data = noise * (1.5 / tensor[0].numel() ** 0.5 if tensor.ndim > 1 else 0.3) + (
            1.0 if tensor.ndim == 1 and bool((tensor == 1).all()) else 0.0)
    return model.eval().requires_grad_(False)


def sam_encoder() -> nn.Module:
    return ImageEncoderViT(img_size=SIZE, embed_dim=32, depth=2, num_heads=2, patch_size=16, mlp_ratio=2,
                           norm_layer=partial(nn.LayerNorm, eps=1e-6), qkv_bias=True, use_rel_pos=True,
                           global_attn_indexes=(1,), window_size=6, out_chans=CHANNELS)


def sam2_encoder() -> nn.Module:
    options = dict(embed_dim=16, num_heads=1, stages=(1, 1, 2, 1), global_att_blocks=(3,), window_spec=(8, 4, 6, 4))
    return Encoder(options, CHANNELS)


def write(name: str, family: str, seed: int, natural: bool) -> None:
    torch.manual_seed(seed)
    sam2 = family == "sam2"
    encoder = roughen(sam2_encoder() if sam2 else sam_encoder())
    prompts = roughen(prompt_encoder(SIZE, CHANNELS))
    masks = roughen(sam2_mask_decoder(CHANNELS) if sam2 else mask_decoder(CHANNELS))
    if sam2:
        encoder.bake_positions(SIZE)
    decoder = Decoder(prompts, masks, natural, sam2).eval()
    with tempfile.TemporaryDirectory() as folder:
        checkpoint = Path(folder) / "random.pth"
        torch.save(decoder.state_dict(), checkpoint)
        args = argparse.Namespace(
            id=name, licence="MIT", source=f"random weights, models/export/fixtures.py, seed {seed}", trained_on=[],
            checkpoint=checkpoint, base=None, normalise="imagenet", encoder_dtype="float16", decoder_dtype="float32",
            out=MODELS / name)
        names = EMBEDDING if sam2 else ("image_embeddings",)
        export(Model(family, "narrow", SIZE, encoder, decoder, names), args)
    (MODELS / name / "README.md").unlink()  # a card of random weights says nothing


def main() -> None:
    torch.set_grad_enabled(False)
    write("random-natural", "sam", 1, natural=True)
    write("random-sam2", "sam2", 2, natural=True)


if __name__ == "__main__":
    main()
