// A real relay for a test: the server's binary on a port of its own, with a temporary data folder. It can be killed and come back.
import { spawn, type ChildProcess } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const START_MS = 20_000;

export class Relay {
  readonly url: string;
  readonly data: string;
  readonly #port: number;
  #process: ChildProcess | undefined;
  #log = '';

  private constructor(port: number) {
    this.#port = port;
    // Secure contexts are https and localhost.
    this.url = `http://localhost:${port}`;
    this.data = mkdtempSync(join(tmpdir(), 'sotto-e2e-'));
  }

  static async start(): Promise<Relay> {
    const relay = new Relay(await freePort());
    await relay.start();
    return relay;
  }

  async start(): Promise<void> {
    const child = spawn(
      binary(),
      ['serve', '--listen', `127.0.0.1:${this.#port}`, '--data', this.data, '--limits-factor', '1000'],
      { stdio: ['ignore', 'pipe', 'pipe'] },
    );
    this.#process = child;
    const keep = (chunk: Buffer) => (this.#log += chunk.toString());
    child.stdout.on('data', keep);
    child.stderr.on('data', keep);
    const deadline = Date.now() + START_MS;
    while (!(await this.#isHealthy())) {
      if (child.exitCode !== null || Date.now() > deadline)
        throw new Error(`the relay doesn't start:\n${this.#log}`);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }

  /** Ends it as a power cut would. */
  async kill(): Promise<void> {
    const child = this.#process;
    this.#process = undefined;
    if (child === undefined || child.exitCode !== null) return;
    const exited = new Promise((resolve) => child.once('exit', resolve));
    child.kill('SIGKILL');
    await exited;
  }

  async stop(): Promise<void> {
    await this.kill();
    rmSync(this.data, { recursive: true, force: true });
  }

  get log(): string {
    return this.#log;
  }

  /** Every byte that the relay keeps, the write-ahead log included, and all that it has logged. */
  everythingKept(): Buffer {
    const files = readdirSync(this.data, { recursive: true, withFileTypes: true }).filter((entry) =>
      entry.isFile(),
    );
    return Buffer.concat([
      ...files.map((file) => readFileSync(join(file.parentPath, file.name))),
      Buffer.from(this.#log),
    ]);
  }

  async #isHealthy(): Promise<boolean> {
    try {
      return (await fetch(`http://127.0.0.1:${this.#port}/ready`)).ok;
    } catch {
      return false;
    }
  }
}

function binary(): string {
  const candidates = ['release', 'debug'].map((profile) =>
    join(import.meta.dirname, '../../../target', profile, 'sotto'),
  );
  const found = process.env['SOTTO_BINARY'] ?? candidates.find((path) => existsSync(path));
  if (found === undefined) throw new Error('There is no server to test: cargo build -p sotto-server');
  return found;
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      const port = typeof address === 'object' && address !== null ? address.port : 0;
      server.close(() => resolve(port));
    });
  });
}
