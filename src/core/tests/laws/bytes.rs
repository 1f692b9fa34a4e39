//! No bytes and no text stop what reads them: documents of users, texts of columns, and stored states, also those that somebody has altered and
//! given the checksum of what they are now.

use crate::common::cases;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use serde_json::Value;

use regime_core::calendar::Calendar;
use regime_core::cmc_regimes::memory::Memory;
use regime_core::cmc_regimes::policy::{Pattern, Policy, PolicyTable, parse_rules};
use regime_core::hash::{Hash, of_bytes};
use regime_core::market_regimes::{Config, Machine};
use regime_core::market_states::{InMemory, Series};
use regime_core::{Label, yaml};

/// What documents are made of.
const PIECES: [&str; 44] = [
    "- ",
    "match: ",
    "size_mult: ",
    "stop_mult: ",
    "orders: ",
    "setups: ",
    "pyramids: ",
    "rules:",
    "\n",
    "\n  ",
    "\n- ",
    "{",
    "}",
    "[",
    "]",
    "&a ",
    "*a",
    "'",
    "\"",
    "|\n",
    ">-\n",
    "!!str ",
    "!!int ",
    "? ",
    ": ",
    ", ",
    " # ",
    "0.5",
    "1e999",
    "-0",
    ".nan",
    "0x1F",
    "~",
    "true",
    "Up-",
    "*-RiskOff-*",
    "[!a-z]",
    "é",
    "\u{2028}",
    "\t",
    "---\n",
    "...\n",
    "<<: *a\n",
    "%YAML 1.2\n",
];

/// Texts of these pieces, and any others.
fn document() -> impl Strategy<Value = String> {
    let pieces = vec(select(&PIECES[..]), 0..40).prop_map(|pieces| pieces.concat());
    prop_oneof![3 => pieces, 1 => any::<String>()]
}

/// JSON values of the words that documents use, and of others.
fn value() -> impl Strategy<Value = Value> {
    let word = || {
        select(
            &[
                "match",
                "rules",
                "size_mult",
                "stop_mult",
                "orders",
                "setups",
                "pyramids",
                "adx_trending",
                "Up-",
                "passive",
                "*",
                "",
            ][..],
        )
    };
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        word().prop_map(Value::from),
        any::<String>().prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 24, 5, move |inner| {
        prop_oneof![
            vec(inner.clone(), 0..5).prop_map(Value::from),
            vec((word(), inner), 0..5).prop_map(|fields| Value::Object(
                fields.into_iter().map(|(key, value)| (key.to_owned(), value)).collect()
            )),
        ]
    })
}

/// Stored states, altered in places, cut or lengthened, with the checksum of what they are then.
fn altered(sealed: &'static [u8]) -> impl Strategy<Value = Vec<u8>> {
    let places = vec((any::<prop::sample::Index>(), any::<u8>()), 0..6);
    (places, any::<prop::sample::Index>(), vec(any::<u8>(), 0..9), any::<bool>()).prop_map(
        move |(places, cut, more, whole)| {
            let mut bytes = sealed[..sealed.len() - 8].to_vec();
            for (place, byte) in places {
                let place = place.index(bytes.len() - 1) + 1;
                bytes[place] = byte;
            }
            if !whole {
                bytes.truncate(cut.index(bytes.len()) + 1);
            }
            bytes.extend(more);
            let sum = of_bytes(&bytes).to_le_bytes();
            bytes.extend(sum);
            bytes
        },
    )
}

/// Reads rules, and makes a policy of them if they are any.
fn read_rules(document: &Value) {
    if let Ok(rules) = parse_rules(document) {
        let policy = Policy::new(PolicyTable::built_in().overlay(rules));
        policy.effect_of("Up-High-Easy");
        policy.parts_of("Down-Stressed-Stressed");
    }
}

proptest! {
    #![proptest_config(cases(2000))]

    #[test]
    fn documents(text in document()) {
        if let Ok(document) = yaml::parse(&text) {
            read_rules(&document.value);
        }
        if let Ok(value) = serde_json::from_str::<Value>(&text) {
            read_rules(&value);
        }
        let _ = (Config::parse(&text), Pattern::parse(&text), Label::parse(&text), Calendar::parse(&text), Hash::parse(&text));
    }

    #[test]
    fn values(value in value()) {
        read_rules(&value);
        let _ = Config::parse(&value.to_string());
    }

    #[test]
    fn any_bytes(bytes in vec(any::<u8>(), 0..80)) {
        let _ = (Hash::from_bytes(&bytes), Memory::decode(&bytes), Machine::decode(&bytes));
        prop_assert!(Series::resume(&bytes, InMemory).is_ok());
    }

    #[test]
    fn altered_memories(bytes in altered(include_bytes!("sealed/memory_2.bin"))) {
        if let Some(memory) = Memory::decode(&bytes) {
            prop_assert!(Memory::decode(&memory.encode()).is_some());
        }
    }

    #[test]
    fn altered_machines(bytes in altered(include_bytes!("sealed/machine_1.bin"))) {
        if let Some(machine) = Machine::decode(&bytes) {
            prop_assert!(Machine::decode(&machine.encode()).is_some());
        }
    }
}
