import { audit } from "./advisories.ts";
import { isAllowed, licencesOf } from "./licences.ts";

const ROOT = new URL("../../../", import.meta.url);
/** The packages that serving imports, and the tools of the tests. */
const LOCKS = ["deno.lock", "tests/deno.lock"];

/** `deno task audit:dependencies`: known vulnerabilities and licences of every package in both locks. */
const info = await new Deno.Command(Deno.execPath(), {
  args: ["info", "--json"],
}).output();
const { npmCache } = JSON.parse(new TextDecoder().decode(info.stdout));

let isFit = true;
for (const name of LOCKS) {
  const lock = new URL(name, ROOT);
  console.log(`${name}:`);
  const found = await audit(new URL("./", lock));
  switch (found.found) {
    case "nothing":
      console.log("No known vulnerabilities.");
      break;
    case "vulnerabilities":
      isFit = false;
      console.log(found.report);
      break;
    case "no answer":
      console.log(
        `Known vulnerabilities: skipped, the registry gives no answer (${found.why}).`,
      );
  }
  const licences = await licencesOf(lock, npmCache);
  const unfit = licences.filter((one) => !isAllowed(one));
  for (const { name, licence } of unfit) {
    const why = licence === null
      ? "no licence is stated, or it is not in the cache (deno install)"
      : `${licence} is not allowed`;
    console.log(`${name}: ${why}.`);
  }
  const fit = licences.length - unfit.length;
  console.log(`${licences.length} packages, ${fit} under allowed licences.`);
  isFit &&= unfit.length === 0;
}
Deno.exit(isFit ? 0 : 1);
