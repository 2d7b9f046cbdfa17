"""Writes the tiny model package beside this file: a real encoder and decoder of a few kilobytes, with weights set by hand.

    pip install onnx==1.23.2 numpy==2.4.6
    python tests/support/models/tiny/build.py

Tests whose answer does not depend on a trained model run on it: it loads and answers in milliseconds. It segments by
grey value around the points it is given, which is enough for the generated patient (lib/sample/patient.ts).

Encoder: [N, 3, 128, 128] to [N, 16, 32, 32]. A patch of 4 x 4 pixels becomes 12 bumps of grey, each the response to one
grey value of the patch or of its surroundings, its contrast, a constant, and two weak channels of position.
Decoder: SAM's official inputs and outputs, without the resize to the image (lib/runtime/README.md, model packages).
"""

import hashlib
import json
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

HERE = Path(__file__).parent
SIZE, GRID, CHANNELS, LOW = 128, 32, 16, 128
STRIDE = SIZE // GRID
MEAN, STD = [110.0] * 3, [60.0] * 3
F32, I64 = np.float32, np.int64


class Graph:
    """Collects nodes; every call returns the name of its output."""

    def __init__(self) -> None:
        self.nodes: list[onnx.NodeProto] = []
        self.constants: list[onnx.TensorProto] = []

    def const(self, value, dtype=F32) -> str:
        name = f"c{len(self.constants)}"
        self.constants.append(numpy_helper.from_array(np.asarray(value, dtype), name))
        return name

    def __call__(self, op: str, *inputs: str, out: str | None = None, **attributes) -> str:
        out = out or f"n{len(self.nodes)}"
        self.nodes.append(helper.make_node(op, list(inputs), [out], **attributes))
        return out

    def save(self, path: Path, inputs, outputs) -> None:
        value = lambda name, shape: helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)
        graph = helper.make_graph(self.nodes, path.stem, [value(*i) for i in inputs], [value(*o) for o in outputs],
                                  self.constants)
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], producer_name="p2sam-edge-tests")
        model.ir_version = 8
        onnx.checker.check_model(model, full_check=True)
        path.write_bytes(model.SerializeToString())


def encoder() -> None:
    g = Graph()
    mixed = g("Conv", "image", g.const(np.full((1, 3, 1, 1), 1 / 3)))
    # Brightness and contrast of the whole image do not count.
    centred = g("Sub", mixed, g("ReduceMean", mixed, axes=[2, 3], keepdims=1))
    spread = g("Sqrt", g("ReduceMean", g("Mul", centred, centred), axes=[2, 3], keepdims=1))
    grey = g("Div", centred, g("Add", spread, g.const(0.05)))
    patch = g("AveragePool", grey, kernel_shape=[STRIDE] * 2, strides=[STRIDE] * 2)
    around = g("AveragePool", grey, kernel_shape=[5 * STRIDE] * 2, strides=[STRIDE] * 2,
               pads=[2 * STRIDE] * 4, count_include_pad=0)
    squares = g("AveragePool", g("Mul", grey, grey), kernel_shape=[STRIDE] * 2, strides=[STRIDE] * 2)
    contrast = g("Sqrt", g("Relu", g("Sub", squares, g("Mul", patch, patch))))

    def bumps(values: str, centres: np.ndarray, width: float, height: float) -> str:
        away = g("Div", g("Sub", values, g.const(centres.reshape(1, -1, 1, 1))), g.const(width))
        return g("Mul", g("Exp", g("Neg", g("Mul", away, away))), g.const(height))

    still = g("Mul", patch, g.const(0.0))
    column, row = np.meshgrid(np.linspace(-1, 1, GRID), np.linspace(-1, 1, GRID))
    place = g.const(0.15 * np.stack([column, row])[None])
    parts = [
        bumps(patch, np.linspace(-1.8, 3.8, 8), 0.9, 1.0),
        bumps(around, np.linspace(-1.5, 2.5, 4), 1.2, 0.4),
        g("Mul", contrast, g.const(0.3)),
        g("Add", still, g.const(0.1)),
        g("Add", still, place),
    ]
    g("Concat", *parts, axis=1, out="image_embeddings")
    g.save(HERE / "encoder.onnx", [("image", ["N", 3, SIZE, SIZE])],
           [("image_embeddings", ["N", CHANNELS, GRID, GRID])])


def decoder() -> None:
    g = Graph()
    cells = GRID * GRID
    centres = (np.arange(GRID) + 0.5) * STRIDE
    xs, ys = [axis.reshape(1, 1, cells) for axis in np.meshgrid(centres, centres)]

    features = g("Reshape", "image_embeddings", g.const([1, CHANNELS, cells], I64))
    length = g("ReduceL2", features, axes=[1], keepdims=1)
    unit = g("Div", features, g("Add", length, g.const(1e-6)))

    def column(i: int) -> str:
        return g("Slice", "point_coords", g.const([i], I64), g.const([i + 1], I64), g.const([2], I64))  # [1, K, 1]

    dx, dy = g("Sub", g.const(xs), column(0)), g("Sub", g.const(ys), column(1))
    squared = g("Add", g("Mul", dx, dx), g("Mul", dy, dy))  # [1, K, cells]
    labels = g("Unsqueeze", "point_labels", g.const([2], I64))  # [1, K, 1]

    def having(label: float) -> str:
        away = g("Abs", g("Sub", labels, g.const(label)))
        return g("Relu", g("Sub", g.const(1.0), away))  # 1 where the label is this one

    # What lies at the points, as a mean over those of one label; zero without any.
    near = g("Softmax", g("Mul", squared, g.const(-1 / (2 * 3.0**2))), axis=2)
    at_points = g("MatMul", near, g("Transpose", unit, perm=[0, 2, 1]))  # [1, K, C]

    def similarity(label: float) -> tuple[str, str]:
        chosen = having(label)
        count = g("ReduceSum", chosen, g.const([1], I64), keepdims=1)
        mean = g("Div", g("ReduceSum", g("Mul", at_points, chosen), g.const([1], I64), keepdims=1),
                 g("Max", count, g.const(1.0)))
        return g("MatMul", mean, unit), g("Min", count, g.const(1.0))  # [1, 1, cells], [1, 1, 1]

    inside, some = similarity(1.0)
    outside, _ = similarity(0.0)
    # Places far from every positive point do not belong to it.
    far = g("Add", squared, g("Mul", g("Sub", g.const(1.0), having(1.0)), g.const(1e6)))
    nearest = g("ReduceMin", far, axes=[1], keepdims=1)
    locality = g("Mul", g("Min", nearest, g.const(40.0**2)), g.const(-4.0 / 40.0**2))
    by_points = g("Add", g("Mul", g("Sub", inside, g("Max", outside, g.const(0.6))), g.const(14.0)), locality)
    by_points = g("Mul", by_points, some)

    # A box: inside it up to 6, outside down to -6; corners are labelled 2 and 3.
    def corner(label: float, axis: int) -> str:
        return g("ReduceSum", g("Mul", column(axis), having(label)), g.const([1], I64), keepdims=1)

    boxed = g("ReduceSum", having(3.0), g.const([1], I64), keepdims=1)
    depth = g("Min", g("Min", g("Sub", g.const(xs), corner(2.0, 0)), g("Sub", corner(3.0, 0), g.const(xs))),
              g("Min", g("Sub", g.const(ys), corner(2.0, 1)), g("Sub", corner(3.0, 1), g.const(ys))))
    by_box = g("Mul", g("Clip", depth, g.const(-6.0), g.const(4.0)), boxed)
    nothing = g("Mul", g("Sub", g.const(1.0), g("Max", some, boxed)), g.const(-8.0))

    # The mask before pulls towards itself.
    pooled = g("AveragePool", "mask_input", kernel_shape=[LOW // GRID] * 2, strides=[LOW // GRID] * 2)
    before = g("Reshape", g("Clip", pooled, g.const(-4.0), g.const(4.0)), g.const([1, 1, cells], I64))
    by_mask = g("Mul", g("Mul", before, g.const(0.3)), "has_mask_input")

    logits = g("Add", g("Add", g("Add", by_points, by_box), nothing), by_mask)
    grid = g("Reshape", logits, g.const([1, 1, GRID, GRID], I64))
    g("Resize", grid, "", g.const([1, 1, LOW / GRID, LOW / GRID]), mode="linear",
      coordinate_transformation_mode="half_pixel", out="low_res_masks")
    # How decided the mask is.
    sure = g("ReduceMean", g("Sigmoid", g("Abs", logits)), axes=[2], keepdims=0)
    g("Reshape", sure, g.const([1, 1], I64), out="iou_predictions")
    g.save(HERE / "decoder.onnx",
           [("image_embeddings", [1, CHANNELS, GRID, GRID]), ("point_coords", [1, "K", 2]), ("point_labels", [1, "K"]),
            ("mask_input", [1, 1, LOW, LOW]), ("has_mask_input", [1])],
           [("low_res_masks", [1, 1, LOW, LOW]), ("iou_predictions", [1, 1])])


def manifest() -> None:
    sha = lambda text: hashlib.sha256(text).hexdigest()
    files = {role: sha((HERE / f"{role}.onnx").read_bytes()) for role in ("decoder", "encoder")}
    short = lambda values: ",".join(f"{value:g}" for value in values)
    lines = [f"{role} {digest}\n" for role, digest in files.items()]
    lines.append(f"input {SIZE} {short(MEAN)} {short(STD)}\n")
    text = json.dumps({
        "format": 1,
        "id": "tiny",
        "family": "sam",
        "licence": "MIT",
        "source": "weights set by hand, tests/support/models/tiny/build.py",
        "trainedOn": [],
        "input": {"size": SIZE, "mean": [int(m) for m in MEAN], "std": [int(s) for s in STD]},
        "embedding": {"channels": CHANNELS, "grid": GRID},
        "lowResMask": LOW,
        "decoderInputs": ["mask_input"],
        "files": {role: {"path": f"{role}.onnx", "sha256": files[role]} for role in ("encoder", "decoder")},
        "digest": sha("".join(lines).encode()),
    }, indent=2)
    (HERE / "model.json").write_text(text + "\n")


if __name__ == "__main__":
    encoder()
    decoder()
    manifest()
