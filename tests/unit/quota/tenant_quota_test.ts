import { throws } from "node:assert/strict";
import { TenantQuota } from "../../../lib/quota/tenant_quota.ts";

Deno.test("a tenant takes no more than its quota, and all together no more than there is", () => {
  const quota = new TenantQuota({ most: 10, perTenant: 6, what: "things" });
  const giveBack = quota.take("a", 6);
  throws(() => quota.take("a"), {
    code: "too-many-requests",
    message:
      "Limit reached: a tenant may use at most 6 things at once; try again shortly.",
  });
  throws(() => quota.take("b", 5), {
    code: "busy",
    message:
      "Limit reached: the server handles at most 10 things at once; try again shortly.",
  });
  const other = quota.take("b", 4);
  giveBack();
  throws(() => quota.take("b", 3), { code: "too-many-requests" });
  quota.take("a", 6)();
  other();
  quota.take("b", 6);
});
