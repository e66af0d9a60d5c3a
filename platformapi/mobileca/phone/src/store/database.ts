// The browser's database: a store a purpose, values under names.
const NAME = "sealdesk";
const STORES = ["keys", "shares", "state"] as const;
export type Store = (typeof STORES)[number];

export class Database {
  private constructor(private readonly db: IDBDatabase) {}

  static open(): Promise<Database> {
    return new Promise((done, fail) => {
      const r = indexedDB.open(NAME, 1);
      r.onupgradeneeded = () => STORES.forEach((s) => r.result.createObjectStore(s));
      r.onsuccess = () => done(new Database(r.result));
      r.onerror = () => fail(r.error);
      r.onblocked = () => fail(new Error("blocked"));
    });
  }

  private run<T>(store: Store, mode: IDBTransactionMode, f: (s: IDBObjectStore) => IDBRequest<T> | void): Promise<T> {
    return new Promise((done, fail) => {
      const t = this.db.transaction(store, mode, { durability: "strict" });
      const r = f(t.objectStore(store));
      // Only a finished transaction is written; a request alone may still be undone.
      t.oncomplete = () => done(r?.result as T);
      t.onabort = t.onerror = () => fail(t.error);
    });
  }

  get(store: Store, name: string): Promise<unknown> {
    return this.run(store, "readonly", (s) => s.get(name));
  }

  names(store: Store): Promise<IDBValidKey[]> {
    return this.run(store, "readonly", (s) => s.getAllKeys());
  }

  put(store: Store, name: string, value: unknown): Promise<void> {
    return this.change(store, [[name, value]], []);
  }

  remove(store: Store, name: string): Promise<void> {
    return this.change(store, [], [name]);
  }

  // All of it, or nothing.
  change(store: Store, put: [string, unknown][], remove: string[]): Promise<void> {
    return this.run<void>(store, "readwrite", (s) => {
      for (const [name, value] of put) s.put(value, name);
      for (const name of remove) s.delete(name);
    });
  }
}
