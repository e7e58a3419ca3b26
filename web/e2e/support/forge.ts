// What a hostile relay would show instead of somebody's device lists: lists for the same account, signed by a key of its own
// (PROTOCOL.md sections 2.4 and 2.5). Written from the document, apart from the code under test.
import { createHash, generateKeyPairSync, sign, type KeyObject } from 'node:crypto';

interface DeviceLists {
  account_key: string;
  username: string;
  lists: string[];
  newest: number;
}

/** The same answer, with every key replaced by the forger's. */
export function forgeDeviceLists(account: string, honest: DeviceLists): DeviceLists {
  const forger = generateKeyPairSync('ed25519');
  const id = Buffer.from(account, 'base64url');
  const lists: Buffer[] = [];
  for (let version = 1; version <= honest.newest; version++) {
    lists.push(
      deviceList(id, version, lists.at(-1), [certificate(id, forger.privateKey)], forger.privateKey),
    );
  }
  return {
    ...honest,
    account_key: raw(forger.publicKey).toString('base64url'),
    lists: lists.map((list) => list.toString('base64url')),
  };
}

function certificate(account: Buffer, forger: KeyObject): Buffer {
  const device = Buffer.alloc(16, 7);
  const body = Buffer.concat([
    Buffer.of(1),
    account,
    device,
    raw(generateKeyPairSync('ed25519').publicKey),
    raw(generateKeyPairSync('x25519').publicKey),
    u64(1_700_000_000_000),
  ]);
  return Buffer.concat([body, signature(forger, 'device certificate', body)]);
}

function deviceList(
  account: Buffer,
  version: number,
  before: Buffer | undefined,
  certificates: Buffer[],
  forger: KeyObject,
): Buffer {
  const hash =
    before === undefined
      ? Buffer.alloc(32)
      : createHash('sha256').update(labelled('device list hash', before)).digest();
  const body = Buffer.concat([
    Buffer.of(1),
    account,
    u64(version),
    hash,
    Buffer.of(certificates.length),
    ...certificates,
  ]);
  return Buffer.concat([body, signature(forger, 'device list', body)]);
}

function signature(secret: KeyObject, label: string, body: Buffer): Buffer {
  return sign(null, labelled(label, body), secret);
}

function labelled(label: string, content: Buffer): Buffer {
  return Buffer.concat([Buffer.from(`Sotto v1 ${label}\0`), content]);
}

function u64(value: number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64BE(BigInt(value));
  return bytes;
}

function raw(key: KeyObject): Buffer {
  return Buffer.from(key.export({ format: 'jwk' }).x ?? '', 'base64url');
}
