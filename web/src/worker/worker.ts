// The dedicated worker that holds the engine and every key. The page never does.
export {};
