// The recovery code, shown once, and whether it was written down.
import { useState } from "preact/hooks";
import { useApp } from "./app.js";
import { Button, Field, Notice } from "./parts.js";

export function RecoveryCode({ code, done }: { code: string[]; done: () => unknown }) {
  const { t } = useApp().texts;
  const [asking, setAsking] = useState(false);
  const [typed, setTyped] = useState("");
  const [wrong, setWrong] = useState(false);
  const [which] = useState(() => crypto.getRandomValues(new Uint32Array(1))[0]! % code.length);
  const check = (): void => {
    if (typed.trim().toUpperCase() === code[which]) {
      done();
      return;
    }
    setWrong(true);
    setAsking(false);
    setTyped("");
  };
  if (asking) {
    return (
      <div class="ask">
        <p class="lead">{t("code.ask", { n: which + 1 })}</p>
        <Field label={t("code.group", { n: which + 1 })} value={typed} set={setTyped} most={4} />
        <Button disabled={typed.trim().length < 4} onPress={check}>{t("do.confirm")}</Button>
        <Button look="quiet" onPress={() => setAsking(false)}>{t("code.look-again")}</Button>
      </div>
    );
  }
  return (
    <div class="ask">
      <p class="lead">{t("code.lead")}</p>
      {wrong && <Notice tone="bad">{t("code.wrong")}</Notice>}
      <ol class="recovery">{code.map((g, i) => <li key={i}><code>{g}</code></li>)}</ol>
      <Notice tone="warn" title={t("code.once")}>{t("code.once-text")}</Notice>
      <Button onPress={() => setAsking(true)}>{t("code.written")}</Button>
    </div>
  );
}
