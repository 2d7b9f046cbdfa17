import { throws } from "node:assert/strict";
import { Quota } from "../../../lib/quota/tenant_quota.ts";

Deno.test("a tenant takes no more than its part, and all no more than there is", () => {
  const share = new Quota({ most: 10, perTenant: 6, what: "things" });
  const back = share.take("a", 6);
  throws(() => share.take("a"), {
    code: "too-many-requests",
    message: /things/,
  });
  throws(() => share.take("b", 5), { code: "busy", message: /things/ });
  const other = share.take("b", 4);
  back();
  throws(() => share.take("b", 3), { code: "too-many-requests" });
  share.take("a", 6)();
  other();
  share.take("b", 6);
});
