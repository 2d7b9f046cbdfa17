import { deepEqual, equal, ok } from "node:assert/strict";
import { augment, AUGMENTATION_NAMES } from "../../../lib/image/augment.ts";
import { drawPatient } from "../../../lib/sample/patient.ts";

const { first: { image, mask } } = drawPatient();
const areaOf = ({ data }: { data: Uint8Array }) =>
  data.reduce((sum, value) => sum + Number(value !== 0), 0);
const mean = ({ data }: { data: Uint8Array }) =>
  data.reduce((sum, value) => sum + value, 0) / data.length;
const middle = ({ width, data }: { width: number; data: Uint8Array }) => {
  let [x, y, count] = [0, 0, 0];
  data.forEach((value, i) => {
    if (value === 0) return;
    x += i % width;
    y += Math.floor(i / width);
    count++;
  });
  return [x / count, y / count];
};

Deno.test("an augmentation keeps size and channels, and its mask is binary", () => {
  for (const name of AUGMENTATION_NAMES) {
    const augmented = augment(image, mask, name);
    deepEqual(
      [augmented.image.width, augmented.image.height, augmented.image.channels],
      [image.width, image.height, image.channels],
    );
    equal(augmented.mask.data.length, mask.data.length);
    ok(augmented.mask.data.every((value) => value === 0 || value === 255));
    ok(augmented.image.data.some((value, i) => value !== image.data[i]), name);
  }
});

Deno.test("the same picture gives the same augmentation, and is not changed", () => {
  const before = image.data.slice();
  for (const name of AUGMENTATION_NAMES) {
    deepEqual(augment(image, mask, name), augment(image, mask, name));
  }
  deepEqual(image.data, before);
});

Deno.test("augmentations differ in what their names say", () => {
  const augmented = (name: typeof AUGMENTATION_NAMES[number]) =>
    augment(image, mask, name);
  ok(mean(augmented("brighter").image) > mean(image));
  ok(Math.abs(mean(augmented("noisy").image) - mean(image)) < 2);
  const area = areaOf(mask);
  ok(Math.abs(areaOf(augmented("smaller").mask) / area - 0.85 ** 2) < 0.03);
  for (const name of ["brighter", "noisy"] as const) {
    equal(areaOf(augmented(name).mask), area);
  }
});

Deno.test("scaling keeps the structure's middle; moving brings it nearer to the picture's", () => {
  const [x, y] = middle(mask);
  const [atX, atY] = middle(augment(image, mask, "smaller").mask);
  ok(Math.hypot(atX - x, atY - y) < 1);
  const [cx, cy] = [(image.width - 1) / 2, (image.height - 1) / 2];
  const [mx, my] = middle(augment(image, mask, "moved").mask);
  const moved = Math.hypot(mx - x, my - y);
  ok(Math.abs(moved - 0.06 * Math.max(image.width, image.height)) < 1);
  ok(Math.hypot(mx - cx, my - cy) < Math.hypot(x - cx, y - cy));
});

Deno.test("the whole image moves with the structure", () => {
  const { image: moved, mask: at } = augment(image, mask, "moved");
  const inside = (picture: typeof image, where: typeof mask) => {
    let [sum, count] = [0, 0];
    where.data.forEach((value, i) => {
      if (value === 0) return;
      sum += picture.data[i * picture.channels];
      count++;
    });
    return sum / count;
  };
  ok(Math.abs(inside(moved, at) - inside(image, mask)) < 3);
});
