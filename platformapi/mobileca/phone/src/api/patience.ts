// For what must not stay half done: while the service is not reached, it is tried again.
import { Offline } from "./client.js";

const FIRST = 1_000;
const LONGEST = 15_000; // milliseconds

// lost is how often it was tried without an answer: one of them may have been heard all the same.
export async function patiently<T>(seconds: number, f: (lost: number) => Promise<T>): Promise<T> {
  const end = Date.now() + 1000 * seconds;
  for (let lost = 0, pause = FIRST; ; lost++, pause = Math.min(2 * pause, LONGEST)) {
    try {
      return await f(lost);
    } catch (e) {
      if (!(e instanceof Offline) || Date.now() + pause > end) throw e;
      await new Promise((r) => setTimeout(r, pause));
    }
  }
}
