// The people of an organisation, and the organisation itself (1.7, 1.7.1.1, 1.7.1.2).
import { useState } from "preact/hooks";
import type { Staff } from "../api/people.js";
import type { List, Organisation } from "../api/types.js";
import { isPhone } from "../wire/numbers.js";
import { useAct, useOnce } from "../ui/act.js";
import { useApp } from "../ui/app.js";
import { Confirm } from "../ui/confirm.js";
import { useDraft } from "../ui/draft.js";
import { OfOrganisation, useOrganisation } from "../ui/organisation.js";
import { Button, Card, Chip, Facts, Field, Loaded, type Loading, Notice, Page, Row, Trouble, useLoaded } from "../ui/parts.js";
import { Plus } from "../ui/plus.js";
import { CodeField } from "./login.js";

export function useStaff(o: Organisation): Loading<Staff[]> {
  const app = useApp();
  return useLoaded(async () => (await app.client.call<List<Staff>>("GET", `/organisations/${o.id}/staff`)).items, [o.id]);
}

export function StaffPage() {
  const { t } = useApp().texts;
  return <OfOrganisation title={t("home.staff")}>{(o) => <StaffOf o={o} />}</OfOrganisation>;
}

function StaffOf({ o }: { o: Organisation }) {
  const app = useApp();
  const { t } = app.texts;
  const all = useStaff(o);
  const rules = o.role === "administrator";
  const add = (): void => app.go({ page: "staff-add" });
  return (
    <Page title={t("home.staff")} back action={rules ? <Plus label={t("staff.add")} onPress={add} /> : undefined} foot={rules && <Button onPress={add}>{t("staff.add")}</Button>}>
      <Row icon="organisation" title={o.name} text={o.uscc} onPress={() => app.go({ page: "organisation" })} />
      <Loaded of={all}>
        {(items) => (
          <>
            <div class="list">
              {items.map((s) => (
                <Row
                  key={s.id}
                  icon="people"
                  title={s.name}
                  text={s.phone}
                  side={<Chip tone={s.role === "administrator" ? "info" : s.state === "invited" ? "warn" : "off"}>{t(s.state === "invited" ? "staff.invited" : `role.${s.role}`)}</Chip>}
                  {...(rules && s.role !== "administrator" && { onPress: () => app.go({ page: "person", id: s.id }) })}
                />
              ))}
            </div>
            {items.length === 1 && <p class="empty">{t("staff.alone")}</p>}
          </>
        )}
      </Loaded>
    </Page>
  );
}

export function StaffAddPage() {
  const { t } = useApp().texts;
  return <OfOrganisation title={t("staff.add")} administrator>{(o) => <StaffAdd o={o} />}</OfOrganisation>;
}

function StaffAdd({ o }: { o: Organisation }) {
  const app = useApp();
  const { t } = app.texts;
  const { draft, set, drop } = useDraft("staff", { name: "", phone: "" });
  const { error, act } = useAct();
  const once = useOnce();
  const why = draft.name.trim().length < 2 ? t("recover.need-name") : !isPhone(draft.phone) ? t("cards.need-phone") : undefined;
  const add = (): Promise<void> =>
    act(async () => {
      const s = await app.client.call<Staff>("POST", `/organisations/${o.id}/staff`, once({ phone: draft.phone, name: draft.name.trim() }));
      drop();
      app.toast(t(s.state === "invited" ? "staff.was-invited" : "staff.was-added"));
      app.back();
    });
  return (
    <Page title={t("staff.add")} back foot={<Button disabled={why !== undefined} why={why} onPress={add}>{t("staff.add-act")}</Button>}>
      <p class="lead">{t("staff.lead", { name: o.name })}</p>
      <Field label={t("person.name")} value={draft.name} set={(name) => set({ name })} most={50} />
      <Field label={t("login.phone")} type="tel" value={draft.phone} set={(v) => set({ phone: v.replace(/\D/g, "") })} most={11} hint={t("login.phone-hint")} />
      <Notice tone="info">{t("staff.next")}</Notice>
      {error !== undefined && <Trouble of={error} />}
    </Page>
  );
}

export function PersonPage({ id }: { id: string }) {
  const { t } = useApp().texts;
  return <OfOrganisation title={t("person.title")} administrator>{(o) => <Person o={o} id={id} />}</OfOrganisation>;
}

function Person({ o, id }: { o: Organisation; id: string }) {
  const app = useApp();
  const { t } = app.texts;
  const all = useStaff(o);
  const [removing, setRemoving] = useState(false);
  const s = all.value?.find((x) => x.id === id);
  const remove = async (): Promise<void> => {
    await app.client.call("DELETE", `/organisations/${o.id}/staff/${id}`);
    app.toast(t("staff.removed"));
    app.back();
  };
  return (
    <Page
      title={t("person.title")}
      back
      foot={s && <>{s.state === "member" && <Button look="quiet" onPress={() => app.go({ page: "hand-over", id })}>{t("hand-over.title")}</Button>}<Button look="danger" onPress={() => setRemoving(true)}>{t("staff.remove")}</Button></>}
    >
      <Loaded of={all}>
        {() =>
          s ? (
            <>
              <Card>
                <h2>{s.name}</h2>
                <Facts
                  of={[
                    [t("login.phone"), s.phone],
                    [t("certificate.name"), o.name],
                    [t("person.role"), t(s.state === "invited" ? "staff.invited" : `role.${s.role}`)],
                    [t("person.certificates"), t("person.certificates-n", { n: s.certificates ?? 0 })],
                  ]}
                />
              </Card>
              {s.state === "invited" ? <Notice tone="info">{t("staff.next")}</Notice> : <Row icon="grant" title={t("home.authorisations")} onPress={() => app.go({ page: "authorised-person", id })} />}
            </>
          ) : (
            <p class="empty">{t("problem.not_found.title")}</p>
          )
        }
      </Loaded>
      {removing && s && (
        <Confirm
          title={t("staff.remove-title", { name: s.name })}
          warning={t(s.certificates ? "staff.remove-warning" : "staff.remove-none", { n: s.certificates ?? 0, name: o.name })}
          act={t("staff.remove")}
          close={() => setRemoving(false)}
          done={remove}
        />
      )}
    </Page>
  );
}

export function HandOverPage({ id }: { id: string }) {
  const { t } = useApp().texts;
  return <OfOrganisation title={t("hand-over.title")} administrator>{(o) => <HandOver o={o} id={id} />}</OfOrganisation>;
}

function HandOver({ o, id }: { o: Organisation; id: string }) {
  const app = useApp();
  const { t } = app.texts;
  const all = useStaff(o);
  const number = useLoaded(() => app.db.get("state", "phone") as Promise<string>).value ?? "";
  const [code, setCode] = useState("");
  const { error, act } = useAct();
  const once = useOnce();
  const s = all.value?.find((x) => x.id === id);
  const hand = (): Promise<void> =>
    act(async () => {
      await app.client.call("PUT", `/organisations/${o.id}/administrator`, once({ staff: id, code }));
      await app.loggedIn();
      app.toast(t("hand-over.done"));
      app.replace({ page: "staff" });
    });
  return (
    <Page title={t("hand-over.title")} back foot={<Button look="danger" disabled={code.length < 6} why={t("login.need-code")} onPress={hand}>{t("hand-over.act")}</Button>}>
      <Notice tone="bad" title={t("hand-over.warning", { name: s?.name ?? "" })}>{t("hand-over.warning-text")}</Notice>
      <Loaded of={all}>{() => <Card><Facts of={[[t("certificate.name"), o.name], [t("hand-over.from"), app.account?.name ?? ""], [t("hand-over.to"), s?.name ?? ""]]} /></Card>}</Loaded>
      <CodeField phone={number} ready={isPhone(number)} purpose="hand_over" value={code} set={setCode} />
      {error !== undefined && <Trouble of={error} />}
    </Page>
  );
}

export function OrganisationPage() {
  const app = useApp();
  const { t } = app.texts;
  const [, choose] = useOrganisation();
  const all = app.account?.organisations ?? [];
  return (
    <OfOrganisation title={t("organisation.title")}>
      {(o) => (
        <Page title={t("organisation.title")} back foot={o.role === "administrator" && <Button look="quiet" onPress={() => app.go({ page: "change" })}>{t("change.title")}</Button>}>
          <Card>
            <h2>{o.name}</h2>
            <Facts of={[[t("certificate.uscc"), o.uscc], [t("organisation.legal-person"), o.legal_person || t("organisation.empty")], [t("organisation.address"), o.address || t("organisation.empty")], [t("person.role"), t(`role.${o.role}`)]]} />
          </Card>
          {all.length > 1 && (
            <>
              <h2>{t("organisation.mine")}</h2>
              <div class="list">
                {all.map((x) => <Row key={x.id} title={x.name} text={t(`role.${x.role}`)} chosen={x.id === o.id} onPress={() => choose(x.id)} />)}
              </div>
            </>
          )}
        </Page>
      )}
    </OfOrganisation>
  );
}
