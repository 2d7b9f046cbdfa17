/** A place that the load balancer sends to, and where it asks whether that place takes requests. */
export interface Backend {
  port: number;
  /** Where `check` is answered 200 while it does; the place itself by default. */
  checkPort?: number;
}

/** Whether Debian's haproxy is installed. */
export const hasHaproxy = await new Deno.Command("haproxy", {
  args: ["-v"],
  stdout: "null",
  stderr: "null",
}).output().then(({ success }) => success, () => false);

/** What callers get where the load balancer itself has to answer. */
const AWAY = "HTTP/1.1 503 Service Unavailable\r\nretry-after: 1\r\n" +
  "content-type: application/problem+json\r\ncontent-length: 2\r\n\r\n{}";

/** A load balancer on the loopback: HTTP to the edges, TCP to the database's primary. */
export class Haproxy implements AsyncDisposable {
  private constructor(
    readonly process: Deno.ChildProcess,
    readonly folder: string,
    readonly http: number,
    readonly tcp: number,
  ) {}

  /**
   * @param edges are checked at `/readyz`.
   * @param databases are checked at `/primary`, as Patroni answers it.
   * @param ports on which it listens, HTTP and TCP.
   */
  static async start(
    edges: Backend[],
    databases: Backend[],
    [http, tcp]: [number, number],
  ): Promise<Haproxy> {
    const folder = await Deno.makeTempDir({ prefix: "haproxy-" });
    await Deno.writeTextFile(`${folder}/away.http`, AWAY);
    const servers = (name: string, backends: Backend[], more = "") =>
      backends.map(({ port, checkPort = port }, i) =>
        `  server ${name}${i} 127.0.0.1:${port} check port ${checkPort} ${more}`
      ).join("\n");
    const config = `
defaults
  timeout connect 2s
  timeout client 120s
  timeout server 120s
  default-server inter 300ms fall 2 rise 1
${[502, 503, 504].map((s) => `  errorfile ${s} ${folder}/away.http`).join("\n")}
listen edges
  mode http
  bind 127.0.0.1:${http}
  balance roundrobin
  option redispatch
  # Where a kept connection is lost, it would close the caller's without a word.
  option httpclose
  http-reuse never
  retries 3
  option httpchk GET /readyz
${servers("edge", edges)}
listen database
  mode tcp
  bind 127.0.0.1:${tcp}
  option httpchk GET /primary
${servers("pg", databases, "on-marked-down shutdown-sessions")}
`;
    await Deno.writeTextFile(`${folder}/haproxy.cfg`, config);
    const process = new Deno.Command("haproxy", {
      args: ["-db", "-f", `${folder}/haproxy.cfg`],
      stdout: "null",
      stderr: "null",
    }).spawn();
    return new Haproxy(process, folder, http, tcp);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.process.kill("SIGKILL");
    await this.process.status;
    await Deno.remove(this.folder, { recursive: true });
  }
}
