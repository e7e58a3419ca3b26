// One tab among several: leads the engine or follows the tab that does.
//
//   ┌──────────┐ lock won        ┌─────────┐
//   │ follows  │────────────────▶│ leads   │  own calls go to the host, events to the page and to all tabs
//   │          │◀────────────────│         │
//   └──────────┘ lock lost,      └─────────┘
//     │     ▲    fenced off           │
//     │     │ page is back            │
//     ▼     │                         ▼ page is frozen: gives the lock back
//   ┌───────────────────────────────────────┐
//   │ away                                  │
//   └───────────────────────────────────────┘
//
// A call waits here until it has an outcome, whoever leads meanwhile: it is asked again of each new leader.
import type { Command } from '../generated/api';
import type { Outcome, ToPage } from '../bridge/messages';
import type { Host, HostObserver } from './host';
import { Leadership } from './leadership';
import type { Reign, Tab, TabChannel, TabMessage } from './tabs';

/** After so long without a word from the leader it is asked for one, and after so long again it is taken for frozen. */
const SILENCE_MS = 2_500;

export interface MemberParts {
  locks: Pick<LockManager, 'request'>;
  channel: TabChannel;
  toPage(message: ToPage): void;
  startHost(reign: Reign, observer: HostObserver): LeadingHost;
  expectPassword(): void;
}

export type LeadingHost = Pick<Host, 'call' | 'states' | 'networkUp' | 'stop'>;

interface Call {
  command: Command;
  /** The reign that it was asked of. */
  asked: Reign | undefined;
}

export class Member {
  readonly #parts: MemberParts;
  readonly #tab: Tab = crypto.randomUUID();
  readonly #leadership: Leadership;
  /** Calls of this tab's page. */
  readonly #calls = new Map<number, Call>();
  /** The leader that answers: this tab, or another whose engine runs. */
  #reign: Reign | undefined;
  /** This tab's host, while it leads. */
  #host: LeadingHost | undefined;
  #away = false;
  #crashed = false;
  #silence: ReturnType<typeof setTimeout> | undefined;
  #askedWhoLeads = false;

  constructor(parts: MemberParts) {
    this.#parts = parts;
    this.#leadership = new Leadership(parts.locks, { won: () => this.#lead(), lost: () => this.#stepDown() });
    parts.channel.listen((message) => {
      if (this.#away || this.#crashed) return;
      if (this.#host === undefined) this.#hearAsFollower(message);
      else this.#hearAsLeader(message, this.#host);
    });
    this.join();
  }

  /** The page asks. */
  call(id: number, command: Command): void {
    const call: Call = { command, asked: undefined };
    this.#calls.set(id, call);
    if (this.#crashed) this.#settle(id, { ok: false, problem: { code: 'internal' } });
    else this.#ask(id, call);
  }

  expectPassword(): void {
    if (this.#host === undefined) this.#parts.channel.post({ kind: 'expect_password' });
    else this.#parts.expectPassword();
  }

  networkUp(): void {
    this.#host?.networkUp();
  }

  /** Competes for the lead, and follows meanwhile. */
  join(): void {
    this.#away = false;
    if (this.#host !== undefined || this.#crashed) return;
    this.#leadership.compete();
    this.#parts.channel.post({ kind: 'hello' });
    this.#watchLeader();
  }

  /** Takes no part until `join`. */
  leave(): void {
    this.#away = true;
    this.#abdicate();
  }

  #lead(): void {
    const reign: Reign = crypto.randomUUID();
    const ifReigning = (then: () => void) => {
      if (this.#reign === reign) then();
    };
    this.#reign = reign;
    clearTimeout(this.#silence);
    this.#parts.channel.post({ kind: 'starting' });
    const host = this.#parts.startHost(reign, {
      event: (event) =>
        ifReigning(() => {
          this.#parts.toPage({ kind: 'event', event });
          this.#parts.channel.post({ kind: 'event', reign, event });
        }),
      serving: () =>
        ifReigning(() => {
          this.#parts.toPage({ kind: 'snapshot', events: host.states });
          this.#parts.channel.post({ kind: 'leading', reign, states: host.states, fresh: true });
        }),
      fencedOff: () => ifReigning(() => this.#stepDown()),
      crashed: () => ifReigning(() => this.#crash()),
    });
    this.#host = host;
    this.#askAll();
  }

  /** The lead has gone to another tab. */
  #stepDown(): void {
    this.#abdicate();
    this.join();
  }

  #crash(): void {
    this.#crashed = true;
    this.#abdicate();
    for (const id of [...this.#calls.keys()]) this.#settle(id, { ok: false, problem: { code: 'internal' } });
    this.#parts.toPage({ kind: 'crashed' });
  }

  #abdicate(): void {
    this.#host?.stop();
    this.#host = undefined;
    this.#reign = undefined;
    clearTimeout(this.#silence);
    this.#silence = undefined;
    this.#leadership.leave();
  }

  #hearAsLeader(message: TabMessage, host: LeadingHost): void {
    const reign = this.#reign;
    if (reign === undefined) return;
    switch (message.kind) {
      case 'hello':
        // A leader whose engine is not yet running has no states to tell.
        if (host.states.length === 0) this.#parts.channel.post({ kind: 'starting' });
        else this.#parts.channel.post({ kind: 'leading', reign, states: host.states, fresh: false });
        break;
      case 'call': {
        const { tab, id, command } = message;
        if (message.reign !== reign) break;
        void host.call(command).then((outcome) => {
          if (this.#reign === reign) this.#parts.channel.post({ kind: 'outcome', tab, id, outcome });
        });
        break;
      }
      case 'expect_password':
        this.#parts.expectPassword();
        break;
      default:
    }
  }

  #hearAsFollower(message: TabMessage): void {
    switch (message.kind) {
      case 'leading':
        this.#heardLeader();
        if (message.fresh || message.reign !== this.#reign) {
          this.#reign = message.reign;
          this.#parts.toPage({ kind: 'snapshot', events: message.states });
          this.#askAll();
        }
        break;
      case 'starting':
        this.#heardLeader();
        break;
      case 'event':
        if (message.reign !== this.#reign) break;
        this.#heardLeader();
        this.#parts.toPage({ kind: 'event', event: message.event });
        break;
      case 'outcome':
        if (message.tab !== this.#tab) break;
        this.#heardLeader();
        this.#settle(message.id, message.outcome);
        break;
      default:
    }
  }

  #askAll(): void {
    for (const [id, call] of this.#calls) this.#ask(id, call);
  }

  #ask(id: number, call: Call): void {
    const reign = this.#reign;
    this.#watchLeader();
    if (reign === undefined || call.asked === reign) return;
    if (call.asked !== undefined && !mayBeRepeated(call.command)) {
      this.#settle(id, { ok: false, problem: { code: 'offline' } });
      return;
    }
    call.asked = reign;
    if (this.#host === undefined) {
      this.#parts.channel.post({ kind: 'call', reign, tab: this.#tab, id, command: call.command });
      return;
    }
    void this.#host.call(call.command).then((outcome) => {
      if (this.#reign === reign) this.#settle(id, outcome);
    });
  }

  #settle(id: number, outcome: Outcome): void {
    if (!this.#calls.delete(id)) return;
    this.#parts.toPage({ kind: 'outcome', id, outcome });
  }

  #heardLeader(): void {
    clearTimeout(this.#silence);
    this.#silence = undefined;
    this.#askedWhoLeads = false;
    this.#watchLeader();
  }

  /** While something is wanted of the leader, its silence is noticed: it is asked for a sign of life, then replaced. */
  #watchLeader(): void {
    const wanted = this.#reign === undefined || this.#calls.size > 0;
    if (this.#host !== undefined || this.#away || !wanted || this.#silence !== undefined) return;
    this.#silence = setTimeout(() => {
      this.#silence = undefined;
      if (this.#askedWhoLeads) {
        this.#askedWhoLeads = false;
        this.#leadership.seize();
      } else {
        this.#askedWhoLeads = true;
        this.#parts.channel.post({ kind: 'hello' });
        this.#watchLeader();
      }
    }, SILENCE_MS);
  }
}

/** Whether asking twice does no more than asking once, for a leader may have ended after it did what was asked. */
function mayBeRepeated(command: Command): boolean {
  return command.type !== 'register' && command.type !== 'sign_in' && command.type !== 'recover';
}
