import type { InputFile } from "../engine/engine.ts";

/** One image of a series, read when its turn comes. */
export interface SeriesImage {
  /** What the sender calls it; may name a person, so it goes back to the sender alone. */
  name: string | null;
  /** @throws ImageError or EdgeError when this image is bad; the others are not. */
  read(): Promise<InputFile>;
}

/** What a series may hold. */
export interface SeriesLimits {
  /** Bytes of one image file. */
  maxBytes: number;
  /** Bytes of the series, and of a zip's unpacked files together. */
  maxSeriesBytes: number;
  maxImages: number;
}
