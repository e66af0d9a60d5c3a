// SM3 (GB/T 32905-2016) on the construction that SHA-256 shares with it.
import { HashMD } from "@noble/hashes/_md.js";
import { createHasher, rotl } from "@noble/hashes/utils.js";

const W = new Uint32Array(68);

const p0 = (x: number) => x ^ rotl(x, 9) ^ rotl(x, 17);
const p1 = (x: number) => x ^ rotl(x, 15) ^ rotl(x, 23);

class SM3 extends HashMD<SM3> {
  // Clause 4.1.
  private v = new Int32Array([
    0x7380166f, 0x4914b2b9, 0x172442d7, 0xda8a0600, 0xa96f30bc, 0x163138aa, 0xe38dee4d, 0xb0fb0e4e,
  ]);

  constructor() {
    super(64, 32, 8, false);
  }

  protected get(): number[] {
    return [...this.v];
  }

  protected set(...v: number[]): void {
    this.v.set(v);
  }

  // Clause 5.3.
  protected process(view: DataView, offset: number): void {
    for (let i = 0; i < 16; i++) W[i] = view.getUint32(offset + 4 * i, false);
    for (let i = 16; i < 68; i++) {
      W[i] = p1(W[i - 16]! ^ W[i - 9]! ^ rotl(W[i - 3]!, 15)) ^ rotl(W[i - 13]!, 7) ^ W[i - 6]!;
    }
    let [a, b, c, d, e, f, g, h] = this.v as unknown as [number, number, number, number, number, number, number, number];
    for (let i = 0; i < 64; i++) {
      const t = i < 16 ? 0x79cc4519 : 0x7a879d8a;
      const ss1 = rotl((rotl(a, 12) + e + rotl(t, i % 32)) | 0, 7);
      const ss2 = ss1 ^ rotl(a, 12);
      const ff = i < 16 ? a ^ b ^ c : (a & b) | (a & c) | (b & c);
      const gg = i < 16 ? e ^ f ^ g : (e & f) | (~e & g);
      const tt1 = (ff + d + ss2 + (W[i]! ^ W[i + 4]!)) | 0;
      const tt2 = (gg + h + ss1 + W[i]!) | 0;
      d = c;
      c = rotl(b, 9);
      b = a;
      a = tt1;
      h = g;
      g = rotl(f, 19);
      f = e;
      e = p0(tt2);
    }
    [a, b, c, d, e, f, g, h].forEach((x, i) => (this.v[i] = this.v[i]! ^ x));
  }

  protected roundClean(): void {
    W.fill(0);
  }

  destroy(): void {
    this.destroyed = true;
    this.v.fill(0);
    this.buffer.fill(0);
  }

  _cloneInto(to: SM3 = new SM3()): SM3 {
    to.set(...this.get());
    return this._cloneIntoMeta(to);
  }
}

export const sm3 = createHasher(() => new SM3());
