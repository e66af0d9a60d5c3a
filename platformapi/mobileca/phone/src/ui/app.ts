// What every page is given: the service, the keys, the texts, and the way to other pages.
import { createContext } from "preact";
import { useContext } from "preact/hooks";
import type { Account, RequestHead } from "../api/types.js";
import type { Client } from "../api/client.js";
import type { Device } from "../api/device.js";
import type { Desktops } from "../flow/desktops.js";
import type { Sessions } from "../flow/sessions.js";
import type { Back } from "../flow/wechat.js";
import type { Language, Texts } from "../i18n/i18n.js";
import type { Database } from "../store/database.js";
import type { Vault } from "../store/vault.js";
import type { Code } from "../wire/code.js";
import type { Route } from "./route.js";

export interface App {
  client: Client;
  device: Device;
  db: Database;
  vault: Vault;
  texts: Texts;
  // Requests that wait, and those of them that the person has had before him.
  waiting: RequestHead[];
  seen: Set<string>;
  desktops: Desktops;
  sessions: Sessions;
  account: Account | undefined;
  // On the home screen, and whether this is iOS, where only that keeps the keys.
  installed: boolean;
  ios: boolean;
  // The code whose address opened the app, until it is used.
  scanned: { code?: Code };
  // What WeChat sent the person back with, until it is used.
  wechat: Back;
  go(route: Route): void;
  // Instead of the page that is shown, so that one cannot go back to it.
  replace(route: Route): void;
  back(): void;
  speak(l: Language): void;
  loggedIn(): Promise<void>;
  logOut(): Promise<void>;
  toast(text: string): void;
}

export const AppContext = createContext<App | undefined>(undefined);

export function useApp(): App {
  const app = useContext(AppContext);
  if (!app) throw new Error("outside of the app");
  return app;
}
