// Loads the engine's wasm module.
import initialise, { EngineHandle } from '../generated/engine/engine';
import wasmUrl from '../generated/engine/engine_bg.wasm?url';

export async function loadEngine(): Promise<typeof EngineHandle> {
  await initialise({ module_or_path: wasmUrl });
  return EngineHandle;
}
