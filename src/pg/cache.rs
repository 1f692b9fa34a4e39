//! Facts that this session has read from the catalogs, kept until the catalogs change: otherwise every call would check
//! the same tables and columns again, which costs more than computing a new bar.
//!
//! PostgreSQL announces a change once. A fact that is read with an older snapshot after the announcement would stay wrong
//! for ever: so facts are read with a snapshot of their own, and those of a transaction that keeps the snapshot of its
//! beginning last no longer than the transaction.

use std::any::{Any, TypeId};
use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::hash::{Hash, Hasher};
use std::rc::Rc;

use pgrx::prelude::*;

use crate::pg::environment::{ours, then};
use crate::pg::error::Result;
use crate::pg::session::keeps_its_snapshot;
use crate::pg::spi::with_new_snapshot;

/// The cached facts and the generation of the catalogs that the facts were read in.
#[derive(Default)]
struct Known {
    generation: u64,
    /// [`Facts`] by what they are about and by their types.
    facts: HashMap<(&'static str, TypeId), Box<dyn Any>>,
    count: usize,
}

/// Facts of one kind, by the role that read the fact and by key.
type Facts<K, T> = HashMap<(pg_sys::Oid, K), Rc<T>>;

thread_local! {
    /// Counts the invalidations of relations, schemas, functions, types, roles and databases that PostgreSQL announced.
    static GENERATION: Cell<u64> = const { Cell::new(0) };
    static KNOWN: RefCell<Known> = RefCell::default();
    /// Counts the transactions of this session that have written and were committed.
    static WRITTEN: Cell<u64> = const { Cell::new(0) };
    /// Whether a fact was read with the snapshot of a transaction that has not ended.
    static OF_TRANSACTION: Cell<bool> = const { Cell::new(false) };
}

/// Most facts kept.
const MOST: usize = 100;

/// Answers by the role that asked and the text of what was asked.
type Answers = HashMap<(pg_sys::Oid, String), Rc<dyn Any>>;

thread_local! {
    /// What was read during the call of [`reading_once`] that is under way.
    static OF_CALL: RefCell<Option<Answers>> = const { RefCell::new(None) };
}

/// Runs `work`, all of whose statements read with one snapshot: what is asked through [`read_once`] is read once.
pub fn reading_once<R>(work: impl FnOnce() -> R) -> R {
    OF_CALL.set(Some(HashMap::new()));
    then(work, || OF_CALL.set(None))
}

/// The answer to a question, which is read once during a call of [`reading_once`], and each time outside such a call.
///
/// # Errors
/// Those of `read`.
pub fn read_once<T: 'static>(question: &str, read: impl FnOnce() -> Result<T>) -> Result<Rc<T>> {
    let State(_, role) = state();
    let key = (role, question.to_owned());
    let known = OF_CALL.with_borrow(|answers| answers.as_ref()?.get(&key).cloned());
    if let Some(Ok(answer)) = known.map(Rc::downcast::<T>) {
        return Ok(answer);
    }
    let answer = Rc::new(read()?);
    OF_CALL.with_borrow_mut(|answers| {
        if let Some(answers) = answers {
            answers.insert(key, Rc::clone(&answer) as Rc<dyn Any>);
        }
    });
    Ok(answer)
}

/// Asks PostgreSQL to be told of changes; called once when the library is loaded.
pub fn watch() {
    let none = pg_sys::Datum::null();
    let caches = [
        pg_sys::SysCacheIdentifier::NAMESPACEOID,
        pg_sys::SysCacheIdentifier::PROCOID,
        pg_sys::SysCacheIdentifier::AUTHOID,
        pg_sys::SysCacheIdentifier::AUTHMEMMEMROLE,
        pg_sys::SysCacheIdentifier::DATABASEOID,
        // Domains, their constraints, and the operators and casts that types bring along.
        pg_sys::SysCacheIdentifier::TYPEOID,
        pg_sys::SysCacheIdentifier::CONSTROID,
        pg_sys::SysCacheIdentifier::OPEROID,
        pg_sys::SysCacheIdentifier::CASTSOURCETARGET,
    ];
    // SAFETY: called from _PG_init; the functions have the types that PostgreSQL calls them with and
    // live as long as the library, which is never unloaded.
    unsafe {
        pg_sys::CacheRegisterRelcacheCallback(Some(relation_changed), none);
        pg_sys::RegisterXactCallback(Some(transaction_ends), std::ptr::null_mut());
        for cache in caches {
            pg_sys::CacheRegisterSyscacheCallback(cache as i32, Some(catalog_changed), none);
        }
    }
}

unsafe extern "C-unwind" fn relation_changed(_: pg_sys::Datum, _: pg_sys::Oid) {
    changed();
}

unsafe extern "C-unwind" fn catalog_changed(_: pg_sys::Datum, _: i32, _: u32) {
    changed();
}

unsafe extern "C-unwind" fn transaction_ends(event: pg_sys::XactEvent::Type, _: *mut std::ffi::c_void) {
    if event == pg_sys::XactEvent::XACT_EVENT_COMMIT && has_written() {
        WRITTEN.set(WRITTEN.get().wrapping_add(1));
    }
    if OF_TRANSACTION.replace(false) {
        changed();
    }
}

fn has_written() -> bool {
    // SAFETY: in a transaction, whose number is read as far as there is one.
    unsafe { pg_sys::GetTopTransactionIdIfAny() != pg_sys::TransactionId::INVALID }
}

/// Stands for all that this session has written, as part of the key of a fact about rows; `None` where the transaction has
/// written.
pub fn written() -> Option<u64> {
    (!has_written()).then(|| WRITTEN.get())
}

/// Makes every session forget its facts when this transaction is committed, as after a change of the catalogs: for facts about rows
/// that nothing else tells of.
pub fn announce(relation: pg_sys::Oid) {
    // SAFETY: in a transaction; PostgreSQL has sessions look up again what they know of the relation.
    unsafe { pg_sys::CacheInvalidateRelcacheByRelid(relation) };
}

fn changed() {
    GENERATION.set(GENERATION.get().wrapping_add(1));
}

/// Stands for everything that facts depend on: while the state is equal, so are the facts. For callers too frequent to
/// look a fact up by its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct State(u64, pg_sys::Oid);

/// The state now.
pub fn state() -> State {
    // SAFETY: in a transaction; takes note of what was announced, and reads the current role.
    let role = unsafe {
        pg_sys::AcceptInvalidationMessages();
        pg_sys::GetUserId()
    };
    State(GENERATION.get(), role)
}

/// The fact of this kind and key, found out unless it is known since the last change. Facts may depend on the
/// catalogs, the current role and the key alone; statements by which a fact is found are analysed under settings of pg_regime.
///
/// # Errors
/// Those of `find`, which are not kept.
pub fn known<K, T>(what: &'static str, key: &K, find: impl FnOnce() -> Result<T>) -> Result<Rc<T>>
where
    K: Clone + Eq + Hash + 'static,
    T: 'static,
{
    let find = || if keeps_its_snapshot() { find() } else { with_new_snapshot(find) };
    known_or(what, key, find, |_| true)
}

/// [`known`] of rows whose versions are a part of the key: they are read with the snapshot that showed the versions.
///
/// # Errors
/// Those of `find`, which are not kept.
pub fn known_of_versions<K, T>(what: &'static str, key: &K, find: impl FnOnce() -> Result<T>) -> Result<Rc<T>>
where
    K: Clone + Eq + Hash + 'static,
    T: 'static,
{
    known_or(what, key, find, |_| true)
}

/// What `work` gives, which is not done again as long as nothing has changed since it found nothing to do, as `is_idle` tells
/// of what it gave. It may depend on what facts may depend on ([`known`]).
///
/// # Errors
/// Those of `work`.
pub fn idle_or<K, T>(
    what: &'static str,
    key: &K,
    work: impl FnOnce() -> Result<T>,
    is_idle: impl FnOnce(&T) -> bool,
) -> Result<Rc<T>>
where
    K: Clone + Eq + Hash + 'static,
    T: 'static,
{
    known_or(what, key, work, is_idle)
}

/// A value as a key: equal to none but itself, which is cheaper to see than that all of its parts are equal.
#[derive(Debug)]
pub struct Same<T>(pub Rc<T>);

impl<T> Clone for Same<T> {
    fn clone(&self) -> Self {
        Self(Rc::clone(&self.0))
    }
}

impl<T> PartialEq for Same<T> {
    fn eq(&self, other: &Self) -> bool {
        Rc::ptr_eq(&self.0, &other.0)
    }
}

impl<T> Eq for Same<T> {}

impl<T> Hash for Same<T> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        Rc::as_ptr(&self.0).hash(state);
    }
}

fn known_or<K, T>(
    what: &'static str,
    key: &K,
    find: impl FnOnce() -> Result<T>,
    is_kept: impl FnOnce(&T) -> bool,
) -> Result<Rc<T>>
where
    K: Clone + Eq + Hash + 'static,
    T: 'static,
{
    // Changes announced before a lock was granted count from here on.
    let State(generation, role) = state();
    let (kind, key) = ((what, TypeId::of::<Facts<K, T>>()), (role, key.clone()));
    let found = KNOWN.with_borrow(|known| {
        let facts = known.facts.get(&kind).filter(|_| known.generation == generation)?;
        facts.downcast_ref::<Facts<K, T>>()?.get(&key).cloned()
    });
    if let Some(fact) = found {
        return Ok(fact);
    }
    let fact = Rc::new(ours(find)?);
    // Not kept where the catalogs changed meanwhile: `find` may have read the earlier state.
    if GENERATION.get() == generation && is_kept(&fact) {
        OF_TRANSACTION.set(OF_TRANSACTION.get() || keeps_its_snapshot());
        KNOWN.with_borrow_mut(|known| {
            if known.generation != generation || known.count >= MOST {
                *known = Known { generation, ..Known::default() };
            }
            let facts = known.facts.entry(kind).or_insert_with(|| Box::new(Facts::<K, T>::new()));
            if let Some(facts) = facts.downcast_mut::<Facts<K, T>>() {
                facts.insert(key, Rc::clone(&fact));
                known.count += 1;
            }
        });
    }
    Ok(fact)
}
