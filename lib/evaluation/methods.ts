import type {
  Engine,
  MaskPrompt,
  ProfileFile,
  SegmentationRequest,
} from "../engine/engine.ts";
import { describeMask } from "../format/mask/document.ts";
import { decodeRle, type Rle } from "../format/mask/rle.ts";
import { resizeNearest } from "../image/resize.ts";
import type { Recipe } from "../pipeline/recipe.ts";
import type { Mask } from "../core/mask.ts";
import type { Point } from "../core/geometry.ts";
import type { PerMethod } from "./report.ts";
import type { Scene } from "./scene.ts";
import { centrePoint, simulatedClick } from "./clicks.ts";

/** What a subject's annotated images give. */
export interface Reference {
  /** The profile and the mask of the first, the mask in the image space of that image. */
  profile: ProfileFile;
  mask: Mask;
  /** The profiles of all, the first's first. */
  profiles: ProfileFile[];
}

/** A way to segment that is scored. */
export interface Method {
  title: string;
  /** The images of a subject it is scored on: a method that uses the reference, on the others; any other, on all. */
  on: "targets" | "all";
  /** Its mask in image space; null for a method that is prompted with the truth where the truth is empty. */
  predict(
    engine: Engine,
    scene: Scene,
    reference: Reference,
  ): Promise<Mask | null>;
}

/** Which methods are scored. */
export interface MethodChoice {
  recipe: Recipe;
  /** More than 1 adds the method with that many references. */
  references: number;
  /** More than 0 adds the method followed by that many clicks. */
  clicks: number;
  /** Adds the method with one of its steps switched off at a time. */
  ablate: boolean;
}

/** The methods of a choice by their keys, in the order of a report. */
export function chosenMethods(
  { recipe, references, clicks, ablate }: MethodChoice,
): PerMethod<Method> {
  return {
    ...methodsOf(recipe),
    ...(references > 1 && { several: severalReferences(recipe, references) }),
    ...(clicks > 0 && { corrected: corrected(recipe, clicks) }),
    ...(ablate && ablationsOf(recipe)),
  };
}

/** The method with a recipe, and what it is compared with. */
export function methodsOf(recipe: Recipe) {
  return {
    p2sam: segmenting("P²SAM", { recipe }),
    onePrototype: segmenting("one prototype, one pass", {
      recipe: { parts: [1], negatives: [0], guided: false, dense: false },
      passes: 1,
    }),
    copiedMask: {
      title: "copied mask",
      on: "targets",
      predict: (_, { truth: { width, height } }, { mask }) =>
        Promise.resolve(resizeNearest(mask, width, height)),
    },
    box: prompted("box", (truth) => {
      const { box } = describeMask(truth);
      return box && { points: [], box };
    }),
    centrePoint: prompted("centre point", (truth) => {
      const point = centrePoint(truth);
      return point && { points: [point] };
    }),
  } satisfies PerMethod<Method>;
}

/** The method with all of several references. */
export function severalReferences(recipe: Recipe, count: number): Method {
  return segmenting(`P²SAM, ${count} references`, { recipe }, "profiles");
}

/** The method, followed by simulated clicks on its errors. */
export function corrected(recipe: Recipe, clicks: number): Method {
  return {
    title: `P²SAM, ${clicks} ${clicks === 1 ? "click" : "clicks"}`,
    on: "targets",
    async predict(engine, scene, { profile }) {
      let current = await segment(engine, scene, [profile], { recipe });
      const points: Point[] = [];
      for (let i = 0; i < clicks; i++) {
        const before = decodeRle(current);
        const click = simulatedClick(before, scene.truth);
        if (click === null) break;
        points.push(click);
        const isEmpty = !before.data.includes(255);
        const prompt = { points, ...(!isEmpty && { mask: current }) };
        const answer = await engine.decode(scene.embedding.bytes, prompt);
        current = answer.mask;
      }
      return decodeRle(current);
    },
  };
}

/** The method with one of its steps switched off at a time. */
export function ablationsOf(recipe: Recipe) {
  return {
    oneCandidate: segmenting("n = 1 without retrieval", {
      recipe: { ...recipe, parts: [1] },
    }),
    onePass: segmenting("one pass", { recipe, passes: 1 }),
    twoPasses: segmenting("two passes", { recipe, passes: 2 }),
  } satisfies PerMethod<Method>;
}

/** Segments by the first reference alone, or by all. */
function segmenting(
  title: string,
  request: SegmentationRequest,
  by: "profile" | "profiles" = "profile",
): Method {
  return {
    title,
    on: "targets",
    predict: async (engine, scene, reference) =>
      decodeRle(await segment(engine, scene, [reference[by]].flat(), request)),
  };
}

/** The mask by profiles, also where the structure is called absent. */
async function segment(
  engine: Engine,
  { embedding }: Scene,
  profiles: ProfileFile[],
  request: SegmentationRequest,
): Promise<Rle> {
  const files = profiles.map(({ bytes }) => bytes);
  const options = { ...request, evenAbsent: true };
  return (await engine.segment(embedding.bytes, files, options)).mask;
}

/** Decodes a prompt that is made from the true mask. */
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
