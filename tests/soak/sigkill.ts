import { deepEqual, equal, ok } from "node:assert/strict";
import { readProfile, writeProfile } from "../../lib/format/profile_file.ts";
import { encodePng } from "../../lib/codecs/png/encode.ts";
import { mulberry32 } from "../../lib/numerics/random.ts";
import { openKeyring } from "../../lib/store/encryption/keyring.ts";
import { createProfileStore } from "../../lib/store/profiles/profile_store.ts";
import { RecordStore } from "../../lib/store/records/record_store.ts";
import { EncodeHosts, LENIENT } from "../support/split.ts";
import type { Server } from "../support/server.ts";
import { embeddingOf, files, form, visits } from "../support/requests.ts";
import { withDatabase } from "../support/database_server.ts";
import { inFolder } from "../support/in_folder.ts";
import { operatorKey, stated } from "../support/operator_key.ts";
import { openStore } from "../support/store.ts";
import type { Kv } from "../../lib/store/kv/kv.ts";

/** A server is killed some time after fewer than this many requests were acknowledged. */
const LIFE = 2;
/** The longest that it lives after these, milliseconds. */
const MOST_MORE = 1500;
/** The longest that it lives when it acknowledges too few, milliseconds. */
const MOST_LIFE = 300_000;
/** Images of the series. */
const IMAGES = 3;

export interface Kills {
  kills: number;
  seed: number;
  /** Whether what is stored is encrypted. */
  sealed: boolean;
  /** The `KV_PATH` of an empty database; a file by default. */
  path?: string;
  /** Waits until the database has done what a killed server had sent it. */
  settle?(): Promise<void>;
  say?(line: string): void;
}

/** What the killed servers had been asked for and had acknowledged. */
export interface Tally {
  kills: number;
  /** Requests acknowledged: enrolments and corrections, erasures, and lines of series. */
  acknowledged: { enrolled: number; erased: number; lines: number };
  /** Requests cut off by a kill, by whether they had taken effect. */
  cut: { enrolments: [done: number, not: number]; erasures: [number, number] };
  /** Series that were resumed at their cursor. */
  resumed: number;
}

/** What a reference may hold: the write that was acknowledged last, or the one that was cut off, by number. */
interface Slot {
  acknowledged: number | null;
  attempted: number | null;
}

const PATIENTS = {
  enrolled: ["kept", ["a", "b", "c"]],
  erased: ["gone", ["a", "b"]],
} as const;

/**
 * Kills an edge with SIGKILL at random moments while it enrols, corrects, erases and segments a series. After every
 * kill it inspects the database and asks the next edge. The encode host lives on.
 *
 * @throws AssertionError for a torn profile, a lost acknowledged write, or an erased reference that is back.
 */
export function killAtRandom(options: Kills): Promise<Tally> {
  return inFolder(async (folder) => {
    await using hosts = await EncodeHosts.start(1, LENIENT);
    const kvPath = options.path ?? `${folder}/edge.kv`;
    return await new Ordeal(hosts, kvPath, options).run();
  });
}

class Ordeal {
  readonly #random: () => number;
  readonly #environment: Record<string, string>;
  readonly #slots = new Map<string, Slot>();
  /** References of the patient `gone` at the start of an erasure that has not been acknowledged; 0 without one. */
  #erasing = 0;
  #writes = 0;
  /** Digests of the profiles that are enrolled repeatedly, by what they are made of. */
  readonly #digests = new Map<string, string>();
  #embedding = "";
  /** How long an enrolment takes on this machine, milliseconds. */
  #took = 0;
  #cursor: string | null = null;
  #lines: string[] = [];
  #whole: string[] = [];
  readonly #tally: Tally = {
    kills: 0,
    acknowledged: { enrolled: 0, erased: 0, lines: 0 },
    cut: { enrolments: [0, 0], erasures: [0, 0] },
    resumed: 0,
  };

  constructor(
    readonly hosts: EncodeHosts,
    readonly kvPath: string,
    readonly options: Kills,
  ) {
    this.#random = mulberry32(options.seed);
    this.#environment = {
      ...LENIENT,
      THREADS: "1",
      ...(options.sealed && { OPERATOR_KEYS: stated(operatorKey("k1")) }),
    };
    for (const [patient, references] of Object.values(PATIENTS)) {
      for (const reference of references) {
        const slot = { acknowledged: null, attempted: null };
        this.#slots.set(`${patient}/${reference}`, slot);
      }
    }
  }

  async run(): Promise<Tally> {
    const { kills, say = () => {} } = this.options;
    await this.#prepare();
    for (let kill = 1; kill <= kills; kill++) {
      await using server = await this.#start();
      await this.#ask(server);
      const wanted = Math.floor(this.#random() * LIFE);
      const moment = this.#random() * Math.min(2 * this.#took, MOST_MORE);
      const actors = [
        this.#enrol(server),
        this.#enrolAndErase(server),
        this.#series(server),
      ];
      await this.#acknowledgedMore(wanted);
      await new Promise((resolve) => setTimeout(resolve, moment));
      await server.kill();
      await Promise.all(actors);
      await this.options.settle?.();
      await this.#look();
      this.#tally.kills = kill;
      say(
        `kill ${kill}, ${moment.toFixed(0)} ms after ${wanted} answers: ${
          JSON.stringify(this.#tally)
        }`,
      );
    }
    await using server = await this.#start();
    await this.#ask(server);
    return this.#tally;
  }

  /** Waits until this many more requests are acknowledged. */
  async #acknowledgedMore(wanted: number): Promise<void> {
    const count = () => {
      const { enrolled, erased } = this.#tally.acknowledged;
      return enrolled + erased;
    };
    const [before, started] = [count(), performance.now()];
    while (count() < before + wanted) {
      if (performance.now() > started + MOST_LIFE) return;
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  }

  #start(): Promise<Server> {
    return this.hosts.edge(this.kvPath, this.#environment);
  }

  /** Makes what every life shares: two profiles, a cached embedding, the lines of a whole series. */
  async #prepare(): Promise<void> {
    await using server = await this.#start();
    for (const n of [0, 1]) {
      const body = variant(n, "series", files.image);
      const started = performance.now();
      const made = await server.enrol("steady", `r${n}`, body);
      this.#took = performance.now() - started;
      equal(made.status, 201, await made.text());
    }
    this.#embedding = await embeddingOf(server, files.image);
    this.#whole = await readLines(await postSeries(server, null), () => {});
    equal(this.#whole.length, IMAGES);
  }

  /** Writes three references in turn, corrected every other time, until the server is gone. */
  async #enrol(server: Server): Promise<void> {
    const [patient, references] = PATIENTS.enrolled;
    for (let i = 0;; i++) {
      const reference = references[i % references.length];
      if (!await this.#write(server, patient, reference)) return;
    }
  }

  async #enrolAndErase(server: Server): Promise<void> {
    const [patient, references] = PATIENTS.erased;
    const held = () =>
      references.filter((reference) =>
        this.#slots.get(`${patient}/${reference}`)!.acknowledged !== null
      ).length;
    for (;;) {
      // A server that starts with something to erase erases it first.
      if (held() === 0) {
        for (const reference of references) {
          if (!await this.#write(server, patient, reference)) return;
          if (this.#random() < 0.5) break;
        }
      }
      this.#erasing = held();
      const path = `/v1/patients/${patient}`;
      const answer = await answered(server.request(path, { method: "DELETE" }));
      if (answer === null) return;
      equal(answer.status, 204);
      this.#erasing = 0;
      for (const reference of references) {
        const slot = this.#slots.get(`${patient}/${reference}`)!;
        Object.assign(slot, { acknowledged: null, attempted: null });
      }
      this.#tally.acknowledged.erased++;
    }
  }

  /** Enrols or corrects a reference; false when the server was killed meanwhile. */
  async #write(
    server: Server,
    patient: string,
    reference: string,
  ): Promise<boolean> {
    const n = this.#writes++;
    const slot = this.#slots.get(`${patient}/${reference}`)!;
    slot.attempted = n;
    // Some writes send a new image, so that an embedding is written too. The patient that is erased has another image,
    // since an erasure erases its embedding.
    let image: string | Uint8Array<ArrayBuffer> = isOwnPicture(n)
      ? pictureOf(n)
      : this.#embedding;
    if (patient === PATIENTS.erased[0]) {
      const path = "/v1/embeddings";
      const body = pictureOf(1 << 20);
      const made = await answered(
        server.request(path, { method: "POST", body }),
      );
      if (made === null) return false;
      image = JSON.parse(made.text).id as string;
    }
    const body = variant(n, `v${n}`, image);
    const answer = await answered(server.enrol(patient, reference, body));
    if (answer === null) return false;
    equal(answer.status, slot.acknowledged === null ? 201 : 200, answer.text);
    slot.acknowledged = n;
    slot.attempted = null;
    this.#tally.acknowledged.enrolled++;
    return true;
  }

  /** Segments a series repeatedly, from its cursor where a kill cut it off. */
  async #series(server: Server): Promise<void> {
    for (;;) {
      try {
        if (this.#cursor !== null) this.#tally.resumed++;
        const response = await postSeries(server, this.#cursor);
        if (response.status !== 200) equal(await response.text(), "lines");
        await readLines(response, (line, cursor) => {
          this.#lines.push(line);
          this.#cursor = cursor;
          this.#tally.acknowledged.lines++;
        });
      } catch (error) {
        if (error instanceof TypeError) return;
        throw error;
      }
      deepEqual(this.#lines, this.#whole, "a line is lost, twice or wrong");
      [this.#lines, this.#cursor] = [[], null];
    }
  }

  /** Inspects the database after a kill. */
  async #look(): Promise<void> {
    await using kv = await openStore(this.kvPath);
    const records = await this.#records(kv);
    // As the next start does first.
    await records.sweep();
    const profiles = createProfileStore(records);
    const [gone, references] = PATIENTS.erased;
    const found = new Map<string, number | null>();
    for (const path of this.#slots.keys()) {
      const [patient, reference] = path.split("/");
      const held = await profiles.get("default", patient, reference);
      if (held === null) {
        found.set(path, null);
        continue;
      }
      const n = Number(held.reference.label.slice(1));
      // The number of augmentations behind the calibration range depends on how busy the machine was.
      const made = { ...readProfile(held.profile), calibrationRange: null };
      const madeOf = patient === gone
        ? `theirs ${n % 2}`
        : isOwnPicture(n)
        ? `own ${n}`
        : `shared ${n % 2}`;
      const digest = await digestOf(writeProfile(made));
      const known = this.#digests.get(madeOf) ?? digest;
      equal(digest, known, `the profile of ${path} is torn`);
      this.#digests.set(madeOf, known);
      found.set(path, n);
    }
    if (this.#erasing > 0) {
      const left = references.filter((name) =>
        found.get(`${gone}/${name}`) !== null
      );
      ok(left.length === 0 || left.length === this.#erasing, "half erased");
      const erased = left.length === 0;
      this.#tally.cut.erasures[erased ? 0 : 1]++;
      if (erased) {
        for (const name of references) {
          this.#slots.get(`${gone}/${name}`)!.acknowledged = null;
        }
      }
      this.#erasing = 0;
    }
    for (const [path, slot] of this.#slots) {
      const n = found.get(path)!;
      if (n !== slot.acknowledged) {
        equal(n, slot.attempted, `${path} holds what was never sent`);
      }
      if (slot.attempted !== null) {
        this.#tally.cut.enrolments[n === slot.attempted ? 0 : 1]++;
      }
      Object.assign(slot, { acknowledged: n, attempted: null });
    }
    // A later sweep finds what never finished, and leaves no bytes that belong to nothing.
    await (await this.#records(kv, 61_000)).sweep();
    const versions = new Set<unknown>();
    for await (const { key, value } of kv.list({ prefix: [] })) {
      ok(key[0] !== "pending" && key[0] !== "erasing", "nothing is pending");
      versions.add((value as { version?: string })?.version);
    }
    for await (const { key } of kv.list({ prefix: ["chunk"] })) {
      ok(versions.has(key[1]), "a chunk belongs to no record");
    }
  }

  /** Checks what the next server answers. */
  async #ask(server: Server): Promise<void> {
    for (const [patient, references] of Object.values(PATIENTS)) {
      const held = references.flatMap((reference) => {
        const n = this.#slots.get(`${patient}/${reference}`)!.acknowledged;
        return n === null ? [] : [[reference, `v${n}`]];
      });
      const { status, body } = await server.json(`/v1/patients/${patient}`);
      equal(status, held.length === 0 ? 404 : 200);
      if (status === 404) continue;
      type Listed = { references: { reference: string; label: string }[] };
      const { references: listed } = body as Listed;
      deepEqual(listed.map((one) => [one.reference, one.label]), held);
    }
  }

  async #records(kv: Kv, later = 0): Promise<RecordStore> {
    const keys = this.options.sealed ? [operatorKey("k1")] : [];
    const now = () => Date.now() + later;
    return new RecordStore(kv, { now, keyring: await openKeyring(kv, keys) });
  }
}

const isOwnPicture = (n: number) => n % 8 >= 6;

/** An image that differs from all others in some pixels. */
function pictureOf(n: number): Uint8Array<ArrayBuffer> {
  const data = visits.first.image.data.slice();
  for (let bit = 0; bit < 24; bit++) data[bit] ^= (n >> bit) & 1;
  return encodePng({ ...visits.first.image, data });
}

const corrected = (() => {
  const { width, height, data } = visits.first.mask;
  const moved = data.map((_, i) => i < width ? 0 : data[i - width]);
  return encodePng({ width, height, data: moved });
})();

/** The annotated image, with the mask or, every other time, a accepted correction. */
function variant(
  n: number,
  label: string,
  image: string | Uint8Array<ArrayBuffer>,
): FormData {
  const source = typeof image === "string" ? "embedding" : "image";
  if (n % 2 === 0) return form({ [source]: image, mask: files.mask, label });
  const accepted = JSON.stringify({ by: `reader ${n}` });
  return form({ [source]: image, mask: corrected, label, accepted });
}

function postSeries(server: Server, cursor: string | null): Promise<Response> {
  const body = new FormData();
  for (let i = 0; i < IMAGES; i++) {
    body.append("image", new File([pictureOf(i << 8)], `${i}.png`));
  }
  const query = cursor === null ? "" : `&cursor=${cursor}`;
  return server.request(`/v1/patients/steady/series?label=series${query}`, {
    method: "POST",
    body,
  });
}

/** The complete lines of a series, without what differs from run to run. */
async function readLines(
  response: Response,
  take: (line: string, cursor: string) => void,
): Promise<string[]> {
  const lines: string[] = [];
  let text = "";
  const decoded = response.body!.pipeThrough(new TextDecoderStream());
  for await (const part of decoded) {
    text += part;
    for (let end; (end = text.indexOf("\n")) >= 0; text = text.slice(end + 1)) {
      const { index, segmentation, problem, cursor } = JSON.parse(
        text.slice(0, end),
      );
      equal(problem, undefined);
      const { mask, points, reference, distance } = segmentation;
      const line = JSON.stringify({ index, mask, points, reference, distance });
      lines.push(line);
      take(line, cursor);
    }
  }
  return lines;
}

/** A complete answer, or null when the server was killed before its end. */
async function answered(
  response: Promise<Response>,
): Promise<{ status: number; text: string } | null> {
  try {
    const { status } = await response;
    return { status, text: await (await response).text() };
  } catch (error) {
    if (error instanceof TypeError) return null;
    throw error;
  }
}

async function digestOf(bytes: Uint8Array<ArrayBuffer>): Promise<string> {
  return new Uint8Array(await crypto.subtle.digest("SHA-256", bytes)).toHex();
}

if (import.meta.main) {
  const [kills = "200", seed = "1", database] = Deno.args;
  for (const sealed of [true, false]) {
    const options = {
      kills: Number(kills) / 2,
      seed: Number(seed),
      sealed,
      say: console.log,
    };
    const tally = database === undefined
      ? await killAtRandom(options)
      : await withDatabase(database, (server) =>
        killAtRandom({
          ...options,
          path: server.path,
          settle: () => server.settle(),
        }));
    console.log(sealed ? "sealed:" : "in the clear:", JSON.stringify(tally));
  }
}
