//! A refused route still exists: nothing that names it draws an error of its own.
#![allow(unused)]
use hop::prelude::*;

#[route("refused")]
pub fn function(Path(name): Path<String>) -> String {
    name
}

struct Block;

#[route("refused too")]
impl Block {
    type Conn = u8;

    fn on_request(&self) -> &'static str {
        self.helper()
    }

    fn helper(&self) -> &'static str {
        "x"
    }
}

fn main() {
    assert_eq!(function(Path("x".to_owned())), "x");
    assert_eq!(Block.on_request(), "x");
    let _ = routes![function, Block];
}
