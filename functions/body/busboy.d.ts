import type { Readable, Writable } from "node:stream";

/**
 * What is used of @fastify/busboy. Its own types bring `@types/node`, whose types stand in the way of those
 * that Deno has for the same modules.
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
