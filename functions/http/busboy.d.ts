import type { Readable, Writable } from "node:stream";

/**
 * What is used of @fastify/busboy. Its own types bring `@types/node`, whose types stand in the way of those
 * that Deno has for the same modules.
 */
export interface BusboyEvents {
  field(name: string, value: string): void;
  file(
    field: string,
    stream: Readable,
    name: string | undefined,
    encoding: string,
    mediaType: string | undefined,
  ): void;
}

export class Busboy extends Writable {
  constructor(options: {
    headers: { "content-type": string };
    limits: { fields: number; fieldSize: number };
  });
}
