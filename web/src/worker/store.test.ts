import { IDBFactory, IDBKeyRange as FakeKeyRange } from 'fake-indexeddb';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { FencedOff, Store, StoreError, type Changes, type Range } from './store';

vi.stubGlobal('IDBKeyRange', FakeKeyRange);

const bytes = (text: string) => new TextEncoder().encode(text);
const put = (...rows: [string, string][]): Changes => ({
  clear: false,
  rows: new Map(rows.map(([key, value]) => [key, bytes(value)])),
});
const all: Range = { start: 'a', end: 'z', limit: 100, descending: false };
const nothing = () => undefined;

async function keysIn(store: Store, range: Range = all): Promise<string[]> {
  return (await store.read(range)).rows.map((row) => row.key);
}

/** All stored values, sealed as they are, after a change behind the store's back. */
function rawValues(factory: IDBFactory, change?: (store: IDBObjectStore) => void): Promise<unknown[]> {
  return new Promise((resolve, reject) => {
    const request = factory.open('sotto', 1);
    request.onerror = () => reject(new Error('open'));
    request.onsuccess = () => {
      const transaction = request.result.transaction('rows', 'readwrite');
      const store = transaction.objectStore('rows');
      change?.(store);
      const values = store.getAll();
      transaction.oncomplete = () => {
        request.result.close();
        resolve(values.result);
      };
    };
  });
}

describe('the store', () => {
  let factory: IDBFactory;
  beforeEach(() => {
    factory = new IDBFactory();
  });

  it('has after reopening what was applied before', async () => {
    const first = await Store.open(factory, 'one', nothing);
    await first.apply(put(['k/1', 'uno'], ['k/2', 'due']));
    await first.apply({ clear: false, rows: new Map([['k/1', null]]) });
    first.close();
    const second = await Store.open(factory, 'two', nothing);
    expect(await second.read(all)).toEqual({ rows: [{ key: 'k/2', value: bytes('due') }], broken: 0 });
  });

  it('reads windows in both directions', async () => {
    const store = await Store.open(factory, 'one', nothing);
    await store.apply(put(['k/1', ''], ['k/2', ''], ['k/3', ''], ['k/4', '']));
    expect(await keysIn(store, { start: 'k/2', end: 'k/4', limit: 9, descending: false })).toEqual([
      'k/2',
      'k/3',
    ]);
    expect(await keysIn(store, { start: 'k/', end: 'k0', limit: 2, descending: true })).toEqual([
      'k/4',
      'k/3',
    ]);
  });

  it('keeps nothing readable', async () => {
    const store = await Store.open(factory, 'one', nothing);
    await store.apply(put(['k/1', 'a secret sentence']));
    const [value] = await rawValues(factory);
    expect(String.fromCharCode(...(value as Uint8Array))).not.toContain('secret');
  });

  it('clears everything, and what was copied before can not be read after', async () => {
    const store = await Store.open(factory, 'one', nothing);
    await store.apply(put(['k/1', 'old']));
    const [old] = await rawValues(factory);
    await store.apply({ clear: true, rows: new Map([['k/2', bytes('new')]]) });
    expect(await keysIn(store)).toEqual(['k/2']);
    await rawValues(factory, (rows) => rows.put(old, 'k/1'));
    expect((await store.read(all)).broken).toBe(1);
  });

  it('counts rows that were tampered with, and still reads the others', async () => {
    const store = await Store.open(factory, 'one', nothing);
    await store.apply(put(['k/1', 'uno'], ['k/2', 'due']));
    await rawValues(factory, (rows) => rows.put(new Uint8Array(40), 'k/1'));
    const { rows, broken } = await store.read(all);
    expect(rows.map((row) => row.key)).toEqual(['k/2']);
    expect(broken).toBe(1);
  });

  it('lets a leader of the past write nothing', async () => {
    const past = await Store.open(factory, 'past', nothing);
    await past.apply(put(['k/1', 'uno']));
    const present = await Store.open(factory, 'present', nothing);
    await expect(past.apply(put(['k/1', 'stale']))).rejects.toThrow(FencedOff);
    await present.apply(put(['k/2', 'due']));
    expect((await present.read(all)).rows.map((row) => new TextDecoder().decode(row.value))).toEqual([
      'uno',
      'due',
    ]);
  });

  it('says in its own words that storage is full or refused', async () => {
    const open = (error: Error) =>
      Store.open(
        {
          open: () => {
            throw error;
          },
        } as unknown as IDBFactory,
        'one',
        nothing,
      ).catch((e: unknown) => e);
    expect(await open(new DOMException('', 'QuotaExceededError'))).toEqual(new StoreError('storage_full'));
    expect(await open(new DOMException('', 'SecurityError'))).toEqual(new StoreError('storage_refused'));
  });
});
