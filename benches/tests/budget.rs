//! What the budget promises, in counts: threads and tasks that 24 idle connections add, none where hop serves them itself.

use hop_benches::{
    budget::{Kind, Plan, SCENARIOS, Scenario},
    peers,
};
use std::{path::Path, thread, time::Duration};

const CONNECTIONS: usize = 24;

#[test]
fn idle_connections_add_the_threads_and_tasks_of_their_model_and_no_more() {
    let folder = peers::build_only(&SCENARIOS.map(|scenario| scenario.server)).unwrap();
    // Memory is not looked at, so they may run beside each other.
    thread::scope(|scope| {
        for scenario in &SCENARIOS {
            let folder = &folder;
            thread::Builder::new().name(scenario.name.into()).spawn_scoped(scope, || check(folder, scenario)).unwrap();
        }
    });
}

fn check(folder: &Path, scenario: &Scenario) {
    let plan = Plan { connections: CONNECTIONS, idle: Duration::from_millis(100) };
    let growth = plan.measure(folder, scenario, || ()).unwrap();
    let expected = scenario.model.grows(CONNECTIONS as i64);
    assert_eq!((growth.idle.cost.threads, growth.idle.cost.tasks), expected, "{}", scenario.name);
    assert_eq!(growth.pinged.is_some(), matches!(scenario.kind, Kind::WebSocket(_)));
    if let Some(pinged) = growth.pinged {
        assert_eq!((pinged.cost.threads, pinged.cost.tasks), expected, "{} after a ping", scenario.name);
    }
}
