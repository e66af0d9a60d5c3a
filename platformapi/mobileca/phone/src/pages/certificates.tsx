// The certificates, those in force and those that have ended, and what can be done with one (1.7.1, 1.10).
import { useState } from "preact/hooks";
import type { Certificate, List, PhoneRequest } from "../api/types.js";
import { approve, show } from "../flow/answer.js";
import { Opened } from "../crypto/key.js";
import { Refused } from "../flow/refused.js";
import { useApp } from "../ui/app.js";
import { Icon } from "../ui/icon.js";
import { Button, Card, Chip, Facts, Loaded, Notice, Page, Row, Sheet, useLoaded } from "../ui/parts.js";
import { PinEntry } from "../ui/pin-entry.js";
import { Plus } from "../ui/plus.js";

const SOON = 60; // days

export function daysLeft(c: Certificate, now: number): number {
  return Math.max(0, Math.floor((Date.parse(c.not_after) / 1000 - now) / 86400));
}

// The colour that says how a certificate is.
export function lifeOf(c: Certificate, now: number): "good" | "warn" | "bad" | "off" {
  if (c.state !== "valid") return "off";
  if (c.key.locked) return "bad";
  return !c.key.here || daysLeft(c, now) <= SOON ? "warn" : "good";
}

export function CertificatesPage() {
  const app = useApp();
  const { t } = app.texts;
  const [ended, setEnded] = useState(false);
  const [adding, setAdding] = useState(false);
  const all = useLoaded(async () => (await app.client.call<List<Certificate>>("GET", "/certificates")).items.filter((c) => c.use === "sign"));
  return (
    <Page
      title={t("certificates.title")}
      back
      action={<Plus label={t("certificates.add")} onPress={() => setAdding(true)} />}
      top={
        <div class="tabs" role="tablist">
          <button role="tab" aria-selected={!ended} onClick={() => setEnded(false)}>{t("certificates.valid")}</button>
          <button role="tab" aria-selected={ended} onClick={() => setEnded(true)}>{t("certificates.ended")}</button>
        </div>
      }
    >
      {(app.account?.recoverable ?? 0) > 0 && (
        <Notice tone="warn" action={<button class="link" onClick={() => app.go({ page: "recover" })}>{t("home.recover-do")}</button>}>{t("certificates.recoverable")}</Notice>
      )}
      <Loaded of={all}>
        {(items) => {
          const shown = items.filter((c) => (c.state === "valid") !== ended);
          if (shown.length === 0) return <div class="empty"><p>{t(ended ? "certificates.none-ended" : "certificates.none")}</p>{!ended && <Button onPress={() => app.go({ page: "apply" })}>{t("home.apply")}</Button>}</div>;
          return (
            <div class="list">
              {shown.map((c) => (
                <Row
                  key={c.id}
                  icon="certificate"
                  title={c.name}
                  text={t(ended ? "certificates.was-until" : "certificates.until", { date: app.texts.date(c.not_after) })}
                  side={<Chip tone={lifeOf(c, app.client.now())}>{c.state !== "valid" ? t(`certificates.state-${c.state}`) : c.key.here ? t("certificates.days", { n: daysLeft(c, app.client.now()) }) : t("certificates.elsewhere")}</Chip>}
                  onPress={() => app.go({ page: "certificate", id: c.id })}
                />
              ))}
            </div>
          );
        }}
      </Loaded>
      {adding && (
        <Sheet title={t("certificates.add")} close={() => setAdding(false)}>
          <div class="list">
            <Row icon="organisation" title={t("certificates.add-organisation")} onPress={() => app.go({ page: app.account?.organisations.length ? "extra" : "apply" })} />
            <Row icon="people" title={t("certificates.add-personal")} onPress={() => app.go({ page: "personal", id: "extra" })} />
          </div>
        </Sheet>
      )}
    </Page>
  );
}

export function CertificatePage({ id }: { id: string }) {
  const app = useApp();
  const { t } = app.texts;
  const certificate = useLoaded(() => app.client.call<Certificate>("GET", "/certificates/" + id), [id]);
  const [menu, setMenu] = useState(false);
  const c = certificate.value;
  return (
    <Page
      title={t("certificate.title")}
      back
      action={c?.state === "valid" && c.key.here ? <button class="plain" aria-label={t("do.more")} onClick={() => setMenu(true)}><Icon name="more" /></button> : undefined}
      foot={c && <Next of={c} />}
    >
      <Loaded of={certificate}>
        {(v) => (
          <>
            <Card>
              <h2>{v.name}</h2>
              <p><Chip tone={lifeOf(v, app.client.now())}>{t(`certificates.state-${v.state}`)}</Chip></p>
              <Facts
                of={[
                  [t("certificate.person"), v.person],
                  ...(v.uscc ? [[t("certificate.uscc"), v.uscc] as [string, string]] : []),
                  [t("certificate.from"), app.texts.date(v.not_before)],
                  [t("certificate.until"), app.texts.date(v.not_after)],
                  [t("certificate.issuer"), /(?:^|,)CN=([^,+]+)/.exec(v.issuer)?.[1] ?? v.issuer],
                  [t("certificate.serial"), <code>{v.serial}</code>],
                ]}
              />
            </Card>
            {v.state === "valid" && !v.key.here && <Notice tone="warn" title={t("certificates.elsewhere")}>{t("certificate.elsewhere-text")}</Notice>}
            {v.state === "valid" && v.key.locked && <Notice tone="bad" title={t("problem.pin_locked.title")}>{t("problem.pin_locked.text")}</Notice>}
            {v.state === "valid" && v.key.here && !v.key.locked && <p class="fine">{v.key.backup ? t("certificate.backup") : t("certificate.no-backup")}</p>}
          </>
        )}
      </Loaded>
      {menu && (
        <Sheet title={t("certificate.more")} close={() => setMenu(false)}>
          <div class="list">
            <Row icon="lock" title={t("pin-change.title")} onPress={() => app.replace({ page: "pin", id })} />
            <Row icon="cross" title={t("revoke.title")} onPress={() => app.replace({ page: "revoke", id })} />
          </div>
        </Sheet>
      )}
    </Page>
  );
}

// What takes a certificate's place when it ends.
function Next({ of: c }: { of: Certificate }) {
  const app = useApp();
  const { t } = app.texts;
  if (c.state === "valid") return <Button look={daysLeft(c, app.client.now()) <= SOON ? "primary" : "quiet"} onPress={() => app.go({ page: "renew", id: c.id })}>{t("after.title-renew")}</Button>;
  if (c.state === "replaced") return null;
  return <Button onPress={() => app.go({ page: "reapply", id: c.id })}>{t("after.title-reapply")}</Button>;
}

export function RevokePage({ id }: { id: string }) {
  const app = useApp();
  const { t } = app.texts;
  const certificate = useLoaded(() => app.client.call<Certificate>("GET", "/certificates/" + id), [id]);
  const [sure, setSure] = useState(false);
  const [done, setDone] = useState(false);
  const revoke = async (pin: string): Promise<void> => {
    const share = await app.vault.get(certificate.value!.key.id);
    if (!share) throw new Refused("not-here");
    const r = await app.client.call<PhoneRequest>("POST", `/certificates/${id}/revocations`, { body: { reason: "unspecified" } });
    app.seen.add(r.id);
    const shown = await show(r, undefined, app.client.now());
    const opened = await Opened.by(share, pin);
    try {
      await approve(app.client, r, shown, opened);
    } finally {
      opened.close();
    }
    // Their keys answer no more, so the shares are of no use to anybody.
    const { items } = await app.client.call<List<Certificate>>("GET", "/certificates");
    for (const c of items) if (c.state === "revoked") await app.vault.remove(c.key.id);
    setDone(true);
  };
  if (done) {
    return (
      <Page title={t("revoke.title")} foot={<Button onPress={() => app.replace({ page: "certificates" })}>{t("do.finish")}</Button>}>
        <div class="result good"><Icon name="check" size={40} /><h2>{t("revoke.done")}</h2><p>{t("revoke.done-text", { name: certificate.value?.name ?? "" })}</p></div>
      </Page>
    );
  }
  return (
    <Page
      title={t("revoke.title")}
      back
      foot={
        !sure && certificate.value && (
          <>
            <Button look="danger" onPress={() => setSure(true)}>{t("revoke.sure")}</Button>
            <Button look="quiet" onPress={app.back}>{t("revoke.keep")}</Button>
          </>
        )
      }
    >
      <Loaded of={certificate}>
        {(c) =>
          sure ? (
            <PinEntry certificate={c} act={t("revoke.act")} danger done={revoke} />
          ) : (
            <>
              <Notice tone="bad" title={t("revoke.warning")}>{t("revoke.fees")}</Notice>
              <Card>
                <Facts of={[[t("certificate.name"), c.name], [t("certificate.person"), c.person], [t("certificate.until"), app.texts.date(c.not_after)], [t("certificate.serial"), <code>{c.serial}</code>]]} />
              </Card>
            </>
          )
        }
      </Loaded>
    </Page>
  );
}
