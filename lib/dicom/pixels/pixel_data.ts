import type { Dataset } from "../data_set/data_set.ts";
import { unsupported } from "../data_set/data_set.ts";
import {
  isNative,
  nameOf,
  RLE,
  syntaxOf,
  UNCOMPRESSED,
} from "./transfer_syntax.ts";

/** Pixel data as they lie in a file. */
export interface PixelData {
  /** As the file states it, or as the bytes show where that is missing or wrong. */
  transferSyntax: string;
  /** The frames one after another, where they are not compressed. */
  native?: Uint8Array;
  /** The offset table and the fragments of compressed frames. */
  fragments?: Uint8Array[];
  /** What the file says of them that is wrong, as a sentence. */
  doubt?: string;
}

/** Item tag, little endian. */
const ITEM = [0xfe, 0xff, 0x00, 0xe0];

/**
 * Finds out how pixel data are stored. The element shows whether they are in fragments; where the transfer syntax says
 * otherwise, says nothing, or names another codec, the first compressed frame shows its own.
 *
 * @param nativeBytes how long uncompressed pixel data would be.
 * @throws {EdgeError}
 */
export function readPixelData(
  dataset: Dataset,
  tag: number,
  stated: string,
  nativeBytes: number,
): PixelData {
  const bytes = dataset.bytes(tag) ?? new Uint8Array();
  const isStatedNative = stated === "" || isNative(stated);
  const fragments = withTable(dataset.fragments(tag)) ??
    hiddenFragments(bytes, nativeBytes, isStatedNative);
  if (fragments === undefined) {
    if (isStatedNative) {
      return { transferSyntax: stated || UNCOMPRESSED, native: bytes };
    }
    // Other syntaxes may store plain pixels in other ways.
    if (!isCompressed(stated)) return { transferSyntax: stated, native: bytes };
    return {
      transferSyntax: UNCOMPRESSED,
      native: bytes,
      doubt: "It says that its pixels are compressed, and they are not.",
    };
  }
  const shown = syntaxOf(fragments[1] ?? new Uint8Array());
  if (isStatedNative) {
    if (shown === undefined) {
      throw unsupported(
        "a transfer syntax that names how its pixels are compressed",
        "none, or one of uncompressed pixels",
      );
    }
    return {
      transferSyntax: shown,
      fragments,
      doubt: `It says nothing of its pixels' compression${
        stated === "" ? "" : ", or that there is none"
      }; what they are was read from their first bytes.`,
    };
  }
  if (
    shown === undefined || !isCompressed(stated) ||
    familyOf(shown) === familyOf(stated)
  ) {
    return { transferSyntax: stated, fragments };
  }
  return {
    transferSyntax: shown,
    fragments,
    doubt:
      "It names another compression than its pixels have; they were read as what they are.",
  };
}

/** Fragments with their offset table, which some writers leave out. */
function withTable(fragments?: Uint8Array[]): Uint8Array[] | undefined {
  const lacksTable = fragments?.[0] !== undefined &&
    syntaxOf(fragments[0]) !== undefined;
  return lacksTable ? [new Uint8Array(), ...fragments] : fragments;
}

/** Whether a syntax is one of codestreams that show what they are. */
function isCompressed(transferSyntax: string): boolean {
  return transferSyntax === RLE ||
    transferSyntax.startsWith("1.2.840.10008.1.2.4.");
}

/** Fragments in an element whose length is stated: as items, or one frame that stands alone. */
function hiddenFragments(
  bytes: Uint8Array,
  nativeBytes: number,
  isStatedNative: boolean,
): Uint8Array[] | undefined {
  if (bytes.length >= nativeBytes) return undefined;
  const items = itemsOf(bytes);
  if (items !== undefined) return items;
  const shown = syntaxOf(bytes);
  if (shown === undefined || (isStatedNative && shown === RLE)) {
    return undefined;
  }
  return [new Uint8Array(), bytes];
}

function itemsOf(bytes: Uint8Array): Uint8Array[] | undefined {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const items: Uint8Array[] = [];
  for (let at = 0; at + 8 <= bytes.length;) {
    if (!ITEM.every((byte, i) => bytes[at + i] === byte)) break;
    const end = at + 8 + view.getUint32(at + 4, true);
    if (end > bytes.length) return undefined;
    items.push(bytes.subarray(at + 8, end));
    at = end;
  }
  return items.length > 1 ? items : undefined;
}

/** Transfer syntaxes that share a decoder share a family. */
function familyOf(transferSyntax: string): string {
  const [, kind] = transferSyntax.match(/^1\.2\.840\.10008\.1\.2\.4\.(\d+)$/) ??
    [];
  if (kind === undefined) return transferSyntax;
  const number = Number(kind);
  if (number >= 50 && number <= 70) return "JPEG";
  if (number === 80 || number === 81) return "JPEG-LS";
  if (number >= 90 && number <= 93) return "JPEG 2000";
  return nameOf(transferSyntax);
}
