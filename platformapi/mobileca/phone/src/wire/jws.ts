// The desktop's word: a compact JWS (RFC 7515) by the key whose fingerprint was in the code that the phone scanned.
import { type Bytes, utf8 } from "../crypto/bytes.js";
import { fromText, toText } from "./base64url.js";

export class BadJWS extends Error {}

export const MOST = 400 << 10;

// A public key on P-256 (RFC 7518, 6.2.1).
export interface Key {
  kty: "EC";
  crv: "P-256";
  x: string;
  y: string;
}

export function isKey(k: unknown): k is Key {
  const j = k as Partial<Record<string, unknown>> | null;
  return (
    typeof j === "object" && j !== null && j.kty === "EC" && j.crv === "P-256" &&
    [j.x, j.y].every((c) => typeof c === "string" && /^[A-Za-z0-9_-]{43}$/.test(c))
  );
}

// RFC 7638, with SHA-256: 32 bytes.
export async function thumbprint(k: Key): Promise<Bytes> {
  return new Uint8Array(await crypto.subtle.digest("SHA-256", utf8(`{"crv":"P-256","kty":"EC","x":"${k.x}","y":"${k.y}"}`)));
}

// The payload, when the signature is k's and the header says nothing but what it must.
export async function verify(jws: string, k: Key, typ: string): Promise<unknown> {
  if (jws.length > MOST) throw new BadJWS("too long");
  const [head, payload, signature, ...more] = jws.split(".");
  if (!head || !payload || !signature || more.length > 0) throw new BadJWS("not of three parts");
  const header = parse(head) as Record<string, unknown>;
  if (typeof header !== "object" || header === null || Object.keys(header).sort().join() !== "alg,kid,typ") throw new BadJWS("header");
  if (header.alg !== "ES256" || header.typ !== typ || header.kid !== toText(await thumbprint(k))) throw new BadJWS("header: of another kind or key");
  const value = fromText(signature);
  if (value.length !== 64) throw new BadJWS("signature: length");
  const { kty, crv, x, y } = k;
  const key = await crypto.subtle.importKey("jwk", { kty, crv, x, y }, { name: "ECDSA", namedCurve: "P-256" }, false, ["verify"]);
  if (!(await crypto.subtle.verify({ name: "ECDSA", hash: "SHA-256" }, key, value, utf8(head + "." + payload)))) throw new BadJWS("signature: does not hold");
  return parse(payload);
}

function parse(part: string): unknown {
  try {
    return JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(fromText(part)));
  } catch {
    throw new BadJWS("not JSON in base64url");
  }
}
