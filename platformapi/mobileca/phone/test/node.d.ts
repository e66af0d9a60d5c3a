declare module "node:crypto" {
  export const webcrypto: Crypto;
}
declare module "node:readline" {
  export function createInterface(o: { input: unknown }): AsyncIterable<string>;
}
declare module "node:test" {
  export function test(name: string, f: () => void | Promise<void>): void;
}
declare module "node:assert/strict" {
  interface Assert {
    equal(a: unknown, b: unknown, message?: string): void;
    notEqual(a: unknown, b: unknown, message?: string): void;
    deepEqual(a: unknown, b: unknown, message?: string): void;
    ok(a: unknown, message?: string): void;
    match(a: string, b: RegExp): void;
    throws(f: () => unknown, message?: string): void;
    rejects(p: Promise<unknown>, check?: string | ((e: unknown) => boolean), message?: string): Promise<void>;
  }
  const assert: Assert;
  export default assert;
}
declare const Buffer: { compare(a: Uint8Array, b: Uint8Array): number };
