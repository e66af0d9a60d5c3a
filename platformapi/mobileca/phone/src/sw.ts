// Keeps the app's own files, so that it opens without a net and says so. What the service answers is never kept.
export {};

interface Lasting extends Event {
  waitUntil(p: Promise<unknown>): void;
}
interface Fetching extends Lasting {
  request: Request;
  respondWith(r: Promise<Response>): void;
}
interface Worker {
  skipWaiting(): Promise<void>;
  clients: { claim(): Promise<void> };
  addEventListener(type: "install" | "activate", f: (e: Lasting) => void): void;
  addEventListener(type: "fetch", f: (e: Fetching) => void): void;
}
const worker = self as unknown as Worker;
// Set when the app is built: the shell's files, and a digest over all of them.
declare const SHELL: string[];
declare const VERSION: string;

worker.addEventListener("install", (e) => {
  e.waitUntil(
    caches.open(VERSION).then((c) => c.addAll(SHELL.map((path) => new Request(path, { cache: "reload" })))).then(() => worker.skipWaiting()),
  );
});

worker.addEventListener("activate", (e) => {
  const clean = async (): Promise<void> => {
    for (const name of await caches.keys()) if (name !== VERSION) await caches.delete(name);
    await worker.clients.claim();
  };
  e.waitUntil(clean());
});

worker.addEventListener("fetch", (e) => {
  const address = new URL(e.request.url);
  if (e.request.method !== "GET" || address.origin !== location.origin) return;
  const path = e.request.mode === "navigate" && (address.pathname === "/" || address.pathname === "/q") ? "/" : address.pathname;
  if (!SHELL.includes(path)) return;
  e.respondWith(caches.open(VERSION).then(async (c) => (await c.match(path)) ?? fetch(e.request)));
});
