// A request, read and checked, and the phone's half of the answer to it.
import { type Client, Offline } from "../api/client.js";
import { patiently } from "../api/patience.js";
import type { Message, PhoneRequest } from "../api/types.js";
import { type Bytes, utf8 } from "../crypto/bytes.js";
import { Decryption } from "../crypto/decrypt.js";
import type { Opened } from "../crypto/key.js";
import { Signing, digest } from "../crypto/sign.js";
import { fromText, toText } from "../wire/base64url.js";
import type { Key } from "../wire/jws.js";
import { BadRequest, type Request, read } from "../wire/request.js";
import type { Desktop } from "./desktops.js";

// What is shown, of which kind, and what is signed or decrypted when the person agrees.
export type Shown =
  | { source: "pairing"; request: Request; desktop: Desktop }
  | { source: "csc"; client: string; description: string | undefined; e: Bytes }
  | { source: "own"; text: string; toSign: Bytes };

const REVOCATION = "SealDesk revocation v1";

export async function show(r: PhoneRequest, desktop: Desktop | undefined, now: number): Promise<Shown> {
  if (r.source === "csc" && r.kind === "digest" && r.digest) {
    const e = fromText(r.digest.e);
    if (e.length !== 32) throw new BadRequest("malformed");
    return { source: "csc", client: r.digest.client, description: r.digest.description, e };
  }
  if (r.source === "own" && r.kind === "revoke" && r.statement) {
    const toSign = fromText(r.statement);
    const text = new TextDecoder("utf-8", { fatal: true }).decode(toSign);
    const [kind, origin, request, certificate] = text.split("\n");
    if (kind !== REVOCATION || origin !== location.origin || request !== r.id) throw new BadRequest("malformed");
    if (certificate !== r.certificate) throw new BadRequest("other-certificate");
    return { source: "own", text, toSign };
  }
  if (r.source !== "pairing" || !r.jws || !r.pairing) throw new BadRequest("malformed");
  if (!desktop) throw new BadRequest("other-pairing");
  const { key, kind, platform, signing, encryption } = desktop;
  const certificates = kind === "decrypt" ? encryption : [signing];
  const request = await read(r.jws, { id: r.id, pairing: r.pairing, desktop: key, kind, certificates, platform, now });
  if (request.certificate !== r.certificate || request.kind !== r.kind) throw new BadRequest("other-certificate");
  return { source: "pairing", request, desktop };
}

const TRIES = 3;
const RESULT = 120; // seconds; a request is over after three minutes

// Sends what the phone has to say of what was shown, and hands the result over. The share must be of the request's key.
export async function approve(client: Client, r: PhoneRequest, shown: Shown, opened: Opened): Promise<void> {
  const context = { account: r.account, session: r.id };
  const path = "/requests/" + r.id;
  const cipher = shown.source === "pairing" ? shown.request.cipher : undefined;
  if (cipher && shown.source === "pairing") {
    const plain = await answered(client, path + "/answer", () => Decryption.begin(opened, context, cipher));
    const sealed = await sealTo(shown.desktop.key, r.id, plain);
    plain.fill(0);
    await handOver(client, path + "/result", { sealed });
    return;
  }
  const e = shown.source === "csc" ? shown.e : digest(opened.share, toSign(shown));
  const signature = await answered(client, path + "/answer", () => Signing.begin(opened, context, e));
  await handOver(client, path + "/result", { signature: toText(signature) });
}

function toSign(s: Exclude<Shown, { source: "csc" }>): Bytes {
  const bytes = s.source === "own" ? s.toSign : s.request.toSign;
  if (!bytes) throw new BadRequest("malformed");
  return bytes;
}

interface Half {
  request: Bytes;
  finish(answer: Uint8Array): Bytes;
}

// Asks the service for its half. When the answer is lost on the way, it is asked for anew with a new nonce.
export async function answered(client: Client, path: string, begin: () => Half): Promise<Bytes> {
  for (let n = 1; ; n++) {
    const half = begin();
    try {
      const { message } = await client.call<Message>("POST", path, { body: { message: toText(half.request) } });
      return half.finish(fromText(message));
    } catch (e) {
      if (!(e instanceof Offline) || n === TRIES) throw e;
    }
  }
}

// The same result again is no error, so a lost answer does not matter.
async function handOver(client: Client, path: string, body: unknown): Promise<void> {
  await patiently(RESULT, () => client.call("PUT", path, { body }));
}

// The plain text for the desktop's eyes: ECDH with its key, HKDF, AES-256-GCM.
async function sealTo(desktop: Key, request: string, plain: Bytes): Promise<{ epk: Key; iv: string; ciphertext: string }> {
  const curve = { name: "ECDH", namedCurve: "P-256" };
  const { kty, crv, x, y } = desktop;
  const theirs = await crypto.subtle.importKey("jwk", { kty, crv, x, y }, curve, false, []);
  const ours = await crypto.subtle.generateKey(curve, false, ["deriveBits"]);
  const shared = await crypto.subtle.deriveBits({ name: "ECDH", public: theirs }, ours.privateKey, 256);
  const base = await crypto.subtle.importKey("raw", shared, "HKDF", false, ["deriveKey"]);
  const info = utf8("SealDesk answer v1");
  const key = await crypto.subtle.deriveKey({ name: "HKDF", hash: "SHA-256", salt: utf8(request), info }, base, { name: "AES-GCM", length: 256 }, false, ["encrypt"]);
  const iv = crypto.getRandomValues(new Uint8Array(12));
  const ciphertext = new Uint8Array(await crypto.subtle.encrypt({ name: "AES-GCM", iv }, key, plain));
  const own = await crypto.subtle.exportKey("jwk", ours.publicKey);
  return { epk: { kty: "EC", crv: "P-256", x: own.x!, y: own.y! }, iv: toText(iv), ciphertext: toText(ciphertext) };
}
