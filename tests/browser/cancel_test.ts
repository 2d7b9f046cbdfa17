import { deepEqual, equal, ok } from "node:assert/strict";
import { createApp } from "../../functions/app.ts";
import { encodePng } from "../../lib/codecs/png/encode.ts";
import { drawVisit } from "../../lib/sample/patient.ts";
import { enrol, segment } from "../support/requests.ts";
import { countSegments, openService } from "../support/service.ts";
import {
  choose,
  finished,
  hasChromium,
  held,
  png,
  Visitor,
} from "./browser.ts";

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

Deno.test({
  name: "the server stops what the page cancels",
  ignore: !hasChromium,
  async fn() {
    await using service = await openService(":memory:", { MODEL: "nano" });
    const { counted, begun } = countSegments(service.services);
    const app = createApp(counted);
    await enrol(app, "p", "r");
    let asked = 0;
    await using server = Deno.serve(
      { port: 0, hostname: "127.0.0.1", onListen() {} },
      (request) => {
        if (request.method === "POST") asked++;
        return app.fetch(request);
      },
    );
    const url = `http://127.0.0.1:${server.addr.port}`;
    await using visitor = await Visitor.of({ url });
    const page = await visitor.open();
    await page.fill("#patient", "p");
    await choose(
      page,
      ...Array.from({ length: 20 }, (_, i) => {
        const { image } = drawVisit(2);
        image.data[i] ^= 1;
        return png(`${i}.png`, encodePng(image));
      }),
    );
    while (begun() < 2) await pause(10);
    await page.click("#filmstrip-cancel");
    await finished(page);
    const states = (await held(page)).map(({ state }) => state);
    ok(states.filter((state) => state === "done").length <= begun());
    equal(states.at(-1), "cancelled");

    const [then, requests] = [begun(), asked];
    await pause(2000);
    ok(begun() <= then + 1, `${begun() - then} more were begun`);
    equal(asked, requests);
    ok(begun() < 20);
    equal((await segment(app, "p")).status, 200);
    deepEqual(visitor.complaints, []);
  },
});
