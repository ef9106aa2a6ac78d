//! What the benches share: the requests, the ceilings they are measured against, a load generator, and a server process
//! that can be started, pinned and asked what it has cost.

pub mod app;
pub mod budget;
pub mod ceiling;
pub mod chart;
pub mod exchange;
pub mod fanout;
pub mod growth;
pub mod handshake;
pub mod http2;
pub mod idle;
pub mod load;
pub mod measure;
pub mod peers;
pub mod pin;
pub mod process;
pub mod report;
pub mod requests;
pub mod rounds;
pub mod stamp;
pub mod stats;
pub mod tokio_server;
pub mod websocket;
pub mod workload;
pub mod wrk;
