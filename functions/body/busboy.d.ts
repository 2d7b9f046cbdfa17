import type { Readable, Writable } from "node:stream";

/**
 * The types of @fastify/busboy that are used. Its own bring `@types/node`, whose types conflict with those that Deno
 * has for the same modules.
 */
export interface BusboyEvents {
  field(
    name: string | undefined,
    value: string,
    isNameCut: boolean,
    isCut: boolean,
  ): void;
  file(
    field: string | undefined,
    stream: Readable,
    name: string | undefined,
    encoding: string,
    mediaType: string | undefined,
  ): void;
  partsLimit(): void;
}

export class Busboy extends Writable {
  constructor(options: {
    headers: { "content-type": string };
    limits: {
      parts: number;
      fieldSize: number;
      headerSize: number;
      headerPairs: number;
    };
  });
}
