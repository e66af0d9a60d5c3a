// Who one is, checked in one of three ways (1.3).
import { useState } from "preact/hooks";
import type { IdentityCheck } from "../api/people.js";
import { isCardNumber, isIDNumber, isPhone } from "../wire/numbers.js";
import { useAct, useOnce } from "../ui/act.js";
import { useApp } from "../ui/app.js";
import { Icon, type IconName } from "../ui/icon.js";
import { Button, Card, Chip, Facts, Field, Notice, Page, Row, Trouble } from "../ui/parts.js";

const WAYS = ["cfca", "alipay", "bank_card"] as const;
type Way = (typeof WAYS)[number];
const ICONS: Record<Way, IconName> = { cfca: "grant", alipay: "phone", bank_card: "card" };

export function IdentityPage() {
  const app = useApp();
  const { t } = app.texts;
  const me = app.account;
  const [way, setWay] = useState<Way>();
  const [name, setName] = useState("");
  const [number, setNumber] = useState("");
  const [card, setCard] = useState("");
  const [phone, setPhone] = useState("");
  const [elsewhere, setElsewhere] = useState<string>();
  const { error, act } = useAct();
  const once = useOnce();
  const title = t("identity.title");

  if (me?.identity_checked) {
    return (
      <Page title={title} back foot={<Button onPress={() => app.replace({ page: "apply" })}>{t("home.apply")}</Button>}>
        <div class="result good"><Icon name="check" size={40} /><h2>{t("identity.done")}</h2><p>{t("identity.done-text")}</p></div>
        <Card><Facts of={[[t("person.name"), me.name ?? ""], [t("login.phone"), me.phone], [t("identity.state"), <Chip tone="good">{t("me.checked")}</Chip>]]} /></Card>
      </Page>
    );
  }
  if (!way) {
    return (
      <Page title={title} back>
        <p class="lead">{t("identity.lead")}</p>
        <div class="list">
          {WAYS.map((w) => <Row key={w} icon={ICONS[w]} title={t(`identity.way-${w}`)} text={t(`identity.text-${w}`)} onPress={() => setWay(w)} />)}
        </div>
        <p class="fine"><Icon name="lock" size={14} /> {t("identity.private")}</p>
      </Page>
    );
  }
  const byCard = way === "bank_card";
  const why = name.trim().length < 2 ? t("recover.need-name")
    : !isIDNumber(number) ? t(number.length === 18 ? "identity.number-wrong" : "recover.need-number")
    : byCard && !isCardNumber(card) ? t("cards.need-number")
    : byCard && !isPhone(phone) ? t("cards.need-phone")
    : undefined;
  const check = (): Promise<void> =>
    act(async () => {
      const said = { method: way, name: name.trim(), id_number: number, ...(byCard && { bank_card: card, card_phone: phone }) };
      const c = await app.client.call<IdentityCheck>("POST", "/identity", once(said));
      if (c.state === "pending" && c.continue_url?.startsWith("https://")) setElsewhere(c.continue_url);
      await app.loggedIn();
    });
  return (
    <Page title={t(`identity.way-${way}`)} back={() => setWay(undefined)} foot={<Button disabled={why !== undefined} why={why} onPress={check}>{t("identity.check")}</Button>}>
      <p class="lead">{t(byCard ? "identity.lead-card" : "identity.lead-person")}</p>
      <Field label={t("person.name")} value={name} set={setName} most={50} fill="name" />
      <Field label={t("person.number")} value={number} set={(v) => setNumber(v.replace(/\s/g, "").toUpperCase())} most={18} />
      {byCard && <Field label={t("cards.number")} type="numeric" value={card} set={(v) => setCard(v.replace(/\D/g, ""))} most={19} />}
      {byCard && <Field label={t("cards.phone")} type="tel" value={phone} set={(v) => setPhone(v.replace(/\D/g, ""))} most={11} />}
      {elsewhere && <Notice tone="info" title={t("identity.elsewhere")} action={<a class="link" href={elsewhere}>{t("identity.go-on")}</a>}>{t("identity.elsewhere-text")}</Notice>}
      {error !== undefined && <Trouble of={error} />}
    </Page>
  );
}
