// Long polls: asks for what is newer than what is known, waits longer after each failure, and says whether it gets through.
import { type Client, LoggedOut, Offline, Problem } from "./client.js";
import { either } from "./signal.js";

export interface Versioned {
  version: number;
}

const WAIT = 25; // seconds
const FIRST = 1_000;
const LONGEST = 30_000; // milliseconds

export interface Watch<T> {
  path: string;
  // Called with each newer state. True ends the watch.
  seen(state: T): boolean | void;
  // Called when the service is not reached, and when it is again.
  online(yes: boolean): void;
  // Called once, when it is no use to go on.
  failed(e: unknown): void;
}

export function watch<T extends Versioned>(client: Client, w: Watch<T>): () => void {
  const over = new AbortController();
  void run(client, w, over.signal);
  return () => over.abort();
}

async function run<T extends Versioned>(client: Client, w: Watch<T>, signal: AbortSignal): Promise<void> {
  let after: number | undefined;
  let pause = FIRST;
  while (!signal.aborted) {
    const asked = Date.now();
    const wait = after === undefined ? 0 : WAIT;
    // Who waits on a net that is gone would learn it only when the time is over.
    const gone = new AbortController();
    const cut = (): void => gone.abort();
    addEventListener("offline", cut);
    try {
      const state = await client.call<T | undefined>("GET", w.path, { query: { after }, wait, signal: either(signal, gone.signal) });
      if (signal.aborted) return;
      w.online(true);
      pause = FIRST;
      if (!state || state.version === after) {
        // Nothing new, and that at once: whoever answers so would be asked without end.
        if (Date.now() - asked < FIRST) await sleep(FIRST, signal);
        continue;
      }
      after = state.version;
      if (w.seen(state)) return;
    } catch (e) {
      if (signal.aborted) return;
      const passes = gone.signal.aborted || e instanceof Offline || (e instanceof Problem && (e.status >= 500 || e.status === 429));
      if (!passes || e instanceof LoggedOut) {
        w.failed(e);
        return;
      }
      w.online(e instanceof Problem && e.status === 429);
      await sleep(pause, signal);
      pause = Math.min(2 * pause, LONGEST);
    } finally {
      removeEventListener("offline", cut);
    }
  }
}

// Until the time is over, the phone is back on the net or on the screen, or nobody waits any more.
function sleep(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((done) => {
    const end = (): void => {
      clearTimeout(timer);
      removeEventListener("online", end);
      document.removeEventListener("visibilitychange", end);
      signal.removeEventListener("abort", end);
      done();
    };
    const timer = setTimeout(end, ms * (0.75 + Math.random() / 2));
    addEventListener("online", end);
    document.addEventListener("visibilitychange", end);
    signal.addEventListener("abort", end);
  });
}
