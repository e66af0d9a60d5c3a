// The account (1.13).
import type { ComponentChildren } from "preact";
import { useApp } from "../ui/app.js";
import { Icon, type IconName } from "../ui/icon.js";
import { useOrganisation } from "../ui/organisation.js";
import { Chip, Row } from "../ui/parts.js";
import { Tabs } from "../ui/tabs.js";
import { useInfo } from "./help.js";

export function MePage() {
  const app = useApp();
  const { t } = app.texts;
  const me = app.account;
  const [organisation] = useOrganisation();
  const phone = useInfo().value?.help_phone;
  const go = (page: string, icon: IconName, title: string, side?: ComponentChildren) => <Row icon={icon} title={title} side={side} onPress={() => app.go({ page })} />;
  return (
    <div class="page me">
      <header class="hero">
        <span class="face">{(me?.name ?? "·").slice(0, 1)}</span>
        <div>
          <h1>{me?.name ?? me?.phone}</h1>
          <p>{organisation ? `${t(`role.${organisation.role}`)} · ${organisation.name}` : me?.phone}</p>
        </div>
        <button class="plain" aria-label={t("settings.title")} onClick={() => app.go({ page: "settings" })}><Icon name="settings" /></button>
      </header>
      <main>
        <Group>
          {go("identity", "grant", t("identity.title"), me && <Chip tone={me.identity_checked ? "good" : "warn"}>{t(me.identity_checked ? "me.checked" : "me.unchecked")}</Chip>)}
          {go("messages", "message", t("messages.title"), me && me.unread > 0 && <Chip tone="bad">{t("messages.unread-n", { n: me.unread })}</Chip>)}
        </Group>
        <Group>
          {go("certificates", "certificate", t("me.certificates"))}
          {go("applications", "document", t("applications.mine"))}
          {go("seals", "seal", t("me.seals"))}
        </Group>
        <Group>
          {go("cards", "card", t("cards.title"))}
          {go("bills", "bill", t("bills.title"))}
          {go("invoices", "document", t("invoices.title"))}
        </Group>
        <Group>
          {go("help", "help", t("help.title"))}
          {go("assistant", "assistant", t("assistant.title"))}
          {phone && <a class="row" href={"tel:" + phone}><span class="round"><Icon name="phone" size={20} /></span><span class="words"><span class="name">{t("help.call")}</span></span><span class="quiet">{phone}</span><Icon name="next" size={18} /></a>}
        </Group>
      </main>
      <Tabs at="me" />
    </div>
  );
}

function Group({ children }: { children: ComponentChildren }) {
  return <div class="list">{children}</div>;
}
