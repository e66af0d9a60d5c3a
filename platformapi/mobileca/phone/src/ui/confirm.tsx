// The last question before what cannot be taken back.
import type { ComponentChildren } from "preact";
import { useAct } from "./act.js";
import { useApp } from "./app.js";
import { Button, Notice, Sheet, Trouble } from "./parts.js";

export function Confirm(p: { title: string; warning: string; act: string; close: () => void; done: () => Promise<unknown>; children?: ComponentChildren }) {
  const { t } = useApp().texts;
  const { error, act } = useAct();
  return (
    <Sheet title={p.title} close={p.close}>
      <Notice tone="warn">{p.warning}</Notice>
      {p.children}
      {error !== undefined && <Trouble of={error} />}
      <Button look="danger" onPress={() => act(p.done)}>{p.act}</Button>
      <Button look="quiet" onPress={p.close}>{t("do.cancel")}</Button>
    </Sheet>
  );
}
