//! From a collection of routes to an app: every conflict is found, and all of them are told.

use std::any::TypeId;
use std::collections::BTreeMap;
use std::sync::Arc;

use http::{HeaderValue, Method, StatusCode, header};

use super::context::Context;
use super::endpoint::{Endpoint, Scope};
use super::error::{BuildError, Problem};
use super::limits::{HEADERS_CEILING, Limits, Timeouts};
use super::live::hub::{Backplane, Hub, InProcess};
use super::live::options::LiveOptions;
use super::live::topics::Topics;
use super::location::Location;
use super::needs::{BodyMode, Needs};
use super::own_answer::own_answer;
use super::pattern::{Pattern, Segment, join};
use super::response::Response;
use super::router::{App, Fallback, HostHttp2, Http2, IntoApp, Paths, Rest, Table};
use super::routes::{self, Entry, Group, Own, Routes};
use super::tree::Tree;

impl Routes {
    /// Makes the app.
    ///
    /// # Errors
    ///
    /// Everything that does not fit, at once, with its places in the source: two routes for the same method and path, patterns that are
    /// malformed or collide, state that a route needs and nobody gave, two states of one type, arguments that take more path parameters
    /// than there are or that take the body in two ways, two fallbacks for one prefix, limits where they cannot hold.
    pub fn build(self) -> Result<App, BuildError> {
        let mut builder = Builder::default();
        let root = builder.root(self);
        builder.finish(root)
    }
}

impl IntoApp for Routes {
    fn into_app(self) -> Result<App, BuildError> {
        self.build()
    }
}

#[derive(Default)]
struct Builder {
    problems: Vec<Problem>,
    paths: BTreeMap<Vec<Segment>, PathRoutes>,
    fallbacks: Vec<(Fallback, Location)>,
    hub: Arc<Hub>,
    retained: Vec<(String, usize)>,
    backplane: Option<Box<dyn Backplane>>,
    http2: Option<HostHttp2>,
    services: Tree<Arc<Endpoint>>,
    /// Paths with the routes that answer there if no other does.
    spare: Vec<(String, Placed)>,
}

/// All routes of one path.
struct PathRoutes {
    pattern: Pattern,
    /// As it was written first.
    text: String,
    /// The scope of the group of its first route: for answers that hop makes itself.
    scope: Arc<Scope>,
    named: Vec<(Method, Placed)>,
    any: Option<Placed>,
}

/// An endpoint and where it was written.
#[derive(Clone)]
struct Placed {
    endpoint: Arc<Endpoint>,
    name: &'static str,
    place: Location,
    at: Location,
}

impl Builder {
    fn root(&mut self, routes: Routes) -> Context {
        let mut scope = Scope::default();
        scope.states.set(TypeId::of::<Topics>(), Arc::new(Topics(Arc::clone(&self.hub))));
        let mut context = Context {
            prefix: String::new(),
            scope: Arc::new(scope),
            limits: Limits::default(),
            timeouts: Timeouts::default(),
            live: LiveOptions::default(),
        };
        let Routes { own, entries, groups } = routes;
        let last_change = own.limits.last().map(|change| change.at);
        self.extend(&mut context, own);
        if let Some(at) = last_change.filter(|_| context.limits.headers > HEADERS_CEILING) {
            self.problem(format!("`limits.headers` is at most {HEADERS_CEILING}"), [at]);
        }
        self.content(entries, groups, &context);
        context
    }

    fn content(&mut self, entries: Vec<Entry>, groups: Vec<Group>, context: &Context) {
        entries.into_iter().for_each(|entry| self.entry(entry, context));
        groups.into_iter().for_each(|group| self.group(group, context));
    }

    fn group(&mut self, group: Group, outer: &Context) {
        let Group { prefix, routes, at } = group;
        let whole = join(&outer.prefix, &prefix);
        if let Err(fault) = prefix_segments(&prefix).and_then(|_| prefix_segments(&whole)) {
            return self.problem(format!("the prefix \"{prefix}\" is not valid: {fault}"), [at]);
        }
        let Routes { own, entries, groups } = routes;
        let mut context = Context { prefix: whole, ..outer.clone() };
        let changes = own.limits.iter().map(|change| change.at).chain(own.timeouts.iter().map(|change| change.at));
        let changes: Vec<Location> = changes.collect();
        self.extend(&mut context, own);
        let expected = Limits { body_bytes: context.limits.body_bytes, ..outer.limits.clone() };
        if context.limits != expected || context.timeouts != outer.timeouts {
            self.problem(
                "a group can change `limits.body_bytes` only: everything else holds for the whole app, before the route is known",
                changes,
            );
        }
        self.content(entries, groups, &context);
    }

    /// Adds what a collection shares to what holds around it.
    fn extend(&mut self, context: &mut Context, own: Own) {
        let Own { states, before, after, fallbacks, limits, timeouts, live, retained, backplane, http2 } = own;
        limits.into_iter().for_each(|change| (change.change)(&mut context.limits));
        timeouts.into_iter().for_each(|change| (change.change)(&mut context.timeouts));
        live.into_iter().for_each(|change| (change.change)(&mut context.live));
        self.retained.extend(retained);
        self.backplane = backplane.or(self.backplane.take());
        self.http2 = http2.or(self.http2.take());
        if !(states.is_empty() && before.is_empty() && after.is_empty()) {
            self.twice(&states);
            let mut scope = Scope::clone(&context.scope);
            states.into_iter().for_each(|state| scope.states.set(state.id, state.value));
            scope.before.extend(before);
            scope.after.splice(0..0, after);
            context.scope = Arc::new(scope);
        }
        fallbacks.into_iter().for_each(|fallback| self.fallback(fallback, context));
    }

    /// Two states of one type, given to the same collection.
    fn twice(&mut self, states: &[routes::StateEntry]) {
        for (index, state) in states.iter().enumerate() {
            if let Some(first) = states[..index].iter().find(|first| first.id == state.id) {
                self.problem(format!("two states of type `{}`", state.name), [first.at, state.at]);
            }
        }
    }

    fn fallback(&mut self, fallback: routes::Fallback, context: &Context) {
        let routes::Fallback { handler, spec, at } = fallback;
        let prefix = prefix_segments(&context.prefix).expect("its group was refused otherwise");
        if let Some((_, first)) = self.fallbacks.iter().find(|(known, _)| known.prefix == prefix) {
            let below = if prefix.is_empty() { "everything".to_owned() } else { format!("\"{}\"", context.prefix) };
            return self.problem(format!("two fallbacks for {below}"), [*first, at]);
        }
        let needs = spec.as_ref().map(|spec| &spec.needs);
        let places = [spec.as_ref().map_or(at, |spec| spec.location), at];
        let body = needs.map_or(Ok(BodyMode::Whole), Needs::body_mode).unwrap_or_else(|fault| {
            self.problem(format!("the fallback {fault}"), places);
            BodyMode::Ignored
        });
        self.missing_states("the fallback", needs, context, &places);
        for count in needs.map_or(&[][..], Needs::path_counts).iter().filter(|count| **count != 0) {
            self.problem(format!("the fallback takes {count} path parameters, but a fallback has none"), places);
        }
        let endpoint = context.endpoint(handler, body, spec.as_ref(), &[]);
        let is_service = spec.is_some_and(|spec| spec.is_service);
        self.fallbacks.push((Fallback { prefix, endpoint, is_service }, at));
    }

    fn entry(&mut self, entry: Entry, context: &Context) {
        let text = join(&context.prefix, &entry.pattern);
        let pattern = match Pattern::read(&entry.pattern).and_then(|_| Pattern::read(&text)) {
            Ok(pattern) => pattern,
            Err(fault) => {
                return self.problem(format!("the path \"{text}\" is not valid: {fault}"), [entry.place()]);
            }
        };
        if let Some(fault) = &entry.fault {
            self.problem(fault.as_str(), [entry.at]);
        }
        let body = self.check(&entry, context);
        let spec = entry.spec.as_ref();
        let (name, place, at) = (entry.name, entry.place(), entry.at);
        let placed = |handler, names: &[Box<str>]| {
            let endpoint = context.endpoint(handler, body, spec, names);
            Placed { endpoint, name, place, at }
        };
        if let Some(root) = entry.root {
            self.root_of_directory(&text, placed(root, &pattern.names[..pattern.names.len() - 1]));
        }
        let placed = placed(entry.handler, &pattern.names);
        if spec.is_some_and(|spec| spec.is_service) {
            self.services.insert(&pattern.segments, Arc::clone(&placed.endpoint));
        }
        self.place(text, pattern, entry.methods.named(), placed);
    }

    /// `{*rest}` is never empty, so that the root of a directory, `text` without it, needs a route of its own.
    fn root_of_directory(&mut self, text: &str, root: Placed) {
        let with_slash = text.rsplit_once('/').map_or("", |(before, _)| &text[..=before.len()]);
        let without = with_slash.trim_end_matches('/');
        let paths = [with_slash, without].into_iter().filter(|path| !path.is_empty());
        self.spare.extend(paths.map(|path| (path.to_owned(), root.clone())));
    }

    /// Gives paths that no other route answers to those that would.
    fn place_spare(&mut self) {
        for (text, placed) in std::mem::take(&mut self.spare) {
            let Ok(pattern) = Pattern::read(&text) else { continue };
            let is_free = self.paths.get(&pattern.segments).is_none_or(|path| !path.answers(&Method::GET));
            if is_free {
                self.place(text, pattern, &[Method::GET], placed);
            }
        }
    }

    /// What the arguments of a route need must be there. Gives how it takes the body.
    fn check(&mut self, entry: &Entry, context: &Context) -> BodyMode {
        let Some(needs) = entry.needs() else { return BodyMode::Whole };
        let places = [entry.place(), entry.at];
        self.missing_states(&format!("`{}`", entry.name), Some(needs), context, &places);
        let own = Pattern::read(&entry.pattern).map_or(0, |own| own.names.len());
        for count in needs.path_counts().iter().filter(|count| **count != own) {
            let what = format!("`{}` takes {count} path parameters, but \"{}\" has {own}", entry.name, entry.pattern);
            self.problem(what, places);
        }
        needs.body_mode().unwrap_or_else(|fault| {
            self.problem(format!("`{}` {fault}", entry.name), places);
            BodyMode::Ignored
        })
    }

    fn missing_states(&mut self, whose: &str, needs: Option<&Needs>, context: &Context, places: &[Location]) {
        for need in needs.map_or(&[][..], Needs::states) {
            if context.scope.states.get(need.id).is_none() {
                let what = format!("{whose} needs a state of type `{0}`: give it by `.state(…)`", need.name);
                self.problem(what, places.iter().copied());
            }
        }
    }

    /// Puts a route into the table of its path.
    fn place(&mut self, text: String, pattern: Pattern, methods: &[Method], placed: Placed) {
        let path = self.paths.entry(pattern.segments.clone()).or_insert_with(|| PathRoutes {
            pattern,
            text,
            scope: Arc::clone(&placed.endpoint.scope),
            named: Vec::new(),
            any: None,
        });
        let mut taken = Vec::new();
        if methods.is_empty() {
            match &path.any {
                Some(first) => taken.push(("ANY".to_owned(), first.clone())),
                None => path.any = Some(placed.clone()),
            }
        }
        for method in methods {
            match path.named.iter().find(|(known, _)| known == method) {
                Some((_, first)) => taken.push((method.to_string(), first.clone())),
                None => path.named.push((method.clone(), placed.clone())),
            }
        }
        let text = path.text.clone();
        for (method, first) in taken {
            self.problem(twice(&method, &text, &first, &placed), twice_places(&first, &placed));
        }
    }

    fn finish(mut self, root: Context) -> Result<App, BuildError> {
        self.place_spare();
        let (fixed, patterns, fallbacks) = (Default::default(), Tree::default(), Vec::new());
        let mut paths = Paths { fixed, patterns, services: std::mem::take(&mut self.services), fallbacks };
        for (segments, path) in &self.paths {
            match path.pattern.fixed() {
                Some(fixed) => drop(paths.fixed.insert(fixed.into_bytes().into(), path.table())),
                None => paths.patterns.insert(segments, path.table()),
            }
        }
        if !self.problems.is_empty() {
            return Err(BuildError::new(self.problems));
        }
        paths.fallbacks = self.fallbacks.into_iter().map(|(fallback, _)| fallback).collect();
        // Segments are in the order in which one wins over the other.
        paths.fallbacks.sort_by(|one, other| {
            other.prefix.len().cmp(&one.prefix.len()).then_with(|| one.prefix.cmp(&other.prefix))
        });
        if paths.fallbacks.last().is_none_or(|last| !last.prefix.is_empty()) {
            let endpoint = own_answer(Response::new(StatusCode::NOT_FOUND), &[], &root.scope);
            paths.fallbacks.push(Fallback { prefix: Vec::new(), endpoint, is_service: false });
        }
        let backplane = self.backplane.unwrap_or_else(|| Box::new(InProcess::default()));
        let http2 = self.http2.zip(paths.fallbacks.last());
        let http2 = http2.map(|(host, last)| Http2 { endpoint: Arc::clone(&last.endpoint), host });
        self.hub.open(backplane, &self.retained);
        Ok(App { http2, ..App::new(paths, root.limits, root.timeouts, self.hub) })
    }

    fn problem(&mut self, what: impl Into<String>, places: impl IntoIterator<Item = Location>) {
        self.problems.push(Problem { what: what.into(), places: places.into_iter().collect() });
    }
}

impl PathRoutes {
    fn answers(&self, wanted: &Method) -> bool {
        self.any.is_some() || self.named.iter().any(|(method, _)| method == wanted)
    }

    /// The table of methods, with what hop answers itself.
    fn table(&self) -> Table {
        let named = |name: Method| self.named.iter().find(|(method, _)| *method == name).map(|(_, placed)| placed);
        let get = named(Method::GET).map(|placed| Arc::clone(&placed.endpoint));
        let mut others: Vec<(Box<str>, Arc<Endpoint>)> = Vec::new();
        for (method, placed) in self.named.iter().filter(|(method, _)| *method != Method::GET) {
            others.push((method.as_str().into(), Arc::clone(&placed.endpoint)));
        }
        if let Some(get) = get.as_ref().filter(|_| named(Method::HEAD).is_none()) {
            others.push(("HEAD".into(), Arc::clone(get)));
        }
        if let Some(any) = &self.any {
            return Table { get, named: others, rest: Rest::Any(Arc::clone(&any.endpoint)) };
        }
        let allow = self.allow();
        let answer = |status| {
            let answer = Response::new(status).with_header(header::ALLOW, allow.clone());
            own_answer(answer, &self.pattern.names, &self.scope)
        };
        let (options, wrong_method) = (answer(StatusCode::NO_CONTENT), answer(StatusCode::METHOD_NOT_ALLOWED));
        Table { get, named: others, rest: Rest::Own { options, wrong_method } }
    }

    /// RFC 9110 §10.2.1: the methods of this path.
    fn allow(&self) -> HeaderValue {
        let mut names: Vec<&str> = self.named.iter().map(|(method, _)| method.as_str()).collect();
        if names.contains(&"GET") && !names.contains(&"HEAD") {
            names.push("HEAD");
        }
        if !names.contains(&"OPTIONS") {
            names.push("OPTIONS");
        }
        names.sort_unstable();
        HeaderValue::from_str(&names.join(", ")).expect("methods are tokens, which a header value may hold")
    }
}

fn twice(method: &str, text: &str, first: &Placed, second: &Placed) -> String {
    if first.name == second.name && first.place == second.place {
        return format!("`{}` ({method} {text}) is registered twice", first.name);
    }
    format!("{method} {text} has two routes, `{}` and `{}`", first.name, second.name)
}

/// Where two routes were written; where they were registered, if they are one and the same.
fn twice_places(first: &Placed, second: &Placed) -> [Location; 2] {
    if first.place == second.place { [first.at, second.at] } else { [first.place, second.place] }
}

/// A prefix is a path with or without parameters, or nothing; a slash at its end does not count.
fn prefix_segments(prefix: &str) -> Result<Vec<Segment>, String> {
    if prefix.is_empty() {
        return Ok(Vec::new());
    }
    let mut segments = Pattern::read(prefix)?.segments;
    if segments.last() == Some(&Segment::Rest) {
        return Err("`{*rest}` leaves nothing for the routes below it".to_owned());
    }
    let end = segments.iter().rposition(|segment| *segment != Segment::Text("".into())).map_or(0, |last| last + 1);
    segments.truncate(end);
    Ok(segments)
}
