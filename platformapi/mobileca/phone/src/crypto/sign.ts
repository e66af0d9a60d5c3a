// A signature with the service (GB/T 32918.2). The digest is made here of what was shown; the signature leaves the phone
// only when it verifies, since a service that answers what it likes would learn the share from it.
import { BadAnswer, Fn, G, SCALAR, parseScalar, pointBytes, randomScalar, reduce, scalarBytes, xOf } from "./group.js";
import { type Bytes, concat, utf8 } from "./bytes.js";
import { type Context, type Opened, type Share, contextParts, publicKey } from "./key.js";
import { prove } from "./proof.js";
import { sm3 } from "./sm3.js";

const A = 0xfffffffeffffffffffffffffffffffffffffffff00000000fffffffffffffffcn;
const B = 0x28e9fa9e9d9f5e344d5a9e4bcf6509a7f39789f515ab8f92ddbcbd414d940e93n;

// e = SM3(Z || message) with the signer's default identity (GB/T 32918.2, 5.5 and 6.1; GB/T 35276 for the identity).
export function digest(s: Share, message: Uint8Array): Bytes {
  const id = utf8("1234567812345678");
  const bits = new Uint8Array([(id.length * 8) >> 8, (id.length * 8) & 0xff]);
  const z = sm3(concat(bits, id, scalarBytes(A), scalarBytes(B), pointBytes(G).subarray(1), s.public.subarray(1)));
  return sm3(concat(z, message)) as Bytes;
}

export class Signing {
  private over = false;

  private constructor(
    readonly request: Bytes,
    private readonly share: Share,
    private readonly e: Bytes,
    private d1: bigint,
    private k1: bigint,
  ) {}

  static begin({ share, secret: d1 }: Opened, c: Context, e: Bytes): Signing {
    const k1 = randomScalar();
    const q1 = pointBytes(G.multiply(k1));
    const context = contextParts(c);
    const request = concat(q1, prove(k1, "nonce", ...context, e), prove(Fn.inv(d1), "PIN, sign", ...context, e, q1));
    return new Signing(request, share, e, d1, k1);
  }

  // Once: a nonce that answers twice tells the share.
  finish(answer: Uint8Array): Bytes {
    if (this.over) throw new BadAnswer("this request is over");
    this.over = true;
    const { d1, k1 } = this;
    this.d1 = this.k1 = 0n;
    if (answer.length !== 3 * SCALAR) throw new BadAnswer("the service's answer: length");
    const [r, s2, s3] = [0, 1, 2].map((i) => parseScalar(answer.subarray(i * SCALAR, (i + 1) * SCALAR))) as [bigint, bigint, bigint];
    const s = Fn.sub(Fn.add(Fn.mul(Fn.mul(d1, k1), s2), Fn.mul(d1, s3)), r);
    const t = Fn.add(r, s);
    if (s === 0n || t === 0n) throw new BadAnswer("no signature");
    const nonce = G.multiplyUnsafe(s).add(publicKey(this.share).multiplyUnsafe(t));
    if (nonce.is0() || Fn.add(reduce(this.e), xOf(nonce)) !== r) throw new BadAnswer("the signature does not verify");
    return der(r, s);
  }
}

// SM2Signature of GB/T 35276: a SEQUENCE of two INTEGERs, 72 bytes at most.
function der(r: bigint, s: bigint): Bytes {
  const integer = (x: bigint): Uint8Array => {
    const b = scalarBytes(x);
    let first = 0;
    while (first < SCALAR - 1 && b[first] === 0) first++;
    const value = b[first]! & 0x80 ? concat(new Uint8Array(1), b.subarray(first)) : b.subarray(first);
    return concat(new Uint8Array([2, value.length]), value);
  };
  const body = concat(integer(r), integer(s));
  return concat(new Uint8Array([0x30, body.length]), body);
}

