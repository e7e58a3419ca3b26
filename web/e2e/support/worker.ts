// Puts a browser's faults into the worker: runs a script there before its own.
import type { BrowserContext, Page } from '@playwright/test';

/** `prelude` is JavaScript; it comes from the worker's own address, so that the policy stays as it is. Such a worker gets no WebSocket. */
export async function beforeWorker(context: BrowserContext, prelude: string): Promise<void> {
  await context.route('**/assets/worker-*.js', async (route) => {
    const response = await route.fetch();
    await route.fulfill({ response, body: `${prelude};\n${await response.text()}` });
  });
}

/** From now on the page's worker finds no room in its database, or finds it again. */
export async function setStorageFull(page: Page, full: boolean): Promise<void> {
  const [worker] = page.workers();
  if (worker === undefined) throw new Error('The page has no worker.');
  await worker.evaluate((value) => {
    const faults = globalThis as { put?: typeof IDBObjectStore.prototype.put };
    // eslint-disable-next-line @typescript-eslint/unbound-method -- called with its object below
    faults.put ??= IDBObjectStore.prototype.put;
    const put = faults.put;
    IDBObjectStore.prototype.put = function (...row) {
      if (value) throw new DOMException('full', 'QuotaExceededError');
      return put.apply(this, row);
    };
  }, full);
}
