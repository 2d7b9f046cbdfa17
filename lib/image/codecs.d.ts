/** libjpeg's fork MozJPEG, compiled: the decoder of `@jsquash/jpeg`. */
export const jpegDecoder: WebAssembly.Module;
/** libwebp, compiled: the decoder of `@jsquash/webp`. */
export const webpDecoder: WebAssembly.Module;
