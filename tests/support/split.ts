import { Server } from "./server.ts";

export const TOKEN = "a-token-for-tests-only";

/** Settings for a machine that is busy with other tests. */
export const LENIENT = { ENCODE_TIMEOUT: "60", DEADLINE: "120" };

/** Encode hosts on the loopback, and the settings of an edge over them. */
export class EncodeHosts implements AsyncDisposable {
  private constructor(
    readonly hosts: Server[],
    readonly environment: Record<string, string>,
    private readonly settings: Record<string, string>,
  ) {}

  static async start(count: number, settings: Record<string, string> = {}) {
    const hosts = await Promise.all(
      Array.from({ length: count }, () => startHost(settings)),
    );
    return new EncodeHosts(hosts, {
      ENCODE_URL: hosts.map(({ url }) => url).join(),
      ENCODE_TOKEN: TOKEN,
    }, settings);
  }

  /** Starts a host again at the port that it had. */
  async restart(host: number): Promise<void> {
    const { port } = new URL(this.hosts[host].url);
    this.hosts[host] = await startHost({ ...this.settings, PORT: port });
  }

  /** An edge process over these hosts. */
  edge(kvPath: string, settings: Record<string, string> = {}): Promise<Server> {
    const environment = { ...this.environment, ...settings, KV_PATH: kvPath };
    return Server.start(environment, "edge");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.hosts.map((host) => host.kill()));
  }
}

function startHost(settings: Record<string, string>): Promise<Server> {
  const environment = { ENCODE_TOKEN: TOKEN, THREADS: "1", ...settings };
  return Server.start(environment, "encode");
}
