//! The app layer through its own front door: routes in, answers out, by the client without sockets.

mod answers;
mod building;
mod composing;
mod extracting;
mod hooks;
#[cfg(feature = "json")]
mod json;
mod routing;

use crate::handler;
use crate::prelude::*;
use crate::testing;

/// A handler that answers with a fixed text.
fn says(text: &'static str) -> impl EventHandler {
    handler(move |_, reply| reply.send(text))
}

/// A handler that answers with the path's parameters, as `name=value;`.
fn tells_params() -> impl EventHandler {
    handler(|request, reply| {
        let params: String = request.params().map(|(name, value)| format!("{name}={value};")).collect();
        reply.send(params)
    })
}

fn serve(routes: Routes) -> testing::App {
    testing::App::new(routes)
}

/// What a GET is answered, as text.
#[track_caller]
fn get(app: &testing::App, target: &str) -> String {
    app.get(target).expect(200).text().to_owned()
}
