//! Thread pool for the chunks of a training step. Handing over a chunk costs about a microsecond.
//!
//! A step of a small network takes tens of microseconds, and so does starting a thread or waking
//! one up. The helper threads, started on first use, therefore live as long as the process. After a
//! job they spin for a short time and sleep only if no other job arrives.
//!
//! There is one pool, which runs one job at a time. The owner of the pool offers the job to the
//! helpers, runs tasks itself, withdraws the offers that no helper has accepted yet and waits for
//! the helpers that have. A helper that is slow to wake up therefore delays nothing, and a forked
//! process without the helpers runs all tasks itself. A caller that finds the pool busy, because of
//! another thread or inside a task, also runs all tasks itself, so that concurrent training runs do
//! not oversubscribe the machine. The results are the same, as each task has its own output.

mod threads;

pub(crate) use threads::MAX_THREADS;
pub use threads::{set_threads, threads, threads_from_env};

use std::any::Any;
use std::hint::spin_loop;
use std::marker::PhantomData;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::atomic::Ordering::{AcqRel, Acquire, Relaxed, Release};
use std::sync::atomic::{AtomicBool, AtomicPtr, AtomicU32, AtomicUsize};
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};
use std::thread::{self, Thread};
use std::time::{Duration, Instant};

use threads::cores;

/// Time that a thread spins before it sleeps: a few times the cost of waking it up.
const SPIN_LIMIT: Duration = Duration::from_micros(100);

/// Number of polls between two reads of the clock. They take some microseconds, longer than most
/// pauses of a hot loop.
const N_POLLS: usize = 256;

/// Runs `task(worker, k, &mut outputs[k])` for every k, on one thread for each worker or output,
/// whichever are fewer.
///
/// The caller is one of the threads. Each thread uses one worker, such as a set of buffers,
/// exclusively. Which thread runs which task is not deterministic, so results must not depend on
/// the previous contents of a worker. With one worker or one output, or while another job is
/// running, the caller runs all tasks in order.
///
/// # Panics
///
/// Panics if there are tasks but no workers. A panic in a task is resumed after all threads have
/// stopped; if several tasks panic, it is the panic that would have come first on one thread. Later
/// tasks may not be run.
pub(crate) fn run<W: Send, O: Send>(
    workers: &mut [W],
    outputs: &mut [O],
    task: &(impl Fn(&mut W, usize, &mut O) + Sync),
) {
    POOL.run(workers, outputs, task);
}

/// Runs `task(k, &mut outputs[k])` for every k on `n_threads` threads, or on one per task if there
/// are fewer tasks, like [`run`].
pub(crate) fn each<O: Send>(n_threads: usize, outputs: &mut [O], task: &(impl Fn(usize, &mut O) + Sync)) {
    let workers = &mut [(); MAX_THREADS][..n_threads.min(MAX_THREADS)];
    run(workers, outputs, &|(): &mut (), k, output: &mut O| task(k, output));
}

static POOL: Pool = Pool::new();

struct Pool {
    /// Whether a job is running. The thread that changes it from false to true owns all other
    /// fields until it changes it back.
    busy: AtomicBool,
    /// Number of helpers that have a thread; they come first in `helpers`.
    n_started: AtomicUsize,
    /// Thread to wake when a helper has finished work in the state `AWAITED`.
    owner: Mutex<Option<Thread>>,
    helpers: [Helper; MAX_THREADS - 1],
}

/// A helper and the work offered to it. Helpers do not share cache lines, which are fetched in
/// pairs.
#[repr(align(128))]
struct Helper {
    /// One of the states below.
    state: AtomicU32,
    /// Work to run, valid in the states `ACCEPTED` and `AWAITED`.
    work: AtomicPtr<Work<'static>>,
    thread: OnceLock<Thread>,
}

/// Runs tasks as the thread with this number until there are none left. Does not panic.
type Work<'a> = &'a (dyn Fn(usize) + Sync);

// States of a helper, with the thread that makes each transition:
//
//   IDLE     -> OFFERED    the owner, with work
//   IDLE     -> ASLEEP     the helper, after spinning for the limit
//   ASLEEP   -> OFFERED    the owner, which then wakes the helper
//   OFFERED  -> IDLE       the owner, to withdraw the offer (the helper may still wake up)
//   OFFERED  -> ACCEPTED   the helper
//   ACCEPTED -> AWAITED    the owner, after spinning for the limit
//   ACCEPTED -> IDLE       the helper, when the work is done
//   AWAITED  -> IDLE       the helper, when the work is done; it then wakes the owner
//
// All transitions are read-modify-write operations on one variable. If two threads try to leave a
// state, one succeeds and the other sees it, so no wake-up is lost between "no work" and "asleep".
// A wake-up that arrives late, or on the wrong thread, is spurious: a sleeping thread checks the
// state again.
const IDLE: u32 = 0;
const ASLEEP: u32 = 1;
const OFFERED: u32 = 2;
const ACCEPTED: u32 = 3;
const AWAITED: u32 = 4;

impl Pool {
    const fn new() -> Self {
        Pool {
            busy: AtomicBool::new(false),
            n_started: AtomicUsize::new(0),
            owner: Mutex::new(None),
            helpers: [const { Helper::new() }; MAX_THREADS - 1],
        }
    }

    fn run<W: Send, O: Send>(
        &'static self,
        workers: &mut [W],
        outputs: &mut [O],
        task: &(impl Fn(&mut W, usize, &mut O) + Sync),
    ) {
        let n_threads = workers.len().min(outputs.len()).min(MAX_THREADS);
        if n_threads > 1
            && let Some(guard) = self.try_acquire()
        {
            guard.run(n_threads, workers, outputs, task);
            return;
        }
        assert!(outputs.is_empty() || !workers.is_empty(), "there are tasks but no workers");
        for (k, output) in outputs.iter_mut().enumerate() {
            task(&mut workers[0], k, output);
        }
    }

    fn try_acquire(&'static self) -> Option<PoolGuard> {
        // Acquire: everything that the last owner did to the pool is visible.
        self.busy.compare_exchange(false, true, Acquire, Relaxed).ok().map(|_| PoolGuard { pool: self })
    }

    /// Runs the loop of helper i, which is thread i + 1 of a job.
    fn run_helper(&self, i: usize) -> ! {
        let helper = &self.helpers[i];
        loop {
            helper.accept(spin_limit(i + 2));
            let work = helper.work.load(Relaxed);
            #[expect(
                unsafe_code,
                reason = "the work borrows from its owner's stack, which the closure of a spawned thread cannot do"
            )]
            // SAFETY: the state was set to `OFFERED` by `Offer::new`, whose `Release` pairs with
            // the `Acquire` in `accept`. The pointer is therefore the one stored there, to a
            // reference that lives until the `Offer` is dropped. As the state is `ACCEPTED` or
            // `AWAITED`, the drop waits until this thread, and no other, sets it back to `IDLE`
            // below. This also holds if the owner panics, because the drop is part of its
            // unwinding. No copy of the reference remains in this thread.
            unsafe {
                (*work)(i + 1);
            }
            // Release: the outputs are visible to the owner. Acquire: pairs with the transition to
            // `AWAITED`, so that the handle is visible.
            if helper.state.swap(IDLE, AcqRel) == AWAITED {
                // The owner may have continued by now and another thread may own the pool; waking
                // that one is harmless. The handle stays in place, because the slower of two
                // helpers might otherwise take that of a later owner.
                if let Some(owner) = &*lock(&self.owner) {
                    owner.unpark();
                }
            }
        }
    }
}

/// Index of a block's next task, on its own cache line.
#[repr(align(64))]
struct NextTask(AtomicUsize);

/// Exclusive use of the pool, released when dropped.
struct PoolGuard {
    pool: &'static Pool,
}

impl PoolGuard {
    fn run<W: Send, O: Send>(
        &self,
        n_threads: usize,
        workers: &mut [W],
        outputs: &mut [O],
        task: &(impl Fn(&mut W, usize, &mut O) + Sync),
    ) {
        let n_tasks = outputs.len();
        let (workers, outputs) = (DisjointSlice::new(workers), DisjointSlice::new(outputs));
        // Each thread starts with its own block of tasks, the same in every run, because their data
        // are in its cache. Relaxed ordering suffices throughout: the counters only hand out
        // numbers. The states of the helpers make the outputs visible to the owner.
        let begin = |block: usize| block * n_tasks / n_threads;
        let next: [NextTask; MAX_THREADS] = std::array::from_fn(|block| NextTask(begin(block).into()));
        // Lowest index of a task that has panicked. Tasks from this index on may be skipped.
        let skip_from = AtomicUsize::new(n_tasks);
        let first_panic = Mutex::new(None);
        let work = |thread: usize| {
            #[expect(unsafe_code, reason = "the threads take different elements of a slice")]
            // SAFETY: the owner is thread 0 and helper i is thread i + 1, each once in a job.
            // `n_threads`, which determines the number of helpers, is at most the number of
            // workers.
            let worker = unsafe { workers.get(thread) };
            for block in (thread..n_threads).chain(0..thread) {
                loop {
                    let k = next[block].0.fetch_add(1, Relaxed);
                    if k >= begin(block + 1) {
                        break;
                    }
                    if k >= skip_from.load(Relaxed) {
                        continue;
                    }
                    #[expect(unsafe_code, reason = "the threads take different elements of a slice")]
                    // SAFETY: k is less than the number of outputs and belongs to one block, whose
                    // counter returns it once.
                    let output = unsafe { outputs.get(k) };
                    // A panic may leave an output half written, but the caller does not see it
                    // before the panic is resumed.
                    if let Err(payload) = catch_unwind(AssertUnwindSafe(|| task(worker, k, output))) {
                        skip_from.fetch_min(k, Relaxed);
                        keep_first_panic(&first_panic, k, payload);
                    }
                }
            }
        };
        let shared: Work<'_> = &work;
        let offer = Offer::new(self.pool, n_threads - 1, &shared);
        work(0);
        drop(offer);
        let first_panic = lock(&first_panic).take();
        if let Some((_, payload)) = first_panic {
            resume_unwind(payload);
        }
    }
}

impl Drop for PoolGuard {
    fn drop(&mut self) {
        // Release: everything done to the pool is visible to the next owner's `Acquire`.
        self.pool.busy.store(false, Release);
    }
}

/// A job offered to the first helpers. Once it is dropped, no helper works on the job or ever will.
struct Offer<'a> {
    pool: &'static Pool,
    helpers: &'static [Helper],
    work: PhantomData<&'a Work<'a>>,
}

impl<'a> Offer<'a> {
    /// Offers `work` to `n_helpers` helpers, or to as many as can be started. Only the owner of the
    /// pool may call this.
    fn new(pool: &'static Pool, n_helpers: usize, work: &'a Work<'a>) -> Self {
        let helpers = &pool.helpers[..pool.start(n_helpers)];
        // Constructed before the first offer is made, so that it is dropped in any case.
        let offer = Offer { pool, helpers, work: PhantomData };
        for helper in helpers {
            helper.work.store((&raw const *work).cast_mut().cast(), Relaxed);
            // Release: the helper that accepts sees the pointer and everything that the work
            // borrows.
            if helper.state.swap(OFFERED, Release) == ASLEEP {
                helper.thread.get().expect("a started helper has a thread").unpark();
            }
        }
        offer
    }
}

impl Drop for Offer<'_> {
    fn drop(&mut self) {
        for helper in self.helpers {
            // Relaxed: a helper that has not accepted has read and written nothing.
            let _ = helper.state.compare_exchange(OFFERED, IDLE, Relaxed, Relaxed);
        }
        for helper in self.helpers {
            // Acquire: pairs with the `Release` of the helper, so that its outputs are visible. If
            // it has gone to sleep since, that was a read-modify-write, which continues the release
            // sequence.
            let is_done = || !matches!(helper.state.load(Acquire), ACCEPTED | AWAITED);
            if !spin_until(spin_limit(self.helpers.len() + 1), is_done) {
                *lock(&self.pool.owner) = Some(thread::current());
                // Release: the helper that is awaited sees the handle. The exchange fails if the
                // work is done by now.
                let _ = helper.state.compare_exchange(ACCEPTED, AWAITED, Release, Relaxed);
                while !is_done() {
                    thread::park();
                }
            }
        }
    }
}

impl Pool {
    /// Ensures that `n_helpers` are started, and returns how many there are: fewer if a thread
    /// cannot be started.
    fn start(&'static self, n_helpers: usize) -> usize {
        let mut n_started = self.n_started.load(Relaxed);
        while n_started < n_helpers {
            let i = n_started;
            let builder = thread::Builder::new().name(format!("chainrule-{}", i + 1));
            let Ok(handle) = builder.spawn(move || self.run_helper(i)) else { break };
            self.helpers[i].thread.set(handle.thread().clone()).expect("a helper is started once");
            n_started += 1;
            // Relaxed: only owners access it, one at a time.
            self.n_started.store(n_started, Relaxed);
        }
        n_started.min(n_helpers)
    }
}

impl Helper {
    const fn new() -> Self {
        Helper {
            state: AtomicU32::new(IDLE),
            work: AtomicPtr::new(std::ptr::null_mut()),
            thread: OnceLock::new(),
        }
    }

    /// Waits for an offer and accepts it.
    fn accept(&self, limit: Duration) {
        // Acquire: pairs with the `Release` in `Offer::new`.
        let accepts = || {
            self.state.load(Relaxed) == OFFERED
                && self.state.compare_exchange(OFFERED, ACCEPTED, Acquire, Relaxed).is_ok()
        };
        while !spin_until(limit, accepts) {
            // Relaxed: it passes no data and only has to come before or after an offer. After one,
            // it fails.
            let _ = self.state.compare_exchange(IDLE, ASLEEP, Relaxed, Relaxed);
            while self.state.load(Relaxed) == ASLEEP {
                thread::park();
            }
        }
    }
}

/// A slice whose elements are given to several threads, each element at most once.
struct DisjointSlice<'a, T> {
    first: *mut T,
    slice: PhantomData<&'a mut [T]>,
}

#[expect(unsafe_code, reason = "raw pointers are not `Sync` by default")]
// SAFETY: another thread can only take elements from a shared `DisjointSlice`, which amounts to
// sending `&mut T`.
unsafe impl<T: Send> Sync for DisjointSlice<'_, T> {}

impl<'a, T> DisjointSlice<'a, T> {
    fn new(slice: &'a mut [T]) -> Self {
        DisjointSlice { first: slice.as_mut_ptr(), slice: PhantomData }
    }

    /// Returns element k.
    ///
    /// # Safety
    ///
    /// k must be less than the length of the slice and be passed only once.
    #[expect(unsafe_code, reason = "only the caller can ensure that k is passed once")]
    unsafe fn get(&self, k: usize) -> &'a mut T {
        // SAFETY: by the contract, k is within the slice, which is borrowed for 'a, and no other
        // reference to the element exists.
        unsafe { &mut *self.first.add(k) }
    }
}

/// Spins until `condition` is true, for at most `limit`, and returns whether it became true. The
/// condition is checked at least once.
fn spin_until(limit: Duration, condition: impl Fn() -> bool) -> bool {
    if limit.is_zero() {
        return condition();
    }
    let mut since = None;
    loop {
        for _ in 0..N_POLLS {
            if condition() {
                return true;
            }
            spin_loop();
        }
        if since.get_or_insert_with(Instant::now).elapsed() >= limit {
            return false;
        }
        // Lets another thread that is waiting for this core run first.
        thread::yield_now();
    }
}

/// Returns the time that the threads of a job spin: zero if there are more threads than cores.
fn spin_limit(n_threads: usize) -> Duration {
    if n_threads > cores() { Duration::ZERO } else { SPIN_LIMIT }
}

/// Keeps the panic of the first task in order. That task panics on any number of threads, as no
/// task before a panicking one is skipped.
fn keep_first_panic(
    first: &Mutex<Option<(usize, Box<dyn Any + Send>)>>,
    k: usize,
    payload: Box<dyn Any + Send>,
) {
    let mut first = lock(first);
    let other = match &*first {
        Some((earlier, _)) if *earlier < k => Some(payload),
        _ => first.replace((k, payload)).map(|(_, later)| later),
    };
    // Dropping a payload may panic in turn, which no helper may do.
    std::mem::forget(other);
}

/// Locks the mutex. Poisoning is ignored, because nothing panics while it is locked.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests;
