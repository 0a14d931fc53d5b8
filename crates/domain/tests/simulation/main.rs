//! What must always hold of creating a chat, for any number of creators on any number of processes,
//! whatever fails and whenever.
//!
//! One creator is run in *all* schedules of a plan. They are bounded, else there were no end to them: a
//! round of recovery may fail for ever, and so may the next. The bound is the plan's [`Budget`]: how many
//! calls go wrong, how many processes die, how often time goes by while something else could happen, and
//! how many rounds of recovery come before all is well. Within it, everything happens that can: each
//! order of the steps, each outcome of each call, a death between any two steps. After it, recovery runs
//! until nothing is left to do.
//!
//! Two and three creators are run in schedules by dice, with larger budgets, several processes whose
//! clocks differ, and clients that go away. A failure prints what happened, and the command that runs its
//! seed again: `SIMULATION_SEED=7 cargo test -p chats-domain --test simulation two_creators`. With
//! `SIMULATION_SEEDS=1000000` there are more of them, or fewer.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "this is test code")]
#![expect(clippy::print_stdout, reason = "a run that is looked at is printed")]

mod broken;
mod plans;

use std::env;

use chats_testkit::simulation::{Budget, Dice, Failure, Plan, Systems, exhaust, explore, replay};

use plans::{half_made_chats, many_creators, one_creator, one_creator_in_one_process};

/// Schedules of each test by dice.
const SEEDS: u64 = 100_000;

/// As many steps as anyone takes.
const ANY_STEPS: usize = 10_000;

#[test]
fn one_creator_in_all_schedules_with_one_fault_and_one_death() {
    let budget = Budget { faults: 1, deaths: 1, waits: 1, recoveries: 1, ..calm() };
    hold_in_all_schedules(&one_creator(budget));
}

#[test]
fn one_creator_in_all_schedules_with_one_fault_one_death_and_two_rounds_of_recovery() {
    let budget = Budget { faults: 1, deaths: 1, waits: 2, recoveries: 2, ..calm() };
    hold_in_all_schedules(&one_creator_in_one_process(budget)[..1]);
}

#[test]
fn one_creator_in_all_schedules_with_two_faults_and_one_death() {
    let budget = Budget { faults: 2, deaths: 1, waits: 1, recoveries: 1, ..calm() };
    hold_in_all_schedules(&one_creator_in_one_process(budget)[..1]);
}

#[test]
fn one_creator_in_all_schedules_with_two_faults_and_a_deadline() {
    let budget = Budget { faults: 2, waits: 2, recoveries: 1, ..calm() };
    hold_in_all_schedules(&one_creator_in_one_process(budget));
}

#[test]
fn one_creator_in_all_schedules_with_two_deaths_and_two_rounds_of_recovery() {
    let budget = Budget { deaths: 2, waits: 2, recoveries: 2, ..calm() };
    hold_in_all_schedules(&one_creator_in_one_process(budget));
}

#[test]
fn one_creator_in_all_schedules_with_one_fault_and_a_client_that_goes_away() {
    let budget = Budget { faults: 1, cancels: 1, waits: 2, recoveries: 1, ..calm() };
    hold_in_all_schedules(&one_creator_in_one_process(budget));
}

#[test]
fn two_creators_with_recovery() {
    hold_by_dice("two_creators_with_recovery", |dice| many_creators(dice, 2, Systems::default()));
}

#[test]
fn three_creators_with_recovery() {
    hold_by_dice("three_creators_with_recovery", |dice| many_creators(dice, 3, Systems::default()));
}

#[test]
fn three_processes_with_recovery_alone() {
    hold_by_dice("three_processes_with_recovery_alone", half_made_chats);
}

#[test]
fn an_event_service_that_ignores_keys_costs_rooms_and_nothing_else() {
    let systems = Systems { honours_keys: false, ..Systems::default() };
    hold_by_dice("an_event_service_that_ignores_keys_costs_rooms_and_nothing_else", |dice| Plan {
        tolerates_orphans: true,
        ..many_creators(dice, 3, systems)
    });
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

fn calm() -> Budget {
    Budget { steps: ANY_STEPS, ..Budget::default() }
}

fn hold_in_all_schedules(plans: &[Plan]) {
    let mut runs = 0;
    for plan in plans {
        runs += exhaust(plan).unwrap_or_else(|failure| panic!("{plan:?}\n{failure}"));
    }
    println!("{runs} schedules");
    assert!(runs > 10_000, "only {runs} schedules");
}

/// `test` is the name of the test, which runs a seed again.
fn hold_by_dice(test: &str, plan: impl Fn(&mut Dice) -> Plan) {
    if let Some(seed) = number("SIMULATION_SEED") {
        let (trace, result) = replay(seed, plan);
        println!("{}", trace.join("\n"));
        result.unwrap_or_else(|failure| panic!("{failure}"));
        return;
    }
    let seeds = 0..number("SIMULATION_SEEDS").unwrap_or(SEEDS);
    let again = |failure: Box<Failure>| {
        let seed = failure.seed.unwrap_or_default();
        let command = format!("cargo test -p chats-domain --test simulation {test}");
        panic!("{failure}\nagain: SIMULATION_SEED={seed} {command}")
    };
    let runs = explore(seeds, plan).unwrap_or_else(again);
    println!("{runs} schedules");
}

fn number(variable: &str) -> Option<u64> {
    env::var(variable).ok().map(|text| text.parse().expect(variable))
}
