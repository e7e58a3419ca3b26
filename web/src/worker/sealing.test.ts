import { describe, expect, it } from 'vitest';
import { generateSealingKey, seal, SealBroken, unseal } from './sealing';

const value = new TextEncoder().encode('the quick brown fox');

describe('sealing', () => {
  it('gives back what was sealed for the same row', async () => {
    const key = await generateSealingKey();
    const sealed = await seal(key, 'state/a', value);
    expect(await unseal(key, 'state/a', sealed)).toEqual(value);
  });

  it('shows nothing of the value, and seals the same value differently each time', async () => {
    const key = await generateSealingKey();
    const first = await seal(key, 'state/a', value);
    const second = await seal(key, 'state/a', value);
    expect(String.fromCharCode(...first)).not.toContain('quick');
    expect(first).not.toEqual(second);
  });

  it('refuses a value that was moved to another row', async () => {
    const key = await generateSealingKey();
    const sealed = await seal(key, 'state/a', value);
    await expect(unseal(key, 'state/b', sealed)).rejects.toThrow(SealBroken);
  });

  it('refuses a value with any bit flipped', async () => {
    const key = await generateSealingKey();
    const sealed = await seal(key, 'state/a', value);
    for (let bit = 0; bit < 8 * sealed.length; bit++) {
      const bent = new Uint8Array(sealed);
      bent.set([(bent[bit >> 3] ?? 0) ^ (1 << (bit & 7))], bit >> 3);
      await expect(unseal(key, 'state/a', bent)).rejects.toThrow(SealBroken);
    }
  });

  it('refuses what is cut short, under another key, or no bytes at all', async () => {
    const key = await generateSealingKey();
    const sealed = await seal(key, 'state/a', value);
    const other = await generateSealingKey();
    await expect(unseal(key, 'state/a', sealed.subarray(0, 20))).rejects.toThrow(SealBroken);
    await expect(unseal(key, 'state/a', sealed.subarray(0, sealed.length - 1))).rejects.toThrow(SealBroken);
    await expect(unseal(other, 'state/a', sealed)).rejects.toThrow(SealBroken);
    for (const nonsense of [undefined, null, 'text', {}, new ArrayBuffer(64)]) {
      await expect(unseal(key, 'state/a', nonsense)).rejects.toThrow(SealBroken);
    }
  });

  it('has a key that can not be taken out of the browser', async () => {
    const key = await generateSealingKey();
    await expect(crypto.subtle.exportKey('raw', key)).rejects.toThrow();
  });
});
