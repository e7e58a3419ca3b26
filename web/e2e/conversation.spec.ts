// Two people meet and exchange messages.
import { expect, test } from './support/test';

test('a stranger asks, is accepted, and both talk', async ({ newcomer }) => {
  const alice = await newcomer('alice');
  const bob = await newcomer('bob.b');

  await alice.find('bob.b');
  await alice.send('bob.b', 'Hello Bob, this is Alice.');
  await expect(alice.message('bob.b', 'Hello Bob, this is Alice.')).toContainText(/Delivered|Sent/);

  await bob.open('alice');
  await expect(bob.message('alice', 'Hello Bob, this is Alice.')).toBeVisible();
  await bob.accept();
  await bob.send('alice', 'Hello Alice.');

  await expect(alice.message('bob.b', 'Hello Alice.')).toBeVisible();
  await expect(alice.message('bob.b', 'Hello Bob, this is Alice.')).toContainText('Read');
  await expect(bob.message('alice', 'Hello Alice.')).toContainText('Read');
});
