//! An engine between links in memory, on a thread of its own: a worker without sockets. What the links carry is of no account here.

mod link;
mod thread;

pub(crate) use self::link::{Client, Command, Inbox};
pub(crate) use self::thread::start;
