import { deepEqual, equal, ok, throws } from "node:assert/strict";
import { describeMask } from "../../../lib/format/mask/document.ts";
import { readLabelConfig } from "../../../lib/label_studio/label_config.ts";
import { masksOf, regionsOf } from "../../../lib/label_studio/regions.ts";

const size = { width: 90, height: 60 };
const BRUSH = `<View><!-- <BrushLabels name="no" toName="img"/> -->
  <Image name="img" value="$picture" zoom="true"/>
  <BrushLabels name="tag" toName='img'><Label value="R&amp;D" background="red"/>
    <Label value="Leber" alias="liver"/></BrushLabels></View>`;
const POLYGON = BRUSH.replaceAll("BrushLabels", "PolygonLabels");

/** A disc with a hole, and a square apart from it. */
function drawn() {
  const data = new Uint8Array(size.width * size.height);
  for (let y = 0; y < size.height; y++) {
    for (let x = 0; x < size.width; x++) {
      const r = Math.hypot(x - 30, y - 30);
      const inSquare = x > 70 && x < 84 && y > 5 && y < 22;
      if ((r < 22 && r > 8) || inSquare) data[y * size.width + x] = 255;
    }
  }
  return { ...size, data };
}

Deno.test("the interface's tags are read", () => {
  deepEqual(readLabelConfig(BRUSH), {
    from: "tag",
    to: "img",
    field: "picture",
    kind: "brushlabels",
    labels: ["R&D", "liver"],
  });
  equal(readLabelConfig(POLYGON).kind, "polygonlabels");
  for (
    const wrong of [
      "",
      "<View/>",
      '<Image name="a" value="$b"/>',
      "<".repeat(1e5),
      "<!--".repeat(2e5),
      '<a x="'.repeat(1e5),
      `<a${" ".repeat(2e5)}`,
    ]
  ) {
    throws(() => readLabelConfig(wrong), { code: "invalid-input" });
  }
});

Deno.test("a mask comes back from brush and from polygons, holes and all", () => {
  const mask = drawn();
  for (const xml of [BRUSH, POLYGON]) {
    const config = readLabelConfig(xml);
    const regions = regionsOf(describeMask(mask), "liver", config, 0.5);
    equal(regions.length, config.kind === "brushlabels" ? 1 : 2);
    for (const region of regions) {
      deepEqual([region.from_name, region.to_name], ["tag", "img"]);
    }
    const found = masksOf(regions, size);
    deepEqual([...found.keys()], ["liver"]);
    deepEqual(found.get("liver")!.data, mask.data);
  }
});

Deno.test("regions of another size, rotated or too many are refused", () => {
  const config = readLabelConfig(BRUSH);
  const [region] = regionsOf(describeMask(drawn()), "liver", config, 1);
  ok(region !== undefined);
  throws(() => masksOf([region], { width: 60, height: 90 }), /90×60/);
  throws(() => masksOf([{ ...region, image_rotation: 90 }], size), /rotated/);
  throws(
    () => masksOf(Array(300).fill(region), { width: 4000, height: 4000 }),
    /too many/,
  );
});

Deno.test("an island with a hole, within the hole of another piece, comes back", () => {
  const side = 41;
  for (const middle of [20, 14]) {
    const data = Uint8Array.from({ length: side * side }, (_, i) => {
      const [x, y] = [i % side, Math.floor(i / side)];
      const outer = Math.max(Math.abs(x - 20), Math.abs(y - 20));
      const inner = Math.max(Math.abs(x - middle), Math.abs(y - middle));
      const isIn = outer < 19 && outer >= 14 || inner < 6 && inner >= 2;
      return isIn ? 255 : 0;
    });
    const mask = { width: side, height: side, data };
    const config = readLabelConfig(POLYGON);
    const regions = regionsOf(describeMask(mask), "liver", config, 0.5);
    equal(regions.length, 2);
    deepEqual(masksOf(regions, mask).get("liver")!.data, data);
  }
});
