//! OPAQUE for browsers, a module of its own that loads while a person types.
