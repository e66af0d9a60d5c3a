// Certificates brought onto a new phone (1.9): who one is, the recovery code, a new PIN, new shares.
import { useState } from "preact/hooks";
import type { Certificate, List, Use } from "../api/types.js";
import { newCode, readCode } from "../crypto/backup.js";
import { type Backup, recover } from "../flow/keys.js";
import { Refused } from "../flow/refused.js";
import { useApp } from "../ui/app.js";
import { Icon } from "../ui/icon.js";
import { Button, Chip, Field, Loaded, Notice, Page, Row, Trouble, useLoaded } from "../ui/parts.js";
import { NewPin } from "../ui/pin.js";
import { RecoveryCode } from "../ui/recovery-code.js";
import { CodeField } from "./login.js";

interface Recoverable {
  key: string;
  use: Use;
  backup: boolean;
  device?: string;
  certificate: Certificate;
}

interface Recovery {
  id: string;
  items: Backup[];
}

type Stage = "list" | "person" | "code" | "pin" | "work" | "new-code" | "done";

export function RecoverPage() {
  const app = useApp();
  const { t } = app.texts;
  const all = useLoaded(async () => (await app.client.call<List<Recoverable>>("GET", "/recoveries")).items);
  const phone = useLoaded(() => app.db.get("state", "phone") as Promise<string>).value ?? "";
  const [stage, setStage] = useState<Stage>("list");
  const [name, setName] = useState("");
  const [number, setNumber] = useState("");
  const [sms, setSMS] = useState("");
  const [typed, setTyped] = useState("");
  const [recovery, setRecovery] = useState<Recovery>();
  const [error, setError] = useState<unknown>();
  const [code] = useState(newCode);
  const old = readCode(typed);

  const identify = async (): Promise<void> => {
    setError(undefined);
    try {
      setRecovery(await app.client.call<Recovery>("POST", "/recoveries", { body: { code: sms, identity: { method: "cfca", name: name.trim(), id_number: number.toUpperCase() } } }));
      setStage("code");
    } catch (e) {
      setError(e);
    }
  };
  const bring = async (pin: string): Promise<void> => {
    setError(undefined);
    setStage("work");
    try {
      // Keys that had another PIN have another code: they stay to be recovered, with that one.
      let some = false;
      for (const b of recovery!.items) {
        some = (await recover({ client: app.client, vault: app.vault, account: app.account!.account }, recovery!.id, b, old!, pin, code.join(""))) || some;
      }
      if (!some) throw new Refused("code-wrong");
      setStage("new-code");
    } catch (e) {
      setError(e);
      setStage("code");
    }
  };
  const title = t("recover.title");
  switch (stage) {
    case "list":
      return (
        <Page title={title} back foot={<Button disabled={!all.value?.some((r) => r.backup)} onPress={() => setStage("person")}>{t("recover.begin")}</Button>}>
          <p class="lead">{t("recover.lead")}</p>
          <Loaded of={all} empty={<p>{t("recover.none")}</p>}>
            {(items) => (
              <div class="list">
                {items.filter((r) => r.use === "sign").map((r) => (
                  <Row
                    key={r.key}
                    icon="certificate"
                    title={r.certificate.name}
                    text={r.device ? t("recover.from", { device: r.device }) : t("certificates.until", { date: app.texts.date(r.certificate.not_after) })}
                    side={<Chip tone={r.backup ? "good" : "off"}>{t(r.backup ? "recover.can" : "recover.cannot")}</Chip>}
                  />
                ))}
              </div>
            )}
          </Loaded>
        </Page>
      );
    case "person": {
      const why = name.trim().length < 2 ? t("recover.need-name") : !/^[0-9]{17}[0-9Xx]$/.test(number) ? t("recover.need-number") : sms.length < 6 ? t("login.need-code") : undefined;
      return (
        <Page title={title} back={() => setStage("list")} foot={<Button disabled={why !== undefined} why={why} onPress={identify}>{t("do.next")}</Button>}>
          <p class="lead">{t("recover.person")}</p>
          <Field label={t("person.name")} value={name} set={setName} most={50} />
          <Field label={t("person.number")} value={number} set={(v) => setNumber(v.trim())} most={18} />
          <CodeField phone={phone} ready={phone !== ""} purpose="recovery" value={sms} set={setSMS} />
          {error !== undefined && <Trouble of={error} />}
        </Page>
      );
    }
    case "code":
      return (
        <Page title={title} back={() => setStage("person")} foot={<Button disabled={!old} why={t("recover.need-code")} onPress={() => setStage("pin")}>{t("do.next")}</Button>}>
          <p class="lead">{t("recover.code")}</p>
          <Field label={t("code.title")} value={typed} set={setTyped} most={40} hint="XXXX-XXXX-XXXX-XXXX-XXXX" />
          {error !== undefined && <Trouble of={error} />}
          <Notice tone="info">{t("recover.lost")}</Notice>
        </Page>
      );
    case "pin":
      return <Page title={t("pin.title")} back={() => setStage("code")}><NewPin act={t("recover.act")} done={bring} /></Page>;
    case "work":
      return <Page title={title}><div class="result"><span class="spinner large" /><h2>{t("recover.working")}</h2><p class="quiet">{t("download.stay")}</p></div></Page>;
    case "new-code":
      return <Page title={t("code.title")}><RecoveryCode code={code} done={async () => (await app.loggedIn(), setStage("done"))} /></Page>;
    case "done":
      return (
        <Page title={title} foot={<Button onPress={() => app.replace({ page: "home" })}>{t("do.home")}</Button>}>
          <div class="result good"><Icon name="check" size={40} /><h2>{t("recover.done")}</h2><p>{t("recover.done-text")}</p></div>
        </Page>
      );
  }
}

