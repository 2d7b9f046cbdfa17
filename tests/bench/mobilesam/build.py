# /// script
# requires-python = ">=3.11"
# dependencies = [
#   "numpy==2.4.6",
#   "onnx==1.23.2",
#   "onnxruntime==1.32.0",
#   "segment-anything==1.0",
#   "timm==1.0.31",
#   "torch==2.15.0",
#   "torchvision==0.29.2",
# ]
# ///
"""Builds a model package of MobileSAM's shape with random weights, for timing only.

    uv run tests/bench/mobilesam/build.py --out ../tmp/mobilesam

TinyViT-5M at 1024x1024 comes from timm, neck, prompt encoder and mask decoder from segment-anything (both
Apache-2.0). Nothing is downloaded but these packages. The decoder is exported as models/export does it, in two graphs,
or with --official as segment-anything's own exporter does, in one. The graphs are compared with PyTorch, and the number
of parameters with the published one.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import sys
import warnings
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import torch
from segment_anything.modeling import MaskDecoder, PromptEncoder, Sam, TwoWayTransformer
from segment_anything.modeling.common import LayerNorm2d
from segment_anything.utils.onnx import SamOnnxModel
from timm.layers import set_fused_attn
from timm.models.tiny_vit import TinyVit
from torch import Tensor, nn

sys.path.insert(0, str(Path(__file__).parents[3] / "models" / "export"))
from convert import DecoderGraphs, run, write_decoder  # noqa: E402
from decoder import Decoder as Exported  # noqa: E402

SIZE, GRID, CHANNELS, LOW_RES = 1024, 64, 256, 256
ROLES = ("decoder", "encoder", "image")
MEAN, STD = (123.675, 116.28, 103.53), (58.395, 57.12, 57.375)
DECODER_INPUTS = ["image_embeddings", "point_coords", "point_labels", "mask_input", "has_mask_input"]
# MobileSAM states 9.66 Mi parameters, 3.876 Mi of them in prompt encoder and mask decoder; 321,640 of the rest
# belong to TinyViT's classification head, which it carries but never runs.
PUBLISHED = {"encoder": (9.66 - 3.876) * 2**20 - 321_640, "decoder": 3.876 * 2**20}


class Encoder(nn.Module):
    """Normalised RGB image [1,3,1024,1024] float32 -> embedding [1,256,64,64] float32."""

    img_size = SIZE

    def __init__(self) -> None:
        super().__init__()
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


class Decoder(SamOnnxModel):
    """The official decoder, without the resizing to the image: what the exported one is compared with."""

    def mask_postprocessing(self, masks: Tensor, orig_im_size: None) -> Tensor:
        return masks

    def forward(self, *inputs: Tensor) -> tuple[Tensor, Tensor]:
        """Inputs as DECODER_INPUTS -> low_res_masks [1,1,256,256] logits, iou_predictions [1,1]; float32."""
        masks, scores, _ = super().forward(*inputs, orig_im_size=None)
        return masks, scores


def build(seed: int) -> Sam:
    """MobileSAM with random weights, in evaluation mode."""
    torch.manual_seed(seed)
    set_fused_attn(False)  # plain attention, as MobileSAM has it
    sam = Sam(
        image_encoder=Encoder(),
        prompt_encoder=PromptEncoder(embed_dim=CHANNELS, image_embedding_size=(GRID, GRID),
                                     input_image_size=(SIZE, SIZE), mask_in_chans=16),
        mask_decoder=MaskDecoder(transformer_dim=CHANNELS,
                                 transformer=TwoWayTransformer(depth=2, embedding_dim=CHANNELS, num_heads=8,
                                                               mlp_dim=2048)),
    )
    # What starts as 0 or 1 would fold away or hide a mistake.
    for module in sam.modules():
        if isinstance(module, nn.BatchNorm2d):
            for scale in (module.weight, module.running_var):
                nn.init.uniform_(scale, 0.5, 1.5)
            for shift in (module.bias, module.running_mean):
                nn.init.normal_(shift, std=0.1)
        if hasattr(module, "attention_biases"):
            nn.init.normal_(module.attention_biases, std=0.1)
    return sam.eval()


def count_parameters(sam: Sam) -> None:
    """Prints how many parameters each part has; stops if that is not MobileSAM's number within 1 %."""
    parts = {"encoder": [sam.image_encoder], "decoder": [sam.prompt_encoder, sam.mask_decoder]}
    for name, modules in parts.items():
        count = sum(p.numel() for module in modules for p in module.parameters())
        print(f"{name}: {count:,} parameters, published {PUBLISHED[name] / 1e6:.2f} M")
        if abs(count / PUBLISHED[name] - 1) > 0.01:
            raise SystemExit(f"Cannot use the {name}: it is not of MobileSAM's size.")


def random_prompt(points: int, seed: int) -> tuple[Tensor, ...]:
    """Decoder inputs after the embedding: points with mixed labels, an earlier mask, used if the seed is odd."""
    generator = torch.Generator().manual_seed(seed)
    coords = torch.rand(1, points, 2, generator=generator) * SIZE
    labels = torch.randint(-1, 4, (1, points), generator=generator).float()
    mask = torch.randn(1, 1, LOW_RES, LOW_RES, generator=generator) * 4
    return coords, labels, mask, torch.tensor([float(seed % 2)])


def export(sam: Sam, folder: Path, official: bool) -> None:
    warnings.simplefilter("ignore")  # what the tracer warns of, verify would find
    torch.onnx.export(sam.image_encoder, (torch.zeros(1, 3, SIZE, SIZE),), str(folder / "encoder.onnx"),
                      input_names=["image"], output_names=["image_embeddings"], opset_version=17, dynamo=False)
    (folder / "image.onnx").unlink(missing_ok=True)
    if not official:
        decoder = Exported(sam.prompt_encoder, sam.mask_decoder, natural=False).eval()
        write_decoder(decoder, folder / "image.onnx", folder / "decoder.onnx")
        return
    inputs = torch.randn(1, CHANNELS, GRID, GRID), *random_prompt(5, 1)
    torch.onnx.export(Decoder(sam, return_single_mask=True).eval(), inputs, str(folder / "decoder.onnx"),
                      input_names=DECODER_INPUTS, output_names=["low_res_masks", "iou_predictions"], opset_version=17,
                      dynamic_axes={"point_coords": {1: "points"}, "point_labels": {1: "points"}}, dynamo=False)


def verify(encoder: nn.Module, decoder: nn.Module, folder: Path) -> None:
    """onnxruntime against PyTorch on random inputs; stops at a difference above a thousandth of the range."""
    def session(name: str) -> onnxruntime.InferenceSession:
        path = folder / f"{name}.onnx"
        onnx.checker.check_model(str(path), full_check=True)
        return onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])

    def compare(name: str, wanted: Tensor, got: np.ndarray) -> None:
        if tuple(wanted.shape) != got.shape or not np.isfinite(got).all():
            raise SystemExit(f"Cannot accept {name}: expected finite {tuple(wanted.shape)}, got {got.shape}.")
        error, span = float(np.abs(wanted.numpy() - got).max()), float(wanted.abs().max())
        print(f"{name} {list(got.shape)}: differs from PyTorch by {error:.1e} of {span:.2f}")
        if error > 1e-3 * span:
            raise SystemExit(f"Cannot accept {name}: the difference is too large.")

    image = torch.randn(1, 3, SIZE, SIZE, generator=torch.Generator().manual_seed(5))
    embedding = encoder(image)
    compare("image_embeddings", embedding, session("encoder").run(None, {"image": image.numpy()})[0])
    split = DecoderGraphs(folder) if (folder / "image.onnx").exists() else None
    whole = session("decoder")
    for points, seed in [(1, 0), (2, 1), (7, 2), (8, 3)]:
        inputs = (embedding, *random_prompt(points, seed))
        given = dict(zip(DECODER_INPUTS, inputs))
        got = split.run(given) if split else run(whole, given)
        for name, wanted in zip(["low_res_masks", "iou_predictions"], decoder(*inputs)):
            compare(f"{name} of {points} points", wanted[:, :1], got[name])  # those of the single-mask token


def write_manifest(folder: Path) -> None:
    """Writes model.json, as lib/model/package.ts wants it."""
    paths = [path for role in ROLES if (path := folder / f"{role}.onnx").exists()]
    hashes = {path.stem: hashlib.sha256(path.read_bytes()).hexdigest() for path in paths}
    mean, std = (",".join(map(str, values)) for values in (MEAN, STD))
    lines = "".join(f"{role} {digest}\n" for role, digest in hashes.items()) + f"input {SIZE} {mean} {std}\n"
    manifest = {
        "format": 1,
        "id": "mobilesam-random",
        "family": "sam",
        "licence": "Apache-2.0",
        "source": "tests/bench/mobilesam/build.py in this repository, random weights",
        "trainedOn": [],
        "input": {"size": SIZE, "mean": MEAN, "std": STD},
        "embedding": {"channels": CHANNELS, "grid": GRID},
        "lowResMask": LOW_RES,
        "decoderInputs": ["mask_input"],
        "files": {role: {"path": f"{role}.onnx", "sha256": digest} for role, digest in hashes.items()},
        "digest": hashlib.sha256(lines.encode()).hexdigest(),
    }
    (folder / "model.json").write_text(json.dumps(manifest, indent=2) + "\n")


@torch.no_grad()
def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, required=True, help="folder of the package")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--official", action="store_true", help="the decoder in one graph, by its authors' exporter")
    args = parser.parse_args()
    args.out.mkdir(parents=True, exist_ok=True)

    sam = build(args.seed)
    count_parameters(sam)
    # The official one takes the best of all masks for fewer than three points.
    encoder, decoder = sam.image_encoder, Decoder(sam, return_single_mask=args.official).eval()
    export(sam, args.out, args.official)
    verify(encoder, decoder, args.out)
    write_manifest(args.out)
    for path in sorted(args.out.glob("*.onnx")):
        print(f"{path}: {len(onnx.load(str(path)).graph.node)} nodes, {path.stat().st_size / 1e6:.1f} MB")


if __name__ == "__main__":
    main()
