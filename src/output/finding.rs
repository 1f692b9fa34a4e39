//! A finding: something that is wrong, what to type, and what to know.

use regime_core::words;

use crate::pg::quote_literal;

words!(
    /// How severe a finding is.
    Severity {
        /// Rows are missing or cannot be made.
        Error = "error",
        /// Rows are stale, or of different versions.
        Warning = "warning",
        /// Everything works, but could work better.
        Info = "info",
    }
);

words!(
    /// A kind of finding, in two or three words, by which findings are sorted.
    Kind {
        /// An output or a working table that is not of the columns of this version.
        AlteredTable = "altered table",
        /// A table that vacuum does not keep up with.
        BloatedTable = "bloated table",
        /// A check that could not be done.
        FailedCheck = "failed check",
        /// An asset whose last refresh failed.
        FailingAsset = "failing asset",
        /// A symbol whose last backfill failed.
        FailingHistory = "failing history",
        /// A series whose last refresh failed.
        FailingSeries = "failing series",
        /// A subject whose next bar is late.
        FeedSilent = "feed silent",
        /// A table that a refresh would refuse to write to.
        ForeignOwner = "foreign owner",
        /// A table that is on the wrong nodes of Citus.
        LayoutOnNodes = "layout on nodes",
        /// The asset that stands for the market.
        MarketProxy = "market proxy",
        /// Privileges that a refresh needs.
        MissingGrants = "missing grants",
        /// Active assets whose rows are of different versions.
        MixedVersionHashes = "mixed version hashes",
        /// Tables that are missing.
        NotSetUp = "not set up",
        /// A subject whose newest row is older than `pg_regime.max_age`.
        OldRows = "old rows",
        /// A profile that no asset has.
        ProfileOfNobody = "profile of nobody",
        /// Arguments that a subject keeps and a refresh refuses.
        RefusedArguments = "refused arguments",
        /// A source map that cannot be used.
        SourceMap = "source map",
        /// An asset whose rows are not what a refresh would make.
        StaleAsset = "stale asset",
        /// A symbol whose days are not what a backfill would make.
        StaleHistory = "stale history",
        /// A series whose rows are not what a refresh would make.
        StaleSeries = "stale series",
        /// An asset of two profiles.
        TwoProfiles = "two profiles",
        /// A round of refreshes that is not finished.
        UnfinishedRound = "unfinished round",
        /// Rows made with arguments that nothing keeps.
        UnknownArguments = "unknown arguments",
        /// A subject last refreshed before its sources were tracked as now.
        UnknownChanges = "unknown changes",
        /// A source whose changes are not marked.
        UntrackedSource = "untracked source",
        /// A profile that cannot be used.
        UnusableProfile = "unusable profile",
        /// A refresh that waits for a lock.
        Waiting = "waiting",
    }
);

/// Most subjects that a row names which sums up many.
pub const MOST_NAMED: usize = 5;

/// Something that is wrong with one subject.
#[derive(Clone)]
pub struct Finding {
    pub severity: Severity,
    pub what: Kind,
    pub subject: Subject,
    pub detail: String,
    /// A statement that runs as it stands.
    pub command: Option<String>,
    /// What no statement says, in words.
    pub advice: Option<String>,
    /// How one statement takes the place of the commands of several subjects.
    pub together: Option<Together>,
    /// Among findings of a kind, the least is told first.
    pub rank: i64,
}

/// Whom a finding is about.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Subject {
    /// A system, or everything.
    All,
    Asset(i32),
    /// A series, a symbol, a table, a profile, in words.
    Named(String),
}

/// A statement that takes any number of subjects.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Together {
    /// What the statement has before the subjects, between two of them, and after them.
    pub around: [String; 3],
    /// The statement for more than [`Together::MOST`] subjects.
    pub of_many: String,
    /// The subject in the statement.
    pub member: String,
}

impl Subject {
    /// The asset, where the subject is one.
    pub fn asset(&self) -> Option<i32> {
        if let Self::Asset(id) = self { Some(*id) } else { None }
    }
}

impl Finding {
    /// A finding that nothing can be typed about.
    pub fn of(severity: Severity, what: Kind, subject: Subject, detail: String) -> Self {
        Self { severity, what, subject, detail, command: None, advice: None, together: None, rank: 0 }
    }

    /// The finding with a statement to type.
    pub fn typed(self, command: String) -> Self {
        Self { command: Some(command), ..self }
    }

    /// The finding with the hint of an error that somebody else may have chosen: the code of a view, or who may write to the run log. As
    /// words, since a command is typed.
    pub fn foreign(self, hint: Option<&str>) -> Self {
        let advice = hint.map(of_error).or(self.advice);
        Self { advice, ..self }
    }

    /// The finding with a hint of ours: as the command, if it is a statement, else as advice beside another command.
    pub fn hinted(self, hint: Option<&str>, otherwise: &str) -> Self {
        let (command, advice) = match hint {
            Some(hint) if is_statement(hint) => (hint, None),
            hint => (otherwise, hint.map(str::to_owned)),
        };
        Self { command: Some(command.to_owned()), advice, ..self }
    }

    /// Whether two findings say the same.
    pub fn is_like(&self, other: &Self) -> bool {
        self.severity == other.severity
            && self.what == other.what
            && self.subject == other.subject
            && self.detail == other.detail
            && self.command == other.command
            && self.advice == other.advice
    }
}

impl Together {
    /// Most subjects that a statement names.
    pub const MOST: usize = 20;

    /// A statement that is the same for any number of subjects.
    pub fn whole(statement: String) -> Self {
        let around = [statement.clone(), String::new(), String::new()];
        Self { around, of_many: statement, member: String::new() }
    }

    /// Calls of a function, `SELECT * FROM s.f(`, of an asset with further arguments, each after a comma: one call takes several
    /// assets. Beyond [`Together::MOST`] it is `of_all`, or finds the assets by their commands in the findings of `what`; `own` is
    /// the quoted schema of the extension.
    pub fn of_assets(
        [own, what]: [&str; 2],
        [call, arguments]: [&str; 2],
        id: i32,
        of_all: Option<String>,
    ) -> Self {
        let found = || {
            let like = format!("{}%s{});", call.replace('%', "%%"), arguments.replace('%', "%%"));
            format!(
                "{call}ARRAY(SELECT id FROM {own}.regime_health_details({}) WHERE command = format({}, id)){arguments});",
                quote_literal(what),
                quote_literal(like)
            )
        };
        Self {
            around: [format!("{call}ARRAY["), ", ".to_owned(), format!("]{arguments});")],
            of_many: of_all.unwrap_or_else(found),
            member: id.to_string(),
        }
    }

    /// What subjects share that one statement takes.
    pub fn shared(&self) -> (&[String; 3], &str) {
        (&self.around, &self.of_many)
    }

    /// The statement for the subjects of these, of which there is at least one.
    pub fn statement(all: &[&Self]) -> Option<String> {
        let Self { around: [before, between, after], of_many, .. } = all.first()?;
        if all.len() > Self::MOST {
            return Some(of_many.clone());
        }
        let members: Vec<&str> = all.iter().map(|one| one.member.as_str()).collect();
        Some(format!("{before}{}{after}", members.join(between)))
    }
}

/// The hint of an error, as advice.
pub fn of_error(hint: &str) -> String {
    format!("Hint of the error: {hint}")
}

/// Whether a hint can be typed as it stands: a statement, with nothing to fill in.
pub fn is_statement(hint: &str) -> bool {
    let word = hint.split(' ').next().unwrap_or_default();
    let is_keyword = word.len() > 1 && word.chars().all(|c| c.is_ascii_uppercase());
    is_keyword && hint.ends_with(';') && !hint.contains('…')
}
