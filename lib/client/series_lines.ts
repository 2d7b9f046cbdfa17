/**
 * The lines of an NDJSON answer as they arrive; all at the end where the host's fetch gives no stream.
 *
 * @param resumed whether an earlier answer had lines, so that this one may have none
 * @throws TypeError, as fetch does, when the answer ends before the last image's line
 */
export async function* seriesLines<T extends { index: number; total: number }>(
  response: Response,
  resumed: boolean,
): AsyncGenerator<T> {
  let rest = "";
  let complete = resumed;
  for await (const text of textOf(response)) {
    const lines = (rest + text).split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) {
      const value: T = JSON.parse(line);
      complete = value.index === value.total - 1;
      yield value;
    }
  }
  if (!complete) throw new TypeError("The series ended before its last image.");
}

async function* textOf(response: Response): AsyncGenerator<string> {
  if (!response.body) {
    yield await response.text();
    return;
  }
  const reader = response.body.getReader();
  const decoder = new TextDecoder();
  try {
    for (;;) {
      const { value, done } = await reader.read();
      if (done) return;
      yield decoder.decode(value, { stream: true });
    }
  } finally {
    await reader.cancel().catch(() => {});
  }
}
