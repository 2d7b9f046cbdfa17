import { equal } from "node:assert/strict";
import { composeAccess } from "../../../deploy/compose_access.ts";
import { readConfig } from "../../../deploy/config.ts";
import { createApp } from "../../../functions/app.ts";
import { requireOneLine, runCommand } from "../../support/command.ts";
import { openService } from "../../support/service.ts";

Deno.test("the command makes a key that a server takes", async () => {
  const args = ["one", "--tenant", "b", "--scopes", "read"];
  const { code, out, error } = await runCommand("key", args);
  equal(code, 0, error);
  const [, secret] = /: (p2sam_\S+)\n/.exec(out)!;
  const [, entry] = /API_KEYS: (\S+)$/.exec(out)!;
  await using service = await openService();
  const access = (await composeAccess(
    readConfig({ API_KEYS: entry }),
    undefined,
  ))!;
  equal((await access.authenticate(secret))?.tenant, "b");
  const app = createApp(service.services, undefined, { access });
  const statusOf = async (headers: HeadersInit, method = "GET") => {
    const answer = await app.request("/v1/patients/p", { method, headers });
    await answer.body?.cancel();
    return answer.status;
  };
  equal(await statusOf({}), 401);
  equal(await statusOf({ "x-api-key": secret }), 404);
  equal(await statusOf({ authorization: `Bearer ${secret}` }), 404);
  equal(await statusOf({ authorization: `bearer  ${secret}` }), 404);
  equal(await statusOf({ authorization: `Basic ${secret}` }), 401);
  equal(await statusOf({ "x-api-key": secret }, "DELETE"), 403);
});

Deno.test("a wrong key command is one line", async () => {
  const cases: [string[], RegExp][] = [
    [[], /Missing required argument 'id'\. See `deno task api-key --help`/],
    [["a", "b"], /Expected 1 argument but got 2: a, b\. See/],
    [["a", "--scopes", "all"], /--scopes all: wanted one or more of encode/],
    [["a", "--tenant", ""], /The tenant must be 1 to 64 letters/],
    [["a/b"], /The id must be 1 to 64 letters/],
  ];
  for (const [args, wanted] of cases) {
    requireOneLine(await runCommand("key", args), wanted, args.join(" "));
  }
});
