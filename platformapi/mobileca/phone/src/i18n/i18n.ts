// The app's texts, in the language that was chosen, or that the phone speaks.
import en from "./en.json";
import zh from "./zh-CN.json";

export type Key = keyof typeof zh;
export type Language = "zh-CN" | "en";
export type Values = Record<string, string | number>;

const TEXTS: Record<Language, Record<string, string>> = { "zh-CN": zh, en };
const KEPT = "language";

export function preferred(): Language {
  const kept = localStorage.getItem(KEPT);
  if (kept === "zh-CN" || kept === "en") return kept;
  return navigator.language.startsWith("en") ? "en" : "zh-CN";
}

export function prefer(l: Language): void {
  localStorage.setItem(KEPT, l);
}

export class Texts {
  constructor(readonly language: Language) {}

  readonly t = (key: Key, values: Values = {}): string => fill(TEXTS[this.language][key]!, values);

  // A text whose name comes from outside, such as a problem's code; undefined when there is none.
  find(key: string, values: Values = {}): string | undefined {
    const texts = TEXTS[this.language];
    return Object.hasOwn(texts, key) ? fill(texts[key]!, values) : undefined;
  }

  date(time: string): string {
    const d = new Date(time);
    const two = (n: number): string => String(n).padStart(2, "0");
    return `${d.getFullYear()}-${two(d.getMonth() + 1)}-${two(d.getDate())}`;
  }

  moment(time: string): string {
    const d = new Date(time);
    const two = (n: number): string => String(n).padStart(2, "0");
    return `${this.date(time)} ${two(d.getHours())}:${two(d.getMinutes())}`;
  }

  // 分, as 元 with thousands.
  money(fen: number): string {
    const yuan = Math.floor(fen / 100).toString().replace(/\B(?=(\d{3})+$)/g, ",");
    return this.t("money.yuan", { amount: `${yuan}.${String(fen % 100).padStart(2, "0")}` });
  }

  size(bytes: number): string {
    return bytes < 1 << 20 ? `${Math.max(1, Math.round(bytes / 1024))} KB` : `${(bytes / (1 << 20)).toFixed(1)} MB`;
  }

  // Seconds, as hours and minutes, or minutes and seconds when it is less than an hour.
  span(seconds: number): string {
    const s = Math.max(0, Math.floor(seconds));
    const [h, m] = [Math.floor(s / 3600), Math.floor((s % 3600) / 60)];
    if (h > 0) return m > 0 ? this.t("time.hours", { h, m }) : this.t("time.full-hours", { h });
    if (m > 0) return s % 60 > 0 ? this.t("time.minutes", { m, s: s % 60 }) : this.t("time.full-minutes", { m });
    return this.t("time.seconds", { s });
  }
}

function fill(text: string, values: Values): string {
  return text.replace(/\{(\w+)\}/g, (all, name: string) => (Object.hasOwn(values, name) ? String(values[name]) : all));
}
