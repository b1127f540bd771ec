//! Tests that no wake-up is lost, that no task runs twice, and that borrowed data outlive all uses.

use std::sync::Barrier;

use super::*;

/// Returns a pool for one test, so that concurrent tests do not find it busy.
fn pool() -> &'static Pool {
    Box::leak(Box::new(Pool::new()))
}

/// A task whose result and duration depend on k.
fn sum_to(k: usize) -> f64 {
    (1..=k * 37 % 1000).map(|i| 1.0 / i as f64).sum()
}

#[test]
fn results_do_not_depend_on_the_number_of_threads() {
    for n_outputs in [0, 1, 2, 5, 64, 300] {
        let expected: Vec<f64> = (0..n_outputs).map(sum_to).collect();
        for n_threads in [1, 2, 3, 7, 16, 100] {
            // Each worker is used by one thread at a time; a data race would change the counts.
            let (mut counts, mut sums) = (vec![0; n_threads], vec![f64::NAN; n_outputs]);
            pool().run(&mut counts, &mut sums, &|count: &mut usize, k, sum: &mut f64| {
                *count += 1;
                *sum = sum_to(k);
            });
            assert_eq!(sums, expected, "{n_threads} threads");
            assert_eq!(counts.iter().sum::<usize>(), n_outputs);
        }
    }
}

#[test]
fn consecutive_short_runs_are_correct() {
    for (n_threads, n_runs) in [(2, 30_000), (3, 3_000), (5, 1_000)] {
        let pool = pool();
        let (mut workers, mut outputs) = (vec![0; n_threads], vec![0; 2 * n_threads]);
        for run in 0..n_runs {
            let base = run * 1000;
            pool.run(&mut workers, &mut outputs, &|_, k, output| *output = base + k);
            assert!(outputs.iter().enumerate().all(|(k, &output)| output == base + k), "run {run}");
        }
    }
}

#[test]
fn runs_after_pauses_near_the_spin_limit_are_correct() {
    // Offers then reach helpers that are about to sleep, asleep or waking up.
    let pool = pool();
    let (mut workers, mut outputs) = ([0; 3], [0; 7]);
    for run in 0..3000 {
        let pause = SPIN_LIMIT * (run % 40) / 20;
        let until = Instant::now() + pause;
        while Instant::now() < until {
            spin_loop();
        }
        pool.run(&mut workers, &mut outputs, &|_, k, output| *output = run as usize + k);
        assert_eq!(outputs, std::array::from_fn(|k| run as usize + k));
    }
}

#[test]
fn as_many_threads_as_workers_take_part() {
    // Each task waits for the other two, so three threads must run at once.
    let barrier = Barrier::new(3);
    let mut ids = [None; 3];
    pool().run(&mut [(); 3], &mut ids, &|(), _, id| {
        barrier.wait();
        *id = Some(thread::current().id());
    });
    assert_eq!(ids.iter().filter(|&&id| id == Some(thread::current().id())).count(), 1);
    assert!(ids[0] != ids[1] && ids[1] != ids[2] && ids[2] != ids[0]);
}

#[test]
fn an_owner_that_waits_long_sleeps_and_is_woken() {
    let barrier = Barrier::new(2);
    let mut done = [false; 2];
    let owner = thread::current().id();
    pool().run(&mut [(); 2], &mut done, &|(), _, done| {
        barrier.wait();
        if thread::current().id() != owner {
            thread::sleep(50 * SPIN_LIMIT);
        }
        *done = true;
    });
    assert_eq!(done, [true; 2]);
}

#[test]
fn a_caller_that_finds_the_pool_busy_runs_all_tasks() {
    let pool = pool();
    let mut sums = [0; 4];
    pool.run(&mut [(); 2], &mut sums, &|(), k, sum| {
        let mut inner = [None; 3];
        pool.run(&mut [(); 2], &mut inner, &|(), j, inner| {
            *inner = Some((thread::current().id(), 10 * k + j));
        });
        assert!(inner.iter().flatten().all(|(id, _)| *id == thread::current().id()));
        *sum = inner.iter().flatten().map(|(_, number)| number).sum();
    });
    assert_eq!(sums, [3, 33, 63, 93]);
}

#[test]
fn concurrent_callers_get_their_own_outputs() {
    let pool = pool();
    thread::scope(|scope| {
        for caller in 0..4_usize {
            scope.spawn(move || {
                for run in 0..2000 {
                    let mut outputs = [0; 5];
                    let base = 100 * (caller + 10 * run);
                    pool.run(&mut [(); 3], &mut outputs, &|(), k, output| *output = base + k);
                    assert_eq!(outputs, std::array::from_fn(|k| base + k));
                }
            });
        }
    });
}

#[test]
fn the_first_panic_reaches_the_caller_and_the_pool_stays_usable() {
    let pool = pool();
    for n_threads in [1, 2, 4] {
        for run in 0..200 {
            let mut outputs = [0; 20];
            // Borrowed data on the stack must outlive all uses by threads, also during unwinding.
            let borrowed: Vec<usize> = (0..20).collect();
            let result = catch_unwind(AssertUnwindSafe(|| {
                let mut workers = vec![(); n_threads];
                pool.run(&mut workers, &mut outputs, &|(), k, output| {
                    // `panic!` would print a message each time.
                    if borrowed[k] >= 7 {
                        resume_unwind(Box::new(k));
                    }
                    *output = borrowed[k] + run;
                });
            }));
            drop(borrowed);
            assert_eq!(*result.unwrap_err().downcast::<usize>().unwrap(), 7);
            assert_eq!(outputs[..7], std::array::from_fn::<_, 7, _>(|k| k + run));
            pool.run(&mut [(); 3], &mut outputs, &|(), k, output| *output = k);
            assert_eq!(outputs, std::array::from_fn(|k| k));
        }
    }
}

#[test]
#[should_panic(expected = "there are tasks but no workers")]
fn tasks_without_workers_panic() {
    pool().run(&mut [(); 0], &mut [0], &|(), _, _| ());
}

#[test]
fn a_run_allocates_nothing_once_the_threads_exist() {
    let pool = pool();
    let mut outputs = [0; 8];
    let mut run = || pool.run(&mut [(); 3], &mut outputs, &|(), k, output| *output = k);
    run();
    let counted = allocation_counter::measure(|| (0..100).for_each(|_| run()));
    assert_eq!(counted.count_total, 0);
}
