/**
 * How often a test tries something: seldom by default, and often where `TEST_LENGTH=full` is in the
 * environment, as in `TEST_LENGTH=full deno task test`.
 */
export function length(short: number, full: number): number {
  return Deno.env.get("TEST_LENGTH") === "full" ? full : short;
}
