// The socket to the relay: at most one at a time, and a closed one is never heard of again.

export const SUBPROTOCOL = 'sotto.v1.cbor';

export interface SocketObserver {
  opened(): void;
  frame(frame: Uint8Array<ArrayBuffer>): void;
  closed(): void;
}

export class Socket {
  readonly #create: () => WebSocket;
  readonly #observer: SocketObserver;
  #current: WebSocket | undefined;

  constructor(create: () => WebSocket, observer: SocketObserver) {
    this.#create = create;
    this.#observer = observer;
  }

  open(): void {
    this.close();
    const socket = this.#create();
    socket.binaryType = 'arraybuffer';
    this.#current = socket;
    const ifCurrent = (then: () => void) => () => {
      if (this.#current === socket) then();
    };
    socket.onopen = ifCurrent(() => this.#observer.opened());
    socket.onclose = ifCurrent(() => {
      this.#current = undefined;
      this.#observer.closed();
    });
    socket.onmessage = ({ data }: MessageEvent<unknown>) => {
      if (this.#current !== socket) return;
      if (data instanceof ArrayBuffer) this.#observer.frame(new Uint8Array(data));
      // The subprotocol has binary frames alone.
      else socket.close();
    };
  }

  send(frame: Uint8Array<ArrayBuffer>): void {
    if (this.#current?.readyState === WebSocket.OPEN) this.#current.send(frame);
  }

  close(): void {
    const socket = this.#current;
    this.#current = undefined;
    socket?.close();
  }
}

/** The relay that served this script. */
export function openRelaySocket(): WebSocket {
  const url = new URL('/v1/socket', location.origin);
  url.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:';
  return new WebSocket(url, SUBPROTOCOL);
}
