//! A simulated client: its connection, what it says and what it has heard.

use std::fmt;

use hop::unversioned::wire::frame::OpCode;

use super::heard::{Reaction, SocketEar, StreamEar};
use super::script::{self, End, Script};
use crate::rng::Rng;
use crate::sim::line::Line;

/// What a client listens for.
#[derive(Debug)]
pub enum Ear {
    Socket(Box<SocketEar>),
    Stream(Box<StreamEar>),
}

/// One client.
pub struct Peer {
    /// Its end of its connection.
    pub line: Line,
    pub ear: Ear,
    /// A close frame is said: nothing follows.
    closes: bool,
}

impl Peer {
    /// A client that is named by a number, behind a session if `secured`.
    pub fn new(name: usize, secured: bool, rng: &mut Rng) -> Peer {
        let is_socket = rng.chance(70);
        let script = if is_socket { Script::socket(name, rng) } else { Script::stream(rng) };
        let mut line = Line::new(script.plain.clone(), secured, rng);
        line.reads = (*rng.pick(&[usize::MAX, usize::MAX, 3000, 500]), *rng.pick(&[1, 3, 40]));
        Peer {
            line,
            closes: matches!(script.end, End::Close(_)),
            ear: if is_socket { Ear::Socket(Box::new(SocketEar::new(script))) } else { Ear::Stream(Box::default()) },
        }
    }

    /// How it ends.
    pub fn end(&self) -> End {
        match &self.ear {
            Ear::Socket(ear) => ear.end(),
            Ear::Stream(_) => End::Fin,
        }
    }

    /// Hears bytes, or with `ended` that no more will come; returns how many bytes it has to say because of that.
    pub fn hear(&mut self, bytes: &[u8], ended: bool, rng: &mut Rng) -> usize {
        let plain = self.line.hear(bytes, ended);
        let understood = self.line.understood();
        let reactions = match &mut self.ear {
            Ear::Socket(ear) => ear.hear(&plain, understood),
            Ear::Stream(ear) => {
                ear.hear(&plain, ended);
                Vec::new()
            }
        };
        let before = self.line.says.len();
        reactions.into_iter().for_each(|reaction| self.react(reaction, rng));
        self.line.says.len() - before
    }

    fn react(&mut self, reaction: Reaction, rng: &mut Rng) {
        let silent = self.end() == End::Silence;
        let mut plain = Vec::new();
        match reaction {
            _ if self.closes || self.line.fin => return,
            // What it says behind a broken frame would be read as the rest of that.
            Reaction::Pong(payload) if !silent && !matches!(self.end(), End::Provoke(_)) => {
                script::append(&mut plain, OpCode::Pong, true, &payload, rng);
            }
            Reaction::Pong(_) => return,
            Reaction::Close(payload) => {
                self.closes = true;
                script::append(&mut plain, OpCode::Close, true, &payload, rng);
            }
        }
        self.line.say(&plain);
    }

    /// What must hold of a client that was served in calm weather.
    pub fn check_calm(&self) {
        match &self.ear {
            Ear::Stream(ear) => assert!(ear.events > 0, "no event has come: {self:?}"),
            Ear::Socket(ear) => {
                assert!(ear.is_complete(), "something was not answered: {self:?}");
                let expected = match ear.end() {
                    End::Fin => None,
                    End::Close(code) => Some(code.unwrap_or(1005)),
                    End::Provoke(code) => Some(code),
                    End::Silence => Some(1001),
                };
                assert_eq!(ear.closed, expected, "the close of {self:?}");
            }
        }
    }

    /// What must hold of any client: a close has one of the codes that its script or the weather explains.
    pub fn check_code(&self) {
        let Ear::Socket(ear) = &self.ear else { return };
        let Some(code) = ear.closed else { return };
        let explained = match ear.end() {
            End::Close(expected) => code == expected.unwrap_or(1005),
            End::Provoke(expected) => code == expected,
            End::Fin | End::Silence => false,
        };
        // Idle or stopped, and too slow.
        assert!(explained || [1001, 1013].contains(&code), "closed with {code}: {self:?}");
    }
}

impl fmt::Debug for Peer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let what = match &self.ear {
            Ear::Socket(ear) => format!("socket, {} echoes, closed with {:?}", ear.echoed(), ear.closed),
            Ear::Stream(ear) => format!("stream, {} events, ended: {}", ear.events, ear.ended),
        };
        write!(
            f,
            "{what}, {} of {} bytes delivered, ends by {:?}",
            self.line.delivered,
            self.line.says.len(),
            self.end()
        )?;
        write!(f, ", secured: {}, fin: {}, ended: {}", self.line.is_secured(), self.line.fin, self.line.ended)
    }
}
