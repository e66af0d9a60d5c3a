// Plays the phone for a test that plays the service: reads one request a line from standard input, answers with a line.
// The functions are the app's own.
import { webcrypto } from "node:crypto";
import { createInterface } from "node:readline";
import { type Bytes } from "../src/crypto/bytes.js";
import { Creation, Opened, type Share, changePIN, reshare } from "../src/crypto/key.js";
import { Decryption } from "../src/crypto/decrypt.js";
import { Signing, digest } from "../src/crypto/sign.js";
import { sm3 } from "../src/crypto/sm3.js";
import { utf8 } from "../src/crypto/bytes.js";

// Node 18 has it under another name.
globalThis.crypto ??= webcrypto;

declare const process: { stdin: unknown; stdout: { write(s: string): void } };

const bytes = (hex: string): Bytes => new Uint8Array((hex.match(/../g) ?? []).map((x) => parseInt(x, 16)));
const hex = (b: Uint8Array): string => [...b].map((x) => x.toString(16).padStart(2, "0")).join("");

let creation: Creation;
let share: Share;
let next: Share;
let signing: Signing;
let decryption: Decryption;

async function answer(q: Record<string, string>): Promise<Record<string, string>> {
  const c = { account: q.account ?? "", session: q.session ?? "" };
  const data = bytes(q.data ?? "");
  const pin = q.pin ?? "";
  switch (q.do) {
    case "sm3":
      return { data: hex(sm3(data)) };
    case "begin key":
      creation = new Creation(c);
      return { data: hex(creation.commitment) };
    case "finish key": {
      const made = await creation.finish(data, pin, 1000);
      share = made.share;
      return { data: hex(made.opening), public: hex(share.public) };
    }
    case "begin sign": {
      const e = digest(share, data);
      signing = Signing.begin(await Opened.by(share, pin), c, e);
      return { data: hex(signing.request), e: hex(e) };
    }
    case "finish sign":
      return { data: hex(signing.finish(data)) };
    case "begin decrypt":
      decryption = Decryption.begin(await Opened.by(share, pin), c, data);
      return { data: hex(decryption.request) };
    case "finish decrypt":
      return { data: hex(decryption.finish(data)) };
    case "begin reshare": {
      const made = await reshare(share, c, data, pin);
      next = made.share;
      return { data: hex(made.proof) };
    }
    case "finish reshare":
      share = next;
      return {};
    case "change PIN":
      share = await changePIN(share, pin, q.to ?? "");
      return {};
    case "kept":
      return { data: hex(utf8(JSON.stringify(Object.values(share).map((v) => (v instanceof Uint8Array ? hex(v) : v))))) };
    default:
      throw new Error("unknown: " + q.do);
  }
}

for await (const line of createInterface({ input: process.stdin })) {
  try {
    process.stdout.write(JSON.stringify(await answer(JSON.parse(line))) + "\n");
  } catch (e) {
    process.stdout.write(JSON.stringify({ error: (e as Error).name + ": " + (e as Error).message }) + "\n");
  }
}
