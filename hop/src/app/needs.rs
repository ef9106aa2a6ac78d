//! What the arguments of a route need, collected when it is registered: so that what is missing is found when the app is built.

use std::any::{Any, TypeId, type_name};

/// How a route takes the request's body.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum BodyMode {
    /// The callback runs when the head is complete; the body is thrown away.
    #[default]
    Ignored,
    /// The callback runs when the body is complete.
    Whole,
    /// The callback runs when the head is complete and takes the body as it comes.
    Streamed,
}

/// What the arguments of a route need. An own [`FromRequest`](crate::FromRequest) says it in `needs`, mostly by asking its parts:
///
/// ```
/// use hop::{FromRequest, Needs, Request, State, StateRejection};
///
/// #[derive(Clone)]
/// struct Db;
/// struct Session(Db);
///
/// impl<'r> FromRequest<'r> for Session {
///     type Rejection = StateRejection;
///
///     fn from_request(request: &'r Request<'r>) -> Result<Self, StateRejection> {
///         let State(db) = State::<Db>::from_request(request)?;
///         Ok(Session(db))
///     }
///
///     fn needs(needs: &mut Needs) {
///         State::<Db>::needs(needs);
///     }
/// }
/// ```
#[derive(Clone, Debug, Default)]
pub struct Needs {
    bodies_whole: usize,
    bodies_streamed: usize,
    sees_request: bool,
    states: Vec<StateNeed>,
    path_counts: Vec<usize>,
}

/// A state that must be there.
#[derive(Clone, Copy, Debug)]
pub(crate) struct StateNeed {
    pub(crate) id: TypeId,
    pub(crate) name: &'static str,
}

impl Needs {
    /// The body, whole or as it comes. A body that is streamed can be taken once only, and not whole as well.
    pub fn body(&mut self, mode: BodyMode) {
        match mode {
            BodyMode::Ignored => {}
            BodyMode::Whole => self.bodies_whole += 1,
            BodyMode::Streamed => self.bodies_streamed += 1,
        }
    }

    /// The request itself: with its body whole, unless something else takes the body as it comes.
    pub fn request(&mut self) {
        self.sees_request = true;
    }

    /// A state of type `T`: building the app fails without it.
    pub fn state<T: Any>(&mut self) {
        self.states.push(StateNeed { id: TypeId::of::<T>(), name: type_name::<T>() });
    }

    /// So many path parameters, taken by their position.
    pub fn path(&mut self, count: usize) {
        self.path_counts.push(count);
    }

    /// What `inner` needs, except that it may be missing: only how it takes the body counts.
    pub fn optional(&mut self, inner: &Needs) {
        self.bodies_whole += inner.bodies_whole;
        self.bodies_streamed += inner.bodies_streamed;
        self.sees_request |= inner.sees_request;
    }

    pub(crate) fn states(&self) -> &[StateNeed] {
        &self.states
    }

    pub(crate) fn path_counts(&self) -> &[usize] {
        &self.path_counts
    }

    /// How the route takes the body, or what contradicts itself.
    pub(crate) fn body_mode(&self) -> Result<BodyMode, &'static str> {
        match (self.bodies_whole, self.bodies_streamed) {
            (0, 0) if self.sees_request => Ok(BodyMode::Whole),
            (0, 0) => Ok(BodyMode::Ignored),
            (_, 0) => Ok(BodyMode::Whole),
            (0, 1) => Ok(BodyMode::Streamed),
            (0, _) => Err("takes the body as it comes twice: the second taker would get nothing"),
            _ => Err("takes the body both whole and as it comes"),
        }
    }
}
