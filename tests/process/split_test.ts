import { testEndToEnd } from "../support/end_to_end.ts";
import { EncodeHosts, LENIENT } from "../support/split.ts";

Deno.test("the contract holds on the split, with two encode hosts", async (t) => {
  await using hosts = await EncodeHosts.start(2);
  await using edge = await hosts.edge(":memory:");
  await testEndToEnd(t, edge);
});

const adapter = await navigator.gpu?.requestAdapter();
const webgpu = "the contract holds on the split, encoding with WebGPU";
if (!adapter) console.log(`skipped: ${webgpu}: no adapter is found`);

Deno.test({
  name: webgpu,
  ignore: !adapter,
  async fn(t) {
    const settings = { RUNTIME: "webgpu", ...LENIENT };
    await using hosts = await EncodeHosts.start(2, settings);
    await using edge = await hosts.edge(":memory:", LENIENT);
    await testEndToEnd(t, edge);
  },
});
