import { EdgeError, MAX_CHOICES } from "../../core/errors.ts";
import { decodeText } from "../data_set/character_set.ts";
import type { Dataset } from "../data_set/data_set.ts";

/** A part of an annotation file: a segment of a segmentation, or a region of interest of a structure set. */
export interface Structure {
  number: number;
  /**
   * Segment label or name. It is told to the sender of the file, and stands in no message, since the file's author may
   * have written a patient's name there.
   */
  name: string;
}

/** The error of an annotation file of which no part, or no single part, fits; with the parts to choose from. */
export type Refuse = (
  sentence: string,
  choices?: string[],
  names?: string[],
) => EdgeError;

export function cannotUse(kind: string): Refuse {
  return (sentence, choices = [], names = []) =>
    new EdgeError("frame-choice", `Cannot use the ${kind}: ${sentence}`, {
      choices,
      names,
    });
}

/**
 * The number of the structure that is wanted: the one of that number, or else the one of that name, compared exactly,
 * then without regard to case. It may be left out where there is only one.
 *
 * @throws {EdgeError} `frame-choice` where there is no such structure, or where several could be meant.
 */
export function chooseStructure(
  structures: Structure[],
  wanted: string | undefined,
  noun: "segment" | "structure",
  refuse: Refuse,
): number {
  const numbers = [...new Set(structures.map(({ number }) => number))];
  const listed = numbers.slice(0, MAX_CHOICES);
  const choices = listed.map(String);
  const names = listed.map((number) =>
    structures.find((one) => one.number === number && one.name !== "")?.name ??
      ""
  );
  const list = choices.join(", ") +
    (numbers.length > MAX_CHOICES ? ", …" : "");
  if (wanted === undefined) {
    if (numbers.length === 1) return numbers[0]!;
    throw refuse(
      `it has several ${noun}s; choose one with segment, by number or name: ${list}.`,
      choices,
      names,
    );
  }
  const text = wanted.trim();
  const isNumber = /^-?\d{1,15}$/.test(text);
  if (isNumber && numbers.includes(Number(text))) return Number(text);
  for (const form of [exact, withoutCase]) {
    const named = structures.filter(({ name }) => form(name) === form(text));
    const found = new Set(named.map(({ number }) => number));
    if (found.size === 1) return named[0]!.number;
    if (found.size > 1) {
      throw refuse(
        `several ${noun}s have that name; choose one by its number: ${
          [...found].slice(0, MAX_CHOICES).join(", ")
        }.`,
      );
    }
  }
  const missing = isNumber ? `${noun} ${text}` : `${noun} of that name`;
  throw refuse(`it has no ${missing}; it has: ${list}.`, choices, names);
}

/**
 * A name in the characters of its file: UTF-8, which many writers use unsaid, or else the character set that it states
 * (PS3.3 §C.12.1.1.2), or else Latin-1. What UTF-8 cannot be told from is read as stated.
 *
 * @param terms of the file's Specific Character Set.
 */
export function nameOf(dataset: Dataset, tag: number, terms = ""): string {
  const text = dataset.text(tag);
  const bytes = Uint8Array.from(text, (character) => character.charCodeAt(0));
  const stated = decodeText(bytes, terms);
  const isStated = terms.startsWith("GB") || text.includes("\x1b");
  const unicode = isStated ? null : decodeText(bytes, "ISO_IR 192");
  return unicode ?? stated ?? text;
}

const exact = (name: string) => name.trim().normalize();
const withoutCase = (name: string) => exact(name).toLowerCase();
