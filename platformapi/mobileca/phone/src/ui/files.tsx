// Photographs and PDFs that go with an application.
import { useRef } from "preact/hooks";
import type { Attachment } from "../api/people.js";
import { ATTACHMENTS, attach } from "../flow/attach.js";
import { useAct } from "./act.js";
import { useApp } from "./app.js";
import { Icon } from "./icon.js";
import { Button, Row, Trouble } from "./parts.js";

export function Files(p: { hint: string; files: Attachment[]; set: (f: Attachment[]) => void }) {
  const { t, size } = useApp().texts;
  const input = useRef<HTMLInputElement>(null);
  const { error, act } = useAct();
  const add = (chosen: File[]): Promise<void> =>
    act(async () => {
      const all = [...p.files];
      for (const f of chosen.slice(0, ATTACHMENTS - all.length)) all.push(await attach(f));
      p.set(all);
    });
  return (
    <div class="field">
      <span>{t("files.label", { n: p.files.length, of: ATTACHMENTS })}</span>
      {p.files.length > 0 && (
        <div class="list">
          {p.files.map((f, i) => (
            <Row
              key={i}
              icon="document"
              title={f.name}
              text={size((f.content.length * 3) / 4)}
              side={<button class="plain" aria-label={t("files.drop", { name: f.name })} onClick={() => p.set(p.files.filter((x) => x !== f))}><Icon name="trash" size={20} /></button>}
            />
          ))}
        </div>
      )}
      <input
        ref={input}
        type="file"
        hidden
        multiple
        accept="image/*,application/pdf"
        onChange={(e) => {
          const chosen = [...(e.currentTarget.files ?? [])];
          e.currentTarget.value = "";
          void add(chosen);
        }}
      />
      {p.files.length < ATTACHMENTS && <Button look="quiet" onPress={() => input.current?.click()}><Icon name="plus" size={20} />{t("files.add")}</Button>}
      <small>{p.hint}</small>
      {error !== undefined && <Trouble of={error} />}
    </div>
  );
}
