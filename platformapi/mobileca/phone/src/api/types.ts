// What the service says (its openapi.yaml has all of it; here is what the pages use).
import type { Key as JWK } from "../wire/jws.js";
import type { Kind } from "../wire/request.js";
import type { Versioned } from "./watch.js";

export interface List<T> {
  items: T[];
}

export interface Platform {
  id: string;
  name: string;
  region?: string;
  origin: string;
  lat: number;
  lon: number;
}

export interface Organisation {
  id: string;
  uscc: string;
  name: string;
  role: "administrator" | "staff";
  legal_person?: string;
  address?: string;
}

export interface Account {
  account: string;
  phone: string;
  device: string;
  name?: string;
  identity_checked: boolean;
  has_password: boolean;
  organisations: Organisation[];
  recoverable: number;
  unread: number;
}

export interface Login {
  access_token: string;
  refresh_token: string;
  // The account's number, after a login by WeChat alone.
  phone?: string;
  me: Account;
}

export type Use = "sign" | "encrypt";

export interface Key {
  id: string;
  use: Use;
  state: "begun" | "made" | "proved" | "certified" | "ended";
  here: boolean;
  tries: number;
  locked: boolean;
  backup: boolean;
  certificate?: string;
  public?: string;
  reshared?: string;
}

export interface Certificate {
  id: string;
  use: Use;
  state: "valid" | "expired" | "revoked" | "replaced";
  pair?: string;
  name: string;
  person: string;
  organisation?: string;
  uscc?: string;
  serial: string;
  issuer: string;
  not_before: string;
  not_after: string;
  der: string;
  key: Key;
}

export interface Application extends Versioned {
  id: string;
  kind: "claim" | "join" | "personal" | "extra" | "renew" | "reapply" | "change";
  state: "submitted" | "administrator_review" | "ca_review" | "to_pay" | "to_download" | "done" | "refused" | "withdrawn";
  applicant?: string;
  organisation?: string;
  data?: { uscc: string; name: string; legal_person?: string; address?: string };
  certificate?: string;
  years: number;
  price: number;
  reason?: string;
  created_at: string;
  keys?: Key[];
}

export interface Session {
  auto: boolean;
  used: number;
  max: number;
  ends_at: string;
  idle_ends_at: string;
}

export interface Scan extends Versioned {
  id: string;
  kind: "login" | "bind" | "sign" | "bid" | "decrypt";
  state: "created" | "scanned" | "matched" | "linked" | "refused" | "expired" | "cancelled" | "ended";
  session_offered?: boolean;
  key: JWK;
  commitment: string;
  nonce?: string;
  platform: { name: string; origin: string };
  desktop: { name: string };
  address: string;
  created_at: string;
  expires_at: string;
  certificate?: string;
  ended?: "desktop" | "phone" | "time" | "count" | "network" | "pin" | "certificate" | "authorisation" | "device";
  session?: Session;
}

export type RequestState = "waiting" | "shown" | "approved" | "refused" | "expired" | "cancelled";

export interface RequestHead extends Versioned {
  id: string;
  source: "pairing" | "csc" | "own";
  kind: Kind | "revoke" | "digest";
  state: RequestState;
  certificate: string;
  pairing?: string;
  created_at: string;
  expires_at: string;
}

export interface Requests extends Versioned {
  items: RequestHead[];
  unread?: number;
}

export interface PhoneRequest extends RequestHead {
  key_id: string;
  account: string;
  answers_left: number;
  reason?: string;
  jws?: string;
  key?: JWK;
  session?: Session;
  statement?: string;
  digest?: { client: string; description?: string; e: string };
}

export interface Message {
  message: string;
}
