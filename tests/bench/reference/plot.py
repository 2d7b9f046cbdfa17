"""Draws what compare.ts measured: python plot.py FOLDER reads results.json there and writes results.png."""

import json
import sys
from pathlib import Path
from statistics import median

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt  # noqa: E402

STAGES = {"preprocess": "preprocess", "encode": "encode", "parts": "parts", "enrolment": "whole enrolment",
          "prompts": "prompts", "decode": "decode", "box": "boxes", "retrieval": "retrieval", "output": "mask output",
          "around": "all but networks", "segmentation": "whole segmentation"}

TICKS = [0.25, 0.5, 1, 2, 5, 10, 20, 50]


def main() -> None:
    folder = Path(sys.argv[1])
    results = json.loads((folder / "results.json").read_text())
    sizes = [key for key in results if "×" in key]
    figure, axes = plt.subplots(1, len(sizes) + 1, figsize=(13, 4.2), layout="constrained")
    for axis, size in zip(axes, sizes):
        theirs = results[size]["reference"]
        stages = [stage for stage in STAGES if stage in theirs]
        sides = [side for side in results[size] if side != "reference"]
        for i, side in enumerate(sides):
            ours = results[size][side]
            ratios = [sorted(t / o for t, o in zip(theirs[s], ours[s])) for s in stages]
            middle = [median(r) for r in ratios]
            error = [[m - r[0] for m, r in zip(middle, ratios)], [r[-1] - m for m, r in zip(middle, ratios)]]
            at = [k + (i - (len(sides) - 1) / 2) * 0.26 for k in range(len(stages))]
            axis.barh(at, [m - 1 for m in middle], 0.24, left=1, xerr=error, label=side, error_kw={"lw": 0.6})
        axis.set_yticks(range(len(stages)), [STAGES[s] for s in stages])
        axis.invert_yaxis()
        axis.set_xscale("log")
        axis.set_xticks(TICKS, [f"{tick:g}×" for tick in TICKS])
        axis.set_xticks([], minor=True)
        axis.grid(axis="x", lw=0.4)
        axis.set_axisbelow(True)
        axis.axvline(1, color="black", lw=0.8)
        axis.set_title(f"{size}: times faster than the reference", fontsize=9)
        axis.tick_params(labelsize=8)
    figure.legend(*axes[0].get_legend_handles_labels(), fontsize=8, loc="outside lower left", ncols=3)
    points = [int(n) for n in results["emd"]]
    for name, key in (("POT", "theirs"), ("ours", "ours")):
        axes[-1].plot(points, [median(results["emd"][str(n)][key]) for n in points], "o-", label=name, ms=3)
    axes[-1].set(xscale="log", yscale="log", xlabel="points a side", ylabel="ms")
    axes[-1].set_title("exact distance with its cost matrix", fontsize=9)
    axes[-1].legend(fontsize=8)
    figure.savefig(folder / "results.png", dpi=90)


if __name__ == "__main__":
    main()
