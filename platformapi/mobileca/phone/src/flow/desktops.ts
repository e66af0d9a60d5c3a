// The desktops that the phone is linked with. Their keys are the ones whose fingerprints were scanned: what the service says
// later changes nothing about them.
import type { Client } from "../api/client.js";
import type { Device } from "../api/device.js";
import type { List, Scan } from "../api/types.js";
import { type Bytes } from "../crypto/bytes.js";
import type { Database } from "../store/database.js";
import { fromText, toText } from "../wire/base64url.js";
import { type Code, isOf, matchCode, opens } from "../wire/code.js";
import { type Key, isKey } from "../wire/jws.js";
import { Refused } from "./refused.js";

// What is kept of a desktop while the phone is linked with it.
export interface Desktop {
  key: Key;
  platform: { name: string; origin: string };
  desktop: string;
  match: string;
  kind: Scan["kind"];
  // SHA-256 of the certificates chosen for it.
  signing: string;
  encryption: string[];
}

// A code that was scanned, until the person has decided.
export class Scanned {
  private constructor(
    readonly first: Scan,
    private readonly code: Code,
    private readonly nonce: Bytes,
    private readonly phone: Key,
  ) {}

  static async begin(client: Client, device: Device, code: Code): Promise<Scanned> {
    const nonce = crypto.getRandomValues(new Uint8Array(32));
    const scan = await client.call<Scan>("POST", "/scans", { body: { pairing: code.id, secret: toText(code.secret), nonce: toText(nonce) } });
    if (!isKey(scan.key) || !(await isOf(code, scan.key, fromText(scan.commitment)))) {
      await client.call("DELETE", "/scans/" + code.id).catch(() => undefined);
      throw new Refused("other-desktop");
    }
    return new Scanned(scan, code, nonce, device.key);
  }

  // The letters that the desktop shows, once it has opened its commitment.
  async match(now: Scan): Promise<string | undefined> {
    if (now.nonce === undefined) return undefined;
    const nonce = fromText(now.nonce);
    if (!(await opens(fromText(this.first.commitment), nonce))) throw new Refused("other-desktop");
    return matchCode(this.code, this.first.key, this.phone, nonce, this.nonce);
  }
}

export class Desktops {
  constructor(private readonly db: Database) {}

  async keep(pairing: string, d: Desktop): Promise<void> {
    await this.db.put("state", "desktop " + pairing, d);
  }

  async get(pairing: string): Promise<Desktop | undefined> {
    return (await this.db.get("state", "desktop " + pairing)) as Desktop | undefined;
  }

  async forget(pairing: string): Promise<void> {
    await this.db.remove("state", "desktop " + pairing);
  }

  // Forgets all but those whose pairings are not over.
  async sweep(client: Client): Promise<void> {
    const kept = (await this.db.names("state")).map(String).filter((name) => name.startsWith("desktop "));
    if (kept.length === 0) return;
    const { items } = await client.call<List<Scan>>("GET", "/scans");
    const live = new Set(items.map((s) => "desktop " + s.id));
    for (const name of kept) if (!live.has(name)) await this.db.remove("state", name);
  }
}
