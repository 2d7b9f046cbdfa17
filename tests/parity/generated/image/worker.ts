/// <reference lib="deno.worker" />
// Decodes what is posted to it and posts the pixels back, for decode_test.ts.
import { decodeImage } from "../../../../lib/image/decode.ts";

self.onmessage = async ({ data }: MessageEvent<Uint8Array>) => {
  const raster = await decodeImage(data, { maxPixels: 1_000_000 });
  self.postMessage(raster.data);
};
