/** How the elements of a data set are coded (PS3.5 §7.1 to 7.3). */
export interface Coding {
  littleEndian: boolean;
  /** Whether each element states its value representation. */
  explicit: boolean;
}

/** The head of a data element, and where its value starts. */
export interface Head {
  tag: number;
  /** Value representation, or "" where it is implicit. */
  vr: string;
  start: number;
  /** Bytes of the value, or {@linkcode UNDEFINED}. */
  length: number;
}

export const UNDEFINED = 0xffffffff;
export const ITEM = 0xfffee000;
export const ITEM_END = 0xfffee00d;
export const SEQUENCE_END = 0xfffee0dd;

/** Value representations whose length has 16 bits, and 32 (PS3.5 table 7.1-1). */
const SHORT = "AE AS AT CS DA DS DT FD FL IS LO LT PN SH SL SS ST TM UI UL US"
  .split(" ");
const LONG = "OB OD OF OL OV OW SQ SV UC UN UR UT UV".split(" ");

/** The representations by their two bytes, the first one high. */
const VRS = new Map(
  [...SHORT, ...LONG].map((vr) => [
    vr.charCodeAt(0) << 8 | vr.charCodeAt(1),
    { vr, isLong: LONG.includes(vr) },
  ]),
);

/** Elements that must follow each other well before a coding is believed. */
const CONVINCING = 3;

/** In the order in which they are tried: three explicit elements are no accident, implicit ones could be. */
const CODINGS: Coding[] = [
  { littleEndian: true, explicit: true },
  { littleEndian: false, explicit: true },
  { littleEndian: true, explicit: false },
  { littleEndian: false, explicit: false },
];

export function tagAt(
  view: DataView,
  at: number,
  littleEndian: boolean,
): number {
  return view.getUint16(at, littleEndian) * 0x10000 +
    view.getUint16(at + 2, littleEndian);
}

/** The head at a byte as its coding wants it; undefined where there is none. */
function readHead(
  view: DataView,
  at: number,
  end: number,
  { littleEndian, explicit }: Coding,
): Head | undefined {
  if (at + 8 > end) return undefined;
  const tag = tagAt(view, at, littleEndian);
  // Group 0 belongs to the network; in files it is padding, as is what follows the last mark.
  if (tag < 0x10000 || tag > SEQUENCE_END) return undefined;
  if (!explicit || tag >= ITEM) {
    const length = view.getUint32(at + 4, littleEndian);
    return { tag, vr: "", start: at + 8, length };
  }
  const known = VRS.get(view.getUint16(at + 4));
  if (known === undefined) return undefined;
  const { vr, isLong } = known;
  if (!isLong) {
    const length = view.getUint16(at + 6, littleEndian);
    return { tag, vr, start: at + 8, length };
  }
  if (at + 12 > end) return undefined;
  const length = view.getUint32(at + 8, littleEndian);
  return { tag, vr, start: at + 12, length };
}

/** Whether the head at a byte has a representation of the standard where explicit ones have it. */
export function statesVr(view: DataView, at: number): boolean {
  return VRS.has(view.getUint16(at + 4));
}

/** Whether a value ends inside its data set, or ends with a delimiter. */
export function fits({ start, length }: Head, end: number): boolean {
  return length === UNDEFINED || start + length <= end;
}

/**
 * The head at a byte. Where it contradicts its coding (no such representation, a value that does not fit), it is read
 * as other writers code: implicit among explicit elements or back, with an unknown representation, or with a length
 * of another size. Such a reading is taken where another element, or the end, follows right behind it.
 */
export function findHead(
  view: DataView,
  at: number,
  end: number,
  coding: Coding,
): Head | undefined {
  const head = readHead(view, at, end, coding);
  // An implicit length that spells a representation is hardly one.
  const isDoubtful = head === undefined || !fits(head, end) ||
    (!coding.explicit && head.tag < ITEM && statesVr(view, at));
  if (!isDoubtful) return head;
  const { littleEndian, explicit } = coding;
  const other = readHead(view, at, end, { littleEndian, explicit: !explicit });
  const readings = [head, other, ...oddHeads(view, at, end, littleEndian)];
  for (const explicit of [true, false]) {
    for (const reading of readings) {
      if (reading === undefined || reading.length === UNDEFINED) continue;
      const next = reading.start + reading.length;
      if (
        isFollowed(view, next, end, reading.tag, { littleEndian, explicit })
      ) {
        return reading;
      }
    }
  }
  return head;
}

/** A head of which only the tag is sure, with a length of 16 bits and of 32. */
function oddHeads(
  view: DataView,
  at: number,
  end: number,
  littleEndian: boolean,
): Head[] {
  if (at + 12 > end) return [];
  const tag = tagAt(view, at, littleEndian);
  if (tag < 0x10000) return [];
  const vr = VRS.get(view.getUint16(at + 4))?.vr ?? "UN";
  return [
    { tag, vr, start: at + 8, length: view.getUint16(at + 6, littleEndian) },
    { tag, vr, start: at + 12, length: view.getUint32(at + 8, littleEndian) },
  ];
}

/** Whether the data set ends at a byte, or an element with a greater tag begins there. */
export function isFollowed(
  view: DataView,
  at: number,
  end: number,
  tag: number,
  coding: Coding,
): boolean {
  if (at === end) return true;
  const head = readHead(view, at, end, coding);
  if (head !== undefined) return head.tag > tag && fits(head, end);
  if (at + 8 > end) return false;
  // The next one may be as odd as this one.
  const next = tagAt(view, at, coding.littleEndian);
  return next > tag && next >>> 16 === tag >>> 16;
}

/** Whether some elements, or all that there are, follow each other from a byte on. */
function beginsWell(
  view: DataView,
  from: number,
  end: number,
  coding: Coding,
): boolean {
  let last = 0;
  for (let at = from, n = 0; at < end && n < CONVINCING; n++) {
    const head = readHead(view, at, end, coding);
    if (head === undefined || head.tag <= last || !fits(head, end)) {
      return false;
    }
    if (head.tag >= ITEM) return n > 0;
    if (head.length === UNDEFINED) {
      return head.start + 4 <= end &&
        tagAt(view, head.start, coding.littleEndian) >= ITEM;
    }
    last = head.tag;
    at = head.start + head.length;
  }
  return last > 0;
}

/**
 * The coding of the data set from a byte on, by what its first elements are; undefined where they are none. Data sets
 * begin with a low group, whose two bytes tell their order.
 */
export function codingAt(
  view: DataView,
  at: number,
  end: number,
): Coding | undefined {
  return CODINGS.find((coding) =>
    beginsWell(view, at, end, coding) &&
    tagAt(view, at, coding.littleEndian) < 0x01000000
  );
}

/** The coding of an item, which some writers code otherwise than its data set. */
export function itemCoding(
  view: DataView,
  at: number,
  end: number,
  coding: Coding,
): Coding {
  if (at + 8 > end) return coding;
  if (statesVr(view, at) === coding.explicit) return coding;
  const other = { ...coding, explicit: !coding.explicit };
  const isOther = beginsWell(view, at, end, other) &&
    !beginsWell(view, at, end, coding);
  return isOther ? other : coding;
}
