//! The handshake: what opens a WebSocket, what is refused and how.

use super::*;
use crate::OriginPolicy;

#[test]
fn the_answer_says_what_the_rfc_wants_and_nothing_about_a_body() {
    let ws = echo().ws("/");
    let answer = ws.answer();
    assert_eq!(
        (answer.status, answer.header("connection"), answer.header("upgrade")),
        (101, Some("upgrade"), Some("websocket"))
    );
    assert!(answer.header("content-length").is_none() && answer.header("transfer-encoding").is_none());
    assert_eq!(answer.headers.get_all("connection").iter().count(), 1);
}

#[test]
fn a_malformed_key_is_400() {
    let app = echo();
    for key in ["", "c2hvcnQ=", "dGhlIHNhbXBsZSBub25jZQ", "not base64 at all!!!!!=="] {
        app.ws_request("/").header("Sec-WebSocket-Key", key).expect(400);
    }
    app.ws_request("/").without("Sec-WebSocket-Key").expect(400);
}

#[test]
fn another_version_is_426_and_names_the_right_one() {
    for version in ["8", "0", "13, 8", "99"] {
        let answer = echo().ws_request("/").header("Sec-WebSocket-Version", version).expect(426);
        assert_eq!(answer.header("sec-websocket-version"), Some("13"));
        assert_eq!(answer.header("upgrade"), Some("websocket"));
    }
}

#[test]
fn a_connection_field_without_upgrade_is_426() {
    echo().ws_request("/").header("Connection", "keep-alive").expect(426);
    assert!(echo().ws_request("/").header("Connection", "keep-alive, Upgrade").send().is_ok());
}

#[test]
fn http_1_0_opens_nothing() {
    let request = String::from_utf8(echo().ws_request("/").bytes()).unwrap().replace("HTTP/1.1", "HTTP/1.0");
    echo().raw(request).expect(400);
}

#[test]
fn another_method_is_405() {
    let request = String::from_utf8(echo().ws_request("/").bytes()).unwrap().replace("GET", "POST");
    let answer = echo().raw(request).expect(405);
    assert_eq!(answer.header("allow"), Some("GET, HEAD, OPTIONS"));
}

#[test]
fn a_handshake_has_no_body() {
    let app = echo();
    app.ws_request("/").header("Content-Length", "5").followed_by("hello").expect(400);
    app.ws_request("/").header("Transfer-Encoding", "chunked").followed_by("0\r\n\r\n").expect(400);
    assert!(app.ws_request("/").header("Content-Length", "0").send().is_ok());
}

#[test]
fn after_a_refusal_the_connection_can_be_used_again() {
    let app = echo();
    let refused = app.ws_request("/").header("Sec-WebSocket-Version", "8").bytes();
    let mut client = app.raw([refused, app.ws_request("/").bytes()].concat()).send();
    assert_eq!(client.answer().status, 426);
    assert_eq!(client.answer().status, 101);
}

#[test]
fn pages_of_other_origins_are_refused_unless_the_route_says_otherwise() {
    let opens = |policy: OriginPolicy, origin: &str| {
        let app = serve_with(Probe::echo(&Log::default()), |live| live.origin = policy);
        app.ws_request("/").header("Origin", origin).send().map_err(|answer| answer.status).err()
    };
    assert_eq!(opens(OriginPolicy::Same, "http://evil.example"), Some(403));
    assert_eq!(opens(OriginPolicy::Same, "null"), Some(403));
    assert_eq!(opens(OriginPolicy::Same, "http://test"), None);
    assert_eq!(opens(OriginPolicy::Any, "http://evil.example"), None);
    let listed = || OriginPolicy::Listed(vec!["https://app.example".to_owned()]);
    assert_eq!(opens(listed(), "https://app.example"), None);
    assert_eq!(opens(listed(), "http://test"), None);
    assert_eq!(opens(listed(), "https://evil.example"), Some(403));
}

#[test]
fn a_subprotocol_is_chosen_only_out_of_those_that_are_offered() {
    let log = Log::default();
    let noted = log.clone();
    let app = serve(Probe::on_open(&log, move |ws| {
        noted.add(format!("{:?} {} {}", ws.protocols(), ws.protocol("mqtt"), ws.protocol("chat.v2")));
    }));
    assert_eq!(app.ws_request("/").protocol("chat.v2").protocol("b").open().protocol(), Some("chat.v2"));
    assert_eq!(app.ws("/").protocol(), None);
    assert_eq!(log.take()[0], "[\"chat.v2\", \"b\"] false true");
}

#[cfg(feature = "deflate")]
#[test]
fn a_route_that_drops_the_oldest_keeps_no_window_of_its_own() {
    use crate::{Compression, Overflow};
    let agreed = |overflow: Overflow| {
        let app = serve_with(Probe::echo(&Log::default()), move |live| {
            (live.compress, live.overflow) = (Compression::Dedicated, overflow);
        });
        let ws = app.ws_request("/").header("Sec-WebSocket-Extensions", "permessage-deflate").open();
        ws.answer().header("sec-websocket-extensions").unwrap().to_owned()
    };
    assert_eq!(agreed(Overflow::Close), "permessage-deflate");
    assert_eq!(agreed(Overflow::DropNewest), "permessage-deflate");
    assert_eq!(agreed(Overflow::DropOldest), "permessage-deflate; server_no_context_takeover");
}

#[test]
fn subprotocols_that_are_no_tokens_or_twice_are_400() {
    echo().ws_request("/").header("Sec-WebSocket-Protocol", "a b").expect(400);
    echo().ws_request("/").protocol("a").protocol("a").expect(400);
}

#[test]
fn a_handler_adds_fields_but_none_of_the_handshakes_own() {
    let log = Log::default();
    let noted = log.clone();
    let app = serve(Probe::on_open(&log, move |ws| {
        let own =
            ws.header("sec-websocket-accept", "x") || ws.header("connection", "close") || ws.header("upgrade", "x");
        noted.add(format!("{} {own} {}", ws.header("set-cookie", "a=b"), ws.header("x", "a\r\nb: c")));
    }));
    assert_eq!(app.ws("/").answer().header("set-cookie"), Some("a=b"));
    assert_eq!(log.take()[0], "true false false");
}

#[test]
fn a_plain_get_is_told_to_upgrade() {
    struct SocketOnly;
    impl EventHandler for SocketOnly {
        type Conn = ();
        const CALLBACKS: Callbacks = Callbacks::WEB_SOCKET;
    }
    let answer = serve(SocketOnly).get("/").expect(426);
    assert_eq!((answer.header("upgrade"), answer.header("connection")), (Some("websocket"), Some("upgrade")));
    serve(SocketOnly).ws_request("/").expect(501);
}

#[test]
fn hooks_see_the_handshake_and_may_refuse_it() {
    let log = Log::default();
    let routes = Routes::new().route("/", Method::GET, Probe::echo(&log));
    let app = App::new(
        routes.before(|request| request.header("cookie").is_none().then(|| crate::StatusCode::UNAUTHORIZED.into())),
    );
    app.ws_request("/").expect(401);
    assert!(app.ws_request("/").header("Cookie", "a=b").send().is_ok());
}

#[test]
fn a_hook_that_changes_the_status_keeps_it_from_opening() {
    let log = Log::default();
    let routes = Routes::new().route("/", Method::GET, Probe::echo(&log));
    let app = App::new(routes.after(|head, _| head.status = crate::StatusCode::IM_A_TEAPOT));
    app.ws_request("/").expect(418);
    assert_eq!((log.take(), app.connections()), (vec![], 0));
}
