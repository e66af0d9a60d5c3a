// Shares that a session keeps open. They are in memory only: who leaves the app closes them.
import type { Opened } from "../crypto/key.js";

// How long a session asks for no PIN while the person confirms each request.
const KEEP = 30 * 60; // seconds

export class Sessions {
  private open = new Map<string, { opened: Opened; since: number }>();

  keep(pairing: string, opened: Opened, now: number): void {
    this.end(pairing);
    this.open.set(pairing, { opened, since: now });
  }

  // The open share; while the phone confirms by itself (auto), for as long as the session is.
  get(pairing: string, now: number, auto: boolean): Opened | undefined {
    const s = this.open.get(pairing);
    if (s && !auto && now - s.since > KEEP) {
      this.end(pairing);
      return undefined;
    }
    return s?.opened;
  }

  end(pairing: string): void {
    this.open.get(pairing)?.opened.close();
    this.open.delete(pairing);
  }

  endAll(): void {
    for (const pairing of [...this.open.keys()]) this.end(pairing);
  }
}
