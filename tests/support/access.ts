import { exportJWK, generateKeyPair, type JWTPayload, SignJWT } from "jose";

export const ISSUER = "https://issuer.example/";
export const AUDIENCE = "p2sam";

/** An issuer of tokens: its keys, and tokens that it signs. */
export async function createIssuer(kid = "k1") {
  const { privateKey, publicKey } = await generateKeyPair("ES256");
  const jwk = { ...await exportJWK(publicKey), kid, alg: "ES256", use: "sig" };
  /** A valid token, with the given claims changed; null leaves a claim out. */
  const sign = (
    claims: Record<string, unknown> = {},
    header: Record<string, unknown> = {},
    key: Parameters<SignJWT["sign"]>[0] = privateKey,
  ) => {
    const now = Math.floor(Date.now() / 1000);
    const payload = {
      iss: ISSUER,
      aud: AUDIENCE,
      sub: "dr.who@example.org",
      tenant: "a",
      scope: "encode enrol segment read erase admin",
      iat: now,
      exp: now + 300,
      ...claims,
    };
    const stated = Object.entries(payload).filter(([, value]) =>
      value !== null
    );
    return new SignJWT(Object.fromEntries(stated) as JWTPayload)
      .setProtectedHeader({ alg: "ES256", kid, ...header })
      .sign(key);
  };
  return { jwks: { keys: [jwk] }, jwk, sign };
}

export type Issuer = Awaited<ReturnType<typeof createIssuer>>;

const base64 = (value: unknown) =>
  new TextEncoder().encode(JSON.stringify(value))
    .toBase64({ alphabet: "base64url", omitPadding: true });

/** Tokens that must be refused, by what is wrong with them. */
export async function badTokens(
  { sign, jwk }: Issuer,
): Promise<Record<string, string>> {
  const now = Math.floor(Date.now() / 1000);
  const good = await sign();
  const [header, payload, signature] = good.split(".");
  const otherIssuer = await createIssuer();
  const secret = new TextEncoder().encode(JSON.stringify(jwk).padEnd(64));
  const claims = JSON.parse(
    new TextDecoder().decode(
      Uint8Array.fromBase64(payload, { alphabet: "base64url" }),
    ),
  );
  return {
    "expired": await sign({ exp: now - 120 }),
    "not yet good": await sign({ nbf: now + 120 }),
    "without an end": await sign({ exp: null }),
    "of another issuer": await sign({ iss: "https://other.example/" }),
    "of no issuer": await sign({ iss: null }),
    "for another audience": await sign({ aud: "somebody-else" }),
    "for no audience": await sign({ aud: null }),
    "of no subject": await sign({ sub: null }),
    "of no tenant": await sign({ tenant: null }),
    "of a tenant that is no name": await sign({ tenant: "../a" }),
    "of a tenant that is a list": await sign({ tenant: ["a"] }),
    "without scopes": await sign({ scope: null }),
    "signed by another's key of the same name": await otherIssuer.sign(),
    "that names an unknown key": await sign({}, { kid: "k2" }),
    "signed by a shared secret": await sign({}, { alg: "HS256" }, secret),
    "with a critical extension": await sign({}, { crit: ["x"], x: 1 })
      .catch(() =>
        `${
          base64({ alg: "ES256", kid: "k1", crit: ["x"], x: 1 })
        }.${payload}.${signature}`
      ),
    "of no algorithm": `${base64({ alg: "none" })}.${payload}.`,
    "of no algorithm, signed": `${
      base64({ alg: "none", kid: "k1" })
    }.${payload}.${signature}`,
    "with its tenant changed": `${header}.${
      base64({ ...claims, tenant: "b" })
    }.${signature}`,
    "without its signature": `${header}.${payload}.`,
    "cut short": good.slice(0, -4),
    "of two parts": `${header}.${payload}`,
    "of dots": "...",
    "of no text": "0",
  };
}
