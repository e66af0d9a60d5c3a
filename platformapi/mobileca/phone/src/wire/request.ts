// A request as the desktop signed it, and whether what it shows is what it asks to be signed.
import { type Bytes, equal } from "../crypto/bytes.js";
import { BadText, fromText } from "./base64url.js";
import { BadDER } from "./der.js";
import { BadJWS, type Key, verify } from "./jws.js";
import { ciphertext, cmsDigest, sealDigest } from "./signed.js";

// What the phone refuses to show, and so to sign. The word says why; it is a key of the translations.
export class BadRequest extends Error {
  constructor(readonly why: "forged" | "malformed" | "expired" | "other-certificate" | "other-pairing" | "other-platform" | "other-document") {
    super(why);
  }
}

export const KINDS = ["login", "bind", "sign", "bid", "decrypt"] as const;
export type Kind = (typeof KINDS)[number];

export interface Document {
  title: string;
  file?: string;
  pages?: number;
  size?: number;
  amount?: number; // 分
  parties: string[];
  digest: Bytes;
}

export interface Request {
  id: string;
  pairing: string;
  kind: Kind;
  certificate: string;
  expires: number; // seconds since 1970
  platform: { name: string; origin: string };
  desktop: { name: string };
  document?: Document;
  summary?: string;
  toSign?: Bytes;
  // C1, C3, C2, for decrypt.
  cipher?: Bytes;
}

// What the phone knows from its own side of the pairing.
export interface Expectation {
  id: string;
  pairing: string;
  desktop: Key;
  kind: Kind;
  certificates: string[]; // SHA-256 of the DER of those that were chosen for it
  platform: { name: string; origin: string };
  now: number;
}

const MOST = 256 << 10;
const SKEW = 120; // seconds that the phone's clock may be off

// Reads and checks a request. What is returned may be shown, and its bytes signed when the person agrees.
export async function read(jws: string, x: Expectation): Promise<Request> {
  let r: Request;
  try {
    r = parse(await verify(jws, x.desktop, "sealdesk-request+jwt"));
  } catch (e) {
    if (e instanceof BadJWS || e instanceof BadText) throw new BadRequest("forged");
    if (e instanceof BadDER) throw new BadRequest("malformed");
    throw e;
  }
  if (r.id !== x.id || r.pairing !== x.pairing) throw new BadRequest("other-pairing");
  if (r.kind !== x.kind) throw new BadRequest("other-pairing");
  if (!x.certificates.includes(r.certificate)) throw new BadRequest("other-certificate");
  if (r.platform.origin !== x.platform.origin || r.platform.name !== x.platform.name) throw new BadRequest("other-platform");
  if (r.expires + SKEW < x.now) throw new BadRequest("expired");
  return r;
}

function parse(payload: unknown): Request {
  const p = new Fields(payload);
  if (p.number("v") !== 1) throw new BadRequest("malformed");
  const kind = p.text("kind", 16) as Kind;
  if (!KINDS.includes(kind)) throw new BadRequest("malformed");
  const platform = p.fields("platform");
  const r: Request = {
    id: p.text("id", 64),
    pairing: p.text("pairing", 64),
    kind,
    certificate: p.text("certificate", 43),
    expires: p.number("exp"),
    platform: { name: platform.text("name", 200), origin: platform.text("origin", 200) },
    desktop: { name: p.fields("desktop").text("name", 200) },
  };
  if (p.has("summary")) r.summary = p.text("summary", 2000);
  if (p.has("document")) r.document = document(p.fields("document"));
  if (kind === "decrypt") {
    if (p.has("tbs")) throw new BadRequest("malformed");
    r.cipher = ciphertext(p.bytes("cipher"));
    return r;
  }
  if (p.has("cipher")) throw new BadRequest("malformed");
  r.toSign = p.bytes("tbs");
  agree(r, p.text("form", 20), r.toSign);
  return r;
}

function document(d: Fields): Document {
  const out: Document = { title: d.text("title", 400), parties: d.has("parties") ? d.texts("parties", 20, 200) : [], digest: d.bytes("digest") };
  if (d.has("file")) out.file = d.text("file", 400);
  if (d.has("pages")) out.pages = d.number("pages");
  if (d.has("size")) out.size = d.number("size");
  if (d.has("amount")) out.amount = d.number("amount");
  if (!["SM3", "SHA-256"].includes(d.text("digest_alg", 16)) || out.digest.length !== 32) throw new BadRequest("malformed");
  return out;
}

// The words that begin what is signed in each kind of text (package platformapi's LoginText and its neighbours). A text of
// another kind is not signed: it would mean something that the phone did not show.
const TEXTS: Partial<Record<Kind, string[]>> = {
  login: ["SealDesk login v1", "SealDesk login of another device v1"],
  bind: ["SealDesk binding of a certificate v1"],
};

function agree(r: Request, form: string, tbs: Bytes): void {
  if (form === "text") {
    const allowed = TEXTS[r.kind];
    if (!allowed) throw new BadRequest("other-document");
    let lines: string[];
    try {
      lines = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(tbs).split("\n");
    } catch {
      throw new BadRequest("malformed");
    }
    if (!allowed.includes(lines[0]!)) throw new BadRequest("other-document");
    if (lines[1] !== r.platform.origin) throw new BadRequest("other-platform");
    return;
  }
  // Whatever the kind says: signed attributes and seals are only ever about a document that is shown.
  if (!r.document || TEXTS[r.kind]) throw new BadRequest("other-document");
  let digest: Bytes;
  if (form === "cms-attributes") digest = cmsDigest(tbs);
  else if (form === "ses-tbs") digest = sealDigest(tbs);
  else throw new BadRequest("malformed");
  if (!equal(digest, r.document.digest)) throw new BadRequest("other-document");
}

// An object of unknown make. Own fields only, so that "__proto__" and its like are no values.
class Fields {
  private readonly o: Record<string, unknown>;

  constructor(o: unknown) {
    if (typeof o !== "object" || o === null || Array.isArray(o)) throw new BadRequest("malformed");
    this.o = o as Record<string, unknown>;
  }

  has(name: string): boolean {
    return Object.hasOwn(this.o, name) && this.o[name] !== null;
  }

  private get(name: string): unknown {
    if (!this.has(name)) throw new BadRequest("malformed");
    return this.o[name];
  }

  text(name: string, most: number): string {
    return line(this.get(name), most);
  }

  texts(name: string, count: number, most: number): string[] {
    const v = this.get(name);
    if (!Array.isArray(v) || v.length > count) throw new BadRequest("malformed");
    return v.map((s) => line(s, most));
  }

  number(name: string): number {
    const v = this.get(name);
    if (typeof v !== "number" || !Number.isSafeInteger(v) || v < 0) throw new BadRequest("malformed");
    return v;
  }

  bytes(name: string): Bytes {
    const v = this.get(name);
    if (typeof v !== "string" || v.length > MOST * 2) throw new BadRequest("malformed");
    const b = fromText(v);
    if (b.length === 0 || b.length > MOST) throw new BadRequest("malformed");
    return b;
  }

  fields(name: string): Fields {
    return new Fields(this.get(name));
  }
}

// Text that is shown: without letters that turn the direction or cannot be seen, which would make one thing look like
// another.
function line(v: unknown, most: number): string {
  if (typeof v !== "string" || v.length > most || /[\p{Cc}\p{Cf}\u2028\u2029]/u.test(v.replaceAll("\n", ""))) throw new BadRequest("malformed");
  return v;
}
