// A session (会话签章, 1.12): what was signed, how much is left, whether the phone confirms by itself, and its end.
import { useEffect, useRef, useState } from "preact/hooks";
import type { List, PhoneRequest, RequestHead, Scan } from "../api/types.js";
import { watch } from "../api/watch.js";
import { approve, show } from "../flow/answer.js";
import { Refused } from "../flow/refused.js";
import { useApp } from "../ui/app.js";
import { Icon } from "../ui/icon.js";
import { Button, Chip, Loaded, Notice, Page, Row, Tick, Trouble, useClock, useLoaded } from "../ui/parts.js";
import { useAwake } from "../ui/awake.js";

interface Act {
  request: string;
  at: string;
  state: RequestHead["state"];
  title?: string;
}

export function SessionPage({ id }: { id: string }) {
  const app = useApp();
  const { t } = app.texts;
  const now = useClock();
  const [scan, setScan] = useState<Scan>();
  const [error, setError] = useState<unknown>();
  const [lost, setLost] = useState(false);
  const signed = useLoaded(async () => (await app.client.call<List<Act>>("GET", "/activity", { query: { pairing: id, limit: 20 } })).items, [scan?.session?.used]);
  const s = scan?.session;
  // Both must say so: the service alone cannot have the phone sign by itself.
  const auto = s?.auto === true && app.sessions.confirms(id);
  const awake = useAwake(auto);

  useEffect(
    () =>
      watch<Scan>(app.client, {
        path: "/scans/" + id,
        seen: (state) => {
          setScan(state);
          if (state.state === "linked") return false;
          app.sessions.end(id);
          void app.desktops.forget(id);
          return true;
        },
        online: (yes) => setLost(!yes),
        failed: setError,
      }),
    [id],
  );

  // One after the other, as they come.
  const queue = useRef(Promise.resolve());
  const fresh = scan && app.waiting.find((r) => !app.seen.has(r.id));
  useEffect(() => {
    if (!fresh) return;
    app.seen.add(fresh.id);
    if (fresh.pairing === id && auto && app.sessions.get(id, app.client.now())) queue.current = queue.current.then(() => sign(fresh.id));
    else app.replace({ page: "request", id: fresh.id });
  }, [fresh?.id]);
  const sign = async (request: string): Promise<void> => {
    const opened = app.sessions.spend(id, app.client.now());
    try {
      if (!opened) throw new Refused("not-auto");
      const r = await app.client.call<PhoneRequest>("GET", "/requests/" + request);
      const shown = await show(r, await app.desktops.get(id), app.client.now());
      // Only the certificate's own signatures of documents are confirmed without a person.
      if (shown.source !== "pairing" || shown.request.kind !== "sign" || !shown.request.document) throw new Refused("not-auto");
      await app.client.call("PUT", `/requests/${request}/shown`);
      await approve(app.client, r, shown, opened);
    } catch {
      // Whatever is wrong with it, a person should see it.
      app.replace({ page: "request", id: request });
    }
  };

  const change = async (on: boolean): Promise<void> => {
    app.sessions.letConfirm(id, on);
    try {
      setScan(await app.client.call<Scan>("PATCH", "/scans/" + id, { body: { auto: on } }));
    } catch (e) {
      setError(e);
    }
  };
  const end = async (): Promise<void> => {
    try {
      await app.client.call("DELETE", "/scans/" + id);
      app.sessions.end(id);
      await app.desktops.forget(id);
      app.replace({ page: "home" });
    } catch (e) {
      setError(e);
    }
  };

  const over = scan && scan.state !== "linked";
  if (over || (scan && !s)) {
    return (
      <Page title={t("session.title")} foot={<Button onPress={() => app.replace({ page: "home" })}>{t("do.home")}</Button>}>
        <div class="result off"><Icon name="clock" size={40} /><h2>{t("session.over")}</h2>{scan.ended && <p>{t(`session.ended-${scan.ended}`)}</p>}<p>{t("session.over-text", { n: s?.used ?? 0 })}</p></div>
      </Page>
    );
  }
  const left = s ? Math.min(Date.parse(s.ends_at), Date.parse(s.idle_ends_at)) / 1000 - now : 0;
  const open = app.sessions.get(id, now) !== undefined;
  return (
    <Page
      title={t("session.title")}
      back={() => app.replace({ page: "home" })}
      top={
        s && (
          <div class="session">
            <div>
              <strong>{t("session.count", { used: s.used, max: s.max })}</strong>
              <span>{t("session.left", { left: app.texts.span(Date.parse(s.ends_at) / 1000 - now) })}</span>
            </div>
            <button class="end" onClick={end}>{t("session.end")}</button>
          </div>
        )
      }
      foot={s && <Tick toggle on={auto} set={change}>{t("session.auto")}</Tick>}
    >
      {error !== undefined && <Trouble of={error} />}
      {lost && <Notice tone="warn">{t("offline.waiting")}</Notice>}
      {scan && s && (
        <>
          <p class="lead">{scan.platform.name} · {scan.desktop.name}</p>
          {auto ? (
            <Notice tone={open && awake !== "no" ? "good" : "warn"} title={t(open ? "session.auto-on" : "session.auto-pin")}>
              {t(!open ? "session.auto-pin-text" : awake === "yes" ? "session.auto-text" : "session.auto-screen")}
            </Notice>
          ) : (
            <Notice tone="info">{t("session.ask")}</Notice>
          )}
          {left < 5 * 60 && <Notice tone="warn">{t("session.idle", { left: app.texts.span(left) })}</Notice>}
          <h2>{t("session.signed")}</h2>
          <Loaded of={signed} empty={<p>{t("session.none")}</p>}>
            {(items) => (
              <div class="list">
                {items.map((a) => (
                  <Row key={a.request} icon="document" title={a.title ?? t("kind.sign")} text={app.texts.moment(a.at)} side={<Chip tone={a.state === "approved" ? "good" : "off"}>{t(`state.${a.state}`)}</Chip>} />
                ))}
              </div>
            )}
          </Loaded>
        </>
      )}
    </Page>
  );
}
