//! Locks by name, held to the end of the transaction.

use pgrx::pg_sys;
use pgrx::prelude::*;

use crate::pg::arg::arg;
use crate::pg::cache::known;
use crate::pg::environment::quoted;
use crate::pg::error::Result;
use crate::pg::spi::{Db, Micros, Sees};

/// Waits for the exclusive lock of a name and holds it to the end of the transaction. The snapshot to read
/// with is to be taken afterwards.
///
/// # Errors
/// Where the wait is cancelled or ends in a deadlock.
pub fn lock(db: Db, name: &str) -> Result<()> {
    lock_all(db, [name.to_owned()].into_iter())
}

/// [`lock`] of names, one after another.
///
/// # Errors
/// As [`lock`].
pub fn lock_all(db: Db, names: impl Iterator<Item = String>) -> Result<()> {
    let names: Vec<String> = names.map(|name| format!("pg_regime {name}")).collect();
    let sql = "SELECT pg_catalog.pg_advisory_xact_lock(pg_catalog.hashtextextended(pg_catalog.unnest($1), 0::bigint))";
    db.once().doing("wait for locks").rows(sql, &[arg(names)], Sees::Now, |_| Ok(()))
}

/// Waits for the shared lock of a name and holds it to the end of the transaction.
///
/// # Errors
/// Where the wait is cancelled or ends in a deadlock.
pub fn join(db: Db, name: &str) -> Result<()> {
    let name = format!("pg_regime {name}");
    let join = "SELECT pg_catalog.pg_advisory_xact_lock_shared(pg_catalog.hashtextextended($1, 0::bigint))";
    db.doing("wait for locks").rows(join, &[arg(name)], Sees::Now, |_| Ok(()))
}

/// [`join`] without a wait: a session that holds the lock alone keeps nobody from working.
///
/// # Errors
/// Where the statement fails.
pub fn try_join(db: Db, name: &str) -> Result<()> {
    let name = format!("pg_regime {name}");
    let join =
        "SELECT pg_catalog.pg_try_advisory_xact_lock_shared(pg_catalog.hashtextextended($1, 0::bigint))";
    db.doing("wait for locks").rows(join, &[arg(name)], Sees::Now, |_| Ok(()))
}

/// How many sessions of this database hold the shared lock of a name, of roles that may insert into a relation, given as SQL, or become one that may: any
/// role that may connect can take the lock.
///
/// # Errors
/// Where pg_locks cannot be read.
pub fn sharers(db: Db, name: &str, relation: &str) -> Result<i64> {
    let name = format!("pg_regime {name}");
    let count = "SELECT count(*) FROM pg_locks AS l JOIN pg_stat_activity AS a ON a.pid = l.pid \
                 WHERE l.locktype = 'advisory' AND l.objsubid = 1 AND l.mode = 'ShareLock' AND l.granted \
                 AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database()) \
                 AND (l.classid::bigint << 32) | l.objid::bigint = pg_catalog.hashtextextended($1, 0::bigint) \
                 AND EXISTS (SELECT FROM pg_roles AS r WHERE pg_has_role(a.usesysid, r.oid, 'MEMBER') AND has_table_privilege(r.oid, $2, 'INSERT'))";
    db.one(count, &[arg(name), arg(relation)], Sees::Now, |row| row.only())
}

/// What a session waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Key {
    /// The advisory lock of a name, by its hash.
    Name(i64),
    /// An advisory lock of two numbers.
    Pair(u32, u32),
    /// The lock of a table.
    Table(pgrx::pg_sys::Oid),
}

/// A session that waits for another session. Users are quoted where SQL needs it.
pub struct Wait {
    pub key: Key,
    pub pid: i32,
    pub user: String,
    /// Since when, in microseconds since 2000.
    pub since: Option<i64>,
    /// Whether for a minute at least.
    pub is_long: bool,
    /// The process that holds the lock, or that the holder waits for in the end; 0 is a prepared transaction.
    pub holder: i32,
    /// Whether the process holds the lock itself.
    pub is_direct: bool,
    pub holder_user: Option<String>,
}

/// The sessions of this database that wait for an advisory lock or the lock of a table, each with every session that holds
/// the lock, or that such a session waits for, and that waits for none itself.
///
/// # Errors
/// Where pg_locks cannot be read.
pub fn waits(db: Db) -> Result<Vec<Wait>> {
    let sql = include_str!("../../sql/read/lock_waits.sql");
    db.all(sql, &[], Sees::Now, |row| {
        let number = |name| -> Result<u32> { Ok(row.get::<Option<i64>>(name)?.unwrap_or_default() as u32) };
        let (class, object) = (number("classid")?, number("objid")?);
        let key = match (row.get("is_table")?, row.get::<Option<bool>>("is_pair")?) {
            (true, _) => Key::Table(pgrx::pg_sys::Oid::from(number("relation")?)),
            (false, Some(true)) => Key::Pair(class, object),
            (false, _) => Key::Name((i64::from(class) << 32) | i64::from(object)),
        };
        Ok(Wait {
            key,
            pid: row.get("pid")?,
            user: quoted(row.get::<String>("usename")?),
            since: row.get::<Option<Micros>>("waitstart")?.map(|at| at.0),
            is_long: row.get("is_long")?,
            holder: row.get("holder")?,
            is_direct: row.get("is_direct")?,
            holder_user: row.get::<Option<String>>("holder_name")?.map(quoted),
        })
    })
}

/// The place of the name, among these, whose lock has this key.
///
/// # Errors
/// Where the statement fails.
pub fn named(db: Db, key: i64, names: Vec<String>) -> Result<Option<usize>> {
    let sql = "SELECT n.place FROM unnest($2) WITH ORDINALITY AS n (name, place) \
         WHERE hashtextextended('pg_regime ' || n.name, 0::bigint) = $1 LIMIT 1";
    let place: Option<i64> = db.first(sql, &[arg(key), arg(names)], Sees::Now, |row| row.only())?;
    Ok(place.map(|place| place as usize - 1))
}

/// The name of the lock of [`lock_schema`].
pub fn of_schema(schema: &str) -> String {
    format!("tables of {schema}")
}

/// Waits for other sessions that create tables in a schema: two at once would create the same table.
///
/// # Errors
/// Where the wait is cancelled or ends in a deadlock.
pub fn lock_schema(db: Db, schema: &str) -> Result<()> {
    lock(db, &of_schema(schema))
}

/// [`lock_schema`] unless another session holds the lock; gives whether it was taken.
///
/// # Errors
/// Where the statement fails.
pub fn try_lock_schema(db: Db, schema: &str) -> Result<bool> {
    let name = format!("pg_regime {}", of_schema(schema));
    let sql = "SELECT pg_catalog.pg_try_advisory_xact_lock(pg_catalog.hashtextextended($1, 0::bigint))";
    db.one(sql, &[arg(name)], Sees::Now, |row| row.only())
}

/// The first key of the locks of what the rows of a schema are about; the second is the subject.
///
/// # Errors
/// Where there is no schema of this name.
pub fn space(db: Db, schema: &str) -> Result<i32> {
    let sql = "SELECT pg_catalog.hashtext('pg_regime') # oid::int4 AS space FROM pg_catalog.pg_namespace WHERE nspname = $1::name";
    let find = || db.one(sql, &[arg(schema)], Sees::Now, |row| row.get("space"));
    Ok(*known("lock space", &schema.to_owned(), find)?)
}

/// Takes the lock of a subject to the end of the transaction, unless another session holds it; gives whether it was taken.
pub fn try_lock_subject(_: Db, space: i32, subject: i32) -> bool {
    // SAFETY: as in `lock_subject`; the function returns a boolean.
    unsafe {
        pgrx::direct_function_call::<bool>(
            pg_sys::pg_try_advisory_xact_lock_int4,
            &[space.into_datum(), subject.into_datum()],
        )
        .unwrap_or(false)
    }
}

/// Waits for the lock of a subject, given by two keys, and holds it to the end of the transaction.
pub fn lock_subject(_: Db, space: i32, subject: i32) {
    // SAFETY: the function takes two int4, needs a transaction, and returns nothing.
    unsafe {
        pgrx::direct_function_call::<()>(
            pg_sys::pg_advisory_xact_lock_int4,
            &[space.into_datum(), subject.into_datum()],
        );
    }
}
