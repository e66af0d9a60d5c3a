// Schnorr's proof that somebody knows a point's logarithm, bound by its hash to a purpose and a context (Fiat and Shamir).
import { sha256 } from "@noble/hashes/sha2.js";
import { BadAnswer, Fn, G, POINT, SCALAR, type Point, parsePoint, parseScalar, pointBytes, randomScalar, reduce, scalarBytes } from "./group.js";
import { type Bytes, concat, parts, utf8 } from "./bytes.js";

export const PROOF = POINT + SCALAR;

function challenge(domain: string, p: Point, commitment: Point, context: Uint8Array[]): bigint {
  return reduce(sha256(parts(utf8("SealDesk two-party SM2 v1 " + domain), pointBytes(p), pointBytes(commitment), ...context)));
}

export function prove(x: bigint, domain: string, ...context: Uint8Array[]): Bytes {
  const v = randomScalar();
  const commitment = G.multiply(v);
  const c = challenge(domain, G.multiply(x), commitment, context);
  return concat(pointBytes(commitment), scalarBytes(Fn.add(v, Fn.mul(c, x))));
}

export function check(proof: Uint8Array, p: Point, domain: string, ...context: Uint8Array[]): void {
  if (proof.length !== PROOF) throw new BadAnswer("proof: length");
  const commitment = parsePoint(proof.subarray(0, POINT));
  const z = parseScalar(proof.subarray(POINT));
  const c = challenge(domain, p, commitment, context);
  // Public values alone, so the faster multiplication.
  if (!G.multiplyUnsafe(z).equals(commitment.add(p.multiplyUnsafe(c)))) throw new BadAnswer("proof: does not hold");
}
