//! Threads that stand by for the chunks of a training step, so that handing one over costs a microsecond.
//!
//! A step of a small network takes tens of microseconds, and starting a thread, or waking one that sleeps, takes as
//! many. So the threads here, started on first need, live as long as the process. After a job they look out for the
//! next one for a little while and fall asleep only when none comes.
//!
//! There is one pool and it has one job at a time. Its owner offers the job to *seats*, one for each helping thread,
//! does tasks itself, takes back the offers that nobody has accepted yet, and waits for the helpers that have. A
//! helper that is slow to wake up thus delays nobody, and a process forked off without the helpers runs all by
//! itself. Who finds the pool at work, on another thread or within a task, does all tasks alone: trainings side by
//! side do not crowd the machine. What comes out is the same, as each task has an output of its own.

mod threads;

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

/// A step is cut into 64 chunks at most, so that more threads would find nothing to do.
pub(crate) const MAX_THREADS: usize = 64;

/// How long a thread looks out before it falls asleep: a few times what waking it up costs.
const PATIENCE: Duration = Duration::from_micros(100);

/// How many looks it takes between two on the clock, some microseconds: longer than most pauses of a hot loop.
const LOOKS: usize = 256;

/// Does task k, `task(worker, k, &mut outputs[k])`, for every k, on as many threads as there are workers or tasks.
///
/// The caller is one of the threads. Each has one worker to itself, its buffers say; which thread does which task is
/// left to chance, so that no result may depend on what a worker holds from before. With one worker or one output,
/// or while another job is running, the caller does all tasks in order.
///
/// # Panics
///
/// If there are tasks but no workers. A panic in a task is carried on when all threads have stopped; if several panic,
/// it is the task's that would have been first with one thread. Later tasks may be left undone.
pub(crate) fn run<W: Send, O: Send>(
    workers: &mut [W],
    outputs: &mut [O],
    task: &(impl Fn(&mut W, usize, &mut O) + Sync),
) {
    POOL.run(workers, outputs, task);
}

/// Does task k, `task(k, &mut outputs[k])`, for every k, on `n_threads` or as many as there are tasks, as [`run`] does.
pub(crate) fn each<O: Send>(n_threads: usize, outputs: &mut [O], task: &(impl Fn(usize, &mut O) + Sync)) {
    let workers = &mut [(); MAX_THREADS][..n_threads.min(MAX_THREADS)];
    run(workers, outputs, &|(): &mut (), k, output: &mut O| task(k, output));
}

static POOL: Pool = Pool::new();

struct Pool {
    /// Whether a job is running. Who changes it from false to true owns all else until it changes it back.
    busy: AtomicBool,
    /// How many seats have a thread, those in front.
    n_started: AtomicUsize,
    /// Whom a helper wakes up that finds itself awaited.
    owner: Mutex<Option<Thread>>,
    seats: [Seat; MAX_THREADS - 1],
}

/// Where a helper finds its work; on cache lines of its own, two of which are fetched together.
#[repr(align(128))]
struct Seat {
    /// One of the states below.
    state: AtomicU32,
    /// The work, which is there to be called from `ACCEPTED` until the next state.
    work: AtomicPtr<Work<'static>>,
    helper: OnceLock<Thread>,
}

/// Does tasks, as the thread of this number, until there are none left. Does not panic.
type Work<'a> = &'a (dyn Fn(usize) + Sync);

// The states of a seat, and who leads from one to the next:
//
//   IDLE     -> OFFERED    the owner, with work
//   IDLE     -> ASLEEP     the helper, its patience at an end
//   ASLEEP   -> OFFERED    the owner, who then wakes the helper up
//   OFFERED  -> IDLE       the owner, who takes the offer back (the helper may still have to wake up)
//   OFFERED  -> ACCEPTED   the helper
//   ACCEPTED -> AWAITED    the owner, its patience at an end
//   ACCEPTED -> IDLE       the helper, the work done
//   AWAITED  -> IDLE       the helper, the work done, who then wakes the owner up
//
// All are read-modify-write operations on one variable, so that of two who would leave a state one succeeds and the
// other one learns of it: no wake-up is lost between "nothing there" and "asleep". A wake-up that comes too late, or
// for somebody else, is a spurious one, and who sleeps looks at the state again.
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
            seats: [const { Seat::new() }; MAX_THREADS - 1],
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
            && let Some(turn) = self.turn()
        {
            turn.share(n_threads, workers, outputs, task);
            return;
        }
        assert!(outputs.is_empty() || !workers.is_empty(), "there are tasks, but there is no worker");
        for (k, output) in outputs.iter_mut().enumerate() {
            task(&mut workers[0], k, output);
        }
    }

    fn turn(&'static self) -> Option<Turn> {
        // Acquire: all that the last owner did to the pool is done.
        self.busy.compare_exchange(false, true, Acquire, Relaxed).ok().map(|_| Turn { pool: self })
    }

    /// The life of helper i, which is thread i + 1 of a job.
    fn help(&self, i: usize) -> ! {
        let seat = &self.seats[i];
        loop {
            seat.accept(patience(i + 2));
            let work = seat.work.load(Relaxed);
            #[expect(
                unsafe_code,
                reason = "work borrows from its owner's stack, which no thread's closure could"
            )]
            // SAFETY: the seat was `OFFERED` by `Offer::new`, whose `Release` `accept` has met with `Acquire`: the
            // pointer is the one stored there, to a reference that lives until `Offer` is dropped. As the seat is
            // `ACCEPTED`, the drop waits until we, and nobody else, lead it back to `IDLE` below. This holds also
            // if the owner panics, as the drop is part of its unwinding; and no copy of the reference stays with us.
            unsafe {
                (*work)(i + 1);
            }
            // Release: the owner who sees it sees the outputs. Acquire: of `AWAITED`, so that the handle is there.
            if seat.state.swap(IDLE, AcqRel) == AWAITED {
                // By now the owner may have gone on and somebody else own the pool, who is disturbed to no harm. The
                // handle stays there, that of two helpers the slower does not take a later owner's away.
                if let Some(owner) = &*lock(&self.owner) {
                    owner.unpark();
                }
            }
        }
    }
}

/// A block's next task, on a line of the cache of its own.
#[repr(align(64))]
struct Counter(AtomicUsize);

/// The right to use the pool, given back when dropped.
struct Turn {
    pool: &'static Pool,
}

impl Turn {
    fn share<W: Send, O: Send>(
        &self,
        n_threads: usize,
        workers: &mut [W],
        outputs: &mut [O],
        task: &(impl Fn(&mut W, usize, &mut O) + Sync),
    ) {
        let n_tasks = outputs.len();
        let (workers, outputs) = (Slots::new(workers), Slots::new(outputs));
        // Each thread has a block of tasks to begin with: from run to run the same ones, whose numbers are in its cache.
        // Relaxed all along: numbers are handed out and nothing else. What tasks write becomes visible to the owner by
        // the states of the seats.
        let begin = |block: usize| block * n_tasks / n_threads;
        let next: [Counter; MAX_THREADS] = std::array::from_fn(|block| Counter(begin(block).into()));
        // Tasks from this one on may be left undone: it has panicked.
        let limit = AtomicUsize::new(n_tasks);
        let first_panic = Mutex::new(None);
        let work = |thread: usize| {
            #[expect(unsafe_code, reason = "the threads share a slice's elements between them")]
            // SAFETY: the owner is thread 0 and seat i is thread i + 1, each once in a job, and `n_threads`, by which
            // the seats are counted, is at most the number of workers.
            let worker = unsafe { workers.get(thread) };
            for block in (thread..n_threads).chain(0..thread) {
                loop {
                    let k = next[block].0.fetch_add(1, Relaxed);
                    if k >= begin(block + 1) {
                        break;
                    }
                    if k >= limit.load(Relaxed) {
                        continue;
                    }
                    #[expect(unsafe_code, reason = "the threads share a slice's elements between them")]
                    // SAFETY: k is below the number of outputs, and of one block, whose counter gives it out once.
                    let output = unsafe { outputs.get(k) };
                    // What a panic may leave half done, the caller sees no sooner than the panic itself.
                    if let Err(payload) = catch_unwind(AssertUnwindSafe(|| task(worker, k, output))) {
                        limit.fetch_min(k, Relaxed);
                        keep_first(&first_panic, k, payload);
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

impl Drop for Turn {
    fn drop(&mut self) {
        // Release: the next owner's `Acquire` sees all that we did to the pool.
        self.pool.busy.store(false, Release);
    }
}

/// A job offered to the seats in front. Dropped, it is no longer: nobody works on it or ever will.
struct Offer<'a> {
    pool: &'static Pool,
    seats: &'static [Seat],
    work: PhantomData<&'a Work<'a>>,
}

impl<'a> Offer<'a> {
    /// Offers `work` to `n_helpers`, or to as many as can be started. Only the owner of the pool's turn may.
    fn new(pool: &'static Pool, n_helpers: usize, work: &'a Work<'a>) -> Self {
        let seats = &pool.seats[..pool.start(n_helpers)];
        // The guard is there before the first offer, whatever happens between.
        let offer = Offer { pool, seats, work: PhantomData };
        for seat in seats {
            seat.work.store((&raw const *work).cast_mut().cast(), Relaxed);
            // Release: who accepts sees the pointer and all that the work borrows.
            if seat.state.swap(OFFERED, Release) == ASLEEP {
                seat.helper.get().expect("a started seat has a helper").unpark();
            }
        }
        offer
    }
}

impl Drop for Offer<'_> {
    fn drop(&mut self) {
        for seat in self.seats {
            // Relaxed: who has not accepted has seen nothing and written nothing.
            let _ = seat.state.compare_exchange(OFFERED, IDLE, Relaxed, Relaxed);
        }
        for seat in self.seats {
            // Acquire: of the helper's `Release`, so that its outputs are there. If it has fallen asleep since, that
            // was a read-modify-write and carries the release on.
            let is_done = || !matches!(seat.state.load(Acquire), ACCEPTED | AWAITED);
            if !comes_true_within(patience(self.seats.len() + 1), is_done) {
                *lock(&self.pool.owner) = Some(thread::current());
                // Release: who finds itself awaited sees the handle. It fails if the work has been done meanwhile.
                let _ = seat.state.compare_exchange(ACCEPTED, AWAITED, Release, Relaxed);
                while !is_done() {
                    thread::park();
                }
            }
        }
    }
}

impl Pool {
    /// Sees that there are `n_helpers`, and says how many there are if no more can be started.
    fn start(&'static self, n_helpers: usize) -> usize {
        let mut n_started = self.n_started.load(Relaxed);
        while n_started < n_helpers {
            let i = n_started;
            let helper = thread::Builder::new().name(format!("chainrule-{}", i + 1));
            let Ok(helper) = helper.spawn(move || self.help(i)) else { break };
            self.seats[i].helper.set(helper.thread().clone()).expect("a seat is started once");
            n_started += 1;
            // Relaxed: for owners alone, who take turns.
            self.n_started.store(n_started, Relaxed);
        }
        n_started.min(n_helpers)
    }
}

impl Seat {
    const fn new() -> Self {
        Seat {
            state: AtomicU32::new(IDLE),
            work: AtomicPtr::new(std::ptr::null_mut()),
            helper: OnceLock::new(),
        }
    }

    /// Waits for an offer and accepts it.
    fn accept(&self, patience: Duration) {
        // Acquire: of the offer's `Release`, see `Offer::new`.
        let accepts = || {
            self.state.load(Relaxed) == OFFERED
                && self.state.compare_exchange(OFFERED, ACCEPTED, Acquire, Relaxed).is_ok()
        };
        while !comes_true_within(patience, accepts) {
            // Relaxed: nothing is told by it, it only has to come before or after an offer. After one, it fails.
            let _ = self.state.compare_exchange(IDLE, ASLEEP, Relaxed, Relaxed);
            while self.state.load(Relaxed) == ASLEEP {
                thread::park();
            }
        }
    }
}

/// The elements of a slice, of which several threads take different ones.
struct Slots<'a, T> {
    first: *mut T,
    slice: PhantomData<&'a mut [T]>,
}

#[expect(unsafe_code, reason = "a raw pointer is not shared between threads unless one says so")]
// SAFETY: sharing a `Slots` lets another thread take elements, which is sending `&mut T`; more it does not.
unsafe impl<T: Send> Sync for Slots<'_, T> {}

impl<'a, T> Slots<'a, T> {
    fn new(slice: &'a mut [T]) -> Self {
        Slots { first: slice.as_mut_ptr(), slice: PhantomData }
    }

    /// Element k.
    ///
    /// # Safety
    ///
    /// k must be below the slice's length, and be asked for once only.
    #[expect(unsafe_code, reason = "the caller alone knows that k is asked for once")]
    unsafe fn get(&self, k: usize) -> &'a mut T {
        // SAFETY: within the slice, which is borrowed for 'a and, by the contract, not lent a second time.
        unsafe { &mut *self.first.add(k) }
    }
}

/// Whether `happens` becomes true before the patience is at an end; it is asked once at least.
fn comes_true_within(patience: Duration, happens: impl Fn() -> bool) -> bool {
    if patience.is_zero() {
        return happens();
    }
    let mut since = None;
    loop {
        for _ in 0..LOOKS {
            if happens() {
                return true;
            }
            spin_loop();
        }
        if since.get_or_insert_with(Instant::now).elapsed() >= patience {
            return false;
        }
        // If another program has work for this core, it goes first.
        thread::yield_now();
    }
}

/// How long the threads of a job of so many look out: not at all where each one's core is needed by another.
fn patience(n_threads: usize) -> Duration {
    if n_threads > cores() { Duration::ZERO } else { PATIENCE }
}

/// Keeps the panic of the first task. That task is among those that panicked on any number of threads: none before one
/// that panicked is left undone.
fn keep_first(first: &Mutex<Option<(usize, Box<dyn Any + Send>)>>, k: usize, payload: Box<dyn Any + Send>) {
    let mut first = lock(first);
    let other = match &*first {
        Some((earlier, _)) if *earlier < k => Some(payload),
        _ => first.replace((k, payload)).map(|(_, later)| later),
    };
    // A payload's drop might panic in turn, and no helper may.
    std::mem::forget(other);
}

/// The lock; nothing panics while it is held.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests;
