//! WebSocket frames: headers read and written, payloads unmasked, and messages read as a whole, beside tungstenite on the same
//! frames.

use crate::Layer;
use criterion::Criterion;
use hop::unversioned::{
    proto::ws::{Event, Unpacker, Ws},
    wire::{
        frame::{self, Header, OpCode},
        mask,
    },
};
use hop_benches::exchange::Exchange;
use std::{
    hint::black_box,
    io::{self, Cursor, Read, Write},
};
use tungstenite::protocol::{Role, WebSocket, WebSocketConfig, frame::FrameHeader};

/// One for each form of a length.
const SIZES: [usize; 3] = [20, 1024, 100_000];
const KEY: [u8; 4] = [0x37, 0xfa, 0x21, 0x3d];

pub(crate) fn bench(criterion: &mut Criterion) {
    let mut layer = Layer::new(criterion, "frame");
    for bytes in SIZES {
        let frame = Exchange::echo("/", bytes).request;
        header(&mut layer, bytes, &frame);
        unmask(&mut layer, bytes);
        message(&mut layer, bytes, &frame);
    }
}

fn header(layer: &mut Layer<'_>, bytes: usize, input: &[u8]) {
    layer.measure(&format!("parse/tungstenite-{bytes}"), 14, || {
        FrameHeader::parse(&mut Cursor::new(black_box(input))).expect("the frame is valid")
    });
    layer.measure(&format!("parse/hop-{bytes}"), 14, || frame::parse(black_box(input)).expect("the frame is valid"));
    let mut out = Vec::with_capacity(64);
    let theirs = FrameHeader::default();
    layer.measure(&format!("encode/tungstenite-{bytes}"), 10, || {
        out.clear();
        theirs.format(black_box(bytes as u64), &mut out).expect("memory takes everything");
        out.len()
    });
    let ours = Header { fin: true, rsv1: false, opcode: OpCode::Text, mask: None, payload_bytes: bytes as u64 };
    layer.measure(&format!("encode/hop-{bytes}"), 10, || {
        out.clear();
        black_box(ours).encode(&mut out);
        out.len()
    });
}

/// tungstenite's own function is private: this is what it does, by words of four bytes.
fn unmask(layer: &mut Layer<'_>, bytes: usize) {
    let mut payload = vec![b'x'; bytes];
    layer.measure(&format!("unmask/by-four-{bytes}"), bytes, || by_four(black_box(&mut payload)));
    layer.measure(&format!("unmask/hop-{bytes}"), bytes, || mask::unmask(black_box(&mut payload), KEY, 0));
}

fn by_four(payload: &mut [u8]) {
    let (words, rest) = payload.as_chunks_mut::<4>();
    words.iter_mut().for_each(|word| *word = (u32::from_ne_bytes(*word) ^ u32::from_ne_bytes(KEY)).to_ne_bytes());
    rest.iter_mut().zip(KEY).for_each(|(byte, key)| *byte ^= key);
}

/// Reading one text from its frame: unmasked, looked at as UTF-8, and lent to hop's caller, or owned by tungstenite's.
fn message(layer: &mut Layer<'_>, bytes: usize, frame: &[u8]) {
    let config = WebSocketConfig::default().read_buffer_size(128 * 1024);
    let mut theirs = WebSocket::from_raw_socket(Again { frame, read: 0 }, Role::Server, Some(config));
    layer.measure_allocating(&format!("message/tungstenite-{bytes}"), bytes, u64::MAX, || {
        theirs.get_mut().read = 0;
        theirs.read().expect("the frame is valid").len()
    });
    let (mut ours, mut unpacker, mut input) = (Ws::default(), Unpacker::default(), frame.to_vec());
    layer.measure_allocating(&format!("message/hop-{bytes}"), bytes, if bytes < 65_536 { 0 } else { 1 }, || {
        input.copy_from_slice(frame);
        match ours.step(black_box(&mut input), usize::MAX, &mut unpacker) {
            Ok((_, Event::Message { data, .. })) => assert_eq!(data.len(), bytes),
            other => panic!("{other:?} is not the message"),
        }
    });
}

/// A stream that brings the frame once more when it is told so.
struct Again<'f> {
    frame: &'f [u8],
    read: usize,
}

impl Read for Again<'_> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let n = (&self.frame[self.read..]).read(into)?;
        self.read += n;
        if n == 0 { Err(io::ErrorKind::WouldBlock.into()) } else { Ok(n) }
    }
}

impl Write for Again<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
