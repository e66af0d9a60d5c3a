// Requests to the service: each with a proof by the device's key, with a token that is renewed when it has run out, and
// with a time after which it is given up.
import type { Database } from "../store/database.js";
import type { Device } from "./device.js";
import { either } from "./signal.js";

// What the service answers when it does not do what was asked (RFC 9457).
export class Problem extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    readonly fields: Record<string, unknown> = {},
  ) {
    super(code);
  }
}

// The service was not reached.
export class Offline extends Error {}

// The service wants the person to log in again.
export class LoggedOut extends Error {}

export interface Tokens {
  access_token: string;
  refresh_token: string;
}

const TIMEOUT = 20_000; // besides what was asked to be waited

export interface Options {
  query?: Record<string, string | number | undefined>;
  body?: unknown;
  // A name for the act, so that a repeat is not a second one.
  once?: string;
  signal?: AbortSignal;
  // Seconds that the service may wait for something new.
  wait?: number;
  // Without a token, before one is logged in.
  open?: boolean;
}

export class Client {
  private tokens: Tokens | undefined;
  private renewal: Promise<void> | undefined;
  private skew = 0;

  private constructor(
    private readonly base: string,
    private readonly device: Device,
    private readonly db: Database,
  ) {}

  static async open(base: string, device: Device, db: Database): Promise<Client> {
    const c = new Client(base, device, db);
    c.tokens = (await db.get("state", "tokens")) as Tokens | undefined;
    return c;
  }

  get loggedIn(): boolean {
    return this.tokens !== undefined;
  }

  async keep(t: Tokens | undefined): Promise<void> {
    this.tokens = t && { access_token: t.access_token, refresh_token: t.refresh_token };
    if (this.tokens) await this.db.put("state", "tokens", this.tokens);
    else await this.db.remove("state", "tokens");
  }

  // Seconds since 1970 by the service's clock, as far as it was heard.
  now(): number {
    return Math.floor(Date.now() / 1000) + this.skew;
  }

  async call<T>(method: string, path: string, o: Options = {}): Promise<T> {
    for (let renewed = false; ; renewed = true) {
      if (!o.open && !this.tokens) throw new LoggedOut();
      const token = o.open ? undefined : this.tokens!.access_token;
      try {
        return await this.prove<T>(method, path, o, token);
      } catch (e) {
        if (!(e instanceof Problem) || e.status !== 401 || !token || renewed) throw e;
        await this.renew(token);
      }
    }
  }

  // A proof is refused when the clocks differ; by then the service's was heard.
  private async prove<T>(method: string, path: string, o: Options, token: string | undefined): Promise<T> {
    try {
      return await this.send<T>(method, path, o, token);
    } catch (e) {
      if (!(e instanceof Problem) || e.code !== "platform.proof_wrong") throw e;
      return this.send<T>(method, path, o, token);
    }
  }

  // One renewal at a time: a refresh token that is used twice counts as stolen.
  private renew(old: string): Promise<void> {
    if (this.tokens && this.tokens.access_token !== old) return Promise.resolve();
    this.renewal ??= this.refresh().finally(() => (this.renewal = undefined));
    return this.renewal;
  }

  private async refresh(): Promise<void> {
    // Two windows of the app share the tokens: whoever comes second takes what the first one got.
    await navigator.locks.request("tokens", async () => {
      const kept = (await this.db.get("state", "tokens")) as Tokens | undefined;
      if (!kept) throw new LoggedOut();
      if (kept.refresh_token !== this.tokens?.refresh_token) {
        this.tokens = kept;
        return;
      }
      try {
        await this.keep(await this.prove<Tokens>("POST", "/sessions/refresh", { body: { refresh_token: kept.refresh_token } }, undefined));
      } catch (e) {
        // Anything else may be mended, or is said by somebody between the phone and the service.
        if (!(e instanceof Problem) || e.status !== 401 || e.code !== "platform.session_over") throw e;
        await this.keep(undefined);
        throw new LoggedOut();
      }
    });
  }

  private async send<T>(method: string, path: string, o: Options, token: string | undefined): Promise<T> {
    const address = new URL(this.base + path, location.origin);
    const bare = address.href;
    for (const [k, v] of Object.entries(o.query ?? {})) if (v !== undefined) address.searchParams.set(k, String(v));
    if (o.wait) address.searchParams.set("wait", String(o.wait));
    const headers: Record<string, string> = { Accept: "application/json", DPoP: await this.device.prove(method, bare, token, this.skew) };
    if (token) headers.Authorization = "DPoP " + token;
    if (o.once) headers["Idempotency-Key"] = `"${o.once}"`;
    if (o.body !== undefined) headers["Content-Type"] = "application/json";
    const late = new AbortController();
    const timer = setTimeout(() => late.abort(), TIMEOUT + 1000 * (o.wait ?? 0));
    const init: RequestInit = {
      method,
      headers,
      signal: o.signal ? either(o.signal, late.signal) : late.signal,
      cache: "no-store",
      credentials: "omit",
      redirect: "error",
      referrerPolicy: "no-referrer",
    };
    if (o.body !== undefined) init.body = JSON.stringify(o.body);
    let answer: Response;
    let text: string;
    try {
      answer = await fetch(address, init);
      text = await answer.text();
    } catch (e) {
      if (o.signal?.aborted) throw e;
      throw new Offline();
    } finally {
      clearTimeout(timer);
    }
    this.hear(answer);
    if (answer.ok) return (text === "" ? undefined : JSON.parse(text)) as T;
    throw problem(answer, text);
  }

  private hear(answer: Response): void {
    const date = Date.parse(answer.headers.get("Date") ?? "");
    if (!Number.isNaN(date)) this.skew = Math.round((date - Date.now()) / 1000);
  }
}

function problem(answer: Response, text: string): Problem {
  let fields: Record<string, unknown> = {};
  try {
    const v: unknown = JSON.parse(text);
    if (typeof v === "object" && v !== null) fields = v as Record<string, unknown>;
  } catch {
    // Somebody between the phone and the service answered.
  }
  const code = typeof fields.code === "string" ? fields.code : "http-" + answer.status;
  return new Problem(answer.status, code, fields);
}
