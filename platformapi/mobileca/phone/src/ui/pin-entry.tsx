// The PIN of a certificate's key, with what its tries are: the last one asks first, a locked key says so.
import { useState } from "preact/hooks";
import { Problem } from "../api/client.js";
import type { Certificate } from "../api/types.js";
import { TRIES } from "../flow/keys.js";
import { useApp } from "./app.js";
import { Button, Notice, Trouble } from "./parts.js";
import { PinPad } from "./pin.js";

export function PinEntry(p: { certificate: Certificate; act: string; label?: string; danger?: boolean; done: (pin: string) => Promise<void> }) {
  const { t } = useApp().texts;
  const [tries, setTries] = useState(p.certificate.key.locked ? 0 : p.certificate.key.tries);
  const [last, setLast] = useState(false);
  const [error, setError] = useState<unknown>();
  if (tries === 0) return <Notice tone="bad" title={t("problem.pin_locked.title")}>{t("problem.pin_locked.text")}</Notice>;
  if (tries === 1 && !last) {
    return (
      <div class="ask">
        <Notice tone="bad" title={t("pin.last")}>{t("pin.last-text")}</Notice>
        <Button look="danger" onPress={() => setLast(true)}>{t("pin.last-try")}</Button>
      </div>
    );
  }
  const done = async (pin: string): Promise<void> => {
    setError(undefined);
    try {
      await p.done(pin);
    } catch (e) {
      setError(e);
      if (!(e instanceof Problem)) return;
      if (e.code === "mca.pin_locked") setTries(0);
      if (e.code === "mca.pin_wrong" && typeof e.fields.tries === "number") {
        setTries(e.fields.tries);
        setLast(false);
      }
    }
  };
  return (
    <>
      {error !== undefined ? <Trouble of={error} /> : tries < TRIES && <p class="said">{t("pin.left", { n: tries })}</p>}
      <PinPad label={p.label ?? t("pin.enter", { name: p.certificate.name })} act={p.act} danger={p.danger ?? false} done={done} />
    </>
  );
}
