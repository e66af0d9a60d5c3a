// DER (X.690, 10), read strictly: single-byte tags, lengths as short as they can be, nothing behind the end. How deep it is
// nested is up to who reads, who names each tag that is expected.
import { type Bytes, concat } from "../crypto/bytes.js";

export class BadDER extends Error {}

export const INTEGER = 0x02;
export const BITS = 0x03;
export const OCTETS = 0x04;
export const OID = 0x06;
export const IA5 = 0x16;
export const UTC_TIME = 0x17;
export const TIME = 0x18;
export const SEQUENCE = 0x30;
export const SET = 0x31;

export class Reader {
  private at = 0;

  constructor(private readonly b: Uint8Array) {}

  get empty(): boolean {
    return this.at === this.b.length;
  }

  // The tag that comes next, -1 at the end.
  peek(): number {
    return this.b[this.at] ?? -1;
  }

  // The next element with all its bytes; content is what is in it.
  element(tag: number): { whole: Bytes; content: Bytes } {
    const start = this.at;
    if (this.peek() !== tag) throw new BadDER(`tag ${this.peek()} where ${tag} was expected`);
    const first = this.b[start + 1] ?? -1;
    let from = start + 2;
    let length = first;
    if (first < 0 || first === 0x80 || first > 0x83) throw new BadDER("length");
    if (first > 0x80) {
      const n = first & 0x7f;
      length = 0;
      for (let i = 0; i < n; i++) {
        const x = this.b[from + i];
        if (x === undefined) throw new BadDER("length: cut off");
        length = length * 256 + x;
      }
      if (length < 0x80 || length < 256 ** (n - 1)) throw new BadDER("length: not the shortest");
      from += n;
    }
    if (from + length > this.b.length) throw new BadDER("content: cut off");
    this.at = from + length;
    return { whole: this.b.slice(start, this.at), content: this.b.slice(from, this.at) };
  }

  content(tag: number): Bytes {
    return this.element(tag).content;
  }

  into(tag: number): Reader {
    return new Reader(this.content(tag));
  }

  // A BIT STRING of whole bytes.
  bits(): Bytes {
    const b = this.content(BITS);
    if (b[0] !== 0) throw new BadDER("a bit string that is not of whole bytes");
    return b.slice(1);
  }

  // A number that is not negative, from the shortest form.
  natural(): Bytes {
    const b = this.content(INTEGER);
    if (b.length === 0 || b[0]! & 0x80 || (b.length > 1 && b[0] === 0 && !(b[1]! & 0x80))) throw new BadDER("integer");
    return b[0] === 0 && b.length > 1 ? b.slice(1) : b;
  }

  // An object identifier in dots.
  oid(): string {
    const b = this.content(OID);
    if (b.length === 0 || b.length > 40 || b[b.length - 1]! & 0x80) throw new BadDER("object identifier");
    const arcs: number[] = [];
    let arc = 0;
    let fresh = true;
    for (const x of b) {
      if (fresh && x === 0x80) throw new BadDER("object identifier: not the shortest");
      arc = arc * 128 + (x & 0x7f);
      if (arc > Number.MAX_SAFE_INTEGER / 256) throw new BadDER("object identifier: arc");
      fresh = !(x & 0x80);
      if (fresh) {
        arcs.push(arc);
        arc = 0;
      }
    }
    const first = arcs[0]!;
    const top = Math.min(Math.floor(first / 40), 2);
    return [top, first - 40 * top, ...arcs.slice(1)].join(".");
  }

  end(): void {
    if (!this.empty) throw new BadDER("more than was expected");
  }
}

// The one element that all of b is, opened.
export function only(b: Uint8Array, tag: number): Reader {
  const r = new Reader(b);
  const inside = r.into(tag);
  r.end();
  return inside;
}

export function write(tag: number, ...contents: Uint8Array[]): Bytes {
  const body = concat(...contents);
  const n = body.length;
  const head = n < 0x80 ? [n] : n < 0x100 ? [0x81, n] : n < 0x10000 ? [0x82, n >> 8, n & 0xff] : [0x83, n >> 16, (n >> 8) & 0xff, n & 0xff];
  if (n >= 0x1000000) throw new BadDER("too long to be written");
  return concat(new Uint8Array([tag, ...head]), body);
}
