// Seals the store's values: AES-256-GCM under a key that WebCrypto never gives out, the row's key as associated data.
//
//   sealed = 0x01 || IV (12 random bytes) || ciphertext || tag (16)
//
// Random IVs under one key are safe for 2^32 seals (NIST SP 800-38D); every sign-out makes a new key.

const VERSION = 1;
const IV_LENGTH = 12;
const TAG_LENGTH = 16;

/** A value that this key has not sealed for this row. */
export class SealBroken extends Error {
  override readonly name = 'SealBroken';
}

export function generateSealingKey(): Promise<CryptoKey> {
  return crypto.subtle.generateKey({ name: 'AES-GCM', length: 256 }, false, ['encrypt', 'decrypt']);
}

export async function seal(
  key: CryptoKey,
  row: string,
  value: Uint8Array<ArrayBuffer>,
): Promise<Uint8Array<ArrayBuffer>> {
  const iv = crypto.getRandomValues(new Uint8Array(IV_LENGTH));
  const ciphertext = await crypto.subtle.encrypt(parameters(iv, row), key, value);
  const sealed = new Uint8Array(1 + IV_LENGTH + ciphertext.byteLength);
  sealed[0] = VERSION;
  sealed.set(iv, 1);
  sealed.set(new Uint8Array(ciphertext), 1 + IV_LENGTH);
  return sealed;
}

/** Rejects with `SealBroken`. `sealed` comes from a medium that may hold anything. */
export async function unseal(key: CryptoKey, row: string, sealed: unknown): Promise<Uint8Array<ArrayBuffer>> {
  if (!isBytes(sealed) || sealed.length < 1 + IV_LENGTH + TAG_LENGTH || sealed[0] !== VERSION)
    throw new SealBroken();
  const iv = sealed.subarray(1, 1 + IV_LENGTH);
  try {
    return new Uint8Array(
      await crypto.subtle.decrypt(parameters(iv, row), key, sealed.subarray(1 + IV_LENGTH)),
    );
  } catch {
    throw new SealBroken();
  }
}

function isBytes(value: unknown): value is Uint8Array<ArrayBuffer> {
  return value instanceof Uint8Array;
}

function parameters(iv: Uint8Array<ArrayBuffer>, row: string): AesGcmParams {
  return { name: 'AES-GCM', iv, additionalData: new TextEncoder().encode(row), tagLength: 8 * TAG_LENGTH };
}
