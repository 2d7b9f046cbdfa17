// @ts-self-types="./codecs.d.ts"
// Source-phase imports: compiled, not instantiated, WebAssembly. Deno finds the
// files inside the npm packages by itself, whatever the layout of its cache,
// and compiles each once per isolate. TypeScript cannot parse this syntax yet,
// hence the plain JavaScript file.
import source jpegDecoder from "@jsquash/jpeg/codec/dec/mozjpeg_dec.wasm";
import source webpDecoder from "@jsquash/webp/codec/dec/webp_dec.wasm";

export { jpegDecoder, webpDecoder };
