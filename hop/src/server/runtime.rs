//! The tokio runtime in whose context callbacks and futures run. Without the feature `tokio` there is none, and all of this is nothing.

#[cfg(feature = "tokio")]
pub(crate) use self::with::{Choice, Context};
#[cfg(not(feature = "tokio"))]
pub(crate) use self::without::{Choice, Context};

#[cfg(not(feature = "tokio"))]
mod without {
    use crate::server::error::Error;
    use std::time::Duration;

    /// What the user has chosen: there is nothing to choose.
    #[derive(Clone, Debug)]
    pub(crate) struct Choice;

    /// No context.
    #[derive(Clone, Debug)]
    pub(crate) struct Context;

    impl Choice {
        pub(crate) const NONE: Choice = Choice;

        pub(crate) fn start(self) -> Result<Started, Error> {
            Ok(Started)
        }
    }

    pub(crate) struct Started;

    impl Started {
        pub(crate) fn context(&self) -> Context {
            Context
        }

        pub(crate) fn stop(self, _: Duration) {}
    }

    impl Context {
        #[cfg(test)]
        pub(crate) const NONE: Context = Context;

        #[cfg(feature = "tower")]
        pub(crate) fn current() -> Context {
            Context
        }

        pub(crate) fn enter(&self) -> impl Sized {}
    }
}

#[cfg(feature = "tokio")]
mod with {
    use std::future::pending;
    use std::sync::mpsc::{Sender, channel};
    use std::thread::{self, JoinHandle};
    use std::time::Duration;

    use tokio::runtime::{Builder, EnterGuard, Handle, RuntimeFlavor};
    use tokio::task::AbortHandle;

    use crate::server::error::Error;

    /// The runtime that the user has chosen, if any.
    #[derive(Clone, Debug)]
    pub(crate) struct Choice(pub(crate) Option<Handle>);

    /// What a thread enters once, for as long as it serves.
    #[derive(Clone, Debug)]
    pub(crate) struct Context(Option<Handle>);

    impl Context {
        #[cfg(test)]
        pub(crate) const NONE: Context = Context(None);

        /// That of the caller.
        #[cfg(feature = "tower")]
        pub(crate) fn current() -> Context {
            Context(Handle::try_current().ok())
        }

        pub(crate) fn enter(&self) -> Option<EnterGuard<'_>> {
            self.0.as_ref().map(Handle::enter)
        }
    }

    /// A runtime that runs while the server does.
    pub(crate) struct Started {
        handle: Handle,
        own: Option<Own>,
    }

    /// A runtime of the server's own, on a thread of its own.
    struct Own {
        end: AbortHandle,
        patience: Sender<Duration>,
        thread: JoinHandle<()>,
    }

    impl Choice {
        pub(crate) const NONE: Choice = Choice(None);

        /// The chosen runtime, else that in which the caller runs, else a small one: one thread for timers, sockets and spawned tasks.
        ///
        /// A runtime of one thread that calls this is no choice: that thread is about to serve, so nothing would drive it.
        pub(crate) fn start(self) -> Result<Started, Error> {
            let current =
                || Handle::try_current().ok().filter(|it| it.runtime_flavor() != RuntimeFlavor::CurrentThread);
            match self.0.or_else(current) {
                Some(handle) => Ok(Started { handle, own: None }),
                None => Started::own().map_err(|error| Error::start("tokio runtime", error)),
            }
        }
    }

    impl Started {
        fn own() -> std::io::Result<Started> {
            let runtime = Builder::new_current_thread().enable_all().build()?;
            let handle = runtime.handle().clone();
            let until = runtime.spawn(pending::<()>());
            let end = until.abort_handle();
            let (patience, said) = channel();
            let thread = thread::Builder::new().name("hop-tokio".to_owned()).spawn(move || {
                // It ends by being aborted, which is the one error that can be.
                let _ = runtime.block_on(until);
                // Here and not where the server runs: that may be a task, which must not wait for a runtime.
                runtime.shutdown_timeout(said.recv().unwrap_or_default());
            })?;
            Ok(Started { handle, own: Some(Own { end, patience, thread }) })
        }

        pub(crate) fn context(&self) -> Context {
            Context(Some(self.handle.clone()))
        }

        /// Ends the server's own runtime: its tasks are dropped; blocking ones are waited for until `patience` is over.
        pub(crate) fn stop(self, patience: Duration) {
            let Some(own) = self.own else { return };
            let _ = own.patience.send(patience);
            own.end.abort();
            own.thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic));
        }
    }
}
