// What is typed into a form is kept while the app is open: whoever goes back to look something up finds it again. Nothing
// secret is kept so.
import { useState } from "preact/hooks";

const PREFIX = "draft.";

type Words = Record<string, string>;

export function useDraft<T extends Words>(name: string, empty: T): { draft: T; set: (change: Partial<T>) => void; drop: () => void } {
  const [draft, setDraft] = useState<T>(() => ({ ...empty, ...read(name, empty) }));
  return {
    draft,
    set: (change) =>
      setDraft((old) => {
        const next = { ...old, ...change };
        sessionStorage.setItem(PREFIX + name, JSON.stringify(next));
        return next;
      }),
    drop: () => sessionStorage.removeItem(PREFIX + name),
  };
}

export function dropDrafts(): void {
  for (const k of Object.keys(sessionStorage)) if (k.startsWith(PREFIX)) sessionStorage.removeItem(k);
}

function read(name: string, empty: Words): Words {
  try {
    const kept: unknown = JSON.parse(sessionStorage.getItem(PREFIX + name) ?? "{}");
    if (typeof kept !== "object" || kept === null) return {};
    return Object.fromEntries(Object.entries(kept).filter(([k, v]) => k in empty && typeof v === "string")) as Words;
  } catch {
    return {};
  }
}
