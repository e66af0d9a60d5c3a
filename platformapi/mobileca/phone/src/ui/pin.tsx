// The pad for the PIN. It is no input: no keyboard learns what is pressed, and nothing offers to remember it.
import { useEffect, useRef, useState } from "preact/hooks";
import { isWeak } from "../crypto/pin.js";
import { useApp } from "./app.js";
import { Icon } from "./icon.js";
import { Button } from "./parts.js";

export const LENGTH = 6;
const ROWS = ["123", "456", "789"];

export function PinPad(p: { label: string; act: string; danger?: boolean; done: (pin: string) => Promise<void> }) {
  const { t } = useApp().texts;
  const [pin, setPin] = useState("");
  const box = useRef<HTMLDivElement>(null);
  useEffect(() => box.current?.focus(), []);
  const press = (c: string): void => setPin((old) => (old.length < LENGTH ? old + c : old));
  const drop = (): void => setPin((old) => old.slice(0, -1));
  const finish = async (): Promise<void> => {
    const whole = pin;
    setPin("");
    await p.done(whole);
  };
  const key = (e: KeyboardEvent): void => {
    if (/^[0-9]$/.test(e.key)) press(e.key);
    else if (e.key === "Backspace") drop();
    else return;
    e.preventDefault();
  };
  return (
    <div class="pin" ref={box} tabIndex={-1} onKeyDown={key} role="group" aria-label={p.label}>
      <p class="label">{p.label}</p>
      <div class="dots" role="status" aria-label={t("pin.count", { n: pin.length, of: LENGTH })}>
        {Array.from({ length: LENGTH }, (_, i) => <i key={i} class={i < pin.length ? "on" : ""} />)}
      </div>
      <div class="pad">
        {[...ROWS.join("")].map((c) => <button key={c} onClick={() => press(c)}>{c}</button>)}
        <span />
        <button onClick={() => press("0")}>{"0"}</button>
        <button class="drop" aria-label={t("pin.drop")} onClick={drop} disabled={pin === ""}><Icon name="erase" size={26} /></button>
      </div>
      <Button look={p.danger ? "danger" : "primary"} disabled={pin.length < LENGTH} onPress={finish}>{p.act}</Button>
    </div>
  );
}

// A new PIN, twice.
export function NewPin(p: { label?: string; act: string; done: (pin: string) => Promise<void> }) {
  const { t } = useApp().texts;
  const [first, setFirst] = useState<string>();
  const [said, setSaid] = useState<string>();
  const begin = async (pin: string): Promise<void> => {
    setSaid(isWeak(pin) ? t("pin.weak") : undefined);
    if (!isWeak(pin)) setFirst(pin);
  };
  const again = async (pin: string): Promise<void> => {
    if (pin !== first) {
      setFirst(undefined);
      setSaid(t("pin.differ"));
      return;
    }
    await p.done(pin);
  };
  return (
    <>
      {said && <p class="said" role="alert">{said}</p>}
      {first === undefined ? (
        <PinPad key="first" label={p.label ?? t("pin.choose")} act={t("do.next")} done={begin} />
      ) : (
        <PinPad key="again" label={t("pin.again")} act={p.act} done={again} />
      )}
    </>
  );
}
