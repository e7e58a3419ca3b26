// Signing in and out, and staying signed in.
import { expect, test } from './support/test';

test('a reload stays signed in', async ({ newcomer }) => {
  const alice = await newcomer('alice');
  await alice.page.reload();
  await expect(alice.search).toBeVisible();
});

test('a wrong password and an unknown name can not be told apart', async ({ newcomer, seat }) => {
  await newcomer('alice');
  const guesser = await seat('alice');
  await guesser.trySignIn('not the password at all');
  await expect(guesser.alert).toContainText('User name or password is wrong');
  const wrong = await guesser.alert.innerText();
  const nobody = await seat('nobody.here');
  await nobody.trySignIn();
  await expect(nobody.alert).toHaveText(wrong);
});

test('signing out erases the browser, and the password opens the account again', async ({ newcomer }) => {
  const alice = await newcomer('alice');
  const bob = await newcomer('bob');
  await alice.find('bob');
  await alice.send('bob', 'Before signing out.');
  await expect(alice.message('bob', 'Before signing out.')).toContainText('Sent');
  await bob.conversation('alice').waitFor();
  await alice.signOut();
  const rows = await alice.page.evaluate(
    () =>
      new Promise<number>((resolve, reject) => {
        const open = indexedDB.open('sotto');
        open.onerror = () => reject(new Error('open'));
        open.onsuccess = () => {
          const keys = open.result.transaction('rows').objectStore('rows').getAllKeys();
          keys.onsuccess = () => {
            open.result.close();
            resolve(keys.result.length);
          };
        };
      }),
  );
  expect(rows).toBe(0);
  await alice.signIn();
});
