import { audit } from "./advisories.ts";
import { isAllowed, licencesOf } from "./licences.ts";

/** `deno task audit`: known vulnerabilities and licences of every package in the lock. */
const found = await audit();
switch (found.found) {
  case "nothing":
    console.log("No known vulnerabilities.");
    break;
  case "vulnerabilities":
    console.log(found.report);
    break;
  case "no answer":
    console.log(
      `Known vulnerabilities: skipped, the registry gives no answer (${found.why}).`,
    );
}

const info = await new Deno.Command(Deno.execPath(), {
  args: ["info", "--json"],
}).output();
const { npmCache } = JSON.parse(new TextDecoder().decode(info.stdout));
const licences = await licencesOf(
  new URL("../../../deno.lock", import.meta.url),
  npmCache,
);
const refused = licences.filter((one) =>
  one.licence !== null && !isAllowed(one)
);
const unknown = licences.filter(({ licence }) => licence === null);
for (const { name, licence } of refused) {
  console.log(`${name}: ${licence} is not allowed.`);
}
for (const { name } of unknown) {
  console.log(
    `${name}: no licence is stated, or it is not in the cache (deno install).`,
  );
}
console.log(
  `${licences.length} packages, ${
    licences.length - refused.length - unknown.length
  } under allowed licences.`,
);
Deno.exit(
  found.found === "vulnerabilities" || refused.length + unknown.length > 0
    ? 1
    : 0,
);
