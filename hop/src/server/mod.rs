//! Threads, sockets and clocks: the shell around the engine. This layer knows no protocol.
