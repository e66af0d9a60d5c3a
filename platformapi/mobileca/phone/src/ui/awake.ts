// Keeps the screen on while the phone has to answer by itself. Says whether it could: "no" where the browser cannot.
import { useEffect, useState } from "preact/hooks";

export function useAwake(wanted: boolean): "yes" | "no" | "off" {
  const [state, setState] = useState<"yes" | "no" | "off">("off");
  useEffect(() => {
    if (!wanted) {
      setState("off");
      return undefined;
    }
    let lock: WakeLockSentinel | undefined;
    let over = false;
    const ask = async (): Promise<void> => {
      if (document.visibilityState !== "visible") return;
      try {
        const got = await navigator.wakeLock.request("screen");
        if (over) await got.release();
        else {
          lock = got;
          setState("yes");
        }
      } catch {
        setState("no");
      }
    };
    void ask();
    // The system takes the lock when the app is left.
    document.addEventListener("visibilitychange", ask);
    return () => {
      over = true;
      document.removeEventListener("visibilitychange", ask);
      void lock?.release();
    };
  }, [wanted]);
  return state;
}
