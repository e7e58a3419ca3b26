// What the relay keeps and what goes over the wire holds nothing readable.
import { expect, test } from './support/test';
import { acquaint } from './support/acquaint';
import { Wiretap } from './support/wiretap';

const SECRET = 'marmalade-telescope-42';

test('neither the database, nor the log, nor the wire has what was written, or any password', async ({
  relay,
  seat,
}) => {
  const tap = await Wiretap.before(relay.url);
  try {
    const newcomer = async (name: string) => {
      const person = await seat(name, { baseURL: tap.url });
      await person.register();
      return person;
    };
    const { alice, bob } = await acquaint(newcomer);
    await alice.send('bob', SECRET);
    await expect(bob.message('alice', SECRET)).toBeVisible();
    await bob.send('alice', `${SECRET} indeed`);
    await expect(alice.message('bob', 'indeed')).toBeVisible();
    // One that waits in the mailbox, so that it is stored.
    await bob.page.close();
    await alice.send('bob', `${SECRET} stored`);
    await expect(alice.message('bob', 'stored')).toContainText('Sent');

    for (const place of [tap.everythingHeard(), relay.everythingKept()]) {
      // The user names stand there, in clear: the search is able to find something.
      expect(place.includes('alice')).toBe(true);
      for (const secret of [
        SECRET,
        alice.password,
        alice.words,
        alice.words.split(' ').slice(0, 3).join(' '),
      ]) {
        expect(place.includes(secret)).toBe(false);
        expect(place.includes(Buffer.from(secret).toString('base64url').slice(0, -2))).toBe(false);
        expect(place.includes(Buffer.from(secret, 'utf16le'))).toBe(false);
      }
    }
  } finally {
    await tap.stop();
  }
});
