// The download of certificates: a PIN, two keys made with the service, and a recovery code that is shown once.
import { useState } from "preact/hooks";
import type { Application } from "../api/types.js";
import { newCode } from "../crypto/backup.js";
import { type Step, download } from "../flow/keys.js";
import { useApp } from "../ui/app.js";
import { Icon } from "../ui/icon.js";
import { Button, Card, Facts, Loaded, Notice, Page, Trouble, useLoaded } from "../ui/parts.js";
import { NewPin } from "../ui/pin.js";
import { RecoveryCode } from "../ui/recovery-code.js";

const STEPS: Step[] = ["sign", "encrypt", "certificates", "backup"];

export function DownloadPage({ id }: { id: string }) {
  const app = useApp();
  const { t } = app.texts;
  const application = useLoaded(() => app.client.call<Application>("GET", "/applications/" + id), [id]);
  const [stage, setStage] = useState<"what" | "pin" | "work" | "code" | "done">("what");
  const [step, setStep] = useState<Step>("sign");
  const [error, setError] = useState<unknown>();
  const [code] = useState(newCode);
  const make = async (pin: string): Promise<void> => {
    setStage("work");
    setError(undefined);
    try {
      // iOS forgets what is not installed after a week; others may be asked to keep it.
      await navigator.storage?.persist?.();
      await download({ client: app.client, vault: app.vault, account: app.account!.account }, id, pin, code.join(""), setStep);
      setStage("code");
    } catch (e) {
      setError(e);
      setStage("what");
    }
  };
  if (stage === "work") {
    return (
      <Page title={t("download.title")}>
        <div class="result"><span class="spinner large" /><h2>{t("download.working")}</h2><p class="quiet">{t("download.stay")}</p></div>
        <ol class="steps">
          {STEPS.map((s) => <li key={s} class={s === step ? "now" : STEPS.indexOf(s) < STEPS.indexOf(step) ? "over" : ""}>{t(`download.step-${s}`)}</li>)}
        </ol>
      </Page>
    );
  }
  if (stage === "code") {
    return <Page title={t("code.title")}><RecoveryCode code={code} done={async () => (await app.loggedIn(), setStage("done"))} /></Page>;
  }
  if (stage === "done") {
    return (
      <Page title={t("download.title")} foot={<Button onPress={() => app.replace({ page: "home" })}>{t("do.home")}</Button>}>
        <div class="result good"><Icon name="check" size={40} /><h2>{t("download.done")}</h2><p>{t("download.done-text")}</p></div>
      </Page>
    );
  }
  if (stage === "pin") {
    return <Page title={t("pin.title")} back={() => setStage("what")}><NewPin act={t("download.make")} done={make} /></Page>;
  }
  return (
    <Page title={t("download.title")} back foot={<Button disabled={application.value?.state !== "to_download"} why={t("download.not-yet")} onPress={() => setStage("pin")}>{t("download.begin")}</Button>}>
      {error !== undefined && <Trouble of={error} />}
      {!app.installed && app.ios && <Notice tone="warn" title={t("install.first")}>{t("install.ios")}</Notice>}
      <Loaded of={application}>
        {(a) => (
          <Card>
            <h2>{a.data?.name ?? a.applicant ?? app.account?.name}</h2>
            <Facts of={[[t("download.what"), t("download.two")], [t("download.years"), t("download.years-n", { n: a.years })], ...(a.data ? [[t("certificate.uscc"), a.data.uscc] as [string, string]] : []), [t("certificate.person"), a.applicant ?? ""]]} />
          </Card>
        )}
      </Loaded>
      <p class="lead">{t("download.lead")}</p>
    </Page>
  );
}
