//! Which kinds of requests a route is for.
use proc_macro2::TokenStream;
use quote::quote;

use crate::args::Args;
use crate::callback::{Callback, Side};
use crate::item::{Argument, Block, Method};
use crate::types;

/// Which kinds of callbacks a route has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Kinds {
    pub(crate) request: bool,
    pub(crate) socket: bool,
    pub(crate) stream: bool,
}

/// The one callback that a function is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    /// `on_request`.
    Request,
    /// `on_ws_message`: it takes a WebSocket.
    Message,
    /// `on_sse_tick`: its attribute says `every`.
    Tick,
}

impl Form {
    pub(crate) fn of(function: &Method, args: &Args) -> Form {
        let mut connections = function.arguments().filter_map(|argument| match argument {
            Argument::Connection(ty) => Some(ty),
            _ => None,
        });
        match () {
            () if connections.any(|ty| types::is_or_lends(ty, Side::Socket.port())) => Form::Message,
            () if args.every().is_some() => Form::Tick,
            () => Form::Request,
        }
    }
}

impl Kinds {
    pub(crate) fn of_function(form: Form) -> Kinds {
        let none = Kinds::default();
        match form {
            Form::Request => Kinds { request: true, ..none },
            Form::Message => Kinds { socket: true, ..none },
            Form::Tick => Kinds { stream: true, ..none },
        }
    }

    pub(crate) fn of_block(block: &Block) -> Kinds {
        let mut kinds = Kinds::default();
        for (callback, _) in block.callbacks() {
            match callback.side() {
                None => kinds.request = true,
                Some(Side::Socket) => kinds.socket = true,
                Some(Side::Stream) => kinds.stream = true,
            }
        }
        kinds
    }

    /// Whether the route opens connections of this kind.
    pub(crate) fn has(self, side: Side) -> bool {
        match side {
            Side::Socket => self.socket,
            Side::Stream => self.stream,
        }
    }

    /// The constant that tells hop of them. A route without any is refused, so there is a first one.
    pub(crate) fn constant(self) -> TokenStream {
        let all = [
            (self.request, quote!(__hop::Callbacks::REQUEST)),
            (self.socket, quote!(__hop::Callbacks::WEB_SOCKET)),
            (self.stream, quote!(__hop::Callbacks::EVENT_STREAM)),
        ];
        let mut present = all.into_iter().filter(|(is_there, _)| *is_there).map(|(_, constant)| constant);
        let first = present.next().unwrap_or_else(|| quote!(__hop::Callbacks::REQUEST));
        quote!(#first #(.and(#present))*)
    }
}

/// Whether one of the block's callbacks is called again and again.
pub(crate) fn ticks(block: &Block) -> bool {
    block.callbacks().any(|(callback, _)| matches!(callback, Callback::Tick(_)))
}
