// The dedicated worker that holds the engine and every key. The page never does.
import type { ToPage, ToWorker } from '../bridge/messages';
import { loadEngine } from './engine';
import { Host } from './host';
import { Member } from './member';
import { loadPasswordModule } from './password-module';
import { Passwords } from './passwords';
import { openRelaySocket } from './socket';
import { Store, StoreError } from './store';
import { openTabChannel } from './tabs';

const scope = self as unknown as DedicatedWorkerGlobalScope;
const passwords = new Passwords(loadPasswordModule);
// Every tab loads the module at once, so that taking over takes no time.
const engine = loadEngine();

const member = new Member({
  locks: navigator.locks,
  channel: openTabChannel(),
  toPage: (message: ToPage) => scope.postMessage(message),
  expectPassword: () => passwords.expect(),
  startHost: (reign, observer) =>
    new Host(
      {
        async openStore(lost) {
          // Absent or throwing in some private modes, whatever the types say.
          const factory = (() => {
            try {
              return indexedDB as IDBFactory | undefined;
            } catch {
              return undefined;
            }
          })();
          if (factory === undefined) throw new StoreError('storage_refused');
          return Store.open(factory, reign, lost);
        },
        async restore(rows, now) {
          return (await engine).restore(rows, now);
        },
        passwords,
        fetch: (input, init) => fetch(input, init),
        openSocket: openRelaySocket,
      },
      observer,
    ),
});

scope.addEventListener('message', ({ data }: MessageEvent<ToWorker>) => {
  switch (data.kind) {
    case 'call':
      member.call(data.id, data.command);
      break;
    case 'expect_password':
      member.expectPassword();
      break;
    case 'leave':
      member.leave();
      break;
    case 'join':
      member.join();
      break;
  }
});
scope.addEventListener('online', () => member.networkUp());
