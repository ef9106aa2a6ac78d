//! Compile errors are part of the API: `ui/fail` holds every message of `#[route]`, of `routes![…]` and of the traits behind them, `ui/pass` what must compile.

use std::process::Command;

/// The compiler whose own words `ui/fail/*.stderr` hold. Another one says the same things differently.
const COMPILER: &str = "rustc 1.95.";

#[test]
fn routes_compile_or_say_what_was_expected() {
    let cases = trybuild::TestCases::new();
    cases.pass("tests/ui/pass/*.rs");
    if compiler().starts_with(COMPILER) {
        cases.compile_fail("tests/ui/fail/*.rs");
    } else {
        eprintln!("{} is not {COMPILER}x: the wording of compile errors is not compared", compiler());
    }
}

fn compiler() -> String {
    let rustc = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let output = Command::new(rustc).arg("--version").output().expect("cargo runs tests where there is a compiler");
    String::from_utf8_lossy(&output.stdout).trim().to_owned()
}
