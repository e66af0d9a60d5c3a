// The way to WeChat's authorisation and back. A random state goes along: what comes back without it was not asked for here,
// and might log this phone in as somebody else. So does the desktop's code that was scanned, which waits for the login.
import { toText } from "../wire/base64url.js";
import { type Code, formatFragment, parseFragment } from "../wire/code.js";

const KEY = "wechat";

export interface Back {
  // WeChat's code, to log in with.
  code?: string;
  // It was not asked for here.
  strange?: boolean;
  scanned?: Code;
}

export function leaveForWeChat(address: string, scanned: Code | undefined): void {
  const to = new URL(address);
  const state = toText(crypto.getRandomValues(new Uint8Array(16)));
  sessionStorage.setItem(KEY, JSON.stringify({ state, ...(scanned && { scanned: formatFragment(scanned) }) }));
  to.searchParams.set("state", state);
  location.assign(to);
}

// Takes what WeChat's address brought, which does not stay in the address or the history.
export function backFromWeChat(): Back {
  if (location.pathname !== "/" || location.search === "") return {};
  const query = new URLSearchParams(location.search);
  history.replaceState(null, "", "/");
  const left = sessionStorage.getItem(KEY);
  sessionStorage.removeItem(KEY);
  const { state, scanned } = JSON.parse(left ?? "{}") as { state?: string; scanned?: string };
  const code = query.get("code");
  if (!state || query.get("state") !== state) return code ? { strange: true } : {};
  return { ...(code && { code }), ...(scanned && { scanned: parseFragment(scanned) }) };
}
