//! The `match` of a rule: places from the left, places from the right, or a glob over the whole key
//! (specification 1, section 5).

use crate::words;

words!(
    /// The end of a key to which a pattern is aligned.
    Align {
        /// The first piece stands for the first place.
        Left = "left",
        /// The last piece stands for the last place; such rules are overrides.
        Right = "right",
        /// Neither: the text is a glob over the whole key.
        Glob = "glob",
    }
);

/// A parsed `match` text.
#[derive(Clone, Debug, PartialEq)]
pub struct Pattern {
    text: String,
    kind: Kind,
}

#[derive(Clone, Debug, PartialEq)]
enum Kind {
    /// Pieces in place order; an empty piece matches anything.
    Left(Vec<String>),
    /// Pieces in reverse order, from the last place on.
    Right(Vec<String>),
    Glob(Vec<Token>),
}

#[derive(Clone, Debug, PartialEq)]
enum Token {
    Char(char),
    AnyChar,
    AnyText,
    Class { negated: bool, ranges: Vec<(char, char)> },
}

impl Pattern {
    /// Parses a `match` text.
    ///
    /// # Errors
    /// The problem, to follow the name of the field, for a glob with an unclosed `[`.
    pub fn parse(text: &str) -> Result<Self, String> {
        let kind = if text.contains(['*', '?', '[']) { Kind::Glob(parse_glob(text)?) } else { places(text) };
        Ok(Self { text: text.to_owned(), kind })
    }

    /// Parses a text without an unclosed `[`, which cannot fail.
    pub(super) fn parse_known(text: &str) -> Self {
        let kind = match parse_glob(text) {
            Ok(tokens) if text.contains(['*', '?', '[']) => Kind::Glob(tokens),
            _ => places(text),
        };
        Self { text: text.to_owned(), kind }
    }

    /// The text as written.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The alignment.
    pub fn align(&self) -> Align {
        match self.kind {
            Kind::Left(_) => Align::Left,
            Kind::Right(_) => Align::Right,
            Kind::Glob(_) => Align::Glob,
        }
    }

    /// Whether the pattern matches a key; exact and case-sensitive.
    pub fn matches(&self, key: &str) -> bool {
        match &self.kind {
            Kind::Left(pieces) => pieces_match(pieces, key.split('-')),
            Kind::Right(pieces) => pieces_match(pieces, key.rsplit('-')),
            Kind::Glob(tokens) => glob_matches(tokens, &key.chars().collect::<Vec<_>>()),
        }
    }

    /// Whether this pattern certainly matches every key that `other` matches.
    ///
    /// Exact between places of the same alignment; with globs conservative: `true` is certain, `false` may
    /// mean that it cannot be told.
    pub fn covers(&self, other: &Pattern) -> bool {
        match (&self.kind, &other.kind) {
            (Kind::Left(a), Kind::Left(b)) | (Kind::Right(a), Kind::Right(b)) => pieces_cover(a, b),
            (Kind::Glob(a), Kind::Glob(b)) => a == b || *a == [Token::AnyText],
            (Kind::Glob(a), Kind::Left(pieces)) => {
                prefix(a).is_some_and(|p| fixed_start(pieces).starts_with(&p))
            }
            (Kind::Glob(a), Kind::Right(_)) => *a == [Token::AnyText],
            (Kind::Left(a) | Kind::Right(a), _) => a.iter().all(String::is_empty),
        }
    }
}

fn places(text: &str) -> Kind {
    match text.strip_prefix('-') {
        // The leading hyphen only marks the alignment.
        Some(pieces) => Kind::Right(pieces.rsplit('-').map(str::to_owned).collect()),
        None => Kind::Left(text.split('-').map(str::to_owned).collect()),
    }
}

fn pieces_match<'a>(pieces: &[String], mut places: impl Iterator<Item = &'a str>) -> bool {
    pieces.iter().all(|piece| {
        let place = places.next();
        piece.is_empty() || place == Some(piece)
    })
}

fn pieces_cover(general: &[String], special: &[String]) -> bool {
    general.iter().enumerate().all(|(i, piece)| piece.is_empty() || special.get(i) == Some(piece))
}

fn parse_glob(text: &str) -> Result<Vec<Token>, String> {
    let mut tokens = Vec::new();
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        tokens.push(match c {
            '*' => {
                while chars.next_if_eq(&'*').is_some() {}
                Token::AnyText
            }
            '?' => Token::AnyChar,
            '[' => {
                let negated = chars.next_if_eq(&'!').is_some();
                let mut members = Vec::new();
                loop {
                    match chars.next() {
                        Some(']') if !members.is_empty() => break,
                        Some(member) => members.push(member),
                        None => return Err("has an unclosed \"[\"".to_owned()),
                    }
                }
                Token::Class { negated, ranges: class_ranges(&members) }
            }
            c => Token::Char(c),
        });
    }
    Ok(tokens)
}

fn class_ranges(members: &[char]) -> Vec<(char, char)> {
    let mut ranges = Vec::new();
    let mut rest = members;
    while let [first, tail @ ..] = rest {
        match tail {
            ['-', last, after @ ..] => {
                ranges.push((*first, *last));
                rest = after;
            }
            _ => {
                ranges.push((*first, *first));
                rest = tail;
            }
        }
    }
    ranges
}

fn glob_matches(tokens: &[Token], key: &[char]) -> bool {
    // The usual two-pointer walk: on a mismatch, the latest `*` takes one more character.
    let (mut t, mut k) = (0, 0);
    let mut retry = None;
    loop {
        match tokens.get(t) {
            Some(Token::AnyText) => {
                retry = Some((t + 1, k));
                t += 1;
                continue;
            }
            Some(token) if k < key.len() && token.takes(key[k]) => {
                (t, k) = (t + 1, k + 1);
                continue;
            }
            None if k == key.len() => return true,
            _ => {}
        }
        match retry {
            Some((star, taken)) if taken < key.len() => {
                retry = Some((star, taken + 1));
                (t, k) = (star, taken + 1);
            }
            _ => return false,
        }
    }
}

/// The text before the `*` of a glob of the form `text*`.
fn prefix(tokens: &[Token]) -> Option<String> {
    let (Token::AnyText, text) = tokens.split_last()? else { return None };
    text.iter().map(|t| if let Token::Char(c) = t { Some(*c) } else { None }).collect()
}

/// The text with which every key begins that these pieces match, aligned to the left.
fn fixed_start(pieces: &[String]) -> String {
    pieces.iter().take_while(|piece| !piece.is_empty()).cloned().collect::<Vec<_>>().join("-")
}

impl Token {
    fn takes(&self, c: char) -> bool {
        match self {
            Token::Char(own) => *own == c,
            Token::AnyChar | Token::AnyText => true,
            Token::Class { negated, ranges } => {
                ranges.iter().any(|(first, last)| (*first..=*last).contains(&c)) != *negated
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn matches(pattern: &str, key: &str) -> bool {
        Pattern::parse(pattern).expect("pattern").matches(key)
    }

    #[test]
    fn pieces_match_by_place() {
        assert!(matches("Up-Normal-Normal", "Up-Normal-Normal"));
        assert!(!matches("Up-Normal-Normal", "Up-High-Normal"));
        assert!(matches("Up-Low-", "Up-Low-Stressed") && !matches("Up-Low-", "Up-High-Low"));
        assert!(matches("Down-", "Down-High-Easy") && !matches("Down-", "Up-Down-Easy"));
        assert!(matches("Up--Easy", "Up-High-Easy") && !matches("Up--Easy", "Up-Easy-High"));
        assert!(matches("-Stressed", "Up-Low-Stressed") && !matches("-Stressed", "Stressed-Low-Normal"));
        assert!(matches("-High-", "Up-High-Easy") && !matches("-High-", "High-Low-Easy"));
        assert!(matches("Unknown", "Unknown") && !matches("Up-", "up-Low-Normal"));
        assert!(!matches("Unknown-Low", "Unknown") && matches("Unknown-", "Unknown"));
    }

    #[test]
    fn globs_match_whole_keys() {
        assert!(matches("*-RiskOff-*", "Hiking-Contracting-RiskOff-Unwind"));
        assert!(!matches("*-RiskOff-*", "Hiking-RiskOff"));
        assert!(matches("Unknown*", "Unknown") && !matches("?nknown", "Unknown-"));
        assert!(matches("[A-CU]p-*", "Up-Low-Easy") && !matches("[!A-CU]p-*", "Up-Low-Easy"));
        assert!(matches("[]]", "]") && matches("a**b", "ab") && matches("*a*b", "xaaybab"));
        assert!(Pattern::parse("Up-[ab").is_err());
    }

    #[test]
    fn covering() {
        let covers = |a: &str, b: &str| Pattern::parse(a).expect("a").covers(&Pattern::parse(b).expect("b"));
        assert!(covers("Up-", "Up-Low-") && covers("Up-Low-", "Up-Low-Normal") && covers("", "Up-"));
        assert!(
            !covers("Up-Low-", "Up-")
                && !covers("Up--Easy", "Up-Low-")
                && !covers("-Stressed", "Up-Low-Stressed")
        );
        assert!(covers("*", "Up-") && covers("*", "a*") && !covers("U*", "*"));
        assert!(
            covers("Side*", "Sideways-Normal-Easy")
                && !covers("Side*", "-Easy")
                && !covers("Side*y", "Sideways")
        );
    }
}
