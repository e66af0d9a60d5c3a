// What the service says of people, organisations and money (its openapi.yaml has all of it).
import type { Organisation } from "./types.js";

export interface Info {
  name: string;
  help_phone?: string;
  // Where WeChat's authorisation begins, where it logs in.
  wechat_url?: string;
}

export interface Found {
  claimed: boolean;
  id?: string;
  name?: string;
  administrator?: string;
}

export interface Staff {
  id: string;
  name: string;
  phone: string;
  role: Organisation["role"];
  state: "invited" | "member";
  certificates?: number;
}

export interface IdentityCheck {
  state: "pending" | "checked" | "refused";
  continue_url?: string;
}

export interface Attachment {
  name: string;
  type: "image/jpeg" | "image/png" | "application/pdf";
  content: string;
}

export interface Authorisation {
  id: string;
  organisation: string;
  platform: string;
  platform_name?: string;
  staff: string;
  staff_name: string;
  from: string;
  until: string;
  ended: boolean;
}

export const SEAL_KINDS = ["official", "contract", "finance", "bid", "legal_person", "personal"] as const;
export type SealKind = (typeof SEAL_KINDS)[number];

export interface Seal {
  id: string;
  organisation?: string;
  name: string;
  kind: SealKind;
  width_mm: number;
  height_mm: number;
  png: string;
  may_edit: boolean;
  changed_at: string;
}

export interface Zone {
  id: string;
  platform: string;
  platform_name: string;
  organisation: string;
  organisation_name: string;
  bound_at: string;
}

export const PAYMENTS = ["wechat", "alipay", "card"] as const;
export type PaymentMethod = (typeof PAYMENTS)[number];

export interface Payment {
  state: "pending" | "paid" | "failed";
  continue_url?: string;
}

export interface BankCard {
  id: string;
  bank: string;
  number: string;
  added_at: string;
}

export interface Bill {
  id: string;
  what: string;
  amount: number;
  method: PaymentMethod;
  paid_at: string;
  invoice?: string;
}

export interface Invoice {
  id: string;
  title: string;
  email: string;
  amount: number;
  state: "requested" | "issued";
  created_at: string;
}

export interface PersonMessage {
  id: string;
  at: string;
  title: string;
  text: string;
  read: boolean;
  application?: string;
  certificate?: string;
}

export interface Messages {
  items: PersonMessage[];
  next_cursor?: string;
}

export interface PersonsDevice {
  id: string;
  name: string;
  this: boolean;
  keys: number;
  seen_at: string;
}
