/** Row-major float32 tensor. */
export interface Tensor {
  dims: number[];
  data: Float32Array;
}
