import type { Engine, ProfileFile } from "../engine/engine.ts";
import { naming, readNamed } from "../cli/arguments.ts";
import type { Dataset, Pair, Subject } from "./data_set.ts";
import { inParallel } from "./in_parallel.ts";
import type { Method, Reference } from "./methods.ts";
import {
  mapMethods,
  type PerMethod,
  type SetResult,
  type SubjectOverlaps,
  summariseSet,
} from "./report.ts";
import { readScene, type Scene } from "./scene.ts";
import { type Overlap, overlap } from "./metrics.ts";

/** What scores a set. */
export interface Evaluator {
  engine: Engine;
  methods: PerMethod<Method>;
  maxPixels: number;
  /** Images of each subject that are enrolled, the first ones: 1 where left out. Subjects of no more are left out. */
  references?: number;
  /** Images that are worked on at a time: 1 where left out. */
  parallel?: number;
  /** Called after every image. */
  step?: () => void;
}

/**
 * Enrols the first image of each subject, and scores every method on the images
 * that it is for. An empty answer to an image without the structure scores 1, any
 * other 0; a method that has no answer to it (see `Method`) is not scored there.
 */
export async function evaluateSet(
  dataset: Dataset,
  evaluator: Evaluator,
): Promise<SetResult> {
  return summariseSet(dataset.name, await countSet(dataset, evaluator));
}

/** The subjects of a set that have images beside their references. */
export function scoredSubjects(
  { subjects }: Dataset,
  references = 1,
): Subject[] {
  return subjects.filter(({ pairs }) => pairs.length > references);
}

/** The pixel counts of every subject of a set. */
export async function countSet(
  dataset: Dataset,
  evaluator: Evaluator,
): Promise<SubjectOverlaps[]> {
  const { methods, references, parallel = 1 } = evaluator;
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
      methods,
      (_, key) => bySubject.get(subject)!.flatMap(({ counts }) => counts[key]),
    ),
  }));
}

/** A part of a subject's images that are scored one after the other. */
interface Task {
  subject: Subject;
  count(): Promise<PerMethod<Overlap[]>>;
}

/** Of each subject, first the references together, then every target; a subject is begun when its first is taken. */
function* tasksOf(
  subjects: Subject[],
  evaluator: Evaluator,
): Generator<Task> {
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
    const file = { bytes: await readNamed(pair.mask) };
    scenes.push(scene);
    profiles.push(
      await naming(
        pair.mask,
        () => engine.enrol(scene.embedding.bytes, { file }),
      ),
    );
  }
  const [profile] = profiles;
  const [{ truth: mask }] = scenes;
  return { scenes, reference: { profile, profiles, mask } };
}

async function scoreScenes(
  scenes: Scene[],
  reference: Reference,
  on: Method["on"][],
  { engine, methods, step }: Evaluator,
): Promise<PerMethod<Overlap[]>> {
  const overlaps = mapMethods(methods, (): Overlap[] => []);
  for (const scene of scenes) {
    for (const [key, method] of Object.entries(methods)) {
      if (!on.includes(method.on)) continue;
      const predicted = await method.predict(engine, scene, reference);
      if (predicted !== null) {
        overlaps[key].push(overlap(predicted, scene.truth));
      }
    }
    step?.();
  }
  return overlaps;
}
