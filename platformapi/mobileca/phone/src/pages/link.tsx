// What follows a scan: who asks, the letters that must agree, the certificate, and whether a session is begun.
import { useEffect, useMemo, useState } from "preact/hooks";
import type { Certificate, List, Scan } from "../api/types.js";
import { watch } from "../api/watch.js";
import { Scanned } from "../flow/desktops.js";
import { Refused } from "../flow/refused.js";
import { useApp } from "../ui/app.js";
import { Button, Card, Facts, Loaded, Notice, Page, Row, Tick, Trouble, useClock, useLoaded } from "../ui/parts.js";
import { choices } from "../wire/code.js";

// What one may link with: a signing certificate, and what its holder decrypts with.
interface Offer {
  signing: Certificate;
  encryption: Certificate[];
}

const MOST = 16; // certificates to decrypt with, as the service has it

// The certificates are those in force first, then the newest. Only those in force sign and log in. To decrypt there is one offer
// for each organisation, with all its keys that were not revoked: a bid is opened by the one that it was encrypted to.
function offered(kind: Scan["kind"], all: Certificate[]): Offer[] {
  const decrypts = kind === "decrypt";
  const usable = all.filter((c) => (c.state === "valid" || (decrypts && c.state !== "revoked")) && c.key.here && !c.key.locked);
  const signing = usable.filter((c) => c.use === "sign");
  if (!decrypts) return signing.map((s) => ({ signing: s, encryption: usable.filter((c) => c.id === s.pair) }));
  return signing
    .filter((s, i) => signing.findIndex((c) => c.organisation === s.organisation) === i)
    .map((s) => ({ signing: s, encryption: usable.filter((c) => c.use === "encrypt" && c.organisation === s.organisation).slice(0, MOST) }))
    .filter((o) => o.encryption.length > 0);
}

export function LinkPage() {
  const app = useApp();
  const { t } = app.texts;
  const [scanned, setScanned] = useState<Scanned>();
  const [scan, setScan] = useState<Scan>();
  const [match, setMatch] = useState<{ right: string; all: string[] }>();
  const [picked, setPicked] = useState<string>();
  const [certificate, setCertificate] = useState<Certificate>();
  const [session, setSession] = useState(false);
  const [error, setError] = useState<unknown>();
  const now = useClock();
  const all = useLoaded(async () => (await app.client.call<List<Certificate>>("GET", "/certificates")).items);
  const offer = useMemo(() => (scan && all.value ? offered(scan.kind, all.value) : undefined), [scan?.kind, all.value]);
  useEffect(() => {
    if (offer?.length === 1) setCertificate(offer[0]!.signing);
  }, [offer]);

  useEffect(() => {
    const code = app.scanned.code;
    delete app.scanned.code;
    if (!code) {
      app.replace({ page: "home" });
      return undefined;
    }
    let stop: (() => void) | undefined;
    let over = false;
    const run = async (): Promise<void> => {
      const s = await Scanned.begin(app.client, app.device, code);
      if (over) return;
      setScanned(s);
      setScan(s.first);
      stop = watch<Scan>(app.client, {
        path: "/scans/" + code.id,
        seen: (state) => {
          setScan(state);
          s.match(state).then((right) => right && setMatch((old) => old ?? { right, all: choices(right) }), fail);
          return state.state !== "scanned" && state.state !== "matched";
        },
        online: () => undefined,
        failed: fail,
      });
    };
    const fail = (e: unknown): void => {
      if (!over) setError(e);
    };
    run().catch(fail);
    return () => {
      over = true;
      stop?.();
    };
  }, []);

  const leave = async (): Promise<void> => {
    if (scan) await app.client.call("DELETE", "/scans/" + scan.id).catch(() => undefined);
    app.replace({ page: "home" });
  };
  const pick = async (letters: string): Promise<void> => {
    setPicked(letters);
    if (!scan || letters === match?.right) return;
    await app.client.call("PUT", `/scans/${scan.id}/decision`, { body: { accept: false, reason: "match" } }).catch(() => undefined);
    setError(new Refused("match-wrong"));
  };
  const accept = async (): Promise<void> => {
    if (!scan || !scanned || !match || !certificate) return;
    const encryption = offer?.find((o) => o.signing.id === certificate.id)?.encryption.map((c) => c.id) ?? [];
    try {
      await app.desktops.keep(scan.id, {
        key: scanned.first.key,
        platform: scanned.first.platform,
        desktop: scanned.first.desktop.name,
        match: match.right,
        kind: scanned.first.kind,
        signing: certificate.id,
        encryption,
      });
      const linked = await app.client.call<Scan>("PUT", `/scans/${scan.id}/decision`, {
        body: {
          accept: true,
          certificate: certificate.id,
          encryption_certificates: encryption,
          ...(session && { session: { auto: false } }),
        },
      });
      app.replace({ page: linked.session ? "session" : "wait", id: scan.id });
    } catch (e) {
      setError(e);
    }
  };

  const over = scan && ["refused", "expired", "cancelled", "ended"].includes(scan.state);
  if (error !== undefined || over) {
    return (
      <Page title={t("link.title")} foot={<Button onPress={() => app.replace({ page: "home" })}>{t("do.home")}</Button>}>
        <Trouble of={error ?? new Refused(`pairing-${scan!.state}`)} />
      </Page>
    );
  }
  if (!scan) {
    return <Page title={t("link.title")} back={leave}><p class="empty" role="status">{t("link.asking")}</p></Page>;
  }
  const left = Date.parse(scan.expires_at) / 1000 - now;
  const agreed = match !== undefined && picked === match.right;
  return (
    <Page
      title={t(`kind.${scan.kind}`)}
      back={leave}
      foot={
        agreed && (
          <>
            <Button disabled={!certificate} why={t("link.choose")} onPress={accept}>{t("do.confirm")}</Button>
            <Button look="quiet" onPress={leave}>{t("do.refuse")}</Button>
          </>
        )
      }
    >
      <Card label={t("request.who")}>
        <Facts
          of={[
            [t("request.platform"), <><strong>{scan.platform.name}</strong><small>{scan.platform.origin}</small></>],
            [t("request.desktop"), <>{scan.desktop.name}<small>{scan.address}</small></>],
          ]}
        />
      </Card>
      {!match && <p class="empty" role="status">{t("link.waiting")}</p>}
      {match && !agreed && (
        <section class="choose">
          <h2>{t("link.match")}</h2>
          <p class="quiet">{t("link.match-text")}</p>
          <div class="codes">
            {match.all.map((letters) => <button key={letters} onClick={() => pick(letters)}>{letters}</button>)}
          </div>
          <Button look="quiet" onPress={() => pick("")}>{t("link.none")}</Button>
        </section>
      )}
      {agreed && (
        <>
          <Notice tone="good">{t("link.agreed", { letters: match.right })}</Notice>
          <Loaded of={all}>
            {() =>
              !offer?.length ? (
                <>
                  <Trouble of={new Refused("no-certificate")} />
                  {app.ios && !app.installed && <Notice tone="info" title={t("install.other")}>{t("install.scan")}</Notice>}
                </>
              ) : (
                <>
                  <h2>{t("link.certificate")}</h2>
                  <div class="list">
                    {offer.map(({ signing: c }) => (
                      <Row key={c.id} icon="certificate" title={c.name} text={`${c.person} · ${t(c.state === "valid" ? "certificates.until" : "certificates.was-until", { date: app.texts.date(c.not_after) })}`} chosen={certificate?.id === c.id} onPress={() => setCertificate(c)} />
                    ))}
                  </div>
                </>
              )
            }
          </Loaded>
          {scan.session_offered && (
            <>
              <Tick on={session} set={setSession}>{t("link.session")}</Tick>
              {session && <p class="fine">{t("link.session-text")}</p>}
            </>
          )}
        </>
      )}
      {left > 0 && <p class="fine">{t("link.left", { left: app.texts.span(left) })}</p>}
    </Page>
  );
}

// Linked, until the desktop's request comes.
export function WaitPage({ id }: { id: string }) {
  const app = useApp();
  const { t } = app.texts;
  const [scan, setScan] = useState<Scan>();
  const [error, setError] = useState<unknown>();
  useEffect(
    () => watch<Scan>(app.client, { path: "/scans/" + id, seen: (s) => (setScan(s), s.state !== "linked"), online: () => undefined, failed: setError }),
    [id],
  );
  const leave = async (): Promise<void> => {
    await app.client.call("DELETE", "/scans/" + id).catch(() => undefined);
    await app.desktops.forget(id);
    app.replace({ page: "home" });
  };
  const over = scan && scan.state !== "linked";
  return (
    <Page title={t("wait.title")} foot={over || error !== undefined ? <Button onPress={() => app.replace({ page: "home" })}>{t("do.home")}</Button> : <Button look="quiet" onPress={leave}>{t("wait.end")}</Button>}>
      {error !== undefined ? <Trouble of={error} /> : over ? <Trouble of={new Refused(`pairing-${scan.state}`)} /> : (
        <div class="result"><span class="spinner large" /><h2>{t("wait.heading")}</h2><p>{t("wait.text")}</p></div>
      )}
    </Page>
  );
}
