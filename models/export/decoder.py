"""SAM's prompt encoder and mask decoder in their plain form: batched prompts in, low-resolution masks out. What is
exported is split_decoder.py, which holds these weights and is compared with this.

Written from the papers over the modules of `segment_anything` (Apache-2.0), which hold the weights. PerSAM
(arXiv 2305.03048) adds two optional inputs, which the `natural` recipe uses:

- target-guided attention: in each token-to-image attention, softmax(A + similarity) takes the place of the
  weights A (themselves a softmax);
- target-semantic prompting: the target's embedding is added to all tokens before each block.
"""

from __future__ import annotations

import torch
from segment_anything.modeling import MaskDecoder, PromptEncoder, TwoWayTransformer
from segment_anything.modeling.transformer import Attention
from torch import Tensor, nn

CHANNELS = 256
PROMPT_INPUTS = ["image_embeddings", "point_coords", "point_labels", "mask_input", "has_mask_input"]
NATURAL_INPUTS = ["attention_similarity", "has_attention_similarity", "target_embedding"]
HIGH_RES_INPUTS = ["high_res_feats_0", "high_res_feats_1"]


def prompt_encoder(size: int, channels: int = CHANNELS) -> PromptEncoder:
    grid = size // 16
    return PromptEncoder(embed_dim=channels, image_embedding_size=(grid, grid), input_image_size=(size, size),
                         mask_in_chans=16)


def mask_decoder(channels: int = CHANNELS) -> MaskDecoder:
    transformer = TwoWayTransformer(depth=2, embedding_dim=channels, num_heads=8, mlp_dim=8 * channels)
    return MaskDecoder(transformer_dim=channels, transformer=transformer, iou_head_hidden_dim=channels)


class Decoder(nn.Module):
    """Inputs and outputs by name, float32; B prompts of N points each for one image:

    image_embeddings [1,C,g,g]; point_coords [B,N,2], x y in model-space pixels; point_labels [B,N] (1 inside,
    0 outside, 2 and 3 corners of a box, -1 padding); mask_input [B,1,4g,4g] logits; has_mask_input [1] or [B];
    attention_similarity [1,1,g,g]; has_attention_similarity [1]; target_embedding [1,1,C], zeros for none;
    high_res_feats_0 [1,C/8,4g,4g], high_res_feats_1 [1,C/4,2g,2g] (SAM 2)
    -> low_res_masks [B,1,4g,4g] logits and iou_predictions [B,1] of the single-mask token; with the natural inputs
    also multi_masks [B,3,4g,4g] and multi_iou_predictions [B,3] of the three other tokens.
    """

    def __init__(self, prompts: PromptEncoder, masks: MaskDecoder, natural: bool, sam2: bool = False) -> None:
        super().__init__()
        self.prompt_encoder, self.mask_decoder = prompts, masks
        self.natural, self.sam2, self.channels = natural, sam2, prompts.embed_dim
        self.size, self.grid = prompts.input_image_size[0], prompts.image_embedding_size[0]
        centres = (torch.arange(self.grid) + 0.5) / self.grid
        patches = torch.stack(torch.meshgrid(centres, centres, indexing="xy"), -1).reshape(1, -1, 2)
        self.register_buffer("patches", patches, persistent=False)  # [1,gg,2], x y of each patch, row-major, 0..1
        self.input_names = PROMPT_INPUTS + (NATURAL_INPUTS if natural else []) + (HIGH_RES_INPUTS if sam2 else [])
        self.output_names = ["low_res_masks", "iou_predictions"]
        if natural:
            self.output_names += ["multi_masks", "multi_iou_predictions"]

    def embedding_shapes(self) -> dict[str, tuple[int, int, int]]:
        """[channels, height, width] of each tensor of an embedding."""
        channels, grid = self.channels, self.grid
        shapes = {"image_embeddings": (channels, grid, grid)}
        if self.sam2:
            shapes["high_res_feats_0"] = channels // 8, 4 * grid, 4 * grid
            shapes["high_res_feats_1"] = channels // 4, 2 * grid, 2 * grid
        return shapes

    def forward(self, *inputs: Tensor) -> tuple[Tensor, ...]:
        given = dict(zip(self.input_names, inputs, strict=True))
        masks = self.mask_decoder
        first = [masks.obj_score_token.weight] if self.sam2 else []
        own = torch.cat([*first, masks.iou_token.weight, masks.mask_tokens.weight])
        points = self.embed_points(given["point_coords"], given["point_labels"])
        tokens = torch.cat([own.expand(points.shape[0], -1, -1), points], dim=1)
        image = given["image_embeddings"] + self.embed_masks(given["mask_input"], given["has_mask_input"])
        tokens, image = self.transform(tokens, image.flatten(2).transpose(1, 2), given)

        image = image.transpose(1, 2).unflatten(2, (self.grid, self.grid))
        grow, norm, act, grow_again, act_again = masks.output_upscaling
        if self.sam2:
            image = act(norm(grow(image) + given["high_res_feats_1"]))
            image = act_again(grow_again(image) + given["high_res_feats_0"])
        else:
            image = act_again(grow_again(act(norm(grow(image)))))

        start = len(first)
        count = masks.num_mask_tokens if self.natural else 1
        kernels = torch.stack([masks.output_hypernetworks_mlps[i](tokens[:, start + 1 + i]) for i in range(count)], 1)
        logits = (kernels @ image.flatten(2)).unflatten(2, (4 * self.grid, 4 * self.grid))
        scores = masks.iou_prediction_head(tokens[:, start])
        if self.sam2:
            scores = scores.sigmoid()
        single = logits[:, :1], scores[:, :1]
        return (*single, logits[:, 1:], scores[:, 1:]) if self.natural else single

    def embed_points(self, coords: Tensor, labels: Tensor) -> Tensor:
        """-> [B,N,C]; pixel centres lie at +0.5."""
        encoder = self.prompt_encoder
        labels = labels.unsqueeze(-1)
        embedding = encoder.pe_layer._pe_encoding((coords + 0.5) / self.size) * (labels != -1)
        embedding = embedding + encoder.not_a_point_embed.weight * (labels == -1)
        for label, learnt in enumerate(encoder.point_embeddings):
            embedding = embedding + learnt.weight * (labels == label)
        return embedding

    def embed_masks(self, mask: Tensor, given: Tensor) -> Tensor:
        """-> [B,C,g,g]."""
        given = given.reshape(-1, 1, 1, 1)
        none = self.prompt_encoder.no_mask_embed.weight.reshape(1, -1, 1, 1)
        return given * self.prompt_encoder.mask_downscaling(mask) + (1 - given) * none

    def transform(self, tokens: Tensor, image: Tensor, given: dict[str, Tensor]) -> tuple[Tensor, Tensor]:
        """The two-way transformer: tokens [B,T,C] and image [B,gg,C], each after attending to the other."""
        transformer = self.mask_decoder.transformer
        # Constant; left to the runtime, which computes it once, for a smaller file.
        place = self.prompt_encoder.pe_layer._pe_encoding(self.patches)
        guide, target = None, 0.0
        if self.natural:
            guide = given["attention_similarity"].flatten(2).unsqueeze(1), given["has_attention_similarity"]
            target = given["target_embedding"]
            tokens = tokens + target
        # The tokens as they came in are their own positional encoding, the target's embedding included.
        queries = tokens
        for index, layer in enumerate(transformer.layers):
            if index == 0:
                queries = attend(layer.self_attn, queries, queries, queries)
            else:
                queries = queries + target
                placed = queries + tokens
                queries = queries + attend(layer.self_attn, placed, placed, queries)
            queries = layer.norm1(queries)
            found = attend(layer.cross_attn_token_to_image, queries + tokens, image + place, image, guide)
            queries = layer.norm2(queries + found)
            queries = layer.norm3(queries + layer.mlp(queries))
            found = attend(layer.cross_attn_image_to_token, image + place, queries + tokens, queries)
            image = layer.norm4(image + found)
        last = transformer.final_attn_token_to_image
        found = attend(last, queries + tokens + target, image + place, image, guide)
        return transformer.norm_final_attn(queries + found), image


def attend(layer: Attention, q: Tensor, k: Tensor, v: Tensor, guide: tuple[Tensor, Tensor] | None = None) -> Tensor:
    """Multi-head attention with the layer's weights; `guide` is (similarity [1,1,1,keys], 0 or 1 [1])."""
    heads = layer.num_heads
    q, k, v = (project(x).unflatten(2, (heads, -1)).transpose(1, 2)
               for project, x in [(layer.q_proj, q), (layer.k_proj, k), (layer.v_proj, v)])
    weights = (q @ k.transpose(2, 3) / (layer.internal_dim // heads) ** 0.5).softmax(-1)
    if guide is not None:
        similarity, used = guide
        weights = torch.where(used > 0, (weights + similarity).softmax(-1), weights)
    return layer.out_proj((weights @ v).transpose(1, 2).flatten(2))
