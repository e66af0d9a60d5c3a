// What the phone reads of the bytes that a request asks it to sign: enough to know which document they are about.
import { type Bytes } from "../crypto/bytes.js";
import { concat } from "../crypto/bytes.js";
import { BITS, BadDER, IA5, OCTETS, OID, Reader, SEQUENCE, SET, TIME, UTC_TIME, only } from "./der.js";

const CONTENT_TYPE = "1.2.840.113549.1.9.3";
const MESSAGE_DIGEST = "1.2.840.113549.1.9.4";
// What a signature of a document may say besides: when, by which certificate, of what kind (RFC 5652, 5035, 5126, 6211),
// and in a PDF what is known of revocation.
const ALSO = new Set([
  "1.2.840.113549.1.9.5",
  "1.2.840.113549.1.9.52",
  "1.2.840.113549.1.9.16.2.12",
  "1.2.840.113549.1.9.16.2.47",
  "1.2.840.113549.1.9.16.2.16",
  "1.2.840.113549.1.9.16.2.17",
  "1.2.840.113583.1.1.8",
]);
// Data, as RFC 5652 and GM/T 0010 name it.
const DATA = new Set(["1.2.840.113549.1.7.1", "1.2.156.10197.6.1.4.2.1"]);

// The digest of the document that CMS's signed attributes are about (RFC 5652, 5.4, 11). They are refused with an
// attribute of a kind that is not known, since it might say more than the phone shows.
export function cmsDigest(der: Uint8Array): Bytes {
  const set = only(der, SET);
  const seen = new Set<string>();
  let digest: Bytes | undefined;
  let before: Bytes | undefined;
  while (!set.empty) {
    const { whole, content } = set.element(SEQUENCE);
    if (before && !ascending(before, whole)) throw new BadDER("attributes: not in order");
    before = whole;
    const attribute = new Reader(content);
    const kind = attribute.oid();
    const values = attribute.into(SET);
    attribute.end();
    if (seen.has(kind)) throw new BadDER("attribute: twice");
    seen.add(kind);
    if (kind === MESSAGE_DIGEST) {
      digest = values.content(OCTETS);
      values.end();
    } else if (kind === CONTENT_TYPE) {
      if (!DATA.has(values.oid())) throw new BadDER("attributes: not about data");
      values.end();
    } else if (!ALSO.has(kind)) {
      throw new BadDER("attribute: " + kind);
    }
  }
  if (!digest || !seen.has(CONTENT_TYPE)) throw new BadDER("attributes: without digest or kind");
  return digest;
}

// DER's order of a SET OF (X.690, 11.6).
function ascending(a: Uint8Array, b: Uint8Array): boolean {
  for (let i = 0; i < a.length && i < b.length; i++) if (a[i] !== b[i]) return a[i]! < b[i]!;
  return a.length <= b.length;
}

// The digest of the document that a seal is pressed on: TBS_Sign of GB/T 38540-2020 (6.3) or of GM/T 0031-2014.
export function sealDigest(der: Uint8Array): Bytes {
  const tbs = only(der, SEQUENCE);
  tbs.natural();
  tbs.content(SEQUENCE); // the seal, whose signature whoever verifies the document checks
  if ([TIME, UTC_TIME].includes(tbs.peek())) tbs.content(tbs.peek());
  else tbs.content(BITS);
  const digest = tbs.bits();
  tbs.content(IA5);
  if (tbs.peek() === OCTETS) {
    tbs.content(OCTETS);
    if (tbs.peek() === OID) tbs.oid();
    else tbs.content(SEQUENCE);
  } else if (!tbs.empty) {
    tbs.content(0xa0);
  }
  tbs.end();
  return digest;
}

// SM2Cipher of GB/T 35276 as the two halves take it: the point uncompressed, the digest, the text.
export function ciphertext(der: Uint8Array): Bytes {
  const cipher = only(der, SEQUENCE);
  const coordinate = (): Bytes => {
    const b = cipher.natural();
    if (b.length > 32) throw new BadDER("a coordinate of more than 32 bytes");
    return concat(new Uint8Array(32 - b.length), b);
  };
  const x = coordinate();
  const y = coordinate();
  const digest = cipher.content(OCTETS);
  const text = cipher.content(OCTETS);
  cipher.end();
  if (digest.length !== 32) throw new BadDER("the digest's length");
  return concat(new Uint8Array([4]), x, y, digest, text);
}
