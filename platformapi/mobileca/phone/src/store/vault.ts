// The phone's shares as they lie in the browser: blinded by the PIN, and under a key of the browser's that no script reads.
import type { Share } from "../crypto/key.js";
import { type Bytes, concat, utf8 } from "../crypto/bytes.js";
import type { Database } from "./database.js";

const LENGTHS = { blinded: 32, salt: 16, public: 65 };

interface Sealed {
  iv: Bytes;
  data: Bytes;
}

export class Vault {
  private constructor(
    private readonly db: Database,
    private readonly key: CryptoKey,
  ) {}

  static async open(db: Database): Promise<Vault> {
    let key = (await db.get("keys", "shares")) as CryptoKey | undefined;
    if (!key) {
      key = await crypto.subtle.generateKey({ name: "AES-GCM", length: 256 }, false, ["encrypt", "decrypt"]);
      await db.put("keys", "shares", key);
    }
    return new Vault(db, key);
  }

  put(id: string, s: Share): Promise<void> {
    return this.change([[id, s]], []);
  }

  // All of it, or nothing.
  async change(put: [string, Share][], remove: string[]): Promise<void> {
    await this.db.change("shares", await Promise.all(put.map(async ([id, s]): Promise<[string, Sealed]> => [id, await this.seal(id, s)])), remove);
  }

  private async seal(id: string, s: Share): Promise<Sealed> {
    const rounds = new Uint8Array(4);
    new DataView(rounds.buffer).setUint32(0, s.rounds);
    const iv = crypto.getRandomValues(new Uint8Array(12));
    const plain = concat(rounds, s.blinded, s.salt, s.public);
    const data = new Uint8Array(await crypto.subtle.encrypt({ name: "AES-GCM", iv, additionalData: utf8(id) }, this.key, plain));
    plain.fill(0);
    return { iv, data };
  }

  async get(id: string): Promise<Share | undefined> {
    const sealed = (await this.db.get("shares", id)) as Sealed | undefined;
    if (!sealed) return undefined;
    const plain = new Uint8Array(await crypto.subtle.decrypt({ name: "AES-GCM", iv: sealed.iv, additionalData: utf8(id) }, this.key, sealed.data));
    let at = 4;
    const take = (n: number): Bytes => plain.slice(at, (at += n));
    return { rounds: new DataView(plain.buffer).getUint32(0), blinded: take(LENGTHS.blinded), salt: take(LENGTHS.salt), public: take(LENGTHS.public) };
  }

  async ids(): Promise<string[]> {
    return (await this.db.names("shares")) as string[];
  }

  async remove(id: string): Promise<void> {
    await this.db.remove("shares", id);
  }
}
