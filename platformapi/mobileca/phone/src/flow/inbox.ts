// What waits for the phone, wherever in the app one is. Whoever shows requests takes them from here.
import type { Client } from "../api/client.js";
import type { RequestHead, Requests } from "../api/types.js";
import { watch } from "../api/watch.js";

export interface Listener {
  online(yes: boolean): void;
  unread(n: number): void;
  loggedOut(): void;
  // A request that waits, once. True when somebody took it.
  arrived(r: RequestHead): void;
}

export class Inbox {
  private stop: (() => void) | undefined;
  private told = new Set<string>();
  private takers: ((r: RequestHead) => boolean)[] = [];

  constructor(
    private readonly client: Client,
    private readonly listener: Listener,
  ) {}

  start(): void {
    this.stop ??= watch<Requests>(this.client, {
      path: "/requests",
      seen: (state) => this.seen(state),
      online: (yes) => this.listener.online(yes),
      failed: () => {
        this.stop = undefined;
        this.listener.loggedOut();
      },
    });
  }

  end(): void {
    this.stop?.();
    this.stop = undefined;
    this.told.clear();
  }

  // Lets a page take requests before they are shown to everybody. Returns what ends it.
  take(f: (r: RequestHead) => boolean): () => void {
    this.takers.push(f);
    return () => void (this.takers = this.takers.filter((t) => t !== f));
  }

  private seen(state: Requests): void {
    this.listener.unread(state.unread ?? 0);
    for (const r of state.items) {
      if (this.told.has(r.id)) continue;
      this.told.add(r.id);
      if (!this.takers.some((t) => t(r))) this.listener.arrived(r);
    }
  }
}
