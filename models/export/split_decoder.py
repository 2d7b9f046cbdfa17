"""The decoder of decoder.py in two graphs: what depends on the image alone, run once for each image, and the rest, run
for each prompt. Algebra alone, equal up to rounding:

- An image's keys, values and queries in the first block are those of its embedding plus those of the mask prompt,
  which is a map of 16 channels before its last, linear layer.
- What attention adds to the image is weights [patches, tokens of each head] times rows [tokens of each head, C]: of low
  rank. The image after the first block is `scale · (image + ranks @ rows)`; the second block's projections of it are
  those of the image, which its graph gives, and of a few rows.
- Centring, gains and shifts of layer norms, biases, and the scale of the scores are part of the weights.
- The last attention reads the image for the tokens that are answered; its keys and values are never formed.
- A transposed convolution of stride 2 and kernel 2 is a matrix product. Pixels are put in their order at the end, when
  they are logits.

C channels, g² patches (row-major), H heads of d channels, T tokens, R = H · T + 18 ranks, one prompt.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn.functional import linear

from decoder import Decoder

# Into how many parts the patches are taken apart where they grow to pixels, so that what one step writes the next
# finds in the cache.
CHUNKS = 16
IMAGE_SIDE = ["centred", "keys_1", "values_1", "queries_1", "keys_2", "values_2", "queries_2"]
HIGH_RES_SIDE = ["fine_0", "fine_1"]


class ImageSide(nn.Module):
    """An embedding, image_embeddings [1,C,g,g] and SAM 2's high_res_feats_0 and _1, to

    centred [g²,C]: the embedding less its mean over the channels; for the first and the second block keys_1, keys_2
    [H,d,g²], values_1, values_2 [H,g²,d], queries_1, queries_2 [g²,H·d]; for SAM 2 fine_0 [4g²,C/2] and fine_1 [g²,C]:
    the finer features in the order of patches, then pixels inside of them.
    """

    def __init__(self, decoder: Decoder) -> None:
        super().__init__()
        self.decoder, self.weights = decoder, Folded(decoder)
        self.input_names = list(decoder.embedding_shapes())
        self.output_names = IMAGE_SIDE + (HIGH_RES_SIDE if decoder.sam2 else [])

    def forward(self, *inputs: Tensor) -> tuple[Tensor, ...]:
        given = dict(zip(self.input_names, inputs, strict=True))
        w, columns = self.weights, given["image_embeddings"].flatten(2)[0]
        place = self.decoder.prompt_encoder.pe_layer._pe_encoding(self.decoder.patches)[0]
        rows = columns.T
        centred = rows - rows.mean(-1, keepdim=True)
        found = [
            centred,
            (w.keys_1.T @ columns + (place @ w.keys_1 + w.keys_1_bias).T).reshape(w.count, -1, w.patches),
            w.heads(linear(rows, w.values_1.T, w.values_1_bias)),
            rows @ w.queries_1 + (place @ w.queries_1 + w.queries_1_bias),
            (w.keys_2.T @ columns).reshape(w.count, -1, w.patches),
            w.heads(centred @ w.values_2),
            centred @ w.queries_2,
        ]
        if self.decoder.sam2:
            grid, fine = self.decoder.grid, given["high_res_feats_1"]
            found.append(given["high_res_feats_0"].reshape(-1, grid, 2, 2, grid, 2, 2)
                         .permute(1, 4, 2, 5, 3, 6, 0).reshape(4 * grid**2, -1))
            found.append((fine - fine.mean(1, keepdim=True)).reshape(-1, grid, 2, grid, 2)
                         .permute(1, 3, 2, 4, 0).reshape(grid**2, -1))
        return tuple(found)


class PromptSide(nn.Module):
    """The image's side and one prompt to what Decoder gives, under its names."""

    def __init__(self, decoder: Decoder) -> None:
        super().__init__()
        self.decoder, self.weights = decoder, Folded(decoder)
        image = IMAGE_SIDE + (HIGH_RES_SIDE if decoder.sam2 else [])
        self.input_names = image + [n for n in decoder.input_names if n not in decoder.embedding_shapes()]
        self.output_names = decoder.output_names

    def forward(self, *inputs: Tensor) -> tuple[Tensor, ...]:
        given = dict(zip(self.input_names, inputs, strict=True))
        decoder, masks = self.decoder, self.decoder.mask_decoder
        first = [masks.obj_score_token.weight] if decoder.sam2 else []
        points = decoder.embed_points(given["point_coords"], given["point_labels"])[0]
        tokens = torch.cat([*first, masks.iou_token.weight, masks.mask_tokens.weight, points])
        count = masks.num_mask_tokens if decoder.natural else 1
        tokens, image, scale = self.transform(tokens, given, slice(len(first), len(first) + 1 + count))

        kernels = [masks.output_hypernetworks_mlps[i](tokens[1 + i : 2 + i]).reshape(-1, 1) for i in range(count)]
        kernels = torch.cat(kernels, 1)
        parts = [image, scale, *(given[name] for name in HIGH_RES_SIDE[::-1] if decoder.sam2)]
        logits = [self.grow(*part) @ kernels for part in zip(*(x.chunk(CHUNKS) for x in parts))]
        logits = in_order(torch.cat(logits), decoder.grid, count)
        scores = masks.iou_prediction_head(tokens[:1])
        if decoder.sam2:
            scores = scores.sigmoid()
        single = logits[:, :1], scores[:, :1]
        return (*single, logits[:, 1:], scores[:, 1:]) if decoder.natural else single

    def mask_maps(self, mask: Tensor, given: Tensor) -> Tensor:
        """-> [18,g²]: the mask prompt before its last layer, zeros for none; whether it is given; whether not."""
        maps = self.decoder.prompt_encoder.mask_downscaling[:-1](mask)[0].flatten(1)
        ones = torch.ones(1, self.decoder.grid**2)
        return torch.cat([maps * given, ones * given, ones - given])

    def transform(self, tokens: Tensor, given: dict[str, Tensor], answered: slice) -> tuple[Tensor, Tensor, Tensor]:
        """The two-way transformer, tokens [T,C] -> the answered tokens, and the image [g²,C] before the gain and the
        centring of its last norm, which are part of what reads it."""
        w, transformer = self.weights, self.decoder.mask_decoder.transformer
        first, second = transformer.layers
        place = self.decoder.prompt_encoder.pe_layer._pe_encoding(self.decoder.patches)[0]
        guide, target = None, 0.0
        if self.decoder.natural:
            guide = given["attention_similarity"].reshape(1, 1, -1), given["has_attention_similarity"]
            target = given["target_embedding"][0]
            tokens = tokens + target
        maps = self.mask_maps(given["mask_input"], given["has_mask_input"])

        layer = first.cross_attn_token_to_image
        queries = first.norm1(w.attend(first.self_attn, tokens, tokens))
        q = w.heads(layer.q_proj(queries + tokens))
        scores = q @ given["keys_1"] + q @ w.maps_keys @ maps
        weights = soften(scores, guide)
        found = weights @ given["values_1"] + weights @ maps.T @ w.maps_values
        queries = first.norm2(queries + layer.out_proj(w.unite(found)))
        queries = first.norm3(queries + first.mlp(queries))

        layer = first.cross_attn_image_to_token
        k, v = w.heads(layer.k_proj(queries + tokens)), w.heads(layer.v_proj(queries))
        blocks = w.diagonal(k)
        ranks = w.soften_tokens(given["queries_1"] @ blocks + maps.T @ (w.maps_queries @ blocks))
        ranks = torch.cat([ranks, maps.T], 1)  # [g²,R]
        rows = torch.cat([w.merge(v @ w.out_1 + w.out_1_bias), w.maps_rows])  # [R,C]
        image = given["centred"] + ranks @ rows
        scale = inverse_deviation(image, w.channels, first.norm4.eps)  # [g²,1]
        ranks = ranks * scale

        layer = second.cross_attn_token_to_image
        queries = queries + target
        queries = second.norm1(queries + w.attend(second.self_attn, queries + tokens, queries))
        q = w.heads(layer.q_proj(queries + tokens))
        keys = given["keys_2"] * scale.reshape(1, 1, -1) + w.heads(place @ w.plain_keys_2 + w.keys_2_bias).transpose(1, 2)
        scores = q @ keys + q @ w.heads(rows @ w.keys_2).transpose(1, 2) @ ranks.T
        weights = soften(scores, guide)
        found = weights @ (given["values_2"] * scale) + weights @ ranks @ w.heads(rows @ w.values_2)
        queries = second.norm2(queries + layer.out_proj(w.unite(found) + w.values_2_bias))
        queries = second.norm3(queries + second.mlp(queries))

        layer = second.cross_attn_image_to_token
        k, v = w.heads(layer.k_proj(queries + tokens)), w.heads(layer.v_proj(queries))
        blocks = w.diagonal(k)
        placed = given["queries_2"] * scale + (place @ w.plain_queries_2 + w.queries_2_bias)
        weights = w.soften_tokens(placed @ blocks + ranks @ (rows @ w.queries_2 @ blocks))
        image = image * scale * first.norm4.weight + weights @ w.merge(v @ w.out_2 + w.out_2_bias)
        scale = inverse_deviation(image, w.channels, second.norm4.eps, image.mean(-1, keepdim=True))

        layer = transformer.final_attn_token_to_image
        q = w.heads(layer.q_proj((queries + tokens + target)[answered]))
        places = w.heads(place @ w.plain_keys_3 + w.keys_3_bias).transpose(1, 2)
        scores = q @ places + (image @ w.merge(q @ w.keys_3).T * scale).T.reshape(w.count, -1, w.patches)
        found = soften(scores, guide) * scale.reshape(1, 1, -1) @ image @ w.values_3
        found = layer.out_proj(w.unite(found) + w.values_3_bias)
        return transformer.norm_final_attn(queries[answered] + found), image, scale

    def grow(self, image: Tensor, scale: Tensor, fine_1: Tensor | float = 0.0, fine_0: Tensor | float = 0.0) -> Tensor:
        """Some patches [n,C] -> the features [16n,C/8] of each pixel of their logits."""
        w = self.weights
        _, norm, act, _, act_again = self.decoder.mask_decoder.output_upscaling
        image = linear(image * scale, w.grow_1.T, w.grow_1_bias)
        if self.decoder.sam2:
            image = image + fine_1
        image = image.reshape(-1, w.channels // 4)
        image = act(image * inverse_deviation(image, w.channels // 4, norm.eps) * norm.weight + norm.bias)
        image = linear(image, w.grow_2.T, w.grow_2_bias)
        if self.decoder.sam2:
            image = image + fine_0
        return act_again(image).reshape(-1, w.channels // 8)


class Folded(nn.Module):
    """The weights of both sides, multiplied by whatever linear comes before or after them; none is a parameter."""

    @torch.no_grad()
    def __init__(self, decoder: Decoder) -> None:
        super().__init__()
        masks, prompts = decoder.mask_decoder, decoder.prompt_encoder
        (one, two), last = masks.transformer.layers, masks.transformer.final_attn_token_to_image
        self.count, self.depth = last.num_heads, last.internal_dim // last.num_heads
        self.channels, self.patches = decoder.channels, decoder.grid**2
        by_head, scale = self.heads, self.depth**-0.5

        def keep(**tensors: Tensor) -> None:
            for name, tensor in tensors.items():
                self.register_buffer(name, tensor.contiguous(), persistent=False)

        def projection(layer: nn.Linear, factor: float = 1.0) -> tuple[Tensor, Tensor]:
            return layer.weight.T * factor, layer.bias * factor

        def per_head(layer: nn.Linear) -> Tensor:  # [H,d,C]
            return layer.weight.T.unflatten(0, (self.count, -1))

        last_layer = prompts.mask_downscaling[-1]
        rows = torch.cat([last_layer.weight.flatten(1).T, last_layer.bias[None], prompts.no_mask_embed.weight])  # [18,C]
        reads, writes = one.cross_attn_token_to_image, one.cross_attn_image_to_token
        keys, keys_bias = projection(reads.k_proj, scale)
        values, values_bias = projection(reads.v_proj)
        queries, queries_bias = projection(writes.q_proj, scale)
        keep(keys_1=keys, keys_1_bias=keys_bias, values_1=values, values_1_bias=values_bias, queries_1=queries,
             queries_1_bias=queries_bias, maps_keys=by_head(rows @ keys).transpose(1, 2),
             maps_values=by_head(rows @ values), maps_queries=rows @ queries, maps_rows=centred(rows),
             out_1=centred(per_head(writes.out_proj)), out_1_bias=centred(writes.out_proj.bias) / self.count)

        # The rows of the first block are centred already; the embedding is where its projections are made.
        gain, shift = one.norm4.weight[:, None], one.norm4.bias
        reads, writes = two.cross_attn_token_to_image, two.cross_attn_image_to_token
        keys, keys_bias = projection(reads.k_proj, scale)
        values, values_bias = projection(reads.v_proj)
        queries, queries_bias = projection(writes.q_proj, scale)
        keep(keys_2=centring(gain * keys), plain_keys_2=keys, keys_2_bias=shift @ keys + keys_bias,
             values_2=centring(gain * values), values_2_bias=shift @ values + values_bias,
             queries_2=centring(gain * queries), plain_queries_2=queries, queries_2_bias=shift @ queries + queries_bias,
             out_2=per_head(writes.out_proj), out_2_bias=(writes.out_proj.bias + shift) / self.count)

        gain, shift = two.norm4.weight[:, None], two.norm4.bias
        keys, keys_bias = projection(last.k_proj, scale)
        values, values_bias = projection(last.v_proj)
        keep(keys_3=by_head(centring(gain * keys)).transpose(1, 2), plain_keys_3=keys,
             keys_3_bias=shift @ keys + keys_bias, values_3=by_head(centring(gain * values)),
             values_3_bias=shift @ values + values_bias)

        grow, _, _, grow_again, _ = masks.output_upscaling
        pixels, pixels_again = (layer.weight.permute(0, 2, 3, 1) for layer in (grow, grow_again))  # [in,2,2,out]
        pixels = centred(pixels).flatten(1)
        keep(grow_1=centring(gain * pixels), grow_1_bias=shift @ pixels + centred(grow.bias).repeat(4),
             grow_2=pixels_again.flatten(1), grow_2_bias=grow_again.bias.repeat(4))
        keep(own=torch.eye(self.count)[:, None, :, None])

    def heads(self, x: Tensor) -> Tensor:
        """[n,H·d] -> [H,n,d]"""
        return x.reshape(-1, self.count, self.depth).transpose(0, 1)

    def unite(self, x: Tensor) -> Tensor:
        """[H,n,d] -> [n,H·d]"""
        return x.transpose(0, 1).reshape(-1, self.count * self.depth)

    def merge(self, x: Tensor) -> Tensor:
        """[H,n,C] -> [H·n,C]"""
        return x.reshape(-1, self.channels)

    def diagonal(self, x: Tensor) -> Tensor:
        """[H,T,d] -> [H·d,H·T]: each head's tokens, transposed, in a block of their own."""
        blocks = x.transpose(1, 2).unsqueeze(2) * self.own  # [H,d,H,T]
        return blocks.reshape(self.count * self.depth, -1)

    def soften_tokens(self, scores: Tensor) -> Tensor:
        """Softmax of [g²,H·T] over the tokens of each head."""
        return scores.reshape(self.patches, self.count, -1).softmax(-1).reshape(self.patches, -1)

    def attend(self, layer: nn.Module, placed: Tensor, values: Tensor) -> Tensor:
        """Self-attention of tokens [T,C]."""
        depth = self.channels // self.count
        q, k, v = (x.reshape(-1, self.count, depth).transpose(0, 1)
                   for x in (layer.q_proj(placed), layer.k_proj(placed), layer.v_proj(values)))
        weights = (q @ k.transpose(1, 2) / depth**0.5).softmax(-1)
        return layer.out_proj((weights @ v).transpose(0, 1).reshape(-1, self.channels))


def centred(x: Tensor) -> Tensor:
    """Less its mean over the last axis."""
    return x - x.mean(-1, keepdim=True)


def centring(weights: Tensor) -> Tensor:
    """Weights [C,n] that first take the mean off what they multiply."""
    return weights - weights.mean(0)


def soften(scores: Tensor, guide: tuple[Tensor, Tensor] | None) -> Tensor:
    weights = scores.softmax(-1)
    if guide is not None:
        similarity, used = guide
        weights = torch.where(used > 0, (weights + similarity).softmax(-1), weights)
    return weights


def inverse_deviation(x: Tensor, count: int, eps: float, mean: Tensor | float = 0.0) -> Tensor:
    """1 / the standard deviation of `count` numbers of this mean, [n,count] -> [n,1]."""
    norm = x.norm(dim=-1, keepdim=True)
    return 1 / torch.sqrt(norm * norm / count - mean * mean + eps)


def in_order(pixels: Tensor, grid: int, count: int) -> Tensor:
    """[16g²,K] in the order of patches, halves, quarters -> [1,K,4g,4g]."""
    split_up = pixels.reshape(grid, grid, 2, 2, 2, 2, count)
    return split_up.permute(6, 0, 2, 4, 1, 3, 5).reshape(1, count, 4 * grid, 4 * grid)
