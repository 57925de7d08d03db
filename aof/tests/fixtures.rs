//! Logs that real servers wrote: read to the end, and read as those servers and
//! their check tools read them where they were cut.

#![allow(clippy::unwrap_used, clippy::panic, clippy::disallowed_methods)]

use std::fs;
use std::path::{Path, PathBuf};

use rdbkit_aof::commands::{self, Release};
use rdbkit_aof::{Error, Event, Manifest, SliceReader, StreamReader, Transactions};
use serde_json::Value;
use sha2::{Digest, Sha256};

/// A case of a server: its folder and its birth certificate.
struct Case {
    server: String,
    name: String,
    folder: PathBuf,
    birth: Value,
}

impl Case {
    fn read(&self, file: &str) -> Vec<u8> {
        fs::read(self.folder.join(file)).unwrap()
    }

    fn files(&self) -> impl Iterator<Item = (&String, &Value)> {
        self.birth["files"].as_object().unwrap().iter()
    }

    /// Files of commands, with or without a preamble.
    fn logs(&self) -> impl Iterator<Item = (&String, &Value)> {
        self.files()
            .filter(|(file, _)| !file.ends_with(".manifest"))
    }
}

fn cases() -> Vec<Case> {
    let top = Path::new(env!("CARGO_MANIFEST_DIR")).join("../testdata/aof");
    let mut cases = Vec::new();
    for server in fs::read_dir(&top).unwrap() {
        let server = server.unwrap();
        let births = fs::read(server.path().join("births.json")).unwrap();
        let births: Value = serde_json::from_slice(&births).unwrap();
        for (name, birth) in births["cases"].as_object().unwrap() {
            cases.push(Case {
                server: server.file_name().into_string().unwrap(),
                name: name.clone(),
                folder: server.path().join(name),
                birth: birth.clone(),
            });
        }
    }
    assert!(cases.len() >= 40, "only {} cases", cases.len());
    cases
}

/// What reading a log to its end gives.
struct Read {
    commands: u64,
    annotations: u64,
    error: Option<Error>,
    transactions: Transactions,
    line: u64,
    end: u64,
}

fn read(log: &[u8]) -> Read {
    let mut reader = SliceReader::open(log).unwrap();
    let mut transactions = Transactions::new(reader.offset());
    let (mut commands, mut annotations) = (0, 0);
    let error = loop {
        match reader.next_event() {
            Ok(Some(event)) => {
                match event {
                    Event::Command(command) => {
                        assert!(command.quirks().is_none());
                        commands += 1;
                    }
                    Event::Annotation(line) => {
                        assert!(line.timestamp().is_some());
                        annotations += 1;
                    }
                    _ => panic!("in memory nothing comes in pieces"),
                }
                transactions.event(&event, reader.token_offset(), reader.offset());
            }
            Ok(None) => break None,
            Err(error) => break Some(error),
        }
    };
    Read {
        commands,
        annotations,
        line: error.as_ref().map_or(reader.line(), Error::line),
        error,
        transactions,
        end: reader.offset(),
    }
}

#[test]
fn files_are_as_they_were_born() {
    for case in cases() {
        let mut there = 0;
        for (file, birth) in case.files() {
            let bytes = case.read(file);
            assert_eq!(Some(bytes.len() as u64), birth["size"].as_u64());
            let sum: String = Sha256::digest(&bytes)
                .iter()
                .map(|b| format!("{b:02x}"))
                .collect();
            assert_eq!(Some(sum.as_str()), birth["sha256"].as_str(), "{file}");
            there += 1;
        }
        assert_eq!(fs::read_dir(&case.folder).unwrap().count(), there);
    }
}

#[test]
fn logs_read_to_the_end_as_the_check_tool_reads_them() {
    let (mut commands, mut annotations, mut checked, mut hybrids) = (0, 0, 0, 0);
    for case in cases() {
        for (file, birth) in case.logs() {
            let name = format!("{}/{}/{file}", case.server, case.name);
            let log = case.read(file);
            let read = read(&log);
            assert!(read.error.is_none(), "{name}: {:?}", read.error);
            assert_eq!(read.end, log.len() as u64, "{name}");
            assert_eq!(read.transactions.safe_offset(), read.end, "{name}");
            if let Some(tool) = birth.get("check_aof") {
                assert_eq!(tool["ok_up_to"].as_u64(), Some(read.end), "{name}");
                assert_eq!(tool["line"].as_u64(), Some(read.line), "{name}");
                checked += 1;
            }
            let hybrid = rdbkit_aof::is_preamble(&log) && read.commands > 0;
            hybrids += u32::from(hybrid);
            commands += read.commands;
            annotations += read.annotations;
        }
    }
    assert!(commands > 4000, "{commands} commands");
    assert!(annotations > 5, "{annotations} annotations");
    assert!(checked > 80, "{checked} files were checked");
    assert!(hybrids > 2, "{hybrids} files are hybrid");
}

#[test]
fn cut_logs_read_as_servers_and_tools_read_them() {
    let (mut cuts, mut dangling) = (0, 0);
    for case in cases() {
        let Some(births) = case.birth["cuts"].as_object() else {
            continue;
        };
        for (name, cut) in births {
            let name = format!("{}/{}/{name}", case.server, case.name);
            let whole = case.read(cut["file"].as_str().unwrap());
            let at = usize::try_from(cut["cut_at"].as_u64().unwrap()).unwrap();
            let read = read(&whole[..at]);
            let torn = read.error.as_ref();
            assert!(torn.is_none_or(Error::is_truncation), "{name}");
            let safe = read.transactions.safe_offset();
            if let Some(tool) = cut.get("check_aof") {
                assert_eq!(tool["ok_up_to"].as_u64(), Some(safe), "{name}");
                assert_eq!(tool["line"].as_u64(), Some(read.line), "{name}");
            }
            // A server that loads it cuts it at the safe offset; but most leave
            // an open transaction where a command in it is torn.
            if cut["loads"] == true {
                let left = cut["size_after_load"].as_u64().unwrap();
                // Up to 3.2 nor was one that is open at the end taken back.
                let old = matches!(case.server.as_str(), "redis-2.8" | "redis-3.2");
                let last = torn.map_or(if old { read.end } else { safe }, Error::token_offset);
                let wanted = if case.server.starts_with("valkey-9") {
                    safe
                } else {
                    last
                };
                assert_eq!(left, wanted, "{name}");
                dangling += u32::from(left != safe);
            }
            cuts += 1;
        }
    }
    assert!(cuts >= 60, "{cuts} cuts");
    assert!(dangling > 5, "{dangling} cuts leave an open transaction");
}

#[test]
fn streams_give_what_slices_give() {
    for case in cases() {
        for (file, _) in case.logs() {
            let log = case.read(file);
            let mut whole = Vec::new();
            let mut slice = SliceReader::open(&log).unwrap();
            slice
                .drive(&mut |event: Event<'_>, at: u64| whole.push((at, format!("{event:?}"))))
                .unwrap();
            let mut reader = StreamReader::open(&log[..]).unwrap();
            assert_eq!(reader.preamble_len(), slice.preamble().len() as u64);
            let mut streamed = Vec::new();
            while let Some(event) = reader.next_event().unwrap() {
                let event = format!("{event:?}");
                streamed.push((reader.token_offset(), event));
            }
            assert_eq!(streamed, whole);
        }
    }
}

#[test]
fn manifests_are_printed_as_servers_print_them() {
    let mut manifests = 0;
    for case in cases() {
        for (file, _) in case.files().filter(|(file, _)| file.ends_with(".manifest")) {
            let text = case.read(file);
            let manifest = Manifest::parse(&text).unwrap();
            assert_eq!(manifest.to_string().as_bytes(), text, "{:?}", case.folder);
            assert!(manifest.loaded().count() > 0);
            for entry in manifest.loaded() {
                let name = std::str::from_utf8(&entry.name).unwrap();
                assert!(case.folder.join(name).exists(), "{name}");
            }
            manifests += 1;
        }
    }
    assert!(manifests >= 20, "{manifests} manifests");
}

#[test]
fn servers_know_the_commands_they_wrote() {
    let mut with_keys = 0;
    for case in cases() {
        let release = match case.server.as_str() {
            name if name.starts_with("redis-8") => Release::Redis80,
            name if name.starts_with("redis-7") => Release::Redis70,
            name if name.starts_with("redis") => Release::Redis60,
            name if name.starts_with("valkey-8") => Release::Valkey80,
            _ => Release::Valkey91,
        };
        for (file, _) in case.logs() {
            let log = case.read(file);
            for event in SliceReader::open(&log).unwrap() {
                let Event::Command(command) = event.unwrap() else {
                    continue;
                };
                let told = command.as_raw().escape_ascii();
                let spec = commands::spec(&command).unwrap_or_else(|| panic!("unknown: {told}"));
                // Between 6.0 and 6.2 commands were added, and 6.0 names no
                // subcommands.
                if release != Release::Redis60 {
                    let arity = spec.arity(release);
                    assert!(arity.is_some_and(|a| a.accepts(command.len())), "{told}");
                }
                for key in spec.keys(&command) {
                    assert!((1..command.len()).contains(&key), "{told}");
                    with_keys += 1;
                }
            }
        }
    }
    assert!(with_keys > 3500, "{with_keys} keys");
}
