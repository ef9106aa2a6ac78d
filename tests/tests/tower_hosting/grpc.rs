//! tonic's service and tonic's client, with hop between them.

use std::future::Future;
use std::time::Duration;

use futures_util::stream;
use hop::Routes;
use hop_tests::served::Served;
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tonic::Code;

use crate::greeter::{Client, Greeter, Hello};

/// Something that must come is waited for so long; then the test fails.
const PATIENCE: Duration = Duration::from_secs(20);

/// Runs calls of a served greeter.
fn calls<F: Future>(routes: Routes, talk: impl FnOnce(Client) -> F) -> F::Output {
    let server = Served::new(routes);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let client = Client::connect(format!("http://{}", server.address)).await.unwrap();
        tokio::time::timeout(PATIENCE, talk(client)).await.expect("it takes too long")
    })
}

fn greeter() -> Routes {
    hop::tower::service(Greeter)
}

fn hello(name: &str, times: u32) -> Hello {
    Hello { name: name.to_owned(), times }
}

#[test]
fn a_unary_call_is_answered_with_a_status_in_the_trailers() {
    calls(greeter(), async |mut client| {
        let answer = client.say_hello(hello("you", 1)).await.unwrap();
        assert_eq!(answer.metadata().get("grpc-status").unwrap(), "0", "trailers are merged into the metadata");
        assert_eq!(answer.get_ref().text, "Hello, you!");
    });
}

#[test]
fn a_call_that_fails_says_why() {
    calls(greeter(), async |mut client| {
        let status = client.say_hello(hello("", 1)).await.unwrap_err();
        assert_eq!((status.code(), status.message()), (Code::InvalidArgument, "a name is needed"));
        let status = client.repeat(hello("", 1)).await.unwrap_err();
        assert_eq!(status.code(), Code::InvalidArgument);
        assert!(client.say_hello(hello("you", 1)).await.is_ok(), "the connection is used again");
    });
}

#[test]
fn a_server_streams() {
    calls(greeter(), async |mut client| {
        let mut greetings = client.repeat(hello("you", 1000)).await.unwrap().into_inner();
        for _ in 0..1000 {
            assert_eq!(greetings.message().await.unwrap().unwrap().text, "Hello, you!");
        }
        assert_eq!(greetings.message().await.unwrap(), None);
        assert_eq!(greetings.trailers().await.unwrap().unwrap().get("grpc-status").unwrap(), "0");
    });
}

#[test]
fn a_client_streams() {
    calls(greeter(), async |mut client| {
        let hellos = stream::iter(["one", "two", "three"].map(|name| hello(name, 1)));
        let answer = client.gather(hellos).await.unwrap();
        assert_eq!(answer.into_inner().text, "Hello, one and two and three!");
    });
}

#[test]
fn both_stream_in_turns_and_an_error_ends_it() {
    calls(greeter(), async |mut client| {
        let (send, hellos) = mpsc::channel(1);
        let mut greetings = client.chat(ReceiverStream::new(hellos)).await.unwrap().into_inner();
        for name in ["one", "two", "three"] {
            send.send(hello(name, 1)).await.unwrap();
            assert_eq!(greetings.message().await.unwrap().unwrap().text, format!("Hello, {name}!"));
        }
        send.send(hello("", 1)).await.unwrap();
        assert_eq!(greetings.message().await.unwrap_err().code(), Code::InvalidArgument);
    });
}

#[test]
fn a_method_that_is_not_there_is_unimplemented() {
    let elsewhere = Routes::new().tower("/elsewhere", Greeter);
    calls(elsewhere, async |mut client| {
        let status = client.say_hello(hello("you", 1)).await.unwrap_err();
        assert_eq!(status.code(), Code::Unimplemented, "as a 404 is understood");
    });
}

#[test]
fn calls_pass_hooks_that_hop_runs() {
    let hooked = greeter().before(|_| None).after(|_, _| {});
    calls(hooked, async |mut client| {
        assert_eq!(client.say_hello(hello("you", 1)).await.unwrap().into_inner().text, "Hello, you!");
        let mut greetings = client.repeat(hello("you", 2)).await.unwrap().into_inner();
        assert!(greetings.message().await.unwrap().is_some());
        assert!(greetings.message().await.unwrap().is_some());
        assert_eq!(greetings.message().await.unwrap(), None);
    });
}
