//! `JoinSet`: one object for all its members, so that who ended first is the set's own order.
//!
//! Which members an operation touches depends only on what the owner of the set has observed (which
//! members it spawned and took), never on which have ended meanwhile: an engine would not see that look.

use super::blocking::start_blocking;
use super::spawn::{Kind, OnFinish, Packet, TaskRef, drop_unwanted, start};
use super::{AbortHandle, Id, JoinError};
use crate::check::engine::{self, ObjectKind, OpKind, Outcome, Site};
use crate::check::object::Object;
use std::collections::VecDeque;
use std::fmt;
use std::future::poll_fn;
use std::panic::Location;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

/// Tasks that are joined in the order in which they end. Dropping it aborts them.
/// See `tokio::task::JoinSet`.
pub struct JoinSet<T>(Set<T>);

enum Set<T> {
    Real(tokio::task::JoinSet<T>),
    Engine(Members<T>),
}

struct Members<T> {
    object: Object,
    /// Where the set was made.
    site: Site,
    /// Spawned and not yet taken, in spawn order.
    members: Vec<Arc<Packet<T>>>,
    ended: Arc<Ended<T>>,
}

/// The members that have ended, and who waits for one.
struct Ended<T>(Mutex<Queue<T>>);

struct Queue<T> {
    /// First come first.
    ended: VecDeque<Arc<Packet<T>>>,
    waker: Option<Waker>,
}

impl<T> Ended<T> {
    fn new() -> Arc<Self> {
        Arc::new(Ended(Mutex::new(Queue { ended: VecDeque::new(), waker: None })))
    }

    fn lock(&self) -> MutexGuard<'_, Queue<T>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<T: Send> OnFinish<T> for Ended<T> {
    fn finished(&self, packet: Arc<Packet<T>>) -> Option<Waker> {
        let mut queue = self.lock();
        queue.ended.push_back(packet);
        queue.waker.take()
    }
}

/// A member that has ended.
struct Taken<T> {
    task: Arc<TaskRef>,
    output: Result<T, JoinError>,
    seen: Outcome,
}

impl<T> Taken<T> {
    fn with_id(self) -> Result<(Id, T), JoinError> {
        self.output.map(|output| (Id::of(self.task.id()), output))
    }
}

impl<T> Members<T> {
    /// The member that ended first.
    fn take(&mut self) -> Option<Taken<T>> {
        let first = self.ended.lock().ended.pop_front()?;
        self.members.retain(|member| !Arc::ptr_eq(member, &first));
        let (output, seen) = first.take().expect("a member that has ended is taken once");
        Some(Taken { task: first.task.clone(), output, seen })
    }

    fn abort_all(&self, site: Site) {
        for member in &self.members {
            member.task.abort(site);
        }
    }

    fn detach_all(&mut self, site: Site) {
        let members = std::mem::take(&mut self.members);
        let outputs: Vec<_> = members.iter().map(|member| member.detach(site)).collect();
        // Emptied once no member can be added, and before any output is dropped: a member and the
        // set own each other while the member waits here to be taken.
        let _ended = std::mem::take(&mut self.ended.lock().ended);
        outputs.into_iter().flatten().for_each(drop_unwanted);
    }

    fn poll_join_next(&mut self, cx: &mut Context<'_>, site: Site) -> Poll<Option<Taken<T>>> {
        let object = self.object;
        let take = |cx: &mut Context<'_>| {
            if let Some(taken) = self.take() {
                return Poll::Ready(Some(taken));
            }
            if self.members.is_empty() {
                return Poll::Ready(None);
            }
            let waker = cx.waker().clone();
            let _old = self.ended.lock().waker.replace(waker);
            Poll::Pending
        };
        let seen = |taken: &Option<Taken<T>>| taken.as_ref().map_or(Outcome::CLOSED, |t| t.seen);
        object.poll(OpKind::Join, u64::MAX, site, cx, take, seen)
    }

    fn try_join_next(&mut self, site: Site) -> Option<Taken<T>> {
        let object = self.object;
        let none = if self.members.is_empty() { Outcome::CLOSED } else { Outcome::BUSY };
        let seen = |taken: &Option<Taken<T>>| taken.as_ref().map_or(none, |t| t.seen);
        object.op(OpKind::TryJoin, u64::MAX, site, || self.take(), seen)
    }
}

impl<T> JoinSet<T> {
    /// An empty set.
    #[track_caller]
    pub fn new() -> Self {
        let site = Location::caller();
        if engine::current().is_none() {
            return JoinSet(Set::Real(tokio::task::JoinSet::new()));
        }
        JoinSet(Set::Engine(Members {
            object: Object::new_at(ObjectKind::JoinSet, site),
            site,
            members: Vec::new(),
            ended: Ended::new(),
        }))
    }

    /// Tasks spawned and not yet taken.
    pub fn len(&self) -> usize {
        match &self.0 {
            Set::Real(set) => set.len(),
            Set::Engine(set) => set.members.len(),
        }
    }

    /// Whether every task has been taken.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

impl<T: 'static> JoinSet<T> {
    /// Starts a task in the set.
    ///
    /// # Panics
    ///
    /// Panics outside the engine or the runtime that the set belongs to.
    #[track_caller]
    pub fn spawn<F>(&mut self, task: F) -> AbortHandle
    where
        F: Future<Output = T> + Send + 'static,
        T: Send,
    {
        let site = Location::caller();
        match &mut self.0 {
            Set::Real(set) => AbortHandle::real(set.spawn(task)),
            Set::Engine(set) => {
                let engine = engine::current().expect("the engine of this `JoinSet` runs no more");
                let packet = Packet::new(set.object, Some(set.ended.clone()));
                start(&*engine, task, Kind::of::<F>(), &packet, site);
                set.members.push(packet.clone());
                AbortHandle::engine(packet.task.clone())
            }
        }
    }

    /// Runs a closure in the set, where it may block. See [`spawn_blocking`](super::spawn_blocking).
    ///
    /// # Panics
    ///
    /// As [`spawn`](Self::spawn).
    #[track_caller]
    pub fn spawn_blocking<F>(&mut self, f: F) -> AbortHandle
    where
        F: FnOnce() -> T + Send + 'static,
        T: Send,
    {
        let site = Location::caller();
        match &mut self.0 {
            Set::Real(set) => AbortHandle::real(set.spawn_blocking(f)),
            Set::Engine(set) => {
                let engine = engine::current().expect("the engine of this `JoinSet` runs no more");
                let packet = Packet::new(set.object, Some(set.ended.clone()));
                start_blocking(&*engine, f, Kind::of::<F>(), &packet, site);
                set.members.push(packet.clone());
                AbortHandle::engine(packet.task.clone())
            }
        }
    }

    /// Waits for one task to end. `None` where the set is empty.
    ///
    /// # Cancel safety
    ///
    /// If dropped early, no task was taken.
    #[track_caller]
    pub fn join_next(&mut self) -> impl Future<Output = Option<Result<T, JoinError>>> {
        let site = Location::caller();
        poll_fn(move |cx| self.poll_at(cx, site))
    }

    /// Takes a task that has ended, if there is one now.
    #[track_caller]
    pub fn try_join_next(&mut self) -> Option<Result<T, JoinError>> {
        match &mut self.0 {
            Set::Real(set) => set.try_join_next().map(|output| output.map_err(JoinError::from)),
            Set::Engine(set) => set.try_join_next(Location::caller()).map(|taken| taken.output),
        }
    }

    /// Polls for one task to end. See [`join_next`](Self::join_next).
    #[track_caller]
    pub fn poll_join_next(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<T, JoinError>>> {
        self.poll_at(cx, Location::caller())
    }

    fn poll_at(&mut self, cx: &mut Context<'_>, site: Site) -> Poll<Option<Result<T, JoinError>>> {
        match &mut self.0 {
            Set::Real(set) => {
                set.poll_join_next(cx).map(|next| next.map(|o| o.map_err(JoinError::from)))
            }
            Set::Engine(set) => {
                set.poll_join_next(cx, site).map(|next| next.map(|taken| taken.output))
            }
        }
    }

    /// Waits for one task to end, and says which. `None` where the set is empty.
    ///
    /// # Cancel safety
    ///
    /// If dropped early, no task was taken.
    #[track_caller]
    pub fn join_next_with_id(
        &mut self,
    ) -> impl Future<Output = Option<Result<(Id, T), JoinError>>> {
        let site = Location::caller();
        poll_fn(move |cx| self.poll_with_id_at(cx, site))
    }

    /// Takes a task that has ended, if there is one now, and says which.
    #[track_caller]
    pub fn try_join_next_with_id(&mut self) -> Option<Result<(Id, T), JoinError>> {
        match &mut self.0 {
            Set::Real(set) => set.try_join_next_with_id().map(real_with_id),
            Set::Engine(set) => set.try_join_next(Location::caller()).map(Taken::with_id),
        }
    }

    /// Polls for one task to end. See [`join_next_with_id`](Self::join_next_with_id).
    #[track_caller]
    pub fn poll_join_next_with_id(
        &mut self,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<(Id, T), JoinError>>> {
        self.poll_with_id_at(cx, Location::caller())
    }

    fn poll_with_id_at(
        &mut self,
        cx: &mut Context<'_>,
        site: Site,
    ) -> Poll<Option<Result<(Id, T), JoinError>>> {
        match &mut self.0 {
            Set::Real(set) => set.poll_join_next_with_id(cx).map(|next| next.map(real_with_id)),
            Set::Engine(set) => set.poll_join_next(cx, site).map(|next| next.map(Taken::with_id)),
        }
    }

    /// Aborts every task and waits until all have ended.
    ///
    /// # Cancel safety
    ///
    /// If dropped early, the tasks are aborted, but some may not have ended.
    #[track_caller]
    pub fn shutdown(&mut self) -> impl Future<Output = ()> {
        let site = Location::caller();
        async move {
            self.abort_at(site);
            while poll_fn(|cx| self.poll_at(cx, site)).await.is_some() {}
        }
    }

    /// Waits for every task and returns the outputs in the order in which they ended.
    ///
    /// # Panics
    ///
    /// Panics, and so aborts the rest, if a task panicked or was aborted.
    #[track_caller]
    pub fn join_all(mut self) -> impl Future<Output = Vec<T>> {
        let site = Location::caller();
        async move {
            let mut outputs = Vec::with_capacity(self.len());
            while let Some(next) = poll_fn(|cx| self.poll_at(cx, site)).await {
                match next.map_err(JoinError::try_into_panic) {
                    Ok(output) => outputs.push(output),
                    Err(Ok(payload)) => std::panic::resume_unwind(payload),
                    Err(Err(cancelled)) => panic!("{cancelled}"),
                }
            }
            outputs
        }
    }

    /// Asks every task in the set to end. They stay in the set until they are taken.
    #[track_caller]
    pub fn abort_all(&mut self) {
        self.abort_at(Location::caller());
    }

    fn abort_at(&mut self, site: Site) {
        match &mut self.0 {
            Set::Real(set) => set.abort_all(),
            Set::Engine(set) => set.abort_all(site),
        }
    }

    /// Empties the set without aborting its tasks.
    #[track_caller]
    pub fn detach_all(&mut self) {
        match &mut self.0 {
            Set::Real(set) => set.detach_all(),
            Set::Engine(set) => set.detach_all(Location::caller()),
        }
    }
}

fn real_with_id<T>(
    ended: Result<(tokio::task::Id, T), tokio::task::JoinError>,
) -> Result<(Id, T), JoinError> {
    ended.map(|(id, output)| (Id::real(id), output)).map_err(JoinError::from)
}

impl<F, T> FromIterator<F> for JoinSet<T>
where
    F: Future<Output = T> + Send + 'static,
    T: Send + 'static,
{
    /// A set of tasks, one a future, started in order.
    #[track_caller]
    fn from_iter<I: IntoIterator<Item = F>>(futures: I) -> Self {
        let mut set = Self::new();
        set.extend(futures);
        set
    }
}

impl<F, T> Extend<F> for JoinSet<T>
where
    F: Future<Output = T> + Send + 'static,
    T: Send + 'static,
{
    /// Starts a task a future, in order.
    #[track_caller]
    fn extend<I: IntoIterator<Item = F>>(&mut self, futures: I) {
        for future in futures {
            self.spawn(future);
        }
    }
}

impl<T> Drop for JoinSet<T> {
    fn drop(&mut self) {
        if let Set::Engine(set) = &mut self.0 {
            set.abort_all(set.site);
            set.detach_all(set.site);
        }
    }
}

impl<T> Default for JoinSet<T> {
    #[track_caller]
    fn default() -> Self {
        Self::new()
    }
}

impl<T> fmt::Debug for JoinSet<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("JoinSet").field("len", &self.len()).finish()
    }
}
