"""The models as their authors' packages build and run them, on random weights: what check.py compares with."""

from __future__ import annotations

import contextlib
import math
from collections.abc import Iterator

import torch
from segment_anything.modeling import MaskDecoder, PromptEncoder, Sam, TwoWayTransformer
from segment_anything.modeling import transformer as sam_transformer
from torch import Tensor, nn

import sam

SMALL = 256


def roughen(model: nn.Module, seed: int = 0) -> nn.Module:
    """Moves every tensor that starts as a constant: zeros and ones would hide mistakes."""
    generator = torch.Generator().manual_seed(seed)
    for name, tensor in [*model.named_parameters(), *model.named_buffers()]:
        if tensor.is_floating_point() and tensor.numel() > 1 and bool((tensor == tensor.flatten()[0]).all()):
            noise = torch.rand(tensor.shape, generator=generator) - 0.5
            tensor.data += noise * (0.9 if name.endswith("running_var") else 0.2)
    return model.eval()


def official_sam(size: int = SMALL, variant: str = "vit_b") -> Sam:
    grid = size // 16
    return roughen(Sam(
        image_encoder=sam.image_encoder(variant, size),
        prompt_encoder=PromptEncoder(embed_dim=256, image_embedding_size=(grid, grid), input_image_size=(size, size),
                                     mask_in_chans=16),
        mask_decoder=MaskDecoder(transformer_dim=256, transformer=TwoWayTransformer(depth=2, embedding_dim=256,
                                                                                    num_heads=8, mlp_dim=2048)),
    ))


def official_decoder(model: nn.Module, inputs: dict[str, Tensor], sam2: bool) -> dict[str, Tensor]:
    """The authors' prompt encoder and mask decoder, one prompt at a time as they take masks or none."""
    prompts, masks = ((model.sam_prompt_encoder, model.sam_mask_decoder) if sam2
                      else (model.prompt_encoder, model.mask_decoder))
    extra = {"repeat_image": False, "high_res_features": [inputs["high_res_feats_0"],
                                                         inputs["high_res_feats_1"]]} if sam2 else {}
    rows: list[tuple[Tensor, Tensor]] = []
    given = inputs["has_mask_input"].expand(inputs["point_coords"].shape[0])
    for index, used in enumerate(given):
        mask = inputs["mask_input"][index : index + 1] if used else None
        coords, labels = inputs["point_coords"][index], inputs["point_labels"][index]
        sparse = official_points(prompts, coords, labels)
        _, dense = prompts(points=None, boxes=None, masks=mask)
        rows.append(masks.predict_masks(inputs["image_embeddings"], prompts.get_dense_pe(), sparse, dense,
                                        **extra)[:2])
    logits, scores = (torch.cat(column) for column in zip(*rows))
    return {"low_res_masks": logits[:, :1], "iou_predictions": scores[:, :1], "multi_masks": logits[:, 1:],
            "multi_iou_predictions": scores[:, 1:]}


def official_points(prompts: nn.Module, coords: Tensor, labels: Tensor) -> Tensor:
    """Points by the authors' point code, corners of boxes by their box code. -> [1,N,C]"""
    out = prompts._embed_points(coords[None], labels[None], pad=False)
    for index in range(len(labels)):
        if labels[index] >= 2:
            corner = int(labels[index]) - 2
            out[0, index] = prompts._embed_boxes(coords[index].repeat(1, 2))[0, corner]
    return out


@contextlib.contextmanager
def persam(similarity: Tensor, used: bool, target: Tensor) -> Iterator[None]:
    """SAM's own transformer with PerSAM's two ideas patched in, independently of decoder.py."""
    layers: dict[str, list] = {}
    attention, two_way, block = (sam_transformer.Attention.forward, sam_transformer.TwoWayTransformer.forward,
                                 sam_transformer.TwoWayAttentionBlock.forward)

    def guided(self: nn.Module, q: Tensor, k: Tensor, v: Tensor) -> Tensor:
        if id(self) in layers["final"]:
            q = q + target
        if not used or k.shape[1] != similarity.numel():  # only the image has that many keys
            return attention(self, q, k, v)
        q, k, v = (self._separate_heads(f(x), self.num_heads) for f, x in
                   ((self.q_proj, q), (self.k_proj, k), (self.v_proj, v)))
        weights = torch.softmax(torch.einsum("bhqc,bhkc->bhqk", q, k) / math.sqrt(q.shape[-1]), -1)
        weights = torch.softmax(weights + similarity.reshape(1, 1, 1, -1), -1)
        return self.out_proj(self._recombine_heads(weights @ v))

    def prompted(self: nn.Module, image: Tensor, place: Tensor, tokens: Tensor) -> tuple[Tensor, Tensor]:
        layers["first"], layers["final"] = [id(self.layers[0])], [id(self.final_attn_token_to_image)]
        return two_way(self, image, place, tokens + target)

    def prompted_block(self: nn.Module, queries: Tensor, **others: Tensor) -> tuple[Tensor, Tensor]:
        return block(self, queries if id(self) in layers["first"] else queries + target, **others)

    sam_transformer.Attention.forward = guided
    sam_transformer.TwoWayTransformer.forward = prompted
    sam_transformer.TwoWayAttentionBlock.forward = prompted_block
    try:
        yield
    finally:
        sam_transformer.Attention.forward = attention
        sam_transformer.TwoWayTransformer.forward = two_way
        sam_transformer.TwoWayAttentionBlock.forward = block


@contextlib.contextmanager
def tiny_sam() -> Iterator[Sam]:
    """SAM with a ViT of two blocks, which the script knows as a variant for as long as this lasts."""
    sam.VARIANTS["tiny"] = (96, 2, 2, (1,))
    try:
        yield official_sam(variant="tiny")
    finally:
        del sam.VARIANTS["tiny"]


def official_mobilesam() -> nn.Module:
    from mobile_sam import sam_model_registry

    return roughen(sam_model_registry["vit_t"]())


def official_sam2(variant: str = "tiny", version: str = "2.1") -> nn.Module:
    from hydra import compose, initialize_config_module
    from hydra.core.global_hydra import GlobalHydra
    from hydra.utils import instantiate

    GlobalHydra.instance().clear()
    with initialize_config_module("sam2", version_base="1.2"):
        name = {"tiny": "t", "small": "s", "base+": "b+", "large": "l"}[variant]
        folder = "sam2" if version == "2" else "sam2.1"
        return instantiate(compose(f"configs/{folder}/{folder}_hiera_{name}.yaml").model, _recursive_=True).eval()


def sam2_embedding(model: nn.Module, image: Tensor) -> dict[str, Tensor]:
    """As sam2's image predictor makes it."""
    features = model.forward_image(image)
    _, vision, _, sizes = model._prepare_backbone_features(features)
    vision[-1] = vision[-1] + model.no_mem_embed
    maps = [x.permute(1, 2, 0).reshape(1, -1, *size) for x, size in zip(vision, sizes)]
    return {"high_res_feats_0": maps[0], "high_res_feats_1": maps[1], "image_embeddings": maps[2]}


class SamedQkv(nn.Module):
    """SAMed's low-rank change of a block's qkv, as its paper (arXiv 2304.13785) gives it: q and v only."""

    def __init__(self, qkv: nn.Linear, rank: int) -> None:
        super().__init__()
        self.qkv, width = qkv, qkv.in_features
        for part in "qv":
            setattr(self, f"linear_a_{part}", nn.Linear(width, rank, bias=False))
            setattr(self, f"linear_b_{part}", nn.Linear(rank, width, bias=False))

    def forward(self, x: Tensor) -> Tensor:
        q, k, v = self.qkv(x).chunk(3, -1)
        return torch.cat([q + self.linear_b_q(self.linear_a_q(x)), k, v + self.linear_b_v(self.linear_a_v(x))], -1)


def hugging_face_sam() -> nn.Module:
    """transformers' SamModel of the same small size as `tiny_sam`."""
    from transformers import SamConfig, SamModel

    vision = dict(hidden_size=96, num_hidden_layers=2, num_attention_heads=2, global_attn_indexes=[1], mlp_dim=384,
                  image_size=SMALL, window_size=14)
    return roughen(SamModel(SamConfig(vision_config=vision, prompt_encoder_config=dict(image_size=SMALL,
                                                                                   image_embedding_size=SMALL // 16))))
