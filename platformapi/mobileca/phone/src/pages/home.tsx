// The home page: the platform, the scan, the certificates, and the ways to everything else.
import type { Application, Certificate, List, Platform, Scan } from "../api/types.js";
import { nearestWhereAllowed } from "../flow/distance.js";
import { useApp } from "../ui/app.js";
import { Icon, type IconName } from "../ui/icon.js";
import { Button, Chip, Loaded, Notice, Row, useLoaded } from "../ui/parts.js";
import { Tabs } from "../ui/tabs.js";
import { daysLeft, lifeOf } from "./certificates.js";

const TILES: [string, IconName][] = [
  ["add", "plus"],
  ["certificates", "certificate"],
  ["authorisations", "grant"],
  ["staff", "people"],
  ["seals", "seal"],
  ["zones", "zone"],
  ["reviews", "check"],
  ["applications", "document"],
];

export function HomePage() {
  const app = useApp();
  const { t } = app.texts;
  const platform = useLoaded(async () => {
    const chosen = (await app.db.get("state", "platform")) as Platform | undefined;
    if (chosen) return chosen.name;
    const nearest = await nearestWhereAllowed(async () => (await app.client.call<List<Platform>>("GET", "/platforms", { open: true })).items);
    return nearest && t("home.nearest", { name: nearest.name });
  });
  const certificates = useLoaded(async () => (await app.client.call<List<Certificate>>("GET", "/certificates")).items.filter((c) => c.use === "sign" && c.state === "valid"));
  const sessions = useLoaded(async () => (await app.client.call<List<Scan>>("GET", "/scans")).items.filter((s) => s.state === "linked" && s.session));
  const waiting = useLoaded(async () => (await app.client.call<List<Application>>("GET", "/applications")).items.find((a) => a.state === "to_download"));
  const me = app.account;
  return (
    <div class="page home">
      <header class="bar">
        <button class="platform" onClick={() => app.go({ page: "platforms" })}>
          <span>{platform.value ?? t("home.no-platform")}</span>
          <b><Icon name="swap" size={16} />{t("home.switch")}</b>
        </button>
      </header>
      <main>
        <button class="scan" onClick={() => app.go({ page: "scan" })}>
          <Icon name="scan" size={44} />
          <strong>{t("home.scan")}</strong>
          <span>{t("home.scan-text")}</span>
        </button>
        {app.waiting.map((r) => (
          <Row key={r.id} icon="bell" title={t("request.waits")} text={t(`kind.${r.kind}`)} onPress={() => app.go({ page: "request", id: r.id })} />
        ))}
        {sessions.value?.map((s) => (
          <Row key={s.id} icon="clock" title={t("home.session")} text={s.desktop.name} onPress={() => app.go({ page: "session", id: s.id })} />
        ))}
        {me && !me.identity_checked && (
          <Notice tone="warn" title={t("home.identity")} action={<button class="link" onClick={() => app.go({ page: "identity" })}>{t("home.identity-do")}</button>}>
            {t("home.identity-text")}
          </Notice>
        )}
        {me && me.recoverable > 0 && (
          <Notice tone="warn" title={t("home.recover")} action={<button class="link" onClick={() => app.go({ page: "recover" })}>{t("home.recover-do")}</button>}>
            {t("home.recover-text")}
          </Notice>
        )}
        {waiting.value && (
          <Notice tone="good" title={t("home.download")} action={<button class="link" onClick={() => app.go({ page: "download", id: waiting.value!.id })}>{t("home.download-do")}</button>}>
            {t("home.download-text")}
          </Notice>
        )}
        <nav class="tiles" aria-label={t("home.all")}>
          {TILES.map(([page, icon]) => (
            <button key={page} onClick={() => app.go({ page: page === "add" ? "certificates" : page })}>
              <span class="round"><Icon name={icon} size={24} /></span>
              {t(`home.${page}` as "home.certificates")}
            </button>
          ))}
        </nav>
        <h2>{t("home.mine")}</h2>
        <Loaded of={certificates} empty={<><p>{t("home.none")}</p>{me?.identity_checked && <Button look="quiet" onPress={() => app.go({ page: "apply" })}>{t("home.apply")}</Button>}</>}>
          {(items) => (
            <div class="list">
              {items.map((c) => (
                <Row
                  key={c.id}
                  icon="certificate"
                  title={c.name}
                  text={t("certificates.until", { date: app.texts.date(c.not_after) })}
                  side={<Chip tone={lifeOf(c, app.client.now())}>{c.key.here ? t("certificates.days", { n: daysLeft(c, app.client.now()) }) : t("certificates.elsewhere")}</Chip>}
                  onPress={() => app.go({ page: "certificate", id: c.id })}
                />
              ))}
            </div>
          )}
        </Loaded>
      </main>
      <Tabs at="home" />
    </div>
  );
}
