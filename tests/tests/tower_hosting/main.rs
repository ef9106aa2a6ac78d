//! Connections that hyper speaks on, over real sockets: axum's and warp's own WebSockets, HTTP/2, gRPC.

mod websocket;
