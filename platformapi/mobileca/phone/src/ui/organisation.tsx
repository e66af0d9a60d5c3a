// The organisation whose pages one looks at. Most people have one; who has several chooses, and the phone remembers.
import type { ComponentChildren } from "preact";
import { useState } from "preact/hooks";
import type { Organisation } from "../api/types.js";
import { useApp } from "./app.js";
import { Button, Page } from "./parts.js";

const KEPT = "organisation";

export function useOrganisation(): [Organisation | undefined, (id: string) => void] {
  const [kept, setKept] = useState(() => localStorage.getItem(KEPT));
  const all = useApp().account?.organisations ?? [];
  const shown = all.find((o) => o.id === kept) ?? all.find((o) => o.role === "administrator") ?? all[0];
  return [
    shown,
    (id) => {
      localStorage.setItem(KEPT, id);
      setKept(id);
    },
  ];
}

// A page of the organisation's, or the way to having one.
export function OfOrganisation(p: { title: string; administrator?: boolean; children: (o: Organisation) => ComponentChildren }) {
  const app = useApp();
  const { t } = app.texts;
  const [o] = useOrganisation();
  if (o && (!p.administrator || o.role === "administrator")) return <>{p.children(o)}</>;
  return (
    <Page title={p.title} back foot={!o && <Button onPress={() => app.go({ page: "apply" })}>{t("home.apply")}</Button>}>
      <div class="empty">
        <p>{o ? t("organisation.not-administrator", { name: o.name }) : t("organisation.none")}</p>
      </div>
    </Page>
  );
}
