import type { Context } from "hono";
import { bodyLimit } from "hono/body-limit";
import { z } from "@hono/zod-openapi";
import { EdgeError, invalidInput } from "../../../lib/core/errors.ts";
import type { HeldImage } from "../../../lib/store/images/image_store.ts";
import { PatientParams } from "../../contract/parameters.ts";
import { invalid } from "../../contract/problems.ts";
import { callerOf, createRouter, type Env, type Router } from "../../router.ts";
import type { Services } from "../../services.ts";
import { multipartAnswer, readForm, readOneFile } from "./forms.ts";
import { segmentVolume } from "./infer.ts";
import {
  countImages,
  describeApp,
  describeDatastore,
  describeImage,
  readDatastore,
  STRATEGIES,
} from "./info.ts";
import { extensionOf, notHeld, referencesOf, requireImageId } from "./names.ts";
import { saveLabel } from "./save_label.ts";

/** Longest life of a session, seconds; MONAI Label's own. */
const SESSION_SECONDS = 3600;

/** Longest form of a login. */
const MAX_LOGIN = 4096;

const NOTHING_TO_TRAIN =
  "There is nothing to train: a saved label is a reference at once, and the next image is segmented with it.";

const BASE = "/monailabel/:patient";

/** A route with and without a slash at its end: the programs of this protocol send both. */
const both = (path: string) => [`${BASE}${path}`, `${BASE}${path}/`];

const Output = z.enum(["image", "json", "all"]).optional();

/**
 * The monailabel function: MONAI Label's REST protocol over a patient's references, for 3D Slicer, OHIF and other
 * programs that speak it (Project-MONAI/MONAILabel 0.8.5, `monailabel/endpoints`). The protocol is described there, so
 * that the OpenAPI document has no part of it. Answers are 200 wherever its client takes nothing else.
 *
 * @param closed whether callers need a key.
 */
export function monaiLabelFunction(
  services: Services,
  closed = false,
): Router {
  const { images, profiles, imageLifetime } = services;

  const whoseOf = (c: Context<Env>) => {
    const parsed = PatientParams.safeParse(c.req.param());
    if (!parsed.success) throw invalid("path", parsed.error.issues);
    return { tenant: callerOf(c).tenant, patient: parsed.data.patient };
  };
  const datastoreOf = (c: Context<Env>) => {
    const { tenant, patient } = whoseOf(c);
    return readDatastore(services, tenant, patient);
  };
  const held = async (c: Context<Env>, id: string) => {
    const { tenant, patient } = whoseOf(c);
    return await images.get(tenant, patient, id);
  };
  const sessionOf = async (c: Context<Env>) => {
    const id = c.req.param("session") ?? "";
    const found = await held(c, id);
    if (found?.image.isSession) return found;
    throw new EdgeError("not-found", `Session (${id}) Not Found`);
  };
  const imageOf = async (c: Context<Env>, name = "image") => {
    const id = requireImageId(c.req.query(name));
    const found = await held(c, id);
    if (found === null || found.image.isSession) throw notHeld(id);
    return found;
  };
  const describeSession = (
    { id, createdAt, expiresAt }: HeldImage,
  ) => ({
    name: id,
    path: "",
    image: "",
    meta: {},
    create_ts: Math.floor(createdAt / 1000),
    last_access_ts: Math.floor(createdAt / 1000),
    expiry: Math.round((expiresAt - createdAt) / 1000),
  });
  const sendFile = (
    c: Context<Env>,
    { image, bytes }: Awaited<ReturnType<typeof sessionOf>>,
  ) =>
    c.body(bytes, 200, {
      "content-type": "application/octet-stream",
      "content-disposition": `attachment; filename*=utf-8''${
        encodeURIComponent(describeImage(image).name)
      }`,
    });
  const addImage = async (c: Context<Env>) => {
    const whose = whoseOf(c);
    const { name, bytes } = await readOneFile(c, "file");
    const extension = extensionOf(name);
    const asked = c.req.query("image") || name?.slice(
      0,
      name.length - extension.length,
    );
    const id = requireImageId(asked);
    await images.put(
      whose.tenant,
      whose.patient,
      { id, extension, isSession: false },
      bytes,
      imageLifetime,
    );
    return c.json({ image: id }, 200);
  };
  const removeLabels = async (c: Context<Env>, image: HeldImage) => {
    const { tenant, patient } = whoseOf(c);
    const made = await referencesOf(
      await profiles.list(tenant, patient),
      image,
    );
    for (const { reference } of made) {
      await profiles.delete(tenant, patient, reference);
    }
    return made.length;
  };
  const removeImage = async (c: Context<Env>) => {
    const { tenant, patient } = whoseOf(c);
    const { image } = await imageOf(c, "id");
    await removeLabels(c, image);
    await images.delete(tenant, patient, image.id);
    return c.json({}, 200);
  };
  const train = (c: Context<Env>) => {
    const now = new Date(services.now()).toISOString();
    const details = [NOTHING_TO_TRAIN];
    return c.json({ status: "DONE", start_ts: now, end_ts: now, details });
  };

  const router = createRouter();
  router.on("GET", ["/monailabel/info", "/monailabel/info/"], () => {
    throw new EdgeError(
      "not-found",
      "Name the patient in the server's address: …/monailabel/p-17.",
    );
  });
  router.on(
    "GET",
    both("/info"),
    async (c) => c.json(describeApp(await datastoreOf(c), services)),
  );

  router.on(
    "GET",
    both("/auth"),
    (c) => c.json({ enabled: closed, client_id: "", realm: "" }),
  );
  router.on(
    "POST",
    both("/auth/token"),
    bodyLimit({
      maxSize: MAX_LOGIN,
      onError: () => {
        throw new EdgeError("too-many-bytes", "The login is too long.");
      },
    }),
    async (c) => {
      const { password } = await c.req.parseBody();
      const token = typeof password === "string" && password !== ""
        ? password
        : null;
      // The key is the token; every later request is checked with it.
      return c.json({ access_token: token, token_type: token && "Bearer" });
    },
  );
  router.on("GET", both("/auth/token/valid"), (c) => c.json({}));

  router.on("PUT", both("/session"), async (c) => {
    const { tenant, patient } = whoseOf(c);
    const { name, bytes } = await readOneFile(c, "files");
    if (c.req.query("uncompress") === "true") {
      throw invalidInput(
        "Archives are not taken apart here: send one NIfTI or NRRD volume, or a picture.",
      );
    }
    const asked = Number(c.req.query("expiry") ?? 0);
    const seconds = asked > 0
      ? Math.min(asked, SESSION_SECONDS)
      : SESSION_SECONDS;
    const session = await images.put(
      tenant,
      patient,
      {
        id: crypto.randomUUID(),
        extension: extensionOf(name),
        isSession: true,
      },
      bytes,
      seconds * 1000,
    );
    return c.json({
      session_id: session.id,
      session_info: describeSession(session),
    });
  });
  router.on("GET", both("/session/:session"), async (c) => {
    const session = await sessionOf(c);
    if (c.req.query("image") === "true") return sendFile(c, session);
    return c.json(describeSession(session.image));
  });
  router.on("DELETE", both("/session/:session"), async (c) => {
    const { tenant, patient } = whoseOf(c);
    const { image } = await sessionOf(c);
    await images.delete(tenant, patient, image.id);
    return c.json(describeSession(image));
  });

  router.on("GET", both("/datastore"), async (c) => {
    const datastore = await datastoreOf(c);
    const output = c.req.query("output");
    if (output === "all") return c.json(describeDatastore(datastore));
    if (output === "train") return c.json([]);
    return c.json(countImages(datastore));
  });
  router.on(
    "PUT",
    [...both("/datastore"), ...both("/datastore/image")],
    (c) => addImage(c),
  );
  router.on(
    "DELETE",
    [...both("/datastore"), ...both("/datastore/image")],
    (c) => removeImage(c),
  );
  router.on(
    "GET",
    both("/datastore/image"),
    async (c) => sendFile(c, await imageOf(c)),
  );
  router.on(
    "GET",
    both("/datastore/image/info"),
    async (c) => c.json(describeImage((await imageOf(c)).image)),
  );
  router.on("PUT", both("/datastore/label"), async (c) => {
    const whose = whoseOf(c);
    const tag = c.req.query("tag");
    if (tag && tag !== "final") {
      throw invalidInput(
        `Only final labels are saved here: a label becomes a reference; got tag=${
          tag.slice(0, 32)
        }.`,
      );
    }
    const { image, bytes } = await imageOf(c);
    const { bytes: label, params } = await readOneFile(c, "label");
    const made = await saveLabel(services, services.models.default, {
      ...whose,
      signal: c.req.raw.signal,
      named: image,
      image: bytes,
      label,
      params,
    });
    return c.json({
      image: image.id,
      label: image.id,
      references: made.map(({ reference, label, report }) => ({
        reference,
        label,
        verdict: report?.verdict,
        advice: report?.advice,
      })),
    });
  });
  router.on("GET", both("/datastore/label"), (c) => {
    const id = requireImageId(c.req.query("label"));
    throw new EdgeError(
      "not-found",
      `The label of "${id}" is not kept as a file: a saved label becomes references, which segment the next image.`,
    );
  });
  router.on("DELETE", both("/datastore/label"), async (c) => {
    const { image } = await imageOf(c, "id");
    if (await removeLabels(c, image) === 0) {
      throw new EdgeError("not-found", `There is no label of "${image.id}".`);
    }
    return c.json({});
  });

  router.on("POST", both("/activelearning/:strategy"), async (c) => {
    const strategy = c.req.param("strategy")!;
    if (!Object.hasOwn(STRATEGIES, strategy)) {
      throw invalidInput(
        `There is no strategy "${strategy.slice(0, 64)}"; there are ${
          Object.keys(STRATEGIES).join(" and ")
        }.`,
      );
    }
    const waiting = (await datastoreOf(c)).images
      .filter(({ references }) => references.length === 0);
    const at = strategy === "first"
      ? 0
      : Math.floor(Math.random() * waiting.length);
    const next = waiting[at];
    return c.json(next === undefined ? {} : describeImage(next.image));
  });

  router.on("POST", both("/infer/:model"), async (c) => {
    const whose = whoseOf(c);
    const output = Output.safeParse(c.req.query("output"));
    if (!output.success) {
      throw new EdgeError(
        "not-acceptable",
        "output must be image, json or all.",
      );
    }
    const model = services.models.choose(c.req.param("model"));
    const { files, params } = await readForm(c, ["file", "label"]);
    if (files.label !== undefined) {
      throw invalidInput(
        "Scribbles are not taken here: save a label, and it is a reference.",
      );
    }
    const session = c.req.query("session_id");
    const bytes = files.file?.bytes ??
      (session
        ? (await requireSession(c, session)).bytes
        : (await imageOf(c)).bytes);
    const answer = await segmentVolume(services, model, {
      ...whose,
      signal: c.req.raw.signal,
      bytes,
      params,
    });
    if (output.data === "json") return c.json(answer.params);
    if (output.data === "image") {
      return c.body(answer.bytes, 200, {
        "content-type": "application/octet-stream",
        "content-disposition": `attachment; filename="${answer.name}"`,
      });
    }
    const { body, type } = multipartAnswer(answer.params, answer);
    return c.body(body, 200, { "content-type": type });
  });
  const requireSession = async (c: Context<Env>, id: string) => {
    const found = await held(c, id);
    if (found?.image.isSession) return found;
    throw new EdgeError(
      "not-found",
      "The session does not exist or has expired: upload the image again.",
    );
  };

  router.on("GET", both("/logs"), (c) =>
    c.text(
      "The log is the operator's: this server writes it to its standard output, without names.\n",
    ));
  router.on("GET", both("/train"), () => {
    throw new EdgeError("not-found", NOTHING_TO_TRAIN);
  });
  router.on(["POST", "DELETE"], both("/train"), train);
  router.on("POST", both("/train/:model"), train);
  return router;
}
