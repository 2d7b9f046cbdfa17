import type { Context } from "hono";
import type { Warning } from "../../../lib/core/warnings.ts";
import { header } from "../../contract/answers.ts";
import type { Problem } from "../../contract/problems.ts";
import {
  sendJsonHeader,
  sendWarnings,
  warningHeaders,
} from "../../contract/warnings.ts";
import { presenceHeaders } from "../segmentations/presenter.ts";
import type { ImageResult } from "./run.ts";

/** The headers that say of an answer in one file what became of its images, for the OpenAPI document. */
export const summaryHeaders = {
  "x-structure-present": presenceHeaders["x-structure-present"],
  "x-series": header(
    "Of an answer that is a file: how many images there were, had the structure, and could not be segmented, as JSON " +
      "with the fields images, present and refused",
  ),
  "x-refused": header(
    "Of an answer that is a file: the images that could not be segmented, as a JSON array of index, type and detail in " +
      "ASCII; without detail where it is long, and the first ones where there are many; absent where there are none",
  ),
  ...warningHeaders,
};

/** What became of the images of a series. */
export class SeriesSummary {
  images = 0;
  present = 0;
  readonly refused: { index: number; problem: Problem }[] = [];
  /** Warnings, and of how many images. */
  readonly #warnings = new Map<string, { warning: Warning; count: number }>();

  add({ index, segmentation, problem }: ImageResult): void {
    this.images++;
    if (segmentation?.present) this.present++;
    if (problem !== undefined) this.refused.push({ index, problem });
    for (const warning of segmentation?.warnings ?? []) {
      const key = JSON.stringify(warning);
      const known = this.#warnings.get(key);
      if (known === undefined) {
        this.#warnings.set(key, { warning: warning as Warning, count: 1 });
      } else known.count++;
    }
  }

  /** Each warning once, with the number of its images. */
  get warnings(): Warning[] {
    return [...this.#warnings.values()].map(({ warning, count }) => ({
      ...warning,
      detail: `${warning.detail} (${count} of ${this.images} images)`,
    }));
  }

  /** States it in the headers of an answer that is a file. */
  send(c: Context): void {
    const { images, present } = this;
    const refused = this.refused.length;
    c.header("x-structure-present", String(present > 0));
    c.header("x-series", JSON.stringify({ images, present, refused }));
    sendWarnings(c, this.warnings);
    sendJsonHeader(
      c,
      "x-refused",
      this.refused.map(({ index, problem: { type, detail } }) => ({
        index,
        type,
        detail,
      })),
      ({ index, type }) => ({ index, type }),
    );
  }
}
