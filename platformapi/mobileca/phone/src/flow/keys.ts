// Keys in two shares: made for an application, changed, brought to a new phone. A pair gets one PIN and one recovery code; the keys of
// earlier pairs, which still decrypt, go with it where they have the same PIN.
import { type Client, Problem } from "../api/client.js";
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

// Gives keys a new PIN, and both sides new shares, so that the old PIN is proved and the old shares are worth nothing: the first's key,
// whose PIN this is, and of the others those that the same PIN opens. That is found out with a try of theirs, so one that lacks a try
// already is left alone. Given back are those that were not changed, with the tries that they have; their recovery code is as it was.
export async function changePINs(k: Keys, all: [Certificate, ...Certificate[]], from: string, to: string, code: string): Promise<Certificate[]> {
  const changes: Change[] = [];
  for (const c of all) {
    const share = c === all[0] || c.key.tries === TRIES ? await k.vault.get(c.key.id) : undefined;
    if (share) changes.push(await beginReshare(k, c.key.id, share, from, to));
    else if (c === all[0]) throw new Refused("not-here");
  }
  const refused = await finishReshare(k, changes, to, code);
  const rest: Certificate[] = [];
  for (const c of all) {
    const tries = refused.get(c.key.id);
    if (tries !== undefined) rest.push({ ...c, key: { ...c.key, tries } });
    else if (!changes.some((x) => x.id === c.key.id)) rest.push(c);
  }
  return rest;
}

// A key that a backup holds, onto this phone; false where the code is another's.
export async function recover(k: Keys, recovery: string, b: Backup, oldCode: string, pin: string, code: string): Promise<boolean> {
  const p = fromText(b.public);
  const d1 = await unseal(fromText(b.backup), p, oldCode);
  if (!d1) return false;
  const old = await restore(d1, p, pin);
  d1.fill(0);
  await finishReshare(k, [await beginReshare(k, b.key, old, pin, pin, recovery)], pin, code);
  return true;
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

// A change of shares that was begun, and what it makes of the phone's.
interface Change {
  id: string;
  session: string;
  proof: Bytes;
  next: Share;
}

async function beginReshare(k: Keys, id: string, share: Share, from: string, to: string, recovery?: string): Promise<Change> {
  const offer = await k.client.call<Offer>("POST", `/keys/${id}/reshare`, { body: recovery === undefined ? {} : { recovery } });
  const next = await reshare(share, { account: k.account, session: offer.session }, fromText(offer.message), from);
  return { id, session: offer.session, proof: next.proof, next: from === to ? next.share : await changePIN(next.share, from, to) };
}

const NEXT = " next ";

const asideOf = (x: Change): string => x.id + NEXT + x.session;

// The new shares lie beside the old ones until the service says that they are in force, under names with the session: the proofs
// are kept nowhere, since PINs could be tried by them. The first must come into force; of the others those are given back, with the
// tries that are left, whose PIN is another. When the work breaks off, what came into force stays beside, for settle to tell of it.
async function finishReshare(k: Keys, changes: Change[], pin: string, code: string): Promise<Map<string, number>> {
  await k.vault.change(changes.map((x) => [asideOf(x), x.next]), []);
  const over: Change[] = [];
  const refused = new Map<string, number>();
  let heard: Change[] = [];
  try {
    for (const x of changes) {
      const body = { session: x.session, message: toText(x.proof), backup: toText(await seal(x.next, pin, code)) };
      try {
        await patiently(OFFER, () => k.client.call("PUT", `/keys/${x.id}/reshare`, { body }));
        over.push(x);
      } catch (e) {
        if (!(e instanceof Problem) || e.code !== "mca.pin_wrong" || x === changes[0]) throw e;
        refused.set(x.id, Number(e.fields.tries));
      }
    }
    heard = changes;
  } finally {
    await k.vault.change(over.map((x) => [x.id, x.next]), heard.map(asideOf));
  }
  return refused;
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
