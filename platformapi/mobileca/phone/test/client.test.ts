// When the app forgets that somebody is logged in.
import assert from "node:assert/strict";
import { test } from "node:test";
import { Client, LoggedOut, Problem } from "../src/api/client.js";
import type { Device } from "../src/api/device.js";
import type { Database } from "../src/store/database.js";

const locks = { request: (_: string, f: () => Promise<void>) => f() };
Object.defineProperty(globalThis, "navigator", { value: { locks }, configurable: true });
Object.defineProperty(globalThis, "location", { value: { origin: "https://mca.example" }, configurable: true });

// A client whose access token has run out, while the refresh is answered like this.
async function refreshed(status: number, code?: string): Promise<{ error: unknown; kept: boolean; client: Client }> {
  const state = new Map<string, unknown>([["tokens", { access_token: "a", refresh_token: "r" }]]);
  const db = {
    get: async (_: string, name: string) => state.get(name),
    put: async (_: string, name: string, v: unknown) => void state.set(name, v),
    remove: async (_: string, name: string) => void state.delete(name),
  };
  const device = { prove: async () => "proof" };
  globalThis.fetch = async (address) => {
    if (!String(address).endsWith("/sessions/refresh")) return new Response(JSON.stringify({ code: "platform.session_over" }), { status: 401 });
    return new Response(code ? JSON.stringify({ code }) : "<html>", { status });
  };
  const client = await Client.open("/mca/v1", device as unknown as Device, db as unknown as Database);
  const error = await client.call("GET", "/me").then(() => undefined, (e: unknown) => e);
  return { error, kept: state.has("tokens"), client };
}

test("only a session that is over is forgotten", async () => {
  for (const [status, code] of [[400, "platform.bad_request"], [403, undefined], [401, undefined], [401, "platform.proof_wrong"], [404, undefined], [409, "platform.renewing"], [413, undefined], [429, "platform.rate_limited"], [500, undefined], [503, "platform.unavailable"]] as const) {
    const { error, kept, client } = await refreshed(status, code);
    assert.ok(error instanceof Problem && error.status === status, `${status} ${code}: ${error}`);
    assert.ok(kept && client.loggedIn, `${status} ${code}: the tokens are gone`);
  }
  const { error, kept, client } = await refreshed(401, "platform.session_over");
  assert.ok(error instanceof LoggedOut, String(error));
  assert.ok(!kept && !client.loggedIn);
});
