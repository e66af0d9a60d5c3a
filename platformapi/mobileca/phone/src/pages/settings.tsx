// Settings (1.14).
import { useState } from "preact/hooks";
import type { PersonsDevice } from "../api/people.js";
import type { List } from "../api/types.js";
import { isPhone } from "../wire/numbers.js";
import { useAct } from "../ui/act.js";
import { useApp } from "../ui/app.js";
import { Confirm } from "../ui/confirm.js";
import { dropDrafts } from "../ui/draft.js";
import { Icon } from "../ui/icon.js";
import { Button, Chip, Field, Loaded, Notice, Page, Row, Trouble, useLoaded } from "../ui/parts.js";
import { CodeField } from "./login.js";

const MIN_PASSWORD = 8;

export function SettingsPage() {
  const app = useApp();
  const { t } = app.texts;
  const [asking, setAsking] = useState<"clear" | "leave">();
  const clear = async (): Promise<void> => {
    dropDrafts();
    for (const name of (await globalThis.caches?.keys()) ?? []) await caches.delete(name);
    await app.db.remove("state", "platform");
    setAsking(undefined);
    app.toast(t("settings.cleared"));
  };
  const leave = async (): Promise<void> => {
    dropDrafts(); // the next to log in may be somebody else
    await app.logOut();
  };
  return (
    <Page title={t("settings.title")} back foot={<Button look="quiet" onPress={() => setAsking("leave")}>{t("me.log-out")}</Button>}>
      <div class="list">
        <Row icon="phone" title={t("settings.phone")} side={<span class="quiet">{app.account?.phone}</span>} onPress={() => app.go({ page: "phone-number" })} />
        <Row icon="lock" title={t("settings.password")} onPress={() => app.go({ page: "password-change" })} />
        <Row icon="key" title={t("pin-change.title")} onPress={() => app.go({ page: "pin" })} />
      </div>
      <div class="list">
        <Row icon="phone" title={t("devices.title")} onPress={() => app.go({ page: "devices" })} />
        <Row icon="language" title={t("language.title")} side={<span class="quiet">{t("language.this")}</span>} onPress={() => app.speak(app.texts.language === "en" ? "zh-CN" : "en")} />
        <Row icon="trash" title={t("settings.clear")} onPress={() => setAsking("clear")} />
      </div>
      {asking === "clear" && <Confirm title={t("settings.clear")} warning={t("settings.clear-text")} act={t("settings.clear")} close={() => setAsking(undefined)} done={clear} />}
      {asking === "leave" && <Confirm title={t("me.log-out")} warning={t("me.log-out-text")} act={t("me.log-out")} close={() => setAsking(undefined)} done={leave} />}
    </Page>
  );
}

export function PhoneNumberPage() {
  const app = useApp();
  const { t } = app.texts;
  const old = useLoaded(() => app.db.get("state", "phone") as Promise<string>).value ?? "";
  const [stage, setStage] = useState<"old" | "new">("old"); // each with a field of its own: another number's code need not wait
  const [oldCode, setOldCode] = useState("");
  const [phone, setPhone] = useState("");
  const [code, setCode] = useState("");
  const { error, act } = useAct();
  const title = t("settings.phone");
  if (stage === "old") {
    return (
      <Page title={title} back foot={<Button disabled={oldCode.length < 6} why={t("login.need-code")} onPress={() => setStage("new")}>{t("do.next")}</Button>}>
        <p class="lead">{t("settings.phone-old", { phone: app.account?.phone ?? "" })}</p>
        <CodeField key="old" phone={old} ready={isPhone(old)} purpose="phone_old" value={oldCode} set={setOldCode} />
        {error !== undefined && <Trouble of={error} />}
      </Page>
    );
  }
  const why = !isPhone(phone) ? t("login.need-phone") : phone === old ? t("settings.phone-same") : code.length < 6 ? t("login.need-code") : undefined;
  const change = (): Promise<void> =>
    act(async () => {
      await app.client.call("PUT", "/me/phone", { body: { old_code: oldCode, phone, code } });
      await app.db.put("state", "phone", phone);
      await app.loggedIn();
      app.toast(t("settings.phone-done"));
      app.back();
    });
  return (
    <Page title={title} back={() => setStage("old")} foot={<Button disabled={why !== undefined} why={why} onPress={change}>{t("settings.phone-act")}</Button>}>
      <p class="lead">{t("settings.phone-new")}</p>
      <Field label={t("settings.new-number")} type="tel" most={11} hint={t("login.phone-hint")} value={phone} set={(v) => setPhone(v.replace(/\D/g, ""))} />
      <CodeField key="new" phone={phone} ready={isPhone(phone) && phone !== old} purpose="phone_new" value={code} set={setCode} />
      {error !== undefined && <Trouble of={error} />}
    </Page>
  );
}

// By the old password, or by a code where there is none or it is forgotten.
export function PasswordChangePage() {
  const app = useApp();
  const { t } = app.texts;
  const number = useLoaded(() => app.db.get("state", "phone") as Promise<string>).value ?? "";
  const [byCode, setByCode] = useState(!app.account?.has_password);
  const [old, setOld] = useState("");
  const [code, setCode] = useState("");
  const [first, setFirst] = useState("");
  const [again, setAgain] = useState("");
  const { error, act } = useAct();
  const why = byCode && code.length < 6 ? t("login.need-code")
    : !byCode && old === "" ? t("settings.need-old")
    : first.length < MIN_PASSWORD ? t("password.short")
    : first !== again ? t("password.differ")
    : undefined;
  const change = (): Promise<void> =>
    act(async () => {
      await app.client.call("PUT", "/me/password", { body: { ...(byCode ? { code } : { old }), password: first } });
      await app.loggedIn();
      app.toast(t("password.done"));
      app.back();
    });
  return (
    <Page title={t("settings.password")} back foot={<Button disabled={why !== undefined} why={why} onPress={change}>{t("settings.password-act")}</Button>}>
      {byCode ? (
        <CodeField phone={number} ready={isPhone(number)} purpose="password" value={code} set={setCode} />
      ) : (
        <Field label={t("settings.old")} type="password" fill="current-password" value={old} set={setOld} />
      )}
      {app.account?.has_password && <button class="link" onClick={() => setByCode(!byCode)}>{t(byCode ? "settings.by-old" : "settings.by-code")}</button>}
      <Field label={t("password.new")} type="password" fill="new-password" hint={t("password.hint")} value={first} set={setFirst} />
      <Field label={t("password.again")} type="password" fill="new-password" value={again} set={setAgain} />
      <Notice tone="info">{t("settings.password-text")}</Notice>
      {error !== undefined && <Trouble of={error} />}
    </Page>
  );
}

export function DevicesPage() {
  const app = useApp();
  const { t } = app.texts;
  const all = useLoaded(async () => (await app.client.call<List<PersonsDevice>>("GET", "/devices")).items);
  const [leaving, setLeaving] = useState<PersonsDevice>();
  const remove = async (): Promise<void> => {
    await app.client.call("DELETE", "/devices/" + leaving!.id);
    setLeaving(undefined);
    all.again();
  };
  return (
    <Page title={t("devices.title")} back>
      <p class="lead">{t("devices.lead")}</p>
      <Loaded of={all}>
        {(items) => (
          <div class="list">
            {items.map((d) => (
              <Row
                key={d.id}
                icon="phone"
                title={d.name}
                text={(d.keys > 0 ? t("devices.keys", { n: d.keys }) + " · " : "") + t("devices.seen", { time: app.texts.moment(d.seen_at) })}
                side={d.this ? <Chip tone="good">{t("devices.this")}</Chip> : <button class="plain" aria-label={t("devices.remove-of", { name: d.name })} onClick={() => setLeaving(d)}><Icon name="trash" size={20} /></button>}
              />
            ))}
          </div>
        )}
      </Loaded>
      {leaving && (
        <Confirm
          title={t("devices.remove-of", { name: leaving.name })}
          warning={t(leaving.keys > 0 ? "devices.remove-keys" : "devices.remove-text", { n: leaving.keys })}
          act={t("devices.remove")}
          close={() => setLeaving(undefined)}
          done={remove}
        />
      )}
    </Page>
  );
}
