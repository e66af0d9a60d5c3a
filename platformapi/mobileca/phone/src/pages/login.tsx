// Login by number and code, which also registers, by password or by WeChat (1.1).
import { useEffect, useState } from "preact/hooks";
import { Problem } from "../api/client.js";
import type { Login } from "../api/types.js";
import { Refused } from "../flow/refused.js";
import { leaveForWeChat } from "../flow/wechat.js";
import { useApp } from "../ui/app.js";
import { Button, Field, Notice, Page, Trouble, useLoaded } from "../ui/parts.js";
import { useInfo } from "./help.js";

const NUMBER = /^1[3-9][0-9]{9}$/;

export function LoginPage() {
  const app = useApp();
  const { t } = app.texts;
  const [by, setBy] = useState<"code" | "password">("code");
  const [phone, setPhone] = useState("");
  const [code, setCode] = useState("");
  const [password, setPassword] = useState("");
  const [error, setError] = useState<unknown>();
  const [wechat, setWechat] = useState<string>(); // WeChat's code, of an identity that number and code shall be linked with
  const [coming, setComing] = useState(app.wechat.code !== undefined);
  const offered = useInfo().value?.wechat_url;
  const good = NUMBER.test(phone);
  const ready = good && (by === "code" ? /^[0-9]{6}$/.test(code) : password !== "");
  const missing = !good ? t("login.need-phone") : by === "code" ? t("login.need-code") : t("login.need-password");

  const logIn = async (proof: { phone?: string; code?: string; password?: string; wechat?: string }): Promise<void> => {
    setError(undefined);
    try {
      const login = await app.client.call<Login>("POST", "/sessions", { body: { ...proof, device: { name: deviceName() } }, open: true });
      await app.client.keep(login);
      await app.db.put("state", "phone", proof.phone ?? login.phone);
      await app.loggedIn();
      app.replace({ page: proof.phone && proof.code && !login.me.has_password ? "password" : "home" });
    } catch (e) {
      const of = e instanceof Problem && e.code.startsWith("mca.wechat_") ? e.code : undefined;
      if (of) setWechat(of === "mca.wechat_unknown" ? proof.wechat : undefined);
      if (of === "mca.wechat_unknown") setBy("code");
      else setError(e);
    }
  };
  const enter = (): Promise<void> => logIn({ phone, ...(by === "code" ? { code } : { password }), ...(wechat && { wechat }) });
  useEffect(() => {
    const back = app.wechat.code;
    if (app.wechat.strange) setError(new Refused("wechat_strange"));
    delete app.wechat.code;
    delete app.wechat.strange;
    if (back) void logIn({ wechat: back }).then(() => setComing(false));
  }, []);

  return (
    <div class="page login">
      <div class="hero">
        <img src="/icon-256.png" width={56} height={56} alt="" />
        <h1>{t("app.name")}</h1>
        <p>{t("login.promise")}</p>
      </div>
      <main>
        {coming && <Notice tone="info" title={t("login.wechat-coming")} />}
        {wechat ? (
          <Notice tone="info" title={t("login.wechat-link")} action={<button class="link" onClick={() => setWechat(undefined)}>{t("login.wechat-leave")}</button>}>{t("login.wechat-link-text")}</Notice>
        ) : (
          <div class="tabs" role="tablist">
            {(["code", "password"] as const).map((x) => (
              <button key={x} role="tab" aria-selected={by === x} onClick={() => setBy(x)}>{t(`login.by-${x}`)}</button>
            ))}
          </div>
        )}
        <Field label={t("login.phone")} type="tel" most={11} fill="tel-national" hint={t("login.phone-hint")} value={phone} set={(v) => setPhone(v.replace(/\D/g, ""))} />
        {by === "code" ? (
          <CodeField phone={phone} ready={good} purpose="login" value={code} set={setCode} />
        ) : (
          <Field label={t("login.password")} type="password" fill="current-password" value={password} set={setPassword} />
        )}
        {error !== undefined && <Trouble of={error} />}
      </main>
      <footer class="foot">
        <Button disabled={!ready} why={missing} onPress={enter}>{t(wechat ? "login.wechat-enter" : "login.enter")}</Button>
        {offered && !wechat && <Button look="quiet" disabled={coming} onPress={() => leaveForWeChat(offered, app.scanned.code)}>{t("login.wechat")}</Button>}
        <p class="fine">{t("login.register")}</p>
        <button class="link" onClick={() => app.speak(app.texts.language === "en" ? "zh-CN" : "en")}>{t("language.other")}</button>
      </footer>
    </div>
  );
}

// A code by short message, with the button that sends it.
export function CodeField(p: { phone: string; ready: boolean; purpose: string; value: string; set: (v: string) => void }) {
  const app = useApp();
  const { t } = app.texts;
  const [left, setLeft] = useState(0);
  const [error, setError] = useState<unknown>();
  useEffect(() => {
    if (left <= 0) return undefined;
    const timer = setTimeout(() => setLeft(left - 1), 1000);
    return () => clearTimeout(timer);
  }, [left]);
  const send = async (): Promise<void> => {
    setError(undefined);
    try {
      const sent = await app.client.call<{ again_in: number }>("POST", "/codes", { body: { phone: p.phone, purpose: p.purpose }, open: true });
      setLeft(sent.again_in);
      app.toast(t("login.code-sent"));
    } catch (e) {
      setError(e);
    }
  };
  return (
    <>
      <Field
        label={t("login.code")}
        type="numeric"
        most={6}
        fill="one-time-code"
        hint={t("login.code-hint")}
        value={p.value}
        set={(v) => p.set(v.replace(/\D/g, ""))}
        side={<button class="link" type="button" disabled={!p.ready || left > 0} onClick={send}>{left > 0 ? t("login.code-again", { s: left }) : t("login.get-code")}</button>}
      />
      {error !== undefined && <Trouble of={error} />}
    </>
  );
}

// What the account's list of devices calls this one.
function deviceName(): string {
  const agent = navigator.userAgent;
  const system = ["iPhone", "iPad", "Android", "HarmonyOS", "Windows", "Macintosh", "Linux"].find((s) => agent.includes(s)) ?? "?";
  const browser = [["MicroMessenger", "WeChat"], ["Edg", "Edge"], ["Firefox", "Firefox"], ["Chrome", "Chrome"], ["Safari", "Safari"]].find(([mark]) => agent.includes(mark!))?.[1] ?? "?";
  return `${browser} · ${system}`;
}

// After the first login: a password for the next ones, by choice.
export function PasswordPage() {
  const app = useApp();
  const { t } = app.texts;
  const [first, setFirst] = useState("");
  const [again, setAgain] = useState("");
  const [code, setCode] = useState("");
  const number = useLoaded(() => app.db.get("state", "phone") as Promise<string>).value ?? "";
  const [error, setError] = useState<unknown>();
  const why = code.length < 6 ? t("login.need-code") : first.length < 8 ? t("password.short") : first !== again ? t("password.differ") : undefined;
  const set = async (): Promise<void> => {
    setError(undefined);
    try {
      await app.client.call("PUT", "/me/password", { body: { code, password: first } });
      await app.loggedIn();
      app.toast(t("password.done"));
      app.replace({ page: "home" });
    } catch (e) {
      setError(e);
    }
  };
  return (
    <Page
      title={t("password.title")}
      foot={
        <>
          <Button disabled={why !== undefined} why={why} onPress={set}>{t("password.set")}</Button>
          <Button look="quiet" onPress={() => app.replace({ page: "home" })}>{t("password.later")}</Button>
        </>
      }
    >
      <p class="lead">{t("password.lead")}</p>
      <CodeField phone={number} ready={NUMBER.test(number)} purpose="password" value={code} set={setCode} />
      <Field label={t("password.new")} type="password" fill="new-password" hint={t("password.hint")} value={first} set={setFirst} />
      <Field label={t("password.again")} type="password" fill="new-password" value={again} set={setAgain} />
      {error !== undefined && <Trouble of={error} />}
    </Page>
  );
}
