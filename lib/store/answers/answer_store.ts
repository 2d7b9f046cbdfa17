import { textDigest } from "../../core/digest.ts";
import type { Bytes } from "../../core/bytes.ts";
import type { RecordStore } from "../records/record_store.ts";

/** How long an answer is kept, milliseconds. */
const LIFETIME_MS = 86_400_000;

/** Owns the claims, and the answers that concern no patient: no patient can have this name. */
const NOBODY = "answers:";

/** Whose answer it is, and the key that its caller chose. */
export interface AnswerKey {
  tenant: string;
  caller: string;
  /** Null where the request concerns no patient. */
  patient: string | null;
  key: string;
}

/** An answer, and what it answered. */
export interface KeptAnswer {
  /** Identifies the request. */
  request: string;
  status: number;
  headers: [string, string][];
  body: Bytes;
}

interface AnswerRecord extends Omit<KeptAnswer, "body"> {
  /** Milliseconds since 1970. */
  until: number;
}

/** A key that a request under way has taken. */
interface Claim {
  /** Milliseconds since 1970. */
  until: number;
  holder: string;
}

/** The first answers to requests that may be sent again. Those of a patient lie with the patient, and go with it. */
export type AnswerStore = ReturnType<typeof createAnswerStore>;

export function createAnswerStore(records: RecordStore) {
  const answerAt = ({ tenant, caller, patient, key }: AnswerKey) => [
    "answer",
    tenant,
    patient ?? NOBODY,
    caller,
    key,
  ];
  /** A digest: the place of a claim outlives the patient for a while if the process ends, and must not name it. */
  const claimAt = async ({ tenant, ...whose }: AnswerKey) => {
    const text = JSON.stringify([whose.caller, whose.patient, whose.key]);
    return ["claim", tenant, NOBODY, await textDigest(text)];
  };
  return {
    /** The answer kept under a key, or null. */
    async find(whose: AnswerKey): Promise<KeptAnswer | null> {
      const found = await records.get<AnswerRecord>(answerAt(whose));
      if (found === null || found.record.until <= records.now()) return null;
      const { until: _, ...answer } = found.record;
      return { ...answer, body: found.bytes };
    },

    /**
     * Claims a key for a request that begins, or goes on; false while another claim holds.
     *
     * @param holder who claims it: any random text.
     * @param lease milliseconds after which the claim of a process that ended is void.
     */
    async claim(
      whose: AnswerKey,
      holder: string,
      lease: number,
    ): Promise<boolean> {
      const key = await claimAt(whose);
      const now = records.now();
      const before = await records.read<Claim>(key);
      const isFree = before === null || before.record.until <= now ||
        before.record.holder === holder;
      if (!isFree) return false;
      return await records.putAll([{
        key,
        record: { until: now + lease, holder },
        bytes: new Uint8Array(),
        ifVersion: before?.version ?? null,
      }], lease);
    },

    /** Ends a claim of this holder. */
    async release(whose: AnswerKey, holder: string): Promise<void> {
      const key = await claimAt(whose);
      const held = await records.get<Claim>(key);
      if (held?.record.holder === holder) await records.delete(key);
    },

    /** Keeps an answer for a day; that of a patient only while the patient is known. */
    async keep(whose: AnswerKey, answer: KeptAnswer): Promise<void> {
      const { body: bytes, ...rest } = answer;
      const record: AnswerRecord = {
        ...rest,
        until: records.now() + LIFETIME_MS,
      };
      const key = answerAt(whose);
      const stored = { record, bytes };
      if (whose.patient === null) await records.put(key, stored, LIFETIME_MS);
      else await records.putIfKnown(key, stored, LIFETIME_MS);
    },
  };
}
