// SM2's group (GB/T 32918.5): points that are checked before anything is done with them, scalars modulo its order.
// JavaScript's big integers do not take the same time for every value; what is computed with them here is half a key.
import { weierstrass } from "@noble/curves/abstract/weierstrass.js";
import { randomBytes } from "@noble/hashes/utils.js";
import type { Bytes } from "./bytes.js";

const params = {
  p: 0xfffffffeffffffffffffffffffffffffffffffff00000000ffffffffffffffffn,
  n: 0xfffffffeffffffffffffffffffffffff7203df6b21c6052b53bbf40939d54123n,
  h: 1n,
  a: 0xfffffffeffffffffffffffffffffffffffffffff00000000fffffffffffffffcn,
  b: 0x28e9fa9e9d9f5e344d5a9e4bcf6509a7f39789f515ab8f92ddbcbd414d940e93n,
  Gx: 0x32c4ae2c1f1981195f9904466a39c9948fe30bbff2660be1715a4589334c74c7n,
  Gy: 0xbc3736a2f4f6779c59bdcee36b692153d0a9877cc62a474002df32e52139f0a0n,
};

export const Group = weierstrass(params);
export type Point = typeof Group.BASE;
export const Fn = Group.Fn;
export const G = Group.BASE;

export const SCALAR = 32;
export const POINT = 65;

// What came from outside does not fit the scheme. Nothing but this leaves the phone.
export class BadAnswer extends Error {
  constructor(what: string) {
    super(what);
    this.name = "BadAnswer";
  }
}

// A number from 1 to n-1.
export function parseScalar(b: Uint8Array): bigint {
  if (b.length !== SCALAR) throw new BadAnswer("scalar: length");
  const s = toNumber(b);
  if (s === 0n || s >= Fn.ORDER) throw new BadAnswer("scalar: range");
  return s;
}

// An uncompressed point on the curve, not the neutral element.
export function parsePoint(b: Uint8Array): Point {
  if (b.length !== POINT || b[0] !== 4) throw new BadAnswer("point: form");
  try {
    const p = Group.fromBytes(b);
    p.assertValidity();
    return p;
  } catch {
    throw new BadAnswer("point: not of the group");
  }
}

// What must not be the neutral element.
export function known(p: Point): Point {
  if (p.is0()) throw new BadAnswer("point: neutral");
  return p;
}

export function randomScalar(): bigint {
  for (;;) {
    const s = toNumber(randomBytes(SCALAR));
    if (s !== 0n && s < Fn.ORDER) return s;
  }
}

function toNumber(b: Uint8Array): bigint {
  let s = 0n;
  for (const x of b) s = (s << 8n) | BigInt(x);
  return s;
}

// A digest as a number modulo n.
export function reduce(digest: Uint8Array): bigint {
  return Fn.create(toNumber(digest));
}

export function scalarBytes(s: bigint): Bytes {
  const b = new Uint8Array(SCALAR);
  for (let i = SCALAR - 1; i >= 0; i--, s >>= 8n) b[i] = Number(s & 0xffn);
  return b;
}

export function pointBytes(p: Point): Bytes {
  return p.toBytes(false) as Bytes;
}

// The first coordinate modulo n.
export function xOf(p: Point): bigint {
  return Fn.create(p.toAffine().x);
}
