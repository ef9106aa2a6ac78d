//! What most routes need, for `use hop::prelude::*`.

pub use crate::{
    Body, EventHandler, FromRequest, IntoResponse, Method, Peer, Replied, Reply, Request, Responder, Response,
    ResponseHead, Route, Routes, State, StateRef, StatusCode, route, routes,
};
