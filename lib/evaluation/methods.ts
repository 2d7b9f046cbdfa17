import type {
  Engine,
  MaskPrompt,
  ProfileFile,
  SegmentationRequest,
} from "../engine/engine.ts";
import { decodeRle, type Rle } from "../format/mask/rle.ts";
import { resizeNearest } from "../image/resize_nearest.ts";
import type { Recipe } from "../pipeline/recipe.ts";
import type { Mask } from "../core/mask.ts";
import type { Point } from "../core/geometry.ts";
import { centrePoint, truthBox } from "./ground_truth.ts";
import type { PerMethod } from "./report.ts";
import type { Scene } from "./scene.ts";
import { simulatedClick } from "./simulated_click.ts";

/** What a subject's annotated image gives: its profile, and its mask in its own image frame. */
export interface Reference {
  profile: ProfileFile;
  mask: Mask;
  /** Of several annotated images, the reference first. */
  profiles: ProfileFile[];
}

/** A way to segment that is scored. */
export interface Method {
  title: string;
  /**
   * Which images of a subject it is scored on: those beside the reference, for
   * a method that is given the reference; all, for one that is not.
   */
  on: "targets" | "all";
  /** Its mask in the image frame, or null where the truth leaves it nothing to go by. */
  predict(
    engine: Engine,
    scene: Scene,
    reference: Reference,
  ): Promise<Mask | null>;
}

/** The method by a recipe, and what to compare it with. */
export function methodsOf(recipe: Recipe): PerMethod<Method> {
  return {
    p2sam: oneShot("P²SAM", { recipe }),
    onePrototype: oneShot("one prototype, one pass", {
      recipe: { parts: [1], negatives: [0], guided: false },
      passes: 1,
    }),
    copiedMask: {
      title: "copied mask",
      on: "targets",
      predict: (_, { truth: { width, height } }, { mask }) =>
        Promise.resolve(resizeNearest(mask, width, height)),
    },
    box: prompted("box", (truth) => {
      const box = truthBox(truth);
      return box && { points: [], box };
    }),
    centrePoint: prompted("centre point", (truth) => {
      const point = centrePoint(truth);
      return point && { points: [point] };
    }),
  };
}

/** The method with all of several references. */
export function severalReferences(
  recipe: Recipe,
  count: number,
): PerMethod<Method> {
  return {
    several: {
      title: `P²SAM, ${count} references`,
      on: "targets",
      async predict(engine, { embedding }, { profiles }) {
        const files = profiles.map(({ bytes }) => bytes);
        const request = { recipe, evenAbsent: true };
        const answer = await engine.segment(embedding.bytes, files, request);
        return decodeRle(answer.mask);
      },
    },
  };
}

/** The method, and then clicks of somebody who knows the truth. */
export function corrected(recipe: Recipe, clicks: number): PerMethod<Method> {
  return {
    corrected: {
      title: `P²SAM, ${clicks} ${clicks === 1 ? "click" : "clicks"}`,
      on: "targets",
      async predict(engine, { embedding, truth }, { profile }) {
        const { mask } = await engine.segment(
          embedding.bytes,
          [profile.bytes],
          { recipe, evenAbsent: true },
        );
        let current: Rle = mask;
        const points: Point[] = [];
        for (let i = 0; i < clicks; i++) {
          const before = decodeRle(current);
          const click = simulatedClick(before, truth);
          if (click === null) break;
          points.push(click);
          const isEmpty = !before.data.includes(255);
          const prompt = { points, ...(!isEmpty && { mask: current }) };
          current = (await engine.decode(embedding.bytes, prompt)).mask;
        }
        return decodeRle(current);
      },
    },
  };
}

/** The method by a recipe with one part switched off at a time. */
export function ablationsOf(recipe: Recipe): PerMethod<Method> {
  return {
    oneCandidate: oneShot("n = 1 without retrieval", {
      recipe: { ...recipe, parts: [1] },
    }),
    onePass: oneShot("one pass", { recipe, passes: 1 }),
    twoPasses: oneShot("two passes", { recipe, passes: 2 }),
  };
}

/** Segments from the reference alone. */
function oneShot(title: string, request: SegmentationRequest): Method {
  return {
    title,
    on: "targets",
    async predict(engine, { embedding }, { profile }) {
      const answer = await engine.segment(
        embedding.bytes,
        [profile.bytes],
        { ...request, evenAbsent: true },
      );
      return decodeRle(answer.mask);
    },
  };
}

/** Decodes the prompt that somebody who knows the truth would give. */
function prompted(
  title: string,
  promptOf: (truth: Mask) => MaskPrompt | null,
): Method {
  return {
    title,
    on: "all",
    async predict(engine, { embedding, truth }) {
      const prompt = promptOf(truth);
      if (prompt === null) return null;
      const { mask } = await engine.decode(embedding.bytes, prompt);
      return decodeRle(mask);
    },
  };
}
