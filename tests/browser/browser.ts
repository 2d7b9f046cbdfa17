import { encodePng } from "../../lib/codecs/png/encode.ts";
import { drawVisit } from "../../lib/sample/patient.ts";
import { ok } from "node:assert/strict";
import { Buffer } from "node:buffer";
import axe from "axe-core";
import { type Browser, chromium, type Page } from "playwright-core";
import { Server } from "../support/server.ts";

/** Where Debian, Ubuntu and Google's packages put it. */
const PLACES = [
  "/usr/bin/chromium",
  "/usr/bin/chromium-browser",
  "/usr/bin/google-chrome",
];
const executablePath = PLACES.find((path) => {
  try {
    return Deno.statSync(path).isFile;
  } catch {
    return false;
  }
});

/** Whether there is a browser; without one, the tests of the page are skipped. */
export const hasChromium = executablePath !== undefined;
if (!hasChromium) {
  console.log(`Tests of the page are skipped: there is no ${PLACES[0]}.`);
}

type PageOptions = Parameters<Browser["newPage"]>[0];

export const PHONE: PageOptions = {
  viewport: { width: 390, height: 844 },
  deviceScaleFactor: 2,
  isMobile: true,
  hasTouch: true,
};

/** A server, which is stopped with the browser if it can be disposed of. */
interface Served extends Partial<AsyncDisposable> {
  url: string;
}

/** A real server and a real headless browser. */
export class Visitor<S extends Served = Server> implements AsyncDisposable {
  /** Errors that the browser reported, and requests to other servers. */
  readonly complaints: string[] = [];

  private constructor(readonly server: S, readonly browser: Browser) {}

  static async start(): Promise<Visitor> {
    return await Visitor.of(
      await Server.start({ MODEL: "nano", KV_PATH: ":memory:" }),
    );
  }

  /** A browser for a running server. */
  static async of<S extends Served>(server: S): Promise<Visitor<S>> {
    const browser = await chromium.launch({
      ...(executablePath !== undefined && { executablePath }),
      args: [
        "--headless",
        "--no-sandbox",
        "--disable-gpu",
        "--disable-quic",
        "--no-first-run",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
      ],
    });
    return new Visitor(server, browser);
  }

  /** The page in a new browser context, ready for use. */
  async open(options: PageOptions = {}): Promise<Page> {
    const page = await this.browser.newPage({
      viewport: { width: 1280, height: 800 },
      ...options,
    });
    page.setDefaultTimeout(30_000);
    page.on("pageerror", (error) => this.complaints.push(error.message));
    page.on("console", (message) => {
      // Chromium also reports refused requests as errors; tests check those where the page shows them.
      const refused = message.text().startsWith("Failed to load resource");
      if (message.type() === "error" && !refused) {
        this.complaints.push(message.text());
      }
    });
    page.on("request", (request) => {
      const url = request.url();
      const own = url.startsWith(`${this.server.url}/`) ||
        url.startsWith("blob:") || url.startsWith("data:");
      if (!own) this.complaints.push(`asked for ${url}`);
    });
    await page.goto(this.server.url);
    await page.waitForSelector("html[data-ready]");
    return page;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.browser.close();
    await this.server[Symbol.asyncDispose]?.();
  }
}

/** A file to choose on the page. */
export interface Chosen {
  name: string;
  mimeType: string;
  buffer: Uint8Array;
}

export function png(name: string, bytes: Uint8Array): Chosen {
  return { name, mimeType: "image/png", buffer: bytes };
}

/** No violations of WCAG 2.2 AA and axe's good practice. */
export async function accessible(page: Page, state: string): Promise<void> {
  await page.evaluate(axe.source);
  const found = await page.evaluate(async () => {
    // deno-lint-ignore no-explicit-any -- the line above has loaded axe
    const { violations } = await (globalThis as any).axe.run();
    return violations.map((
      { id, nodes }: { id: string; nodes: { html: string }[] },
    ) => `${id}: ${nodes.map(({ html }) => html).join(" ")}`);
  });
  ok(found.length === 0, `${state}: ${found.join("\n")}`);
}

/** Clicks a download button and reads the file. */
export async function download(page: Page, id: string) {
  const [file] = await Promise.all([
    page.waitForEvent("download"),
    page.click(id),
  ]);
  return {
    name: file.suggestedFilename(),
    bytes: await Deno.readFile(await file.path()),
  };
}

/** A visit of the sample patient as a file to choose. */
export const visitPng = (n: number) =>
  png(`visit-${n}.png`, encodePng(drawVisit(n).image));
/** The middle of the first visit's lesion. */
export const LESION: [number, number] = [242, 138];
/** Opposite corners in image pixels. */
export type Box = [[number, number], [number, number]];

/** Around that lesion. */
export const BOX: Box = [
  [212, 114],
  [271, 163],
];

export async function choose(page: Page, ...files: Chosen[]): Promise<void> {
  await page.setInputFiles(
    "#files",
    // Playwright accepts only Node's buffers.
    files.map((file) => ({ ...file, buffer: Buffer.from(file.buffer) })),
  );
}

/** Where an image pixel is on the screen. */
export async function onScreen(
  page: Page,
  x: number,
  y: number,
): Promise<[number, number]> {
  const box = (await page.locator("#viewer").boundingBox())!;
  const [cx, cy] = await page.evaluate(async ([x, y]) => {
    const module: string = "/page/session.js";
    const { viewer } = await import(module);
    return viewer.toCanvas([x, y]);
  }, [x, y]);
  return [box.x + cx, box.y + cy];
}

/** What the page knows of an image. */
export interface Held {
  name: string;
  state: string;
  area: number;
  size: { width: number; height: number };
  rle: { size: [number, number]; counts: string };
}

export function held(page: Page): Promise<Held[]> {
  return page.evaluate(async () => {
    const module: string = "/page/session.js";
    const { session } = await import(module);
    return session.items.map((
      { name, state, area, size, rle }: Held,
    ) => ({ name, state, area, size, rle }));
  });
}

/** Area of the mask that is being drawn, once its editor has opened. */
export async function drawnArea(page: Page): Promise<number> {
  let area: number | null = null;
  await until(async () => {
    area = await page.evaluate(async () => {
      const module: string = "/page/session.js";
      return (await import(module)).session.editor?.mask.area ?? null;
    });
    return area !== null;
  });
  return area!;
}

/** Asks the page until it says yes. */
async function until(ask: () => Promise<boolean>): Promise<void> {
  const end = Date.now() + 120_000;
  while (!await ask()) {
    if (Date.now() > end) {
      throw new Error("The page did not get there in time.");
    }
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** Waits until every image is segmented, failed or cancelled. */
export async function finished(page: Page): Promise<void> {
  await until(() =>
    page.evaluate(async () => {
      const module: string = "/page/session.js";
      const { session } = await import(module);
      const { items, segmenting, reading } = session;
      return items.length > 1 && !segmenting && reading === 0;
    })
  );
}

/** Waits until a click or box has been decoded to another outline. */
export async function decoded(page: Page, before: number): Promise<void> {
  await until(() =>
    page.evaluate(async (before) => {
      const module: string = "/page/session.js";
      const { editor } = (await import(module)).session;
      return !editor.busy && editor.mask.area !== before;
    }, before)
  );
}

export async function tool(page: Page, name: string): Promise<void> {
  await page.check(`input[value=${name}]`, { force: true });
}

/** Drags a box on the image, in image pixels. */
export async function drag(
  page: Page,
  from: [number, number],
  to: [number, number],
): Promise<void> {
  await page.mouse.move(...await onScreen(page, ...from));
  await page.mouse.down();
  const [x0, y0] = from;
  const [x1, y1] = to;
  for (let i = 1; i <= 8; i++) {
    const at: [number, number] = [
      x0 + (x1 - x0) * i / 8,
      y0 + (y1 - y0) * i / 8,
    ];
    await page.mouse.move(...await onScreen(page, ...at));
  }
  await page.mouse.up();
}

/** Opens images as the first of a patient and waits for the outline panel. */
export async function openFirst(page: Page, ...files: Chosen[]): Promise<void> {
  await choose(page, ...files);
  await page.waitForSelector("#outline:not([hidden])");
}

/** Opens a first image and outlines it by a box. */
export async function outlineByBox(
  page: Page,
  first: Chosen = visitPng(1),
  box = BOX,
): Promise<void> {
  await openFirst(page, first);
  await tool(page, "box");
  await drag(page, ...box);
  await decoded(page, 0);
}

/** Opens a first image and enrols it with an outline by a box. */
export async function enrolByBox(
  page: Page,
  first: Chosen = visitPng(1),
  box = BOX,
): Promise<void> {
  await outlineByBox(page, first, box);
  await page.click("#accept");
  await page.waitForSelector("#add:not([hidden])");
}

/** Spreads two fingers over a pixel of the image to three times their distance; returns the change of scale. */
export async function pinch(
  page: Page,
  column: number,
  row: number,
): Promise<number> {
  const [x, y] = await onScreen(page, column, row);
  const cdp = await page.context().newCDPSession(page);
  const touch = (
    type: "touchStart" | "touchMove" | "touchEnd",
    gaps: number[],
  ) =>
    cdp.send("Input.dispatchTouchEvent", {
      type,
      touchPoints: gaps.map((gap, id) => ({ x: x + gap, y, id })),
    });
  const width = async () =>
    (await onScreen(page, 384, 0))[0] - (await onScreen(page, 0, 0))[0];
  const before = await width();
  await touch("touchStart", [-20]);
  await touch("touchStart", [-20, 20]);
  for (const gap of [30, 40, 60]) await touch("touchMove", [-gap, gap]);
  await touch("touchEnd", []);
  return await width() / before;
}
