// Sessions as the phone has them: the share that is kept open, whether the person let the phone confirm by itself, and the
// bounds of both, which do not depend on what the service says. All of it is in memory only: who leaves the app closes it.
import type { Opened } from "../crypto/key.js";

const KEEP = 30 * 60; // seconds without a PIN while the person confirms each request
const LONGEST = 8 * 3600; // seconds in which the phone confirms by itself
const MOST = 200; // signatures that it confirms

interface Open {
  opened: Opened;
  since: number;
  used: number;
}

export class Sessions {
  private open = new Map<string, Open>();
  private auto = new Set<string>();

  keep(pairing: string, opened: Opened, now: number): void {
    this.open.get(pairing)?.opened.close();
    this.open.set(pairing, { opened, since: now, used: 0 });
  }

  confirms(pairing: string): boolean {
    return this.auto.has(pairing);
  }

  letConfirm(pairing: string, yes: boolean): void {
    if (yes) this.auto.add(pairing);
    else this.auto.delete(pairing);
  }

  // The open share, undefined when the PIN is to be asked for.
  get(pairing: string, now: number): Opened | undefined {
    const s = this.open.get(pairing);
    if (s && (now - s.since > (this.confirms(pairing) ? LONGEST : KEEP) || s.used >= MOST)) {
      s.opened.close();
      this.open.delete(pairing);
      return undefined;
    }
    return s?.opened;
  }

  // The open share for a signature that nobody looks at.
  spend(pairing: string, now: number): Opened | undefined {
    if (!this.confirms(pairing)) return undefined;
    const opened = this.get(pairing, now);
    if (opened) this.open.get(pairing)!.used++;
    return opened;
  }

  end(pairing: string): void {
    this.open.get(pairing)?.opened.close();
    this.open.delete(pairing);
    this.auto.delete(pairing);
  }

  endAll(): void {
    for (const pairing of [...this.open.keys(), ...this.auto]) this.end(pairing);
  }
}
