"""Reads the weights of a model from its package, so that training can go on where only the package was kept.

    python restore.py --package ../lite --out runs/lite/checkpoint.pt
    python train.py --start runs/lite/checkpoint.pt --frozen 5 --out runs/more --rate 7e-4 --minutes 120

The package holds convolutions with their norms folded in, as float16, and no state of the optimiser. Training moves all
weights by steps of about one size, so each restored norm takes a power of two as its gain that leaves the weights of its
convolution as large as fresh ones: else a few steps would overwrite the smallest.
"""

from __future__ import annotations

import argparse
import copy
import tempfile
from pathlib import Path

import numpy as np
import onnx
import torch
from onnx import numpy_helper
from torch import Tensor, nn

from export import fold_norms, graphs_of, write_onnx
from model import Model
from shared import HALF


def initializers(path: Path) -> dict[str, np.ndarray]:
    """The weights of a graph as float32, by their names before `store_half`."""
    stored = onnx.load(str(path)).graph.initializer
    values = {tensor.name.removesuffix(HALF): numpy_helper.to_array(tensor) for tensor in stored}
    return {name: value.astype(np.float32) for name, value in values.items() if value.dtype in (np.float16, np.float32)}


def weights_of(model: nn.Module) -> list[Tensor]:
    """Parameters, and the statistics of the norms that do not follow a convolution."""
    return [weight for weight in model.state_dict().values() if weight.dtype.is_floating_point]


def distinct(model: Model) -> None:
    """Gives every weight values that no other has, so that they are found again in the exported graphs."""
    generator = torch.Generator().manual_seed(1)
    for weight in weights_of(model):
        weight.copy_(torch.rand(weight.shape, generator=generator) + 0.5)


def find(weight: Tensor, graphs: dict[str, dict[str, np.ndarray]]) -> tuple[str, str, bool]:
    """Graph and name of the initializer that holds a parameter, and whether it lies there transposed."""
    wanted = weight.detach().numpy()
    for role, tensors in graphs.items():
        for name, value in tensors.items():
            if np.array_equal(value.reshape(-1), wanted.reshape(-1)):
                return role, name, False
            if wanted.ndim == 2 and np.array_equal(value, wanted.T):
                return role, name, True
    raise SystemExit(f"Cannot restore: the graphs hold no weight of shape {tuple(wanted.shape)}.")


def folded_weights(package: Path) -> Model:
    """The model of a package, with its norms folded."""
    model = Model().eval()
    fold_norms(model)
    distinct(model)
    with tempfile.TemporaryDirectory() as folder:
        paths = {role: Path(folder) / f"{role}.onnx" for role in graphs_of(model)}
        write_onnx(copy.deepcopy(model), paths, half=False)
        fresh = {role: initializers(path) for role, path in paths.items()}
    stored = {role: initializers(package / f"{role}.onnx") for role in fresh}
    for weight in weights_of(model):
        role, name, transposed = find(weight, fresh)
        value = torch.from_numpy(stored[role][name])
        weight.copy_((value.T if transposed else value).reshape(weight.shape))
    return model


def gains(weight: Tensor) -> Tensor:
    """How much larger each output channel's weights [O,·,·,·] are than fresh ones (uniform within 1/√inputs), [O]."""
    inputs = weight[0].numel()
    size = weight.flatten(1).square().mean(dim=1).sqrt() * (3 * inputs) ** 0.5
    return torch.where(size > 0, 2 ** torch.log2(size.clamp(min=1e-9)).round(), torch.ones_like(size))


def unfold(model: nn.Module, folded: nn.Module) -> None:
    """Copies folded weights into a model with norms; a norm that was folded adds the bias."""
    if not isinstance(folded, nn.Identity):
        for name, weight in model.state_dict().items():
            if "." not in name:
                weight.copy_(getattr(folded, name).data)
    for mine, theirs in zip(model.children(), folded.children()):
        unfold(mine, theirs)
    if not isinstance(model, nn.Sequential):
        return
    for index in range(len(model) - 1):
        norm = model[index + 1]
        if isinstance(model[index], nn.Conv2d) and isinstance(norm, nn.BatchNorm2d):
            weight = model[index].weight.data
            gain = gains(weight)
            weight.div_(gain[:, None, None, None])
            nn.init.zeros_(norm.running_mean)
            norm.running_var.copy_(gain**-2 - norm.eps)
            nn.init.ones_(norm.weight)
            norm.bias.data.copy_(folded[index].bias.data)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--package", type=Path, default=Path("../lite"))
    parser.add_argument("--out", type=Path, default=Path("runs/lite/checkpoint.pt"))
    args = parser.parse_args()
    folded = folded_weights(args.package)
    model = Model().eval()
    unfold(model, folded)
    args.out.parent.mkdir(parents=True, exist_ok=True)
    weights = model.state_dict()
    torch.save({"model": weights, "average": weights, "spent": 0.0, "step": 0, "pairs": 0}, args.out)
    print(f"wrote {args.out}")


if __name__ == "__main__":
    main()
