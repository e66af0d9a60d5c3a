// The ways to a certificate: of an organisation that one claims or joins, or one's own (1.4 to 1.6).
import { useState } from "preact/hooks";
import type { ComponentChildren } from "preact";
import type { Attachment, Found } from "../api/people.js";
import type { Application, Certificate } from "../api/types.js";
import { isUSCC } from "../wire/numbers.js";
import { useAct, useOnce } from "../ui/act.js";
import { type App, useApp } from "../ui/app.js";
import { Choice } from "../ui/choice.js";
import { useDraft } from "../ui/draft.js";
import { Files } from "../ui/files.js";
import { OfOrganisation } from "../ui/organisation.js";
import { Button, Card, Facts, Field, Loaded, Notice, Page, Row, Trouble, useLoaded } from "../ui/parts.js";

export function ApplyPage() {
  const app = useApp();
  const { t } = app.texts;
  return (
    <Page title={t("home.apply")} back foot={<Button look="quiet" onPress={() => app.go({ page: "applications" })}>{t("applications.mine")}</Button>}>
      {!app.account?.identity_checked ? <NeedIdentity /> : (
        <>
          <p class="lead">{t("apply.lead")}</p>
          <div class="list">
            <Row icon="organisation" title={t("apply.claim")} text={t("apply.claim-text")} onPress={() => app.go({ page: "claim" })} />
            <Row icon="people" title={t("apply.join")} text={t("apply.join-text")} onPress={() => app.go({ page: "join" })} />
            <Row icon="certificate" title={t("apply.personal")} text={t("apply.personal-text")} onPress={() => app.go({ page: "personal" })} />
          </div>
        </>
      )}
    </Page>
  );
}

function NeedIdentity() {
  const app = useApp();
  const { t } = app.texts;
  return (
    <Notice tone="warn" title={t("home.identity")} action={<button class="link" onClick={() => app.go({ page: "identity" })}>{t("home.identity-do")}</button>}>
      {t("home.identity-text")}
    </Notice>
  );
}

// Sends an application, and goes to where it stands.
async function submit(app: App, act: { body: unknown; once: string }): Promise<void> {
  const a = await app.client.call<Application>("POST", "/applications", act);
  await app.loggedIn();
  app.replace({ page: "application", id: a.id });
}

function Years(p: { years: number; set: (n: number) => void }) {
  const { t } = useApp().texts;
  return <Choice label={t("download.years")} of={[1, 2, 3].map((n) => [n, t("download.years-n", { n })])} chosen={p.years} choose={p.set} />;
}

// The organisation's code, checked before the service is asked who has it.
function Code(p: { code: string; set: (v: string) => void; title: string; lead: string; found: (f: Found) => void }) {
  const app = useApp();
  const { t } = app.texts;
  const { error, act } = useAct();
  const why = isUSCC(p.code) ? undefined : t(p.code.length === 18 ? "claim.code-wrong" : "claim.need-code");
  const find = (): Promise<void> => act(async () => p.found(await app.client.call<Found>("GET", "/organisations/search", { query: { uscc: p.code } })));
  return (
    <Page title={p.title} back foot={<Button disabled={why !== undefined} why={why} onPress={find}>{t("claim.find")}</Button>}>
      <p class="lead">{p.lead}</p>
      <Field label={t("claim.code")} hint={t("claim.code-hint")} value={p.code} set={(v) => p.set(v.replace(/\s/g, "").toUpperCase())} most={18} />
      {error !== undefined && <Trouble of={error} />}
    </Page>
  );
}

export function ClaimPage() {
  const app = useApp();
  const { t } = app.texts;
  const { draft, set, drop } = useDraft("claim", { uscc: "", name: "", legal_person: "", address: "" });
  const [stage, setStage] = useState<"code" | "taken" | "words" | "files">("code");
  const [found, setFound] = useState<Found>();
  const [files, setFiles] = useState<Attachment[]>([]);
  const [years, setYears] = useState(1);
  const { error, act } = useAct();
  const once = useOnce();
  const title = t("apply.claim-title");
  switch (stage) {
    case "code":
      return <Code code={draft.uscc} set={(uscc) => set({ uscc })} title={title} lead={t("claim.lead")} found={(f) => (setFound(f), setStage(f.claimed ? "taken" : "words"))} />;
    case "taken":
      return (
        <Page title={title} back={() => setStage("code")} foot={<Button onPress={() => app.replace({ page: "join", id: draft.uscc })}>{t("claim.join-it")}</Button>}>
          <Notice tone="warn" title={t("claim.taken")}>{t("claim.taken-text", { administrator: found?.administrator ?? "" })}</Notice>
          <Card><Facts of={[[t("certificate.name"), found?.name ?? ""], [t("certificate.uscc"), draft.uscc]]} /></Card>
        </Page>
      );
    case "words":
      return (
        <Page title={title} back={() => setStage("code")} foot={<Button disabled={draft.name.trim().length < 2} why={t("claim.need-name")} onPress={() => setStage("files")}>{t("do.next")}</Button>}>
          <Notice tone="info">{t("claim.same")}</Notice>
          <Card><Facts of={[[t("certificate.uscc"), draft.uscc]]} /></Card>
          <OrganisationWords {...draft} set={set} />
        </Page>
      );
    case "files": {
      const send = (): Promise<void> =>
        act(async () => {
          await submit(app, once({ kind: "claim", data: organisationData(draft.uscc, draft), years, attachments: files }));
          drop();
        });
      return (
        <Page title={title} back={() => setStage("words")} foot={<Button disabled={files.length === 0} why={t("files.need")} onPress={send}>{t("apply.submit")}</Button>}>
          <Card><Facts of={[[t("certificate.name"), draft.name], [t("certificate.uscc"), draft.uscc]]} /></Card>
          <Years years={years} set={setYears} />
          <Files hint={t("claim.files")} files={files} set={setFiles} />
          {error !== undefined && <Trouble of={error} />}
        </Page>
      );
    }
  }
}

interface Words {
  name: string;
  legal_person: string;
  address: string;
}

function OrganisationWords(p: Words & { set: (w: Partial<Words>) => void }) {
  const { t } = useApp().texts;
  return (
    <>
      <Field label={t("certificate.name")} value={p.name} set={(name) => p.set({ name })} most={200} fill="organization" />
      <Field label={t("claim.legal-person")} value={p.legal_person} set={(legal_person) => p.set({ legal_person })} most={50} />
      <Field label={t("claim.address")} value={p.address} set={(address) => p.set({ address })} most={200} />
    </>
  );
}

function organisationData(uscc: string, w: Words): object {
  const [legal_person, address] = [w.legal_person.trim(), w.address.trim()];
  return { uscc, name: w.name.trim(), ...(legal_person && { legal_person }), ...(address && { address }) };
}

export function JoinPage({ id }: { id: string }) {
  const app = useApp();
  const { t } = app.texts;
  const { draft, set, drop } = useDraft("join", { uscc: id });
  const [found, setFound] = useState<Found>();
  const [years, setYears] = useState(1);
  const { error, act } = useAct();
  const once = useOnce();
  const title = t("apply.join-title");
  if (!found) return <Code code={draft.uscc} set={(uscc) => set({ uscc })} title={title} lead={t("join.lead")} found={setFound} />;
  if (!found.claimed) {
    return (
      <Page title={title} back={() => setFound(undefined)} foot={<Button onPress={() => app.replace({ page: "claim" })}>{t("join.claim-it")}</Button>}>
        <Notice tone="warn" title={t("problem.org_unclaimed.title")}>{t("join.unclaimed", { uscc: draft.uscc })}</Notice>
      </Page>
    );
  }
  const send = (): Promise<void> =>
    act(async () => {
      await submit(app, once({ kind: "join", organisation: found.id, years }));
      drop();
    });
  return (
    <Page title={title} back={() => setFound(undefined)} foot={<Button onPress={send}>{t("apply.submit")}</Button>}>
      <Card>
        <h2>{found.name}</h2>
        <Facts of={[[t("certificate.uscc"), draft.uscc], [t("role.administrator"), found.administrator ?? ""], [t("join.applicant"), app.account?.name ?? ""]]} />
      </Card>
      <Years years={years} set={setYears} />
      <Notice tone="info">{t("join.next")}</Notice>
      {error !== undefined && <Trouble of={error} />}
    </Page>
  );
}

// A certificate for who or what is known already.
function ForKnown(p: { title: string; name: string; facts: [string, string][]; lead: string; ask: object; children?: ComponentChildren }) {
  const app = useApp();
  const { t } = app.texts;
  const [years, setYears] = useState(1);
  const { error, act } = useAct();
  const once = useOnce();
  return (
    <Page title={p.title} back foot={<Button onPress={() => act(() => submit(app, once({ ...p.ask, years })))}>{t("apply.submit")}</Button>}>
      <p class="lead">{p.lead}</p>
      <Card><h2>{p.name}</h2><Facts of={p.facts} /></Card>
      <Years years={years} set={setYears} />
      {p.children}
      {error !== undefined && <Trouble of={error} />}
    </Page>
  );
}

// One's own certificate, the first or one more.
export function PersonalPage({ id }: { id: string }) {
  const app = useApp();
  const { t } = app.texts;
  const me = app.account!;
  if (!me.identity_checked) return <Page title={t("apply.personal")} back><NeedIdentity /></Page>;
  return (
    <ForKnown title={t("apply.personal")} name={me.name ?? ""} facts={[[t("login.phone"), me.phone]]} lead={t("personal.lead")} ask={{ kind: id === "extra" ? "extra" : "personal" }} />
  );
}

// One more certificate of the organisation.
export function ExtraPage() {
  const app = useApp();
  const { t } = app.texts;
  return (
    <OfOrganisation title={t("extra.title")}>
      {(o) => (
        <ForKnown
          title={t("extra.title")}
          name={o.name}
          facts={[[t("certificate.uscc"), o.uscc], [t("certificate.person"), app.account?.name ?? ""]]}
          lead={t(o.role === "administrator" ? "extra.lead" : "extra.lead-staff")}
          ask={{ kind: "extra", organisation: o.id }}
        />
      )}
    </OfOrganisation>
  );
}

export function RenewPage({ id }: { id: string }) {
  return <After id={id} kind="renew" />;
}

export function ReapplyPage({ id }: { id: string }) {
  return <After id={id} kind="reapply" />;
}

// What the new certificate will be issued to: the organisation may be called otherwise than when the old one was.
function nameNow(app: App, c: Certificate): string {
  return app.account?.organisations.find((o) => o.id === c.organisation)?.name ?? c.name;
}

// A certificate in the place of another, which ends or has ended.
function After({ id, kind }: { id: string; kind: "renew" | "reapply" }) {
  const app = useApp();
  const { t } = app.texts;
  const certificate = useLoaded(() => app.client.call<Certificate>("GET", "/certificates/" + id), [id]);
  const c = certificate.value;
  if (!c) return <Page title={t(`after.title-${kind}`)} back><Loaded of={certificate}>{() => null}</Loaded></Page>;
  return (
    <ForKnown
      title={t(`after.title-${kind}`)}
      name={nameNow(app, c)}
      facts={[[t("certificate.person"), c.person], [t("certificate.until"), app.texts.date(c.not_after)]]}
      lead={t(`after.lead-${kind}`)}
      ask={{ kind, certificate: c.id }}
    >
      <Notice tone="warn">{t(`after.keys-${kind}`)}</Notice>
    </ForKnown>
  );
}

// The organisation is called otherwise (1.7.1.1).
export function ChangePage() {
  const { t } = useApp().texts;
  return <OfOrganisation title={t("change.title")} administrator>{(o) => <Change key={o.id} id={o.id} uscc={o.uscc} name={o.name} legal_person={o.legal_person ?? ""} address={o.address ?? ""} />}</OfOrganisation>;
}

function Change(p: Words & { id: string; uscc: string }) {
  const app = useApp();
  const { t } = app.texts;
  const { draft, set, drop } = useDraft("change." + p.id, { name: p.name, legal_person: p.legal_person, address: p.address });
  const [stage, setStage] = useState<"warning" | "words" | "files">("warning");
  const [files, setFiles] = useState<Attachment[]>([]);
  const { error, act } = useAct();
  const once = useOnce();
  const title = t("change.title");
  switch (stage) {
    case "warning":
      return (
        <Page title={title} back foot={<><Button look="danger" onPress={() => setStage("words")}>{t("change.begin")}</Button><Button look="quiet" onPress={app.back}>{t("do.cancel")}</Button></>}>
          <Notice tone="bad" title={t("change.warning")}>{t("change.warning-text")}</Notice>
          <Card><h2>{p.name}</h2><Facts of={[[t("certificate.uscc"), p.uscc]]} /></Card>
        </Page>
      );
    case "words": {
      const same = draft.name.trim() === p.name && draft.legal_person.trim() === p.legal_person && draft.address.trim() === p.address;
      const why = draft.name.trim().length < 2 ? t("claim.need-name") : same ? t("change.same") : undefined;
      return (
        <Page title={title} back={() => setStage("warning")} foot={<Button disabled={why !== undefined} why={why} onPress={() => setStage("files")}>{t("do.next")}</Button>}>
          <Card><Facts of={[[t("certificate.uscc"), p.uscc]]} /></Card>
          <OrganisationWords {...draft} set={set} />
        </Page>
      );
    }
    case "files": {
      const send = (): Promise<void> =>
        act(async () => {
          await submit(app, once({ kind: "change", organisation: p.id, data: organisationData(p.uscc, draft), attachments: files }));
          drop();
        });
      return (
        <Page title={title} back={() => setStage("words")} foot={<Button look="danger" disabled={files.length === 0} why={t("files.need")} onPress={send}>{t("change.submit")}</Button>}>
          <Notice tone="bad" title={t("change.warning")} />
          <Card><Facts of={[[t("change.from"), p.name], [t("change.to"), draft.name]]} /></Card>
          <Files hint={t("change.files")} files={files} set={setFiles} />
          {error !== undefined && <Trouble of={error} />}
        </Page>
      );
    }
  }
}
