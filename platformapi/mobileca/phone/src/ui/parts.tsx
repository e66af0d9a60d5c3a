// The parts that pages are made of.
import type { ComponentChildren } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { useApp } from "./app.js";
import { type Failure, failure } from "./failure.js";
import { Icon, type IconName } from "./icon.js";

// A page: its title with the way back, what is shown, and what can be done, at the thumb.
export function Page(p: { title: string; back?: boolean | (() => void); action?: ComponentChildren; top?: ComponentChildren; foot?: ComponentChildren; children: ComponentChildren }) {
  const app = useApp();
  const { t } = app.texts;
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => {
    document.title = p.title;
    heading.current?.focus({ preventScroll: true });
  }, [p.title]);
  return (
    <div class="page">
      <header class="bar">
        {p.back ? (
          <button class="plain" aria-label={t("do.back")} onClick={typeof p.back === "function" ? p.back : app.back}>
            <Icon name="back" />
          </button>
        ) : (
          <span class="gap" />
        )}
        <h1 tabIndex={-1} ref={heading}>{p.title}</h1>
        {p.action ?? <span class="gap" />}
      </header>
      {p.top}
      <main>{p.children}</main>
      {p.foot && <footer class="foot">{p.foot}</footer>}
    </div>
  );
}

type Look = "primary" | "quiet" | "danger";

// A button that works: while it does, it cannot be pressed a second time.
export function Button(p: { look?: Look; onPress: () => unknown; disabled?: boolean; why?: string | undefined; children: ComponentChildren }) {
  const [busy, setBusy] = useState(false);
  const alive = useRef(true);
  useEffect(() => () => void (alive.current = false), []);
  const press = async (): Promise<void> => {
    setBusy(true);
    try {
      await p.onPress();
    } finally {
      if (alive.current) setBusy(false);
    }
  };
  return (
    <>
      {p.disabled && p.why && <p class="why">{p.why}</p>}
      <button class={"button " + (p.look ?? "primary")} disabled={p.disabled || busy} aria-busy={busy} onClick={press}>
        {busy && <span class="spinner" aria-hidden="true" />}
        {p.children}
      </button>
    </>
  );
}

type Tone = "info" | "good" | "warn" | "bad";
const SIGNS: Record<Tone, IconName> = { info: "bell", good: "check", warn: "warning", bad: "error" };

export function Notice(p: { tone: Tone; title?: string; children?: ComponentChildren; action?: ComponentChildren }) {
  return (
    <div class={"notice " + p.tone} role={p.tone === "bad" ? "alert" : "status"}>
      <Icon name={SIGNS[p.tone]} size={20} />
      <div>
        {p.title && <strong>{p.title}</strong>}
        {p.children && <p>{p.children}</p>}
        {p.action}
      </div>
    </div>
  );
}

export function Trouble(p: { of: unknown; again?: () => void }) {
  const { texts } = useApp();
  const f: Failure = failure(p.of, texts);
  return (
    <Notice tone="bad" title={f.title} action={p.again && <button class="link" onClick={p.again}>{texts.t("do.again")}</button>}>
      {f.text}
      {f.code && <small class="code">{f.code}</small>}
    </Notice>
  );
}

export function Card(p: { children: ComponentChildren; label?: string }) {
  return (
    <section class="card" aria-label={p.label}>
      {p.children}
    </section>
  );
}

// Names and values under one another.
export function Facts(p: { of: [string, ComponentChildren][] }) {
  return (
    <dl class="facts">
      {p.of.map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}

export function Field(p: { label: string; value: string; set: (v: string) => void; type?: "text" | "tel" | "password" | "numeric"; hint?: string; most?: number; fill?: string; side?: ComponentChildren }) {
  const type = (p.type === "numeric" ? "text" : (p.type ?? "text")) as "text";
  return (
    <label class="field">
      <span>{p.label}</span>
      <span class="box">
        <input
          type={type}
          inputMode={p.type === "numeric" ? "numeric" : p.type === "tel" ? "tel" : "text"}
          value={p.value}
          placeholder={p.hint}
          maxLength={p.most ?? 100}
          autocomplete={(p.fill ?? "off") as "off"}
          autocapitalize="off"
          spellcheck={false}
          onInput={(e) => p.set(e.currentTarget.value)}
        />
        {p.side}
      </span>
    </label>
  );
}

export function Tick(p: { on: boolean; set: (on: boolean) => void; children: ComponentChildren; toggle?: boolean; disabled?: boolean }) {
  return (
    <label class={p.toggle ? "tick toggle" : "tick"}>
      <input type="checkbox" role={p.toggle ? "switch" : undefined} checked={p.on} disabled={p.disabled} onChange={(e) => p.set(e.currentTarget.checked)} />
      <span class="mark">{!p.toggle && <Icon name="check" size={16} />}</span>
      <span>{p.children}</span>
    </label>
  );
}

export function Row(p: { icon?: IconName; title: ComponentChildren; text?: ComponentChildren; side?: ComponentChildren; onPress?: () => void; chosen?: boolean }) {
  const inside = (
    <>
      {p.icon && <span class="round"><Icon name={p.icon} size={20} /></span>}
      <span class="words">
        <span class="name">{p.title}</span>
        {p.text && <span class="quiet">{p.text}</span>}
      </span>
      {p.side}
      {p.onPress && p.chosen === undefined && <Icon name="next" size={18} />}
    </>
  );
  return p.onPress ? (
    <button class={"row" + (p.chosen ? " chosen" : "")} aria-pressed={p.chosen} onClick={p.onPress}>{inside}</button>
  ) : (
    <div class="row">{inside}</div>
  );
}

export function Chip(p: { tone: Tone | "off"; children: ComponentChildren }) {
  return <span class={"chip " + p.tone}>{p.children}</span>;
}

// Lists have four faces: not yet there (after a while only), failed, empty, filled.
export function Loaded<T>(p: { of: Loading<T>; empty?: ComponentChildren; children: (v: T) => ComponentChildren }) {
  const [late, setLate] = useState(false);
  useEffect(() => {
    const timer = setTimeout(() => setLate(true), 300);
    return () => clearTimeout(timer);
  }, []);
  if (p.of.error !== undefined) return <Trouble of={p.of.error} again={p.of.again} />;
  if (p.of.value === undefined) return late ? <div class="skeleton" aria-busy="true"><i /><i /><i /></div> : <></>;
  if (Array.isArray(p.of.value) && p.of.value.length === 0 && p.empty) return <div class="empty">{p.empty}</div>;
  return <>{p.children(p.of.value)}</>;
}

export interface Loading<T> {
  value: T | undefined;
  error: unknown;
  again: () => void;
}

export function useLoaded<T>(load: () => Promise<T>, on: unknown[] = []): Loading<T> {
  const [value, setValue] = useState<T>();
  const [error, setError] = useState<unknown>();
  const [turn, setTurn] = useState(0);
  useEffect(() => {
    let here = true;
    setError(undefined);
    load().then(
      (v) => here && setValue(() => v),
      (e) => here && setError(e),
    );
    return () => void (here = false);
  }, [turn, ...on]);
  return { value, error, again: () => setTurn(turn + 1) };
}

// A sheet over the page, for the one decision that is due.
export function Sheet(p: { title: string; close: () => void; children: ComponentChildren }) {
  const { t } = useApp().texts;
  const box = useRef<HTMLDialogElement>(null);
  useEffect(() => box.current?.showModal(), []);
  return (
    <dialog class="sheet" ref={box} aria-label={p.title} onCancel={(e) => (e.preventDefault(), p.close())}>
      <header>
        <h2>{p.title}</h2>
        <button class="plain" aria-label={t("do.close")} onClick={p.close}><Icon name="cross" /></button>
      </header>
      {p.children}
    </dialog>
  );
}

// Once a second, for what counts down.
export function useClock(): number {
  const { client } = useApp();
  const [now, setNow] = useState(client.now());
  useEffect(() => {
    const timer = setInterval(() => setNow(client.now()), 1000);
    return () => clearInterval(timer);
  }, []);
  return now;
}
