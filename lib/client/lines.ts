/**
 * The lines of an NDJSON answer as they come; where the host's fetch gives no stream, at its end.
 *
 * @param begun whether lines came in an answer before, so that this one may hold none.
 * @throws TypeError, as fetch does, when the answer ends before the last image's line.
 */
export async function* seriesLines<T extends { index: number; total: number }>(
  response: Response,
  begun: boolean,
): AsyncGenerator<T> {
  let rest = "";
  let complete = begun;
  for await (const text of textOf(response)) {
    const lines = (rest + text).split("\n");
    rest = lines.pop()!;
    for (const line of lines) {
      const value: T = JSON.parse(line);
      complete = value.index === value.total - 1;
      yield value;
    }
  }
  if (!complete) throw new TypeError("The series broke off.");
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
