// The phone's share as it lies at the service: sealed under a code that only the person has. The code's hundred random bits
// are the key's strength, so nothing needs to be slow.
import { BadAnswer, SCALAR, scalarBytes } from "./group.js";
import { type Bytes, concat, utf8 } from "./bytes.js";
import { type Share, open } from "./key.js";

// Without letters that are taken for digits.
const LETTERS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
const GROUPS = 5;
const GROUP = 4;
const SALT = 16;
const IV = 12;

// Five groups of four.
export function newCode(): string[] {
  return Array.from({ length: GROUPS }, () => [...crypto.getRandomValues(new Uint8Array(GROUP))].map((x) => LETTERS[x & 31]!).join(""));
}

// What somebody typed, as the code: its letters large and without what stands between them; undefined when it is none.
export function readCode(text: string): string | undefined {
  const code = text.toUpperCase().replace(/[\s-]/g, "").replaceAll("O", "0").replace(/[IL]/g, "1");
  return code.length === GROUPS * GROUP && [...code].every((c) => LETTERS.includes(c)) ? code : undefined;
}

async function keyOf(code: string, salt: Bytes): Promise<CryptoKey> {
  const key = await crypto.subtle.importKey("raw", utf8(code), "HKDF", false, ["deriveKey"]);
  return crypto.subtle.deriveKey({ name: "HKDF", hash: "SHA-256", salt, info: utf8("SealDesk backup v1") }, key, { name: "AES-GCM", length: 256 }, false, ["encrypt", "decrypt"]);
}

export async function seal(share: Share, pin: string, code: string): Promise<Bytes> {
  const salt = crypto.getRandomValues(new Uint8Array(SALT));
  const iv = crypto.getRandomValues(new Uint8Array(IV));
  const d1 = scalarBytes(await open(share, pin));
  const sealed = await crypto.subtle.encrypt({ name: "AES-GCM", iv, additionalData: share.public }, await keyOf(code, salt), d1);
  d1.fill(0);
  return concat(salt, iv, new Uint8Array(sealed));
}

// d1, for key.restore; undefined when the code is another.
export async function unseal(backup: Bytes, p: Bytes, code: string): Promise<Bytes | undefined> {
  if (backup.length !== SALT + IV + SCALAR + 16) throw new BadAnswer("backup: length");
  const key = await keyOf(code, backup.slice(0, SALT));
  try {
    const iv = backup.slice(SALT, SALT + IV);
    return new Uint8Array(await crypto.subtle.decrypt({ name: "AES-GCM", iv, additionalData: p }, key, backup.slice(SALT + IV)));
  } catch {
    return undefined;
  }
}
