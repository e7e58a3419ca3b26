// Lets a read see what was computed but not yet committed while it ran.
//
// The engine takes a read's answer for the state after every step so far. The store lags behind by the transactions
// under way, so that their changes are laid over the rows that it returned.
import type { Changes, Range, StoredRow } from './store';

/** One transaction's worth of changes, from several steps. Later changes of a key replace earlier ones. */
export function emptyChanges(): Changes {
  return { clear: false, rows: new Map() };
}

export function addChanges(into: Changes, more: Changes): void {
  if (more.clear) {
    into.clear = true;
    into.rows.clear();
  }
  for (const [key, value] of more.rows) into.rows.set(key, value);
}

/** The rows of `range` with `changes` applied, and whether removals may have left fewer than there are. */
export function overlay(
  range: Range,
  rows: StoredRow[],
  changes: Changes,
): { rows: StoredRow[]; short: boolean } {
  const merged = new Map(changes.clear ? [] : rows.map((row) => [row.key, row.value]));
  let removed = false;
  for (const [key, value] of changes.rows) {
    if (key < range.start || key >= range.end) continue;
    if (value === null) removed = merged.delete(key) || removed;
    else merged.set(key, value);
  }
  const direction = range.descending ? -1 : 1;
  const sorted = [...merged]
    .map(([key, value]) => ({ key, value }))
    .sort((a, b) => (a.key < b.key ? -direction : direction));
  return { rows: sorted.slice(0, range.limit), short: removed && rows.length >= range.limit };
}
