/** An image archive of Debian's packages orthanc and orthanc-dicomweb. */
const PROGRAM = "/usr/sbin/Orthanc";
const PLUGIN = "/usr/share/orthanc/plugins/libOrthancDicomWeb.so";

/** Whether it is there; says why tests are skipped when not. */
export const hasOrthanc = (() => {
  try {
    for (const path of [PROGRAM, PLUGIN]) Deno.statSync(path);
    return true;
  } catch {
    console.log(
      "Tests on an image archive are skipped: apt-get install orthanc orthanc-dicomweb.",
    );
    return false;
  }
})();

const [USER, PASSWORD] = ["edge", "pass:wörd"];
const BOUNDARY = "a-boundary-of-the-test";

/** An archive of its own on a free port of the loopback, over a temporary folder. */
export class Orthanc implements AsyncDisposable {
  private constructor(
    readonly url: string,
    private readonly process: Deno.ChildProcess,
    private readonly folder: string,
  ) {}

  static async start(): Promise<Orthanc> {
    const folder = await Deno.makeTempDir();
    const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    const { port } = listener.addr as Deno.NetAddr;
    listener.close();
    await Deno.writeTextFile(
      `${folder}/orthanc.json`,
      JSON.stringify({
        StorageDirectory: folder,
        IndexDirectory: folder,
        HttpPort: port,
        DicomServerEnabled: false,
        RemoteAccessAllowed: false,
        AuthenticationEnabled: true,
        RegisteredUsers: { [USER]: PASSWORD },
        Plugins: [PLUGIN],
        DicomWeb: { Enable: true, Root: "/dicom-web/", EnableWado: false },
      }),
    );
    const process = new Deno.Command(PROGRAM, {
      args: [`${folder}/orthanc.json`],
      stdout: "null",
      stderr: "null",
    }).spawn();
    const url = `http://127.0.0.1:${port}/dicom-web/`;
    const archive = new Orthanc(url, process, folder);
    for (let tries = 0; tries < 300; tries++) {
      const answer = await archive.request("studies").catch(() => null);
      await answer?.body?.cancel();
      if (answer?.ok) return archive;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    await archive[Symbol.asyncDispose]();
    throw new Error("Orthanc did not start within 30 s.");
  }

  /** Settings of a server that opens it. */
  get environment(): Record<string, string> {
    return {
      DICOMWEB_URL: this.url,
      DICOMWEB_USER: USER,
      DICOMWEB_PASSWORD: PASSWORD,
    };
  }

  request(path: string, init: RequestInit = {}): Promise<Response> {
    const pair = new TextEncoder().encode(`${USER}:${PASSWORD}`).toBase64();
    const headers = new Headers({ accept: "application/dicom+json" });
    new Headers(init.headers).forEach((value, name) =>
      headers.set(name, value)
    );
    headers.set("authorization", `Basic ${pair}`);
    return fetch(this.url + path, { ...init, headers });
  }

  /** The data sets that it lists, of DICOM JSON. */
  async list(path: string): Promise<Record<string, { Value: unknown[] }>[]> {
    return await (await this.request(path)).json();
  }

  /** Puts a file into it (STOW-RS). */
  async put(file: Uint8Array): Promise<void> {
    const body = new Blob([
      `--${BOUNDARY}\r\nContent-Type: application/dicom\r\n\r\n`,
      new Uint8Array(file),
      `\r\n--${BOUNDARY}--\r\n`,
    ]);
    const answer = await this.request("studies", {
      method: "POST",
      body,
      headers: {
        "content-type":
          `multipart/related; type="application/dicom"; boundary=${BOUNDARY}`,
      },
    });
    const text = await answer.text();
    if (answer.status !== 200) throw new Error(`Orthanc refused: ${text}`);
  }

  /** Takes a file out of it (WADO-RS), by its own reading of multipart. */
  async take(path: string): Promise<Uint8Array<ArrayBuffer>> {
    const answer = await this.request(path, {
      headers: {
        // As it was stored.
        accept:
          'multipart/related; type="application/dicom"; transfer-syntax=*',
      },
    });
    const text = await answer.bytes().then((bytes) =>
      new TextDecoder("latin1").decode(bytes)
    );
    const start = text.indexOf("\r\n\r\n") + 4;
    const end = text.lastIndexOf("\r\n--");
    return Uint8Array.from(
      text.slice(start, end),
      (character) => LATIN1.get(character)!,
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    try {
      this.process.kill("SIGKILL");
    } catch {
      // It has stopped already.
    }
    await this.process.status;
    await Deno.remove(this.folder, { recursive: true });
  }
}

/** Each byte by the character that the label latin1 stands for, which is windows-1252. */
const LATIN1 = new Map(
  Array.from({ length: 256 }, (_, byte) => [
    new TextDecoder("latin1").decode(new Uint8Array([byte])),
    byte,
  ]),
);
