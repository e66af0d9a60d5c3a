// Which of the staff may use the organisation's certificates, and on which platform (1.7.2).
import { useState } from "preact/hooks";
import type { Authorisation } from "../api/people.js";
import type { List, Organisation, Platform } from "../api/types.js";
import { useAct, useOnce } from "../ui/act.js";
import { useApp } from "../ui/app.js";
import { Choice } from "../ui/choice.js";
import { Confirm } from "../ui/confirm.js";
import { Icon } from "../ui/icon.js";
import { OfOrganisation } from "../ui/organisation.js";
import { Button, Card, Chip, Facts, Loaded, type Loading, Page, Row, Trouble, useLoaded } from "../ui/parts.js";
import { Plus } from "../ui/plus.js";
import { useStaff } from "./staff.js";

const MONTHS = [1, 3, 6, 12] as const;

function useAuthorisations(o: Organisation, of: { platform?: string; staff?: string } = {}): Loading<Authorisation[]> {
  const app = useApp();
  return useLoaded(async () => (await app.client.call<List<Authorisation>>("GET", "/authorisations", { query: { organisation: o.id, ...of } })).items, [o.id]);
}

export function usePlatforms(): Loading<Platform[]> {
  const app = useApp();
  return useLoaded(async () => (await app.client.call<List<Platform>>("GET", "/platforms", { open: true })).items);
}

// Two lists that are shown together, or not yet.
function both<A, B>(a: Loading<A>, b: Loading<B>): Loading<[A, B]> {
  return {
    value: a.value !== undefined && b.value !== undefined ? [a.value, b.value] : undefined,
    error: a.error ?? b.error,
    again: () => (a.again(), b.again()),
  };
}

export function AuthorisationsPage() {
  const { t } = useApp().texts;
  return <OfOrganisation title={t("home.authorisations")} administrator>{(o) => <Authorisations o={o} />}</OfOrganisation>;
}

function Authorisations({ o }: { o: Organisation }) {
  const app = useApp();
  const { t } = app.texts;
  const [by, setBy] = useState<"platform" | "person">("platform");
  const authorisations = useAuthorisations(o);
  const platforms = both(usePlatforms(), authorisations);
  const staff = both(useStaff(o), authorisations);
  const count = (of: (a: Authorisation) => boolean, all: Authorisation[]): string => t("authorisations.count", { n: all.filter((a) => !a.ended && of(a)).length });
  return (
    <Page
      title={t("home.authorisations")}
      back
      action={<Plus label={t("authorise.title")} onPress={() => app.go({ page: "authorise" })} />}
      top={
        <div class="tabs" role="tablist">
          {(["platform", "person"] as const).map((x) => <button key={x} role="tab" aria-selected={by === x} onClick={() => setBy(x)}>{t(`authorisations.by-${x}`)}</button>)}
        </div>
      }
    >
      {by === "platform" ? (
        <Loaded of={platforms}>
          {([items, all]) =>
            items.length === 0 ? <p class="empty">{t("platforms.none")}</p> : (
              <div class="list">
                {items.map((p) => <Row key={p.id} title={p.name} text={count((a) => a.platform === p.id, all)} onPress={() => app.go({ page: "authorised-platform", id: p.id })} />)}
              </div>
            )
          }
        </Loaded>
      ) : (
        <Loaded of={staff}>
          {([people, all]) => {
            const members = people.filter((s) => s.role === "staff" && s.state === "member");
            if (members.length === 0) return <div class="empty"><p>{t("authorisations.no-staff")}</p><Button onPress={() => app.go({ page: "staff-add" })}>{t("staff.add")}</Button></div>;
            return (
              <div class="list">
                {members.map((s) => <Row key={s.id} icon="people" title={s.name} text={count((a) => a.staff === s.id, all)} onPress={() => app.go({ page: "authorised-person", id: s.id })} />)}
              </div>
            );
          }}
        </Loaded>
      )}
    </Page>
  );
}

export function AuthorisedPlatformPage({ id }: { id: string }) {
  const { t } = useApp().texts;
  const platforms = usePlatforms();
  return (
    <OfOrganisation title={t("home.authorisations")} administrator>
      {(o) => <Authorised o={o} of={{ platform: id }} title={platforms.value?.find((p) => p.id === id)?.name ?? t("home.authorisations")} name={(a) => a.staff_name || t("authorisations.left")} />}
    </OfOrganisation>
  );
}

export function AuthorisedPersonPage({ id }: { id: string }) {
  const { t } = useApp().texts;
  return <OfOrganisation title={t("home.authorisations")} administrator>{(o) => <AuthorisedPerson o={o} id={id} />}</OfOrganisation>;
}

function AuthorisedPerson({ o, id }: { o: Organisation; id: string }) {
  const { t } = useApp().texts;
  const staff = useStaff(o);
  return <Authorised o={o} of={{ staff: id }} title={staff.value?.find((s) => s.id === id)?.name ?? t("home.authorisations")} name={(a) => a.platform_name ?? a.platform} />;
}

// What is in force, and what was, of one platform or one person.
function Authorised(p: { o: Organisation; of: { platform?: string; staff?: string }; title: string; name: (a: Authorisation) => string }) {
  const app = useApp();
  const { t } = app.texts;
  const all = useAuthorisations(p.o, p.of);
  const [dropping, setDropping] = useState<Authorisation>();
  const drop = async (): Promise<void> => {
    await app.client.call("DELETE", "/authorisations/" + dropping!.id);
    setDropping(undefined);
    all.again();
  };
  const list = (items: Authorisation[]) => (
    <div class="list">
      {items.map((a) => (
        <Row
          key={a.id}
          title={p.name(a)}
          text={t("authorisations.span", { from: app.texts.date(a.from), until: app.texts.date(a.until) })}
          side={
            <>
              <Chip tone={a.ended ? "off" : "good"}>{t(a.ended ? "authorisations.ended" : "certificates.valid")}</Chip>
              <button class="plain" aria-label={t("authorisations.drop", { name: p.name(a) })} onClick={() => setDropping(a)}><Icon name="trash" size={20} /></button>
            </>
          }
        />
      ))}
    </div>
  );
  return (
    <Page title={p.title} back foot={<Button onPress={() => app.go({ page: "authorise" })}>{t("authorise.title")}</Button>}>
      <Loaded of={all} empty={<p>{t("authorisations.none")}</p>}>
        {(items) => {
          const [valid, ended] = [items.filter((a) => !a.ended), items.filter((a) => a.ended)];
          return (
            <>
              <h2>{t("authorisations.valid")}</h2>
              {valid.length > 0 ? list(valid) : <p class="quiet">{t("authorisations.none")}</p>}
              {ended.length > 0 && <><h2>{t("authorisations.history")}</h2>{list(ended)}</>}
            </>
          );
        }}
      </Loaded>
      {dropping && (
        <Confirm
          title={t(dropping.ended ? "authorisations.forget" : "authorisations.end")}
          warning={t(dropping.ended ? "authorisations.forget-text" : "authorisations.end-text", { person: dropping.staff_name, platform: dropping.platform_name ?? "" })}
          act={t(dropping.ended ? "authorisations.forget" : "authorisations.end")}
          close={() => setDropping(undefined)}
          done={drop}
        />
      )}
    </Page>
  );
}

export function AuthorisePage() {
  const { t } = useApp().texts;
  return <OfOrganisation title={t("authorise.title")} administrator>{(o) => <Authorise o={o} />}</OfOrganisation>;
}

function Authorise({ o }: { o: Organisation }) {
  const app = useApp();
  const { t } = app.texts;
  const staff = useStaff(o);
  const platforms = usePlatforms();
  const [stage, setStage] = useState<"person" | "platform" | "term">("person");
  const [person, setPerson] = useState<string>();
  const [platform, setPlatform] = useState<string>();
  const [months, setMonths] = useState<(typeof MONTHS)[number]>(12);
  const [from] = useState(app.client.now());
  const { error, act } = useAct();
  const once = useOnce();
  const title = t("authorise.title");
  const until = after(from, months);
  switch (stage) {
    case "person":
      return (
        <Page title={title} back foot={<Button disabled={!person} why={t("authorise.need-person")} onPress={() => setStage("platform")}>{t("do.next")}</Button>}>
          <p class="lead">{t("authorise.who")}</p>
          <Loaded of={staff}>
            {(people) => {
              const members = people.filter((s) => s.role === "staff" && s.state === "member");
              if (members.length === 0) return <div class="empty"><p>{t("authorisations.no-staff")}</p><Button look="quiet" onPress={() => app.go({ page: "staff-add" })}>{t("staff.add")}</Button></div>;
              return <div class="list">{members.map((s) => <Row key={s.id} icon="people" title={s.name} text={s.phone} chosen={s.id === person} onPress={() => setPerson(s.id)} />)}</div>;
            }}
          </Loaded>
        </Page>
      );
    case "platform":
      return (
        <Page title={title} back={() => setStage("person")} foot={<Button disabled={!platform} why={t("home.no-platform")} onPress={() => setStage("term")}>{t("do.next")}</Button>}>
          <p class="lead">{t("authorise.where")}</p>
          <Loaded of={platforms} empty={<p>{t("platforms.none")}</p>}>
            {(items) => <div class="list">{items.map((p) => <Row key={p.id} title={p.name} text={p.region} chosen={p.id === platform} onPress={() => setPlatform(p.id)} />)}</div>}
          </Loaded>
        </Page>
      );
    case "term": {
      const add = (): Promise<void> =>
        act(async () => {
          await app.client.call("POST", "/authorisations", once({ organisation: o.id, platform, staff: person, until: until.toISOString() }));
          app.toast(t("authorise.done"));
          app.replace({ page: "authorised-person", id: person! });
        });
      return (
        <Page title={title} back={() => setStage("platform")} foot={<Button onPress={add}>{t("authorise.act")}</Button>}>
          <Card>
            <Facts
              of={[
                [t("authorise.person"), staff.value?.find((s) => s.id === person)?.name ?? ""],
                [t("request.platform"), platforms.value?.find((p) => p.id === platform)?.name ?? ""],
                [t("certificate.name"), o.name],
              ]}
            />
          </Card>
          <Choice label={t("authorise.term")} of={MONTHS.map((n) => [n, t(n === 12 ? "authorise.year" : "authorise.months", { n })])} chosen={months} choose={setMonths} />
          <p class="quiet">{t("authorise.until", { date: app.texts.date(until.toISOString()) })}</p>
          {error !== undefined && <Trouble of={error} />}
        </Page>
      );
    }
  }
}

// The same day, months later; the month's last where it has no such day.
function after(seconds: number, months: number): Date {
  const d = new Date(seconds * 1000);
  const day = d.getDate();
  d.setDate(1);
  d.setMonth(d.getMonth() + months);
  d.setDate(Math.min(day, new Date(d.getFullYear(), d.getMonth() + 1, 0).getDate()));
  return d;
}
