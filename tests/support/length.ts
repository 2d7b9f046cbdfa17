/**
 * How long a loop of a test is: `short` by default, `full` where `TEST_LENGTH=full` is set, as in
 * `TEST_LENGTH=full deno task test:all`.
 */
export function length(short: number, full: number): number {
  return Deno.env.get("TEST_LENGTH") === "full" ? full : short;
}
