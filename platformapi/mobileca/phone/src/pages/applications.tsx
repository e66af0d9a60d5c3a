// One's applications, where they stand, and paying for them.
import { useEffect, useState } from "preact/hooks";
import { type BankCard, PAYMENTS, type Payment } from "../api/people.js";
import type { Application, List } from "../api/types.js";
import { watch } from "../api/watch.js";
import { Refused } from "../flow/refused.js";
import { useAct, useOnce } from "../ui/act.js";
import { useApp } from "../ui/app.js";
import { Confirm } from "../ui/confirm.js";
import { useDraft } from "../ui/draft.js";
import { Button, Card, Chip, Facts, Loaded, Notice, Page, Row, Trouble, useLoaded } from "../ui/parts.js";

type State = Application["state"];

function toneOf(s: State): "info" | "good" | "warn" | "bad" | "off" {
  switch (s) {
    case "to_pay":
    case "to_download":
      return "warn";
    case "done":
      return "good";
    case "refused":
      return "bad";
    case "withdrawn":
      return "off";
    default:
      return "info";
  }
}

function nameOf(a: Application, own: string): string {
  return a.data?.name ?? a.applicant ?? own;
}

export function ApplicationsPage() {
  const app = useApp();
  const { t } = app.texts;
  const all = useLoaded(async () => (await app.client.call<List<Application>>("GET", "/applications")).items);
  return (
    <Page title={t("applications.mine")} back>
      <Loaded of={all} empty={<><p>{t("applications.none")}</p><Button onPress={() => app.go({ page: "apply" })}>{t("home.apply")}</Button></>}>
        {(items) => (
          <div class="list">
            {items.map((a) => (
              <Row
                key={a.id}
                icon="document"
                title={t(`applications.kind-${a.kind}`)}
                text={nameOf(a, "") + " · " + app.texts.moment(a.created_at)}
                side={<Chip tone={toneOf(a.state)}>{t(`applications.state-${a.state}`)}</Chip>}
                onPress={() => app.go({ page: "application", id: a.id })}
              />
            ))}
          </div>
        )}
      </Loaded>
    </Page>
  );
}

// What an application goes through, as far as it is known.
function stepsOf(a: Application): State[] {
  return [
    "submitted",
    ...(a.kind === "join" || a.state === "administrator_review" ? (["administrator_review"] as const) : []),
    "ca_review",
    ...(a.price > 0 ? (["to_pay"] as const) : []),
    "to_download",
    "done",
  ];
}

export function ApplicationPage({ id }: { id: string }) {
  const app = useApp();
  const { t } = app.texts;
  const [a, setApplication] = useState<Application>();
  const [failed, setFailed] = useState<unknown>();
  const [turn, setTurn] = useState(0);
  const [leaving, setLeaving] = useState(false);
  useEffect(
    () =>
      watch<Application>(app.client, {
        path: "/applications/" + id,
        seen: (v) => {
          setApplication(v);
          return v.state === "done" || v.state === "refused" || v.state === "withdrawn";
        },
        online: () => undefined,
        failed: setFailed,
      }),
    [id, turn],
  );
  const again = (): void => {
    setFailed(undefined);
    setTurn(turn + 1);
  };
  const withdraw = async (): Promise<void> => {
    await app.client.call("DELETE", "/applications/" + id);
    setLeaving(false);
    again();
  };
  const open = a && a.state !== "done" && a.state !== "refused" && a.state !== "withdrawn";
  const paid = a?.state === "to_download" && a.price > 0;
  return (
    <Page
      title={t("applications.title")}
      back
      foot={
        a && (
          <>
            {a.state === "to_pay" && <Button onPress={() => app.go({ page: "pay", id })}>{t("pay.act", { price: app.texts.money(a.price) })}</Button>}
            {a.state === "to_download" && <Button onPress={() => app.go({ page: "download", id })}>{t("home.download-do")}</Button>}
            {(a.state === "refused" || a.state === "withdrawn") && <Button onPress={() => app.go({ page: "apply" })}>{t("applications.again")}</Button>}
            {a.state === "done" && <Button onPress={() => app.replace({ page: "certificates" })}>{t("me.certificates")}</Button>}
            {open && !paid && <Button look="quiet" onPress={() => setLeaving(true)}>{t("applications.withdraw")}</Button>}
          </>
        )
      }
    >
      <Loaded of={{ value: a, error: failed, again }}>
        {(v) => (
          <>
            <Notice tone={toneOf(v.state) === "off" ? "info" : (toneOf(v.state) as "info")} title={t(`applications.state-${v.state}`)}>
              {v.state === "refused" && v.reason ? t("applications.reason", { reason: v.reason }) : t(`applications.next-${v.state}`)}
            </Notice>
            <Card>
              <h2>{nameOf(v, app.account?.name ?? "")}</h2>
              <Facts
                of={[
                  [t("applications.what"), t(`applications.kind-${v.kind}`)],
                  ...(v.data ? [[t("certificate.uscc"), v.data.uscc] as [string, string]] : []),
                  [t("certificate.person"), v.applicant ?? app.account?.name ?? ""],
                  [t("download.years"), t("download.years-n", { n: v.years })],
                  ...(v.price > 0 ? [[t("pay.price"), app.texts.money(v.price)] as [string, string]] : []),
                  [t("applications.at"), app.texts.moment(v.created_at)],
                ]}
              />
            </Card>
            {v.state !== "refused" && v.state !== "withdrawn" && (
              <Card label={t("applications.steps")}>
                <ol class="steps left">
                  {stepsOf(v).map((s, i, all) => <li key={s} class={s === v.state && s !== "done" ? "now" : i <= all.indexOf(v.state) ? "over" : ""}>{t(`applications.step-${s as "done"}`)}</li>)}
                </ol>
              </Card>
            )}
          </>
        )}
      </Loaded>
      {leaving && <Confirm title={t("applications.withdraw")} warning={t("applications.withdraw-text")} act={t("applications.withdraw")} close={() => setLeaving(false)} done={withdraw} />}
    </Page>
  );
}

export function PayPage({ id }: { id: string }) {
  const app = useApp();
  const { t } = app.texts;
  const application = useLoaded(() => app.client.call<Application>("GET", "/applications/" + id), [id]);
  const cards = useLoaded(async () => (await app.client.call<List<BankCard>>("GET", "/cards")).items);
  // Kept, since adding a card leads to another page.
  const { draft, set, drop } = useDraft("pay." + id, { method: "wechat", card: "" });
  const [elsewhere, setElsewhere] = useState<string>();
  const { error, act } = useAct();
  const once = useOnce();
  const method = PAYMENTS.find((m) => m === draft.method)!;
  const chosen = (cards.value?.find((c) => c.id === draft.card) ?? cards.value?.[0])?.id;
  const a = application.value;
  const pay = (): Promise<void> =>
    act(async () => {
      const p = await app.client.call<Payment>("POST", `/applications/${id}/payment`, once({ method, ...(method === "card" && { card: chosen }) }));
      if (p.state === "failed") throw new Refused("payment_failed");
      if (p.state === "pending" && p.continue_url?.startsWith("https://")) {
        setElsewhere(p.continue_url);
        return;
      }
      drop();
      app.toast(t("pay.done"));
      app.back();
    });
  const needCard = method === "card" && !chosen;
  return (
    <Page title={t("pay.title")} back foot={a && <Button disabled={a.state !== "to_pay" || needCard} why={t(needCard ? "pay.need-card" : "pay.not-due")} onPress={pay}>{t("pay.act", { price: app.texts.money(a.price) })}</Button>}>
      <Loaded of={application}>
        {(v) => (
          <Card>
            <p class="quiet">{t(`applications.kind-${v.kind}`) + " · " + nameOf(v, app.account?.name ?? "")}</p>
            <p class="price">{app.texts.money(v.price)}</p>
          </Card>
        )}
      </Loaded>
      <h2>{t("pay.how")}</h2>
      <div class="list">
        {PAYMENTS.map((m) => <Row key={m} icon={m === "card" ? "card" : "phone"} title={t(`pay.by-${m}`)} chosen={m === method} onPress={() => set({ method: m })} />)}
      </div>
      {method === "card" && (
        <Loaded of={cards} empty={<><p>{t("cards.none")}</p><Button look="quiet" onPress={() => app.go({ page: "card-add" })}>{t("cards.add")}</Button></>}>
          {(items) => (
            <div class="list">
              {items.map((c) => <Row key={c.id} title={c.bank} text={c.number} chosen={c.id === chosen} onPress={() => set({ card: c.id })} />)}
            </div>
          )}
        </Loaded>
      )}
      {elsewhere && <Notice tone="info" title={t("pay.elsewhere")} action={<a class="link" href={elsewhere}>{t("pay.go-on")}</a>}>{t("pay.elsewhere-text")}</Notice>}
      {error !== undefined && <Trouble of={error} />}
    </Page>
  );
}
