//! The obvious model of a server: text, maps, and no thought of memory. It
//! shares no code with the library, but for the digest of an RDB file that it
//! writes of what it holds.

use std::collections::{BTreeMap, BTreeSet};

pub const DATABASES: u64 = 3;

#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    Text(String),
    List(Vec<String>),
    Set(BTreeSet<String>),
    Hash(BTreeMap<String, String>),
    Zset(BTreeMap<String, i64>),
    /// Whether it is there, and what it is, is not known.
    Lost,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Key {
    pub value: Value,
    pub expires: bool,
}

#[derive(Clone, Debug, Default)]
pub struct Naive {
    pub databases: BTreeMap<(u64, String), Key>,
    db: u64,
}

fn list(items: &[&str]) -> Vec<String> {
    items.iter().map(|item| (*item).to_owned()).collect()
}

impl Naive {
    /// A file begins at database 0.
    pub fn file(&mut self) {
        self.db = 0;
    }

    fn at(&self, key: &str) -> (u64, String) {
        (self.db, key.to_owned())
    }

    fn get(&mut self, key: &str) -> Option<&mut Key> {
        self.databases.get_mut(&(self.db, key.to_owned()))
    }

    fn is_lost(&self, db: u64, key: &str) -> bool {
        let key = self.databases.get(&(db, key.to_owned()));
        key.is_some_and(|key| key.value == Value::Lost)
    }

    fn lose(&mut self, db: u64, key: &str) {
        let lost = Key {
            value: Value::Lost,
            expires: false,
        };
        self.databases.insert((db, key.to_owned()), lost);
    }

    fn put(&mut self, key: &str, value: Value) {
        let expires = false;
        self.databases.insert(self.at(key), Key { value, expires });
    }

    /// The value of a key, begun with `new` if it is not there.
    fn begin(&mut self, key: &str, new: Value) -> &mut Value {
        let expires = false;
        let at = self.at(key);
        let begun = self.databases.entry(at).or_insert(Key {
            value: new,
            expires,
        });
        &mut begun.value
    }

    pub fn run(&mut self, command: &str) {
        let words: Vec<&str> = command.split(' ').collect();
        self.apply(&words);
        self.databases.retain(|_, key| match &key.value {
            Value::List(items) => !items.is_empty(),
            Value::Set(members) => !members.is_empty(),
            Value::Hash(fields) => !fields.is_empty(),
            Value::Zset(scores) => !scores.is_empty(),
            Value::Text(_) | Value::Lost => true,
        });
    }

    fn apply(&mut self, words: &[&str]) {
        let db = self.db;
        match *words {
            ["SELECT", number] => self.db = number.parse().unwrap(),
            ["SET", key, value] => self.put(key, Value::Text(value.to_owned())),
            ["SET", key, value, "KEEPTTL"] => {
                if self.is_lost(db, key) {
                    return;
                }
                let expires = self.get(key).is_some_and(|key| key.expires);
                self.put(key, Value::Text(value.to_owned()));
                self.get(key).unwrap().expires = expires;
            }
            ["SET", key, value, "NX"] => {
                if self.get(key).is_none() {
                    self.put(key, Value::Text(value.to_owned()));
                }
            }
            ["DEL", ref keys @ ..] => {
                keys.iter()
                    .for_each(|key| _ = self.databases.remove(&self.at(key)));
            }
            ["PEXPIREAT", key, _] => {
                if let Some(key) = self.get(key) {
                    key.expires = true;
                }
            }
            ["PERSIST", key] => {
                if let Some(key) = self.get(key) {
                    key.expires = false;
                }
            }
            ["RENAME", from, to] if from != to => {
                if self.is_lost(db, from) {
                    self.lose(db, to);
                } else if let Some(key) = self.databases.remove(&self.at(from)) {
                    self.databases.insert(self.at(to), key);
                }
            }
            ["COPY", from, to, "DB", other] => {
                let to = (other.parse().unwrap(), to.to_owned());
                if to == self.at(from) {
                    return;
                }
                let lost = self.is_lost(db, from);
                if let Some(key) = self.get(from).cloned() {
                    if lost {
                        self.lose(to.0, &to.1);
                    } else {
                        self.databases.entry(to).or_insert(key);
                    }
                }
            }
            ["MOVE", key, other] => {
                let other: u64 = other.parse().unwrap();
                let (there, here) = (self.is_lost(other, key), self.is_lost(db, key));
                let present = self.databases.contains_key(&self.at(key));
                if other == db {
                } else if here || there {
                    self.lose(db, key);
                    self.lose(other, key);
                } else if present && !self.databases.contains_key(&(other, key.to_owned())) {
                    let moved = self.databases.remove(&self.at(key)).unwrap();
                    self.databases.insert((other, key.to_owned()), moved);
                }
            }
            ["SWAPDB", a, b] => {
                let (a, b): (u64, u64) = (a.parse().unwrap(), b.parse().unwrap());
                let all = std::mem::take(&mut self.databases).into_iter();
                let swapped = all.map(|((db, name), key)| {
                    let db = if db == a {
                        b
                    } else if db == b {
                        a
                    } else {
                        db
                    };
                    ((db, name), key)
                });
                self.databases = swapped.collect();
            }
            ["FLUSHDB"] => self.databases.retain(|(of, _), _| *of != db),
            ["APPEND", key, tail] => {
                if let Value::Text(text) = self.begin(key, Value::Text(String::new())) {
                    text.push_str(tail);
                }
            }
            ["INCRBY", key, by] => {
                if let Value::Text(text) = self.begin(key, Value::Text("0".to_owned()))
                    && let Ok(number) = text.parse::<i64>()
                {
                    // Servers differ in what they take 01 for.
                    match number.to_string() == *text {
                        true => *text = (number + by.parse::<i64>().unwrap()).to_string(),
                        false => self.lose(db, key),
                    }
                }
            }
            ["RPUSH", key, ref new @ ..] => {
                if let Value::List(items) = self.begin(key, Value::List(Vec::new())) {
                    items.extend(list(new));
                }
            }
            ["LPUSH", key, ref new @ ..] => {
                if let Value::List(items) = self.begin(key, Value::List(Vec::new())) {
                    new.iter()
                        .for_each(|item| items.insert(0, (*item).to_owned()));
                }
            }
            ["LPOP", key] => {
                if let Value::List(items) = self.begin(key, Value::List(Vec::new()))
                    && !items.is_empty()
                {
                    items.remove(0);
                }
            }
            ["LTRIM", key, start, stop] => {
                if let Value::List(items) = self.begin(key, Value::List(Vec::new())) {
                    let len = items.len() as i64;
                    let end = |n: &str| -> i64 {
                        let n: i64 = n.parse().unwrap();
                        if n < 0 { n + len } else { n }
                    };
                    let (start, stop) = (end(start).max(0), end(stop));
                    let kept = items.iter().enumerate();
                    let kept = kept.filter(|(at, _)| (start..=stop).contains(&(*at as i64)));
                    *items = kept.map(|(_, item)| item.clone()).collect();
                }
            }
            ["LREM", key, "-1", wanted] => {
                if let Value::List(items) = self.begin(key, Value::List(Vec::new()))
                    && let Some(at) = items.iter().rposition(|item| item == wanted)
                {
                    items.remove(at);
                }
            }
            ["SADD", key, ref new @ ..] => {
                if let Value::Set(members) = self.begin(key, Value::Set(BTreeSet::new())) {
                    members.extend(list(new));
                }
            }
            ["SREM", key, ref gone @ ..] => {
                if let Value::Set(members) = self.begin(key, Value::Set(BTreeSet::new())) {
                    gone.iter().for_each(|member| _ = members.remove(*member));
                }
            }
            ["HSET", key, field, value] => {
                if let Value::Hash(fields) = self.begin(key, Value::Hash(BTreeMap::new())) {
                    fields.insert(field.to_owned(), value.to_owned());
                }
            }
            ["HDEL", key, field] => {
                if let Value::Hash(fields) = self.begin(key, Value::Hash(BTreeMap::new())) {
                    fields.remove(field);
                }
            }
            ["ZADD", key, score, member] => {
                if let Value::Zset(scores) = self.begin(key, Value::Zset(BTreeMap::new())) {
                    scores.insert(member.to_owned(), score.parse().unwrap());
                }
            }
            ["ZPOPMIN", key] => {
                if let Value::Zset(scores) = self.begin(key, Value::Zset(BTreeMap::new())) {
                    let first = scores
                        .iter()
                        .min_by_key(|(member, score)| (**score, *member));
                    let first = first.map(|(member, _)| member.clone());
                    first.map(|member| scores.remove(&member));
                }
            }
            // Only a server knows which.
            ["SPOP", key] => self.lose(db, key),
            ["RENAME", _, _] => {}
            ref other => panic!("no such command here: {other:?}"),
        }
    }

    pub fn lost(&self) -> u64 {
        let lost = self
            .databases
            .values()
            .filter(|key| key.value == Value::Lost);
        lost.count() as u64
    }

    /// An RDB file of all that is known, in the simplest encodings, written by
    /// a Redis 8.0.
    pub fn rdb(&self) -> Vec<u8> {
        let mut file = b"REDIS0011\xfa\x09redis-ver\x058.0.6".to_vec();
        for ((db, name), key) in &self.databases {
            if key.value == Value::Lost {
                continue;
            }
            file.extend([0xfe, *db as u8]);
            if key.expires {
                file.push(0xfc);
                file.extend(4_102_444_800_123i64.to_le_bytes());
            }
            let texts: Vec<String> = match &key.value {
                Value::Text(text) => vec![text.clone()],
                Value::List(items) => items.clone(),
                Value::Set(members) => members.iter().cloned().collect(),
                Value::Hash(fields) => fields
                    .iter()
                    .flat_map(|(f, v)| [f.clone(), v.clone()])
                    .collect(),
                Value::Zset(scores) => scores
                    .iter()
                    .flat_map(|(m, s)| [m.clone(), s.to_string()])
                    .collect(),
                Value::Lost => unreachable!(),
            };
            let (kind, each) = match &key.value {
                Value::Text(_) => (0, 0),
                Value::List(_) => (1, 1),
                Value::Set(_) => (2, 1),
                Value::Zset(_) => (3, 2),
                Value::Hash(_) => (4, 2),
                Value::Lost => unreachable!(),
            };
            file.push(kind);
            string(name, &mut file);
            if let Some(elements) = texts.len().checked_div(each) {
                length(elements, &mut file);
            }
            for (index, text) in texts.iter().enumerate() {
                if kind == 3 && index % 2 == 1 {
                    // A score as text, with one byte for its length.
                    file.push(text.len() as u8);
                    file.extend(text.bytes());
                } else {
                    string(text, &mut file);
                }
            }
        }
        file.push(0xff);
        file.extend([0; 8]);
        file
    }
}

fn length(n: usize, file: &mut Vec<u8>) {
    assert!(n < 1 << 14);
    file.extend([0x40 | (n >> 8) as u8, n as u8]);
}

fn string(text: &str, file: &mut Vec<u8>) {
    length(text.len(), file);
    file.extend(text.bytes());
}

/// Commands in the form servers write.
pub fn log(commands: &[String]) -> Vec<u8> {
    let mut log = String::new();
    for command in commands {
        let words: Vec<&str> = command.split(' ').collect();
        log += &format!("*{}\r\n", words.len());
        words
            .iter()
            .for_each(|word| log += &format!("${}\r\n{word}\r\n", word.len()));
    }
    log.into_bytes()
}
