// Keys in two shares: made for an application, changed, brought to a new phone. One PIN and one recovery code are those of
// both keys of a pair.
import type { Client } from "../api/client.js";
import { patiently } from "../api/patience.js";
import type { Certificate, Key, List, Message, Use } from "../api/types.js";
import { seal, unseal } from "../crypto/backup.js";
import { type Bytes, equal } from "../crypto/bytes.js";
import { Creation, Opened, type Share, changePIN, reshare, restore } from "../crypto/key.js";
import { Signing, digest } from "../crypto/sign.js";
import type { Vault } from "../store/vault.js";
import { fromText, toText } from "../wire/base64url.js";
import { certificatePoint, requestPoint } from "../wire/certificate.js";
import { answered } from "./answer.js";
import { Refused } from "./refused.js";
import { uuid } from "./uuid.js";

const ISSUING = 120; // seconds
const OFFER = 480; // seconds; the service keeps an offer for ten minutes
export const TRIES = 5;

// The steps of a download, for who waits.
export type Step = "sign" | "encrypt" | "certificates" | "backup";

export interface Keys {
  client: Client;
  vault: Vault;
  account: string;
}

export async function download(k: Keys, application: string, pin: string, code: string, step: (s: Step) => void): Promise<Certificate[]> {
  const made: [string, Share][] = [];
  for (const use of ["sign", "encrypt"] as const) {
    step(use);
    made.push(await create(k, application, use, pin));
  }
  step("certificates");
  const { items } = await patiently(ISSUING, () => k.client.call<List<Certificate>>("POST", `/applications/${application}/certificates`));
  for (const [id, share] of made) {
    const certificate = items.find((c) => c.key.id === id);
    if (!certificate || !equal(certificatePoint(fromText(certificate.der)), share.public)) throw new Refused("other-key");
  }
  step("backup");
  for (const [id, share] of made) await leaveBackup(k, id, share, pin, code);
  return items;
}

async function create(k: Keys, application: string, use: Use, pin: string): Promise<[string, Share]> {
  const id = uuid();
  try {
    return [id, await createAs(id, k, application, use, pin)];
  } catch (e) {
    // It has no certificate, and a new beginning makes another.
    await k.vault.remove(id);
    throw e;
  }
}

async function createAs(id: string, k: Keys, application: string, use: Use, pin: string): Promise<Share> {
  const creation = new Creation({ account: k.account, session: id });
  const begun = await k.client.call<Message>("POST", `/applications/${application}/keys`, { body: { id, use, message: toText(creation.commitment) } });
  const { share, opening } = await creation.finish(fromText(begun.message), pin);
  // Kept before the service makes the key: a key without its share would be lost.
  await k.vault.put(id, share);
  const { csr } = await k.client.call<{ csr: string }>("PUT", `/keys/${id}/opening`, { body: { message: toText(opening) } });
  const info = fromText(csr);
  if (!equal(requestPoint(info), share.public)) throw new Refused("other-key");
  const opened = await Opened.by(share, pin);
  const context = { account: k.account, session: id + "/csr" };
  const signature = await answered(k.client, `/keys/${id}/csr`, () => Signing.begin(opened, context, digest(share, info)));
  opened.close();
  await k.client.call("PUT", `/keys/${id}/csr`, { body: { signature: toText(signature) } });
  return share;
}

async function leaveBackup(k: Keys, id: string, share: Share, pin: string, code: string): Promise<void> {
  const body = { backup: toText(await seal(share, pin, code)) };
  await patiently(ISSUING, () => k.client.call("PUT", `/keys/${id}/backup`, { body }));
}

// Gives a key a new PIN, and both sides new shares, so that the old PIN is proved and the old share is worth nothing.
export async function changeKeyPIN(k: Keys, id: string, from: string, to: string, code: string): Promise<void> {
  const share = await k.vault.get(id);
  if (!share) throw new Refused("not-here");
  const offer = await k.client.call<Offer>("POST", `/keys/${id}/reshare`, { body: {} });
  const next = await reshare(share, { account: k.account, session: offer.session }, fromText(offer.message), from);
  await finishReshare(k, id, offer, next.proof, await changePIN(next.share, from, to), to, code);
}

// A key that a backup holds, onto this phone.
export async function recover(k: Keys, recovery: string, b: Backup, oldCode: string, pin: string, code: string): Promise<void> {
  const p = fromText(b.public);
  const d1 = await unseal(fromText(b.backup), p, oldCode);
  if (!d1) throw new Refused("code-wrong");
  const old = await restore(d1, p, pin);
  d1.fill(0);
  const offer = await k.client.call<Offer>("POST", `/keys/${b.key}/reshare`, { body: { recovery } });
  const next = await reshare(old, { account: k.account, session: offer.session }, fromText(offer.message), pin);
  await finishReshare(k, b.key, offer, next.proof, next.share, pin, code);
}

export interface Backup {
  key: string;
  use: Use;
  certificate: string;
  backup: string;
  public: string;
}

interface Offer {
  session: string;
  message: string;
}

const NEXT = " next ";

// The new share lies beside the old one until the service says that it is in force, under a name with the session: the proof
// is kept nowhere, since PINs could be tried by it.
async function finishReshare(k: Keys, id: string, offer: Offer, proof: Bytes, next: Share, pin: string, code: string): Promise<void> {
  const aside = id + NEXT + offer.session;
  await k.vault.put(aside, next);
  const body = { session: offer.session, message: toText(proof), backup: toText(await seal(next, pin, code)) };
  await patiently(OFFER, () => k.client.call("PUT", `/keys/${id}/reshare`, { body }));
  await k.vault.put(id, next);
  await k.vault.remove(aside);
}

// Takes up what a change of shares left when the net, or the app, went away before the answer came: the service says which
// share is in force. The answer is true when a new one came into force unheard; its recovery code was never shown then.
export async function settle(k: Pick<Keys, "client" | "vault">): Promise<boolean> {
  let unheard = false;
  for (const aside of await k.vault.ids()) {
    const [id, session] = aside.split(NEXT);
    if (id === undefined || session === undefined) continue;
    const next = await k.vault.get(aside);
    const key = await k.client.call<Key>("GET", `/keys/${id}`);
    if (next && key.reshared === session) {
      await k.vault.put(id, next);
      unheard = true;
    }
    await k.vault.remove(aside);
  }
  return unheard;
}
