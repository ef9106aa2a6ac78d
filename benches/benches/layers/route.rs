//! From method and path to the endpoint, among a hundred routes, beside a bare matchit with the same paths.

use crate::Layer;
use criterion::Criterion;
use hop::{Method, Routes, handler, unversioned};
use std::hint::black_box;

/// What is looked up: a fixed path, one with a parameter and one with two, and one that does not exist.
const PATHS: [(&str, &str); 4] = [
    ("fixed", "/section/42/list"),
    ("one-parameter", "/section/42/item/hop"),
    ("two-parameters", "/section/42/item/hop/part/7"),
    ("absent", "/section/42/nothing/here"),
];

pub(crate) fn bench(criterion: &mut Criterion) {
    let mut layer = Layer::new(criterion, "route");
    let mut app = Routes::new();
    let mut bare = matchit::Router::new();
    for pattern in patterns() {
        bare.insert(pattern.clone(), ()).expect("the patterns fit");
        app = app.route(pattern, Method::GET, handler(|_, reply| reply.send("")));
    }
    let app = app.build().expect("the routes fit");
    for (name, path) in PATHS {
        let method = Method::GET;
        layer.measure(&format!("matchit/{name}"), path.len(), || bare.at(black_box(path)).is_ok());
        layer.measure(&format!("hop/{name}"), path.len(), || {
            unversioned::route(&app, black_box(method.as_str()), black_box(path))
        });
    }
}

fn patterns() -> impl Iterator<Item = String> {
    let of_section = |at| {
        ["list", "item/{name}", "item/{name}/part/{number}", "about"].map(move |rest| format!("/section/{at}/{rest}"))
    };
    (25..50).flat_map(of_section)
}
