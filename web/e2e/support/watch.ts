// Notices whatever a page complains of: violations of the policy, errors on the console, uncaught exceptions.
import type { BrowserContext, ConsoleMessage } from '@playwright/test';

/** The browser's own notes on requests that failed; tests of the network cause them on purpose. */
const NETWORK = [/^Failed to load resource: /, /^WebSocket connection to '[^']+' failed/];

export async function watch(context: BrowserContext, complaints: string[]): Promise<void> {
  await context.addInitScript(() => {
    document.addEventListener('securitypolicyviolation', (event) => {
      console.error(
        `policy violated: ${event.violatedDirective} by ${event.blockedURI} in ${event.sourceFile}`,
      );
    });
  });
  context.on('console', (message: ConsoleMessage) => {
    if (message.type() !== 'error') return;
    const text = message.text();
    if (!NETWORK.some((pattern) => pattern.test(text)))
      complaints.push(`console: ${text} (${message.location().url})`);
  });
  context.on('weberror', (error) =>
    complaints.push(`uncaught: ${error.error().stack ?? error.error().message}`),
  );
}
