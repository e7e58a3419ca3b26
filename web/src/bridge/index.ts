// The page's one way to the engine.
export { BridgeError, type Bridge, type CommandOf, type CommandType } from './bridge';
export { connect } from './connect';
