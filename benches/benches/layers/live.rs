//! WebSocket messages through the whole engine, from the client's bytes to the server's: an echo, and a publication to many.

use crate::{Layer, drive::Driver};
use criterion::Criterion;
use hop::prelude::*;
use hop_benches::exchange::Exchange;

const SUBSCRIBERS: usize = 1000;
/// What a publication allocates, however many subscribers it has: the message, its name, and its one encoding.
const PUBLICATION_ALLOCATIONS_MAX: u64 = 16;

#[route("/echo")]
fn echo(ws: &mut WebSocket<'_>, message: Message<'_>) {
    ws.send(message);
}

struct Room;

#[route("/room")]
impl Room {
    fn on_ws_open(&self, ws: &mut WebSocket<'_>) {
        ws.subscribe("room");
    }

    fn on_ws_message(&self, ws: &mut WebSocket<'_>, message: Message<'_>) {
        ws.publish_to_all("room", message);
    }
}

pub(crate) fn bench(criterion: &mut Criterion) {
    let mut layer = Layer::new(criterion, "ws-echo");
    for bytes in [20, 1024] {
        let exchange = Exchange::echo("/echo", bytes);
        let mut driver = Driver::new(routes![echo]);
        let id = driver.connect();
        driver.send(id, &exchange.opening);
        layer.measure(&bytes.to_string(), bytes, || {
            assert_eq!(driver.send(id, &exchange.request), exchange.answer_bytes, "not the echo");
        });
    }
    drop(layer);
    publish(&mut Layer::new(criterion, "ws-publish"));
}

fn publish(layer: &mut Layer<'_>) {
    let exchange = Exchange::echo("/room", 64);
    let mut driver = Driver::new(routes![Room]);
    let ids: Vec<_> = (0..SUBSCRIBERS).map(|_| driver.connect()).collect();
    for id in &ids {
        driver.send(*id, &exchange.opening);
    }
    let expected_bytes = SUBSCRIBERS * exchange.answer_bytes;
    layer.measure_allocating("64-to-1000", expected_bytes, PUBLICATION_ALLOCATIONS_MAX, || {
        let sent_bytes = driver.send(ids[0], &exchange.request) + driver.run();
        assert_eq!(sent_bytes, expected_bytes, "not all have it");
    });
}
