// What comes from outside, read: good and hostile.
import assert from "node:assert/strict";
import { webcrypto } from "node:crypto";
import { test } from "node:test";
import { newCode, readCode, seal, unseal } from "../src/crypto/backup.js";
import { type Bytes, concat, utf8 } from "../src/crypto/bytes.js";
import { Creation, Opened, restore } from "../src/crypto/key.js";
import { G, pointBytes } from "../src/crypto/group.js";
import { distance } from "../src/flow/distance.js";
import { Sessions } from "../src/flow/sessions.js";
import { uuid } from "../src/flow/uuid.js";
import { isWeak } from "../src/crypto/pin.js";
import { fromText, toText } from "../src/wire/base64url.js";
import { certificatePoint, requestPoint } from "../src/wire/certificate.js";
import { choices, isOf, matchCode, opens, parseAddress, parseFragment } from "../src/wire/code.js";
import { BITS, BadDER, INTEGER, OCTETS, OID, Reader, SEQUENCE, SET, TIME, IA5, only, write } from "../src/wire/der.js";
import { type Key, isKey, thumbprint, verify } from "../src/wire/jws.js";
import { BadRequest, type Expectation, read } from "../src/wire/request.js";
import { ciphertext, cmsDigest, sealDigest } from "../src/wire/signed.js";

globalThis.crypto ??= webcrypto;

const hex = (s: string): Bytes => new Uint8Array((s.match(/../g) ?? []).map((x) => parseInt(x, 16)));
const filled = (n: number, x: number): Bytes => new Uint8Array(n).fill(x);

test("base64url has one text for one value", () => {
  for (let n = 0; n < 40; n++) {
    const b = crypto.getRandomValues(new Uint8Array(n));
    assert.deepEqual(fromText(toText(b)), b);
  }
  for (const bad of ["A", "AB=", "A+", "A/", "AB", "AAAAA", "A A", "AAB\n", "é"]) assert.throws(() => fromText(bad), bad);
  assert.deepEqual(fromText("AA"), filled(1, 0));
});

test("DER is read strictly", () => {
  const good: [string, number][] = [["0500", 5], ["048180" + "00".repeat(128), 4], ["04820100" + "00".repeat(256), 4]];
  for (const [s, tag] of good) new Reader(hex(s)).content(tag);
  for (const bad of ["", "04", "0405aa", "0480", "0481", "04817f" + "00".repeat(127), "0482007f" + "00".repeat(127), "048200ff" + "00".repeat(255), "0483ffffff", "0484000000", "04ff"]) {
    assert.throws(() => new Reader(hex(bad)).content(OCTETS), bad);
  }
  assert.throws(() => only(hex("30003000"), SEQUENCE));
  for (const bad of ["0200", "0281", "0202007f", "020180", "0201ff"]) assert.throws(() => new Reader(hex(bad)).natural(), bad);
  assert.deepEqual(new Reader(hex("02020080")).natural(), hex("80"));
  for (const bad of ["0301", "030101", "030103"]) assert.throws(() => new Reader(hex(bad)).bits(), bad);
  const oids: [string, string][] = [["06092a864886f70d010904", "1.2.840.113549.1.9.4"], ["060a2a811ccf550601040201", "1.2.156.10197.6.1.4.2.1"], ["0603883703", "2.999.3"]];
  for (const [s, oid] of oids) assert.equal(new Reader(hex(s)).oid(), oid);
  for (const bad of ["0600", "060180", "06028001", "0602ff80", "0609ffffffffffffffff7f"]) assert.throws(() => new Reader(hex(bad)).oid(), bad);
  for (const n of [0, 127, 128, 255, 256, 65535, 65536]) assert.equal(new Reader(write(OCTETS, filled(n, 7))).content(OCTETS).length, n);
  // Any cut of what is good is bad, and nothing runs away.
  const whole = write(SEQUENCE, write(SEQUENCE, write(OCTETS, filled(300, 1))));
  for (let n = 0; n < whole.length; n++) assert.throws(() => only(only(whole.slice(0, n), SEQUENCE).element(SEQUENCE).whole, SEQUENCE));
});

const oid = (s: string): Bytes => write(OID, hex(s));
const attribute = (kind: string, ...values: Uint8Array[]): Bytes => write(SEQUENCE, oid(kind), write(SET, ...values));
const CONTENT = "2a864886f70d010903";
const DIGEST = "2a864886f70d010904";
const CERTIFICATE = "2a864886f70d010910022f";
const DATA = oid("2a864886f70d010701");
const sum = filled(32, 0xab);

function attributes(...list: Uint8Array[]): Bytes {
  const order = [...list].sort((a, b) => Buffer.compare(a, b));
  return write(SET, ...order);
}

test("signed attributes tell their document's digest, and nothing else is taken for them", () => {
  const content = attribute(CONTENT, DATA);
  const digest = attribute(DIGEST, write(OCTETS, sum));
  const certificate = attribute(CERTIFICATE, write(SEQUENCE));
  assert.deepEqual(cmsDigest(attributes(content, digest, certificate)), sum);
  assert.deepEqual(cmsDigest(attributes(attribute(CONTENT, oid("2a811ccf550601040201")), digest)), sum);
  const hostile: Record<string, Bytes> = {
    "without a digest": attributes(content),
    "without a kind": attributes(digest),
    "two digests": attributes(content, digest, attribute(DIGEST, write(OCTETS, filled(32, 1)))),
    "two values": attributes(content, attribute(DIGEST, write(OCTETS, sum), write(OCTETS, filled(32, 1)))),
    "of another kind": attributes(attribute(CONTENT, oid("2a864886f70d010702")), digest),
    "an unknown attribute": attributes(content, digest, attribute("2a0304", write(OCTETS, sum))),
    "another order": write(SET, ...[content, digest].sort((a, b) => Buffer.compare(b, a))),
    "a sequence": write(SEQUENCE, ...[content, digest].sort((a, b) => Buffer.compare(a, b))),
    "more behind it": concat(attributes(content, digest), filled(1, 0)),
    empty: write(SET),
    nothing: filled(0, 0),
  };
  for (const [name, der] of Object.entries(hostile)) assert.throws(() => cmsDigest(der), name);
});

test("a seal tells its document's digest", () => {
  const seal = write(SEQUENCE, write(OCTETS, filled(400, 3)));
  const bits = write(BITS, filled(1, 0), sum);
  const time = write(TIME, utf8("20261126030000Z"));
  const about = write(IA5, utf8("2.pdf"));
  const version = write(INTEGER, filled(1, 4));
  assert.deepEqual(sealDigest(write(SEQUENCE, version, seal, time, bits, about)), sum);
  assert.deepEqual(sealDigest(write(SEQUENCE, version, seal, time, bits, about, write(0xa0, filled(2, 0)))), sum);
  // Version 1.
  assert.deepEqual(sealDigest(write(SEQUENCE, version, seal, write(BITS, filled(1, 0), utf8("20261126030000Z")), bits, about, write(OCTETS, filled(9, 1)), oid("2a811ccf55018375"))), sum);
  for (const [name, der] of Object.entries({
    "no seal": write(SEQUENCE, version, time, bits, about),
    "bits left over": write(SEQUENCE, version, seal, time, write(BITS, filled(1, 3), sum), about),
    "more behind it": write(SEQUENCE, version, seal, time, bits, about, write(OCTETS)),
    "twice extended": write(SEQUENCE, version, seal, time, bits, about, write(0xa0), write(0xa0)),
  })) {
    assert.throws(() => sealDigest(der), name);
  }
});

test("whatever the bytes are, they are read or refused", () => {
  const whole = [
    attributes(attribute(CONTENT, DATA), attribute(DIGEST, write(OCTETS, sum)), attribute(CERTIFICATE, write(SEQUENCE))),
    write(SEQUENCE, write(INTEGER, filled(1, 4)), write(SEQUENCE, write(OCTETS, filled(300, 3))), write(TIME, utf8("20261126030000Z")), write(BITS, filled(1, 0), sum), write(IA5, utf8("2.pdf"))),
    write(SEQUENCE, write(INTEGER, filled(32, 0x19)), write(INTEGER, filled(31, 0x11)), write(OCTETS, sum), write(OCTETS, utf8("text"))),
  ];
  // The same numbers in each run (Park and Miller).
  let seed = 20261126;
  const next = (below: number): number => (seed = (seed * 48271) % 0x7fffffff) % below;
  for (let i = 0; i < 4_000; i++) {
    const der = whole[i % whole.length]!.slice(0);
    for (let n = 1 + next(3); n > 0; n--) der[next(der.length)] = next(256);
    const cut = next(4) === 0 ? der.slice(0, next(der.length)) : der;
    for (const parse of [cmsDigest, sealDigest, ciphertext, certificatePoint, requestPoint]) {
      try {
        parse(cut);
      } catch (e) {
        assert.ok(e instanceof BadDER, String(e));
      }
    }
  }
});

test("an SM2Cipher is what the halves take", () => {
  const x = concat(filled(1, 0), filled(32, 0x99));
  const der = write(SEQUENCE, write(INTEGER, x), write(INTEGER, filled(31, 0x11)), write(OCTETS, sum), write(OCTETS, utf8("text")));
  assert.deepEqual(ciphertext(der), concat(filled(1, 4), filled(32, 0x99), filled(1, 0), filled(31, 0x11), sum, utf8("text")));
  assert.throws(() => ciphertext(write(SEQUENCE, write(INTEGER, filled(33, 0x11)), write(INTEGER, filled(31, 0x11)), write(OCTETS, sum), write(OCTETS, utf8("text")))));
  assert.throws(() => ciphertext(write(SEQUENCE, write(INTEGER, x), write(INTEGER, filled(31, 0x11)), write(OCTETS, utf8("short")), write(OCTETS, utf8("text")))));
});

test("the key of a certificate and of its request", () => {
  const p = pointBytes(G);
  const spki = write(SEQUENCE, write(SEQUENCE), write(BITS, filled(1, 0), p));
  const serial = write(INTEGER, filled(1, 1));
  const s = write(SEQUENCE);
  assert.deepEqual(requestPoint(write(SEQUENCE, write(INTEGER, filled(1, 0)), s, spki, write(0xa0))), p);
  assert.deepEqual(certificatePoint(write(SEQUENCE, write(SEQUENCE, write(0xa0, serial), serial, s, s, s, s, spki))), p);
  assert.throws(() => requestPoint(write(SEQUENCE, write(INTEGER, filled(1, 0)), s, write(SEQUENCE, write(SEQUENCE), write(BITS, filled(1, 0), p.slice(1))))));
});

test("a code is one of ours or none", async () => {
  const part = toText(filled(16, 5));
  const code = parseFragment(`1.${part}.${part}.${part}`);
  assert.equal(code.id, part);
  for (const bad of ["", "1", "1.a.b.c", `2.${part}.${part}.${part}`, `1.${part}.${part}.${part}.x`, `1.${part}.${part}.${part}A`, `1.${part}.${part}.${part.slice(1)}!`]) assert.throws(() => parseFragment(bad), bad);
  const address = (s: string): unknown => parseAddress(s, "https://ca.example");
  address(`https://ca.example/q#1.${part}.${part}.${part}`);
  for (const bad of [`https://evil.example/q#1.${part}.${part}.${part}`, `http://ca.example/q#1.${part}.${part}.${part}`, `https://ca.example/p#1.${part}.${part}.${part}`, `https://ca.example/q?x#1.${part}.${part}.${part}`, "WIFI:S:x;;", `javascript:1#1.${part}.${part}.${part}`]) {
    assert.throws(() => address(bad), bad);
  }
});

const curve = { name: "ECDSA", namedCurve: "P-256" };
async function newKey(): Promise<{ pair: CryptoKeyPair; key: Key }> {
  const pair = await crypto.subtle.generateKey(curve, true, ["sign"]);
  const { x, y } = await crypto.subtle.exportKey("jwk", pair.publicKey);
  return { pair, key: { kty: "EC", crv: "P-256", x: x!, y: y! } };
}

test("fingerprint, commitment and letters", async () => {
  const { key } = await newKey();
  const phone = (await newKey()).key;
  const nonce = filled(32, 9);
  const commitment = new Uint8Array(await crypto.subtle.digest("SHA-256", nonce));
  const print = new Uint8Array(await crypto.subtle.digest("SHA-256", concat(utf8("SealDesk QR v1"), await thumbprint(key), commitment))).slice(0, 16);
  const code = { id: toText(filled(16, 1)), secret: filled(16, 2), fingerprint: print };
  assert.ok(await isOf(code, key, commitment));
  assert.ok(!(await isOf(code, phone, commitment)));
  assert.ok(!(await isOf(code, key, nonce)));
  assert.ok(await opens(commitment, nonce));
  assert.ok(!(await opens(commitment, filled(32, 8))));
  assert.ok(!(await opens(commitment, filled(31, 9))));
  const letters = await matchCode(code, key, phone, nonce, filled(32, 7));
  assert.match(letters, /^[BCDFGHJKLMNPQRSTVWXZ]{4}$/);
  assert.notEqual(letters, await matchCode(code, key, phone, nonce, filled(32, 6)));
  for (let i = 0; i < 20; i++) {
    const all = choices(letters);
    assert.equal(new Set(all).size, 3);
    assert.ok(all.includes(letters));
  }
});

const TYP = "sealdesk-request+jwt";
const json = (v: unknown): string => toText(utf8(JSON.stringify(v)));

async function jws(pair: CryptoKeyPair, header: unknown, payload: unknown): Promise<string> {
  const text = json(header) + "." + json(payload);
  return text + "." + toText(new Uint8Array(await crypto.subtle.sign({ name: "ECDSA", hash: "SHA-256" }, pair.privateKey, utf8(text))));
}

test("only the desktop's own JWS is read", async () => {
  const { pair, key } = await newKey();
  const other = await newKey();
  const kid = toText(await thumbprint(key));
  const header = { alg: "ES256", typ: TYP, kid };
  const good = await jws(pair, header, { a: 1 });
  assert.deepEqual(await verify(good, key, TYP), { a: 1 });
  const [h, p, s] = good.split(".") as [string, string, string];
  const hostile: Record<string, string> = {
    nothing: "",
    "two parts": h + "." + p,
    "four parts": good + ".x",
    "another payload": `${h}.${json({ a: 2 })}.${s}`,
    "another key": await jws(other.pair, header, { a: 1 }),
    "no algorithm": `${json({ ...header, alg: "none" })}.${p}.`,
    "another algorithm": await jws(pair, { ...header, alg: "ES384" }, { a: 1 }),
    "its own key": await jws(other.pair, { ...header, jwk: other.key }, { a: 1 }),
    critical: await jws(pair, { ...header, crit: ["b64"] }, { a: 1 }),
    "another type": await jws(pair, { ...header, typ: "dpop+jwt" }, { a: 1 }),
    "another kid": await jws(pair, { ...header, kid: "x" }, { a: 1 }),
    "no kid": await jws(pair, { alg: "ES256", typ: TYP }, { a: 1 }),
    "a longer signature": `${h}.${p}.${s}AA`,
    padded: good + "=",
    long: "A".repeat(500_000),
  };
  for (const [name, text] of Object.entries(hostile)) await assert.rejects(verify(text, key, TYP), name);
  // Each bit of the signature and of what is signed counts.
  for (let i = 0; i < good.length; i += 7) {
    const bent = good.slice(0, i) + (good[i] === "A" ? "B" : "A") + good.slice(i + 1);
    if (bent !== good) await assert.rejects(verify(bent, key, TYP), String(i));
  }
  assert.ok(!isKey({ ...key, crv: "P-384" }) && !isKey({ ...key, x: "short" }) && !isKey(null) && isKey(key));
});

test("a request is shown when it is what would be signed", async () => {
  const { pair, key } = await newKey();
  const header = { alg: "ES256", typ: TYP, kid: toText(await thumbprint(key)) };
  const platform = { name: "云溪县公共资源交易平台", origin: "https://p.example" };
  const certificate = toText(filled(32, 4));
  const tbs = attributes(attribute(CONTENT, DATA), attribute(DIGEST, write(OCTETS, sum)));
  const document = { title: "采购合同", pages: 3, amount: 111100, digest: toText(sum), digest_alg: "SM3" };
  const base = { v: 1, id: "r", pairing: "p", kind: "sign", certificate, iat: 1000, exp: 1180, platform, desktop: { name: "PC" }, form: "cms-attributes", tbs: toText(tbs), document };
  const x: Expectation = { id: "r", pairing: "p", desktop: key, kind: "sign", certificates: [certificate], platform, now: 1010 };
  const ask = async (payload: unknown, e: Expectation = x): Promise<Awaited<ReturnType<typeof read>>> => read(await jws(pair, header, payload), e);

  const r = await ask(base);
  assert.equal(r.document?.title, "采购合同");
  assert.deepEqual(r.toSign, tbs);
  const atLogin: Expectation = { ...x, kind: "login" };
  const login = { ...base, kind: "login", form: "text", tbs: toText(utf8("SealDesk login v1\nhttps://p.example\nid")), document: undefined };
  assert.equal((await ask(login, atLogin)).kind, "login");

  const why = async (name: string, expected: BadRequest["why"], payload: unknown, e: Expectation = x): Promise<void> => {
    await assert.rejects(ask(payload, e), (error: unknown) => error instanceof BadRequest && error.why === expected, name);
  };
  await why("another document", "other-document", { ...base, document: { ...document, digest: toText(filled(32, 1)) } });
  await why("no document", "other-document", { ...base, document: undefined });
  await why("a text as a contract", "other-document", { ...base, form: "text", tbs: toText(utf8("I owe you")) });
  await why("a contract as a login", "other-document", { ...login, form: "cms-attributes", tbs: toText(tbs), document }, atLogin);
  await why("another text as a login", "other-document", { ...login, tbs: toText(utf8("SealDesk binding of a certificate v1\nhttps://p.example")) }, atLogin);
  await why("a login where a signature was begun", "other-pairing", login);
  await why("a login elsewhere", "other-platform", { ...login, tbs: toText(utf8("SealDesk login v1\nhttps://evil.example\nid")) }, atLogin);
  await why("another platform's name", "other-platform", { ...base, platform: { ...platform, name: "x" } });
  await why("another certificate", "other-certificate", { ...base, certificate: toText(filled(32, 5)) });
  await why("another pairing", "other-pairing", { ...base, pairing: "q" });
  await why("another id", "other-pairing", { ...base, id: "s" });
  await why("old", "expired", base, { ...x, now: 5000 });
  await why("another version", "malformed", { ...base, v: 2 });
  await why("another kind", "malformed", { ...base, kind: "revoke" });
  await why("letters from right to left", "malformed", { ...base, document: { ...document, title: "采购\u202e合同" } });
  await why("a long title", "malformed", { ...base, document: { ...document, title: "x".repeat(500) } });
  await why("no DER", "malformed", { ...base, tbs: toText(filled(40, 0x30)) });
  await why("a request to sign and to decrypt", "malformed", { ...base, cipher: "AAAA" });
  await why("pages that are no number", "malformed", { ...base, document: { ...document, pages: "3" } });
  await why("an array", "malformed", []);
  await why("nothing", "malformed", null);
  await why("not base64url", "forged", { ...base, tbs: "a+b=" });
});

test("a backup opens with its code alone, and is the share", async () => {
  const p = pointBytes(G);
  const d1 = concat(filled(31, 0), filled(1, 9));
  const share = await restore(d1, p, "135790");
  const code = newCode();
  assert.equal(code.length, 5);
  const sealed = await seal(share, "135790", code.join(""));
  assert.deepEqual(await unseal(sealed, p, code.join("")), d1);
  assert.equal(await unseal(sealed, p, newCode().join("")), undefined);
  assert.equal(await unseal(sealed, pointBytes(G.double()), code.join("")), undefined);
  await assert.rejects(unseal(sealed.slice(1), p, code.join("")));
  assert.equal(readCode(code.join("-").toLowerCase()), code.join(""));
  assert.equal(readCode("OIL0-0000-0000-0000-0000"), "01100000000000000000");
  for (const bad of ["", "0000", "UUUU-0000-0000-0000-0000", "0000-0000-0000-0000-00000"]) assert.equal(readCode(bad), undefined, bad);
  const opened = await Opened.by(share, "135790");
  assert.equal(opened.secret, 9n);
  opened.close();
  assert.throws(() => opened.secret);
  assert.notEqual((await Opened.by(share, "135791")).secret, 9n);
});

test("a session's bounds are the phone's own", async () => {
  const opened = async (): Promise<Opened> => Opened.by({ blinded: filled(32, 1), salt: filled(16, 2), public: pointBytes(G), rounds: 1 }, "135790");
  const s = new Sessions();
  assert.equal(s.get("p", 0), undefined);
  s.keep("p", await opened(), 1000);
  assert.ok(s.get("p", 1000 + 1800));
  assert.equal(s.spend("p", 1001), undefined, "nobody let it confirm");
  assert.equal(s.get("p", 1000 + 1801), undefined, "the PIN is asked for again");

  s.letConfirm("p", true);
  s.keep("p", await opened(), 1000);
  assert.ok(s.spend("p", 1000 + 8 * 3600));
  assert.equal(s.spend("p", 1001 + 8 * 3600), undefined, "eight hours");
  const kept = await opened();
  s.keep("p", kept, 1000);
  for (let i = 0; i < 200; i++) assert.ok(s.spend("p", 1001));
  assert.equal(s.spend("p", 1001), undefined, "two hundred");
  assert.throws(() => kept.secret);

  const other = await opened();
  s.keep("p", other, 1000);
  s.endAll();
  assert.ok(!s.confirms("p"));
  assert.throws(() => other.secret);
});

test("a key whose answer is of the wrong length is not made", async () => {
  await assert.rejects(new Creation({ account: "a", session: "s" }).finish(filled(10, 0), "135790", 1));
});

test("small things", () => {
  assert.match(uuid(), /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  assert.ok(uuid() !== uuid());
  for (const weak of ["000000", "123456", "654321", "121212", "123123"]) assert.ok(isWeak(weak), weak);
  for (const fine of ["135790", "258036", "112358"]) assert.ok(!isWeak(fine), fine);
  assert.ok(Math.abs(distance({ lat: 39.9042, lon: 116.4074 }, { lat: 31.2304, lon: 121.4737 }) - 1067) < 5);
});
