import type { Engine, ProfileFile } from "../engine/engine.ts";
import { readInputFile, usingFile } from "../core/files.ts";
import type { Dataset, Pair, Subject } from "./data_set.ts";
import { inParallel } from "./in_parallel.ts";
import type { Method, Reference } from "./methods.ts";
import {
  gatherMethods,
  mapMethods,
  type PerMethod,
  type SubjectOverlaps,
} from "./report.ts";
import { readScene, type Scene } from "./scene.ts";
import { type Overlap, overlap } from "./metrics.ts";

/** What scores a set. */
export interface Evaluator {
  engine: Engine;
  methods: PerMethod<Method>;
  maxPixels: number;
  /** How many images of each subject are enrolled, the first ones: by default 1. Subjects without more are left out. */
  references?: number;
  /** Images that are worked on at a time, by default 1. */
  parallel?: number;
  /** Called after every image. */
  step?: () => void;
}

/** The subjects of a set that have images beside their references. */
export function scoredSubjects(
  { subjects }: Dataset,
  references = 1,
): Subject[] {
  return subjects.filter(({ pairs }) => pairs.length > references);
}

/**
 * Enrols the first image of each subject, and counts every method's pixels on the images that it is for. Where an image
 * does not show the structure, an empty answer scores 1 and any other 0; a method without an answer to it (see
 * `Method`) is not scored there.
 */
export async function countSet(
  dataset: Dataset,
  evaluator: Evaluator,
): Promise<SubjectOverlaps[]> {
  const { references, parallel = 1 } = evaluator;
  const subjects = scoredSubjects(dataset, references);
  const counted = await inParallel(
    tasksOf(subjects, evaluator),
    parallel,
    async ({ subject, count }) => ({ subject, counts: await count() }),
  );
  const bySubject = Map.groupBy(counted, ({ subject }) => subject);
  return subjects.map((subject) => ({
    subject: subject.name,
    overlaps: mapMethods(
      gatherMethods((bySubject.get(subject) ?? []).map(({ counts }) => counts)),
      (lists) => lists.flat(),
    ),
  }));
}

/** Some images of a subject, which are scored one after the other. */
interface Task {
  subject: Subject;
  count(): Promise<PerMethod<Overlap[]>>;
}

/** Per subject a task for all references together, then one for each target; taking the first enrols the subject. */
function* tasksOf(subjects: Subject[], evaluator: Evaluator): Generator<Task> {
  const { engine, maxPixels, references = 1 } = evaluator;
  for (const subject of subjects) {
    const { pairs } = subject;
    const enrolling = enrolAll(pairs.slice(0, references), evaluator);
    yield {
      subject,
      async count() {
        const { scenes, reference } = await enrolling;
        return scoreScenes(scenes, reference, ["all"], evaluator);
      },
    };
    for (const target of pairs.slice(references)) {
      yield {
        subject,
        async count() {
          const scene = await readScene(engine, target, maxPixels);
          const { reference } = await enrolling;
          const on: Method["on"][] = ["all", "targets"];
          return scoreScenes([scene], reference, on, evaluator);
        },
      };
    }
  }
}

async function enrolAll(
  pairs: Pair[],
  { engine, maxPixels }: Evaluator,
): Promise<{ scenes: Scene[]; reference: Reference }> {
  const scenes: Scene[] = [];
  const profiles: ProfileFile[] = [];
  for (const pair of pairs) {
    const scene = await readScene(engine, pair, maxPixels);
    const file = { bytes: await readInputFile(pair.mask) };
    const profile = await usingFile(
      pair.mask,
      () => engine.enrol(scene.embedding.bytes, { file }),
    );
    scenes.push(scene);
    profiles.push(profile);
  }
  // There is at least one reference.
  const [profile] = profiles as [ProfileFile];
  const [{ truth: mask }] = scenes as [Scene];
  return { scenes, reference: { profile, profiles, mask } };
}

async function scoreScenes(
  scenes: Scene[],
  reference: Reference,
  on: Method["on"][],
  { engine, methods, step }: Evaluator,
): Promise<PerMethod<Overlap[]>> {
  const counted = mapMethods(methods, (): Overlap[] => []);
  for (const scene of scenes) {
    for (const [key, method] of Object.entries(methods)) {
      if (!on.includes(method.on)) continue;
      const predicted = await method.predict(engine, scene, reference);
      if (predicted === null) continue;
      counted[key]?.push(overlap(predicted, scene.truth));
    }
    step?.();
  }
  return counted;
}
