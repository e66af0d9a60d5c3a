// Bytes as the wire writes them: base64url without padding (RFC 4648, 5). One text for one value: bits that are left over
// must be zero.
import { type Bytes } from "../crypto/bytes.js";

export class BadText extends Error {}

export function toText(b: Uint8Array): string {
  let s = "";
  for (const x of b) s += String.fromCharCode(x);
  return btoa(s).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}

export function fromText(s: string): Bytes {
  if (!/^[A-Za-z0-9_-]*$/.test(s) || s.length % 4 === 1) throw new BadText("not base64url");
  const raw = atob(s.replaceAll("-", "+").replaceAll("_", "/"));
  const b = new Uint8Array(raw.length);
  for (let i = 0; i < raw.length; i++) b[i] = raw.charCodeAt(i);
  if (toText(b) !== s) throw new BadText("base64url with bits left over");
  return b;
}
