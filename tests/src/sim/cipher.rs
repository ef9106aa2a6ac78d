//! A toy session with records: it proves that nothing in hop takes the bytes of the socket for those of the protocol.
//!
//! A record is a kind, a length (two bytes, big-endian) and a payload. Data is XORed with a counter that runs through each
//! direction, so that a byte lost, doubled or sent past the session garbles everything after it. It protects nothing.

use hop::unversioned::{Session, SessionError};

use crate::rng::Rng;

/// The first record of a client; the server answers with one of its own.
const HELLO: u8 = 1;
/// Payload.
const DATA: u8 = 2;
/// Nothing follows in this direction.
const BYE: u8 = 3;
/// A question of the session itself, to be answered with the same record.
const PING: u8 = 4;

const HEADER_BYTES: usize = 3;
/// Payload of the longest record that is made.
const RECORD_BYTES_MAX: usize = 1000;

/// One side of a toy session.
#[derive(Debug, Default)]
pub struct Toy {
    begun: Vec<u8>,
    received: u8,
    sent: u8,
    server: bool,
    greeted: bool,
    /// Whether the other side has said that nothing follows.
    pub bye: bool,
    /// Answers to its pings that a client has seen.
    pub pongs: usize,
}

impl Toy {
    /// The server's side, for the engine.
    pub fn server() -> Box<dyn Session> {
        Box::new(Toy { server: true, ..Toy::default() })
    }

    /// The client's side.
    pub fn client() -> Toy {
        Toy::default()
    }

    /// Everything that a client sends to say `plain`, in records of random sizes with a few pings between them; after each
    /// record, how much of `plain` the server can have understood: pairs of ends.
    pub fn wrap(&mut self, plain: &[u8], rng: &mut Rng) -> (Vec<u8>, Vec<(usize, usize)>) {
        let mut cipher = Vec::new();
        record(HELLO, b"hello", &mut cipher);
        let mut ends = vec![(cipher.len(), 0)];
        let mut at = 0;
        while at < plain.len() {
            let n = rng.within(1..(plain.len() - at).min(RECORD_BYTES_MAX) + 1);
            if rng.chance(20) {
                record(PING, b"", &mut cipher);
            }
            self.data(&plain[at..at + n], &mut cipher);
            at += n;
            ends.push((cipher.len(), at));
        }
        (cipher, ends)
    }

    fn data(&mut self, plain: &[u8], cipher: &mut Vec<u8>) {
        for part in plain.chunks(RECORD_BYTES_MAX) {
            let garbled: Vec<u8> = part.iter().map(|byte| byte ^ counted(&mut self.sent)).collect();
            record(DATA, &garbled, cipher);
        }
    }

    fn act(&mut self, kind: u8, payload: &[u8], plain: &mut Vec<u8>, cipher: &mut Vec<u8>) -> Result<(), SessionError> {
        match kind {
            HELLO if !self.greeted => {
                self.greeted = true;
                self.reply(HELLO, b"welcome", cipher);
            }
            DATA if self.greeted && !self.bye => {
                plain.extend(payload.iter().map(|byte| byte ^ counted(&mut self.received)))
            }
            PING if self.greeted => {
                self.pongs += 1;
                self.reply(PING, b"", cipher);
            }
            BYE => self.bye = true,
            _ => return Err(SessionError),
        }
        Ok(())
    }

    fn reply(&self, kind: u8, payload: &[u8], cipher: &mut Vec<u8>) {
        if self.server {
            record(kind, payload, cipher);
        }
    }
}

impl Session for Toy {
    fn decrypt(&mut self, input: &[u8], plain: &mut Vec<u8>, cipher: &mut Vec<u8>) -> Result<(), SessionError> {
        self.begun.extend_from_slice(input);
        while let [kind, high, low, rest @ ..] = &self.begun[..] {
            let len = usize::from(u16::from_be_bytes([*high, *low]));
            let Some(payload) = rest.get(..len).map(<[u8]>::to_vec) else { break };
            let kind = *kind;
            self.begun.drain(..HEADER_BYTES + len);
            self.act(kind, &payload, plain, cipher)?;
        }
        Ok(())
    }

    fn encrypt(&mut self, plain: &[u8], cipher: &mut Vec<u8>) {
        self.data(plain, cipher);
    }

    fn close(&mut self, cipher: &mut Vec<u8>) {
        record(BYE, b"", cipher);
    }
}

fn record(kind: u8, payload: &[u8], cipher: &mut Vec<u8>) {
    let len = u16::try_from(payload.len()).expect("records are short");
    cipher.push(kind);
    cipher.extend_from_slice(&len.to_be_bytes());
    cipher.extend_from_slice(payload);
}

fn counted(counter: &mut u8) -> u8 {
    *counter = counter.wrapping_add(1);
    *counter
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_one_side_says_the_other_understands_in_any_cut() {
        let mut rng = Rng::new(1);
        let plain: Vec<u8> = (0..5000).map(|n| n as u8).collect();
        let (mut client, mut server) = (Toy::client(), Toy { server: true, ..Toy::default() });
        let (cipher, ends) = client.wrap(&plain, &mut rng);
        let (mut heard, mut reply) = (Vec::new(), Vec::new());
        cipher.chunks(7).for_each(|part| server.decrypt(part, &mut heard, &mut reply).expect("well-formed records"));
        assert_eq!((heard.as_slice(), ends.last()), (plain.as_slice(), Some(&(cipher.len(), plain.len()))));
        server.encrypt(b"answer", &mut reply);
        server.close(&mut reply);
        let mut answer = Vec::new();
        client.decrypt(&reply, &mut answer, &mut Vec::new()).expect("well-formed records");
        assert_eq!((answer.as_slice(), client.bye), (&b"answer"[..], true));
    }

    #[test]
    fn nonsense_is_an_error() {
        let refused = |bytes: &[u8]| Toy::client().decrypt(bytes, &mut Vec::new(), &mut Vec::new()).is_err();
        assert!(refused(&[9, 0, 0]) && refused(&[DATA, 0, 1, 7]) && !refused(&[HELLO, 0]));
    }
}
