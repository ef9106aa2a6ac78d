//! The thread of an app: drives the engine between links, as a worker does between sockets.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::link::{Command, Inbox, Link};
use crate::app::guests::Guest;
use crate::app::mail::WorkerMail;
use crate::app::peer::Peer;
use crate::app::router::App;
use crate::buf::out::Output;
use crate::buf::slab::ConnId;
use crate::engine::{Accept, Effect, Engine, INPUT_BYTES, Job, Next, Outside, Peers, Verdict};
use crate::local::bell::Bell;
use crate::local::mail::Wake;
use crate::server::blocking::{Pool, PoolLimits};
use crate::server::clock::Clock;
use crate::server::runtime::Context;

/// Pieces of work that are done before links are looked at again.
const RUNS_MAX: usize = 4096;

/// Starts the thread of `app`. `None`: the system gives none, which is logged.
pub(crate) fn start(app: Arc<App>) -> Option<Arc<Inbox>> {
    let bell = Arc::new(Bell::default());
    let inbox = Arc::new(Inbox::new(Arc::clone(&bell)));
    let runtime = Context::current();
    let receiver = Arc::clone(&inbox);
    let guest = app.guests.admit(&app.hub, WorkerMail::new(Arc::clone(&bell) as Arc<dyn Wake>));
    let thread = std::thread::Builder::new().name("hop-app".to_owned());
    match thread.spawn(move || Driver::new(app, guest, bell, runtime).run(&receiver)) {
        Ok(_) => Some(inbox),
        Err(error) => {
            log::error!("no thread for an app as a service: {error}");
            None
        }
    }
}

struct Driver {
    engine: Engine,
    links: Links,
    clock: Clock,
    pool: Arc<Pool<Job>>,
    /// The pool is the server's, which closes it.
    pool_is_borrowed: bool,
    bell: Arc<Bell>,
    runtime: Context,
    /// There is work that was left for the next turn.
    busy: bool,
    /// No more calls will come.
    ending: bool,
    /// Dropped last: who waits for the app's guests need not wait for anything else.
    _guest: Guest,
}

/// All that are open.
#[derive(Default)]
struct Links(HashMap<ConnId, Arc<Link>>);

impl Peers for Links {
    fn peer(&self, id: ConnId) -> Peer {
        self.0.get(&id).map_or(Peer::Unknown, |link| link.peer.clone())
    }
}

/// The thread ends, be it by a panic: whoever still waits is told.
impl Drop for Links {
    fn drop(&mut self) {
        self.0.values().for_each(|link| link.end());
    }
}

/// What the engine may ask of the driver; a macro, because it borrows two fields and leaves the others free.
macro_rules! outside {
    ($driver:ident) => {
        &Outside { now: $driver.clock.now(), peers: &$driver.links }
    };
}

impl Driver {
    fn new(app: Arc<App>, guest: Guest, bell: Arc<Bell>, runtime: Context) -> Driver {
        let clock = Clock::new();
        let borrowed = app.guests.pool();
        Driver {
            pool_is_borrowed: borrowed.is_some(),
            pool: borrowed.unwrap_or_else(|| Arc::new(Pool::new(PoolLimits::DEFAULT, runtime.clone()))),
            engine: Engine::beside(app, &guest, clock.now()),
            links: Links::default(),
            clock,
            bell,
            runtime,
            busy: false,
            ending: false,
            _guest: guest,
        }
    }

    fn run(mut self, inbox: &Inbox) {
        let runtime = self.runtime.clone();
        let _entered = runtime.enter();
        let _closing = Closing(inbox);
        let mail = Arc::clone(self.engine.mailbox());
        let mut commands = Vec::new();
        while !(self.ending && self.links.0.is_empty()) {
            self.bell.wait(self.timeout());
            let _running = (mail.enter(), inbox.mailbox.enter());
            self.clock.read();
            inbox.mailbox.take(&mut commands);
            commands.drain(..).for_each(|command| self.obey(command));
            self.work();
        }
        if !self.pool_is_borrowed {
            self.pool.close(Instant::now());
        }
    }

    fn timeout(&self) -> Option<Duration> {
        if self.busy {
            return Some(Duration::ZERO);
        }
        self.engine.wake_at().map(|at| self.clock.until(at))
    }

    fn obey(&mut self, command: Command) {
        match command {
            Command::Open(link) => self.open(link),
            Command::Look(link) => {
                if let Some(&id) = link.id.get() {
                    self.touch(id);
                }
            }
            Command::End => self.ending = true,
        }
    }

    fn open(&mut self, link: Arc<Link>) {
        match self.engine.accept(outside!(self)) {
            Accept::Open(id) => {
                link.id.get_or_init(|| id);
                self.links.0.insert(id, link);
                self.touch(id);
            }
            Accept::Refused(answer) => {
                link.send(|output| output.extend_from_slice(answer));
                link.end();
            }
        }
    }

    fn work(&mut self) {
        self.busy = false;
        for _ in 0..RUNS_MAX {
            if let Some(Effect::Run(job)) = self.engine.effect() {
                self.pool.submit(job);
            } else if let Some(id) = self.engine.run(outside!(self)) {
                self.touch(id);
            } else {
                return;
            }
        }
        self.busy = true;
    }

    /// Moves bytes both ways, as far as both sides take them.
    fn touch(&mut self, id: ConnId) {
        let Some(link) = self.links.0.get(&id).map(Arc::clone) else { return };
        if link.has_left() {
            self.engine.failed(id, outside!(self));
        }
        loop {
            self.flush(id, &link);
            match self.engine.verdict(id, outside!(self)) {
                Verdict::Watch { read: true, .. } => match link.take_input(INPUT_BYTES) {
                    Some(bytes) => self.receive(id, &bytes),
                    None => return,
                },
                Verdict::Watch { .. } => return,
                Verdict::ShutdownWrite => link.end(),
                Verdict::Close => {
                    self.engine.closed(id);
                    self.links.0.remove(&id);
                    return link.end();
                }
            }
        }
    }

    fn receive(&mut self, id: ConnId, bytes: &[u8]) {
        self.engine.input(id)[..bytes.len()].copy_from_slice(bytes);
        self.engine.received(id, bytes.len(), outside!(self));
    }

    fn flush(&mut self, id: ConnId, link: &Link) {
        while link.has_room() {
            let Some(sent) = send(self.engine.output(id, outside!(self)), link) else {
                return self.engine.failed(id, outside!(self));
            };
            if sent == 0 || self.engine.wrote(id, sent, outside!(self)) != Next::Output {
                return;
            }
        }
        // What is left moves from the cork, which all connections share, to the connection's own queue by the verdict.
    }
}

/// Gives a link what the engine wants to send; returns how many bytes. `None`: a file is shorter than it was.
fn send(output: Output<'_>, link: &Link) -> Option<usize> {
    let read;
    let bytes = match output {
        Output::Nothing => return Some(0),
        Output::Bytes(bytes) => bytes,
        Output::Slices(slices) => slices.iter().next().unwrap_or_default(),
        Output::File(range) => {
            read = range.read()?;
            &read
        }
    };
    link.send(|into| into.extend_from_slice(bytes));
    Some(bytes.len())
}

/// The thread ends: whoever comes too late is told.
struct Closing<'a>(&'a Inbox);

impl Drop for Closing<'_> {
    fn drop(&mut self) {
        for command in self.0.mailbox.close() {
            if let Command::Open(link) | Command::Look(link) = command {
                link.end();
            }
        }
    }
}
