// The engine's rows in IndexedDB: sealed, durable, one transaction per change.
//
// Sealing happens before a transaction opens, for IndexedDB's transactions end as soon as one awaits anything else.
// Each transaction checks the fence: a leader that was frozen while another tab took over can't write any more.
import type { Problem } from '../generated/api';
import { generateSealingKey, seal, SealBroken, unseal } from './sealing';

const DATABASE = 'sotto';
const ROWS = 'rows';
const META = 'meta';
const SEALING_KEY = 'sealing-key';
const FENCE = 'leader';

export interface StoredRow {
  key: string;
  value: Uint8Array<ArrayBuffer>;
}

/** What one transaction changes: everything goes first if `clear`, then each key gets its value (`null`: removed). */
export interface Changes {
  clear: boolean;
  rows: Map<string, Uint8Array<ArrayBuffer> | null>;
}

export interface Range {
  start: string;
  end: string;
  limit: number;
  descending: boolean;
}

export type StoreFailure = Extract<
  Problem,
  { code: 'storage_refused' | 'storage_full' | 'storage_corrupt' }
>['code'];

export class StoreError extends Error {
  override readonly name = 'StoreError';

  constructor(readonly code: StoreFailure) {
    super(code);
  }
}

/** Another tab has taken the lead; this one may not touch the store. */
export class FencedOff extends Error {
  override readonly name = 'FencedOff';
}

export class Store {
  readonly #database: IDBDatabase;
  readonly #leader: string;
  #key: CryptoKey;

  private constructor(database: IDBDatabase, leader: string, key: CryptoKey) {
    this.#database = database;
    this.#leader = leader;
    this.#key = key;
  }

  /** Opens the store for this leader and fences off the ones before. `lost` is called if the browser takes the store away. */
  static async open(factory: IDBFactory, leader: string, lost: () => void): Promise<Store> {
    try {
      const database = await openDatabase(factory);
      database.onversionchange = () => database.close();
      database.onclose = lost;
      const fresh = await generateSealingKey();
      const transaction = database.transaction([META], 'readwrite', { durability: 'strict' });
      const meta = transaction.objectStore(META);
      meta.put(leader, FENCE);
      let key = fresh;
      const stored = meta.get(SEALING_KEY);
      stored.onsuccess = () => {
        if (stored.result instanceof CryptoKey) key = stored.result;
        else meta.put(fresh, SEALING_KEY);
      };
      await completion(transaction);
      return new Store(database, leader, key);
    } catch (error) {
      throw storeError(error);
    }
  }

  /** Applies the changes durably, all or none. */
  async apply({ clear, rows }: Changes): Promise<void> {
    try {
      // A new key makes what the medium may still hold of the cleared rows unreadable.
      const key = clear ? await generateSealingKey() : this.#key;
      const sealed = await Promise.all(
        [...rows].map(async ([row, value]) => ({
          row,
          value: value === null ? null : await seal(key, row, value),
        })),
      );
      const transaction = this.#database.transaction([ROWS, META], 'readwrite', { durability: 'strict' });
      const why = this.#checkFence(transaction, () => {
        const store = transaction.objectStore(ROWS);
        if (clear) {
          store.clear();
          transaction.objectStore(META).put(key, SEALING_KEY);
        }
        for (const { row, value } of sealed) {
          if (value === null) store.delete(row);
          else store.put(value, row);
        }
      });
      await completion(transaction).catch((error: unknown) => {
        throw why() ?? error;
      });
      this.#key = key;
    } catch (error) {
      throw storeError(error);
    }
  }

  /** Rows in the range, without those that can't be unsealed, and how many those were. */
  async read({ start, end, limit, descending }: Range): Promise<{ rows: StoredRow[]; broken: number }> {
    try {
      const transaction = this.#database.transaction([ROWS], 'readonly');
      const range = IDBKeyRange.bound(start, end, false, true);
      const store = transaction.objectStore(ROWS);
      const sealed = descending ? readBackwards(store, range, limit) : readForwards(store, range, limit);
      await completion(transaction);
      const key = this.#key;
      const outcomes = await Promise.all(
        sealed().map(async ([row, value]) => {
          try {
            return { key: row, value: await unseal(key, row, value) };
          } catch (error) {
            if (error instanceof SealBroken) return null;
            throw error;
          }
        }),
      );
      const rows = outcomes.filter((row) => row !== null);
      return { rows, broken: outcomes.length - rows.length };
    } catch (error) {
      throw storeError(error);
    }
  }

  close(): void {
    this.#database.close();
  }

  /** Runs `write` within the transaction if this leader still leads. Answers, once the transaction was aborted, what made it so. */
  #checkFence(transaction: IDBTransaction, write: () => void): () => unknown {
    let why: unknown;
    const fence = transaction.objectStore(META).get(FENCE);
    fence.onsuccess = () => {
      try {
        if (fence.result !== this.#leader) throw new FencedOff();
        write();
      } catch (error) {
        why = error;
        transaction.abort();
      }
    };
    return () => why;
  }
}

function openDatabase(factory: IDBFactory): Promise<IDBDatabase> {
  return new Promise((resolve, reject) => {
    const request = factory.open(DATABASE, 1);
    request.onupgradeneeded = () => {
      request.result.createObjectStore(ROWS);
      request.result.createObjectStore(META);
    };
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error ?? new Error('open failed'));
  });
}

function completion(transaction: IDBTransaction): Promise<void> {
  return new Promise((resolve, reject) => {
    transaction.oncomplete = () => resolve();
    transaction.onabort = () => reject(transaction.error ?? new Error('aborted'));
  });
}

type SealedRow = [row: string, value: unknown];

function readForwards(store: IDBObjectStore, range: IDBKeyRange, limit: number): () => SealedRow[] {
  // Every key is a string, as `apply` puts them.
  const keys = store.getAllKeys(range, limit) as IDBRequest<string[]>;
  const values = store.getAll(range, limit) as IDBRequest<unknown[]>;
  return () => keys.result.map((row, index) => [row, values.result[index]]);
}

function readBackwards(store: IDBObjectStore, range: IDBKeyRange, limit: number): () => SealedRow[] {
  const rows: SealedRow[] = [];
  const request = store.openCursor(range, 'prev');
  request.onsuccess = () => {
    const cursor = request.result;
    if (cursor === null || rows.length >= limit) return;
    rows.push([cursor.key as string, cursor.value as unknown]);
    if (rows.length < limit) cursor.continue();
  };
  return () => rows;
}

/** Which failure of ours a failure of the browser's is. */
function storeError(error: unknown): StoreError | FencedOff {
  if (error instanceof StoreError || error instanceof FencedOff) return error;
  const name = error instanceof Error || error instanceof DOMException ? error.name : '';
  return new StoreError(name === 'QuotaExceededError' ? 'storage_full' : 'storage_refused');
}
