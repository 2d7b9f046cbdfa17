import { equal, ok } from "node:assert/strict";
import { EncodeHosts, LENIENT } from "../support/split.ts";
import { files, form } from "../support/requests.ts";
import { Server } from "../support/server.ts";

const PATIENT = "patient-of-the-trace-test";

interface Span {
  traceId: string;
  spanId: string;
  parentSpanId?: string;
  name: string;
}

/** A collector of what processes send over OTLP as JSON. */
class Collector implements AsyncDisposable {
  readonly spans: Span[] = [];
  text = "";
  #server = Deno.serve(
    { port: 0, hostname: "127.0.0.1", onListen() {} },
    async (request) => {
      const body = await request.text();
      this.text += body;
      for (const { scopeSpans } of JSON.parse(body).resourceSpans) {
        for (const { spans } of scopeSpans) this.spans.push(...spans);
      }
      return Response.json({});
    },
  );
  readonly url = `http://127.0.0.1:${this.#server.addr.port}`;

  [Symbol.asyncDispose](): Promise<void> {
    return this.#server.shutdown();
  }
}

Deno.test("one trace goes from the edge to the encode host, and names no patient", async () => {
  await using collector = new Collector();
  const settings = { OTEL_EXPORTER_OTLP_ENDPOINT: collector.url };
  await using hosts = await EncodeHosts.start(1, settings);
  await using edge = await hosts.edge(":memory:", { ...LENIENT, ...settings });
  const enrolled = form({ image: files.image, mask: files.mask });
  equal((await edge.enrol(PATIENT, "visit-1", enrolled)).status, 201);
  const answer = await edge.segment(PATIENT, files.next);
  equal(answer.status, 200);
  // Spans are sent when a process ends, if not before.
  await edge.kill("SIGTERM");
  await hosts.hosts[0].kill("SIGTERM");

  const { spans } = collector;
  const named = (name: string) => {
    const found = spans.findLast((span) => span.name === name);
    ok(found, `${name} is not among ${spans.map(({ name }) => name)}`);
    return found;
  };
  const request = named("POST /v1/patients/{patient}/segmentations");
  const encoded = named("POST /v1/embeddings");
  equal(encoded.traceId, request.traceId);
  const path: string[] = [];
  for (
    let span: Span | undefined = encoded;
    span !== undefined;
    span = spans.find(({ spanId }) => spanId === span!.parentSpanId)
  ) path.push(span.name);
  equal(
    path.join(" < "),
    `${encoded.name} < encode host < engine.embed < ${request.name}`,
  );
  equal(named("engine.segment").traceId, request.traceId);
  ok(!collector.text.includes(PATIENT));
  ok(!collector.text.includes("visit-1"));
});

Deno.test("a collector that cannot be reached harms no request", async () => {
  await using server = await Server.start({
    KV_PATH: ":memory:",
    OTEL_EXPORTER_OTLP_ENDPOINT: "http://127.0.0.1:9",
  });
  equal((await server.json("/v1/models")).status, 200);
});
