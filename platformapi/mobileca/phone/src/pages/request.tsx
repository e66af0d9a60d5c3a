// A request: who asks, for whom, what, the letters, the digest; then the PIN, or a refusal.
import type { ComponentChildren } from "preact";
import { useEffect, useState } from "preact/hooks";
import type { Certificate, List, PhoneRequest } from "../api/types.js";
import { watch } from "../api/watch.js";
import { Opened } from "../crypto/key.js";
import { type Shown, approve, show } from "../flow/answer.js";
import { Refused } from "../flow/refused.js";
import type { Texts } from "../i18n/i18n.js";
import { useApp } from "../ui/app.js";
import { Icon } from "../ui/icon.js";
import { Button, Card, Facts, Loaded, Notice, Page, Sheet, Trouble, useClock, useLoaded } from "../ui/parts.js";
import { PinEntry } from "../ui/pin-entry.js";
import { BadRequest } from "../wire/request.js";

interface Asked {
  request: PhoneRequest;
  shown: Shown;
  certificate: Certificate;
}

export function RequestPage({ id }: { id: string }) {
  const app = useApp();
  const { t } = app.texts;
  const now = useClock();
  const [entering, setEntering] = useState(false);
  const [state, setState] = useState<PhoneRequest["state"]>();
  const [error, setError] = useState<unknown>();
  const asked = useLoaded(async (): Promise<Asked> => {
    app.seen.add(id);
    const request = await app.client.call<PhoneRequest>("GET", "/requests/" + id);
    setState(request.state);
    const desktop = request.pairing ? await app.desktops.get(request.pairing) : undefined;
    let shown: Shown;
    try {
      shown = await show(request, desktop, app.client.now());
    } catch (e) {
      // What cannot be shown is not left waiting for somebody to agree to it.
      if (e instanceof BadRequest) await app.client.call("PUT", `/requests/${id}/refusal`, { body: { reason: e.why } }).catch(() => undefined);
      throw e;
    }
    const { items } = await app.client.call<List<Certificate>>("GET", "/certificates");
    const certificate = items.find((c) => c.id === request.certificate);
    if (!certificate || certificate.key.id !== request.key_id) throw new BadRequest("other-certificate");
    if (request.state === "waiting") await app.client.call("PUT", `/requests/${id}/shown`);
    return { request, shown, certificate };
  }, [id]);

  // The desktop may take it back while it is looked at.
  useEffect(
    () => watch<PhoneRequest>(app.client, { path: "/requests/" + id, seen: (r) => (setState(r.state), r.state !== "waiting" && r.state !== "shown"), online: () => undefined, failed: () => undefined }),
    [id],
  );

  const a = asked.value;
  const pairing = a?.request.pairing;
  const inSession = a?.shown.source === "pairing" && a.shown.request.kind === "sign" && a.request.session !== undefined && pairing !== undefined;
  const open = inSession ? app.sessions.get(pairing, app.client.now()) : undefined;
  const leave = (): void => app.replace(inSession ? { page: "session", id: pairing } : { page: "home" });

  const finish = async (opened: Opened): Promise<void> => {
    await approve(app.client, a!.request, a!.shown, opened);
    setEntering(false);
    setState("approved");
    if (pairing && !inSession) await app.desktops.forget(pairing);
    if (inSession) leave();
  };
  const enter = async (pin: string): Promise<void> => {
    const share = await app.vault.get(a!.certificate.key.id);
    if (!share) throw new Refused("not-here");
    const opened = await Opened.by(share, pin);
    let kept = false;
    try {
      await finish(opened);
      if (inSession) {
        app.sessions.keep(pairing, opened, app.client.now());
        kept = true;
      }
    } finally {
      if (!kept) opened.close();
    }
  };
  const confirm = async (): Promise<void> => {
    setError(undefined);
    if (!open) {
      setEntering(true);
      return;
    }
    try {
      await finish(open);
    } catch (e) {
      setError(e);
    }
  };
  const refuse = async (): Promise<void> => {
    try {
      await app.client.call("PUT", `/requests/${id}/refusal`, { body: {} });
      setState("refused");
    } catch (e) {
      setError(e);
    }
  };

  // Why the phone itself refused says more than that it did.
  if (asked.error === undefined && (state === "approved" || state === "refused" || state === "expired" || state === "cancelled")) {
    return <Result state={state} asked={a} leave={leave} />;
  }
  if (!a || error !== undefined) {
    return (
      <Page title={t("request.title")} foot={asked.error !== undefined || error !== undefined ? <Button onPress={leave}>{t("do.back")}</Button> : undefined}>
        {error !== undefined || asked.error instanceof BadRequest ? <Trouble of={error ?? asked.error} /> : <Loaded of={asked}>{() => null}</Loaded>}
      </Page>
    );
  }
  const left = Date.parse(a.request.expires_at) / 1000 - now;
  return (
    <Page
      title={t(`kind.${a.request.kind}`)}
      back={leave}
      foot={
        <>
          <Button look={a.shown.source === "csc" ? "danger" : "primary"} onPress={confirm}>{t(`agree.${a.request.kind}`)}</Button>
          <Button look="quiet" onPress={refuse}>{t("do.refuse")}</Button>
        </>
      }
    >
      <What asked={a} />
      <p class="fine" role="timer">{t("request.left", { left: app.texts.span(left) })}</p>
      {entering && (
        <Sheet title={t("request.pin")} close={() => setEntering(false)}>
          <PinEntry certificate={a.certificate} act={t(`agree.${a.request.kind}`)} done={enter} />
        </Sheet>
      )}
    </Page>
  );
}

// What is shown of a request, in the order in which it should be thought about.
function What({ asked: { shown, certificate } }: { asked: Asked }) {
  const { texts } = useApp();
  const { t } = texts;
  if (shown.source === "csc") {
    return (
      <>
        <Notice tone="bad" title={t("request.blind")}>{t("request.blind-text")}</Notice>
        <Card>
          <Facts of={[[t("request.client"), shown.client], ...(shown.description ? [[t("request.says"), shown.description] as [string, string]] : []), [t("request.for"), certificate.name], [t("request.digest"), <code>{hex(shown.e)}</code>]]} />
        </Card>
      </>
    );
  }
  if (shown.source === "own") {
    return <Card><Facts of={[[t("request.for"), certificate.name]]} /><pre>{shown.text}</pre></Card>;
  }
  const { request, desktop } = shown;
  const d = request.document;
  return (
    <>
      <Card label={t("request.who")}>
        <Facts of={[[t("request.platform"), <><strong>{desktop.platform.name}</strong><small>{desktop.platform.origin}</small></>], [t("request.desktop"), desktop.desktop], [t("request.for"), <>{certificate.name}<small>{certificate.person}</small></>]]} />
      </Card>
      {d && (
        <Card label={t("request.what")}>
          <h2 class="doc"><Icon name="document" size={22} />{d.title}</h2>
          <Facts of={about(texts, d)} />
        </Card>
      )}
      {!d && <Card label={t("request.what")}><p>{request.summary ?? t(`summary.${request.kind}`)}</p></Card>}
      {certificate.state !== "valid" && <Notice tone="info" title={t("request.earlier")}>{t("request.earlier-text", { serial: certificate.serial })}</Notice>}
      <div class="letters"><span>{t("request.letters")}</span><b>{desktop.match}</b></div>
      {d && <p class="digest">{t("request.digest")} <code>{hex(d.digest)}</code></p>}
    </>
  );
}

function about(texts: Texts, d: NonNullable<Extract<Shown, { source: "pairing" }>["request"]["document"]>): [string, ComponentChildren][] {
  const { t } = texts;
  const out: [string, ComponentChildren][] = [];
  if (d.amount !== undefined) out.push([t("request.amount"), <strong>{texts.money(d.amount)}</strong>]);
  if (d.parties.length > 0) out.push([t("request.parties"), d.parties.map((p) => <div key={p}>{p}</div>)]);
  if (d.pages !== undefined) out.push([t("request.pages"), t("request.pages-n", { n: d.pages })]);
  if (d.file !== undefined) out.push([t("request.file"), d.size === undefined ? d.file : `${d.file} · ${texts.size(d.size)}`]);
  return out;
}

function hex(b: Uint8Array): string {
  return [...b].map((x) => x.toString(16).padStart(2, "0")).join("").replace(/(.{8})(?=.)/g, "$1 ");
}

function Result(p: { state: "approved" | "refused" | "expired" | "cancelled"; asked: Asked | undefined; leave: () => void }) {
  const { t } = useApp().texts;
  const good = p.state === "approved";
  const title = p.asked?.shown.source === "pairing" ? p.asked.shown.request.document?.title : undefined;
  return (
    <Page title={t("request.title")} foot={<Button onPress={p.leave}>{t("do.finish")}</Button>}>
      <div class={"result " + (good ? "good" : "off")}>
        <Icon name={good ? "check" : "cross"} size={40} />
        <h2>{good && p.asked ? t(`done.${p.asked.request.kind}`) : t(`done.${p.state}`)}</h2>
        {title && <p>{title}</p>}
        <p class="quiet">{t(`done.${p.state}-text`)}</p>
      </div>
    </Page>
  );
}

