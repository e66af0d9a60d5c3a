// Bank cards, what was paid, and invoices for it (1.13).
import { useState } from "preact/hooks";
import type { BankCard, Bill, Invoice } from "../api/people.js";
import type { List } from "../api/types.js";
import { isCardNumber, isPhone } from "../wire/numbers.js";
import { useAct, useOnce } from "../ui/act.js";
import { useApp } from "../ui/app.js";
import { Confirm } from "../ui/confirm.js";
import { useDraft } from "../ui/draft.js";
import { Icon } from "../ui/icon.js";
import { useOrganisation } from "../ui/organisation.js";
import { Button, Card, Chip, Facts, Field, Loaded, type Loading, Notice, Page, Row, Tick, Trouble, useLoaded } from "../ui/parts.js";
import { Plus } from "../ui/plus.js";

export function CardsPage() {
  const app = useApp();
  const { t } = app.texts;
  const all = useLoaded(async () => (await app.client.call<List<BankCard>>("GET", "/cards")).items);
  const [leaving, setLeaving] = useState<BankCard>();
  const add = (): void => app.go({ page: "card-add" });
  const remove = async (): Promise<void> => {
    await app.client.call("DELETE", "/cards/" + leaving!.id);
    setLeaving(undefined);
    all.again();
  };
  return (
    <Page title={t("cards.title")} back action={<Plus label={t("cards.add")} onPress={add} />}>
      <Loaded of={all} empty={<><p>{t("cards.none")}</p><Button onPress={add}>{t("cards.add")}</Button></>}>
        {(items) => (
          <div class="list">
            {items.map((c) => (
              <Row key={c.id} icon="card" title={c.bank} text={c.number} side={<button class="plain" aria-label={t("cards.remove-of", { name: c.bank })} onClick={() => setLeaving(c)}><Icon name="trash" size={20} /></button>} />
            ))}
          </div>
        )}
      </Loaded>
      {leaving && <Confirm title={t("cards.remove")} warning={t("cards.remove-text", { name: leaving.bank, number: leaving.number })} act={t("cards.remove")} close={() => setLeaving(undefined)} done={remove} />}
    </Page>
  );
}

export function CardAddPage() {
  const app = useApp();
  const { t } = app.texts;
  const [number, setNumber] = useState("");
  const [bank, setBank] = useState("");
  const [phone, setPhone] = useState("");
  const { error, act } = useAct();
  const once = useOnce();
  const why = !isCardNumber(number) ? t("cards.need-number") : bank.trim().length < 2 ? t("cards.need-bank") : !isPhone(phone) ? t("cards.need-phone") : undefined;
  const add = (): Promise<void> =>
    act(async () => {
      await app.client.call("POST", "/cards", once({ number, bank: bank.trim(), phone }));
      app.toast(t("cards.added"));
      app.back();
    });
  return (
    <Page title={t("cards.add")} back foot={<Button disabled={why !== undefined} why={why} onPress={add}>{t("cards.add-act")}</Button>}>
      <Card><Facts of={[[t("cards.holder"), app.account?.name ?? ""]]} /></Card>
      <Field label={t("cards.number")} type="numeric" value={number} set={(v) => setNumber(v.replace(/\D/g, ""))} most={19} />
      <Field label={t("cards.bank")} value={bank} set={setBank} most={100} />
      <Field label={t("cards.phone")} type="tel" value={phone} set={(v) => setPhone(v.replace(/\D/g, ""))} most={11} />
      <p class="fine"><Icon name="lock" size={14} /> {t("cards.private")}</p>
      {error !== undefined && <Trouble of={error} />}
    </Page>
  );
}

function useBills(): Loading<Bill[]> {
  const app = useApp();
  return useLoaded(async () => (await app.client.call<List<Bill>>("GET", "/bills")).items);
}

export function BillsPage() {
  const app = useApp();
  const { t } = app.texts;
  const all = useBills();
  return (
    <Page title={t("bills.title")} back foot={all.value?.some((b) => !b.invoice) && <Button look="quiet" onPress={() => app.go({ page: "invoice-new" })}>{t("invoices.ask")}</Button>}>
      <Loaded of={all} empty={<p>{t("bills.none")}</p>}>
        {(items) => (
          <div class="list">
            {items.map((b) => (
              <Row
                key={b.id}
                icon="bill"
                title={b.what}
                text={t(`pay.by-${b.method}`) + " · " + app.texts.moment(b.paid_at)}
                side={<span class="amount">{app.texts.money(b.amount)}{b.invoice && <small>{t("bills.invoiced")}</small>}</span>}
              />
            ))}
          </div>
        )}
      </Loaded>
    </Page>
  );
}

export function InvoicesPage() {
  const app = useApp();
  const { t } = app.texts;
  const all = useLoaded(async () => (await app.client.call<List<Invoice>>("GET", "/invoices")).items);
  const ask = (): void => app.go({ page: "invoice-new" });
  return (
    <Page title={t("invoices.title")} back action={<Plus label={t("invoices.ask")} onPress={ask} />}>
      <Loaded of={all} empty={<><p>{t("invoices.none")}</p><Button onPress={ask}>{t("invoices.ask")}</Button></>}>
        {(items) => (
          <div class="list">
            {items.map((v) => (
              <Row
                key={v.id}
                icon="document"
                title={v.title}
                text={v.email + " · " + app.texts.date(v.created_at)}
                side={<span class="amount">{app.texts.money(v.amount)}<Chip tone={v.state === "issued" ? "good" : "warn"}>{t(`invoices.state-${v.state}`)}</Chip></span>}
              />
            ))}
          </div>
        )}
      </Loaded>
    </Page>
  );
}

export function InvoiceNewPage() {
  const app = useApp();
  const { t } = app.texts;
  const [o] = useOrganisation();
  const bills = useBills();
  const [stage, setStage] = useState<"bills" | "words">("bills");
  const [chosen, setChosen] = useState<Set<string>>(new Set());
  const { draft, set, drop } = useDraft("invoice", { title: o?.name ?? app.account?.name ?? "", tax_number: o?.uscc ?? "", email: "" });
  const { error, act } = useAct();
  const once = useOnce();
  const open = bills.value?.filter((b) => !b.invoice);
  const total = open?.filter((b) => chosen.has(b.id)).reduce((sum, b) => sum + b.amount, 0) ?? 0;
  if (stage === "bills") {
    return (
      <Page title={t("invoices.ask")} back foot={<Button disabled={chosen.size === 0} why={t("invoices.need-bill")} onPress={() => setStage("words")}>{t("do.next")}</Button>}>
        <p class="lead">{t("invoices.which")}</p>
        <Loaded of={{ ...bills, value: open }} empty={<p>{t("invoices.nothing")}</p>}>
          {(items) => (
            <Card>
              {items.map((b) => (
                <Tick
                  key={b.id}
                  on={chosen.has(b.id)}
                  set={(on) => {
                    const next = new Set(chosen);
                    if (on) next.add(b.id);
                    else next.delete(b.id);
                    setChosen(next);
                  }}
                >
                  {b.what}
                  <small>{app.texts.money(b.amount) + " · " + app.texts.date(b.paid_at)}</small>
                </Tick>
              ))}
            </Card>
          )}
        </Loaded>
      </Page>
    );
  }
  const why = draft.title.trim().length < 2 ? t("invoices.need-title")
    : draft.tax_number !== "" && !/^[0-9A-Z]{15,20}$/.test(draft.tax_number) ? t("invoices.need-tax")
    : !/^[^@\s]+@[^@\s]+$/.test(draft.email.trim()) ? t("invoices.need-email")
    : undefined;
  const ask = (): Promise<void> =>
    act(async () => {
      const said = { bills: [...chosen].sort(), title: draft.title.trim(), email: draft.email.trim(), ...(draft.tax_number && { tax_number: draft.tax_number }) };
      await app.client.call("POST", "/invoices", once(said));
      drop();
      app.toast(t("invoices.asked"));
      app.replace({ page: "invoices" });
    });
  return (
    <Page title={t("invoices.ask")} back={() => setStage("bills")} foot={<Button disabled={why !== undefined} why={why} onPress={ask}>{t("invoices.act", { price: app.texts.money(total) })}</Button>}>
      <Field label={t("invoices.words")} value={draft.title} set={(title) => set({ title })} most={200} />
      <Field label={t("invoices.tax")} hint={t("invoices.tax-hint")} value={draft.tax_number} set={(v) => set({ tax_number: v.replace(/\s/g, "").toUpperCase() })} most={20} />
      <Field label={t("invoices.email")} value={draft.email} set={(email) => set({ email })} most={200} fill="email" />
      <Notice tone="info">{t("invoices.how")}</Notice>
      {error !== undefined && <Trouble of={error} />}
    </Page>
  );
}
