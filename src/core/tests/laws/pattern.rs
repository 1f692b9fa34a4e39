//! Laws of matching and of what the lint says about rules.

use crate::common::{cases, glob, key, label, match_text, naive, policy};
use proptest::prelude::*;
use proptest::sample::select;

use regime_core::Label;
use regime_core::cmc_regimes::policy;
use regime_core::cmc_regimes::policy::{Align, Finding, Pattern};

fn pattern(text: &str) -> Pattern {
    Pattern::parse(text).expect("a pattern")
}

/// Keys of one to four places: all labels, and whatever an L4 label may look like.
fn universe() -> Vec<String> {
    let mut keys: Vec<String> = Label::all().map(|l| l.to_string()).collect();
    keys.push(policy::UNKNOWN.to_owned());
    let places = ["", "Up", "High", "Zz"];
    let mut tails = vec![String::new()];
    for _ in 0..3 {
        tails = places.iter().flat_map(|p| tails.iter().map(move |t| format!("{p}{t}"))).collect();
        keys.extend(tails.iter().cloned());
        tails.iter_mut().for_each(|t| t.insert(0, '-'));
    }
    keys
}

/// Every pattern of up to three of these pieces from either end, and some globs.
fn patterns() -> Vec<Pattern> {
    let pieces = ["", "Up", "High"];
    let mut texts = Vec::new();
    for a in pieces {
        texts.push(a.to_owned());
        for b in pieces {
            texts.push(format!("{a}-{b}"));
            texts.extend(pieces.map(|c| format!("{a}-{b}-{c}")));
        }
    }
    texts.extend(texts.clone().iter().map(|t| format!("-{t}")));
    texts.extend(
        ["*", "**", "?*", "*?", "*-*", "*-*-*", "Up*", "Up-*", "*High", "[U]p", "[!U]*", "U?"]
            .map(str::to_owned),
    );
    texts.iter().map(|t| pattern(t)).collect()
}

#[test]
fn covering_is_sound_over_a_universe() {
    let (patterns, keys) = (patterns(), universe());
    let matched: Vec<Vec<bool>> =
        patterns.iter().map(|p| keys.iter().map(|k| p.matches(k)).collect()).collect();
    let mut found = [0; 3];
    for (a, by_a) in patterns.iter().zip(&matched) {
        for (b, by_b) in patterns.iter().zip(&matched) {
            if a.covers(b) {
                found[b.align() as usize] += 1;
                let missed = (0..keys.len()).find(|&k| by_b[k] && !by_a[k]);
                assert_eq!(missed.map(|k| &keys[k]), None, "{} covers {}", a.text(), b.text());
            }
        }
    }
    // Every pattern covers itself at least, and the empty ones cover all.
    assert!(found.iter().all(|n| *n > 20), "{found:?}");
}

#[test]
fn what_matches_everything_covers_everything() {
    for all in ["*", "**", "", "-", "--"] {
        let missed = patterns().into_iter().find(|p| !pattern(all).covers(p));
        assert_eq!(missed, None, "{all:?}");
    }
}

#[test]
fn covering_is_complete_among_places_of_one_alignment() {
    for a in patterns() {
        for b in patterns() {
            if a.align() != b.align() || a.align() == Align::Glob || a.covers(&b) {
                continue;
            }
            // The least that `b` asks for: nothing beyond its pieces, and a stranger in its gaps.
            let own = if a.align() == Align::Right { &b.text()[1..] } else { b.text() };
            let filled: Vec<&str> = own.split('-').map(|p| if p.is_empty() { "Zz" } else { p }).collect();
            let key = filled.join("-");
            assert!(b.matches(&key) && !a.matches(&key), "{} covers {}", a.text(), b.text());
        }
    }
}

proptest! {
    #![proptest_config(cases(2048))]

    #[test]
    fn matching_is_the_naive_reading(text in match_text(), key in key(), label in label()) {
        let pattern = pattern(&text);
        prop_assert_eq!(pattern.text(), &text);
        for key in [key.as_str(), label.as_str(), "Unknown", ""] {
            prop_assert_eq!(pattern.matches(key), naive::matches(&text, key), "{:?} {:?}", text, key);
        }
        let expected = match naive::is_override(&text) {
            true => Align::Right,
            false if text.contains(['*', '?', '[']) => Align::Glob,
            false => Align::Left,
        };
        prop_assert_eq!(pattern.align(), expected);
    }

    /// A pattern made from the key, so that it must match.
    #[test]
    fn a_label_is_matched_by_what_is_said_of_it(
        label in label(),
        kept in any::<[bool; 3]>(),
        ends in 1usize..4,
    ) {
        let places: Vec<&str> = label.as_str().split('-').collect();
        let said: Vec<&str> = (0..3).map(|i| if kept[i] { places[i] } else { "" }).collect();
        // A kept last place in front of a hyphen would be read from the right.
        let left = said[..ends].join("-");
        let right = format!("-{}", said[3 - ends..].join("-"));
        prop_assert!(left.starts_with('-') || pattern(&left).matches(label.as_str()), "{}", left);
        prop_assert!(pattern(&right).matches(label.as_str()), "{}", right);
        // The same with one place said wrongly.
        let mut wrong = places.clone();
        wrong[ends - 1] = "Wrong";
        for text in [wrong.join("-"), format!("-{}", wrong.join("-"))] {
            prop_assert!(!pattern(&text).matches(label.as_str()), "{}", text);
        }
    }

    /// A glob made from the key: some characters starred, asked for, or classed.
    #[test]
    fn a_key_is_matched_by_a_glob_made_from_it(
        key in key(),
        how in proptest::collection::vec(0usize..8, 40),
    ) {
        let mut text = String::from("*");
        let mut skipping = true;
        for (c, how) in key.chars().zip(how.iter().cycle()) {
            match how {
                0 => skipping = true,
                1 => text.push('?'),
                2 if c != '!' => text.extend(['[', c, ']']),
                3 if c != '@' => text.push_str("[!@]"),
                _ if "*?[".contains(c) => text.push('?'),
                _ => text.push(c),
            }
            if std::mem::take(&mut skipping) {
                text.push('*');
            }
        }
        prop_assert!(pattern(&text).matches(&key), "{:?} {:?}", text, key);
        // One character more than it asks for.
        let exact: String = key.chars().map(|_| '?').collect();
        prop_assert!(key.is_empty() || pattern(&exact).matches(&key));
        prop_assert!(!pattern(&(exact + "?")).matches(&key));
    }

    #[test]
    fn a_glob_with_a_stray_bracket_is_refused(text in glob(), at in select(vec!["[", "[!", "[a", "[!]"])) {
        prop_assert!(Pattern::parse(&(text + at)).is_err());
    }
}

proptest! {
    #![proptest_config(cases(256))]

    #[test]
    fn findings_are_true(policy in policy()) {
        let table = policy.table();
        let keys: Vec<String> = universe();
        for index in 0..table.rules().len() {
            let rule = &table.rules()[index];
            let applies = |key: &&String| {
                let found = table.find(key);
                found.base == Some(index) || found.overrides.contains(&index)
            };
            match table.finding(index) {
                Some(Finding::ShadowedBy(earlier)) => {
                    prop_assert!(earlier < index);
                    prop_assert_eq!(keys.iter().find(applies), None, "{}", rule.match_text());
                }
                Some(Finding::NoLabel) => {
                    let none = Label::all().all(|l| !naive::matches(rule.match_text(), l.as_str()));
                    prop_assert!(none && !naive::matches(rule.match_text(), "Unknown"), "{}", rule.match_text());
                }
                None => {
                    // Then no single earlier rule of the same kind is more general, place by place.
                    let own = rule.match_text();
                    let more_general = |earlier: &str| {
                        let special: Vec<&str> = own.split('-').collect();
                        rule.pattern.align() == Align::Left
                            && pattern(earlier).align() == Align::Left
                            && earlier.split('-').enumerate().all(|(i, p)| p.is_empty() || special.get(i) == Some(&p))
                    };
                    let earlier = table.rules()[..index].iter().find(|r| more_general(r.match_text()));
                    prop_assert!(earlier.is_none(), "{} shadows {}", earlier.map_or("", |r| r.match_text()), own);
                    let some = Label::all().any(|l| naive::matches(own, l.as_str()));
                    prop_assert!(
                        some || naive::matches(own, "Unknown") || rule.pattern.align() == Align::Glob,
                        "{} matches no label", own
                    );
                }
            }
        }
    }
}
