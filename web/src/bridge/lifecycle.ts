// What only the page can see or ask: being frozen, coming back, and lasting storage.
import type { ToWorker } from './messages';

let asked = false;

/** Asks the browser, once, not to evict what is stored. Workers can't ask. A refusal changes nothing. */
export function keepStorage(): void {
  if (asked) return;
  asked = true;
  // Absent outside secure contexts, whatever the types say.
  const storage = navigator.storage as StorageManager | undefined;
  void storage?.persist().catch(() => false);
}

/**
 * A page that is frozen or put into the back/forward cache must not keep the lead, for its worker stands still.
 * Pages that close need nothing: the lock goes with the worker.
 */
export function followLifecycle(post: (message: ToWorker) => void): void {
  addEventListener('pagehide', (event) => {
    if (event.persisted) post({ kind: 'leave' });
  });
  addEventListener('pageshow', (event) => {
    if (event.persisted) post({ kind: 'join' });
  });
  document.addEventListener('freeze', () => post({ kind: 'leave' }));
  document.addEventListener('resume', () => post({ kind: 'join' }));
}
