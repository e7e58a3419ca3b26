// Requests to the relay.

const TIMEOUT_MS = 30_000;

interface RelayRequest {
  method: string;
  path: string;
  bearer: string | undefined;
  body: string | undefined;
}

/** Answers `null` where the relay could not be reached. Never rejects. */
export async function request(
  fetch: typeof globalThis.fetch,
  { method, path, bearer, body }: RelayRequest,
  ending: AbortSignal,
): Promise<{ status: number; body: Uint8Array<ArrayBuffer> } | null> {
  const headers = new Headers({ Accept: 'application/json' });
  if (bearer !== undefined) headers.set('Authorization', `Bearer ${bearer}`);
  if (body !== undefined) headers.set('Content-Type', 'application/json');
  try {
    const response = await fetch(path, {
      method,
      headers,
      body: body ?? null,
      cache: 'no-store',
      credentials: 'omit',
      redirect: 'error',
      referrerPolicy: 'no-referrer',
      signal: AbortSignal.any([ending, AbortSignal.timeout(TIMEOUT_MS)]),
    });
    return { status: response.status, body: new Uint8Array(await response.arrayBuffer()) };
  } catch {
    return null;
  }
}
