//! Echoes: every size, kind and split gives the same messages back.

use super::*;
use crate::testing::frame;
use crate::ws::OpCode;

const SIZES: [usize; 12] = [0, 1, 125, 126, 127, 4096, 65_535, 65_536, 65_537, 1 << 20, (1 << 20) + 1, 16 << 20];

fn large_echo() -> App {
    serve_with(Probe::echo(&Log::default()), |live| (live.message_bytes, live.queue_bytes) = (16 << 20, 64 << 20))
}

fn text_of(bytes: usize) -> String {
    let mut text = "ä€😀z".repeat(bytes / 10);
    text.push_str(&"x".repeat(bytes - text.len()));
    text
}

fn bytes_of(bytes: usize) -> Vec<u8> {
    (0..bytes).map(|at| (at * 7 + at / 256) as u8).collect()
}

#[test]
fn text_of_any_size_comes_back_as_text() {
    let mut ws = large_echo().ws("/");
    for size in SIZES {
        let text = text_of(size);
        ws.send(text.as_str());
        assert!(ws.text() == text, "{size} bytes");
    }
}

#[test]
fn bytes_of_any_size_come_back_as_bytes() {
    let mut ws = large_echo().ws("/");
    for size in SIZES {
        let bytes = bytes_of(size);
        ws.send_binary(&bytes);
        assert!(ws.binary() == bytes, "{size} bytes");
    }
}

#[test]
fn messages_in_one_piece_come_back_in_order() {
    let mut ws = echo().ws("/");
    let sizes = [0, 1, 300, 70_000, 0, 5];
    ws.send_raw(sizes.map(|size| frame(OpCode::Binary, true, &bytes_of(size))).concat());
    for size in sizes {
        assert!(ws.binary() == bytes_of(size), "{size} bytes");
    }
    assert!(ws.is_empty());
}

#[test]
fn a_thousand_small_messages_in_one_piece_are_all_answered() {
    let mut ws = echo().ws("/");
    ws.send_raw((0..1000).flat_map(|n| frame(OpCode::Text, true, n.to_string().as_bytes())).collect::<Vec<u8>>());
    (0..1000).for_each(|n| assert_eq!(ws.text(), n.to_string()));
}

#[test]
fn byte_by_byte_gives_the_same() {
    let mut ws = echo().ws("/");
    ws.split_every(1);
    for size in [0, 1, 125, 126, 3000] {
        ws.send(text_of(size));
        ws.send_binary(bytes_of(size));
        assert_eq!((ws.text(), ws.binary()), (text_of(size), bytes_of(size)));
    }
}

#[test]
fn every_split_in_two_gives_the_same() {
    let app = echo();
    let frames = [
        frame(OpCode::Text, true, "größe".as_bytes()),
        frame(OpCode::Ping, true, b"?"),
        frame(OpCode::Binary, false, b"in "),
        frame(OpCode::Continuation, true, b"two"),
        frame(OpCode::Binary, true, &bytes_of(130)),
    ]
    .concat();
    let mut ws = app.ws("/");
    for cut in 0..=frames.len() {
        ws.send_raw(&frames[..cut]);
        ws.send_raw(&frames[cut..]);
        assert_eq!((ws.text(), ws.pong()), ("größe".to_owned(), b"?".to_vec()), "cut at {cut}");
        assert_eq!((ws.binary(), ws.binary()), (b"in two".to_vec(), bytes_of(130)), "cut at {cut}");
    }
    assert!(ws.is_empty());
}

#[test]
fn frames_that_come_together_with_the_handshake_are_answered_in_any_split() {
    let app = echo();
    let frames = [frame(OpCode::Text, true, b"first"), frame(OpCode::Binary, true, b"second")].concat();
    let request = || app.ws_request("/").followed_by(&frames);
    for n in [1, 2, 3, 50, 190, 1000] {
        let mut ws = request().split_every(n).open();
        assert_eq!((ws.text(), ws.binary()), ("first".to_owned(), b"second".to_vec()), "pieces of {n}");
    }
    let bytes = request().bytes();
    let whole = app.raw(&bytes).send().take();
    for cut in 0..bytes.len() {
        assert_eq!(app.raw(&bytes).split_at(cut).send().take(), whole, "cut at {cut}");
    }
}

#[test]
fn control_frames_inside_a_fragmented_message_are_answered_at_once() {
    let mut ws = echo().ws("/");
    ws.send_frame(OpCode::Text, false, "gr\u{f6}".as_bytes());
    ws.ping("1");
    assert_eq!(ws.pong(), b"1");
    ws.send_frame(OpCode::Continuation, false, b"");
    ws.send_frame(OpCode::Pong, true, b"unasked");
    ws.ping([7; 125]);
    ws.send_frame(OpCode::Continuation, true, "\u{df}e".as_bytes());
    assert_eq!((ws.pong(), ws.text()), (vec![7; 125], "größe".to_owned()));
}

#[test]
fn a_character_may_be_cut_by_fragments() {
    let mut ws = echo().ws("/");
    let text = "aä€😀";
    for byte in text.as_bytes().iter().enumerate() {
        let opcode = if byte.0 == 0 { OpCode::Text } else { OpCode::Continuation };
        ws.send_frame(opcode, byte.0 + 1 == text.len(), &[*byte.1]);
    }
    assert_eq!(ws.text(), text);
}

#[test]
fn sixty_five_thousand_fragments_are_one_message() {
    let mut ws = echo().ws("/");
    let frames =
        (0..65_536).flat_map(|n| frame(if n == 0 { OpCode::Binary } else { OpCode::Continuation }, n == 65_535, b"x"));
    ws.send_raw(frames.collect::<Vec<u8>>());
    assert!(ws.binary() == vec![b'x'; 65_536]);
}

#[test]
fn what_a_client_takes_slowly_comes_whole_and_in_order() {
    let mut ws = large_echo().ws("/");
    ws.client().window(0);
    let sizes = [100_000, 10, 300_000, 0, 200_000];
    sizes.iter().for_each(|size| ws.send_binary(bytes_of(*size)));
    for _ in 0..800 {
        ws.client().window(1000);
    }
    sizes.iter().for_each(|size| assert!(ws.binary() == bytes_of(*size), "{size} bytes"));
}

#[test]
fn a_pong_reaches_the_handler_with_its_payload() {
    let log = Log::default();
    let noted = log.clone();
    let pong =
        move |_: &mut WebSocket<'_>, payload: Message<'_>| noted.add(payload.as_bytes().escape_ascii().to_string());
    let ping = |ws: &mut WebSocket<'_>| ws.ping(b"are you there?");
    let app = serve(Probe { open: Box::new(ping), pong: Box::new(pong), ..Probe::new(&log) });
    assert_eq!(app.ws("/").pinged(), b"are you there?");
    assert_eq!(log.take()[0], "are you there?");
}

#[test]
fn all_that_one_turn_sends_is_there_at_once_in_order() {
    let app = serve(Probe::on_message(&Log::default(), |ws, message| {
        (0..3).for_each(|_| _ = ws.send(message));
        ws.ping(b"p");
        ws.send("last");
    }));
    let mut ws = app.ws("/");
    ws.send("a");
    assert_eq!([ws.text(), ws.text(), ws.text(), ws.text()], ["a", "a", "a", "last"]);
    assert_eq!(ws.pinged(), b"p");
}
