// Two people who know each other already.
import { expect } from '@playwright/test';
import type { Person } from './person';

/** Registers alice and bob; alice has written, bob has accepted, and both have the conversation open. */
export async function acquaint(
  newcomer: (name: string) => Promise<Person>,
): Promise<{ alice: Person; bob: Person }> {
  const alice = await newcomer('alice');
  const bob = await newcomer('bob');
  await alice.find('bob');
  await alice.send('bob', 'May I?');
  await bob.open('alice');
  await bob.accept();
  await expect(bob.composer('alice')).toBeVisible();
  await expect(bob.message('alice', 'May I?')).toBeVisible();
  await expect(alice.message('bob', 'May I?')).toContainText('Read');
  return { alice, bob };
}
