// Nobody is there, the relay dies, the network comes and goes.
import { expect, test } from './support/test';
import { acquaint } from './support/acquaint';

test('somebody who was away gets everything, in order', async ({ newcomer }) => {
  const { alice, bob } = await acquaint(newcomer);
  await bob.page.close();
  const texts = ['one.', 'two.', 'three.', 'four.', 'five.'];
  for (const text of texts) await alice.send('bob', text);
  await expect(alice.message('bob', 'five.')).toContainText('Sent');
  const page = await bob.context.newPage();
  await page.goto('/');
  const back = bob.at(page);
  await back.open('alice');
  await expect.poll(() => back.texts('alice')).toEqual(['May I?', ...texts]);
  await expect(alice.message('bob', 'five.')).toContainText('Read');
});

test('a killed relay: the page says so, what is written waits, and goes out when it is back', async ({
  relay,
  newcomer,
}) => {
  const { alice, bob } = await acquaint(newcomer);
  await relay.kill();
  await expect(alice.page.getByText('No connection.')).toBeVisible();
  await alice.send('bob', 'Written without a relay.');
  await expect(alice.message('bob', 'Written without a relay.')).toContainText('Waiting to be sent');
  await relay.start();
  await expect(bob.message('alice', 'Written without a relay.')).toHaveCount(1, { timeout: 40_000 });
  await expect(alice.page.getByText('No connection.')).toBeHidden();
  await expect(alice.message('bob', 'Written without a relay.')).toContainText('Read');
});

test('a relay killed amid a burst loses nothing and doubles nothing', async ({ relay, newcomer }) => {
  const { alice, bob } = await acquaint(newcomer);
  const texts = Array.from({ length: 40 }, (_, index) => `burst ${index}.`);
  for (const [index, text] of texts.entries()) {
    await alice.send('bob', text);
    if (index === 15) await relay.kill();
    if (index === 25) await relay.start();
  }
  const bursts = async () => (await bob.texts('alice')).filter((text) => text.startsWith('burst'));
  await expect.poll(bursts, { timeout: 45_000 }).toEqual(texts);
});
