"""Reads checkpoints as people save them: wrapped, prefixed, with LoRA beside the weights.

Nothing in a checkpoint is ever executed: pickles are read with `weights_only=True`.
"""

from __future__ import annotations

import json
import re
from pathlib import Path

import torch
from torch import Tensor, nn

Weights = dict[str, Tensor]

# What torch.compile, FSDP and PEFT put inside of names.
WRAPPERS = re.compile(r"(_orig_mod|_fsdp_wrapped_module|base_model\.model)\.")
SAMED_FILE = re.compile(r"w_([ab])_(\d{3})$")
SAMED = re.compile(r"(.+\.attn\.qkv)\.linear_([ab])_([qkv])\.weight$")
PEFT = re.compile(r"(.+)\.lora_([AB])(?:\.(\w+?))??(?:\.weight)?$")


class BadCheckpoint(Exception):
    """Why a checkpoint cannot be used, in one line."""


def read_weights(path: Path, roots: tuple[str, ...], prefix: str | None = None) -> Weights:
    """The tensors of a checkpoint file as float32, their names starting at one of `roots`.

    Whatever stands before the root (`state_dict.model.sam.`, `module.`, …) is dropped, and so is every tensor
    that lies under no root (optimizer, loss). `prefix` chooses among several models in one file.
    """
    tensors = flatten(load_file(path))
    if not tensors:
        raise BadCheckpoint("it holds no tensors")
    root = re.compile(rf"(?:^|\.)((?:{'|'.join(roots)})(?:\..+|$)|w_[ab]_\d{{3}}$)")
    found: dict[str, dict[str, Tensor]] = {}
    for key, tensor in tensors.items():
        key = WRAPPERS.sub("", key)
        match = root.search(key)
        if match and (prefix is None or key[: match.start(1)] == prefix):
            found.setdefault(match[1], {})[key[: match.start(1)]] = tensor
    if not found:
        under = "" if prefix is None else f" under the prefix {prefix!r}"
        raise BadCheckpoint(f"no key{under} has a part {', '.join(roots)}; it holds {listed(tensors)}")
    rivals = next((sorted(prefixes) for prefixes in found.values() if len(prefixes) > 1), None)
    if rivals:
        raise BadCheckpoint(f"it holds several models, choose one by --prefix: {', '.join(map(repr, rivals))}")
    return {name: next(iter(by.values())).float() for name, by in found.items()}


def load_file(path: Path) -> object:
    try:
        if path.suffix == ".safetensors":
            from safetensors.torch import load_file as load_safetensors

            return load_safetensors(path)
        return torch.load(path, map_location="cpu", weights_only=True)
    except FileNotFoundError:
        raise BadCheckpoint("there is no such file") from None
    except Exception as error:  # torch, zipfile, pickle and safetensors each have their own
        code = re.search(r"GLOBAL (\S+)", str(error))
        if code:
            raise BadCheckpoint(f"it holds Python objects ({code[1]}), which are not loaded; save its state_dict"
                                " alone") from None
        line = str(error).strip().partition("\n")[0].partition(". ")[0].rstrip(".")
        raise BadCheckpoint(f"it is damaged or no checkpoint ({type(error).__name__}: {line[:150]})") from None


def flatten(value: object, path: str = "") -> Weights:
    """Tensors in nested dictionaries, named by their dotted path."""
    if isinstance(value, Tensor):
        return {path[1:]: value}
    if not isinstance(value, dict):
        return {}
    return {name: tensor for key, item in value.items() for name, tensor in flatten(item, f"{path}.{key}").items()}


def lora_options(path: Path) -> tuple[float | None, bool]:
    """alpha and whether it is divided by the root of the rank, from PEFT's adapter_config.json beside the file."""
    config = path.with_name("adapter_config.json")
    if not config.exists():
        return None, False
    options = json.loads(config.read_text())
    for unsupported in ("use_dora", "fan_in_fan_out", "alpha_pattern"):
        if options.get(unsupported):
            raise BadCheckpoint(f"adapter_config.json sets {unsupported}, which cannot be merged here")
    return options.get("lora_alpha"), bool(options.get("use_rslora"))


def merge_lora(weights: Weights, alpha: float | None = None, root_of_rank: bool = False) -> tuple[Weights, int]:
    """Adds scale·B·A to each weight that has such a pair; returns the plain weights and how many were merged.

    SAMed's pairs act on the rows of q, k or v in a block's qkv with alpha = rank unless stated; PEFT's act on the
    whole weight, and their alpha must be known.
    """
    merged: Weights = {}
    pairs: dict[tuple[str, str, str], Weights] = {}
    for name, tensor in weights.items():
        if match := SAMED_FILE.match(name):
            index = int(match[2])
            target = (f"image_encoder.blocks.{index // 2}.attn.qkv", "qv"[index % 2], "samed")
            pairs.setdefault(target, {})[match[1].upper()] = tensor
        elif match := SAMED.match(name):
            pairs.setdefault((match[1], match[3], "samed"), {})[match[2].upper()] = tensor
        elif match := PEFT.match(name):
            pairs.setdefault((match[1], "", f"peft {match[3] or ''}"), {})[match[2]] = tensor
        elif ".original_module." not in name:
            name = re.sub(r"\.modules_to_save\.\w+\.", ".", name).replace(".base_layer.", ".")
            name = name.replace(".attn.qkv.qkv.", ".attn.qkv.")
            # A tensor of the adapted checkpoint replaces its namesake of the base, which comes first.
            merged[name] = tensor
    names = {kind for _, _, kind in pairs}
    if len(names) > 1:
        raise BadCheckpoint(f"it holds several sets of LoRA weights ({listed(sorted(names))})")
    for (module, part, kind), pair in pairs.items():
        name = f"{module}.weight"
        if pair.keys() != {"A", "B"}:
            raise BadCheckpoint(f"{module} has only one of the two LoRA matrices")
        if name not in merged:
            raise BadCheckpoint(f"it holds LoRA weights but not {name}; give the checkpoint they adapt as --base")
        a, b = pair["A"], pair["B"]
        rank = a.shape[0]
        if alpha is None and kind != "samed":
            raise BadCheckpoint("the alpha of its LoRA weights is unknown: no adapter_config.json; give --lora-alpha")
        scale = (rank if alpha is None else alpha) / (rank**0.5 if root_of_rank else rank)
        weight = merged[name] = merged[name].clone()
        size = weight.shape[0] // 3
        start = "qkv".index(part) * size if part else 0
        rows = weight[start : start + size] if part else weight
        if a.ndim != 2 or b.ndim != 2 or (b.shape[0], a.shape[1]) != tuple(rows.shape) or b.shape[1] != rank:
            raise BadCheckpoint(f"the LoRA matrices of {module}, {list(a.shape)} and {list(b.shape)}, do not fit its"
                                f" weight {list(rows.shape)}")
        rows += scale * (b @ a)
    return merged, len(pairs)


def load_into(module: nn.Module, weights: Weights, ignored: str = r"$^") -> None:
    """Fills the module; every one of its tensors must be there in its shape, and nothing else but `ignored`."""
    wanted = module.state_dict()
    extra = [name for name in weights if name not in wanted and not re.match(ignored, name)]
    lacking = [name for name in wanted if name not in weights]
    wrong = [f"{name} {list(weights[name].shape)}, not {list(tensor.shape)}" for name, tensor in wanted.items()
             if name in weights and weights[name].shape != tensor.shape]
    faults = [f"{what} {listed(names)}" for what, names in
              [("it lacks", lacking), ("it has unexpected", extra), ("it has wrong shapes:", wrong)] if names]
    if faults:
        raise BadCheckpoint("; ".join(faults))
    if spoilt := [name for name in wanted if not weights[name].isfinite().all()]:
        raise BadCheckpoint(f"it holds values that are not finite in {listed(spoilt)}")
    module.load_state_dict({name: weights[name] for name in wanted})


def listed(names: object, most: int = 3) -> str:
    names = list(names)
    rest = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(names[:most]) + rest
