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

export function startWorker(): WorkerPort {
  const worker = new Worker(trustedWorkerUrl(), { type: 'module', name: 'sotto' });
  const post = (message: ToWorker) => worker.postMessage(message);
  followLifecycle(post);
  return {
    post,
    listen(receive) {
      worker.addEventListener('message', ({ data }: MessageEvent<ToPage>) => receive(data));
    },
    onFailure(failed) {
      worker.addEventListener('error', failed);
    },
  };
}
