/** What the registry knows of the packages in the lock. */
export type Audit =
  | { found: "nothing" }
  | { found: "vulnerabilities"; report: string }
  /** The registry does not answer, or not this question. */
  | { found: "no answer"; why: string };

/**
 * Asks the registry for advisories, as `deno audit` does.
 *
 * @param folder the folder of the `deno.json` whose lock is audited.
 */
export async function audit(
  folder: URL,
  env: Record<string, string> = {},
): Promise<Audit> {
  const { success, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["audit"],
    cwd: folder,
    env: { NO_COLOR: "1", ...env },
  }).output();
  if (success) return { found: "nothing" };
  const report = [stdout, stderr].map((bytes) =>
    new TextDecoder().decode(bytes)
  ).join("");
  if (/^Found \d+ vulnerabilit/m.test(report)) {
    return { found: "vulnerabilities", report };
  }
  const why = /^error: (.*)$/m.exec(report)?.[1] ?? report;
  return { found: "no answer", why };
}
