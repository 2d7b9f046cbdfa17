import { operatorKey, stated } from "../../support/operator_key.ts";
import { deepEqual, equal, match, ok } from "node:assert/strict";
import { parseAllDocuments } from "yaml";
import { readConfig } from "../../../deploy/config.ts";
import { FUNCTIONS } from "../../../functions/app.ts";
import { mintKey } from "../../../lib/access/api_keys.ts";
import { NATIVE_LIBRARY, NATIVE_VERSION } from "../../../lib/runtime/native.ts";

const ROOT = new URL("../../../", import.meta.url);
const read = (path: string) => Deno.readTextFileSync(new URL(path, ROOT));
const exists = (path: string) => Deno.statSync(new URL(path, ROOT));

/** Variables that Deno and the driver of PostgreSQL read themselves. */
const OTHERS = ["DENO_KV_ACCESS_TOKEN", "PGPASSWORD"];

function checkEnvironment(values: Record<string, string>) {
  const source = read("deploy/config.ts");
  for (const name of Object.keys(values)) {
    if (OTHERS.includes(name)) continue;
    ok(new RegExp(`^  ${name}: `, "m").test(source), `${name} is a setting`);
  }
  const known = Object.entries(values).filter(([name]) =>
    !OTHERS.includes(name)
  );
  readConfig(Object.fromEntries(known));
}

/** What an operator may give for a setting that is left to them. */
const given = (name: string) =>
  name === "API_KEYS"
    ? mintKey("k", "t", ["read"]).entry
    : name === "OPERATOR_KEYS"
    ? stated(operatorKey("1"))
    : "x".repeat(16);
const filled = (text: string) =>
  text.replace(/\$\{(\w+):\?\}/, (_, name) => given(name));

Deno.test("the Dockerfiles pin Deno, copy what exists, and run an entry point as no root", () => {
  const whole = /^FROM denoland\/deno:2\.9\.6$/m;
  const binary = /^FROM denoland\/deno:bin-2\.9\.6 AS deno$/m;
  const bases = { edge: whole, encode: whole, "encode-cuda": binary };
  for (const [name, base] of Object.entries(bases)) {
    const text = read(`deploy/Dockerfile.${name}`);
    match(text, base);
    match(text, /^USER deno$/m);
    match(text, /^HEALTHCHECK .*\/readyz/m);
    ok(text.includes(`"deploy/${name.replace("-cuda", "")}.ts"]`));
    for (const [, list] of text.matchAll(/^COPY (?!--from)(.+) \S+$/gm)) {
      for (const path of list.split(" ")) exists(path);
    }
    const [, port] = /^EXPOSE (\d+)$/m.exec(text)!;
    checkEnvironment({ HOST: "0.0.0.0", PORT: port });
    ok(text.includes(`127.0.0.1:${port}/`));
  }
});

Deno.test("README.md names every function that FUNCTIONS can name", () => {
  const [, list] =
    /^`FUNCTIONS` takes names with commas between: ([^.]+)\. Health, metrics and/m
      .exec(read("deploy/README.md").replace(/(?<=\S)\n(?=\S)/g, " "))!;
  const named = Array.from(list.matchAll(/`(\w+)`/g), ([, name]) => name);
  const always = ["health", "metrics", "docs"];
  deepEqual(
    named,
    Object.keys(FUNCTIONS).filter((name) => !always.includes(name)),
  );
});

Deno.test("the GPU image installs the native library that the code wants, and may load it", () => {
  const text = read("deploy/Dockerfile.encode-cuda");
  ok(text.includes(` ${NATIVE_LIBRARY}@${NATIVE_VERSION} `));
  ok(text.includes("RUNTIME=native"));
  ok(text.includes('"--allow-ffi=node_modules"'));
});

Deno.test("compose.yaml names services, settings and Dockerfiles that exist", () => {
  const [{ contents }] = parseAllDocuments(read("deploy/compose.yaml"));
  const { services } = contents!.toJSON();
  match(services.database.image, /^postgres:\d+\.\d+$/);
  for (const name of ["encode", "edge"]) {
    const { build, environment } = services[name];
    exists(build.dockerfile);
    const values = Object.entries<string>(environment).map((
      [key, value],
    ) => [key, filled(value)]);
    checkEnvironment(Object.fromEntries(values));
    ok(name === "encode" ? environment.ENCODE_TOKEN : environment.API_KEYS);
  }
  const { KV_PATH, ENCODE_URL } = services.edge.environment;
  for (const address of [KV_PATH, ENCODE_URL]) {
    ok(new URL(address).hostname in services, address);
  }
});

Deno.test("the Kubernetes example is consistent, healthy by our routes, and no root", () => {
  const documents = parseAllDocuments(read("deploy/kubernetes.yaml"))
    .map((document) => {
      equal(document.errors.length, 0);
      return document.toJSON();
    });
  const deployments = documents.filter(({ kind }) => kind === "Deployment");
  equal(deployments.length, 2);
  const services = documents.filter(({ kind }) => kind === "Service");
  for (const { spec: { template: { metadata, spec } } } of deployments) {
    equal(spec.securityContext.runAsNonRoot, true);
    const [{ ports }] = spec.containers;
    const service = services.find(({ metadata: { name } }) =>
      name === metadata.labels.app
    );
    deepEqual(service.spec.selector, metadata.labels);
    equal(service.spec.ports[0].port, ports[0].containerPort);
    const [{ name, image, env, readinessProbe, livenessProbe }] =
      spec.containers;
    exists(`deploy/Dockerfile.${name}`);
    match(image, /:\d+\.\d+\.\d+$/);
    equal(readinessProbe.httpGet.path, "/readyz");
    equal(livenessProbe.httpGet.path, "/healthz");
    const values = env.map((
      { name, value }: { name: string; value?: string },
    ) => [name, value ?? given(name)]);
    checkEnvironment(Object.fromEntries(values));
    const names = env.map((one: { name: string }) => one.name);
    ok(names.includes(name === "encode" ? "ENCODE_TOKEN" : "API_KEYS"));
  }
  const scaler = documents.find(({ kind }) =>
    kind === "HorizontalPodAutoscaler"
  );
  ok(
    deployments.some(({ metadata }) =>
      metadata.name === scaler.spec.scaleTargetRef.name
    ),
  );
});
