//! A thin layer over SPI: prepared statements, rows read straight from the executor, one snapshot for many
//! statements.
//!
//! SPI of pgrx copies every row and frees nothing that it fetched, which costs a multiple of the reading itself
//! and grows with the number of assets. Here rows are handed on as the executor gives them (`receiver`, `row`).

use std::cell::RefCell;
use std::collections::HashMap;
use std::ffi::CString;
use std::marker::PhantomData;
use std::rc::Rc;

use pgrx::pg_sys;
use pgrx::prelude::*;

use crate::pg::arg::Arg;
use crate::pg::citus;
use crate::pg::environment::{are_ours, keep, ours};
use crate::pg::error::{Result, internal, invalid_parameter};
use crate::pg::memory::CurrentMemory;
use crate::pg::receiver::Receiver;
use crate::pg::timescale;

pub use crate::pg::row::{Days, Micros, Row, RowVersion, varlena_of};

/// Prepared statements by their text.
type Plans = HashMap<String, Rc<Plan>>;

thread_local! {
    /// Statements of this session, those analysed under the settings of callers and those under settings of pg_regime, by how the
    /// statements are planned and by their text: the same few serve every asset and every call. A plan is analysed anew
    /// whenever the path is another one.
    static STATEMENTS: RefCell<[[Plans; 6]; 2]> = RefCell::default();
}

/// Most statements kept of each mode; more than any mapping needs, so that a session that goes through many
/// mappings does not grow without bound.
const MOST_STATEMENTS: usize = 200;

/// A connection to SPI; its existence proves that one is open.
#[derive(Clone, Copy)]
pub struct Db<'c> {
    /// When statements that read are planned.
    reads: Mode,
    /// Whether statements that write are planned anew each time.
    writes_anew: bool,
    /// What statements are run for, in the words of their comments.
    doing: &'static str,
    connection: PhantomData<&'c ()>,
}

/// Opens SPI for the length of `work`, whose statements are analysed under settings of pg_regime.
///
/// # Errors
/// Those of `work`.
pub fn connect<R>(work: impl FnOnce(Db<'_>) -> Result<R>) -> Result<R> {
    ours(|| connect_as_caller(work))
}

/// Opens SPI for the length of `work`, whose statements are analysed under the settings of the caller: all names, types
/// and operators in them must be qualified. It spares a call that is made once for each of many rows a tenth of its time.
///
/// # Errors
/// Those of `work`.
pub fn connect_as_caller<R>(work: impl FnOnce(Db<'_>) -> Result<R>) -> Result<R> {
    citus::explained(|| {
        Spi::connect(|_| {
            work(Db { reads: Mode::Any, writes_anew: false, doing: "", connection: PhantomData })
        })
    })
}

/// Which data a statement sees.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Sees {
    /// What the calling statement sees, or the snapshot of [`Db::with_new_snapshot`] around it.
    Snapshot,
    /// What has been committed by now; also what a statement that writes must use.
    Now,
}

/// When a statement is planned.
#[derive(Clone, Copy)]
enum Mode {
    /// As PostgreSQL decides, after a few executions.
    Any,
    /// Anew each time, for the parameters at hand.
    Custom,
    /// Once, for any parameters, with indexes as in [`Mode::ByKey`].
    Generic,
    /// As [`Mode::Generic`], and without nested loops, which would compare each row of a table with each parameter where
    /// statistics take the table for empty.
    Many,
    /// As PostgreSQL decides, but with indexes wherever there are any, however small the tables are at that time.
    ByKey,
    /// Once, for any parameters, with indexes as in [`Mode::ByKey`]: of a statement that reads.
    Once,
}

impl Mode {
    /// The mode as an option of `SPI_prepare_cursor`.
    const fn option(self) -> u32 {
        match self {
            Mode::Any | Mode::ByKey => 0,
            Mode::Custom => pg_sys::CURSOR_OPT_CUSTOM_PLAN,
            Mode::Generic | Mode::Many | Mode::Once => pg_sys::CURSOR_OPT_GENERIC_PLAN,
        }
    }
}

/// A prepared statement to keep, which spares looking it up by its text.
#[derive(Clone)]
pub struct Statement(Rc<Plan>);

impl Statement {
    /// Calls `each` with every row.
    ///
    /// # Errors
    /// Where the statement fails, `each` fails, or a column is read as another type than its own.
    pub fn rows(&self, _: Db, args: &[Arg], sees: Sees, each: impl FnMut(&Row) -> Result<()>) -> Result<()> {
        self.0.rows(args, sees, each)
    }
}

/// A prepared statement, freed when dropped.
struct Plan {
    plan: pg_sys::SPIPlanPtr,
    types: Vec<pg_sys::Oid>,
    sql: String,
    mode: Mode,
}

impl Drop for Plan {
    fn drop(&mut self) {
        // SAFETY: the plan was made by SPI_prepare and SPI_keepplan and is freed once.
        unsafe { pg_sys::SPI_freeplan(self.plan) };
    }
}

impl Db<'_> {
    /// To run statements for this: the comment in which they begin says so.
    pub fn doing(self, doing: &'static str) -> Self {
        Self { doing, ..self }
    }

    /// To read rows of output and working tables by their key: the plan of the first time must serve for tables that have grown
    /// since.
    pub fn by_key(self) -> Self {
        Self { reads: Mode::ByKey, ..self }
    }

    /// To read what takes less time than planning how, such as catalogs and rows by their key: planned once.
    pub fn once(self) -> Self {
        Self { reads: Mode::Once, ..self }
    }

    /// To read many rows of tables that grow: planned anew each time.
    pub fn anew(self) -> Self {
        Self { reads: Mode::Custom, ..self }
    }

    /// To read rows of each of many from a relation that is named as in SQL, by their keys: planned once, or anew for a hypertable,
    /// of which TimescaleDB leaves out chunks by the values.
    ///
    /// # Errors
    /// Where the catalogs of TimescaleDB cannot be read.
    pub fn of_each(self, relation: &str) -> Result<Self> {
        let reads = if timescale::is_hypertable(self, relation)? { Mode::Custom } else { Mode::Once };
        Ok(Self { reads, ..self })
    }

    /// To write rows of a table that is named as in SQL. TimescaleDB decompresses only the rows that the values of a statement
    /// select, and every row of a hypertable where the plan serves for any values.
    ///
    /// # Errors
    /// Where the catalogs of TimescaleDB cannot be read.
    pub fn to_write(self, relation: &str) -> Result<Self> {
        Ok(Self { writes_anew: timescale::is_hypertable(self, relation)?, ..self })
    }

    /// The plan of a statement, kept for the session. PostgreSQL keeps the plan of a statement without parameters, whatever
    /// the mode: to be planned anew, such a statement is prepared anew.
    fn plan(self, sql: &str, args: &[Arg], mode: Mode) -> Result<Rc<Plan>> {
        // Citus sends a statement to the node that holds its rows, and therefore has to know the values.
        let mode = if citus::is_loaded() && mode.option() != 0 { Mode::Custom } else { mode };
        if args.is_empty() && matches!(mode, Mode::Custom) {
            return self.prepare(sql, Vec::new(), mode).map(Rc::new);
        }
        let settings = usize::from(are_ours());
        if let Some(plan) = STATEMENTS.with_borrow(|known| known[settings][mode as usize].get(sql).cloned()) {
            return Ok(plan);
        }
        let plan = Rc::new(self.prepare(sql, args.iter().map(|a| a.oid).collect(), mode)?);
        STATEMENTS.with_borrow_mut(|known| {
            let known = &mut known[settings][mode as usize];
            if known.len() >= MOST_STATEMENTS {
                known.clear();
            }
            known.insert(sql.to_owned(), Rc::clone(&plan));
        });
        Ok(plan)
    }

    /// A statement begins with a comment that says whose it is and what it does: in the log, in `pg_stat_statements`, in plans that
    /// `auto_explain` shows.
    fn prepare(self, sql: &str, types: Vec<pg_sys::Oid>, mode: Mode) -> Result<Plan> {
        let colon = if self.doing.is_empty() { "" } else { ": " };
        Plan::prepare(&format!("/* pg_regime{colon}{} */ {sql}", self.doing), types, mode)
    }

    /// Drops the plans that are kept: that of a statement which a rule replaced by nothing outlives the rule.
    pub fn forget_plans(self) {
        STATEMENTS.with_borrow_mut(|known| known.iter_mut().flatten().for_each(Plans::clear));
    }

    /// A statement to keep, with arguments of these types.
    ///
    /// # Errors
    /// Where the statement cannot be prepared.
    pub fn statement(self, sql: &str, args: &[Arg]) -> Result<Statement> {
        self.plan(sql, args, Mode::Any).map(Statement)
    }

    /// Calls `each` with every row of a statement.
    ///
    /// # Errors
    /// Where the statement fails, `each` fails, or a column is read as another type than its own.
    pub fn rows(
        self,
        sql: &str,
        args: &[Arg],
        sees: Sees,
        each: impl FnMut(&Row) -> Result<()>,
    ) -> Result<()> {
        self.plan(sql, args, self.reads)?.rows(args, sees, each)
    }

    /// Hands every row of a statement to a receiver of PostgreSQL's own kind.
    ///
    /// # Errors
    /// Where the statement fails.
    ///
    /// # Safety
    /// The receiver is valid until this returns.
    pub unsafe fn rows_into(
        self,
        sql: &str,
        args: &[Arg],
        sees: Sees,
        receiver: *mut pg_sys::DestReceiver,
    ) -> Result<()> {
        // SAFETY: as the caller says.
        unsafe { self.plan(sql, args, self.reads)?.run(args, sees, receiver) }
    }

    /// The first row of a statement, as `read` makes it; `None` where there is no row.
    ///
    /// # Errors
    /// Where the statement or `read` fails.
    pub fn first<R>(
        self,
        sql: &str,
        args: &[Arg],
        sees: Sees,
        mut read: impl FnMut(&Row) -> Result<R>,
    ) -> Result<Option<R>> {
        let mut first = None;
        self.rows(sql, args, sees, |row| {
            if first.is_none() {
                first = Some(read(row)?);
            }
            Ok(())
        })?;
        Ok(first)
    }

    /// The row that a statement always gives, such as that of an aggregate, as `read` makes it.
    ///
    /// # Errors
    /// Where there is no row, and where the statement or `read` fails.
    pub fn one<R>(
        self,
        sql: &str,
        args: &[Arg],
        sees: Sees,
        read: impl FnMut(&Row) -> Result<R>,
    ) -> Result<R> {
        self.first(sql, args, sees, read)?.ok_or_else(|| internal(format!("a query returned no row: {sql}")))
    }

    /// All rows of a statement, as `read` makes them.
    ///
    /// # Errors
    /// Where the statement or `read` fails.
    pub fn all<R>(
        self,
        sql: &str,
        args: &[Arg],
        sees: Sees,
        mut read: impl FnMut(&Row) -> Result<R>,
    ) -> Result<Vec<R>> {
        let mut all = Vec::new();
        self.rows(sql, args, sees, |row| {
            all.push(read(row)?);
            Ok(())
        })?;
        Ok(all)
    }

    /// Runs a statement and returns the number of rows it processed; also several utility statements. It is planned anew each time, for
    /// the arrays it is given: a plan for any array would assume ten elements.
    ///
    /// # Errors
    /// Where the statement fails.
    pub fn execute(self, sql: &str, args: &[Arg]) -> Result<u64> {
        self.plan(sql, args, Mode::Custom)?.execute(args)
    }

    /// [`Db::execute`] of a statement that finds rows by their key: planned once, for arguments and tables of any size.
    ///
    /// # Errors
    /// Where the statement fails.
    pub fn execute_small(self, sql: &str, args: &[Arg]) -> Result<u64> {
        self.plan(sql, args, if self.writes_anew { Mode::Custom } else { Mode::Generic })?.execute(args)
    }

    /// [`Db::execute`] of a statement that finds many rows by their keys: planned once, whatever statistics say of the table.
    ///
    /// # Errors
    /// Where the statement fails.
    pub fn execute_many(self, sql: &str, args: &[Arg]) -> Result<u64> {
        self.plan(sql, args, if self.writes_anew { Mode::Custom } else { Mode::Many })?.execute(args)
    }

    /// Runs `work` with a snapshot of everything committed by now, also where the transaction keeps an older snapshot:
    /// what is read with [`Sees::Snapshot`] is what the next statement that writes will meet in the catalogs.
    ///
    /// # Errors
    /// Those of `work`.
    pub fn with_latest_snapshot<R>(self, work: impl FnOnce() -> Result<R>) -> Result<R> {
        // SAFETY: in a transaction.
        let snapshot = unsafe {
            pg_sys::CommandCounterIncrement();
            pg_sys::GetLatestSnapshot()
        };
        with_snapshot(snapshot, work)
    }

    /// Runs `work` with one new snapshot: all that it reads with [`Sees::Snapshot`] is of one moment
    /// and includes everything committed by now.
    ///
    /// # Errors
    /// Those of `work`.
    pub fn with_new_snapshot<R>(self, work: impl FnOnce() -> Result<R>) -> Result<R> {
        // SAFETY: in a transaction.
        unsafe { pg_sys::CommandCounterIncrement() };
        with_new_snapshot(work)
    }

    /// Runs `work` with the snapshot in use and what this transaction has written by now: of other transactions, `work` sees
    /// what was seen before.
    ///
    /// # Errors
    /// Those of `work`.
    pub fn with_own_writes<R>(self, work: impl FnOnce() -> Result<R>) -> Result<R> {
        // SAFETY: in a statement, so that there is an active snapshot, of which a copy is pushed and popped; on an error
        // PostgreSQL drops the copy with the (sub)transaction that is rolled back.
        unsafe {
            pg_sys::CommandCounterIncrement();
            pg_sys::PushCopiedSnapshot(pg_sys::GetActiveSnapshot());
            pg_sys::UpdateActiveSnapshotCommandId();
        }
        let result = work();
        // SAFETY: see above. After an Err the copy is still ours.
        unsafe { pg_sys::PopActiveSnapshot() };
        result
    }
}

/// [`Db::with_new_snapshot`], without what the command that is running has written.
///
/// # Errors
/// Those of `work`.
pub(super) fn with_new_snapshot<R>(work: impl FnOnce() -> Result<R>) -> Result<R> {
    // SAFETY: in a transaction.
    with_snapshot(unsafe { pg_sys::GetTransactionSnapshot() }, work)
}

fn with_snapshot<R>(snapshot: pg_sys::Snapshot, work: impl FnOnce() -> Result<R>) -> Result<R> {
    // SAFETY: the snapshot was just taken; pushed and popped in pairs; on an error PostgreSQL drops the snapshot with the
    // (sub)transaction that is rolled back.
    unsafe { pg_sys::PushActiveSnapshot(snapshot) };
    let result = work();
    // SAFETY: see above. After an Err the snapshot is still ours.
    unsafe { pg_sys::PopActiveSnapshot() };
    result
}

/// The settings of the planner `enable_seqscan`, `enable_nestloop` and `jit`, put back when this is dropped.
struct Planner([bool; 3]);

impl Planner {
    /// Settings that make the planner take an index wherever there is one, and no nested loop for many rows.
    fn by_key(mode: Mode) -> Self {
        // SAFETY: reads and sets globals of this backend. A scan that is disabled and used nevertheless counts as
        // expensive, which must not lead to compilation.
        unsafe {
            let before = Self([pg_sys::enable_seqscan, pg_sys::enable_nestloop, pg_sys::jit_enabled]);
            (pg_sys::enable_seqscan, pg_sys::jit_enabled) = (false, false);
            pg_sys::enable_nestloop &= !matches!(mode, Mode::Many);
            before
        }
    }
}

impl Drop for Planner {
    fn drop(&mut self) {
        // SAFETY: sets globals of this backend, to what they were.
        unsafe {
            [pg_sys::enable_seqscan, pg_sys::enable_nestloop, pg_sys::jit_enabled] = self.0;
        }
    }
}

/// The parameter list of a statement: a null pointer if the statement has no parameters, as in PostgreSQL's own
/// callers. Extensions that inspect the list may not expect an empty list.
fn parameters(args: &[Arg]) -> pg_sys::ParamListInfo {
    if args.is_empty() {
        return std::ptr::null_mut();
    }
    // SAFETY: the list is made here, with room for as many parameters as are written.
    unsafe {
        let params = pg_sys::makeParamList(args.len() as i32);
        let slots = (*params).params.as_mut_slice(args.len());
        for (slot, arg) in slots.iter_mut().zip(args) {
            slot.value = arg.datum.unwrap_or(pg_sys::Datum::null());
            slot.isnull = arg.datum.is_none();
            slot.pflags = pg_sys::PARAM_FLAG_CONST as u16;
            slot.ptype = arg.oid;
        }
        params
    }
}

impl Plan {
    fn prepare(sql: &str, mut types: Vec<pg_sys::Oid>, mode: Mode) -> Result<Self> {
        keep();
        let _back = CurrentMemory::remember();
        let text = CString::new(sql).map_err(|_| invalid_parameter("a name contains a NUL byte"))?;
        // SAFETY: SPI is connected; the text and the types outlive the call; the plan is kept, so
        // that it survives the rollback of a subtransaction that it was prepared in.
        let plan = unsafe {
            pg_sys::SPI_prepare_cursor(
                text.as_ptr(),
                types.len() as i32,
                types.as_mut_ptr(),
                mode.option() as i32,
            )
        };
        // SAFETY: as above; a null plan is not kept.
        if plan.is_null() || unsafe { pg_sys::SPI_keepplan(plan) } != 0 {
            return Err(internal(format!("could not prepare: {sql}")));
        }
        Ok(Self { plan, types, sql: sql.to_owned(), mode })
    }

    fn rows(&self, args: &[Arg], sees: Sees, mut each: impl FnMut(&Row) -> Result<()>) -> Result<()> {
        let mut receiver = Receiver::new(&mut each);
        // SAFETY: the receiver outlives the call, in which PostgreSQL calls it back with each row.
        let ran = unsafe { self.run(args, sees, receiver.as_dest()) };
        match receiver.error() {
            Some(error) => Err(error),
            None => ran,
        }
    }

    /// Gives every row to `receiver`, which is valid until this returns.
    unsafe fn run(&self, args: &[Arg], sees: Sees, receiver: *mut pg_sys::DestReceiver) -> Result<()> {
        self.check(args)?;
        keep();
        let _back = (
            CurrentMemory::remember(),
            matches!(self.mode, Mode::ByKey | Mode::Once).then(|| Planner::by_key(self.mode)),
        );
        // SAFETY: SPI is connected; the plan is valid and its parameters were checked against it;
        // the receiver is valid, as the caller says.
        let code = unsafe {
            let params = parameters(args);
            let options = pg_sys::SPIExecuteOptions {
                params,
                // During a parallel operation nothing is written, and PostgreSQL refuses the new command that seeing the writes
                // of this transaction takes, as in CREATE TABLE … AS.
                read_only: sees == Sees::Snapshot || pg_sys::IsInParallelMode(),
                dest: receiver,
                ..Default::default()
            };
            let code = pg_sys::SPI_execute_plan_extended(self.plan, &options);
            if !params.is_null() {
                pg_sys::pfree(params.cast());
            }
            code
        };
        if code < 0 { Err(internal(format!("could not execute ({code}): {}", self.sql))) } else { Ok(()) }
    }

    fn check(&self, args: &[Arg]) -> Result<()> {
        if args.iter().map(|a| a.oid).eq(self.types.iter().copied()) {
            return Ok(());
        }
        Err(internal(format!("parameters do not fit: {}", self.sql)))
    }

    /// Plans a statement that writes, unless it has a plan: the settings must not apply to triggers.
    fn plan_by_key(&self) {
        let _back = Planner::by_key(self.mode);
        // SAFETY: SPI is connected, and the plan valid and kept; the plan made from it is given back at once.
        unsafe {
            let made = pg_sys::SPI_plan_get_cached_plan(self.plan);
            if !made.is_null() {
                pg_sys::ReleaseCachedPlan(made, pg_sys::CurrentResourceOwner);
            }
        }
    }

    fn execute(&self, args: &[Arg]) -> Result<u64> {
        if matches!(self.mode, Mode::Generic | Mode::Many) {
            self.plan_by_key();
        }
        let mut ignore = |_: &Row| Ok(());
        let mut receiver = Receiver::new(&mut ignore);
        // SAFETY: the receiver outlives the call; the number of rows is that of the statement that has just ended.
        unsafe {
            self.run(args, Sees::Now, receiver.as_dest())?;
            Ok(pg_sys::SPI_processed)
        }
    }
}
