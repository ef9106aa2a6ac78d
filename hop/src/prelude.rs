//! What most routes need, for `use hop::prelude::*`.

#[cfg(feature = "json")]
pub use crate::Json;
pub use crate::{
    Body, CloseReason, Event, EventHandler, EventStream, EventStreamHandle, Form, FromRequest, Header, Headers, Html,
    IntoResponse, Message, MessageError, Method, Opening, Path, Peer, Query, Redirect, Replied, Reply, Request,
    Responder, Response, ResponseHead, Route, Routes, State, StateRef, StatusCode, Topics, Uri, WebSocket,
    WebSocketHandle, route, routes,
};
