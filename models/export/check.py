# /// script
# requires-python = ">=3.11"
# dependencies = [
#   "mobilesam-mirror==1.0.0",
#   "numpy==2.4.6",
#   "onnx==1.23.2",
#   "onnxruntime==1.32.0",
#   "peft==0.21.2",
#   "safetensors==0.8.0",
#   "sam2==1.1.0",
#   "segment-anything==1.0",
#   "timm==1.0.31",
#   "torch==2.15.0",
#   "torchvision==0.29.2",
#   "transformers==5.23.0",
# ]
# ///
"""Checks the exports against the models' own code, on random weights.

    SAM2_BUILD_CUDA=0 uv run models/export/check.py [--only mobilesam] [--full]

Each model is built by its authors' package (segment-anything, mobilesam-mirror, sam2, transformers; all Apache-2.0),
saved as people save it, exported, and its package is run in onnxruntime against the authors' code. ViT-B runs at an
input of 256, where its architecture is the same and the machine's work a fortieth; `--full` adds ViT-B, -L and -H at
1024. MobileSAM and SAM 2 have one size, 1024.
"""

from __future__ import annotations

import argparse
import hashlib
import itertools
import json
import re
import sys
import tempfile
import warnings
from collections import OrderedDict
from collections.abc import Iterable
from functools import partial
from pathlib import Path

import torch
from safetensors.torch import save_file
from segment_anything.modeling import Sam
from torch import Tensor, nn

import convert
import mobilesam
import package
import sam
import sam_2
from check_oracles import (SMALL, SamedQkv, hugging_face_sam, official_decoder, official_mobilesam, official_sam,
                           official_sam2, persam, roughen, sam2_embedding, tiny_sam)
from checking import Results, check, close, differ, equal, export, refused, saved
from convert import DecoderGraphs
from decoder import PROMPT_INPUTS, Decoder


def check_package(folder: Path, natural: bool = True) -> None:
    """model.json by the rules of lib/model/package.ts, its hashes recomputed."""
    manifest = json.loads((folder / "model.json").read_text())
    equal(list(manifest), ["format", "id", "family", "licence", "source", "trainedOn", "input", "embedding",
                           "lowResMask", "decoderInputs", "decoderOutputs", "files", "digest"])
    lines = ""
    for role in ("decoder", "encoder", "image"):
        found = hashlib.sha256((folder / manifest["files"][role]["path"]).read_bytes()).hexdigest()
        equal(manifest["files"][role]["sha256"], found)
        lines += f"{role} {found}\n"
    mean, std = (",".join(map(str, manifest["input"][key])) for key in ("mean", "std"))
    lines += f"input {manifest['input']['size']} {mean} {std}\n"
    equal(manifest["digest"], hashlib.sha256(lines.encode()).hexdigest())
    equal(manifest["decoderInputs"], ["mask_input"] + ["attention_similarity", "target_embedding"] * natural)
    equal(manifest["decoderOutputs"], ["multi_masks", "multi_iou_predictions"] * natural)
    equal(sorted(path.name for path in folder.iterdir()), ["README.md", "decoder.onnx", "encoder.onnx", "image.onnx", "model.json"])
    if "TODO" not in (folder / "README.md").read_text():
        raise AssertionError("the card has no blanks to fill in")


def check_decoder(graphs: DecoderGraphs, model: nn.Module, ours: Decoder, embedding: dict[str, Tensor],
                  cases: Iterable[int]) -> None:
    """The package's decoder against the authors' modules on every number of points, with and without each optional
    input."""
    for points, mask, attention, target in itertools.product(cases, *[(True, False)] * 3):
        inputs = convert.random_inputs(ours, embedding, points, points, mask, attention, target)
        similarity, added = inputs["attention_similarity"], inputs["target_embedding"]
        if ours.sam2 and (attention or target):
            continue  # the patch is of SAM's transformer
        with persam(similarity, attention, added):
            wanted = official_decoder(model, inputs, ours.sam2)
        found = graphs.run(inputs)
        for name, tensor in wanted.items():
            close(found[name], tensor)


def check_sam(folder: Path) -> None:
    model = official_sam()
    path = saved(folder, model.state_dict())
    out = folder / "vit_b"
    with check("sam: vit_b is exported, float16 encoder, int8 decoder"):
        printed = export(sam, out, path, "--variant", "vit_b", "--encoder-dtype", "float16", "--decoder-dtype", "int8")
        print(printed)
        check_package(out)
    with check("sam: the encoder is the authors' within 2e-3, weights rounded to float16"):
        image = convert.random_image(SMALL, 7)
        found = convert.run(convert.session(out / "encoder.onnx"), {"image": image})
        close(found["image_embeddings"], model.image_encoder(image), 2e-3)


def check_sam_decoder(folder: Path) -> None:
    with tiny_sam() as model:
        export(sam, folder / "tiny", saved(folder, model.state_dict()))
        export(sam, folder / "plain", folder / "checkpoint.pth", "--recipe", "medical")
    graphs = DecoderGraphs(folder / "tiny")
    ours = sam_decoder(model)
    embedding = convert.random_embedding(ours, 3)
    with check("sam: decoder, points 1..7 x mask x attention x target, is the authors' within 1e-3"):
        check_decoder(graphs, model, ours, embedding, range(1, 8))
    with check("sam: each optional input changes the answer"):
        inputs = convert.random_inputs(ours, embedding, 3, 1)
        whole = torch.from_numpy(graphs.run(inputs)["low_res_masks"])
        for name in ("has_mask_input", "has_attention_similarity", "target_embedding"):
            without = graphs.run(inputs | {name: torch.zeros_like(inputs[name])})["low_res_masks"]
            differ(torch.from_numpy(without), whole)
    with check("sam: the medical decoder takes and gives what lib/runtime/onnx_model.ts expects, and the same numbers"):
        check_package(folder / "plain", natural=False)
        plain = DecoderGraphs(folder / "plain")
        equal([entry.name for entry in plain.image.get_inputs()], ["image_embeddings"])
        between = [entry.name for entry in plain.image.get_outputs()]
        equal([entry.name for entry in plain.prompt.get_inputs()],
              [*between, "point_coords", "point_labels", "mask_input", "has_mask_input"])
        equal([entry.name for entry in plain.prompt.get_outputs()], ["low_res_masks", "iou_predictions"])
        inputs = convert.random_inputs(ours, embedding, 3, 9, attention=False, target=False)
        found = plain.run({name: inputs[name] for name in PROMPT_INPUTS})
        for name, value in official_decoder(model, inputs, False).items():
            if name in found:
                close(found[name], value)


def sam_decoder(model: Sam) -> Decoder:
    return Decoder(model.prompt_encoder, model.mask_decoder, natural=True)


def check_names(folder: Path) -> None:
    with tiny_sam() as model:
        plain = model.state_dict()

        def prefixed(prefix: str) -> dict[str, Tensor]:
            return OrderedDict((prefix + name, tensor) for name, tensor in plain.items())

        compiled = {name.replace("image_encoder.", "image_encoder._orig_mod."): t for name, t in plain.items()}
        optimizer = {"state": {0: {"step": 3, "exp_avg": torch.zeros(2)}}, "param_groups": [{"lr": 1e-4}]}
        other = {name: tensor + 1 for name, tensor in plain.items()}
        for name, content, options in [
            ("a bare state dict", plain, []),
            ("DDP", prefixed("module."), []),
            ("model.", prefixed("model."), []),
            ("sam. in a training checkpoint", {"model": prefixed("sam."), "optimizer": optimizer, "epoch": 4}, []),
            ("Lightning", {"state_dict": prefixed("model.sam.") | {"criterion.weight": torch.ones(3)},
                           "optimizer_states": [optimizer], "loops": {}, "pytorch-lightning_version": "2.4.0"}, []),
            ("DDP of a wrapper", {"model_state_dict": prefixed("module.model.")}, []),
            ("torch.compile", {"model": {"_orig_mod." + name: t for name, t in compiled.items()}}, []),
            ("half precision", {name: tensor.half() for name, tensor in plain.items()}, []),
            ("the chosen of two models", {"ema": prefixed("module."), "model": other}, ["--prefix", "ema.module."]),
        ]:
            with check(f"names: {name}"):
                agree(load(saved(folder, content), *options), plain, 1e-3 if name == "half precision" else 0)
        with check("names: accelerate's model.safetensors"):
            save_file({name: t.contiguous() for name, t in prefixed("module.").items()}, folder / "model.safetensors")
            agree(load(folder / "model.safetensors"), plain)
        with check("names: only the decoder was tuned, over a base"):
            tuned = {name: tensor + 0.5 for name, tensor in plain.items() if name.startswith("mask_decoder.")}
            base = saved(folder, plain, "base.pth")
            agree(load(saved(folder, tuned), "--base", str(base)), plain | tuned)
        check_hugging_face(folder)


def load(path: Path, *options: str) -> dict[str, Tensor]:
    """The tensors of the model that sam.py would export."""
    parser = package.arguments("", list(sam.VARIANTS))
    model = sam.load(parser.parse_args(["--checkpoint", str(path), "--id", "x", "--licence", "x", "--source", "x",
                                        "--out", "x", *options]))
    return {f"image_encoder.{k}": v for k, v in model.encoder.state_dict().items()} | model.decoder.state_dict()


def agree(found: dict[str, Tensor], wanted: dict[str, Tensor], tolerance: float = 0) -> None:
    equal(sorted(found), sorted(wanted))
    for name, tensor in wanted.items():
        close(found[name], tensor, tolerance)


def check_hugging_face(folder: Path) -> None:
    with check("names: Hugging Face's SamModel; its encoder and masks are those of the export"):
        model = hugging_face_sam()
        save_file({name: t.clone() for name, t in model.state_dict().items()}, folder / "hf.safetensors")
        export(sam, folder / "hf", folder / "hf.safetensors")
        image = convert.random_image(SMALL, 8)
        found = convert.run(convert.session(folder / "hf" / "encoder.onnx"), {"image": image})
        embedding = model.get_image_embeddings(image)
        close(found["image_embeddings"], embedding[0] if isinstance(embedding, tuple) else embedding)
        points, labels = torch.rand(1, 1, 3, 2) * SMALL, torch.tensor([[[1, 0, 1]]])
        wanted = model(pixel_values=image, input_points=points, input_labels=labels, multimask_output=False)
        # Its prompt encoder adds the padding point that ours is given.
        inputs = {"image_embeddings": torch.from_numpy(found["image_embeddings"]),
                  "point_coords": torch.cat([points[0], torch.zeros(1, 1, 2)], 1),
                  "point_labels": torch.tensor([[1.0, 0.0, 1.0, -1.0]]),
                  "mask_input": torch.zeros(1, 1, SMALL // 4, SMALL // 4), "has_mask_input": torch.zeros(1),
                  "attention_similarity": torch.zeros(1, 1, SMALL // 16, SMALL // 16),
                  "has_attention_similarity": torch.zeros(1), "target_embedding": torch.zeros(1, 1, 256)}
        masks = DecoderGraphs(folder / "hf").run(inputs)
        close(masks["low_res_masks"], wanted.pred_masks[0])
        close(masks["iou_predictions"], wanted.iou_scores[0])


def check_lora(folder: Path) -> None:
    image = convert.random_image(SMALL, 4)

    def merged(path: Path, *options: str) -> Tensor:
        weights = load(path, *options)
        plain = sam.image_encoder("tiny", SMALL).eval()
        plain.load_state_dict({n[14:]: t for n, t in weights.items() if n.startswith("image_encoder.")})
        return plain(image)

    with tiny_sam() as model:
        base = saved(folder, model.state_dict(), "base.pth")
        before = model.image_encoder(image)
        with check("lora: PEFT's adapter folder, over its base"):
            from peft import LoraConfig, get_peft_model

            tuned = get_peft_model(tiny_copy(model), LoraConfig(r=4, lora_alpha=6, target_modules=["qkv", "lin1"],
                                                                 init_lora_weights=False)).eval()
            tuned.save_pretrained(folder / "adapter")
            after = tuned.base_model.model.image_encoder(image)
            differ(after, before)
            close(merged(folder / "adapter" / "adapter_model.safetensors", "--base", str(base)), after, 1e-5)
        with check("lora: PEFT's whole state dict, alpha given"):
            whole = saved(folder, {"state_dict": {f"net.{n}": t for n, t in tuned.state_dict().items()}})
            close(merged(whole, "--lora-alpha", "6"), after, 1e-5)
            refused(sam, folder, whole, ["--lora-alpha"])
        for block in model.image_encoder.blocks:
            block.attn.qkv = SamedQkv(block.attn.qkv, 4)
        after = model.image_encoder(image)
        differ(after, before)
        with check("lora: SAMed's modules"):
            close(merged(saved(folder, {f"module.sam.{n}": t for n, t in model.state_dict().items()})), after, 1e-5)
        with check("lora: SAMed's file of w_a_000, w_b_000, … over its base"):
            layers = [(b.attn.qkv.linear_a_q, b.attn.qkv.linear_b_q, b.attn.qkv.linear_a_v, b.attn.qkv.linear_b_v)
                      for b in model.image_encoder.blocks]
            content = {}
            for index, (a, b) in enumerate(pair for aq, bq, av, bv in layers for pair in ((aq, bq), (av, bv))):
                content |= {f"w_a_{index:03d}": a.weight.data, f"w_b_{index:03d}": b.weight.data}
            path = saved(folder, content)
            close(merged(path, "--base", str(base)), after, 1e-5)
            refused(sam, folder, path, ["--base"])


def tiny_copy(model: Sam) -> Sam:
    copy = official_sam(variant="tiny")
    copy.load_state_dict(model.state_dict())
    return copy


def check_min_max(folder: Path) -> None:
    with check("medsam: min-max normalisation inside of the graph, padding left out"), tiny_sam() as model:
        path = saved(folder, model.state_dict(), "medsam_vit_b.pth")
        print(export(sam, folder / "medsam", path, "--normalise", "min-max"))
        check_package(folder / "medsam")
        manifest = json.loads((folder / "medsam" / "model.json").read_text())["input"]
        pixels = torch.randint(17, 209, (1, 3, 200, SMALL)).float()
        # What lib/pipeline/preprocess.ts does: normalise by mean and std, then pad with zeros.
        mean, std = (torch.tensor(manifest[key]).view(1, 3, 1, 1) for key in ("mean", "std"))
        given, wanted = (nn.functional.pad(x, (0, 0, 0, SMALL - 200)) for x in
                         ((pixels - mean) / std, (pixels - pixels.min()) / (pixels.max() - pixels.min())))
        found = convert.run(convert.session(folder / "medsam" / "encoder.onnx"), {"image": given})
        close(found["image_embeddings"], model.image_encoder(wanted))


def check_refusals(folder: Path) -> None:
    with tiny_sam() as model:
        plain = model.state_dict()
        key = "mask_decoder.iou_token.weight"
        for name, path, words, options in [
            ("another variant", saved(folder, plain, "a.pth"), ["tiny", "96", "vit_b"], ["--variant", "vit_b"]),
            ("missing keys", saved(folder, {n: t for n, t in plain.items() if n != key}, "b.pth"), ["lacks", key], []),
            ("unexpected keys", saved(folder, plain | {"image_encoder.adapter.weight": torch.ones(2)}, "c.pth"),
             ["unexpected", "image_encoder.adapter.weight"], []),
            ("a wrong shape", saved(folder, plain | {key: torch.ones(2, 256)}, "d.pth"), [key, "[2, 256]"], []),
            ("values that are not finite", saved(folder, plain | {key: torch.full((1, 256), torch.nan)}, "e.pth"),
             ["finite", key], []),
            ("two models", saved(folder, {"ema": plain, "model": plain}, "f.pth"), ["--prefix", "ema.", "model."], []),
            ("no SAM at all", saved(folder, {"fc.weight": torch.ones(2)}, "g.pth"), ["fc.weight"], []),
            ("no tensors", saved(folder, {"epoch": 3}, "h.pth"), ["no tensors"], []),
            ("a pickle with code", saved(folder, {"model": argparse.Namespace(a=1)}, "i.pth"), ["Namespace"], []),
            ("no file", folder / "none.pth", ["no such file"], []),
        ]:
            with check(f"refused: {name}"):
                refused(sam, folder, path, words, *options)
        for name in ("cut.pth", "cut.safetensors"):
            with check(f"refused: {name}, truncated"):
                save_file(plain, folder / "whole.safetensors")
                whole = (folder / ("a.pth" if name == "cut.pth" else "whole.safetensors")).read_bytes()
                (folder / name).write_bytes(whole[: len(whole) // 2])
                refused(sam, folder, folder / name, ["damaged"])
        with check("refused: SAM for the scripts of other families"):
            refused(sam_2, folder, folder / "a.pth", ["SAM 2"])
            refused(mobilesam, folder, folder / "a.pth", ["lacks", "image_encoder.backbone"])


def check_mobilesam(folder: Path) -> None:
    model = official_mobilesam()
    path = saved(folder, model.state_dict(), "mobile_sam.pt")
    out = folder / "mobilesam"
    with check("mobilesam: exported, int8 decoder"):
        print(export(mobilesam, out, path, "--decoder-dtype", "int8"))
        check_package(out)
    with check("mobilesam: the encoder is the authors' within 1e-3"):
        image = convert.random_image(1024, 7)
        found = convert.run(convert.session(out / "encoder.onnx"), {"image": image})
        close(found["image_embeddings"], model.image_encoder(image))


def check_sam2(folder: Path) -> None:
    model = roughen(official_sam2())
    path = saved(folder, {"model": model.state_dict()}, "sam2.1_hiera_tiny.pt")
    out = folder / "sam2"
    with check("sam2: tiny is exported, float16 encoder"):
        print(export(sam_2, out, path, "--variant", "tiny", "--encoder-dtype", "float16"))
        check_package(out)
    image = convert.random_image(1024, 7)
    wanted = sam2_embedding(model, image)
    with check("sam2: the encoder's three tensors are the authors' within 2e-3, weights rounded to float16"):
        found = convert.run(convert.session(out / "encoder.onnx"), {"image": image})
        equal(sorted(found), sorted(wanted))
        for name, tensor in wanted.items():
            close(found[name], tensor, 2e-3)
    with check("sam2: the decoder's masks are the authors' within 1e-3"):
        prompts, masks = model.sam_prompt_encoder, model.sam_mask_decoder
        ours = Decoder(prompts, masks, natural=True, sam2=True)
        check_decoder(DecoderGraphs(out), model, ours, wanted, (1, 3, 7))


def check_sam2_names(folder: Path) -> None:
    for version, variant in itertools.product(("2", "2.1"), sam_2.VARIANTS):
        with check(f"sam2: every weight of SAM {version} {variant} has its place"):
            weights = sam_2.our_names(read_names(official_sam2(variant, version).state_dict()))
            equal(sam_2.variant_of(weights, None), variant)
            with torch.device("meta"):
                model = nn.ModuleDict({"image_encoder": sam_2.Encoder(sam_2.VARIANTS[variant]), "mask_decoder": sam_2.sam2_mask_decoder(),
                                       "prompt_encoder": sam_2.prompt_encoder(sam_2.SIZE)})
            shapes = {name: tuple(t.shape) for name, t in weights.items() if not re.match(sam_2.UNUSED, name)}
            equal(shapes, {name: tuple(t.shape) for name, t in model.state_dict().items()})


def read_names(weights: dict[str, Tensor]) -> dict[str, Tensor]:
    """What `read_weights` keeps, without a file."""
    return {name: tensor for name, tensor in weights.items() if name.split(".")[0] in sam_2.ROOTS}


def check_large(folder: Path, variant: str) -> None:
    with check(f"sam: {variant} at 1024; the encoder is the authors' within 2e-3, weights rounded to float16"):
        model = official_sam(1024, variant)
        path = saved(folder, model.state_dict())
        print(export(sam, folder / variant, path, "--encoder-dtype", "float16", "--decoder-dtype", "int8"))
        check_package(folder / variant)
        image = convert.random_image(1024, 7)
        found = convert.run(convert.session(folder / variant / "encoder.onnx"), {"image": image})
        close(found["image_embeddings"], model.image_encoder(image), 2e-3)


CHECKS = {"decoder": check_sam_decoder, "names": check_names, "lora": check_lora, "medsam": check_min_max,
          "refusals": check_refusals, "sam": check_sam, "mobilesam": check_mobilesam, "sam2": check_sam2,
          "sam2_names": check_sam2_names}
LARGE = {variant: partial(check_large, variant=variant) for variant in ("vit_b", "vit_l", "vit_h")}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", choices=[*CHECKS, *LARGE], action="append")
    parser.add_argument("--full", action="store_true", help="also ViT-B, -L and -H at 1024: minutes, and 12 GB")
    args = parser.parse_args()
    warnings.simplefilter("ignore")
    torch.set_grad_enabled(False)
    chosen = args.only or [*CHECKS, *(LARGE if args.full else [])]
    for name, run in (CHECKS | LARGE).items():
        if name in chosen:
            torch.manual_seed(0)
            with tempfile.TemporaryDirectory() as folder:
                run(Path(folder))
    print(f"{Results.passed} passed, {Results.failed} failed")
    sys.exit(Results.failed > 0)


if __name__ == "__main__":
    main()
