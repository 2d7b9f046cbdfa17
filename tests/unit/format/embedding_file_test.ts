import { equal, ok, throws } from "node:assert/strict";
import { roundEmbedding } from "../../../lib/format/embedding_file.ts";
import { mulberry32 } from "../../../lib/numerics/random.ts";

const image = { width: 1, height: 1 };
const rounded = (values: number[]) =>
  roundEmbedding({
    model: "",
    image,
    tensors: { a: { dims: [values.length], data: Float32Array.from(values) } },
  }).tensors.a!.data;

/** Compares with Math.f16round; what it makes infinite or no number is refused. */
function compare(values: number[]): void {
  const finite = values.filter((value) =>
    Number.isFinite(Math.f16round(value))
  );
  const data = rounded(finite);
  finite.forEach((value, i) => ok(Object.is(data[i], Math.f16round(value))));
  for (const value of values) {
    if (!Number.isFinite(Math.f16round(value))) {
      throws(() => rounded([value]), { code: "invalid-input" });
    }
  }
}

Deno.test("every float16 number stays, and its neighbours in float32 are rounded to it", () => {
  const bits = new Uint32Array(1);
  const value = new Float32Array(bits.buffer);
  const values: number[] = [];
  for (let pattern = 0; pattern < 65_536; pattern += 3) {
    value[0] = new Float16Array(Uint16Array.of(pattern).buffer)[0]!;
    const exact = bits[0]!;
    for (const step of [0, 1, -1, 0x1000, 0x1fff]) {
      bits[0] = exact + step;
      values.push(value[0]!);
    }
  }
  compare(values);
  equal(values.length, 5 * 21_846);
});

Deno.test("any float32 number is rounded as Math.f16round rounds it", () => {
  const random = mulberry32(3);
  const bits = Uint32Array.from({ length: 50_000 }, () => random() * 2 ** 32);
  compare([...new Float32Array(bits.buffer)]);
});
