//! Every fixture through the engine: whole, byte by byte, and in every two-way split.

use hop_tests::check::check;
use hop_tests::fixture::{self, CLASSES};
use hop_tests::sim::wire::{Direct, inspect};

#[test]
fn every_exchange_has_a_legal_outcome_in_every_split() {
    let cases = fixture::all();
    let complaints: Vec<String> =
        cases.iter().filter_map(|case| check(case, || Direct::new(inspect())).err()).collect();
    assert!(complaints.is_empty(), "{} of {} cases:\n{}", complaints.len(), cases.len(), complaints.join("\n"));
    assert_eq!((cases.len(), CLASSES.len()), (371, 18));
}
