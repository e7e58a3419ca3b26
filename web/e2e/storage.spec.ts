// A browser that refuses to store, or has no room left.
import { expect, test } from './support/test';
import { beforeWorker, setStorageFull } from './support/worker';

test('refused storage is said in words, and nothing can be begun', async ({ seat }) => {
  const person = await seat('dora');
  await beforeWorker(
    person.context,
    `IDBFactory.prototype.open = () => { throw new DOMException('private', 'SecurityError') }`,
  );
  await person.page.goto('/');
  await expect(
    person.page.getByText('The browser doesn’t let this page store anything').first(),
  ).toBeVisible();
});

test('full storage is said in words, the text stays, and it goes out once there is room', async ({
  pair: { alice, bob },
}) => {
  const setFull = (full: boolean) => setStorageFull(alice.page, full);
  await alice.composer('bob').fill('Is there room?');
  await setFull(true);
  await alice.composer('bob').press('Enter');
  await expect(alice.page.getByText('The browser’s storage is full').first()).toBeVisible();
  await expect(alice.composer('bob')).toHaveValue('Is there room?');
  await setFull(false);
  await expect(async () => {
    if ((await alice.composer('bob').inputValue()) !== '') await alice.composer('bob').press('Enter');
    await expect(alice.message('bob', 'Is there room?')).toBeVisible({ timeout: 2_000 });
  }).toPass();
  await expect(bob.message('alice', 'Is there room?')).toHaveCount(1);
});

test('a store that was tampered with starts afresh, and says so', async ({ newcomer }) => {
  const alice = await newcomer('alice');
  await alice.page.evaluate(
    () =>
      new Promise<void>((resolve, reject) => {
        const open = indexedDB.open('sotto');
        open.onerror = () => reject(new Error('open'));
        open.onsuccess = () => {
          const transaction = open.result.transaction('rows', 'readwrite');
          const cursor = transaction.objectStore('rows').openCursor();
          cursor.onsuccess = () => void cursor.result?.update(new Uint8Array(64));
          transaction.oncomplete = () => {
            open.result.close();
            resolve();
          };
        };
      }),
  );
  await alice.page.reload();
  await expect(alice.page.getByText('What was stored in this browser can’t be read').first()).toBeVisible();
  await alice.signIn();
});
