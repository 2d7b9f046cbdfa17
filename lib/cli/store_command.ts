import { copyStore } from "../store/copy_store.ts";
import type { Kv } from "../store/kv/kv.ts";
import { createCommand } from "./command_line.ts";

/** `deno task store`. @param open opens the database of a `KV_PATH`. */
export function storeCommand(
  open: (path: string, how?: { isThere: boolean }) => Promise<Kv>,
) {
  const command = createCommand("deno task store", "Moves a store.");
  command.command("copy")
    .description(
      "copy a store into an empty database of any kind, and verify it; servers on both are stopped before",
    )
    .requiredOption("--from <path>", "the store, as KV_PATH names it")
    .requiredOption("--to <path>", "the database to copy it into")
    .action(async ({ from, to }) => {
      const source = await open(from, { isThere: true });
      try {
        const target = await open(to);
        try {
          const { entries, written, removed } = await copyStore(source, target);
          console.log(
            `copied ${entries} entries, ${written} of them now, and removed ${removed}; both stores hold the same`,
          );
        } finally {
          await target.close();
        }
      } finally {
        await source.close();
      }
    });
  return command;
}
