/**
 * The length of a long loop: `short` by default, `full` where `TEST_LENGTH=full` is in the environment, as
 * `deno task test:full` sets it.
 */
export function length(short: number, full: number): number {
  return Deno.env.get("TEST_LENGTH") === "full" ? full : short;
}
