// Puts a browser's faults into the worker: runs a script there before its own.
import type { BrowserContext } from '@playwright/test';

/** `prelude` is JavaScript; it comes from the worker's own address, so that the policy stays as it is. */
export async function beforeWorker(context: BrowserContext, prelude: string): Promise<void> {
  await context.route('**/assets/worker-*.js', async (route) => {
    const response = await route.fetch();
    await route.fulfill({ response, body: `${prelude};\n${await response.text()}` });
  });
}
