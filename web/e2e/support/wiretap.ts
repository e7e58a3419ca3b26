// Listens between browsers and relay, and keeps every byte, with the masks of WebSocket frames (RFC 6455) taken off.
import { createServer, connect, type AddressInfo, type Server, type Socket } from 'node:net';

export class Wiretap {
  readonly #server: Server;
  readonly #heard: Buffer[] = [];
  readonly #sockets = new Set<Socket>();

  private constructor(relay: URL) {
    this.#server = createServer((browser) => {
      const upstream = connect(Number(relay.port), '127.0.0.1');
      const unmask = new Unmasker((bytes) => this.#heard.push(bytes));
      for (const socket of [browser, upstream]) {
        this.#sockets.add(socket);
        socket.on('error', () => socket.destroy());
        socket.on('close', () => {
          browser.destroy();
          upstream.destroy();
        });
      }
      browser.on('data', (bytes: Buffer) => {
        unmask.take(bytes);
        upstream.write(bytes);
      });
      upstream.on('data', (bytes: Buffer) => {
        this.#heard.push(bytes);
        browser.write(bytes);
      });
    });
  }

  static async before(relay: string): Promise<Wiretap> {
    const tap = new Wiretap(new URL(relay));
    await new Promise<void>((resolve) => tap.#server.listen(0, '127.0.0.1', resolve));
    return tap;
  }

  get url(): string {
    return `http://localhost:${(this.#server.address() as AddressInfo).port}`;
  }

  /** Everything that went over the wire, in either direction. */
  everythingHeard(): Buffer {
    return Buffer.concat(this.#heard);
  }

  async stop(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}

/** Passes HTTP on as it is; once a connection has become a WebSocket, takes the masks off its frames. */
class Unmasker {
  readonly #emit: (bytes: Buffer) => void;
  #rest = Buffer.alloc(0);
  #isSocket = false;

  constructor(emit: (bytes: Buffer) => void) {
    this.#emit = emit;
  }

  take(bytes: Buffer): void {
    if (!this.#isSocket) {
      this.#emit(bytes);
      this.#isSocket = /upgrade: websocket/i.test(bytes.toString('latin1'));
      return;
    }
    this.#rest = Buffer.concat([this.#rest, bytes]);
    for (let frame = this.#frame(); frame !== undefined; frame = this.#frame()) this.#emit(frame);
  }

  #frame(): Buffer | undefined {
    const buffer = this.#rest;
    if (buffer.length < 2) return undefined;
    const short = buffer.readUInt8(1) & 0x7f;
    const extended = short === 126 ? 2 : short === 127 ? 8 : 0;
    const start = 2 + extended + 4;
    if (buffer.length < start) return undefined;
    const length =
      extended === 2 ? buffer.readUInt16BE(2) : extended === 8 ? Number(buffer.readBigUInt64BE(2)) : short;
    if (buffer.length < start + length) return undefined;
    const mask = buffer.subarray(start - 4, start);
    this.#rest = buffer.subarray(start + length);
    return Buffer.from(buffer.subarray(start, start + length).map((byte, at) => byte ^ (mask[at & 3] ?? 0)));
  }
}
