//! YAML documents as JSON values, with the line of each value, so that a message can say where a file is wrong.

use std::borrow::Cow;
use std::collections::HashMap;

use saphyr_parser::{Event, Parser, ScalarStyle, Tag};
use serde_json::{Map, Number, Value};
use thiserror::Error;

/// Most values within each other, far more than a list of flat objects needs.
const MOST_DEEP: usize = 16;
/// Most values of a document, and most bytes of its texts, those that aliases repeat included.
const MOST_VALUES: usize = 100_000;
const MOST_BYTES: usize = 4 << 20;
/// Most characters of a key, far more than any key that is read has.
const MOST_OF_KEY: usize = 200;

/// Why a text is no YAML document.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("line {line}: {problem}")]
pub struct YamlError {
    /// The line, from 1.
    pub line: usize,
    /// What is wrong there.
    pub problem: String,
    /// Whether the text is YAML, of a kind that is not read.
    pub is_yaml: bool,
}

/// A document, and where its values are.
#[derive(Debug)]
pub struct Document {
    /// The document as JSON.
    pub value: Value,
    lines: HashMap<String, usize>,
}

impl Document {
    /// The line, from 1, of the value at a JSON pointer such as `/rules/0/match` (RFC 6901); `None` where there is no value.
    pub fn line(&self, pointer: &str) -> Option<usize> {
        self.lines.get(pointer).copied()
    }
}

/// Reads the only document of a text. Scalars are those of the core schema of YAML 1.2; numbers keep their digits, and what
/// JSON has no value for (`.inf`, `0x1F`, `yes`) is a string.
///
/// # Errors
/// A text that is no YAML, more than one document, a key that is given twice or is no scalar, a tag, or more values than any
/// policy needs.
pub fn parse(text: &str) -> Result<Document, YamlError> {
    let mut building = Building::default();
    for event in Parser::new_from_str(text) {
        let (event, span) = event.map_err(|error| YamlError {
            line: error.marker().line(),
            problem: error.info().to_owned(),
            is_yaml: false,
        })?;
        let line = span.start.line();
        building.add(event, line).map_err(|problem| YamlError { line, problem, is_yaml: true })?;
    }
    Ok(Document { value: building.root.unwrap_or(Value::Null), lines: building.lines })
}

/// A list or an object whose end has not been read.
enum Open {
    List(Vec<Value>),
    Object(Map<String, Value>, Option<String>),
}

#[derive(Default)]
struct Building {
    root: Option<Value>,
    /// Each with its anchor, 0 for none, and with what was read before it.
    open: Vec<(Open, usize, Size)>,
    anchors: HashMap<usize, (Value, Size)>,
    lines: HashMap<String, usize>,
    read: Size,
}

/// How much has been read.
#[derive(Clone, Copy, Default)]
struct Size {
    values: usize,
    bytes: usize,
}

impl Building {
    fn add(&mut self, event: Event, line: usize) -> Result<(), String> {
        let before = self.read;
        match event {
            Event::Scalar(text, style, anchor, tag) => {
                untagged(tag)?;
                self.read.add(Size { values: 0, bytes: text.len() })?;
                if let Some((Open::Object(object, key @ None), ..)) = self.open.last_mut() {
                    if text.chars().nth(MOST_OF_KEY).is_some() {
                        return Err(format!("a key of more than {MOST_OF_KEY} characters"));
                    }
                    if object.contains_key(&*text) {
                        return Err(format!("key \"{text}\" is given twice"));
                    }
                    *key = Some(text.into_owned());
                    return Ok(());
                }
                self.began(line)?;
                self.ended(scalar(text, style), anchor, before)
            }
            Event::Alias(anchor) => {
                self.began(line)?;
                let (value, size) = self.anchors.get(&anchor).ok_or("an alias of nothing")?;
                self.read.add(*size)?;
                let value = value.clone();
                self.ended(value, 0, before)
            }
            Event::SequenceStart(anchor, tag) => {
                untagged(tag)?;
                self.opened(Open::List(Vec::new()), anchor, line)
            }
            Event::MappingStart(anchor, tag) => {
                untagged(tag)?;
                self.opened(Open::Object(Map::new(), None), anchor, line)
            }
            Event::SequenceEnd | Event::MappingEnd => match self.open.pop() {
                Some((Open::List(list), anchor, before)) => self.ended(Value::Array(list), anchor, before),
                Some((Open::Object(object, _), anchor, before)) => {
                    self.ended(Value::Object(object), anchor, before)
                }
                None => Err("an end without a beginning".to_owned()),
            },
            Event::DocumentStart(_) if self.root.is_some() => Err("a second document".to_owned()),
            _ => Ok(()),
        }
    }

    fn opened(&mut self, open: Open, anchor: usize, line: usize) -> Result<(), String> {
        if self.open.len() == MOST_DEEP {
            return Err(format!("more than {MOST_DEEP} values within each other"));
        }
        let before = self.read;
        self.began(line)?;
        self.open.push((open, anchor, before));
        Ok(())
    }

    /// Notes the line of a value.
    fn began(&mut self, line: usize) -> Result<(), String> {
        let mut pointer = String::new();
        for (open, ..) in &self.open {
            let step = match open {
                Open::List(list) => list.len().to_string(),
                Open::Object(_, Some(key)) => key.replace('~', "~0").replace('/', "~1"),
                Open::Object(_, None) => return Err("a key that is no scalar".to_owned()),
            };
            pointer = format!("{pointer}/{step}");
        }
        self.lines.insert(pointer, line);
        self.read.add(Size { values: 1, bytes: 0 })
    }

    /// Puts a value that has been read where it belongs.
    fn ended(&mut self, value: Value, anchor: usize, before: Size) -> Result<(), String> {
        if anchor > 0 {
            let Size { values, bytes } = self.read;
            let size = Size { values: values - before.values, bytes: bytes - before.bytes };
            self.read.add(size)?;
            self.anchors.insert(anchor, (value.clone(), size));
        }
        match self.open.last_mut() {
            None => self.root = Some(value),
            Some((Open::List(list), ..)) => list.push(value),
            Some((Open::Object(object, key), ..)) => {
                object.insert(key.take().ok_or("a value without a key")?, value);
            }
        }
        Ok(())
    }
}

impl Size {
    fn add(&mut self, more: Self) -> Result<(), String> {
        self.values += more.values;
        self.bytes += more.bytes;
        match () {
            () if self.values > MOST_VALUES => Err(format!("more than {MOST_VALUES} values")),
            () if self.bytes > MOST_BYTES => Err(format!("texts of more than {MOST_BYTES} bytes")),
            () => Ok(()),
        }
    }
}

fn untagged(tag: Option<Cow<Tag>>) -> Result<(), String> {
    tag.map_or(Ok(()), |tag| Err(format!("tag {tag} is not read")))
}

fn scalar(text: Cow<str>, style: ScalarStyle) -> Value {
    if style != ScalarStyle::Plain {
        return Value::String(text.into_owned());
    }
    match &*text {
        "" | "~" | "null" | "Null" | "NULL" => Value::Null,
        "true" | "True" | "TRUE" => Value::Bool(true),
        "false" | "False" | "FALSE" => Value::Bool(false),
        plain => number(plain).map_or_else(|| Value::String(text.into_owned()), Value::Number),
    }
}

/// A number of the core schema, but for octal and hexadecimal digits.
fn number(text: &str) -> Option<Number> {
    let is_of_number = |c: char| c.is_ascii_digit() || "+-.eE".contains(c);
    if !text.chars().all(is_of_number) {
        return None;
    }
    // JSON has no plus sign, no leading zeros and no bare point.
    serde_json::from_str(text).ok().or_else(|| Number::from_f64(text.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn value(text: &str) -> Value {
        parse(text).expect("YAML").value
    }

    #[test]
    fn documents_are_what_json_says() {
        let yaml = "# desk\nrules:\n  - match: Down-\n    size_mult: .3\n    setups: [hedge, 'x y']\n  - {match: \"*-RiskOff-*\", pyramids: false}\n";
        let rules = json!([{"match": "Down-", "size_mult": 0.3, "setups": ["hedge", "x y"]}, {"match": "*-RiskOff-*", "pyramids": false}]);
        assert_eq!(value(yaml), json!({ "rules": rules }));
        assert_eq!(value(&rules.to_string()), rules);
        assert_eq!(value("- &few [a, b]\n- *few\n"), json!([["a", "b"], ["a", "b"]]));
        assert_eq!(value(""), Value::Null);
    }

    #[test]
    fn scalars_are_those_of_the_core_schema() {
        let of = |text: &str| value(&format!("- {text}"))[0].clone();
        for (text, wanted) in [
            ("0.123456789012345678", "0.123456789012345678"),
            ("-5", "-5"),
            ("+1", "1.0"),
            ("007", "7.0"),
            (".5", "0.5"),
            ("1e400", "1e400"),
            ("~", "null"),
            ("True", "true"),
        ] {
            assert_eq!(of(text).to_string().to_lowercase().replace("+", ""), wanted, "{text}");
        }
        for text in ["yes", ".inf", ".nan", "0x1F", "1_000", "1-2", "Up-Low-", "-Stressed"] {
            assert_eq!(of(text), json!(text));
        }
        assert_eq!(of("'1'"), json!("1"));
    }

    #[test]
    fn lines_are_those_of_values() {
        let document =
            parse("rules:\n- match: a\n  size_mult: 1\n-\n  match: b\n  setups:\n    - x\n").expect("YAML");
        let lines = ["", "/rules", "/rules/0", "/rules/0/size_mult", "/rules/1", "/rules/1/setups/0"]
            .map(|pointer| document.line(pointer));
        assert_eq!(lines, [1, 2, 2, 3, 5, 7].map(Some));
        assert_eq!(document.line("/rules/2"), None);
    }

    #[test]
    fn errors_name_the_line() {
        let deep = "[".repeat(17);
        let (long, many) = (
            format!("{}: 1\n", "k".repeat(201)),
            format!("- &a {}\n{}", "x".repeat(1000), "- *a\n".repeat(5000)),
        );
        let bomb = (1..9).fold("- &a0 [x, x, x, x, x, x, x, x]\n".to_owned(), |text, i| {
            text + &format!("- &a{i} [{}]\n", vec![format!("*a{}", i - 1); 8].join(", "))
        });
        for (text, line, problem) in [
            ("a: 1\nb: 2\na: 3\n", 3, "key \"a\" is given twice"),
            ("- match: *-Stressed\n", 1, "while parsing node, found unknown anchor"),
            ("a: 1\n---\nb: 1\n", 2, "a second document"),
            ("a: !!str 1\n", 1, "tag tag:yaml.org,2002:!str is not read"),
            ("? [a]\n: 1\n", 1, "a key that is no scalar"),
            (&deep, 1, "more than 16 values within each other"),
            (&bomb, 6, "more than 100000 values"),
            (&long, 1, "a key of more than 200 characters"),
            (&many, 4194, "texts of more than 4194304 bytes"),
        ] {
            let error = parse(text).expect_err("must fail");
            assert_eq!((error.line, error.problem.as_str()), (line, problem));
        }
        assert_eq!(parse("a:\n\t- b\n").expect_err("tab").line, 2);
    }
}
