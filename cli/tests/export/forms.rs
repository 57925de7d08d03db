//! JSON documents and CSV against the NDJSON of the same file, which is held against what
//! servers said.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use serde_json::Value as Json;

use crate::truth::{bytes, list};
use crate::{Outcome, program};

/// A cell of CSV; nothing is told from what is empty by its quotes.
pub type Cell = Option<String>;

/// A reader of CSV as RFC 4180 has it.
pub fn rows(text: &str) -> Vec<Vec<Cell>> {
    let (mut rows, mut row, mut quoted) = (Vec::new(), Vec::new(), false);
    let mut cell: Cell = None;
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '"' if quoted && chars.peek() == Some(&'"') => {
                cell.get_or_insert_default().push(chars.next().unwrap());
            }
            '"' => {
                quoted = !quoted;
                cell.get_or_insert_default();
            }
            ',' if !quoted => row.push(cell.take()),
            '\n' if !quoted => {
                row.push(cell.take());
                rows.push(std::mem::take(&mut row));
            }
            c => cell.get_or_insert_default().push(c),
        }
    }
    assert!(!quoted && row.is_empty() && cell.is_none());
    rows
}

/// A cell by what it means.
#[derive(Clone, Debug, PartialEq)]
enum Meant {
    Nothing,
    Bytes(Vec<u8>),
    /// The bits of a double.
    Double(u64),
}

impl Meant {
    fn text(json: &Json) -> Meant {
        Meant::Bytes(bytes(json))
    }

    /// A whole number, of an element or a time.
    fn whole(json: &Json) -> Meant {
        match json {
            Json::Null => Meant::Nothing,
            number => Meant::Bytes(number.to_string().into_bytes()),
        }
    }

    fn word(word: &str) -> Meant {
        Meant::Bytes(word.as_bytes().to_vec())
    }

    fn double(json: &Json) -> Meant {
        let double = match json {
            Json::String(text) => text.parse().unwrap(),
            number => number.as_f64().unwrap(),
        };
        Meant::Double(f64::to_bits(double))
    }

    /// The cell of a row, where this was meant.
    fn of_cell(&self, cell: &Cell, base64: bool) -> Meant {
        match (cell, self) {
            (None, _) => Meant::Nothing,
            (Some(text), Meant::Double(_)) => Meant::Double(f64::to_bits(text.parse().unwrap())),
            (Some(text), _) if base64 => Meant::Bytes(BASE64_STANDARD.decode(text).unwrap()),
            (Some(text), _) => Meant::word(text),
        }
    }
}

/// Position, field, value, score and expiry of a row.
type Row = [Meant; 5];

fn row(position: Meant, field: Meant, value: Meant) -> Row {
    [position, field, value, Meant::Nothing, Meant::Nothing]
}

/// The rows that a key of NDJSON has to have.
fn rows_of(key: &Json) -> Vec<Row> {
    use Meant::Nothing;
    let value = &key["value"];
    let bare = |value| row(Nothing, Nothing, value);
    let index = |n: usize| Meant::word(&n.to_string());
    match key["type"].as_str().unwrap() {
        "string" => vec![bare(Meant::text(value))],
        "gcra" => vec![bare(Meant::whole(value))],
        "set" => list(value).iter().map(|m| bare(Meant::text(m))).collect(),
        "list" => {
            let elements = list(value).iter().enumerate();
            let rows = elements.map(|(n, e)| row(index(n), Nothing, Meant::text(e)));
            rows.collect()
        }
        "zset" => {
            let scored = |m: &Json| {
                let mut row = bare(Meant::text(&m["member"]));
                row[3] = Meant::double(&m["score"]);
                row
            };
            list(value).iter().map(scored).collect()
        }
        "hash" => {
            let field = |f: &Json| {
                let path = f.get("path").map_or(Nothing, Meant::text);
                let mut row = row(path, Meant::text(&f["field"]), Meant::text(&f["value"]));
                row[4] = Meant::whole(&f["expire_ms"]);
                row
            };
            list(value).iter().map(field).collect()
        }
        "stream" => {
            let entries = list(&value["entries"]).iter();
            let rows = entries.flat_map(|entry| {
                let id = Meant::text(&entry["id"]);
                let fields = list(&entry["fields"]).iter();
                fields.map(move |f| row(id.clone(), Meant::text(&f[0]), Meant::text(&f[1])))
            });
            rows.collect()
        }
        "module" => {
            let (name, version) = (&value["module"], &value["encoding_version"]);
            let name = format!("{} {version}", name.as_str().unwrap());
            let head = row(Nothing, Meant::word("module"), Meant::word(&name));
            let items = list(&value["items"]).iter().enumerate();
            let rows = items.map(|(n, item)| {
                let (kind, item) = item.as_object().unwrap().iter().next().unwrap();
                row(index(n), Meant::word(kind), element(kind, item))
            });
            std::iter::once(head).chain(rows).collect()
        }
        "array" => {
            let items = list(&value["items"]).iter().map(|item| {
                let mut parts = item.as_object().unwrap().iter();
                let (kind, value) = parts.find(|(name, _)| *name != "index").unwrap();
                row(
                    Meant::whole(&item["index"]),
                    Meant::word(kind),
                    element(kind, value),
                )
            });
            items.collect()
        }
        other => panic!("no type: {other}"),
    }
}

/// An element of a module's value or an array.
fn element(kind: &str, value: &Json) -> Meant {
    match kind {
        "string" => Meant::text(value),
        "float" | "double" => Meant::double(value),
        _ => Meant::whole(value),
    }
}

/// Whether there is something of the value that rows do not tell.
fn has_more(key: &Json) -> bool {
    let value = &key["value"];
    match key["type"].as_str().unwrap() {
        "stream" => {
            let entries = list(&value["entries"]);
            let zero = Json::from("0-0");
            let last = entries.last().map_or(&zero, |entry| &entry["id"]);
            !list(&value["groups"]).is_empty()
                || value.get("producers").is_some()
                || value["last_id"] != *last
                || value["max_deleted_id"] != zero
                || value["entries_added"] != entries.len()
        }
        "array" => !value["insert_at"].is_null(),
        _ => false,
    }
}

/// Holds CSV against NDJSON of the same file.
pub fn compare_csv(csv: &Outcome, ndjson: &Outcome) -> Result<(), String> {
    let keys = ndjson.lines();
    if csv.code != ndjson.code.max(keys.iter().any(has_more).into()) {
        return Err(format!("csv exits with {}: {}", csv.code, csv.said));
    }
    let rows = rows(csv.text());
    let mut rows = rows.iter().skip(1);
    for key in &keys {
        let mut wanted = rows_of(key);
        if wanted.is_empty() {
            wanted.push([const { Meant::Nothing }; 5]);
        }
        let of_key = [
            Meant::whole(&key["db"]),
            Meant::text(&key["key"]),
            Meant::text(&key["type"]),
            Meant::whole(&key["expire_ms"]),
        ];
        for wanted in wanted {
            let cells = rows.next().ok_or("csv has too few rows")?;
            let base64 = cells[9].as_deref().unwrap_or_default();
            let base64: Vec<_> = base64.split(' ').collect();
            let wanted = of_key.iter().chain(&wanted);
            let names = program::COLUMNS.split(',');
            for ((name, cell), wanted) in names.zip(cells).zip(wanted) {
                let found = wanted.of_cell(cell, base64.contains(&name));
                if found != *wanted {
                    let key = &key["key"];
                    return Err(format!("csv {key} {name}: {found:?} is no {wanted:?}"));
                }
            }
        }
    }
    match rows.next() {
        Some(row) => Err(format!("csv goes on: {row:?}")),
        None => Ok(()),
    }
}

/// Holds a JSON document against NDJSON of the same file, to the byte, and its libraries
/// against what the server said.
pub fn compare_document(document: &Outcome, ndjson: &Outcome, truth: &Json) -> Result<(), String> {
    if document.code != ndjson.code {
        return Err(format!(
            "json exits with {}: {}",
            document.code, document.said
        ));
    }
    // One key a line, between that of the head and that of the end.
    let head = document.out.iter().position(|b| *b == b'\n').unwrap() + 1;
    let mut keys = Vec::new();
    for line in ndjson.text().lines() {
        keys.push(line.replacen(r#""schema":1,"#, "", 1));
    }
    let wanted = [&keys.join(",\n"), "\n],\"error\":null}\n"].concat();
    let wanted = match keys.is_empty() {
        true => &wanted[1..],
        false => &wanted[..],
    };
    if document.out[head..] != *wanted.as_bytes() {
        return Err("the keys of json are not those of ndjson".to_owned());
    }
    let whole: Json = serde_json::from_slice(&document.out).map_err(|e| e.to_string())?;
    let mut found: Vec<_> = list(&whole["functions"]).iter().map(bytes).collect();
    let mut said: Vec<Vec<u8>> = Vec::new();
    for name in ["functions", "functions_pre_ga"] {
        let functions = truth.get(name).and_then(Json::as_array);
        for function in functions.into_iter().flatten() {
            let code = function["code"].as_str().unwrap().chars();
            said.push(code.map(|c| u8::try_from(c).unwrap()).collect());
        }
    }
    found.sort();
    said.sort();
    match found == said {
        true => Ok(()),
        false => Err(format!("{} libraries, said {}", found.len(), said.len())),
    }
}
