declare module "node:crypto" {
  export const webcrypto: Crypto;
}
declare module "node:readline" {
  export function createInterface(o: { input: unknown }): AsyncIterable<string>;
}
