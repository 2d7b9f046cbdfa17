import { deepEqual, equal, ok } from "node:assert/strict";
import { Mask } from "../../../functions/page/mask.js";
import { MaskEditor } from "../../../functions/page/mask_editor.js";

/** An editor of an empty mask in a viewer that draws nothing; its decoder answers never. */
function openEditor() {
  const nothing = () => {};
  const viewer = {
    ...{ scale: 1, brush: 0, cursor: null, draft: [], polygon: {} },
    ...{ setMask: nothing, setPoints: nothing, setPreview: nothing },
    ...{ redraw: nothing, paint: nothing },
  };
  const mask = new Mask(100, 100);
  const asked: AbortSignal[] = [];
  const editor = new MaskEditor(viewer as never, mask, {
    decode: (_, signal) => {
      asked.push(signal);
      return new Promise<never>((_, reject) =>
        signal.addEventListener("abort", () => reject(signal.reason))
      );
    },
    preview: () => Promise.reject(new Error("It is not asked.")),
    ...{ changed: nothing, failed: nothing },
  });
  const paint = (y: number) => {
    editor.down([20, y]);
    editor.move([60, y]);
  };
  return { editor, mask, asked, paint };
}

Deno.test("a stroke that goes on is kept by whatever ends it", () => {
  const ways: ((editor: MaskEditor) => void)[] = [
    (editor) => editor.use("eraser", 20),
    (editor) => editor.use("brush", 30),
    (editor) => editor.stop(),
    (editor) => editor.close(),
  ];
  for (const end of ways) {
    const { editor, mask, paint } = openEditor();
    editor.use("brush", 20);
    paint(50);
    end(editor);
    equal(editor.isPressed, false);
    ok(mask.area > 0);
    equal(editor.area, mask.area);
    deepEqual(editor.drawing.rle, mask.toRle());
    editor.undo();
    equal(mask.area, 0);
  }
});

Deno.test("a pinch, Escape and undo take back the stroke that goes on, and it alone", () => {
  for (const way of ["cancel", "escape", "undo"] as const) {
    const { editor, mask, paint } = openEditor();
    editor.use("brush", 20);
    paint(20);
    editor.up([60, 20]);
    const { area } = mask;
    paint(60);
    ok(mask.area > area);
    editor[way]();
    equal(mask.area, area, way);
    editor.undo();
    equal(mask.area, 0, way);
  }
});

Deno.test("undo takes back the click that is being decoded, and it alone", async () => {
  const { editor, mask, asked, paint } = openEditor();
  editor.use("brush", 20);
  paint(50);
  editor.up([60, 50]);
  const { area } = mask;
  editor.use("inside", 20);
  editor.down([80, 80]);
  editor.up([80, 80]);
  equal(editor.busy, true);
  editor.undo();
  deepEqual(asked.map(({ aborted }) => aborted), [true]);
  equal(mask.area, area);
  // At once, before the decoder has noticed.
  editor.undo();
  equal(mask.area, 0);
  await new Promise((resolve) => setTimeout(resolve));
  equal(mask.area, 0);
  editor.redo();
  equal(mask.area, area);
});

Deno.test("what was not painted is not kept when the tool changes", () => {
  const { editor, mask, asked } = openEditor();
  editor.use("box", 20);
  editor.down([10, 10]);
  editor.move([60, 60]);
  editor.use("brush", 20);
  equal(mask.area, 0);
  equal(asked.length, 0);
  equal(editor.touched, false);
});
