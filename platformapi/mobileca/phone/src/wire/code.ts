// The code on the desktop's screen, and what follows from it: whom the phone talks to, and four letters that both show.
import { type Bytes, concat, equal, utf8 } from "../crypto/bytes.js";
import { fromText, toText } from "./base64url.js";
import { type Key, thumbprint } from "./jws.js";

export class BadCode extends Error {}

export interface Code {
  id: string;
  secret: Bytes;
  fingerprint: Bytes;
}

// Reads what stands behind the address' "#": 1.ID.SECRET.FINGERPRINT, 16 bytes each.
export function parseFragment(fragment: string): Code {
  const [version, id, secret, fingerprint, ...more] = fragment.split(".");
  if (version !== "1" || !id || !secret || !fingerprint || more.length > 0) throw new BadCode("not a code of ours");
  const read = (s: string): Bytes => {
    if (s.length !== 22) throw new BadCode("length");
    try {
      return fromText(s);
    } catch {
      throw new BadCode("letters");
    }
  };
  read(id);
  return { id, secret: read(secret), fingerprint: read(fingerprint) };
}

export function formatFragment(c: Code): string {
  return ["1", c.id, toText(c.secret), toText(c.fingerprint)].join(".");
}

// Reads a scanned address, which must be of this service: what another one's code says is nobody's business here.
export function parseAddress(text: string, origin: string): Code {
  let address: URL;
  try {
    address = new URL(text);
  } catch {
    throw new BadCode("not an address");
  }
  if (address.origin !== origin || address.pathname !== "/q" || address.search !== "") throw new BadCode("of another service");
  return parseFragment(address.hash.slice(1));
}

async function sha256(...parts: Uint8Array[]): Promise<Bytes> {
  return new Uint8Array(await crypto.subtle.digest("SHA-256", concat(...parts)));
}

// Whether the desktop that the service names is the one whose screen was scanned.
export async function isOf(code: Code, desktop: Key, commitment: Bytes): Promise<boolean> {
  const print = await sha256(utf8("SealDesk QR v1"), await thumbprint(desktop), commitment);
  return equal(print.slice(0, 16), code.fingerprint);
}

export async function opens(commitment: Bytes, nonce: Bytes): Promise<boolean> {
  return nonce.length === 32 && equal(await sha256(nonce), commitment);
}

const LETTERS = "BCDFGHJKLMNPQRSTVWXZ";
const LENGTH = 4;

// The four letters. Neither side can choose them: the desktop committed to its nonce before it saw the phone's.
export async function matchCode(code: Code, desktop: Key, phone: Key, desktopNonce: Bytes, phoneNonce: Bytes): Promise<string> {
  const key = await crypto.subtle.importKey("raw", code.secret, { name: "HMAC", hash: "SHA-256" }, false, ["sign"]);
  const message = concat(utf8("SealDesk match v1"), fromText(code.id), await thumbprint(desktop), await thumbprint(phone), desktopNonce, phoneNonce);
  const mac = await crypto.subtle.sign("HMAC", key, message);
  let n = new DataView(mac).getBigUint64(0) % BigInt(LETTERS.length ** LENGTH);
  let out = "";
  for (let i = 0; i < LENGTH; i++) {
    out = LETTERS[Number(n % 20n)]! + out;
    n /= 20n;
  }
  return out;
}

// The code among two others, in an order that says nothing.
export function choices(right: string): string[] {
  const all = new Set([right]);
  while (all.size < 3) all.add([...crypto.getRandomValues(new Uint32Array(LENGTH))].map((x) => LETTERS[x % LETTERS.length]).join(""));
  const list = [...all];
  for (let i = list.length - 1; i > 0; i--) {
    const j = crypto.getRandomValues(new Uint32Array(1))[0]! % (i + 1);
    [list[i], list[j]] = [list[j]!, list[i]!];
  }
  return list;
}
