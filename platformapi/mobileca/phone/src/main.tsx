import { render } from "preact";
import { Root, openParts } from "./app.js";
import { Texts, preferred } from "./i18n/i18n.js";

const { t } = new Texts(preferred());
const root = document.getElementById("app")!;

if (!globalThis.isSecureContext || !globalThis.indexedDB || !globalThis.crypto?.subtle) {
  root.textContent = t("app.unsupported");
} else {
  openParts().then(
    (parts) => render(<Root parts={parts} />, root),
    () => (root.textContent = t("app.unsupported")),
  );
  if ("serviceWorker" in navigator) void navigator.serviceWorker.register("/sw.js");
}
