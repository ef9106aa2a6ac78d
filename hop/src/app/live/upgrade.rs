//! What a WebSocket's handshake agrees on, and the machine that goes on where it ends.

use http::{HeaderMap, HeaderValue, header};

use super::options::LiveOptions;
#[cfg(feature = "deflate")]
use super::options::{Compression, Overflow};
use crate::proto::ws::Ws;
#[cfg(feature = "deflate")]
use crate::wire::deflate::{self, Agreed, Wishes};
use crate::wire::offer::Offer;

/// Shorter messages are not compressed: it would not pay.
pub(crate) const DEFLATE_BYTES_MIN: usize = 64;

/// What a WebSocket's handshake has agreed on.
#[derive(Debug)]
pub(crate) struct Upgrade {
    /// The value of `Sec-WebSocket-Accept`.
    accept: String,
    #[cfg(feature = "deflate")]
    agreed: Option<Agreed>,
}

impl Upgrade {
    pub(crate) fn new(accept: String, offers: &[Offer], live: &LiveOptions) -> Upgrade {
        #[cfg(not(feature = "deflate"))]
        let _ = (offers, live);
        Upgrade {
            accept,
            #[cfg(feature = "deflate")]
            agreed: agree(offers, live),
        }
    }

    /// Adds what the handshake's answer says (RFC 6455 §4.2.2).
    pub(crate) fn write(&self, headers: &mut HeaderMap) {
        headers.insert(header::CONNECTION, HeaderValue::from_static("upgrade"));
        headers.insert(header::UPGRADE, HeaderValue::from_static("websocket"));
        insert(headers, header::SEC_WEBSOCKET_ACCEPT, &self.accept);
        #[cfg(feature = "deflate")]
        if let Some(agreed) = &self.agreed {
            insert(headers, header::SEC_WEBSOCKET_EXTENSIONS, &agreed.header());
        }
    }

    pub(crate) fn machine(&self) -> Ws {
        #[cfg(feature = "deflate")]
        if let Some(agreed) = &self.agreed {
            return Ws::with_deflate(agreed, DEFLATE_BYTES_MIN as u16);
        }
        Ws::default()
    }
}

#[cfg(feature = "deflate")]
fn agree(offers: &[Offer], live: &LiveOptions) -> Option<Agreed> {
    let dedicated = match live.compress {
        Compression::Off => return None,
        Compression::Shared => false,
        Compression::Dedicated => true,
    };
    // A message that is dropped would leave the own window and never reach the client's: later ones could refer to it.
    let server_context = dedicated && live.overflow != Overflow::DropOldest;
    deflate::agree(offers, &Wishes { server_context, client_context: dedicated, ..Wishes::default() })
}

fn insert(headers: &mut HeaderMap, name: http::HeaderName, value: &str) {
    headers.insert(name, HeaderValue::from_str(value).expect("base64 and tokens are visible ASCII"));
}
