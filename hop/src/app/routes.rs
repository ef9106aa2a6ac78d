//! A collection of routes, on its way to become an app.

use std::any::{Any, TypeId, type_name};
use std::fmt;
use std::sync::Arc;

use super::erased::{AnyHandler, erased};
use super::handler::EventHandler;
use super::hooks::{After, Before};
use super::limits::{Limits, Timeouts};
use super::live::hub::Backplane;
use super::live::options::LiveOptions;
use super::location::Location;
use super::needs::Needs;
use super::request::Request;
use super::response::{Response, ResponseHead};
use super::router::HostHttp2;
use super::spec::{Methods, Route, Spec};

/// A collection of routes, with what they share: state, hooks, limits, a fallback. The order in which things are said never matters.
///
/// * **Routes**: [`add`](Routes::add) takes what `#[route]` made, and `routes![a, b]` does so for many; [`route`](Routes::route) takes
///   any handler.
/// * **Composition**: [`nest`](Routes::nest) below a prefix, [`group`](Routes::group) beside each other, [`merge`](Routes::merge) into one.
/// * **Shared**: [`state`](Routes::state), [`before`](Routes::before), [`after`](Routes::after), [`fallback`](Routes::fallback),
///   [`limits`](Routes::limits), [`timeouts`](Routes::timeouts).
/// * [`build`](Routes::build) makes the [`App`](crate::App), or tells everything that is wrong.
///
/// A path has one table of methods: a wrong one is answered 405 with `Allow`, HEAD is answered by the GET route, and OPTIONS by itself.
/// (Where a tower service lies above the path, wrong methods and OPTIONS reach that, unless the path has `before` hooks which the service
/// has not.)
/// Text wins over a parameter and a parameter over `{*rest}`. `OPTIONS *` and CONNECT reach the fallback.
///
/// ```
/// use hop::{Path, Routes, StatusCode, route, routes};
///
/// #[route("/items/{id}")]
/// fn item(Path(id): Path<u32>) -> String {
///     format!("item {id}")
/// }
///
/// let admin = routes![item].before(|request| match request.header("authorization") {
///     Some(_) => None,
///     None => Some(StatusCode::UNAUTHORIZED.into()),
/// });
/// let app = routes![item].nest("/admin", admin).build().unwrap();
/// ```
#[derive(Default)]
#[must_use = "routes do nothing until they are served"]
pub struct Routes {
    pub(crate) own: Own,
    pub(crate) entries: Vec<Entry>,
    pub(crate) groups: Vec<Group>,
}

/// What the routes of one collection share.
#[derive(Default)]
pub(crate) struct Own {
    pub(crate) states: Vec<StateEntry>,
    pub(crate) before: Vec<Before>,
    pub(crate) after: Vec<After>,
    pub(crate) fallbacks: Vec<Fallback>,
    pub(crate) limits: Vec<Change<Limits>>,
    pub(crate) timeouts: Vec<Change<Timeouts>>,
    pub(crate) live: Vec<Change<LiveOptions>>,
    /// How many publications topics retain.
    pub(crate) retained: Vec<(String, usize)>,
    pub(crate) backplane: Option<Box<dyn Backplane>>,
    /// Who speaks HTTP/2, if somebody does: the last one counts, for the whole app.
    pub(crate) http2: Option<HostHttp2>,
}

pub(crate) struct StateEntry {
    pub(crate) id: TypeId,
    pub(crate) name: &'static str,
    pub(crate) value: Arc<dyn Any + Send + Sync>,
    pub(crate) at: Location,
}

pub(crate) struct Fallback {
    pub(crate) handler: Box<dyn AnyHandler>,
    /// Of a fallback that is a route.
    pub(crate) spec: Option<Spec>,
    pub(crate) at: Location,
}

/// A change of some numbers, and where it was asked for.
pub(crate) struct Change<T> {
    pub(crate) change: Box<dyn FnOnce(&mut T) + Send>,
    pub(crate) at: Location,
}

/// One handler and where it belongs.
pub(crate) struct Entry {
    pub(crate) handler: Box<dyn AnyHandler>,
    pub(crate) pattern: String,
    pub(crate) methods: Methods,
    /// Of `#[route]`; a handler that came by [`Routes::route`] has none.
    pub(crate) spec: Option<Spec>,
    /// The handler's type, for people.
    pub(crate) name: &'static str,
    /// Where it was registered.
    pub(crate) at: Location,
    /// Of a directory: what answers at its root, with the slash and without, where no other route does.
    pub(crate) root: Option<Box<dyn AnyHandler>>,
    /// What is known to be wrong with it.
    pub(crate) fault: Option<String>,
}

pub(crate) struct Group {
    pub(crate) prefix: String,
    pub(crate) routes: Routes,
    pub(crate) at: Location,
}

impl Routes {
    /// No routes.
    pub fn new() -> Self {
        Routes::default()
    }

    /// Adds what `#[route]` made. `routes![…]` calls it for each of its entries.
    #[track_caller]
    #[allow(clippy::should_implement_trait, reason = "routes are not numbers, and users read `.add(route)` as a list")]
    pub fn add<R: Route>(mut self, route: R) -> Self {
        let spec = route.spec();
        let entry = Entry::new(spec.pattern.to_owned(), spec.methods(), route);
        self.entries.push(Entry { spec: Some(spec), ..entry });
        self
    }

    /// Adds any handler. Its request comes with the body whole.
    ///
    /// ```
    /// use hop::{Method, Routes, handler};
    ///
    /// let ping = handler(|request, reply| reply.send(format!("pong {}", request.path())));
    /// let app = Routes::new().route("/ping", [Method::GET, Method::POST], ping).build().unwrap();
    /// ```
    #[track_caller]
    pub fn route<H: EventHandler>(
        mut self,
        pattern: impl Into<String>,
        methods: impl Into<Methods>,
        handler: H,
    ) -> Self {
        self.entries.push(Entry::new(pattern.into(), methods.into(), handler));
        self
    }

    /// Adds routes below a prefix. They keep what they share to themselves, and inherit what this collection shares.
    ///
    /// The prefix may have parameters, but no `{*rest}`. A route `/` of `routes` answers at the prefix itself.
    /// `request.path()` stays the whole path.
    #[track_caller]
    pub fn nest(mut self, prefix: impl Into<String>, routes: Routes) -> Self {
        self.groups.push(Group { prefix: prefix.into(), routes, at: Location::caller() });
        self
    }

    /// Adds routes that keep what they share (state, hooks, limits, fallback) to themselves, and inherit what this collection shares.
    /// A group of one route gives that route hooks of its own.
    #[track_caller]
    pub fn group(self, routes: Routes) -> Self {
        self.nest("", routes)
    }

    /// Takes over all that was said to `routes`, as if it had been said to this collection.
    pub fn merge(mut self, routes: Routes) -> Self {
        let Own { states, before, after, fallbacks, limits, timeouts, live, retained, backplane, http2 } = routes.own;
        self.own.states.extend(states);
        self.own.before.extend(before);
        self.own.after.extend(after);
        self.own.fallbacks.extend(fallbacks);
        self.own.limits.extend(limits);
        self.own.timeouts.extend(timeouts);
        self.own.live.extend(live);
        self.own.retained.extend(retained);
        self.own.backplane = backplane.or(self.own.backplane);
        self.own.http2 = http2.or(self.own.http2);
        self.entries.extend(routes.entries);
        self.groups.extend(routes.groups);
        self
    }

    /// Gives the routes a state, which [`State`](crate::State) and [`Request::state`] find by its type. One of each type;
    /// a group's own one hides that of the collection around it.
    #[track_caller]
    pub fn state<T: Any + Send + Sync>(mut self, state: T) -> Self {
        let (id, name) = (TypeId::of::<T>(), type_name::<T>());
        self.own.states.push(StateEntry { id, name, value: Arc::new(state), at: Location::caller() });
        self
    }

    /// Runs `hook` when a request's head is complete, before its body is read. An answer from it ends the matter: this is where
    /// authentication refuses. Hooks run in the order in which they were given, those of the collection around a group before the group's.
    /// They run for the fallback and for wrong methods, too; below the prefix of a [nested](Routes::nest) collection that has no fallback of its
    /// own, what no route matches is a matter of the fallback around it, and of the hooks there.
    pub fn before(mut self, hook: impl Fn(&Request<'_>) -> Option<Response> + Send + Sync + 'static) -> Self {
        self.own.before.push(Arc::new(hook));
        self
    }

    /// Runs `hook` before the head of an answer is written: for rejections, deferred answers, panics, fallbacks, wrong methods and declared
    /// bodies that are too large, too. It may change the head. Hooks run in the order in which they were given, those of a group before
    /// those of the collection around it.
    ///
    /// No hook sees what is answered to a request that cannot be read: a malformed head, body or percent-encoding of a parameter (400), a
    /// head that is too long (431), one or a body that is too slow (408), a body that turns out too large while it comes (413), what HTTP
    /// has and hop has not (501, 505). Nor do a group's hooks see a 404 for what none of its routes matches, unless it has a fallback of
    /// its own.
    pub fn after(mut self, hook: impl Fn(&mut ResponseHead, &Request<'_>) + Send + Sync + 'static) -> Self {
        self.own.after.push(Arc::new(hook));
        self
    }

    /// Answers what no route matches: in a nested collection, only below its prefix. Without one, 404.
    #[track_caller]
    pub fn fallback(mut self, handler: impl EventHandler) -> Self {
        self.own.fallbacks.push(Fallback { handler: erased(handler), spec: None, at: Location::caller() });
        self
    }

    /// Answers what no route matches with a route, whose own path and methods do not count: it has no path parameters.
    ///
    /// ```
    /// use hop::{Html, StatusCode, route, routes};
    ///
    /// #[route("/")]
    /// fn lost() -> (StatusCode, Html<&'static str>) {
    ///     (StatusCode::NOT_FOUND, Html("<h1>Lost?</h1>"))
    /// }
    ///
    /// let app = routes![].fallback_route(lost {}).build().unwrap();
    /// ```
    #[track_caller]
    pub fn fallback_route(mut self, route: impl Route) -> Self {
        let spec = Some(route.spec());
        self.own.fallbacks.push(Fallback { handler: erased(route), spec, at: Location::caller() });
        self
    }

    /// Changes limits. In a group only [`Limits::body_bytes`] can be changed, because the others hold before the route is known.
    ///
    /// ```
    /// let routes = hop::Routes::new().limits(|limits| limits.body_bytes = 10 << 20);
    /// ```
    #[track_caller]
    pub fn limits(mut self, change: impl FnOnce(&mut Limits) + Send + 'static) -> Self {
        self.own.limits.push(Change { change: Box::new(change), at: Location::caller() });
        self
    }

    /// Changes timeouts: those of the whole app, so it is an error in a group.
    #[track_caller]
    pub fn timeouts(mut self, change: impl FnOnce(&mut Timeouts) + Send + 'static) -> Self {
        self.own.timeouts.push(Change { change: Box::new(change), at: Location::caller() });
        self
    }

    /// Changes what holds for WebSockets and event streams, where a route's attribute does not say otherwise.
    ///
    /// ```
    /// let routes = hop::Routes::new().live(|live| live.message_bytes = 64 << 10);
    /// ```
    #[track_caller]
    pub fn live(mut self, change: impl FnOnce(&mut LiveOptions) + Send + 'static) -> Self {
        self.own.live.push(Change { change: Box::new(change), at: Location::caller() });
        self
    }

    /// Makes a topic retain its last `count` publications, for clients that come back:
    /// see [`EventStream::resume_from`](crate::EventStream::resume_from). Where events
    /// have no id they get one, of a number and of a mark that is random for each topic and process. An id of another topic, of the process
    /// before a restart or of another machine is so taken for none of this one's, and its client gets all that is retained.
    ///
    /// Ids that a publisher gives should be told apart in the same way.
    pub fn retain(mut self, topic: impl Into<String>, count: usize) -> Self {
        self.own.retained.push((topic.into(), count));
        self
    }

    /// Carries topics by something else than this process alone: the last one that is given counts, for the whole app.
    pub fn backplane(mut self, backplane: impl Backplane) -> Self {
        self.own.backplane = Some(Box::new(backplane));
        self
    }
}

impl Entry {
    /// Any handler, registered by the caller.
    #[track_caller]
    pub(crate) fn new<H: EventHandler>(pattern: String, methods: Methods, handler: H) -> Entry {
        Entry {
            pattern,
            methods,
            spec: None,
            name: type_name::<H>(),
            handler: erased(handler),
            at: Location::caller(),
            root: None,
            fault: None,
        }
    }

    /// What its arguments need.
    pub(crate) fn needs(&self) -> Option<&Needs> {
        self.spec.as_ref().map(|spec| &spec.needs)
    }

    /// Where it was written: the attribute of a route, else the place where it was registered.
    pub(crate) fn place(&self) -> Location {
        self.spec.as_ref().map_or(self.at, |spec| spec.location)
    }
}

impl fmt::Debug for Routes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut list = f.debug_list();
        for entry in &self.entries {
            list.entry(&format_args!("{} ({}, {})", entry.pattern, entry.name, entry.place()));
        }
        for group in &self.groups {
            list.entry(&format_args!("{:?}: {:?}", group.prefix, group.routes));
        }
        list.finish()
    }
}
