//! The loop of every refresh: lock a portion of the subjects, attempt those together of which there is little to write, the others one
//! by one, and summarise each; then settle marks and write the run log.

use std::cell::Cell;
use std::collections::{BTreeSet, HashMap};

use pgrx::prelude::*;

use crate::output::entry::{About, Began, Call, Done, Entry};
use crate::output::failed::{self, Failed};
use crate::output::grants::with_grants;
use crate::output::run_log::Run;
use crate::pg::{Progress, Result, attempt, attempt_unless_cancelled, internal, memory, report_warning};

/// An attempt at a subject, in a subtransaction.
pub struct Attempt<M> {
    /// Rows of the sources that were read.
    pub read: u64,
    pub done: Result<Done<M>>,
}

/// A subject that has been attempted.
pub struct Refreshed<S, M> {
    pub subject: S,
    pub entry: Entry,
    /// `None` if the attempt failed.
    pub done: Option<Done<M>>,
}

/// Most subjects of a portion.
const PORTION: usize = 256;

/// Most subjects of a part of a portion that has failed.
const PART: usize = 32;

thread_local! {
    /// The number of calls that this session has begun.
    static CALLS: Cell<u64> = const { Cell::new(0) };
}

/// Attempts the subjects of a portion together, each attempt in a subtransaction and in memory of its own: where that fails, in parts,
/// so that one failing subject sends at most 31 others to be refreshed one by one. Gives those that were refreshed, each by its
/// place in the portion.
pub fn together<S, M>(
    subjects: &[S],
    refresh: impl Fn(&[S]) -> Result<Vec<(usize, Attempt<M>)>>,
) -> HashMap<usize, Attempt<M>> {
    let calls = CALLS.get();
    let undisturbed = |part: &[S]| {
        let all = refresh(part)?;
        // A trigger that refreshes a subject of the portion would find its rows replaced by older ones.
        if CALLS.get() == calls { Ok(all) } else { Err(internal("a trigger has refreshed".to_owned())) }
    };
    let tried = |part: &[S]| memory::in_own_memory(|| attempt(|| undisturbed(part)));
    match tried(subjects) {
        Ok(all) => all.into_iter().collect(),
        Err(_) if subjects.len() <= PART || CALLS.get() != calls => HashMap::new(),
        Err(_) => {
            let of_part = |(n, part): (usize, &[S])| {
                let all = tried(part).unwrap_or_default().into_iter();
                all.map(move |(place, one)| (n * PART + place, one))
            };
            subjects.chunks(PART).enumerate().flat_map(of_part).collect()
        }
    }
}

/// How the subjects of a call are refreshed.
pub struct Subjects<A, L, T, O> {
    /// A subject as its entry names it.
    pub about: A,
    /// Waits for the locks of subjects, in their order.
    pub lock: L,
    /// Attempts the subjects of a portion together, in a subtransaction: those that were refreshed, each by its place in the
    /// portion. All others are attempted one by one.
    pub together: T,
    /// Attempts a subject by itself.
    pub one: O,
}

impl Call<'_, '_> {
    /// Refreshes subjects, each whole or not at all. Subjects come in an order that all calls share, so that two calls never
    /// wait for each other in a circle.
    ///
    /// # Errors
    /// Where a lock cannot be had, and where the statement is cancelled. The error of an attempt is in its entry; a strict
    /// call ends with an error after all subjects if one of them failed.
    pub fn each<'a, S, M, A, L, T, O>(
        &self,
        subjects: Vec<S>,
        how: &Subjects<A, L, T, O>,
    ) -> Result<Vec<Refreshed<S, M>>>
    where
        A: Fn(&S) -> About<'a>,
        L: Fn(&[S]) -> Result<()>,
        T: Fn(&[S]) -> HashMap<usize, Attempt<M>>,
        O: Fn(&S) -> Attempt<M>,
    {
        CALLS.set(CALLS.get() + 1);
        let log = Run::begin(self.system);
        let mut all = Vec::with_capacity(subjects.len());
        let mut of_many = BTreeSet::new();
        let (number, progress) = (subjects.len(), Progress::begin());
        let [one, many] = self.system.subject;
        let mut subjects = subjects.into_iter();
        loop {
            let portion: Vec<S> = subjects.by_ref().take(PORTION).collect();
            if portion.is_empty() {
                break;
            }
            let before = all.len();
            if portion.len() > 1 {
                progress.show(&format!("{many} {} to {} of {number}", before + 1, before + portion.len()));
            }
            let began = Began::now();
            // Outside the subtransactions, whose rollback would release the locks.
            if !self.dry_run {
                (how.lock)(&portion)?;
            }
            let mut done = match portion.len() > 1 && !self.dry_run {
                true => (how.together)(&portion),
                false => HashMap::new(),
            };
            let is_one = portion.len() == 1;
            let together = began.shared(done.len());
            for (place, subject) in portion.into_iter().enumerate() {
                let (began, attempt) = match done.remove(&place) {
                    Some(attempt) => (together, attempt),
                    None => {
                        progress.show(&format!("{one} {} of {number}", before + place + 1));
                        (if is_one { began } else { Began::now() }, (how.one)(&subject))
                    }
                };
                let Attempt { read, mut done } = attempt;
                of_many.extend(done.iter_mut().flat_map(|done| done.of_many.drain(..)));
                let (entry, done) = (how.about)(&subject).entry(self, done, read, began);
                all.push(Refreshed { subject, entry, done });
            }
        }
        if !of_many.is_empty() {
            self.settle(of_many);
        }
        if !self.dry_run {
            log.end(self.db, self.schema, self.version, all.iter().map(|refreshed| &refreshed.entry));
        }
        if let Some(hint) = &self.strict {
            let failed: Vec<Failed> =
                all.iter().filter_map(|refreshed| Failed::of(&refreshed.entry)).collect();
            if let Some(error) = failed::error(self.system, &failed) {
                return Err(error.hint(hint.as_str()));
            }
        }
        Ok(all)
    }

    /// Removes array rows of marks whose keys have all been refreshed. Best effort: leftovers are harmless.
    fn settle(&self, of_many: BTreeSet<String>) {
        let Some(marks) = self.system.marks else { return };
        let of_many: Vec<String> = of_many.into_iter().collect();
        match attempt_unless_cancelled(|| marks.settle(self.db, self.schema, &of_many)) {
            Ok(()) => {}
            // The snapshot shows marks that another session has removed.
            Err(error) if error.report().code == PgSqlErrorCode::ERRCODE_T_R_SERIALIZATION_FAILURE => {}
            Err(error) => {
                let error = with_grants(error, self.system, self.schema);
                let many = self.system.subject[1];
                report_warning(&format!("marks of many {many} are not removed"), &error, None);
            }
        }
    }
}
