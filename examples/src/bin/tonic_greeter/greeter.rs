//! What `tonic-build` would make of this, by hand, so that no `protoc` is needed:
//!
//! ```proto
//! package hop.greeter;
//! message Hello { string name = 1; uint32 times = 2; }
//! message Greeting { string text = 1; }
//! service Greeter {
//!   rpc SayHello (Hello) returns (Greeting);
//!   rpc Repeat (Hello) returns (stream Greeting);
//!   rpc Gather (stream Hello) returns (Greeting);
//!   rpc Chat (stream Hello) returns (stream Greeting);
//! }
//! ```

use std::convert::Infallible;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use futures_util::stream::{self, BoxStream, Stream, StreamExt};
use http::uri::PathAndQuery;
use tonic::body::Body;
use tonic::server::{ClientStreamingService, Grpc, ServerStreamingService, StreamingService, UnaryService};
use tonic::transport::Channel;
use tonic::{Request, Response, Status, Streaming};
use tonic_prost::ProstCodec;

/// Whom to greet, and how often where that is asked for.
#[derive(Clone, PartialEq, prost::Message)]
pub struct Hello {
    /// Without one there is nobody to greet.
    #[prost(string, tag = "1")]
    pub name: String,
    /// Of `Repeat`.
    #[prost(uint32, tag = "2")]
    pub times: u32,
}

/// The greeting.
#[derive(Clone, PartialEq, prost::Message)]
pub struct Greeting {
    /// What to say.
    #[prost(string, tag = "1")]
    pub text: String,
}

type Answer<T> = Result<Response<T>, Status>;
type Answering<T> = Pin<Box<dyn Future<Output = Answer<T>> + Send>>;
type Greetings = BoxStream<'static, Result<Greeting, Status>>;

/// The service: it greets everybody who has a name.
#[derive(Clone, Debug, Default)]
pub struct Greeter;

fn greet(hello: &Hello) -> Result<Greeting, Status> {
    match hello.name.as_str() {
        "" => Err(Status::invalid_argument("a name is needed")),
        name => Ok(Greeting { text: format!("Hello, {name}!") }),
    }
}

struct SayHello;

impl UnaryService<Hello> for SayHello {
    type Response = Greeting;
    type Future = Answering<Greeting>;

    fn call(&mut self, request: Request<Hello>) -> Self::Future {
        Box::pin(async move { greet(request.get_ref()).map(Response::new) })
    }
}

struct Repeat;

impl ServerStreamingService<Hello> for Repeat {
    type Response = Greeting;
    type ResponseStream = Greetings;
    type Future = Answering<Greetings>;

    fn call(&mut self, request: Request<Hello>) -> Self::Future {
        Box::pin(async move {
            let hello = request.into_inner();
            let greeting = greet(&hello)?;
            let times = usize::try_from(hello.times).unwrap_or(usize::MAX);
            Ok(Response::new(stream::repeat(greeting).take(times).map(Ok).boxed()))
        })
    }
}

struct Gather;

impl ClientStreamingService<Hello> for Gather {
    type Response = Greeting;
    type Future = Answering<Greeting>;

    fn call(&mut self, request: Request<Streaming<Hello>>) -> Self::Future {
        Box::pin(async move {
            let mut names = Vec::new();
            let mut hellos = request.into_inner();
            while let Some(hello) = hellos.message().await? {
                names.push(hello.name);
            }
            greet(&Hello { name: names.join(" and "), times: 1 }).map(Response::new)
        })
    }
}

struct Chat;

impl StreamingService<Hello> for Chat {
    type Response = Greeting;
    type ResponseStream = Greetings;
    type Future = Answering<Greetings>;

    fn call(&mut self, request: Request<Streaming<Hello>>) -> Self::Future {
        let greetings = request.into_inner().map(|hello| greet(&hello?));
        Box::pin(async move { Ok(Response::new(greetings.boxed())) })
    }
}

impl<B> tower::Service<http::Request<B>> for Greeter
where
    B: http_body::Body<Data = Bytes> + Send + 'static,
    B::Error: Into<Box<dyn std::error::Error + Send + Sync>> + Send,
{
    type Response = http::Response<Body>;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Infallible>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: http::Request<B>) -> Self::Future {
        let mut grpc = Grpc::new(ProstCodec::default());
        Box::pin(async move {
            Ok(match request.uri().path() {
                "/hop.greeter.Greeter/SayHello" => grpc.unary(SayHello, request).await,
                "/hop.greeter.Greeter/Repeat" => grpc.server_streaming(Repeat, request).await,
                "/hop.greeter.Greeter/Gather" => grpc.client_streaming(Gather, request).await,
                "/hop.greeter.Greeter/Chat" => grpc.streaming(Chat, request).await,
                path => Status::unimplemented(format!("{path} is not known")).into_http(),
            })
        })
    }
}

/// A client of the service.
#[derive(Debug)]
pub struct Client(tonic::client::Grpc<Channel>);

impl Client {
    /// Connects; `url` is like `http://127.0.0.1:3000`.
    pub async fn connect(url: String) -> Result<Client, tonic::transport::Error> {
        let channel = Channel::from_shared(url).expect("the URL is valid").connect().await?;
        Ok(Client(tonic::client::Grpc::new(channel)))
    }

    async fn ready(&mut self) -> Result<(), Status> {
        self.0.ready().await.map_err(|error| Status::unavailable(error.to_string()))
    }

    /// One greeting.
    pub async fn say_hello(&mut self, hello: Hello) -> Answer<Greeting> {
        self.ready().await?;
        self.0.unary(Request::new(hello), method("SayHello"), codec()).await
    }

    /// As many greetings as are asked for.
    pub async fn repeat(&mut self, hello: Hello) -> Answer<Streaming<Greeting>> {
        self.ready().await?;
        self.0.server_streaming(Request::new(hello), method("Repeat"), codec()).await
    }

    /// One greeting for all of them.
    pub async fn gather(&mut self, hellos: impl Stream<Item = Hello> + Send + 'static) -> Answer<Greeting> {
        self.ready().await?;
        self.0.client_streaming(Request::new(hellos), method("Gather"), codec()).await
    }

    /// A greeting for each, as they come.
    pub async fn chat(&mut self, hellos: impl Stream<Item = Hello> + Send + 'static) -> Answer<Streaming<Greeting>> {
        self.ready().await?;
        self.0.streaming(Request::new(hellos), method("Chat"), codec()).await
    }
}

fn method(name: &str) -> PathAndQuery {
    format!("/hop.greeter.Greeter/{name}").parse().expect("the name of a method is a path")
}

fn codec() -> ProstCodec<Hello, Greeting> {
    ProstCodec::default()
}
