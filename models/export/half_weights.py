"""Stores the weights of an ONNX graph as float16."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

ONNX_LIMIT = 2**31 - 2**20  # a protobuf file cannot be larger


def store_half(path: Path, suffix: str = "_half", smallest: int = 256) -> None:
    """Stores every weight tensor of at least `smallest` numbers as float16, its name followed by `suffix`, and a Cast.
    The arithmetic stays float32, because the runtime widens constants once, when it loads the graph."""
    model = onnx.load(str(path))
    casts, kept = [], []
    for tensor in model.graph.initializer:
        values = numpy_helper.to_array(tensor)
        if values.dtype != np.float32 or values.size < smallest:
            kept.append(tensor)
            continue
        kept.append(numpy_helper.from_array(values.astype(np.float16), tensor.name + suffix))
        casts.append(helper.make_node("Cast", [tensor.name + suffix], [tensor.name], to=TensorProto.FLOAT))
    nodes = [*casts, *model.graph.node]
    del model.graph.initializer[:], model.graph.node[:]
    model.graph.initializer.extend(kept)
    model.graph.node.extend(nodes)
    remove(path)
    onnx.save(model, str(path))


def remove(path: Path) -> None:
    """Deletes a graph and the files beside it that hold its weights, where they did not fit into one."""
    if path.stat().st_size < ONNX_LIMIT:
        stub = onnx.load(str(path), load_external_data=False)
        for tensor in stub.graph.initializer:
            for entry in tensor.external_data:
                if entry.key == "location":
                    (path.parent / entry.value).unlink(missing_ok=True)
    path.unlink()
