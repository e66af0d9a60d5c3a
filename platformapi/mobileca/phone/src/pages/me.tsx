// The account (1.13).
import type { ComponentChildren } from "preact";
import { useApp } from "../ui/app.js";
import { Icon } from "../ui/icon.js";
import { Button, Chip, Row } from "../ui/parts.js";
import { Tabs } from "../ui/tabs.js";

export function MePage() {
  const app = useApp();
  const { t } = app.texts;
  const me = app.account;
  const organisation = me?.organisations[0];
  return (
    <div class="page me">
      <header class="hero">
        <span class="face">{(me?.name ?? "·").slice(0, 1)}</span>
        <div>
          <h1>{me?.name ?? me?.phone}</h1>
          <p>{organisation ? `${t(`role.${organisation.role}`)} · ${organisation.name}` : me?.phone}</p>
        </div>
        {me && <Chip tone={me.identity_checked ? "good" : "warn"}>{t(me.identity_checked ? "me.checked" : "me.unchecked")}</Chip>}
      </header>
      <main>
        <Group>
          <Row icon="certificate" title={t("me.certificates")} onPress={() => app.go({ page: "certificates" })} />
          <Row icon="lock" title={t("pin-change.title")} onPress={() => app.go({ page: "pin" })} />
        </Group>
        <Group>
          <Row
            icon="language"
            title={t("language.title")}
            side={<span class="quiet">{t("language.this")}</span>}
            onPress={() => app.speak(app.texts.language === "en" ? "zh-CN" : "en")}
          />
        </Group>
        <Button look="quiet" onPress={app.logOut}>{t("me.log-out")}</Button>
        <p class="fine"><Icon name="lock" size={14} /> {t("me.log-out-text")}</p>
      </main>
      <Tabs at="me" />
    </div>
  );
}

function Group({ children }: { children: ComponentChildren }) {
  return <div class="list">{children}</div>;
}
