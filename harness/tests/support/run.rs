//! Runs a program on the facade. What each step observed is noted under its task and its place.

use super::program::{Act, Program, Step, Verb};
use super::world::{Guard, Guards, Handle, Handles, build};
use rt::sync::{TryAcquireError, atomic::Ordering};
use rt::task::{JoinHandle, JoinSet};
use rt::time::{Duration, Instant};
use selvedge::{Check, Clock, Grain, Law, Limits, Record, Reductions, Report};
use selvedge_rt as rt;
use selvedge_rt::check::block_on;
use std::collections::BTreeMap;
use std::future::{Future, poll_fn, ready};
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::Poll;

/// What a step saw: task, step, value.
type Notes = Record<(usize, usize, u64)>;
type Acting<'a> = Pin<Box<dyn Future<Output = u64> + Send + 'a>>;

// What a step saw, where it is not a value.
const GONE: u64 = 1001;
const CLOSED: u64 = 1002;
const BUSY: u64 = 1003;
const OK: u64 = 1004;
const LATE: u64 = 1005;
const DROPPED: u64 = 1006;
const PANICKED: u64 = 1007;
const ABORTED: u64 = 1008;
const EMPTY: u64 = 1009;

/// The check of a program under the given reductions, with every law but `but` waived.
pub(crate) fn check(
    program: &Program,
    reductions: Reductions,
    executions: u64,
    but: &[Law],
) -> Check {
    let limits = Limits { executions, steps: 2_000, ..Limits::default() };
    let mut check = Check::new("program")
        .reductions(reductions)
        .limits(limits)
        .clock(if program.racing { Clock::Racing } else { Clock::Idle })
        .grain(if program.by_poll { Grain::Poll } else { Grain::Operation });
    if program.identify {
        check = check.identify::<u64>();
    }
    if but.is_empty() || !but.contains(&Law::Unjoined) {
        check = check.unjoined();
    }
    for law in Law::ALL.iter().filter(|law| !but.contains(law)) {
        check = check.waive(*law, "a random program may break any law");
    }
    check
}

/// Explores a program.
pub(crate) fn explore(program: &Program, reductions: Reductions, executions: u64) -> Report {
    let shared = Arc::new(program.clone());
    check(program, reductions, executions, &[]).explore(move || root(shared.clone()))
}

/// The program as a scenario.
pub(crate) async fn root(program: Arc<Program>) {
    let notes = Record::new("notes");
    let (handles, kept) = build(&program);
    // After the objects are made and shared out, the root does nothing that another task can notice: a
    // daemon that waits for nothing.
    let mut graveyard = Vec::new();
    let mut joins: BTreeMap<usize, JoinHandle<u64>> = BTreeMap::new();
    for (t, handles) in handles.into_iter().enumerate() {
        let mine = program.tasks[t].iter().filter_map(Step::joins).collect::<Vec<_>>();
        let mine = mine.iter().filter_map(|j| Some((*j, joins.remove(j)?))).collect();
        let task = Task {
            t,
            program: program.clone(),
            handles: Arc::new(handles),
            joins: mine,
            set: None,
            notes: notes.clone(),
        };
        if program.keep {
            graveyard.push(task.handles.clone());
        }
        let handle = match program.closures {
            true => rt::task::spawn_blocking(move || {
                block_on::blocking().expect("an engine").on(task.run())
            }),
            false => rt::spawn(task.run()),
        };
        joins.insert(t, handle);
    }
    selvedge::daemon();
    std::future::pending::<()>().await;
    drop((kept, graveyard, joins));
}

/// The first task of the program, so many times over, as equal tasks of one set.
pub(crate) async fn equal(program: Arc<Program>, copies: usize) {
    let notes = Record::new("notes");
    let copied = Program { tasks: vec![program.tasks[0].clone(); copies], ..(*program).clone() };
    let (handles, kept) = build(&copied);
    let mut graveyard = Vec::new();
    let mut set = JoinSet::new();
    for handles in handles {
        let handles = Arc::new(handles);
        graveyard.push(handles.clone());
        let (program, notes) = (program.clone(), notes.clone());
        let task = Task { t: 0, program, handles, joins: BTreeMap::new(), set: None, notes };
        set.spawn(task.run());
    }
    selvedge::daemon();
    std::future::pending::<()>().await;
    drop((kept, graveyard, set));
}

struct Task {
    t: usize,
    program: Arc<Program>,
    /// Kept beyond the task's end only where every handle is.
    handles: Arc<Handles>,
    joins: BTreeMap<usize, JoinHandle<u64>>,
    set: Option<JoinSet<u64>>,
    notes: Notes,
}

impl Task {
    async fn run(mut self) -> u64 {
        let program = self.program.clone();
        let mut sum = 0;
        for (i, step) in program.tasks[self.t].iter().enumerate() {
            let value = self.step(i, *step).await;
            self.notes.note((self.t, i, value));
            sum = sum * 7 + value;
        }
        sum
    }

    async fn step(&mut self, i: usize, step: Step) -> u64 {
        let given = (self.t * 10 + i) as u64 + 1;
        let handles = self.handles.clone();
        let act = |a: Act| act(&handles[a.object], a.verb, given);
        match step {
            Step::Do(a) => act(a).await,
            Step::Once(a) => {
                let mut acting = act(a);
                poll_fn(|cx| match acting.as_mut().poll(cx) {
                    Poll::Pending => Poll::Ready(DROPPED),
                    ready => ready,
                })
                .await
            }
            Step::Briefly(a) => rt::select! {
                biased;
                value = act(a) => value,
                () = rt::task::yield_now() => DROPPED,
            },
            Step::Select(a, b) => rt::select! {
                value = act(a) => value,
                value = act(b) => 2000 + value,
            },
            Step::Biased(a, b) => rt::select! {
                biased;
                value = act(a) => value,
                value = act(b) => 2000 + value,
            },
            Step::Both(a, b) => {
                let (a, b) = rt::join!(act(a), act(b));
                a * 3000 + b
            }
            Step::Within(ms, a) => {
                let limit = Duration::from_millis(ms);
                rt::time::timeout(limit, act(a)).await.unwrap_or(LATE)
            }
            Step::Sleep(ms) => {
                rt::time::sleep(Duration::from_millis(ms)).await;
                OK
            }
            Step::Now => Instant::now().elapsed().as_millis() as u64,
            Step::Yield => {
                rt::task::yield_now().await;
                OK
            }
            Step::Until(token, a) => match &handles[token] {
                Handle::Token(nodes) => {
                    nodes[0].run_until_cancelled(act(a)).await.unwrap_or(DROPPED)
                }
                _ => act(a).await,
            },
            Step::Await(of) => match self.joins.remove(&of) {
                Some(handle) => ended(handle.await),
                None => GONE,
            },
            Step::AwaitOr(of, a) => {
                let Some(mut handle) = self.joins.remove(&of) else { return act(a).await };
                let value = rt::select! {
                    ended_ = &mut handle => return ended(ended_),
                    value = act(a) => 2000 + value,
                };
                self.joins.insert(of, handle);
                value
            }
            Step::Abort(of) => self.joins.get(&of).map_or(GONE, |handle| {
                handle.abort();
                OK
            }),
            Step::IsFinished(of) => {
                self.joins.get(&of).map_or(GONE, |handle| handle.is_finished() as u64)
            }
            Step::Spawn(a) => {
                let (handles, notes) = (self.handles.clone(), self.notes.clone());
                let place = (self.t * 100 + i, 0);
                self.set.get_or_insert_with(JoinSet::new).spawn(async move {
                    let value = act_on(&handles, a, given).await;
                    notes.note((place.0, place.1, value));
                    value
                });
                OK
            }
            Step::JoinNext => match &mut self.set {
                Some(set) => set.join_next().await.map_or(EMPTY, ended),
                None => GONE,
            },
            Step::TryJoinNext => match &mut self.set {
                Some(set) => set.try_join_next().map_or(EMPTY, ended),
                None => GONE,
            },
            Step::AbortAll => {
                if let Some(set) = &mut self.set {
                    set.abort_all();
                }
                OK
            }
            Step::Shutdown => {
                if let Some(set) = &mut self.set {
                    set.shutdown().await;
                }
                OK
            }
            Step::DropSet => {
                drop(self.set.take());
                OK
            }
        }
    }
}

async fn act_on(handles: &Handles, a: Act, given: u64) -> u64 {
    act(&handles[a.object], a.verb, given).await
}

fn ended(result: Result<u64, rt::task::JoinError>) -> u64 {
    match result {
        Ok(value) => value,
        Err(e) if e.is_panic() => PANICKED,
        Err(_) => ABORTED,
    }
}

fn or_closed<E>(result: Result<u64, E>) -> u64 {
    result.unwrap_or(CLOSED)
}

/// Does one verb, with `given` as the value to send or store.
fn act(handle: &Handle, verb: Verb, given: u64) -> Acting<'_> {
    match handle {
        Handle::Mpmc { .. } => Box::pin(mpmc(handle, verb, given)),
        Handle::Mpsc { .. } => Box::pin(mpsc(handle, verb, given)),
        Handle::Unbounded { .. } => Box::pin(unbounded(handle, verb, given)),
        Handle::Oneshot { .. } => Box::pin(oneshot(handle, verb, given)),
        Handle::Watch { .. } => Box::pin(watch(handle, verb, given)),
        Handle::Broadcast { .. } => Box::pin(broadcast(handle, verb, given)),
        Handle::Notify(_) => Box::pin(notify(handle, verb)),
        Handle::Barrier(barrier) => {
            Box::pin(async move { barrier.wait().await.is_leader() as u64 })
        }
        Handle::Semaphore(..) => Box::pin(semaphore(handle, verb)),
        Handle::Mutex(..) => Box::pin(mutex(handle, verb)),
        Handle::RwLock(..) => Box::pin(rwlock(handle, verb)),
        Handle::Token(_) => Box::pin(token(handle, verb)),
        Handle::Tracker(_) => Box::pin(tracker(handle, verb)),
        Handle::OnceCell(_) => Box::pin(once_cell(handle, verb, given)),
        Handle::Atomic(_) => Box::pin(ready(atomic(handle, verb, given))),
        Handle::Blocking(_) => {
            Box::pin(poll_fn(move |_| Poll::Ready(blocking(handle, verb, given))))
        }
    }
}

/// Not every verb fits every object: the generator never draws one that does not.
fn misfit(verb: Verb) -> ! {
    unreachable!("{verb:?} is no verb of this object")
}

async fn mpmc(handle: &Handle, verb: Verb, given: u64) -> u64 {
    use rt::async_channel::{TryRecvError, TrySendError};
    let Handle::Mpmc { tx, rx } = handle else { unreachable!() };
    match verb {
        Verb::DropTx => return tx.take().map_or(GONE, |_tx| OK),
        Verb::DropRx => return rx.take().map_or(GONE, |_rx| OK),
        Verb::Recv | Verb::TryRecv | Verb::CloseRx => {
            let Some(rx) = rx.get() else { return GONE };
            return match verb {
                Verb::Recv => or_closed(rx.recv().await),
                Verb::TryRecv => match rx.try_recv() {
                    Ok(value) => value,
                    Err(TryRecvError::Empty) => BUSY,
                    Err(TryRecvError::Closed) => CLOSED,
                },
                _ => rx.close() as u64,
            };
        }
        _ => {}
    }
    let Some(tx) = tx.get() else { return GONE };
    match verb {
        Verb::Send => or_closed(tx.send(given).await.map(|()| OK)),
        Verb::TrySend => match tx.try_send(given) {
            Ok(()) => OK,
            Err(TrySendError::Full(_)) => BUSY,
            Err(TrySendError::Closed(_)) => CLOSED,
        },
        Verb::Close => tx.close() as u64,
        Verb::Closed => {
            tx.closed().await;
            OK
        }
        Verb::Len => tx.len() as u64,
        Verb::IsClosed => tx.is_closed() as u64,
        verb => misfit(verb),
    }
}

async fn mpsc(handle: &Handle, verb: Verb, given: u64) -> u64 {
    use rt::sync::mpsc::error::{TryRecvError, TrySendError};
    let Handle::Mpsc { tx, rx, slots } = handle else { unreachable!() };
    match verb {
        Verb::DropTx => return tx.take().map_or(GONE, |_tx| OK),
        Verb::DropRx => return rx.take().map_or(GONE, |_rx| OK),
        Verb::UseSlot => {
            return match slots.pop() {
                Some(Guard::Slot(slot)) => {
                    drop(slot.send(given));
                    OK
                }
                _ => GONE,
            };
        }
        Verb::DropSlot => return slots.pop().map_or(GONE, |_slot| OK),
        Verb::Recv | Verb::RecvMany | Verb::TryRecv | Verb::CloseRx => {
            let Some(mut rx) = rx.lend() else { return GONE };
            return match verb {
                Verb::Recv => rx.recv().await.unwrap_or(CLOSED),
                Verb::RecvMany => many(async |buffer| rx.recv_many(buffer, 2).await).await,
                Verb::TryRecv => match rx.try_recv() {
                    Ok(value) => value,
                    Err(TryRecvError::Empty) => BUSY,
                    Err(TryRecvError::Disconnected) => CLOSED,
                },
                _ => {
                    rx.close();
                    OK
                }
            };
        }
        Verb::Len => {
            let rx = rx.lend();
            if let Some(rx) = rx {
                return rx.len() as u64;
            }
        }
        _ => {}
    }
    let Some(tx) = tx.get() else { return GONE };
    match verb {
        Verb::Send => or_closed(tx.send(given).await.map(|()| OK)),
        Verb::TrySend => match tx.try_send(given) {
            Ok(()) => OK,
            Err(TrySendError::Full(_)) => BUSY,
            Err(TrySendError::Closed(_)) => CLOSED,
        },
        Verb::ReserveSend => match tx.reserve().await {
            Ok(slot) => {
                slot.send(given);
                OK
            }
            Err(_) => CLOSED,
        },
        Verb::ReserveDrop => tx.reserve().await.map_or(CLOSED, |_slot| OK),
        Verb::TryReserve => match tx.try_reserve() {
            Ok(slot) => {
                slot.send(given);
                OK
            }
            Err(TrySendError::Full(())) => BUSY,
            Err(TrySendError::Closed(())) => CLOSED,
        },
        Verb::HoldSlot => match (*tx).clone().reserve_owned().await {
            Ok(slot) => {
                slots.push(Guard::Slot(slot));
                OK
            }
            Err(_) => CLOSED,
        },
        Verb::Closed => {
            tx.closed().await;
            OK
        }
        Verb::IsClosed => tx.is_closed() as u64,
        Verb::Len => tx.capacity() as u64,
        verb => misfit(verb),
    }
}

/// What a `recv_many` received, as one number.
async fn many(receive: impl AsyncFnOnce(&mut Vec<u64>) -> usize) -> u64 {
    let mut buffer = Vec::new();
    let count = receive(&mut buffer).await as u64;
    buffer.iter().fold(count, |sum, value| sum * 100 + value)
}

async fn unbounded(handle: &Handle, verb: Verb, given: u64) -> u64 {
    use rt::sync::mpsc::error::TryRecvError;
    let Handle::Unbounded { tx, rx } = handle else { unreachable!() };
    match verb {
        Verb::DropTx => return tx.take().map_or(GONE, |_tx| OK),
        Verb::DropRx => return rx.take().map_or(GONE, |_rx| OK),
        Verb::TrySend | Verb::Closed | Verb::IsClosed => {
            let Some(tx) = tx.get() else { return GONE };
            return match verb {
                Verb::TrySend => or_closed(tx.send(given).map(|()| OK)),
                Verb::Closed => {
                    tx.closed().await;
                    OK
                }
                _ => tx.is_closed() as u64,
            };
        }
        _ => {}
    }
    let Some(mut rx) = rx.lend() else { return GONE };
    match verb {
        Verb::Recv => rx.recv().await.unwrap_or(CLOSED),
        Verb::RecvMany => many(async |buffer| rx.recv_many(buffer, 2).await).await,
        Verb::TryRecv => match rx.try_recv() {
            Ok(value) => value,
            Err(TryRecvError::Empty) => BUSY,
            Err(TryRecvError::Disconnected) => CLOSED,
        },
        Verb::CloseRx => {
            rx.close();
            OK
        }
        Verb::Len => rx.len() as u64,
        verb => misfit(verb),
    }
}

async fn oneshot(handle: &Handle, verb: Verb, given: u64) -> u64 {
    use rt::sync::oneshot::error::TryRecvError;
    let Handle::Oneshot { tx, rx } = handle else { unreachable!() };
    match verb {
        Verb::Send => {
            return tx.take().map_or(GONE, |tx| or_closed(tx.send(given).map(|()| OK)));
        }
        Verb::DropTx => return tx.take().map_or(GONE, |_tx| OK),
        Verb::DropRx => return rx.take().map_or(GONE, |_rx| OK),
        Verb::Closed | Verb::IsClosed => {
            let Some(mut tx) = tx.lend() else { return GONE };
            return match verb {
                Verb::Closed => {
                    tx.closed().await;
                    OK
                }
                _ => tx.is_closed() as u64,
            };
        }
        _ => {}
    }
    let Some(mut rx) = rx.lend() else { return GONE };
    match verb {
        Verb::Recv => {
            let value = or_closed((&mut *rx).await);
            // It has completed: to poll it again would be an error.
            drop(rx.spend());
            value
        }
        Verb::TryRecv => match rx.try_recv() {
            Ok(value) => value,
            Err(TryRecvError::Empty) => BUSY,
            Err(TryRecvError::Closed) => CLOSED,
        },
        Verb::CloseRx => {
            rx.close();
            OK
        }
        Verb::Len => rx.is_empty() as u64,
        verb => misfit(verb),
    }
}

async fn watch(handle: &Handle, verb: Verb, given: u64) -> u64 {
    let Handle::Watch { tx, rx } = handle else { unreachable!() };
    match verb {
        Verb::DropTx => return tx.take().map_or(GONE, |_tx| OK),
        Verb::DropRx => return rx.take().map_or(GONE, |_rx| OK),
        Verb::Borrow | Verb::Update | Verb::HasChanged | Verb::Changed | Verb::WaitFor => {
            let Some(mut rx) = rx.lend() else { return GONE };
            return match verb {
                Verb::Borrow => *rx.borrow(),
                Verb::Update => *rx.borrow_and_update(),
                Verb::HasChanged => or_closed(rx.has_changed().map(u64::from)),
                Verb::Changed => or_closed(rx.changed().await.map(|()| OK)),
                _ => or_closed(rx.wait_for(|value| *value > 10).await.map(|value| *value)),
            };
        }
        _ => {}
    }
    let Some(tx) = tx.get() else { return GONE };
    match verb {
        Verb::Send => or_closed(tx.send(given).map(|()| OK)),
        Verb::SendReplace => tx.send_replace(given),
        Verb::SendModify => {
            tx.send_modify(|value| *value += given);
            OK
        }
        Verb::Subscribe => {
            let receiver = tx.subscribe();
            let value = *receiver.borrow();
            drop(receiver);
            value
        }
        Verb::Closed => {
            tx.closed().await;
            OK
        }
        Verb::IsClosed => tx.is_closed() as u64,
        verb => misfit(verb),
    }
}

async fn broadcast(handle: &Handle, verb: Verb, given: u64) -> u64 {
    use rt::sync::broadcast::error::{RecvError, TryRecvError};
    const LAGGED: u64 = 1100;
    let Handle::Broadcast { tx, rx } = handle else { unreachable!() };
    match verb {
        Verb::DropTx => return tx.take().map_or(GONE, |_tx| OK),
        Verb::DropRx => return rx.take().map_or(GONE, |_rx| OK),
        Verb::Send | Verb::Subscribe | Verb::Receivers | Verb::Closed => {
            let Some(tx) = tx.get() else { return GONE };
            return match verb {
                Verb::Send => or_closed(tx.send(given).map(|n| n as u64)),
                Verb::Subscribe => tx.subscribe().recv().await.unwrap_or(CLOSED),
                Verb::Receivers => tx.receiver_count() as u64,
                _ => {
                    tx.closed().await;
                    OK
                }
            };
        }
        Verb::Len => {
            if let Some(tx) = tx.get() {
                return tx.len() as u64;
            }
        }
        _ => {}
    }
    let Some(mut rx) = rx.lend() else { return GONE };
    match verb {
        Verb::Recv => match rx.recv().await {
            Ok(value) => value,
            Err(RecvError::Closed) => CLOSED,
            Err(RecvError::Lagged(n)) => LAGGED + n,
        },
        Verb::TryRecv => match rx.try_recv() {
            Ok(value) => value,
            Err(TryRecvError::Empty) => BUSY,
            Err(TryRecvError::Closed) => CLOSED,
            Err(TryRecvError::Lagged(n)) => LAGGED + n,
        },
        Verb::Len => rx.len() as u64,
        Verb::IsClosed => rx.is_closed() as u64,
        Verb::Resubscribe => {
            let mut next = rx.resubscribe();
            std::mem::swap(&mut *rx, &mut next);
            OK
        }
        verb => misfit(verb),
    }
}

async fn notify(handle: &Handle, verb: Verb) -> u64 {
    let Handle::Notify(notify) = handle else { unreachable!() };
    match verb {
        Verb::Notified => notify.notified().await,
        Verb::ListenFirst => {
            let listening = notify.notified();
            rt::task::yield_now().await;
            listening.await;
        }
        Verb::EnableFirst => {
            let mut listening = pin!(notify.notified());
            let got = listening.as_mut().enable();
            listening.await;
            return got as u64;
        }
        Verb::NotifyOne => notify.notify_one(),
        Verb::NotifyLast => notify.notify_last(),
        Verb::NotifyWaiters => notify.notify_waiters(),
        verb => misfit(verb),
    }
    OK
}

fn release(guards: &Guards) -> u64 {
    guards.pop().map_or(GONE, |_guard| OK)
}

async fn semaphore(handle: &Handle, verb: Verb) -> u64 {
    let Handle::Semaphore(semaphore, guards) = handle else { unreachable!() };
    let hold = |permit| {
        guards.push(Guard::Permit(permit));
        OK
    };
    match verb {
        Verb::Acquire => semaphore.clone().acquire_owned().await.map_or(CLOSED, hold),
        Verb::AcquireTwo => semaphore.clone().acquire_many_owned(2).await.map_or(CLOSED, hold),
        Verb::TryAcquire => match semaphore.clone().try_acquire_owned() {
            Ok(permit) => hold(permit),
            Err(TryAcquireError::NoPermits) => BUSY,
            Err(TryAcquireError::Closed) => CLOSED,
        },
        Verb::Critical => semaphore.acquire().await.map_or(CLOSED, |_permit| OK),
        Verb::Release => release(guards),
        Verb::Forget => match guards.pop() {
            Some(Guard::Permit(permit)) => {
                permit.forget();
                OK
            }
            _ => GONE,
        },
        Verb::ForgetFree => semaphore.forget_permits(1) as u64,
        Verb::Add => {
            semaphore.add_permits(1);
            OK
        }
        Verb::Available => semaphore.available_permits() as u64,
        Verb::CloseSemaphore => {
            semaphore.close();
            OK
        }
        Verb::IsClosed => semaphore.is_closed() as u64,
        verb => misfit(verb),
    }
}

async fn mutex(handle: &Handle, verb: Verb) -> u64 {
    let Handle::Mutex(mutex, guards) = handle else { unreachable!() };
    match verb {
        Verb::Acquire => {
            let mut guard = mutex.clone().lock_owned().await;
            *guard += 1;
            let value = *guard;
            guards.push(Guard::Lock(guard));
            value
        }
        Verb::TryAcquire => match mutex.clone().try_lock_owned() {
            Ok(mut guard) => {
                *guard += 1;
                let value = *guard;
                guards.push(Guard::Lock(guard));
                value
            }
            Err(_) => BUSY,
        },
        Verb::Critical => {
            let mut guard = mutex.lock().await;
            *guard += 1;
            *guard
        }
        Verb::CriticalPart => {
            let mut part = rt::sync::MutexGuard::map(mutex.lock().await, |value| value);
            *part += 1;
            *part
        }
        Verb::Release => release(guards),
        verb => misfit(verb),
    }
}

async fn rwlock(handle: &Handle, verb: Verb) -> u64 {
    let Handle::RwLock(lock, guards) = handle else { unreachable!() };
    match verb {
        Verb::Acquire => {
            let mut guard = lock.clone().write_owned().await;
            *guard += 1;
            let value = *guard;
            guards.push(Guard::Write(guard));
            value
        }
        Verb::TryAcquire => match lock.clone().try_write_owned() {
            Ok(mut guard) => {
                *guard += 1;
                let value = *guard;
                guards.push(Guard::Write(guard));
                value
            }
            Err(_) => BUSY,
        },
        Verb::Read => {
            let guard = lock.clone().read_owned().await;
            let value = *guard;
            guards.push(Guard::Read(guard));
            value
        }
        Verb::TryRead => match lock.clone().try_read_owned() {
            Ok(guard) => {
                let value = *guard;
                guards.push(Guard::Read(guard));
                value
            }
            Err(_) => BUSY,
        },
        Verb::Critical => {
            let mut guard = lock.write().await;
            *guard += 1;
            *guard
        }
        Verb::CriticalPart => {
            let mut part = rt::sync::RwLockWriteGuard::map(lock.write().await, |value| value);
            *part += 1;
            *part
        }
        Verb::Downgrade => match guards.pop() {
            Some(Guard::Write(guard)) => {
                let guard = guard.downgrade();
                let value = *guard;
                guards.push(Guard::Read(guard));
                value
            }
            _ => GONE,
        },
        Verb::Release => release(guards),
        verb => misfit(verb),
    }
}

async fn token(handle: &Handle, verb: Verb) -> u64 {
    let Handle::Token(nodes) = handle else { unreachable!() };
    match verb {
        Verb::Cancelled(node) => {
            nodes[node as usize].cancelled().await;
            OK
        }
        Verb::IsCancelled(node) => nodes[node as usize].is_cancelled() as u64,
        Verb::Cancel(node) => {
            nodes[node as usize].cancel();
            OK
        }
        Verb::NewChild(node) => {
            let child = nodes[node as usize].child_token();
            child.cancelled().await;
            OK
        }
        verb => misfit(verb),
    }
}

async fn tracker(handle: &Handle, verb: Verb) -> u64 {
    let Handle::Tracker(tracker) = handle else { unreachable!() };
    match verb {
        Verb::Wait => {
            tracker.wait().await;
            OK
        }
        Verb::Close => tracker.close() as u64,
        Verb::Reopen => tracker.reopen() as u64,
        Verb::Len => tracker.len() as u64,
        Verb::IsClosed => tracker.is_closed() as u64,
        Verb::Track => {
            tracker.track_future(rt::task::yield_now()).await;
            OK
        }
        verb => misfit(verb),
    }
}

async fn once_cell(handle: &Handle, verb: Verb, given: u64) -> u64 {
    use rt::sync::SetError;
    let Handle::OnceCell(cell) = handle else { unreachable!() };
    match verb {
        Verb::Init => *cell.get_or_init(|| ready(given)).await,
        Verb::InitSlowly => {
            let slowly = || async {
                rt::task::yield_now().await;
                given
            };
            *cell.get_or_init(slowly).await
        }
        Verb::InitFails => {
            let fails = || async {
                rt::task::yield_now().await;
                Err(BUSY)
            };
            cell.get_or_try_init(fails).await.map_or_else(|failed| failed, |value| *value)
        }
        Verb::SetOnce => match cell.set(given) {
            Ok(()) => OK,
            Err(SetError::AlreadyInitializedError(_)) => CLOSED,
            Err(SetError::InitializingError(_)) => BUSY,
        },
        Verb::GetOnce => cell.get().map_or(EMPTY, |value| *value),
        verb => misfit(verb),
    }
}

fn atomic(handle: &Handle, verb: Verb, given: u64) -> u64 {
    let Handle::Atomic(atomic) = handle else { unreachable!() };
    let order = Ordering::SeqCst;
    match verb {
        Verb::Load => atomic.load(order),
        Verb::Store => {
            atomic.store(given, order);
            OK
        }
        Verb::Add1 => atomic.fetch_add(1, order),
        Verb::CompareExchange => match atomic.compare_exchange(0, given, order, order) {
            Ok(value) => value,
            Err(value) => 500 + value,
        },
        Verb::Update2 => {
            let halve = |value: u64| (value > 1).then_some(value / 2);
            atomic.fetch_update(order, order, halve).unwrap_or(BUSY)
        }
        verb => misfit(verb),
    }
}

fn blocking(handle: &Handle, verb: Verb, given: u64) -> u64 {
    let Handle::Blocking(mutex) = handle else { unreachable!() };
    let update = || {
        let mut value = mutex.lock().unwrap();
        *value = *value * 3 + given;
        *value
    };
    match verb {
        Verb::Lock => update(),
        Verb::LockTwice => update() + update(),
        verb => misfit(verb),
    }
}

impl Step {
    /// The earlier task that the step needs the handle of.
    pub(crate) fn joins(&self) -> Option<usize> {
        match self {
            Step::Await(of) | Step::AwaitOr(of, _) | Step::Abort(of) | Step::IsFinished(of) => {
                Some(*of)
            }
            _ => None,
        }
    }
}
