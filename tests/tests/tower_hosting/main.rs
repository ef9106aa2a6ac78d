//! Connections that hyper speaks on, over real sockets: axum's and warp's own WebSockets, HTTP/2, gRPC.

#[path = "../../../examples/src/bin/tonic_greeter/greeter.rs"]
mod greeter;
mod grpc;
mod http2;
mod own_routes;
mod upgrade;
mod websocket;
