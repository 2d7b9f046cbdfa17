import { equal, ok } from "node:assert/strict";
import { encodePng } from "../../lib/codecs/png/encode.ts";
import { files, form, visits } from "../support/requests.ts";
import { Server } from "../support/server.ts";

/** Mounts, if the system allows it; else prints why not. */
async function mount(...args: string[]): Promise<boolean> {
  const { success, stderr } = await new Deno.Command("mount", { args })
    .output().catch(() => ({ success: false, stderr: new Uint8Array() }));
  if (!success) {
    console.log(`no small disk: ${new TextDecoder().decode(stderr)}`);
  }
  return success;
}

const SMALL = ["-t", "tmpfs", "-o", "size=6m", "tmpfs"];

async function unmount(disk: string): Promise<void> {
  await new Deno.Command("umount", { args: ["-l", disk] }).output();
  await Deno.remove(disk);
}

/** Whether a small disk can be mounted here. */
async function canMount(): Promise<boolean> {
  const disk = await Deno.makeTempDir();
  const can = await mount(...SMALL, disk);
  if (can) await unmount(disk);
  else await Deno.remove(disk);
  return can;
}

Deno.test({
  name:
    "a full disk is answered 503, keeps what was acknowledged, and serves on when there is space again",
  ignore: !await canMount(),
  async fn() {
    const disk = await Deno.makeTempDir();
    ok(await mount(...SMALL, disk));
    try {
      const environment = { KV_PATH: `${disk}/edge.kv` };
      const acknowledged: string[] = [];
      const read = async (server: Server, name: string) => {
        const { status, body } = await server.json(
          `/v1/patients/p/references/${name}`,
        );
        equal(status, 200);
        equal(body.label, name);
      };
      {
        await using server = await Server.start(environment);
        // Each image differs, so that its embedding takes space.
        const enrolNext = (round: number) => {
          const data = visits.first.image.data.slice();
          data[round] ^= 1;
          const image = encodePng({ ...visits.first.image, data });
          const fields = { image, mask: files.mask, label: `r-${round}` };
          return server.enrol("p", `r-${round}`, form(fields));
        };
        let full: Response | undefined;
        let round = 0;
        while (full === undefined) {
          ok(round < 300, "the disk fills");
          const response = await enrolNext(round);
          if (response.ok) {
            acknowledged.push(`r-${round}`);
            await response.body?.cancel();
          } else full = response;
          round++;
        }
        const problem = await full.json();
        equal(full.status, 503, JSON.stringify(problem));
        ok(full.headers.has("retry-after"));
        ok(acknowledged.length > 0);
        // Reads are served as long as the trail has space for their entries.
        const { status } = await server.json("/v1/patients/p");
        ok([200, 503].includes(status), `${status}`);

        ok(await mount("-o", "remount,size=64m", disk));
        const again = await enrolNext(round - 1);
        // It may have been stored, where only the trail of its answer found no space; then it is replaced.
        ok([200, 201].includes(again.status), await again.text());
        acknowledged.push(`r-${round - 1}`);
        await server.kill();
      }
      await using server = await Server.start(environment);
      for (const name of acknowledged) await read(server, name);
    } finally {
      await unmount(disk);
    }
  },
});
