// What a button does that may fail: the failure is kept for the page to show, and what was typed stays.
import { useRef, useState } from "preact/hooks";
import { uuid } from "../flow/uuid.js";

export function useAct(): { error: unknown; act: (f: () => Promise<unknown>) => Promise<void> } {
  const [error, setError] = useState<unknown>();
  const act = async (f: () => Promise<unknown>): Promise<void> => {
    setError(undefined);
    try {
      await f();
    } catch (e) {
      setError(e);
    }
  };
  return { error, act };
}

// Names an act for the service: as long as the same is asked for, it is the same act, however often it is sent.
export function useOnce(): (body: unknown) => { body: unknown; once: string } {
  const last = useRef({ said: "", name: "" });
  return (body) => {
    const said = JSON.stringify(body);
    if (said !== last.current.said) last.current = { said, name: uuid() };
    return { body, once: last.current.name };
  };
}
