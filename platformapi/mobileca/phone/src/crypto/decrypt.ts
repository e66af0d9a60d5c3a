// A decryption with the service, of a ciphertext in the order C1, C3, C2 with an uncompressed point (GB/T 32918.4).
import { BadAnswer, Fn, POINT, known, parsePoint, pointBytes, type Point } from "./group.js";
import { type Bytes, concat, equal } from "./bytes.js";
import { type Context, type Opened, contextParts } from "./key.js";
import { prove } from "./proof.js";
import { sm3 } from "./sm3.js";

const DIGEST = 32;
const MOST = 1 << 20;

export class Decryption {
  private constructor(
    readonly request: Bytes,
    private d1: bigint,
    private readonly c1: Point,
    private readonly c3: Bytes,
    private readonly c2: Bytes,
  ) {}

  static begin({ secret: d1 }: Opened, c: Context, ciphertext: Bytes): Decryption {
    if (ciphertext.length <= POINT + DIGEST || ciphertext.length > MOST) throw new BadAnswer("ciphertext: length");
    const c1 = ciphertext.slice(0, POINT);
    const point = parsePoint(c1);
    const request = prove(Fn.inv(d1), "PIN, decrypt", ...contextParts(c), c1);
    return new Decryption(request, d1, point, ciphertext.slice(POINT, POINT + DIGEST), ciphertext.slice(POINT + DIGEST));
  }

  finish(answer: Uint8Array): Bytes {
    const t = parsePoint(answer);
    const p = known(t.multiply(Fn.inv(this.d1)).subtract(this.c1));
    this.d1 = 1n;
    const xy = pointBytes(p).subarray(1);
    const plain = derive(xy, this.c2.length);
    for (let i = 0; i < plain.length; i++) plain[i]! ^= this.c2[i]!;
    if (!equal(sm3(concat(xy.subarray(0, DIGEST), plain, xy.subarray(DIGEST))), this.c3)) {
      plain.fill(0);
      throw new BadAnswer("the digest of the plain text is another");
    }
    return plain;
  }
}

// The key derivation of GB/T 32918.4, 5.4.3.
function derive(z: Uint8Array, length: number): Bytes {
  const out = new Uint8Array(length);
  for (let at = 0, counter = 1; at < length; at += DIGEST, counter++) {
    const ct = new Uint8Array(4);
    new DataView(ct.buffer).setUint32(0, counter);
    out.set(sm3(concat(z, ct)).subarray(0, Math.min(DIGEST, length - at)), at);
  }
  return out;
}
