//! What most routes need, for `use hop::prelude::*`.

#[cfg(feature = "json")]
pub use crate::Json;
pub use crate::{
    Body, EventHandler, Form, FromRequest, Header, Headers, Html, IntoResponse, Method, Path, Peer, Query, Redirect,
    Replied, Reply, Request, Responder, Response, ResponseHead, Route, Routes, State, StateRef, StatusCode, Uri, route,
    routes,
};
