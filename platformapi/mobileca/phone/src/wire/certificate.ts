// The public key in a certificate (RFC 5280) or a certification request's info (RFC 2986).
import { type Bytes } from "../crypto/bytes.js";
import { BadDER, INTEGER, Reader, SEQUENCE, only } from "./der.js";

// A point uncompressed: 65 bytes.
export function certificatePoint(der: Uint8Array): Bytes {
  const tbs = only(der, SEQUENCE).into(SEQUENCE);
  tbs.content(0xa0); // version
  tbs.content(INTEGER); // serial number
  for (let i = 0; i < 4; i++) tbs.content(SEQUENCE); // algorithm, issuer, validity, subject
  return point(tbs.into(SEQUENCE));
}

export function requestPoint(der: Uint8Array): Bytes {
  const info = only(der, SEQUENCE);
  info.natural();
  info.content(SEQUENCE); // subject
  return point(info.into(SEQUENCE));
}

function point(spki: Reader): Bytes {
  spki.content(SEQUENCE);
  const p = spki.bits();
  spki.end();
  if (p.length !== 65 || p[0] !== 4) throw new BadDER("public key: form");
  return p;
}
