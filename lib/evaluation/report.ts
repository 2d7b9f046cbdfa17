import {
  dice,
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

/** The pixel counts of one subject's images, for every method those that it answered. */
export interface SubjectOverlaps {
  subject: string;
  overlaps: PerMethod<Overlap[]>;
}

/** The scores of a set; every method has answered at least one image of each subject. */
export function summariseSet(
  set: string,
  counted: SubjectOverlaps[],
): SetResult {
  const subjects = counted.map(({ subject, overlaps }): SubjectResult => ({
    subject,
    scores: mapMethods(overlaps, (counts) => meanScore(counts.map(scoreOf))),
    pooledIou: mapMethods(overlaps, pooledIou),
  }));
  const [{ overlaps: methods }] = counted;
  return {
    set,
    subjects,
    videoMean: mapMethods(
      methods,
      (_, key) => meanScore(subjects.map(({ scores }) => scores[key])),
    ),
    imageMean: mapMethods(
      methods,
      (_, key) =>
        meanScore(
          counted.flatMap(({ overlaps }) => overlaps[key].map(scoreOf)),
        ),
    ),
  };
}

/** Puts sets together. */
export function summarise(sets: SetResult[]): Evaluation {
  const mean = (which: keyof Means) =>
    mapMethods(
      sets[0][which],
      (_, key) => meanScore(sets.map((set) => set[which][key])),
    );
  const meanOverSets = sets.length > 1
    ? { videoMean: mean("videoMean"), imageMean: mean("imageMean") }
    : null;
  return { sets, meanOverSets };
}

/** The same keys with other values. */
export function mapMethods<T, U>(
  values: PerMethod<T>,
  of: (value: T, key: string) => U,
): PerMethod<U> {
  return Object.fromEntries(
    Object.entries(values).map(([key, value]) => [key, of(value, key)]),
  );
}

/** Mean Dice of the third of the images where one method is worst, by it and by another; both answered the same images. */
export function worstThird(
  counted: SubjectOverlaps[],
  before: string,
  after: string,
): { images: number; before: number; after: number } {
  const pairs = counted.flatMap(({ overlaps }) =>
    overlaps[before].map((counts, i) => [
      dice(counts),
      dice(overlaps[after][i]),
    ])
  ).sort(([a], [b]) => a - b);
  const worst = pairs.slice(0, Math.max(1, Math.round(pairs.length / 3)));
  const mean = (which: 0 | 1) =>
    worst.reduce((sum, pair) => sum + pair[which], 0) / worst.length;
  return { images: worst.length, before: mean(0), after: mean(1) };
}
