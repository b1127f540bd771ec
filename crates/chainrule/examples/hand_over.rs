//! Measures what handing tasks to other threads costs: `cargo run --release --example hand_over`.
//!
//! Trivial tasks the caller mostly does alone before anybody else has begun. Tasks that meet wait for each other, so
//! that each thread must take one: that is the round trip from thread to thread.

use std::hint::{black_box, spin_loop};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

// The pool is the engine's own affair; here its files are compiled once more.
#[allow(
    dead_code,
    unreachable_pub,
    unused_imports,
    reason = "what is public there is used by its name in chainrule"
)]
#[path = "../src/kernel/pool/mod.rs"]
mod pool;

use chainrule::Error;

fn main() {
    let n_threads = chainrule::threads();
    println!("{n_threads} threads; median and 99th percentile of a run");
    for n in [1, 2, n_threads] {
        let (mut workers, mut outputs) = (vec![(); n], vec![0; n]);
        report(&format!("{n} trivial tasks, {n} threads, hot"), Duration::ZERO, || {
            pool::run(&mut workers, &mut outputs, &|(), k, output| *output = black_box(k));
        });
        // Nobody can do two tasks: each waits until all have begun.
        let begun = AtomicUsize::new(0);
        let mut meet = |pause, name: &str| {
            report(&format!("{n} tasks that meet, {n} threads, {name}"), pause, || {
                begun.store(0, Ordering::Relaxed);
                pool::run(&mut workers, &mut outputs, &|(), _, _| {
                    begun.fetch_add(1, Ordering::AcqRel);
                    while begun.load(Ordering::Acquire) < n {
                        spin_loop();
                    }
                });
            });
        };
        meet(Duration::ZERO, "hot");
        meet(Duration::from_micros(20), "after 20 µs");
        meet(Duration::from_millis(1), "after 1 ms (asleep)");
    }
}

/// Prints the quantiles of the time that `run` takes, called again and again with a pause before each call.
fn report(name: &str, pause: Duration, mut run: impl FnMut()) {
    let n_runs = if pause.is_zero() { 100_000 } else { 1000 };
    let mut times: Vec<Duration> = (0..n_runs)
        .map(|_| {
            let started = Instant::now();
            while started.elapsed() < pause {
                spin_loop();
            }
            let started = Instant::now();
            run();
            started.elapsed()
        })
        .collect();
    times.sort_unstable();
    let [median, late] = [times[n_runs / 2], times[n_runs / 100 * 99]].map(|time| time.as_nanos());
    println!("{name:45} {median:>8} ns {late:>8} ns");
}
