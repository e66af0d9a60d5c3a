// What went wrong, as a person is told it: what happened; to what, and what to do; and a code for the hot line.
import { LoggedOut, Offline, Problem } from "../api/client.js";
import { BadAnswer } from "../crypto/group.js";
import { Refused } from "../flow/refused.js";
import type { Texts, Values } from "../i18n/i18n.js";
import { BadCode } from "../wire/code.js";
import { BadRequest } from "../wire/request.js";

export interface Failure {
  title: string;
  text: string;
  code?: string;
}

export function failure(e: unknown, texts: Texts): Failure {
  const say = (key: string, code?: string, values: Values = {}): Failure | undefined => {
    const title = texts.find(`problem.${key}.title`, values);
    const text = texts.find(`problem.${key}.text`, values);
    return title && text ? { title, text, ...(code && { code }) } : undefined;
  };
  const other = (code: string): Failure => ({ title: texts.t("problem.unknown.title"), text: texts.t("problem.unknown.text"), code });
  if (e instanceof Offline) return say("offline")!;
  // The login's session; a signing session that is over is mca's.
  if (e instanceof LoggedOut || (e instanceof Problem && e.code === "platform.session_over")) return say("logged-out")!;
  if (e instanceof BadCode) return say("code", e.message)!;
  if (e instanceof BadRequest) return say("request-" + e.why) ?? other(e.why);
  if (e instanceof BadAnswer) return say("bad-answer", e.message)!;
  if (e instanceof Refused) return say(e.key, undefined, e.values) ?? other(e.key);
  if (e instanceof Problem) {
    const values: Values = {};
    for (const [k, v] of Object.entries(e.fields)) if (typeof v === "number" || typeof v === "string") values[k] = v;
    const code = e.code.replace(/^[a-z]+\./, "");
    return say(code, undefined, values) ?? (e.status >= 500 ? say("service", e.code) : undefined) ?? other(e.code);
  }
  return other(e instanceof Error ? e.name : "error");
}
