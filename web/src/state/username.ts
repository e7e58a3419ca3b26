// The rules of user names, judged while one types; the relay and the engine judge again. PROTOCOL: user names.
import type { Problem } from '../generated/api';

/** The first rule that the name breaks. Whether it is reserved or taken only the relay knows. */
export function usernameProblem(name: string): Problem | null {
  const length = Array.from(name).length;
  if (length > 32) return { code: 'username_too_long' };
  if (!/^[A-Za-z0-9._-]*$/.test(name) || (length > 0 && !/^[A-Za-z]/.test(name)))
    return { code: 'username_characters' };
  if (length < 3) return { code: 'username_too_short' };
  if (!/[A-Za-z0-9]$/.test(name)) return { code: 'username_characters' };
  return null;
}
