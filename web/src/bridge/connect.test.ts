import { describe, expect, it, vi } from 'vitest';
import type { Event } from '../generated/api';
import { BridgeError } from './bridge';
import { WorkerBridge } from './connect';
import type { ToPage, ToWorker } from './messages';

vi.mock('./worker', () => ({ startWorker: () => undefined }));

const connecting: Event = { type: 'connection', connection: { type: 'connecting' } };
const online: Event = { type: 'connection', connection: { type: 'online', caughtUp: true } };
const nobody: Event = { type: 'account', account: { type: 'signed_out', reason: null } };

function connected() {
  const posted: ToWorker[] = [];
  let receive: (message: ToPage) => void = () => undefined;
  let fail: () => void = () => undefined;
  const bridge = new WorkerBridge({
    post: (message) => posted.push(message),
    listen: (listener) => (receive = listener),
    onFailure: (listener) => (fail = listener),
  });
  return { bridge, posted, tell: (message: ToPage) => receive(message), fail: () => fail() };
}

const nextTask = () => new Promise((resolve) => setTimeout(resolve));

describe('the bridge', () => {
  it('gives each call its own outcome', async () => {
    const { bridge, posted, tell } = connected();
    const conversations = bridge.call({ type: 'conversations' });
    const devices = bridge.call({ type: 'devices' });
    expect(posted.map((message) => message.kind === 'call' && message.command.type)).toEqual([
      'conversations',
      'devices',
    ]);
    tell({ kind: 'outcome', id: 2, outcome: { ok: false, problem: { code: 'signed_out' } } });
    tell({ kind: 'outcome', id: 1, outcome: { ok: true, reply: [] } });
    expect(await conversations).toEqual([]);
    await expect(devices).rejects.toEqual(new BridgeError({ code: 'signed_out' }));
  });

  it('tells a late listener where things stand, and then every event', async () => {
    const { bridge, tell } = connected();
    tell({ kind: 'snapshot', events: [nobody, connecting] });
    tell({ kind: 'event', event: online });
    const heard: Event[] = [];
    const end = bridge.onEvent((event) => heard.push(event));
    expect(heard).toEqual([]);
    await nextTask();
    expect(heard).toEqual([nobody, online]);
    tell({ kind: 'event', event: connecting });
    end();
    tell({ kind: 'event', event: online });
    expect(heard).toEqual([nobody, online, connecting]);
  });

  it('asks for a new look after every snapshot but the first', () => {
    const { bridge, tell } = connected();
    const resync = vi.fn();
    bridge.onResync(resync);
    tell({ kind: 'snapshot', events: [nobody] });
    expect(resync).not.toHaveBeenCalled();
    tell({ kind: 'snapshot', events: [nobody] });
    expect(resync).toHaveBeenCalledTimes(1);
  });

  it('rejects what waits, and what comes, when the worker can not be had', async () => {
    const { bridge, fail } = connected();
    const waiting = bridge.call({ type: 'relay' });
    fail();
    await expect(waiting).rejects.toEqual(new BridgeError({ code: 'internal' }));
    await expect(bridge.call({ type: 'relay' })).rejects.toEqual(new BridgeError({ code: 'internal' }));
  });
});
