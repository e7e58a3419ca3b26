import { describe, expect, it } from 'vitest';
import { addChanges, emptyChanges, overlay } from './overlay';
import type { Changes, StoredRow } from './store';

const value = new Uint8Array([1]);
const newer = new Uint8Array([2]);
const rows = (...keys: string[]): StoredRow[] => keys.map((key) => ({ key, value }));
const changes = (...entries: [string, Uint8Array<ArrayBuffer> | null][]): Changes => ({
  clear: false,
  rows: new Map(entries),
});
const range = { start: 'b', end: 'y', limit: 3, descending: false };
const keys = (overlaid: { rows: StoredRow[] }) => overlaid.rows.map((row) => row.key);

describe('an overlaid read', () => {
  it('has what was computed since, in order and within range and limit', () => {
    expect(keys(overlay(range, rows('b', 'd'), changes(['c', newer], ['a', newer], ['y', newer])))).toEqual([
      'b',
      'c',
      'd',
    ]);
    expect(keys(overlay({ ...range, descending: true }, rows('f', 'd', 'c'), changes(['e', newer])))).toEqual(
      ['f', 'e', 'd'],
    );
  });

  it('has newer values in place of older ones', () => {
    expect(overlay(range, rows('b'), changes(['b', newer])).rows).toEqual([{ key: 'b', value: newer }]);
  });

  it('says when removals may hide that there is more', () => {
    expect(overlay(range, rows('b', 'c', 'd'), changes(['c', null])).short).toBe(true);
    expect(overlay(range, rows('b', 'c'), changes(['c', null]))).toEqual({ rows: rows('b'), short: false });
  });

  it('forgets what was stored before everything was cleared', () => {
    const all = emptyChanges();
    addChanges(all, changes(['b', newer]));
    addChanges(all, { clear: true, rows: new Map() });
    addChanges(all, changes(['d', newer]));
    expect(keys(overlay(range, rows('b', 'c'), all))).toEqual(['d']);
  });
});
