import { equal, match } from "node:assert/strict";
import { mintKey } from "../../lib/access/api_keys.ts";
import { SCOPES } from "../../lib/access/caller.ts";
import { Server } from "../support/server.ts";
import {
  accessible,
  BOX,
  choose,
  decoded,
  drag,
  hasChromium,
  tool,
  Visitor,
  visitPng,
} from "./browser.ts";

Deno.test({
  name:
    "where the server requires a key, the page asks for it and keeps it with the tab",
  ignore: !hasChromium,
  async fn() {
    const { secret, entry } = mintKey("page", "clinic", SCOPES);
    const server = await Server.start({
      MODEL: "nano",
      KV_PATH: ":memory:",
      API_KEYS: entry,
    });
    await using visitor = await Visitor.of(server);
    const page = await visitor.open();
    await page.fill("#patient", "p");
    await page.locator("#patient").blur();
    const dialog = page.locator("dialog[open]");
    await dialog.waitFor();
    await accessible(page, "asked for a key");

    await page.click("#key button[value='']");
    await dialog.waitFor({ state: "hidden" });
    equal(await page.evaluate(() => sessionStorage.length), 0);

    await choose(page, visitPng(1));
    await dialog.waitFor();
    await page.fill("#key-field", "p2sam_wrong");
    await page.keyboard.press("Enter");
    await page.waitForSelector("#key-problem:not([hidden])");
    match(await page.innerText("#key-problem"), /did not accept/);
    await page.fill("#key-field", ` ${secret}\n`);
    await page.keyboard.press("Enter");
    await dialog.waitFor({ state: "hidden" });
    await page.waitForSelector("#outline:not([hidden])");
    await tool(page, "box");
    await drag(page, ...BOX);
    await decoded(page, 0);
    await page.click("#accept");
    await page.waitForSelector("#add:not([hidden])");

    const read = (headers: HeadersInit) =>
      server.request("/v1/patients/p", { headers });
    equal((await read({ "x-api-key": secret })).status, 200);
    equal((await read({})).status, 401);
    equal(await page.evaluate(() => localStorage.length), 0);
    equal(await page.inputValue("#key-field"), "");

    const other = await visitor.open();
    equal(await other.evaluate(() => sessionStorage.length), 0);
    equal(visitor.complaints.join("\n"), "");
  },
});
