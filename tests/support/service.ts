import { createApp } from "../../functions/app.ts";
import type { Services } from "../../functions/services.ts";
import { createCatalogue } from "../../lib/engine/catalogue.ts";
import type { EngineFor } from "../../lib/engine/work.ts";
import { compose } from "../../deploy/compose.ts";
import { readConfig } from "../../deploy/config.ts";
import { drawPatient } from "../../lib/sample/patient.ts";
import { encodePng } from "../../lib/image/encode_png.ts";

/** The whole service in this process, with the real model, over a KV of its own. */
export async function openService(
  kvPath = ":memory:",
  environment: Record<string, string> = {},
) {
  const config = readConfig({
    MODEL: Deno.env.get("MODEL"),
    KV_PATH: kvPath,
    ...environment,
  });
  const services = await compose(config);
  return {
    services,
    app: createApp(services),
    [Symbol.asyncDispose]: () => services[Symbol.asyncDispose](),
  };
}

/** The services with an engine that counts the segmentations it begins. */
export function countSegments(services: Services) {
  const served = services.models.default;
  let begun = 0;
  const engineFor: EngineFor = (work) => {
    const engine = served.engineFor(work);
    return {
      ...engine,
      segment: (...args) => {
        begun++;
        return engine.segment(...args);
      },
    };
  };
  const models = createCatalogue([{ ...served, engineFor }]);
  return { counted: { ...services, models }, begun: () => begun };
}

/** A generated patient's two visits as PNG files. */
export const visits = drawPatient();
export const files = {
  image: encodePng(visits.first.image),
  mask: encodePng(visits.first.mask),
  next: encodePng(visits.second.image),
};

/** What answers requests: an application in this process, or a server. */
export interface Asked {
  request(path: string, init?: RequestInit): Response | Promise<Response>;
}

/** A multipart body; byte values become files. */
export function form(
  fields: Record<string, string | Uint8Array<ArrayBuffer>>,
): FormData {
  const body = new FormData();
  for (const [name, value] of Object.entries(fields)) {
    body.set(
      name,
      typeof value === "string" ? value : new File([value], `${name}.bin`),
    );
  }
  return body;
}

/** The id of an image's embedding. */
export async function embeddingOf(
  app: Asked,
  image: Uint8Array<ArrayBuffer>,
): Promise<string> {
  const path = "/v1/embeddings";
  const made = await app.request(path, { method: "POST", body: image });
  return (await made.json()).id;
}

export function enrol(
  app: Asked,
  patient: string,
  reference: string,
  fields: Record<string, string | Uint8Array<ArrayBuffer>> = {
    image: files.image,
    mask: files.mask,
  },
) {
  const path = `/v1/patients/${patient}/references/${reference}`;
  return app.request(path, { method: "PUT", body: form(fields) });
}

export function segment(
  app: Asked,
  patient: string,
  image: Uint8Array<ArrayBuffer> = files.next,
  query = "",
  headers: Record<string, string> = {},
) {
  return app.request(`/v1/patients/${patient}/segmentations${query}`, {
    method: "POST",
    body: image,
    headers: { "content-type": "image/png", ...headers },
  });
}

export function postJson(app: Asked, path: string, body: unknown) {
  return app.request(path, {
    method: "POST",
    body: typeof body === "string" ? body : JSON.stringify(body),
    headers: { "content-type": "application/json" },
  });
}
