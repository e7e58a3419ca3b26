import { encodeQR } from 'qr';
import { decodeQR } from 'qr/decode.js';
import { describe, expect, it } from 'vitest';
import { base64url, fromBase64url } from './ids';

describe('a QR code of bytes', () => {
  it('comes back byte for byte, whatever the bytes', () => {
    const bytes = Uint8Array.from({ length: 101 }, (_, index) => (index * 37 + 200) % 256);
    const modules = encodeQR(base64url(bytes), 'raw', {
      ecc: 'medium',
      encoding: 'byte',
      border: 3,
      textEncoder: fromBase64url,
    });
    const scale = 4;
    const size = modules.length * scale;
    const data = new Uint8ClampedArray(size * size * 4).fill(255);
    for (let y = 0; y < size; y++) {
      for (let x = 0; x < size; x++) {
        if (modules[Math.floor(y / scale)]?.[Math.floor(x / scale)] === true)
          data.fill(0, (y * size + x) * 4, (y * size + x) * 4 + 3);
      }
    }
    const read = decodeQR({ width: size, height: size, data }, { textDecoder: base64url });
    expect(fromBase64url(read)).toEqual(bytes);
  });
});
