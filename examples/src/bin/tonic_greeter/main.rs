//! A tonic service on hop: gRPC over HTTP/2 with prior knowledge, beside a route of hop's own.
//!
//! ```text
//! tonic_greeter --addr 127.0.0.1:3000                 serves it
//! tonic_greeter --addr 127.0.0.1:3000 --hello you     calls it, each kind of call once
//! ```
//!
//! Any other client of gRPC does as well; the service is described in `greeter.rs`.

mod greeter;

use futures_util::stream;
use greeter::{Client, Greeter, Hello};
use hop::{route, routes};
use hop_examples::{Flag, Options, listening};

const HELLO: Flag =
    Flag::new("--hello", "name", "", "calls the service that listens at the address, instead of serving it");

type Result = std::result::Result<(), Box<dyn std::error::Error>>;

fn main() -> Result {
    let options = Options::with("Serves a gRPC service by hop, or calls it.", &[HELLO]);
    match options.flags.text("--hello") {
        "" => serve(&options),
        name => call(&options, name),
    }
}

#[route("/")]
fn index() -> &'static str {
    "speak gRPC to hop.greeter.Greeter"
}

fn serve(options: &Options) -> Result {
    let app = routes![index].tower("/", Greeter);
    let server = hop::Builder::from(app).workers(options.workers).bind(&options.addr)?;
    listening(server.local_addr());
    server.run()?;
    Ok(())
}

fn call(options: &Options, name: &str) -> Result {
    let hello = |times| Hello { name: name.to_owned(), times };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let mut client = Client::connect(format!("http://{}", options.addr)).await?;
        println!("unary: {}", client.say_hello(hello(1)).await?.into_inner().text);
        let mut greetings = client.repeat(hello(3)).await?.into_inner();
        while let Some(greeting) = greetings.message().await? {
            println!("server streaming: {}", greeting.text);
        }
        let hellos = stream::iter([hello(1), hello(1)]);
        println!("client streaming: {}", client.gather(hellos.clone()).await?.into_inner().text);
        let mut greetings = client.chat(hellos).await?.into_inner();
        while let Some(greeting) = greetings.message().await? {
            println!("both streaming: {}", greeting.text);
        }
        Ok(())
    })
}
