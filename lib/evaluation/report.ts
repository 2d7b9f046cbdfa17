import {
  meanScore,
  type Overlap,
  pooledIou,
  type Score,
  scoreOf,
} from "./metrics.ts";

/** One value for every method, by the method's key. */
export type PerMethod<T> = Record<string, T>;

export interface SubjectResult {
  subject: string;
  /** Means over the subject's images. */
  scores: PerMethod<Score>;
  /** IoU of all the subject's pixels together, as PerSeg is scored. */
  pooledIou: PerMethod<number>;
}

export interface Means {
  /** Mean over subjects of the means over their images. */
  videoMean: PerMethod<Score>;
  /** Mean over all images. */
  imageMean: PerMethod<Score>;
}

export interface SetResult extends Means {
  set: string;
  subjects: SubjectResult[];
}

export interface Evaluation {
  sets: SetResult[];
  /** The means over the sets' means, each set weighing the same; null for a single set. */
  meanOverSets: Means | null;
}

/** The pixel counts of one subject's images: for every method those of the images that it answered. */
export interface SubjectOverlaps {
  subject: string;
  overlaps: PerMethod<Overlap[]>;
}

/** The scores of a set of at least one subject; every method has answered at least one image of each. */
export function summariseSet(
  set: string,
  counted: SubjectOverlaps[],
): SetResult {
  const subjects = counted.map(({ subject, overlaps }): SubjectResult => ({
    subject,
    scores: mapMethods(overlaps, (counts) => meanScore(counts.map(scoreOf))),
    pooledIou: mapMethods(overlaps, pooledIou),
  }));
  return {
    set,
    subjects,
    videoMean: meanScores(subjects.map(({ scores }) => scores)),
    imageMean: mapMethods(
      gatherMethods(counted.map(({ overlaps }) => overlaps)),
      (counts) => meanScore(counts.flat().map(scoreOf)),
    ),
  };
}

/** Puts sets together. */
export function summarise(sets: SetResult[]): Evaluation {
  const meanOverSets = sets.length > 1
    ? {
      videoMean: meanScores(sets.map(({ videoMean }) => videoMean)),
      imageMean: meanScores(sets.map(({ imageMean }) => imageMean)),
    }
    : null;
  return { sets, meanOverSets };
}

function meanScores(scores: PerMethod<Score>[]): PerMethod<Score> {
  return mapMethods(gatherMethods(scores), meanScore);
}

/** The same keys with other values. */
export function mapMethods<T, U>(
  values: PerMethod<T>,
  of: (value: T) => U,
): PerMethod<U> {
  return Object.fromEntries(
    Object.entries(values).map(([key, value]) => [key, of(value)]),
  );
}

/** For every method its values in the order of the list. */
export function gatherMethods<T>(list: PerMethod<T>[]): PerMethod<T[]> {
  const gathered: PerMethod<T[]> = {};
  for (const values of list) {
    for (const [key, value] of Object.entries(values)) {
      (gathered[key] ??= []).push(value);
    }
  }
  return gathered;
}

/** The mean Dice of one method and of another over the third of the images where the first is worst. */
export interface WorstThird {
  images: number;
  before: number;
  after: number;
}

/** Compares two methods that answered the same images. */
export function worstThird(
  counted: SubjectOverlaps[],
  before: string,
  after: string,
): WorstThird {
  const diceOf = (method: string) =>
    counted.flatMap(({ overlaps }) => overlaps[method] ?? [])
      .map((counts) => scoreOf(counts).dice);
  const second = diceOf(after);
  // Both lists have the same length.
  const pairs = diceOf(before)
    .map((dice, i): [number, number] => [dice, second[i]!])
    .sort(([a], [b]) => a - b);
  const worst = pairs.slice(0, Math.max(1, Math.round(pairs.length / 3)));
  const mean = (which: 0 | 1) =>
    worst.reduce((sum, pair) => sum + pair[which], 0) / worst.length;
  return { images: worst.length, before: mean(0), after: mean(1) };
}
