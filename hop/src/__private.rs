//! The only path that generated code may name. No stability promise.
