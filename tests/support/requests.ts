import { encodePng } from "../../lib/codecs/png/encode.ts";
import { drawPatient } from "../../lib/sample/patient.ts";

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
