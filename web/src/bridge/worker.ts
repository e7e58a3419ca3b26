// Starts the worker under the policy that requires Trusted Types.
import workerUrl from '../worker/worker.ts?worker&url';
import type { WorkerPort } from './connect';
import { followLifecycle } from './lifecycle';
import type { ToPage, ToWorker } from './messages';

interface ScriptUrlPolicy {
  createScriptURL(url: string): URL;
}

interface TrustedTypes {
  createPolicy(name: string, rules: { createScriptURL(url: string): string }): ScriptUrlPolicy;
}

/** The worker's address, the only script that the page ever names at run time. */
function trustedWorkerUrl(): URL {
  const { trustedTypes } = globalThis as { trustedTypes?: TrustedTypes };
  if (trustedTypes === undefined) return new URL(workerUrl, location.href);
  const policy = trustedTypes.createPolicy('app-url', {
    createScriptURL(url) {
      if (url !== workerUrl) throw new TypeError('not the worker');
      return url;
    },
  });
  return policy.createScriptURL(workerUrl);
}

/** A worker that crashes more often than this within a minute is not started again. */
const CRASHES_MAX = 3;

/** Starts the worker, and starts it again if its engine crashes. */
export function startWorker(): WorkerPort {
  const url = trustedWorkerUrl();
  const receivers: ((message: ToPage) => void)[] = [];
  const failures: (() => void)[] = [];
  const crashes: number[] = [];
  let worker = start();

  function start(): Worker {
    const started = new Worker(url, { type: 'module', name: 'sotto' });
    let heard = false;
    started.addEventListener('message', ({ data }: MessageEvent<ToPage>) => {
      heard = true;
      for (const receive of receivers) receive(data);
      if (data.kind === 'crashed') restart();
    });
    started.addEventListener('error', () => {
      // Before anything was heard: the script could not be loaded. Later: a bug that has been reported, and the worker lives.
      if (!heard) for (const failed of failures) failed();
    });
    return started;
  }

  function restart(): void {
    worker.terminate();
    const now = Date.now();
    crashes.push(now);
    if (crashes.filter((at) => now - at < 60_000).length > CRASHES_MAX)
      for (const failed of failures) failed();
    else worker = start();
  }

  const post = (message: ToWorker) => worker.postMessage(message);
  followLifecycle(post);
  return {
    post,
    listen: (receive) => receivers.push(receive),
    onFailure: (failed) => failures.push(failed),
  };
}
