//! The source tree is a tested artefact: layers import only downward, nothing imports in a circle, clocks, sockets and threads stay where they
//! belong, files and functions stay short. Every complaint names file and line.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::fs;
use std::path::Path as FilePath;

use hop_tests::rust::{Path, Source, Token};

/// The layers of hop, each of which may import itself and what stands before it.
const LAYERS: &[&[&str]] = &[
    &["buf", "time"],
    &["wire"],
    &["proto"],
    &["conn", "local"],
    &["app"],
    &["engine"],
    &["server"],
    &["", "__private", "manual", "prelude", "testing", "tower", "unversioned", "ws"],
];

/// The only file that may hold a block of unsafe code.
const UNSAFE_FILE: &str = "hop/src/server/poller.rs";
const FILE_LINES_MAX: usize = 400;
const FUNCTION_LINES_MAX: usize = 70;
/// The packages, all of which are read.
const PACKAGES: &[&str] = &["hop", "hop-macros", "examples", "tests", "benches"];

#[test]
fn the_tree_is_tidy() {
    let root = FilePath::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the package stands in a workspace");
    let mut files = Vec::new();
    PACKAGES.iter().for_each(|package| collect(root, &root.join(package), &mut files));
    assert!(files.len() > 40, "only {} files were found", files.len());
    let complaints = complaints(files);
    assert!(complaints.is_empty(), "{} complaints:\n{}", complaints.len(), complaints.join("\n"));
}

/// The Rust files below `folder`, without build products and the programs that are compiled to fail.
fn collect(root: &FilePath, folder: &FilePath, files: &mut Vec<File>) {
    let mut entries: Vec<_> =
        fs::read_dir(folder).expect("a folder of the workspace").map(|entry| entry.expect("an entry").path()).collect();
    entries.sort();
    for entry in entries {
        let name = entry.file_name().expect("an entry has a name").to_string_lossy().into_owned();
        if entry.is_dir() && name != "target" && name != "ui" && !name.starts_with('.') {
            collect(root, &entry, files);
        } else if name.ends_with(".rs") {
            let path =
                entry.strip_prefix(root).expect("the entry stands below the root").to_string_lossy().replace('\\', "/");
            files.push(File::new(&path, &fs::read_to_string(&entry).expect("a readable source file")));
        }
    }
}

struct File {
    path: String,
    text: String,
    source: Source,
}

impl File {
    fn new(path: &str, text: &str) -> File {
        File { path: path.into(), text: text.into(), source: Source::read(text) }
    }

    /// Whether the file is part of what users run.
    fn is_product(&self) -> bool {
        self.path.starts_with("hop/src/") || self.path.starts_with("hop-macros/src/")
    }

    /// The module that a file of hop itself holds: empty for lib.rs, `["buf", "slab"]` for buf/slab.rs.
    fn module(&self) -> Option<Vec<String>> {
        let inside = self.path.strip_prefix("hop/src/")?.strip_suffix(".rs")?;
        let inside = inside.strip_suffix("/mod").unwrap_or(inside);
        Some(inside.split('/').filter(|part| *part != "lib").map(String::from).collect())
    }

    fn complaint(&self, line: usize, what: &str) -> String {
        format!("{}:{line}: {what}", self.path)
    }
}

fn complaints(files: Vec<File>) -> Vec<String> {
    let test_files = test_only_files(&files);
    let (tests, files): (Vec<File>, Vec<File>) = files.into_iter().partition(|file| test_files.contains(&file.path));
    let mut complaints: Vec<String> =
        tests.iter().flat_map(|file| [no_doc_line(file), leftovers(file)].concat()).collect();
    for file in &files {
        complaints.extend([no_doc_line(file), leftovers(file), long_file(file), long_functions(file)].concat());
        complaints.extend([clocks_sockets_threads(file), unsafe_code(file)].concat());
    }
    let tree = Tree::new(&files);
    complaints.extend(tree.upward_imports());
    complaints.extend(tree.circles());
    complaints.dedup();
    complaints
}

/// Integration tests, and modules that another file declares for tests only, with all that is below them.
fn test_only_files(files: &[File]) -> BTreeSet<String> {
    let mut modules = Vec::new();
    for file in files {
        let folder = file.path.strip_suffix("/mod.rs").or_else(|| file.path.strip_suffix(".rs")).unwrap_or(&file.path);
        let folder = folder.strip_suffix("/lib").unwrap_or(folder);
        modules.extend(file.source.test_modules.iter().map(|name| format!("{folder}/{name}")));
    }
    let is_test = |path: &str| {
        let below = |module: &String| {
            path.strip_prefix(module.as_str()).is_some_and(|rest| rest == ".rs" || rest.starts_with('/'))
        };
        path.split('/').nth(1) == Some("tests") || modules.iter().any(below)
    };
    files.iter().map(|file| file.path.clone()).filter(|path| is_test(path)).collect()
}

fn no_doc_line(file: &File) -> Vec<String> {
    let first = file.text.lines().position(|line| !line.trim().is_empty()).unwrap_or(0);
    match file.text.lines().nth(first) {
        Some(line) if line.starts_with("//!") => Vec::new(),
        _ => vec![file.complaint(first + 1, "a module says what it is in a first `//!` line")],
    }
}

/// Marks of unfinished work.
fn leftovers(file: &File) -> Vec<String> {
    let mut found = Vec::new();
    for window in file.source.all.windows(3) {
        let texts = [&window[0].text, &window[1].text, &window[2].text].map(String::as_str);
        match texts {
            [name @ ("todo" | "dbg" | "unimplemented"), "!", _] => {
                found.push(file.complaint(window[0].line, &format!("{name}! is left over")))
            }
            ["#", "[", "ignore"] => found.push(file.complaint(window[0].line, "no test is ignored")),
            _ => {}
        }
    }
    found
}

fn long_file(file: &File) -> Vec<String> {
    let tests: usize = file.source.test_lines.iter().map(|lines| lines.end() - lines.start() + 1).sum();
    match file.text.lines().count() - tests {
        lines if lines > FILE_LINES_MAX => {
            vec![file.complaint(FILE_LINES_MAX, &format!("{lines} lines without tests, at most {FILE_LINES_MAX}"))]
        }
        _ => Vec::new(),
    }
}

fn long_functions(file: &File) -> Vec<String> {
    let long = file.source.functions().into_iter().filter(|(_, _, lines)| *lines > FUNCTION_LINES_MAX);
    long.map(|(name, line, lines)| {
        file.complaint(line, &format!("{name} has {lines} lines, at most {FUNCTION_LINES_MAX}"))
    })
    .collect()
}

fn clocks_sockets_threads(file: &File) -> Vec<String> {
    if !file.is_product() || file.path.starts_with("hop/src/server/") {
        return Vec::new();
    }
    let banned =
        file.source.paths.iter().filter_map(|path| belongs_to_server(path).map(|what| file.complaint(path.line, what)));
    banned.collect()
}

/// Why only `server/` may name this path.
fn belongs_to_server(path: &Path) -> Option<&'static str> {
    let pairs = path.segments.windows(2).map(|pair| [pair[0].as_str(), pair[1].as_str()]);
    pairs.into_iter().find_map(|pair| match pair {
        ["Instant", "now"] | ["SystemTime", "now"] => Some("time comes in as a value: no clock outside server/"),
        ["net", socket] if ["Tcp", "Udp", "Unix"].iter().any(|kind| socket.starts_with(kind)) => {
            Some("no socket outside server/")
        }
        ["net", "*"] => Some("no socket outside server/"),
        ["std", "thread"] => Some("no thread outside server/"),
        _ => None,
    })
}

fn unsafe_code(file: &File) -> Vec<String> {
    if !file.is_product() || file.path == UNSAFE_FILE {
        return Vec::new();
    }
    let code = |pair: &&[Token]| {
        pair[0].text == "unsafe" && ["{", "fn", "impl", "trait", "extern"].contains(&pair[1].text.as_str())
    };
    let found = file.source.code.windows(2).filter(code);
    found.map(|pair| file.complaint(pair[0].line, &format!("unsafe code outside {UNSAFE_FILE}"))).collect()
}

/// The modules of hop and what each imports.
struct Tree<'a> {
    files: BTreeMap<Vec<String>, &'a File>,
}

impl<'a> Tree<'a> {
    fn new(files: &'a [File]) -> Tree<'a> {
        Tree { files: files.iter().filter_map(|file| Some((file.module()?, file))).collect() }
    }

    fn upward_imports(&self) -> Vec<String> {
        let mut found = Vec::new();
        for (module, file) in &self.files {
            let Some(own) = layer(module) else {
                found.push(file.complaint(1, &format!("module {} has no layer", module[0])));
                continue;
            };
            for (path, target) in self.imports(module, file) {
                if layer(&target).is_some_and(|layer| layer > own) {
                    found.push(file.complaint(path.line, &format!("imports upward: {}", path.segments.join("::"))));
                }
            }
        }
        found
    }

    /// Modules that import each other, directly or by way of others; what they only export again does not count. Of each knot of
    /// such modules at least one circle is told, as short as it can be.
    fn circles(&self) -> Vec<String> {
        let imports = self.files.iter().map(|(module, file)| {
            let imports = self.imports(module, file).into_iter().filter(|(path, _)| !path.reexported);
            (module.clone(), imports.map(|(path, target)| (target, path.line)).collect())
        });
        let imports: BTreeMap<Vec<String>, BTreeMap<Vec<String>, usize>> = imports.collect();
        let circles = imports.keys().filter_map(|module| Some((module, circle(&imports, module)?)));
        let circles = circles.filter(|(module, circle)| circle.iter().all(|other| *module <= other));
        let told = circles.map(|(module, circle)| {
            let names: Vec<String> = circle.iter().map(|module| module.join("::")).collect();
            self.files[module]
                .complaint(imports[module][&circle[1]], &format!("a circle of imports: {}", names.join(" > ")))
        });
        told.collect()
    }

    /// The paths in a file that lead into another module of hop, each with that module.
    fn imports(&self, module: &[String], file: &'a File) -> Vec<(&'a Path, Vec<String>)> {
        let into_hop = |path: &'a Path| {
            let target = self.target(module, &path.segments, 0)?;
            (target != module).then_some((path, target))
        };
        file.source.paths.iter().filter_map(into_hop).collect()
    }

    /// The module that `segments`, written in `module`, leads to, through re-exports.
    fn target(&self, module: &[String], segments: &[String], depth: usize) -> Option<Vec<String>> {
        let absolute = self.absolute(module, segments)?;
        let known = (0..=absolute.len()).rev().find(|len| self.files.contains_key(&absolute[..*len]))?;
        let (target, rest) = absolute.split_at(known);
        let reexported = rest.first().filter(|_| depth < 8).and_then(|name| self.reexport(target, name));
        match reexported {
            Some(path) => self.target(target, &path, depth + 1).or_else(|| Some(target.to_vec())),
            None => Some(target.to_vec()),
        }
    }

    fn absolute(&self, module: &[String], segments: &[String]) -> Option<Vec<String>> {
        let supers = segments.iter().take_while(|segment| *segment == "super").count();
        let child = [module, &segments[..1]].concat();
        match segments[0].as_str() {
            "crate" if segments.len() > 1 => Some(segments[1..].to_vec()),
            "self" if segments.len() > 1 => Some([module, &segments[1..]].concat()),
            "super" if supers < segments.len() => {
                Some([&module[..module.len().checked_sub(supers)?], &segments[supers..]].concat())
            }
            _ if segments.len() > 1 && self.files.contains_key(&child) => Some([module, segments].concat()),
            _ => None,
        }
    }

    /// What `pub use` or `use` in `module` calls `name`.
    fn reexport(&self, module: &[String], name: &str) -> Option<Vec<String>> {
        let paths = self.files[module].source.paths.iter();
        let named = |path: &Path| path.alias.as_deref().or(path.segments.last().map(String::as_str)) == Some(name);
        paths.into_iter().find(|path| path.segments.len() > 1 && named(path)).map(|path| path.segments.clone())
    }
}

/// The shortest way along `imports` from `module` back to it, both ends included.
fn circle(
    imports: &BTreeMap<Vec<String>, BTreeMap<Vec<String>, usize>>,
    module: &Vec<String>,
) -> Option<Vec<Vec<String>>> {
    let mut ways = VecDeque::from([vec![module.clone()]]);
    let mut seen = BTreeSet::new();
    while let Some(way) = ways.pop_front() {
        for target in imports[way.last().expect("a way has a beginning")].keys() {
            let way = [way.as_slice(), std::slice::from_ref(target)].concat();
            if target == module {
                return Some(way);
            }
            if seen.insert(target) {
                ways.push_back(way);
            }
        }
    }
    None
}

/// The layer of a module, or `None` if nobody gave it one.
fn layer(module: &[String]) -> Option<usize> {
    let top = module.first().map_or("", String::as_str);
    LAYERS.iter().position(|names| names.contains(&top))
}

/// What is found in a small tree of made-up files, whose `//!` lines are added here.
fn found(files: &[(&str, &str)]) -> Vec<String> {
    complaints(files.iter().map(|(path, text)| File::new(path, &format!("//! Made up.\n{text}"))).collect())
}

/// The complaints about one file with this text.
fn found_in(path: &str, text: &str) -> Vec<String> {
    found(&[(path, text)])
}

#[test]
fn a_tidy_tree_has_no_complaints() {
    let tree = [
        ("hop/src/lib.rs", "mod buf; mod time; mod wire;\npub use wire::Head;"),
        ("hop/src/time.rs", "pub struct Ticks(u32); thread_local! { static A: u8 = 1; }"),
        ("hop/src/buf/mod.rs", "pub mod slab; pub use slab::Slab;"),
        ("hop/src/buf/slab.rs", "use crate::time::Ticks; // std::thread, unsafe\nconst A: &str = \"todo!()\";"),
        ("hop/src/wire/mod.rs", "pub(crate) struct Head(crate::buf::Slab);"),
        ("hop/src/server/worker.rs", "use std::{net::TcpStream, thread}; fn f() { std::time::Instant::now(); }"),
        ("hop/src/server/poller.rs", "fn f() { unsafe {} }"),
    ];
    assert_eq!(found(&tree), [""; 0]);
}

#[test]
fn upward_imports_are_found() {
    let tree = |text| {
        found(&[
            ("hop/src/wire/mod.rs", ""),
            ("hop/src/wire/head.rs", text),
            ("hop/src/proto/mod.rs", ""),
            ("hop/src/lib.rs", "pub use proto::H1;"),
        ])
    };
    let complaint = |path: &str| vec![format!("hop/src/wire/head.rs:3: imports upward: {path}")];
    assert_eq!(tree("\nuse crate::proto::H1;"), complaint("crate::proto::H1"));
    assert_eq!(tree("\nuse crate::{wire::A, proto::{H1}};"), complaint("crate::proto::H1"));
    assert_eq!(tree("\nfn f() -> crate::proto::H1 {}"), complaint("crate::proto::H1"));
    assert_eq!(tree("\nuse super::super::proto::H1;"), complaint("super::super::proto::H1"));
    assert_eq!(tree("\nuse crate::H1;"), complaint("crate::H1"));
    assert_eq!(tree("\n#[cfg(test)] mod tests { use crate::proto::H1; }"), [""; 0]);
}

#[test]
fn a_module_without_a_layer_is_found() {
    assert_eq!(found_in("hop/src/misc.rs", ""), ["hop/src/misc.rs:1: module misc has no layer"]);
}

#[test]
fn modules_that_import_each_other_are_found() {
    let tree = |a, b, c| {
        found(&[
            ("hop/src/buf/mod.rs", "mod a; mod b; mod c; pub use a::A;"),
            ("hop/src/buf/a.rs", a),
            ("hop/src/buf/b.rs", b),
            ("hop/src/buf/c.rs", c),
        ])
    };
    let complaint = ["hop/src/buf/a.rs:2: a circle of imports: buf::a > buf::b > buf::a"];
    assert_eq!(tree("use super::b::B;", "use crate::buf::a::A;", ""), complaint);
    assert_eq!(tree("use super::b::B;", "use super::A;", ""), complaint);
    assert_eq!(tree("use super::b::B;", "", "use super::A;"), [""; 0]);
    assert_eq!(tree("pub use super::b::B;", "use super::A;", ""), [""; 0]);
    let around = ["hop/src/buf/a.rs:2: a circle of imports: buf::a > buf::b > buf::c > buf::a"];
    assert_eq!(tree("use super::b::B;", "use super::c::C;", "use super::A;"), around);
}

#[test]
fn clocks_sockets_and_threads_outside_the_server_are_found() {
    let time = "hop/src/time.rs:2: time comes in as a value: no clock outside server/";
    assert_eq!(found_in("hop/src/time.rs", "fn f() { Instant::now(); }"), [time]);
    assert_eq!(found_in("hop/src/time.rs", "fn f() { std::time::SystemTime::now(); }"), [time]);
    let thread = ["hop/src/testing.rs:2: no thread outside server/"];
    assert_eq!(found_in("hop/src/testing.rs", "use std::{fmt, thread};"), thread);
    assert_eq!(found_in("hop/src/testing.rs", "fn f() { std::thread::spawn(f); }"), thread);
    let socket = ["hop/src/app/a.rs:2: no socket outside server/"];
    assert_eq!(found_in("hop/src/app/a.rs", "use std::net::{IpAddr, TcpStream};"), socket);
    assert_eq!(found_in("hop/src/app/a.rs", "fn f(stream: std::net::TcpStream) {}"), socket);
    assert_eq!(found_in("hop/src/app/a.rs", "use std::net::{IpAddr, SocketAddr};"), [""; 0]);
}

#[test]
fn unsafe_code_outside_the_poller_is_found() {
    let complaint = "hop/src/server/worker.rs:2: unsafe code outside hop/src/server/poller.rs";
    assert_eq!(found_in("hop/src/server/worker.rs", "fn f() { unsafe { g() } }"), [complaint]);
    assert_eq!(found_in("hop-macros/src/lib.rs", "unsafe fn f() {}").len(), 1);
    assert_eq!(found_in("hop/src/lib.rs", "#![forbid(unsafe_code)]\nconst A: B = Token![unsafe];"), [""; 0]);
}

#[test]
fn a_module_without_a_doc_line_is_found() {
    let undocumented = |text| complaints(vec![File::new("examples/src/a.rs", text)]);
    assert_eq!(
        undocumented("// A.\nfn f() {}"),
        ["examples/src/a.rs:1: a module says what it is in a first `//!` line"]
    );
    assert_eq!(undocumented("").len(), 1);
    assert_eq!(undocumented("\n//! A."), [""; 0]);
}

#[test]
fn long_files_are_found_but_their_tests_do_not_count() {
    let lines = |count: usize| "const A: u8 = 1;\n".repeat(count);
    let tests = format!("#[cfg(test)]\nmod tests {{\n{}}}\n", lines(300));
    assert_eq!(found_in("hop/src/time.rs", &(lines(399) + &tests)), [""; 0]);
    assert_eq!(
        found_in("hop/src/time.rs", &(lines(400) + &tests)),
        ["hop/src/time.rs:400: 401 lines without tests, at most 400"]
    );
    assert_eq!(found_in("hop/tests/a.rs", &lines(500)), [""; 0]);
}

#[test]
fn files_that_are_declared_for_tests_are_tests() {
    let long = "const A: u8 = 1;\n".repeat(500);
    let tree = |declaration| {
        found(&[
            ("hop/src/time.rs", declaration),
            ("hop/src/time/tests/mod.rs", &long),
            ("hop/src/time/tests/more.rs", &long),
        ])
    };
    assert_eq!(tree("#[cfg(test)]\nmod tests;"), [""; 0]);
    assert_eq!(tree("mod tests;").len(), 2);
}

#[test]
fn long_functions_are_found() {
    let function = |body: usize| format!("fn f() {{\n{}}}", "g();\n".repeat(body));
    assert_eq!(found_in("hop/src/time.rs", &function(68)), [""; 0]);
    assert_eq!(found_in("hop/src/time.rs", &function(69)), ["hop/src/time.rs:2: f has 71 lines, at most 70"]);
}

#[test]
fn leftovers_are_found_in_tests_as_well() {
    let text =
        "fn f() { todo!() }\nfn g() { dbg!(1); }\n#[cfg(test)]\nmod tests {\n#[ignore = \"flaky\"]\nfn h() {}\n}";
    let complaints = found_in("hop/src/time.rs", text);
    assert_eq!(
        complaints,
        [
            "hop/src/time.rs:2: todo! is left over",
            "hop/src/time.rs:3: dbg! is left over",
            "hop/src/time.rs:6: no test is ignored"
        ]
    );
    assert_eq!(found_in("hop/tests/a.rs", "#[ignore]\nfn a() {}").len(), 1);
}
