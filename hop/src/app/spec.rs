//! What a route says about itself.

use std::time::Duration;

use http::Method;

use super::handler::EventHandler;
use super::live::options::LiveOptions;
use super::location::Location;
use super::needs::Needs;

/// The methods that a route answers.
///
/// ```
/// use hop::{Method, Methods};
///
/// let one: Methods = Method::GET.into();
/// let two: Methods = [Method::GET, Method::POST].into();
/// assert!(one != two && two != hop::ANY);
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Methods {
    /// Empty: all.
    named: Vec<Method>,
}

/// All methods, those that no specification knows included.
pub const ANY: Methods = Methods { named: Vec::new() };

impl Methods {
    /// The methods by name; empty for [`ANY`].
    pub(crate) fn named(&self) -> &[Method] {
        &self.named
    }
}

impl From<Method> for Methods {
    fn from(method: Method) -> Self {
        Methods { named: vec![method] }
    }
}

impl<const N: usize> From<[Method; N]> for Methods {
    fn from(methods: [Method; N]) -> Self {
        const { assert!(N > 0, "a route answers at least one method") };
        Methods { named: methods.into() }
    }
}

/// What a route says about itself: its path, its methods, its limits and what its arguments need. `#[route]` writes it.
///
/// ```
/// use hop::{FromRequest, Location, Method, Spec, State};
///
/// let spec = Spec::new("/items/{id}", Location::caller()).method(Method::PUT).limit(64_000).needs(State::<u8>::needs);
/// ```
#[derive(Clone, Debug)]
#[must_use]
pub struct Spec {
    pub(crate) pattern: &'static str,
    pub(crate) location: Location,
    /// `None`: GET.
    pub(crate) methods: Option<Methods>,
    pub(crate) limit_bytes: Option<u64>,
    pub(crate) timeout: Option<Duration>,
    pub(crate) live: Option<fn(&mut LiveOptions)>,
    /// How long its answer may still take after the client has ended its side; `None`: as long as it likes.
    pub(crate) gone_after: Option<Duration>,
    /// It is a service, which also takes what the routes of a path below it do not answer.
    pub(crate) is_service: bool,
    /// The service that it serves, if it is one.
    #[cfg(feature = "hyper")]
    pub(crate) mounted: Option<std::sync::Arc<super::tower::Mounted>>,
    pub(crate) needs: Needs,
}

impl Spec {
    /// A route that answers GET (and HEAD) on `pattern`.
    pub fn new(pattern: &'static str, location: Location) -> Self {
        let needs = Needs::default();
        let (methods, limit_bytes, timeout, gone_after, live) = (None, None, None, None, None);
        Spec {
            pattern,
            location,
            methods,
            limit_bytes,
            timeout,
            gone_after,
            live,
            is_service: false,
            #[cfg(feature = "hyper")]
            mounted: None,
            needs,
        }
    }

    /// It answers this method; called again, this one as well.
    pub fn method(mut self, method: Method) -> Self {
        self.methods.get_or_insert_with(|| Methods { named: Vec::new() }).named.push(method);
        self
    }

    /// It answers all methods.
    pub fn any(mut self) -> Self {
        self.methods = Some(ANY);
        self
    }

    /// It takes bodies up to so many bytes; a longer one is answered 413.
    pub fn limit(mut self, bytes: u64) -> Self {
        self.limit_bytes = Some(bytes);
        self
    }

    /// Its answer may take so long; then 503.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = Some(timeout);
        self
    }

    /// What is to hold for its WebSockets and event streams, in place of what holds around it.
    pub fn live(mut self, change: fn(&mut LiveOptions)) -> Self {
        self.live = Some(change);
        self
    }

    /// Adds what an argument needs: the `needs` of its [`FromRequest`](crate::FromRequest).
    pub fn needs(mut self, of_argument: fn(&mut Needs)) -> Self {
        of_argument(&mut self.needs);
        self
    }

    pub(crate) fn methods(&self) -> Methods {
        self.methods.clone().unwrap_or_else(|| Method::GET.into())
    }
}

/// An [`EventHandler`] that knows where it belongs: what `#[route]` makes and [`Routes::add`](crate::Routes::add) takes.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a route",
    label = "not a route",
    note = "put `#[route(\"/path\")]` on a function or on an `impl` block"
)]
pub trait Route: EventHandler {
    /// What the route says about itself. Asked once, when it is registered.
    fn spec(&self) -> Spec;
}
