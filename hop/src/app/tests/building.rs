//! What is wrong with a collection of routes, and where.

use http::Method;

use super::*;
use crate::{ANY, BuildError, Location};

#[route("/item/{id}")]
fn one(Path(_id): Path<u32>) {}

#[route("/item/{item}")]
fn other(Path(_item): Path<String>) {}

#[route("/state")]
fn stateful(State(_): State<u8>, _also: StateRef<'_, u16>) {}

/// Behind a name, so that it is not refused by `#[route]` already.
type Two = (u8, u8);

#[route("/item/{id}")]
fn takes_two(Path(_): Path<Two>) {}

#[route("/body")]
fn torn(_stream: Body, _whole: Option<&[u8]>) {}

#[track_caller]
fn error(routes: Routes) -> BuildError {
    routes.build().expect_err("these routes do not fit")
}

/// What is wrong, where it is one thing.
#[track_caller]
fn problem(routes: Routes) -> (String, Vec<Location>) {
    let error = error(routes);
    let [problem] = error.problems() else { panic!("expected one problem: {error}") };
    (problem.what.clone(), problem.places.clone())
}

#[track_caller]
fn assert_same_file(places: &[Location], count: usize) {
    assert_eq!(places.len(), count, "{places:?}");
    assert!(places.iter().all(|place| place.file.ends_with("building.rs")), "{places:?}");
    let mut lines: Vec<u32> = places.iter().map(|place| place.line).collect();
    lines.dedup();
    assert_eq!(lines.len(), count, "the places differ: {places:?}");
}

#[test]
fn two_routes_for_one_method_and_path_are_named_with_both_places() {
    let (what, places) = problem(routes![one, other]);
    assert_eq!(
        what,
        "GET /item/{id} has two routes, `hop::app::tests::building::one` and `hop::app::tests::building::other`"
    );
    assert_same_file(&places, 2);
}

#[test]
fn the_order_of_two_routes_does_not_matter() {
    let lines = |routes| {
        let mut lines: Vec<u32> = problem(routes).1.iter().map(|place| place.line).collect();
        lines.sort_unstable();
        lines
    };
    assert_eq!(lines(routes![one, other]), lines(routes![other, one]));
}

#[test]
fn a_route_that_is_registered_twice_is_named_where_it_is_registered() {
    let twice = Routes::new().add(one {});
    let (what, places) = problem(twice.merge(routes![one]));
    assert!(what.ends_with("is registered twice"), "{what}");
    assert_same_file(&places, 2);
}

#[test]
fn conflicts_are_found_across_collections() {
    let nested = Routes::new().route("/b", Method::GET, says("nested"));
    let (what, _) = problem(Routes::new().nest("/a", nested).route("/a/b", Method::GET, says("outer")));
    assert!(what.starts_with("GET /a/b has two routes"), "{what}");
    let (what, _) = problem(Routes::new().route("/a", ANY, says("1")).group(Routes::new().route("/a", ANY, says("2"))));
    assert!(what.starts_with("ANY /a has two routes"), "{what}");
}

#[test]
fn every_method_that_is_taken_twice_is_told() {
    let both = [Method::GET, Method::POST];
    let error = error(Routes::new().route("/a", both.clone(), says("1")).route("/a", both, says("2")));
    assert_eq!(error.problems().len(), 2, "{error}");
}

#[test]
fn a_missing_state_is_named_with_the_route_that_needs_it() {
    let error = error(routes![stateful]);
    let what: Vec<&str> = error.problems().iter().map(|problem| problem.what.as_str()).collect();
    let needs =
        |ty| format!("`hop::app::tests::building::stateful` needs a state of type `{ty}`: give it by `.state(…)`");
    assert_eq!(what, [needs("u8"), needs("u16")]);
    assert_same_file(&error.problems()[0].places, 2);
    routes![stateful].state(1u8).state(1u16).build().expect("all states are there");
}

#[test]
fn the_state_of_a_group_is_not_that_of_its_neighbours() {
    let given = routes![].state(1u8).state(1u16);
    assert_eq!(error(routes![stateful].group(given)).problems().len(), 2);
}

#[test]
fn an_optional_state_may_lack() {
    #[route("/")]
    fn optional(state: Option<State<u8>>) -> String {
        format!("{:?}", state.map(|State(n)| n))
    }
    assert_eq!(get(&serve(routes![optional]), "/"), "None");
    assert_eq!(get(&serve(routes![optional].state(7u8)), "/"), "Some(7)");
}

#[test]
fn two_states_of_one_type_are_named_with_both_places() {
    let routes = routes![].state(1u8);
    let (what, places) = problem(routes.state("text").state(2u8));
    assert_eq!(what, "two states of type `u8`");
    assert_same_file(&places, 2);
}

#[test]
fn parameters_that_do_not_fit_the_path_are_told() {
    let (what, places) = problem(routes![takes_two]);
    let expected = "`hop::app::tests::building::takes_two` takes 2 path parameters, but \"/item/{id}\" has 1";
    assert_eq!(what, expected);
    assert_same_file(&places, 2);
}

#[test]
fn a_body_is_taken_in_one_way() {
    let (what, _) = problem(routes![torn]);
    assert!(what.ends_with("takes the body both whole and as it comes"), "{what}");
}

#[test]
fn malformed_patterns_and_prefixes_are_told() {
    let cases = [
        (Routes::new().route("a", ANY, says("")), "the path \"a\" is not valid: it does not start with `/`"),
        (Routes::new().route("/{", ANY, says("")), "the path \"/{\" is not valid: the `{` in `{` is never closed"),
        (Routes::new().nest("api", routes![]), "the prefix \"api\" is not valid: it does not start with `/`"),
        (
            Routes::new().nest("/{*all}", routes![]),
            "the prefix \"/{*all}\" is not valid: `{*rest}` leaves nothing for the routes below it",
        ),
        (
            Routes::new().nest("/{a}", Routes::new().route("/{a}", ANY, says(""))),
            "the path \"/{a}/{a}\" is not valid: the parameter `a` appears twice",
        ),
        (
            Routes::new().nest("/a", Routes::new().route("b", ANY, says(""))),
            "the path \"/ab\" is not valid: it does not start with `/`",
        ),
    ];
    for (routes, expected) in cases {
        let (what, places) = problem(routes);
        assert_eq!(what, expected);
        assert_same_file(&places, 1);
    }
}

#[test]
fn two_fallbacks_for_one_prefix_are_named_with_both_places() {
    let routes = Routes::new().fallback(says("1"));
    let (what, places) = problem(routes.fallback(says("2")));
    assert_eq!(what, "two fallbacks for everything");
    assert_same_file(&places, 2);
    let group = Routes::new().fallback(says("1"));
    let (what, _) = problem(Routes::new().nest("/a", group).nest("/a/", Routes::new().fallback(says("2"))));
    assert_eq!(what, "two fallbacks for \"/a/\"");
}

#[test]
fn a_fallback_that_is_a_route_needs_its_state() {
    let (what, _) = problem(Routes::new().fallback_route(name_of_state {}));
    assert!(what.starts_with("the fallback needs a state of type `u8`"), "{what}");
}

#[test]
fn a_fallback_has_no_path_parameters() {
    let (what, places) = problem(Routes::new().nest("/{tenant}", Routes::new().fallback_route(lost {})));
    assert_eq!(what, "the fallback takes 1 path parameters, but a fallback has none");
    assert_same_file(&places, 2);
    assert_eq!(places[0], lost {}.spec().location);
}

#[route("/{page}")]
fn lost(Path(_): Path<String>) {}

#[route("/")]
fn name_of_state(State(_): State<u8>) {}

#[test]
fn limits_of_the_whole_app_cannot_be_changed_in_a_group() {
    let (what, places) = problem(Routes::new().group(Routes::new().limits(|limits| limits.head_bytes = 1)));
    assert!(what.starts_with("a group can change `limits.body_bytes` only"), "{what}");
    assert_same_file(&places, 1);
    let timeouts = Routes::new().timeouts(|timeouts| timeouts.idle *= 2);
    assert!(Routes::new().group(timeouts).build().is_err());
    let (what, _) = problem(Routes::new().limits(|limits| limits.headers = 129));
    assert_eq!(what, "`limits.headers` is at most 128");
}

#[test]
fn all_problems_are_told_at_once() {
    let error = error(routes![one, other, stateful, takes_two].route("bad", ANY, says("")));
    let text = error.to_string();
    assert_eq!(error.problems().len(), 6, "{text}");
    assert_eq!(text.lines().count(), 7, "{text}");
    for expected in ["has two routes", "needs a state of type `u8`", "takes 2 path parameters", "\"bad\" is not valid"]
    {
        assert!(text.contains(expected), "{text}");
    }
}

#[test]
fn a_problem_reads_as_one_sentence_with_its_places() {
    let routes = Routes::new().state(1u8);
    let line = line!() + 1;
    let text = error(routes.state(2u8)).to_string();
    assert!(text.starts_with("the routes do not fit: two states of type `u8`: at "), "{text}");
    assert!(text.contains(&format!("building.rs:{line}:")), "{text}");
}
