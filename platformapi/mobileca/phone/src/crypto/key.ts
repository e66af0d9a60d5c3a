// The phone's share of a key: made with the service, and kept blinded by a PIN so that every PIN opens to some share.
// Only the service can tell the right one; for that the phone keeps neither its own part of the key nor the service's.
import { sha256 } from "@noble/hashes/sha2.js";
import { BadAnswer, Fn, G, POINT, SCALAR, known, parsePoint, parseScalar, pointBytes, randomScalar, reduce, scalarBytes, type Point } from "./group.js";
import { PROOF, check, prove } from "./proof.js";
import { type Bytes, concat, parts, utf8 } from "./bytes.js";

// PBKDF2's rounds. A guess is tried at the service, which counts; the rounds only slow down whoever has both.
export const ROUNDS = 600_000;

// What messages are for. Session is one that is never used again.
export interface Context {
  account: string;
  session: string;
}

export function contextParts(c: Context): [Bytes, Bytes] {
  return [utf8(c.account), utf8(c.session)];
}

// What the phone stores, under a key that cannot leave the browser.
export interface Share {
  blinded: Bytes;
  salt: Bytes;
  public: Bytes;
  rounds: number;
}

async function mask(pin: string, salt: Bytes, rounds: number): Promise<bigint> {
  const key = await crypto.subtle.importKey("raw", utf8(pin), "PBKDF2", false, ["deriveBits"]);
  const bits = await crypto.subtle.deriveBits({ name: "PBKDF2", hash: "SHA-256", salt, iterations: rounds }, key, 8 * SCALAR);
  return reduce(new Uint8Array(bits));
}

async function blind(d1: bigint, p: Bytes, pin: string, rounds: number): Promise<Share> {
  const salt = crypto.getRandomValues(new Uint8Array(16));
  return { blinded: scalarBytes(Fn.sub(d1, await mask(pin, salt, rounds))), salt, public: p, rounds };
}

// d1, or something like it when the PIN is wrong.
export async function open(s: Share, pin: string): Promise<bigint> {
  return Fn.add(reduce(s.blinded), await mask(pin, s.salt, s.rounds));
}

// A share with d1 beside it, for as long as nobody has to enter the PIN again. It is kept in memory alone.
export class Opened {
  private d1: bigint | undefined;

  private constructor(
    readonly share: Share,
    d1: bigint,
  ) {
    this.d1 = d1;
  }

  static async by(share: Share, pin: string): Promise<Opened> {
    return new Opened(share, await open(share, pin));
  }

  get secret(): bigint {
    if (this.d1 === undefined) throw new BadAnswer("the share was closed");
    return this.d1;
  }

  // Numbers cannot be wiped in JavaScript, only let go.
  close(): void {
    this.d1 = undefined;
  }
}

// A share whose d1 came from a backup, under a new PIN.
export async function restore(d1: Uint8Array, p: Bytes, pin: string): Promise<Share> {
  parsePoint(p);
  return blind(parseScalar(d1), p, pin, ROUNDS);
}

export function publicKey(s: Share): Point {
  return parsePoint(s.public);
}

// A share, made: commitment first, then, with the service's part, the opening.
export class Creation {
  readonly commitment: Bytes;
  private readonly d1 = randomScalar();
  private readonly opening: Bytes;

  constructor(private readonly context: Context) {
    const inverse = Fn.inv(this.d1);
    const parts_ = contextParts(context);
    this.opening = concat(pointBytes(G.multiply(inverse)), prove(inverse, "phone's part", ...parts_));
    this.commitment = sha256(parts(...parts_, this.opening)) as Bytes;
  }

  async finish(answer: Uint8Array, pin: string, rounds = ROUNDS): Promise<{ share: Share; opening: Bytes }> {
    if (answer.length !== POINT + PROOF) throw new BadAnswer("the service's part: length");
    const p2 = parsePoint(answer.subarray(0, POINT));
    check(answer.subarray(POINT), p2, "service's part", ...contextParts(this.context), this.commitment);
    const p = known(p2.multiply(Fn.inv(this.d1)).subtract(G));
    return { share: await blind(this.d1, pointBytes(p), pin, rounds), opening: this.opening };
  }
}

// The share times the service's factor: what the phone keeps from when the service took the proof.
export async function reshare(s: Share, c: Context, offer: Uint8Array, pin: string): Promise<{ share: Share; proof: Bytes }> {
  const next = Fn.mul(await open(s, pin), parseScalar(offer));
  const proof = prove(Fn.inv(next), "PIN, reshare", ...contextParts(c), offer);
  return { share: await blind(next, s.public, pin, s.rounds), proof };
}

// The old PIN is not checked here, and cannot be: ask the service first.
export async function changePIN(s: Share, from: string, to: string): Promise<Share> {
  return blind(await open(s, from), s.public, to, s.rounds);
}
