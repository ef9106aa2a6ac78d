//! The client's end of a simulated connection: what it says, how far that has come, and how it reads.

use hop::unversioned::{ConnId, Session};

use super::cipher::Toy;
use crate::rng::Rng;

/// One client's end.
pub struct Line {
    /// The connection, while it is open.
    pub conn: Option<ConnId>,
    /// Everything that the client says, as it travels.
    pub says: Vec<u8>,
    /// How much of `says` has reached the server.
    pub delivered: usize,
    /// Whether the client has ended its side.
    pub fin: bool,
    /// Whether the server has ended its side.
    pub ended: bool,
    /// The client reads at most so many bytes at a time, and so many ticks apart.
    pub reads: (usize, usize),
    /// Whether a read is planned.
    pub reading: bool,
    toy: Option<Toy>,
    /// After how much of `says` the server can have understood how much: pairs of ends.
    ends: Vec<(usize, usize)>,
}

impl Line {
    /// On which `plain` will be said, behind a session if `secured`.
    pub fn new(plain: Vec<u8>, secured: bool, rng: &mut Rng) -> Line {
        let mut toy = secured.then(Toy::client);
        let (says, ends) = match &mut toy {
            Some(toy) => toy.wrap(&plain, rng),
            None => (plain, Vec::new()),
        };
        Line {
            conn: None,
            says,
            delivered: 0,
            fin: false,
            ended: false,
            reads: (usize::MAX, 1),
            reading: false,
            toy,
            ends,
        }
    }

    /// Whether the client speaks through a session.
    pub fn is_secured(&self) -> bool {
        self.toy.is_some()
    }

    /// Hears bytes, or with `ended` that no more will come; gives what they mean.
    pub fn hear(&mut self, bytes: &[u8], ended: bool) -> Vec<u8> {
        self.ended |= ended;
        let Some(toy) = &mut self.toy else { return bytes.to_vec() };
        let mut plain = Vec::new();
        toy.decrypt(bytes, &mut plain, &mut Vec::new()).expect("the server speaks the session");
        plain
    }

    /// Has more to say.
    pub fn say(&mut self, plain: &[u8]) {
        match &mut self.toy {
            Some(toy) => toy.encrypt(plain, &mut self.says),
            None => self.says.extend_from_slice(plain),
        }
    }

    /// How much of what was to be said from the beginning the server can have understood.
    pub fn understood(&self) -> usize {
        match self.toy {
            None => self.delivered,
            Some(_) => {
                self.ends.iter().take_while(|(end, _)| *end <= self.delivered).last().map_or(0, |(_, plain)| *plain)
            }
        }
    }
}
