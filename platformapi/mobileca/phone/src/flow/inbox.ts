// What waits for the phone, wherever in the app one is.
import type { Client } from "../api/client.js";
import type { RequestHead, Requests } from "../api/types.js";
import { watch } from "../api/watch.js";

export interface Listener {
  online(yes: boolean): void;
  waiting(list: RequestHead[], unread: number): void;
  failed(e: unknown): void;
}

export class Inbox {
  private stop: (() => void) | undefined;

  constructor(
    private readonly client: Client,
    private readonly listener: Listener,
  ) {}

  start(): void {
    this.stop ??= watch<Requests>(this.client, {
      path: "/requests",
      seen: (state) => this.listener.waiting(state.items, state.unread ?? 0),
      online: (yes) => this.listener.online(yes),
      failed: (e) => {
        this.stop = undefined;
        this.listener.failed(e);
      },
    });
  }

  end(): void {
    this.stop?.();
    this.stop = undefined;
  }
}
