// Loads the OPAQUE module and gives it the shape that `Passwords` wants.
import wasmUrl from '../generated/opaque/opaque_bg.wasm?url';
import type { PasswordModule } from './passwords';

export async function loadPasswordModule(): Promise<PasswordModule> {
  const { default: initialise, OpaqueLogin, OpaqueRegistration } = await import('../generated/opaque/opaque');
  await initialise({ module_or_path: wasmUrl });
  return {
    startRegistration(password) {
      const registration = new OpaqueRegistration(password);
      return {
        message: new Uint8Array(registration.request),
        ceremony: {
          finish(username, response) {
            const { upload, exportKey } = registration.finish(response, username);
            return { message: upload, exportKey };
          },
          abandon: () => registration.free(),
        },
      };
    },
    startLogin(password) {
      const login = new OpaqueLogin(password);
      return {
        message: new Uint8Array(login.request),
        ceremony: {
          finish(username, response) {
            const { finalization, exportKey } = login.finish(response, username);
            return { message: finalization, exportKey };
          },
          abandon: () => login.free(),
        },
      };
    },
  };
}
