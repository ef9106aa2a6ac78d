//! The `#[route]` attribute and `routes![…]`: parse, check every rule, expand; on an error, say what was expected and keep the item.
//!
//! Use them through the `hop` crate, which re-exports both.
mod args;
mod bound;
mod call;
mod callback;
mod check;
mod check_extracted;
mod conn;
mod errors;
mod expand;
mod extract;
mod fallback;
mod item;
mod lifetimes;
mod live;
mod names;
mod options;
mod path;
mod routes;
#[cfg(test)]
mod tests;
mod types;
mod units;

use proc_macro2::TokenStream;

use crate::errors::Errors;
use crate::item::Item;

/// Makes a function, or a type with callbacks, answer the requests of one path.
///
/// ```
/// use hop::prelude::*;
///
/// #[route("/hello/{name}")]
/// fn hello(Path(name): Path<&str>) -> String {
///     format!("Hello, {name}!")
/// }
///
/// let app = routes![hello];
/// ```
///
/// A route does nothing until it is registered by [`routes!`] or `Routes::add`. Whether two routes contradict each other, and whether
/// every state that they want is there, is checked when the app is built.
///
/// # The attribute
///
/// | argument | meaning | without it |
/// |---|---|---|
/// | `"/path/{name}"` | the path, see below | an error |
/// | `GET`, `POST`, … | the methods, any number of GET, HEAD, POST, PUT, DELETE, OPTIONS, TRACE and PATCH | `GET` |
/// | `ANY` | all methods, unknown ones too | `GET` |
/// | `limit = "64KB"` | the longest request body in bytes; a longer one is answered 413. Units: B, KB, MB, GB (powers of 1,000), KiB, MiB, GiB (powers of 1,024) | the limit of the app |
/// | `timeout = "5s"` | the longest time that the answer may take; then 503. It begins anew when a part of a streamed body has come. Units: ms, s, m, h | none |
/// | `blocking` | runs the function on the blocking pool, where it may block | runs on the worker, where it must not |
/// | `every`, `idle`, … | what holds for WebSockets and event streams, see below | |
///
/// A GET route answers HEAD as well. Several routes may share a path, one for each method:
///
/// ```
/// # use hop::prelude::*;
/// #[route("/items")]
/// fn list() -> &'static str {
///     "all items"
/// }
///
/// #[route(POST, PUT, "/items", limit = "64KB", timeout = "5s")]
/// fn store(item: String) -> StatusCode {
///     if item.is_empty() { StatusCode::BAD_REQUEST } else { StatusCode::CREATED }
/// }
///
/// let app = routes![list, store];
/// ```
///
/// # Paths
///
/// A path starts with `/` and is matched byte by byte, segment by segment, without its query.
///
/// * `{name}` matches one segment, which is not empty, or the part of it that the text around it leaves: `/img-{id}.png`.
///   At most one in a segment. Names are identifiers, and each is used once.
/// * `{*rest}` matches all that is left, slashes included, and at least one byte. It stands alone in the last segment.
/// * `{{` and `}}` are literal braces. Anything that cannot stand in a request line is written percent-encoded: `/caf%C3%A9`.
///
/// `Path<T>` takes the parameters: one value, a tuple of all of them in order, or a struct by their names. Where the number can be seen
/// it must agree. Parameters of a prefix below which the route is nested do not count; a struct can name them, too.
///
/// Text wins over `{name}`, and `{name}` over `{*rest}`; the order of registration never matters.
///
/// # Arguments and answers
///
/// Each argument is extracted from the request by its type (`FromRequest`), in order. The first one that fails answers with its
/// rejection, and the function is not called. These are treated in a special way:
///
/// * `&Request<'_>` is the request itself.
/// * `Responder` makes the answer come later; see below.
///
/// The return type is anything that can be an answer (`IntoResponse`); none at all is an empty 200. Arguments may borrow from the
/// request (`&str`, `&[u8]`, `Path<&str>`), and so may the answer.
///
/// # The forms of a function
///
/// A plain function answers at once, on the worker of its connection. It must not block: all connections of the worker wait for it.
///
/// With `blocking` it is extracted and run on the bounded blocking pool; 503 when that is full:
///
/// ```
/// # use hop::prelude::*;
/// #[route("/report/{year}", blocking)]
/// fn report(Path(year): Path<u32>) -> Result<String, StatusCode> {
///     std::fs::read_to_string(format!("report-{year}.txt")).map_err(|_| StatusCode::NOT_FOUND)
/// }
/// # let app = routes![report];
/// ```
///
/// An `async fn` is a future on its worker, without any runtime. It outlives the callback, so its arguments must be owned:
///
/// ```
/// # use hop::prelude::*;
/// #[route("/slow/{*rest}")]
/// async fn slow(Path(rest): Path<String>) -> String {
///     std::future::ready(rest).await
/// }
/// # let app = routes![slow];
/// ```
///
/// A function with a `Responder` returns nothing. The answer is sent through it later, from any thread; dropped unused, it answers 500:
///
/// ```
/// # use hop::prelude::*;
/// #[route("/wait")]
/// fn wait(out: Responder) {
///     std::thread::spawn(move || out.send("waited"));
/// }
/// # let app = routes![wait];
/// ```
///
/// # On an `impl` block
///
/// A value with state of its own is a route too. One value serves all connections of all workers, by `&self`:
///
/// ```
/// use std::sync::atomic::{AtomicU64, Ordering};
///
/// use hop::prelude::*;
///
/// struct Counter {
///     seen: AtomicU64,
/// }
///
/// #[route("/count/{step}")]
/// impl Counter {
///     fn on_request(&self, Path(step): Path<u64>) -> String {
///         self.count(step).to_string()
///     }
///
///     fn count(&self, step: u64) -> u64 {
///         self.seen.fetch_add(step, Ordering::Relaxed) + step
///     }
/// }
///
/// let app = routes![Counter { seen: AtomicU64::new(0) }];
/// ```
///
/// `on_request` takes all the forms of a function; in an `async fn` and with `blocking`, `&self` is kept alive by an `Arc` that hop
/// holds. Names that start with `on_` are reserved for callbacks, all other methods are your own. The block may have generics.
///
/// # WebSockets
///
/// A function that takes `&mut WebSocket<'_>` is called for each message:
///
/// ```
/// # use hop::prelude::*;
/// #[route("/echo")]
/// fn echo(ws: &mut WebSocket<'_>, message: Message<'_>) {
///     ws.send(message);
/// }
///
/// #[route("/rooms/{room}", max_message = "16KB")]
/// fn rooms(ws: &mut WebSocket<'_>, text: &str, Path(room): Path<String>, State(motto): State<&'static str>) {
///     ws.send(format!("{motto}: {room} says {text}"));
/// }
/// # let app = routes![echo, rooms];
/// ```
///
/// The message is `Message`, `&str` (a binary one closes with 1003), `&[u8]` (of either kind), `String`, `Bytes`, `Json<T>` (what does
/// not fit closes with 1007) or anything else that is `FromMessage`; it may be left out. Of extractors a function takes only `State`
/// and `Path`, both owned: they are taken when the connection opens, kept with it, and cloned for each call. A function returns nothing.
///
/// A WebSocket, an event stream, `State` and `Path` are told by the last name of their type as written: an import must not rename them.
///
/// # Event streams
///
/// A function with `every` is called when an event stream opens and then again and again; what it returns is sent. It returns `Event`,
/// `String` or `&'static str`, or an `Option` of them; or it takes `&mut EventStream<'_>` and returns nothing. It extracts what a
/// WebSocket's function does.
///
/// ```
/// # use hop::prelude::*;
/// #[route("/clock", every = "1s")]
/// fn clock() -> Event {
///     Event::data(format!("{:?}", std::time::SystemTime::now())).event("time")
/// }
///
/// #[route("/from/{number}", every = "250ms", keep_alive = "5s")]
/// fn from(stream: &mut EventStream<'_>, Path(number): Path<u32>) {
///     stream.send(number.to_string());
/// }
/// # let app = routes![clock, from];
/// ```
///
/// # All callbacks
///
/// An `impl` block has a method for whatever happens on a connection. `type Conn = T;` names what is kept for each one, WebSocket and
/// event stream alike; without it, that is `()`.
///
/// ```
/// # use hop::prelude::*;
/// struct Chat;
///
/// struct Member {
///     room: String,
/// }
///
/// #[route("/chat/{room}", idle = "60s", max_message = "16KB", queue = "256KB", overflow = close)]
/// impl Chat {
///     type Conn = Member;
///
///     fn on_request(&self) -> &'static str {
///         "come with a WebSocket"
///     }
///
///     fn on_ws_open(&self, ws: &mut WebSocket<'_>, Path(room): Path<String>) -> Result<Member, StatusCode> {
///         if room == "secret" {
///             return Err(StatusCode::FORBIDDEN);
///         }
///         ws.subscribe(&room);
///         Ok(Member { room })
///     }
///
///     fn on_ws_message(&self, ws: &mut WebSocket<'_>, me: &mut Member, text: &str) {
///         ws.publish(&me.room, text);
///     }
///
///     fn on_ws_close(&self, me: Member, why: CloseReason) {
///         println!("somebody left {}: {why}", me.room);
///     }
/// }
/// # let app = routes![Chat];
/// ```
///
/// | callback | is called | takes, after `&self` |
/// |---|---|---|
/// | `on_request` | for a plain request | what a function takes |
/// | `on_ws_open`, `on_sse_open` | when a client asks for a connection | the connection, extractors |
/// | `on_ws_message` | for each message | the connection, its state, a message as above |
/// | `on_ws_pong` | for each pong | the connection, its state, `&[u8]` |
/// | `on_ws_error` | before a message that does not fit closes | the connection, its state, `&MessageError` |
/// | `on_ws_tick`, `on_sse_tick` | once in `every`; for event streams also at the open | the connection, its state |
/// | `on_ws_drain`, `on_sse_drain` | when all that had to wait has left | the connection, its state |
/// | `on_ws_close`, `on_sse_close` | once for each open | the state by value, `CloseReason` |
///
/// The connection is `&mut WebSocket<'_>` or `&mut EventStream<'_>`. Its state is `&mut T`, or `&T`, with `T` written as after `type
/// Conn`, or as `Self::Conn`. Arguments stand in any order, and each may be left out. Only `on_request` and the opens return anything.
///
/// `Upgrade: websocket` is for the `on_ws_…` callbacks, `Accept: text/event-stream` for `on_sse_…`; everything else is for
/// `on_request`. A WebSocket is opened by GET. An open that is not written accepts everybody, with the default of `Conn`.
///
/// # Opening
///
/// `on_ws_open` and `on_sse_open` return the state, or `Result` of the state and the answer that refuses; or nothing, where the state has
/// a default. They decide in one of four ways:
///
/// * At once, with `&mut WebSocket<'_>` or `&mut EventStream<'_>`. Extractors may borrow.
/// * As an `async fn` with `&mut Opening<Conn>`. Extractors are owned.
/// * On the blocking pool with `&mut Opening<Conn>`, where the attribute says `blocking`; that goes for `on_request` too.
/// * Later: a plain function takes `Opening<Conn>` by value and returns nothing; somebody accepts or refuses, from any thread.
///
/// ```
/// # use hop::prelude::*;
/// struct Slow;
///
/// #[route("/slow/{room}")]
/// impl Slow {
///     type Conn = String;
///
///     async fn on_ws_open(&self, opening: &mut Opening<String>, Path(room): Path<String>) -> Result<String, Response> {
///         opening.subscribe(&room);
///         std::future::ready(Ok(room)).await
///     }
///
///     fn on_sse_open(&self, opening: Opening<String>, Path(room): Path<String>) {
///         std::thread::spawn(move || opening.accept(room));
///     }
/// }
/// # let app = routes![Slow];
/// ```
///
/// # Keys of WebSockets and event streams
///
/// | argument | meaning | without it |
/// |---|---|---|
/// | `every = "1s"` | how often `on_ws_tick` and `on_sse_tick` are called | an error, if there is one of them |
/// | `idle = "60s"` | a WebSocket that is silent for so long is closed with 1001 | 75 s |
/// | `ping = "20s"` | a WebSocket that is silent for so long is sent a ping | 30 s, at most half of `idle` |
/// | `keep_alive = "15s"` | an event stream on which nothing was sent for so long is sent a comment | 15 s |
/// | `max_message = "16KB"` | the longest message; a longer one closes with 1009 | 1 MiB |
/// | `queue = "256KB"` | how much may wait for a client | 1 MiB |
/// | `overflow = close` | what happens beyond that: `close`, `drop_newest` or `drop_oldest` | `close` |
/// | `origin = same` | which pages may open a WebSocket: `same`, `any`, an origin in quotes, or several in brackets | `same` |
/// | `compress = shared` | how messages are compressed: `shared`, `dedicated` (with `drop_oldest` the client's only) or `off` | `shared` |
///
/// What `Routes::live` says holds where a key is not given.
///
/// # What becomes of it
///
/// The item stays as it is: a function can be called and tested, `self.on_request(…)` is still your method. Beside a function stands a
/// hidden struct of the same name, in the namespace of types, which implements `EventHandler` and `Route`: that is what `routes![hello]`
/// registers, and `hello {}` is its value. So a module cannot hold a type or another module of the same name, and a crate of that name is
/// hidden there: beside `fn log()` one writes `::log::info!`. A type has one `#[route]`.
///
/// # Errors
///
/// Whatever is wrong is one compile error under your own token, and all that is wrong in a route is reported together: a bad path, an
/// unknown method, key or unit, parameters and `Path` that do not agree in number, `Body` beside another extractor of the body, a borrowed
/// argument of an `async fn`, a callback of the wrong shape or with an unknown name, a key that does not fit the route, an argument that
/// cannot be extracted, an answer that is none.
#[proc_macro_attribute]
pub fn route(args: proc_macro::TokenStream, item: proc_macro::TokenStream) -> proc_macro::TokenStream {
    expand_route(args.into(), item.into()).into()
}

/// Collects routes: `routes![hello, items::list, Chat::new()]` is a `Routes`.
///
/// * A bare path names a function with [`#[route]`](macro@route), or a type without fields that has one.
/// * Anything else is an expression whose value is a route. A variable is put in parentheses, so that it is no bare path.
///
/// The order never matters. A trailing comma is allowed, and so is an empty list.
///
/// ```
/// use hop::prelude::*;
///
/// mod items {
///     use hop::prelude::*;
///
///     #[route("/items")]
///     pub fn list() -> &'static str {
///         "all items"
///     }
/// }
///
/// struct Greeting(&'static str);
///
/// #[route("/greeting")]
/// impl Greeting {
///     fn on_request(&self) -> &'static str {
///         self.0
///     }
/// }
///
/// struct Health;
///
/// #[route("/health")]
/// impl Health {
///     fn on_request(&self) {}
/// }
///
/// let later = items::list {};
/// let api: Routes = routes![(later), Health, Greeting("hello")];
/// let app = routes![].nest("/api", api);
/// ```
///
/// # Errors
///
/// An entry that is no route is a compile error under that entry. A route that is never registered is dead code, as rustc will say.
#[proc_macro]
pub fn routes(entries: proc_macro::TokenStream) -> proc_macro::TokenStream {
    routes::expand(entries.into()).into()
}

/// Parse, check, expand; what is wrong with the arguments and with the item is reported together.
fn expand_route(args: TokenStream, tokens: TokenStream) -> TokenStream {
    let mut errors = Errors::default();
    let args = args::read(args, &mut errors);
    let item = match syn::parse2::<Item>(tokens.clone()) {
        Ok(item) => item,
        Err(error) => return fallback::unread(&tokens, &errors.and(error)),
    };
    match &item {
        Item::Function(function) => check::function(function, &args, &mut errors),
        Item::Block(block) => check::block(block, &args, &mut errors),
    }
    match (errors.into_error(), &item) {
        (Some(error), _) => fallback::refused(&item, &error),
        (None, Item::Function(function)) => expand::function(&args, function),
        (None, Item::Block(block)) => expand::block(&args, block),
    }
}
