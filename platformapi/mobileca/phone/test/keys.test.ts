// The change of a PIN, with a service that knows both halves of each key.
import assert from "node:assert/strict";
import { webcrypto } from "node:crypto";
import { test } from "node:test";
import { type Client, Problem } from "../src/api/client.js";
import type { Certificate } from "../src/api/types.js";
import { readCode, unseal } from "../src/crypto/backup.js";
import { Fn, G, parseScalar, pointBytes, randomScalar, scalarBytes } from "../src/crypto/group.js";
import { open, restore } from "../src/crypto/key.js";
import { check } from "../src/crypto/proof.js";
import { utf8 } from "../src/crypto/bytes.js";
import { type Backup, changePINs, recover, settle } from "../src/flow/keys.js";
import type { Database } from "../src/store/database.js";
import { Vault } from "../src/store/vault.js";
import { fromText, toText } from "../src/wire/base64url.js";

// Node 18 has it under another name.
globalThis.crypto ??= webcrypto as Crypto;

const CODE = readCode("0000-1111-2222-3333-4444")!;

interface Kept {
  d1: bigint;
  tries: number;
  backup?: string;
  reshared?: string;
  offer?: { session: string; message: Uint8Array<ArrayBuffer> };
}

// A phone with keys under these PINs, by their names, and the service; unplug has the net go at a change.
async function world(pins: Record<string, string>, unplug?: string) {
  const shares = new Map<string, unknown>();
  const put = async (names: [string, unknown][], gone: string[]): Promise<void> => (names.forEach(([n, v]) => shares.set(n, v)), gone.forEach((n) => shares.delete(n)));
  const state = new Map<string, unknown>();
  const db = {
    get: async (store: string, name: string) => (store === "shares" ? shares : state).get(name),
    put: async (_: string, name: string, v: unknown) => void state.set(name, v),
    names: async () => [...shares.keys()],
    remove: async (_: string, name: string) => void shares.delete(name),
    change: async (_: string, names: [string, unknown][], gone: string[]) => put(names, gone),
  };
  const vault = await Vault.open(db as unknown as Database);
  const keys = new Map<string, Kept>();
  for (const [id, pin] of Object.entries(pins)) {
    const d1 = randomScalar();
    keys.set(id, { d1, tries: 5 });
    await vault.put(id, await restore(scalarBytes(d1), pointBytes(G.multiply(randomScalar())), pin));
  }
  const call = async (method: string, path: string, options?: { body: { session: string; message: string; backup: string } }): Promise<unknown> => {
    const id = path.split("/")[2]!;
    const key = keys.get(id)!;
    if (method === "GET") return { reshared: key.reshared };
    if (method === "POST") {
      key.offer = { session: `${id} ${Math.random()}`, message: scalarBytes(randomScalar()) };
      return { session: key.offer.session, message: toText(key.offer.message) };
    }
    if (id === unplug) throw new Error("gone");
    const { session, message, backup } = options!.body;
    const next = Fn.mul(key.d1, parseScalar(key.offer!.message));
    try {
      check(fromText(message), G.multiply(Fn.inv(next)), "PIN, reshare", utf8("a"), utf8(session), key.offer!.message);
    } catch {
      throw new Problem(403, "mca.pin_wrong", { tries: --key.tries });
    }
    Object.assign(key, { d1: next, tries: 5, backup, reshared: session });
    return {};
  };
  const client = { call } as unknown as Client;
  const certificate = (id: string): Certificate => ({ id, key: { id, tries: keys.get(id)!.tries } }) as Certificate;
  // Opens to what the service has, or not.
  const opens = async (id: string, pin: string): Promise<boolean> => (await open((await vault.get(id))!, pin)) === keys.get(id)!.d1;
  return { keys, certificate, opens, client, vault, k: { client, vault, account: "a" }, names: () => [...shares.keys()].sort().join() };
}

test("every key that has the old PIN gets the new one", async () => {
  const w = await world({ sign: "111222", encrypt: "111222", before: "111222", other: "333444", spent: "111222" });
  w.keys.get("spent")!.tries = 4;
  const all = ["sign", "encrypt", "before", "other", "spent"].map(w.certificate) as [Certificate, ...Certificate[]];
  const rest = await changePINs(w.k, all, "111222", "999888", CODE);
  assert.deepEqual(rest.map((c) => [c.id, c.key.tries]), [["other", 4], ["spent", 4]]);
  for (const id of ["sign", "encrypt", "before"]) {
    assert.ok(await w.opens(id, "999888"), id);
    const kept = w.keys.get(id)!;
    assert.ok(await unseal(fromText(kept.backup!), (await w.vault.get(id))!.public, CODE), id);
  }
  assert.ok((await w.opens("other", "333444")) && (await w.opens("spent", "111222")));
  assert.equal(w.keys.get("spent")!.tries, 4, "a try was spent on a key that lacks one");
  assert.equal(w.names(), "before,encrypt,other,sign,spent");

  // With its own PIN the other one goes, too, and the same PIN opens what is left.
  assert.deepEqual(await changePINs(w.k, [rest[0]!], "333444", "999888", CODE), []);
  assert.ok(await w.opens("other", "999888"));
});

test("a wrong PIN changes nothing, and costs one key a try", async () => {
  const w = await world({ sign: "111222", encrypt: "111222", before: "111222" });
  const all = ["sign", "encrypt", "before"].map(w.certificate) as [Certificate, ...Certificate[]];
  await assert.rejects(changePINs(w.k, all, "555666", "999888", CODE), (e) => e instanceof Problem && e.code === "mca.pin_wrong");
  for (const id of ["sign", "encrypt", "before"]) assert.ok(await w.opens(id, "111222"), id);
  assert.deepEqual([...w.keys.values()].map((x) => x.tries), [4, 5, 5]);
});

test("what breaks off leaves every key with a share that is in force", async () => {
  const w = await world({ sign: "111222", encrypt: "111222", before: "111222" }, "encrypt");
  const all = ["sign", "encrypt", "before"].map(w.certificate) as [Certificate, ...Certificate[]];
  await assert.rejects(changePINs(w.k, all, "111222", "999888", CODE));
  assert.ok((await w.opens("sign", "999888")) && (await w.opens("encrypt", "111222")) && (await w.opens("before", "111222")));
  assert.equal(await settle(w.k), true, "that a PIN was changed is not told");
  assert.ok((await w.opens("sign", "999888")) && (await w.opens("encrypt", "111222")) && (await w.opens("before", "111222")));
  assert.equal(w.names(), "before,encrypt,sign");
});

test("a backup under another code is left for that code", async () => {
  const w = await world({ sign: "111222" });
  await changePINs(w.k, [w.certificate("sign")], "111222", "999888", CODE);
  const b: Backup = { key: "sign", use: "sign", certificate: "", backup: w.keys.get("sign")!.backup!, public: toText((await w.vault.get("sign"))!.public) };
  assert.equal(await recover(w.k, "r", b, readCode("4444-3333-2222-1111-0000")!, "555666", CODE), false);
  assert.ok(await w.opens("sign", "999888"));
  assert.equal(await recover(w.k, "r", b, CODE, "555666", CODE), true);
  assert.ok(await w.opens("sign", "555666"));
});
