// The app: opens what every page needs, shows the page that the address names, and keeps an eye on the inbox.
import { useEffect, useRef, useState } from "preact/hooks";
import { Client, LoggedOut } from "./api/client.js";
import { Device } from "./api/device.js";
import type { Account, RequestHead } from "./api/types.js";
import { Desktops } from "./flow/desktops.js";
import { Inbox } from "./flow/inbox.js";
import { settle } from "./flow/keys.js";
import { Sessions } from "./flow/sessions.js";
import { type Back, backFromWeChat } from "./flow/wechat.js";
import { Texts, prefer, preferred } from "./i18n/i18n.js";
import { PAGES } from "./pages/pages.js";
import { Database } from "./store/database.js";
import { Vault } from "./store/vault.js";
import { type App, AppContext } from "./ui/app.js";
import { Icon } from "./ui/icon.js";
import { Notice, Trouble } from "./ui/parts.js";
import { type Route, formatRoute, parseRoute } from "./ui/route.js";
import { type Code, parseFragment } from "./wire/code.js";

const BASE = "/mca/v1";
const TOAST = 3_000; // milliseconds
const READING = 150; // a character

// What lasts as long as the app is open.
export interface Parts {
  db: Database;
  device: Device;
  client: Client;
  vault: Vault;
  desktops: Desktops;
  sessions: Sessions;
  scanned: { code?: Code };
  wechat: Back;
  seen: Set<string>;
}

export async function openParts(): Promise<Parts> {
  const db = await Database.open();
  const device = await Device.open(db);
  const client = await Client.open(BASE, device, db);
  const wechat = backFromWeChat();
  const scanned = wechat.scanned ? { code: wechat.scanned } : takeCode();
  return { db, device, client, vault: await Vault.open(db), desktops: new Desktops(db), sessions: new Sessions(), scanned, wechat, seen: new Set() };
}

// The phone's camera opens the code's address. The secret in it does not stay in the address or the history.
function takeCode(): { code?: Code } {
  if (location.pathname !== "/q") return {};
  const fragment = location.hash.slice(1);
  history.replaceState(null, "", "/" + formatRoute({ page: "link" }));
  try {
    return { code: parseFragment(fragment) };
  } catch {
    history.replaceState(null, "", "/" + formatRoute({ page: "scan" }));
    return {};
  }
}

const OPEN = new Set(["login"]);
// Pages that a request takes the place of. From others one is led to it: what is begun there is not interrupted.
const YIELDING = new Set(["home", "wait"]);
const QUIET = new Set(["home", "wait", "link", "login", "request", "session"]);
const installed = matchMedia("(display-mode: standalone)").matches;
const ios = /iPhone|iPad/.test(navigator.userAgent);

export function Root({ parts }: { parts: Parts }) {
  const [texts, setTexts] = useState(() => new Texts(preferred()));
  const [route, setRoute] = useState<Route>(() => parseRoute(location.hash));
  const [account, setAccount] = useState<Account>();
  const [waiting, setWaiting] = useState<RequestHead[]>([]);
  const [online, setOnline] = useState(true);
  const [toast, setToast] = useState<string>();
  const [trouble, setTrouble] = useState<unknown>();
  const { client } = parts;

  const go = (r: Route): void => void (location.hash = formatRoute(r));
  const replace = (r: Route): void => {
    history.replaceState(null, "", formatRoute(r));
    setRoute(r);
  };
  const inbox = useRef<Inbox | undefined>(undefined);
  inbox.current ??= new Inbox(client, {
    online: setOnline,
    waiting: (list, unread) => {
      setWaiting(list);
      setAccount((a) => a && { ...a, unread });
    },
    failed: (e) => (e instanceof LoggedOut ? replace({ page: "login" }) : setOnline(false)),
  });

  const load = async (): Promise<void> => {
    setTrouble(undefined);
    try {
      setAccount(await client.call<Account>("GET", "/me"));
      inbox.current!.start();
      // What could not be swept now is the next time.
      parts.desktops.sweep(client).catch(() => undefined);
      settle({ client, vault: parts.vault }).then((unheard) => unheard && setToast(texts.t("pin-change.unheard")), () => undefined);
    } catch (e) {
      if (!client.loggedIn) replace({ page: "login" });
      else setTrouble(e);
    }
  };

  useEffect(() => {
    const changed = (): void => setRoute(parseRoute(location.hash));
    addEventListener("hashchange", changed);
    addEventListener("popstate", changed);
    if (client.loggedIn) void load();
    return () => {
      removeEventListener("hashchange", changed);
      removeEventListener("popstate", changed);
      inbox.current!.end();
    };
  }, []);

  const fresh = waiting.find((r) => !parts.seen.has(r.id));
  useEffect(() => {
    if (!fresh || !YIELDING.has(route.page)) return;
    (route.page === "wait" ? replace : go)({ page: "request", id: fresh.id });
  }, [fresh?.id, route.page]);

  useEffect(() => {
    document.documentElement.lang = texts.language;
  }, [texts]);

  useEffect(() => {
    if (toast === undefined) return undefined;
    const timer = setTimeout(() => setToast(undefined), Math.max(TOAST, toast.length * READING));
    return () => clearTimeout(timer);
  }, [toast]);

  const app: App = {
    ...parts,
    texts,
    waiting,
    account,
    installed,
    ios,
    go,
    replace: (r) => replace(r.page === "home" && parts.scanned.code ? { page: "link" } : r),
    back: () => (history.length > 1 ? history.back() : replace({ page: "home" })),
    speak: (l) => {
      prefer(l);
      setTexts(new Texts(l));
    },
    loggedIn: load,
    logOut: async () => {
      inbox.current!.end();
      parts.sessions.endAll();
      await client.call("DELETE", "/session").catch(() => undefined);
      await client.keep(undefined);
      setAccount(undefined);
      replace({ page: "login" });
    },
    toast: setToast,
  };

  const shown: Route = client.loggedIn || OPEN.has(route.page) ? route : { page: "login" };
  const Shown = PAGES[shown.page] ?? PAGES.home!;
  return (
    <AppContext.Provider value={app}>
      {!online && (
        <div class="offline" role="status"><Icon name="offline" size={16} />{texts.t("offline.line")}</div>
      )}
      {fresh && !QUIET.has(shown.page) && (
        <button class="banner" onClick={() => go({ page: "request", id: fresh.id })}><Icon name="bell" size={18} />{texts.t("request.waits")}</button>
      )}
      {trouble !== undefined && !account && client.loggedIn ? (
        <div class="page"><main><Trouble of={trouble} again={load} /></main></div>
      ) : (
        <>
          {shown.page === "login" && ios && !installed && <Notice tone="info" title={texts.t(parts.scanned.code ? "install.other" : "install.first")}>{texts.t(parts.scanned.code ? "install.scan" : "install.ios")}</Notice>}
          {(account || OPEN.has(shown.page)) && <Shown key={formatRoute(shown)} id={shown.id ?? ""} />}
        </>
      )}
      <div class="toast" role="status" aria-live="polite">{toast && <span>{toast}</span>}</div>
    </AppContext.Provider>
  );
}
