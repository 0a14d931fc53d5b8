//! What must always hold of creating a chat, for any number of creators on any number of processes,
//! whatever fails and whenever.
//!
//! A failure prints what happened and the seed of it. `SIMULATION_SEED=7 cargo test -p chats-domain
//! --test simulation two_creators` runs the seed 7 alone; add `-- --nocapture` to see a run that is well.

#![allow(clippy::unwrap_used, reason = "this is test code")]
#![expect(clippy::print_stdout, reason = "a run that is looked at is printed")]

mod broken;
mod plans;

use chats_testkit::simulation::{Budget, Dice, Plan, Systems, exhaust, explore, replay};

use plans::{many_creators, one_creator};

/// Runs of each test by seeds.
const SEEDS: u64 = 25_000;

#[test]
fn one_creator_in_all_schedules_with_one_fault_and_one_death() {
    let budget = Budget { faults: 1, deaths: 1, waits: 1, recoveries: 1, steps: 100 };
    hold_in_all_schedules(&one_creator(budget));
}

#[test]
fn one_creator_in_all_schedules_with_two_faults() {
    let budget = Budget { faults: 2, deaths: 0, waits: 1, recoveries: 1, steps: 100 };
    hold_in_all_schedules(&one_creator(budget));
}

#[test]
fn one_creator_in_all_schedules_with_one_fault_and_two_rounds_of_recovery() {
    let budget = Budget { faults: 1, deaths: 0, waits: 2, recoveries: 2, steps: 100 };
    hold_in_all_schedules(&one_creator(budget)[..1]);
}

#[test]
fn two_creators_with_recovery() {
    hold_in_all(|dice| many_creators(dice, 2, Systems::default()));
}

#[test]
fn three_creators_with_recovery() {
    hold_in_all(|dice| many_creators(dice, 3, Systems::default()));
}

#[test]
fn an_event_service_that_ignores_keys_costs_rooms_and_nothing_else() {
    let systems = Systems { honours_keys: false, ..Systems::default() };
    hold_in_all(|dice| Plan { tolerates_orphans: true, ..many_creators(dice, 3, systems) });
}

#[test]
fn the_same_seed_makes_the_same_run() {
    let plan = |dice: &mut Dice| many_creators(dice, 3, Systems::default());
    for seed in 0..50 {
        let (once, again) = (replay(seed, plan).0, replay(seed, plan).0);
        assert!(once.len() > 3);
        assert_eq!(once, again);
    }
    assert_ne!(replay(1, plan).0, replay(2, plan).0);
}

fn hold_in_all_schedules(plans: &[Plan]) {
    let mut runs = 0;
    for plan in plans {
        runs += exhaust(plan).unwrap_or_else(|failure| panic!("{plan:?}\n{failure}"));
    }
    println!("{runs} schedules");
    assert!(runs > 20_000, "only {runs} schedules");
}

fn hold_in_all(plan: impl Fn(&mut Dice) -> Plan) {
    if let Ok(seed) = std::env::var("SIMULATION_SEED") {
        let (trace, result) = replay(seed.parse().unwrap(), plan);
        println!("{}", trace.join("\n"));
        result.unwrap_or_else(|failure| panic!("{failure}"));
        return;
    }
    let runs = explore(0..SEEDS, plan).unwrap_or_else(|failure| panic!("{failure}"));
    println!("{runs} schedules");
}
