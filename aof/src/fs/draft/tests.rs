use std::collections::BTreeMap;

use super::*;
use crate::edit::{OutputFile, Piece};
use crate::manifest::{Entry, FileKind, Manifest};

const MANIFEST: &[u8] = b"a.aof.manifest";
const BASE: &[u8] = b"a.aof.1.base.aof";
const INCR: &[u8] = b"a.aof.1.incr.aof";

/// A data folder with a log of a base and an increment.
struct Data {
    dir: tempfile::TempDir,
}

impl Data {
    fn new() -> Data {
        let data = Data {
            dir: tempfile::tempdir().unwrap(),
        };
        fs::create_dir(data.old()).unwrap();
        data.write(BASE, b"base bytes");
        data.write(INCR, b"0123456789");
        data.write(MANIFEST, manifest().to_string().as_bytes());
        data
    }

    fn old(&self) -> PathBuf {
        self.dir.path().join("appendonlydir")
    }

    fn write(&self, name: &[u8], bytes: &[u8]) {
        fs::write(Folder::new(self.old()).file(name).unwrap(), bytes).unwrap();
    }

    fn log(&self) -> (Log, Seen) {
        let log = Log::find(self.old()).unwrap();
        let seen = Seen::of(&log, &log.set().unwrap()).unwrap();
        (log, seen)
    }

    fn names(&self) -> Vec<String> {
        files(self.dir.path()).into_keys().collect()
    }
}

/// Names and bytes of what is in a folder.
fn files(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        (name, fs::read(&path).unwrap_or_default())
    });
    entries.collect()
}

fn manifest() -> Manifest {
    Manifest {
        entries: vec![
            Entry::new(BASE, 1, FileKind::Base),
            Entry::new(INCR, 1, FileKind::Increment),
        ],
    }
}

fn copy(from: &[u8], range: std::ops::Range<u64>) -> Piece {
    Piece::Copy {
        from: from.to_vec(),
        range,
    }
}

/// The base as it is, and of the increment all but bytes 3 and 4, with something in their place.
fn output() -> Output {
    let file = |name: &[u8], pieces| OutputFile {
        name: name.to_vec(),
        pieces,
    };
    Output {
        files: vec![
            file(BASE, vec![copy(BASE, 0..10)]),
            file(
                INCR,
                vec![
                    copy(INCR, 0..3),
                    Piece::Bytes(b"put in".to_vec()),
                    copy(INCR, 5..9),
                ],
            ),
        ],
        manifest: Some((MANIFEST.to_vec(), manifest())),
    }
}

fn is_output(folder: &Path) {
    let files = files(folder);
    assert_eq!(files.len(), 3);
    assert_eq!(files["a.aof.1.base.aof"], b"base bytes");
    assert_eq!(files["a.aof.1.incr.aof"], b"012put in5678");
    assert_eq!(files["a.aof.manifest"], manifest().to_string().as_bytes());
}

fn in_place() -> Target {
    Target::InPlace {
        suffix: ".bak-1".to_owned(),
    }
}

#[test]
fn a_new_folder() {
    let data = Data::new();
    let (log, seen) = data.log();
    let before = files(&data.old());
    let target = data.dir.path().join("new");
    let draft = Draft::write(&output(), &log, &seen, Target::New(target.clone())).unwrap();
    // Whole, and not there yet.
    assert!(!target.exists());
    is_output(draft.log().folder().path());
    assert_eq!(draft.log().set().unwrap().files().len(), 2);
    let written = draft.finish().unwrap();
    is_output(&target);
    assert_eq!((written.files, &written.path), (3, &target));
    let bytes: usize = files(&target).values().map(Vec::len).sum();
    assert_eq!(written.copied.total(), bytes as u64);
    assert!(written.owner_kept && written.backup.is_none());
    assert_eq!(data.names(), ["appendonlydir", "new"]);
    assert_eq!(files(&data.old()), before);
}

#[cfg(unix)]
#[test]
fn permissions_come_along_but_the_owner_may_write() {
    use std::os::unix::fs::PermissionsExt;
    let data = Data::new();
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    let set =
        |path: &Path, mode| fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    let folder = Folder::new(data.old());
    set(&folder.file(BASE).unwrap(), 0o440);
    set(&folder.file(INCR).unwrap(), 0o664);
    set(&data.old(), 0o750);
    let (log, seen) = data.log();
    let target = data.dir.path().join("new");
    let draft = Draft::write(&output(), &log, &seen, Target::New(target.clone())).unwrap();
    draft.finish().unwrap();
    assert_eq!(mode(&target), 0o750);
    assert_eq!(mode(&Folder::new(&target).file(BASE).unwrap()), 0o640);
    assert_eq!(mode(&Folder::new(&target).file(INCR).unwrap()), 0o664);
}

#[test]
fn a_dropped_draft_leaves_nothing() {
    let data = Data::new();
    let (log, seen) = data.log();
    for target in [Target::New(data.dir.path().join("new")), in_place()] {
        let draft = Draft::write(&output(), &log, &seen, target).unwrap();
        assert_eq!(data.names().len(), 2);
        drop(draft);
        assert_eq!(data.names(), ["appendonlydir"]);
    }
}

#[test]
fn what_is_there_is_not_touched() {
    let data = Data::new();
    let (log, seen) = data.log();
    let write = |path: PathBuf| Draft::write(&output(), &log, &seen, Target::New(path));
    let error = write(data.old()).unwrap_err();
    assert!(matches!(error, ApplyError::Exists(_)), "{error}");
    let error = write(data.dir.path().join("none/new")).unwrap_err();
    assert!(error.to_string().contains("there is no folder"), "{error}");
    let error = write(data.old().join("a.aof.manifest/new")).unwrap_err();
    assert!(
        matches!(error, ApplyError::NoParent(_) | ApplyError::Io { .. }),
        "{error}"
    );
    assert!(matches!(write("..".into()), Err(ApplyError::NoName(_))));
    // Somebody was faster.
    let target = data.dir.path().join("new");
    let draft = write(target.clone()).unwrap();
    fs::create_dir(&target).unwrap();
    assert!(matches!(draft.finish(), Err(ApplyError::Exists(_))));
    assert_eq!(data.names(), ["appendonlydir", "new"]);
    assert_eq!(files(&target).len(), 0);
}

#[test]
fn left_overs_are_not_in_the_way() {
    let data = Data::new();
    let (log, seen) = data.log();
    let target = data.dir.path().join("new");
    let left = format!(".new.rdbkit-{}-0", std::process::id());
    fs::create_dir(data.dir.path().join(&left)).unwrap();
    let draft = Draft::write(&output(), &log, &seen, Target::New(target.clone())).unwrap();
    draft.finish().unwrap();
    is_output(&target);
    assert_eq!(data.names(), [left.as_str(), "appendonlydir", "new"]);
}

#[test]
fn faults_leave_nothing() {
    let data = Data::new();
    let (log, seen) = data.log();
    let target = || Target::New(data.dir.path().join("new"));
    // More bytes than there are, a file that is not there, a name twice, a name that is a path.
    let with = |change: fn(&mut Output)| {
        let mut output = output();
        change(&mut output);
        let error = Draft::write(&output, &log, &seen, target()).unwrap_err();
        assert_eq!(data.names(), ["appendonlydir"]);
        error.to_string()
    };
    let said = with(|o| o.files[1].pieces.push(copy(INCR, 5..11)));
    assert!(
        said.starts_with("cannot write ") && said.contains("incr"),
        "{said}"
    );
    let said = with(|o| o.files[1].pieces.push(copy(b"none", 0..1)));
    assert!(
        said.starts_with("cannot open ") && said.contains("none"),
        "{said}"
    );
    let said = with(|o| o.files[1].name = BASE.to_vec());
    assert!(
        said.starts_with("cannot make ") && said.contains("base"),
        "{said}"
    );
    let said = with(|o| o.files[1].name = b"../x".to_vec());
    assert!(said.contains("no plain file name"), "{said}");
    let said = with(|o| o.files[1].pieces.push(copy(INCR, 0..1 << 60)));
    assert!(said.contains("are free there"), "{said}");
}

#[test]
fn a_file_must_be_what_was_read() {
    let data = Data::new();
    let (log, seen) = data.log();
    let write = |target| Draft::write(&output(), &log, &seen, target);
    let new = || Target::New(data.dir.path().join("new"));
    // Appended bytes do not matter for a copy; in place they would be lost.
    data.write(INCR, b"0123456789 and more");
    drop(write(new()).unwrap());
    let error = write(in_place()).unwrap().finish().unwrap_err();
    assert!(error.to_string().contains("has grown"), "{error}");
    data.write(INCR, b"01234567");
    let error = write(new()).unwrap_err();
    assert!(error.to_string().contains("has become shorter"), "{error}");
    let incr = Folder::new(data.old()).file(INCR).unwrap();
    fs::rename(&incr, data.old().join("x")).unwrap();
    data.write(INCR, b"0123456789");
    let error = write(new()).unwrap_err();
    assert!(error.to_string().contains("was replaced"), "{error}");
    assert_eq!(data.names(), ["appendonlydir"]);
}

#[cfg(target_os = "linux")]
#[test]
fn in_place_the_old_folder_is_the_backup() {
    let data = Data::new();
    data.write(b"dump.rdb", b"of something else");
    let before = files(&data.old());
    fs::create_dir(data.dir.path().join("appendonlydir.bak-1")).unwrap();
    let (log, seen) = data.log();
    let draft = Draft::write(&output(), &log, &seen, in_place()).unwrap();
    assert_eq!(files(&data.old()), before);
    let written = draft.finish().unwrap();
    is_output(&data.old());
    let backup = written.backup.unwrap();
    assert!(
        backup.ends_with("appendonlydir.bak-1-1"),
        "{}",
        backup.display()
    );
    assert_eq!(files(&backup), before);
    assert_eq!(written.others, [b"dump.rdb".to_vec()]);
    assert_eq!(
        data.names(),
        [
            "appendonlydir",
            "appendonlydir.bak-1",
            "appendonlydir.bak-1-1"
        ]
    );
}

#[cfg(target_os = "linux")]
#[test]
fn in_place_is_refused_while_somebody_writes() {
    let data = Data::new();
    let (log, seen) = data.log();
    let incr = Folder::new(data.old()).file(INCR).unwrap();
    let held = fs::OpenOptions::new().append(true).open(incr).unwrap();
    let error = Draft::write(&output(), &log, &seen, in_place()).unwrap_err();
    assert!(matches!(error, ApplyError::Held(_)), "{error}");
    drop(held);
    assert_eq!(data.names(), ["appendonlydir"]);
}

#[test]
fn a_single_file() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("appendonly.aof");
    fs::write(&path, "0123456789").unwrap();
    let log = Log::find(&path).unwrap();
    let seen = Seen::of(&log, &log.set().unwrap()).unwrap();
    let output = Output {
        files: vec![OutputFile {
            name: b"appendonly.aof".to_vec(),
            pieces: vec![copy(b"appendonly.aof", 0..4)],
        }],
        manifest: None,
    };
    let new = dir.path().join("new.aof");
    let draft = Draft::write(&output, &log, &seen, Target::New(new.clone())).unwrap();
    assert!(!new.exists());
    assert_eq!(draft.log().set().unwrap().files().len(), 1);
    draft.finish().unwrap();
    assert_eq!(fs::read(&new).unwrap(), b"0123");

    // Through a link it is the file that is replaced.
    #[cfg(not(unix))]
    let named = path.clone();
    #[cfg(unix)]
    let named = {
        let link = dir.path().join("link.aof");
        std::os::unix::fs::symlink(&path, &link).unwrap();
        link
    };
    let log = Log::find(&named).unwrap();
    let mut output = output;
    output.files[0].pieces = vec![copy(log.name(), 0..4)];
    let seen = Seen::of(&log, &log.set().unwrap()).unwrap();
    let draft = Draft::write(&output, &log, &seen, in_place()).unwrap();
    let written = draft.finish().unwrap();
    assert_eq!(fs::read(&path).unwrap(), b"0123");
    assert_eq!(fs::read(written.backup.unwrap()).unwrap(), b"0123456789");
    assert!(fs::symlink_metadata(&path).unwrap().is_file());
    assert!(files(dir.path()).contains_key("appendonly.aof.bak-1"));
}

#[cfg(unix)]
#[test]
fn a_pipe_is_refused() {
    let log = Log::find("/dev/null").unwrap();
    let error = Seen::of(&log, &log.set().unwrap()).unwrap_err();
    assert!(error.to_string().contains("no regular file"), "{error}");
}
