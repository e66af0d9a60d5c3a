// Bytes: joined, compared, and written as parts that cannot be taken for one another.

export type Bytes = Uint8Array<ArrayBuffer>;

export function concat(...parts: Uint8Array[]): Bytes {
  const all = new Uint8Array(parts.reduce((n, p) => n + p.length, 0));
  let at = 0;
  for (const p of parts) {
    all.set(p, at);
    at += p.length;
  }
  return all;
}

// Each part after its length in four bytes, so that no two lists of parts are the same bytes.
export function parts(...list: Uint8Array[]): Bytes {
  const out: Uint8Array[] = [];
  for (const p of list) {
    const length = new Uint8Array(4);
    new DataView(length.buffer).setUint32(0, p.length);
    out.push(length, p);
  }
  return concat(...out);
}

// Takes the same time wherever the first difference is.
export function equal(a: Uint8Array, b: Uint8Array): boolean {
  let difference = a.length ^ b.length;
  for (let i = 0; i < a.length; i++) difference |= a[i]! ^ (b[i] ?? 0);
  return difference === 0;
}

const encoder = new TextEncoder();

export function utf8(s: string): Bytes {
  return encoder.encode(s) as Bytes;
}
