//! The types that Sotto clients and relays exchange over HTTP and WebSocket.
