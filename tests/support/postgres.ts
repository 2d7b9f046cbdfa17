import { userInfo } from "node:os";
import { join } from "node:path";

/** The folder of the server's programs: Debian's, or what `POSTGRES_BIN` names. */
const PROGRAMS = await findPrograms();

async function findPrograms(): Promise<string | null> {
  const named = Deno.env.get("POSTGRES_BIN");
  if (named) return named;
  const root = "/usr/lib/postgresql";
  const found: number[] = [];
  try {
    for await (const { name } of Deno.readDir(root)) found.push(Number(name));
  } catch {
    return null;
  }
  return `${root}/${Math.max(...found)}/bin`;
}

/** Whether a server can be started here. */
export const hasPostgres = PROGRAMS !== null;

/** The server refuses to run as root; Debian's package makes this user. */
const USER = "postgres";
/** How often a server is started that stops while it starts. */
const START_TRIES = 5;
const AS_USER = userInfo().username === "root"
  ? ["setpriv", `--reuid=${USER}`, `--regid=${USER}`, "--init-groups"]
  : [];

/** Runs a program of PostgreSQL to its end. */
async function run(program: string, ...args: string[]): Promise<void> {
  const [first, ...rest] = [...AS_USER, `${PROGRAMS}/${program}`, ...args];
  const { success, stderr } = await new Deno.Command(first, {
    args: rest,
    cwd: "/tmp",
    stdin: "null",
    stdout: "null",
    stderr: "piped",
  }).output();
  if (!success) {
    throw new Error(`${program}: ${new TextDecoder().decode(stderr)}`);
  }
}

/** A port of the loopback that nobody listens on. */
export function freePort(): number {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  return (listener.addr as Deno.NetAddr).port;
}

/** A PostgreSQL server on the loopback, over a temporary folder. What it answered is on disk, as by default. */
export class Postgres implements AsyncDisposable {
  #process: Deno.ChildProcess | null = null;
  /** Whether it takes writes, as its keeper knows. */
  primary = true;

  private constructor(
    readonly folder: string,
    readonly port: number,
    readonly settings: string[],
  ) {}

  /**
   * @param settings of `postgresql.conf`, as `name=value`.
   * @param access the first lines of `pg_hba.conf`; all others may enter without a password.
   */
  static async start(settings: string[] = [], access = ""): Promise<Postgres> {
    const folder = await temporaryFolder();
    const data = join(folder, "data");
    await run(
      "initdb",
      ...["-D", data, "-U", USER, "-E", "UTF8", "--locale=C", "--auth=trust"],
    );
    const rules = join(data, "pg_hba.conf");
    const others = await Deno.readTextFile(rules);
    await Deno.writeTextFile(rules, `${access}\n${others}`);
    const server = new Postgres(folder, freePort(), settings);
    await server.begin();
    return server;
  }

  /** A standby that streams from this server. @param settings as for `start`. */
  async standby(
    settings: string[] = [],
    port = freePort(),
  ): Promise<Postgres> {
    const folder = await temporaryFolder();
    await run(
      "pg_basebackup",
      ...[
        "-D",
        join(folder, "data"),
        "-d",
        `${this.url()}application_name=standby`,
      ],
      ...["-R", "-X", "stream", "-c", "fast"],
    );
    const server = new Postgres(folder, port, settings);
    await server.begin();
    return server;
  }

  /** @param database and schema of the connection. */
  url(
    { user = USER, database = "postgres", schema = "" }: {
      user?: string;
      database?: string;
      schema?: string;
    } = {},
  ): string {
    const query = schema && `schema=${schema}`;
    return `postgres://${user}@127.0.0.1:${this.port}/${database}?${query}`;
  }

  /** Starts it over its folder; again where another program's connection has just its port. */
  async begin(): Promise<void> {
    for (let tries = 1; !await this.#begin(); tries++) {
      if (tries === START_TRIES) {
        throw new Error("The PostgreSQL server stopped while it started.");
      }
      await pause(1000);
    }
  }

  /** False where it stopped while it started. */
  async #begin(): Promise<boolean> {
    const settings = [
      `unix_socket_directories=${this.folder}`,
      "listen_addresses=127.0.0.1",
      ...this.settings,
    ].flatMap((setting) => ["-c", setting]);
    const [first, ...args] = [
      ...AS_USER,
      `${PROGRAMS}/postgres`,
      ...["-D", join(this.folder, "data"), "-p", `${this.port}`],
      ...settings,
    ];
    this.#process = new Deno.Command(first, {
      args,
      cwd: "/tmp",
      stdin: "null",
      stdout: "null",
      stderr: "null",
    }).spawn();
    let stopped = false;
    this.#process.status.then(() => stopped = true);
    while (!stopped) {
      const ready = await run(
        "pg_isready",
        ...["-q", "-h", "127.0.0.1", "-p", `${this.port}`],
      ).then(() => true, () => false);
      if (ready) return true;
      await pause(50);
    }
    return false;
  }

  /** Makes a standby the primary. */
  promote(): Promise<void> {
    return run("pg_ctl", "-D", join(this.folder, "data"), "-w", "promote");
  }

  /** Puts a file beside the data, which the server's user alone may read, and returns its path. */
  async place(name: string, content: string): Promise<string> {
    const path = join(this.folder, name);
    await Deno.writeTextFile(path, content, { mode: 0o600 });
    const { uid, gid } = await Deno.stat(this.folder);
    await Deno.chown(path, uid, gid);
    return path;
  }

  /** Runs statements by psql. */
  sql(statements: string, database = "postgres"): Promise<void> {
    return run(
      "psql",
      ...["-q", "-X", "-v", "ON_ERROR_STOP=1", "-d", this.url({ database })],
      ...["-c", statements],
    );
  }

  /** Waits until no connection of the product is left: a statement that a killed process had sent is carried out first. */
  settle(): Promise<void> {
    return this.sql(`DO $$ BEGIN
      WHILE EXISTS (SELECT FROM pg_stat_activity WHERE application_name = 'p2sam-edge') LOOP
        PERFORM pg_sleep(0.02), pg_stat_clear_snapshot();
      END LOOP;
    END $$`);
  }

  /** Ends the server and the processes of its connections with SIGKILL, as a loss of power does. */
  async kill(): Promise<void> {
    const process = this.#process;
    if (process === null) return;
    this.#process = null;
    // While it is stopped, it begins no process that would outlive it and keep the folder in use.
    signal(process.pid, "SIGSTOP");
    while (!["", "T"].includes(stateOf(process.pid))) await pause(5);
    const children = await childrenOf(process.pid);
    for (const pid of [...children, process.pid]) signal(pid, "SIGKILL");
    await process.status;
    while (children.some((pid) => stateOf(pid) !== "")) await pause(20);
  }

  /** Closes connections as an administrator's restart does, and starts it again. */
  async restart(): Promise<void> {
    await this.kill();
    await this.begin();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill();
    await Deno.remove(this.folder, { recursive: true });
  }
}

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

function signal(pid: number, name: Deno.Signal): void {
  try {
    Deno.kill(pid, name);
  } catch {
    // It has ended already.
  }
}

/** The letter of a process's state, `T` for stopped (proc(5)); empty where it has ended. */
function stateOf(pid: number): string {
  try {
    const stat = Deno.readTextFileSync(`/proc/${pid}/stat`);
    return stat.charAt(stat.lastIndexOf(")") + 2).replace(/[ZX]/, "");
  } catch {
    return "";
  }
}

async function childrenOf(pid: number): Promise<number[]> {
  const path = `/proc/${pid}/task/${pid}/children`;
  const text = await Deno.readTextFile(path).catch(() => "");
  return text.split(" ").filter(Boolean).map(Number);
}

/** A folder that the server's user owns. */
async function temporaryFolder(): Promise<string> {
  const folder = await Deno.makeTempDir({ prefix: "postgres-" });
  if (AS_USER.length > 0) {
    const { stdout } = await new Deno.Command("id", { args: ["-u", USER] })
      .output();
    const uid = Number(new TextDecoder().decode(stdout));
    await Deno.chown(folder, uid, null);
  }
  return folder;
}
