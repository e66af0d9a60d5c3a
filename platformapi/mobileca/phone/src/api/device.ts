// The phone's own key, by which the service knows it again: it is made in the browser and cannot leave it (RFC 9449).
import { utf8 } from "../crypto/bytes.js";
import type { Database } from "../store/database.js";
import { toText } from "../wire/base64url.js";
import type { Key } from "../wire/jws.js";

const ALGORITHM = { name: "ECDSA", namedCurve: "P-256" };

export class Device {
  private constructor(
    private readonly pair: CryptoKeyPair,
    readonly key: Key,
  ) {}

  static async open(db: Database): Promise<Device> {
    let pair = (await db.get("keys", "device")) as CryptoKeyPair | undefined;
    if (!pair) {
      pair = await crypto.subtle.generateKey(ALGORITHM, false, ["sign"]);
      await db.put("keys", "device", pair);
    }
    const { x, y } = await crypto.subtle.exportKey("jwk", pair.publicKey);
    return new Device(pair, { kty: "EC", crv: "P-256", x: x!, y: y! });
  }

  // A proof for one request (RFC 9449, 4.2). skew is how many seconds the service's clock is before the phone's.
  async prove(method: string, address: string, token: string | undefined, skew: number): Promise<string> {
    const json = (v: unknown): string => toText(utf8(JSON.stringify(v)));
    const claims: Record<string, unknown> = {
      jti: toText(crypto.getRandomValues(new Uint8Array(16))),
      htm: method,
      htu: address,
      iat: Math.floor(Date.now() / 1000) + skew,
    };
    if (token) claims.ath = toText(new Uint8Array(await crypto.subtle.digest("SHA-256", utf8(token))));
    const text = json({ alg: "ES256", typ: "dpop+jwt", jwk: this.key }) + "." + json(claims);
    const signature = await crypto.subtle.sign({ name: "ECDSA", hash: "SHA-256" }, this.pair.privateKey, utf8(text));
    return text + "." + toText(new Uint8Array(signature));
  }
}
