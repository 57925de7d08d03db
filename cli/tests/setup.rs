//! `rdbkit completions` and `rdbkit man`, as they are called.

#![allow(missing_docs, clippy::unwrap_used)]

use std::fs;

use assert_cmd::Command;
use tempfile::TempDir;

fn rdbkit(args: &[&str]) -> (i32, String, String) {
    let mut command = Command::cargo_bin("rdbkit").unwrap();
    let output = command.args(args).output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    let code = output.status.code().unwrap();
    (code, text(output.stdout), text(output.stderr))
}

/// The commands that `--help` lists.
fn commands(args: &[&str]) -> Vec<String> {
    let (_, help, _) = rdbkit(&[args, &["--help"]].concat());
    let listed = help.split("Commands:\n").nth(1).unwrap();
    let lines = listed.lines().take_while(|line| !line.is_empty());
    // Lines that go on are indented further.
    let names = lines.filter(|line| line.starts_with("  ") && !line.starts_with("   "));
    let names = names.map(|line| line.split_whitespace().next().unwrap().to_owned());
    names.filter(|name| name != "help").collect()
}

#[test]
fn completions_know_every_command() {
    let all = commands(&[]);
    assert!(all.contains(&"explain".to_owned()), "{all:?}");
    for shell in ["bash", "zsh", "fish"] {
        let (code, script, err) = rdbkit(&["completions", shell]);
        assert_eq!((code, err.as_str()), (0, ""), "{shell}");
        for command in &all {
            assert!(script.contains(command.as_str()), "{shell} {command}");
        }
        assert!(script.contains("max-findings"), "{shell}");
    }
    assert_eq!(rdbkit(&["completions", "tcsh"]).0, 2);
}

#[test]
fn a_page_for_every_command() {
    let dir = TempDir::new().unwrap();
    let folder = dir.path().join("share/man1");
    let (code, out, err) = rdbkit(&["man", "--out", folder.to_str().unwrap()]);
    assert_eq!((code, out.as_str()), (0, ""), "{err}");
    let mut names = vec!["rdbkit".to_owned()];
    names.extend(commands(&[]).iter().map(|name| format!("rdbkit-{name}")));
    names.extend(
        commands(&["aof"])
            .iter()
            .map(|name| format!("rdbkit-aof-{name}")),
    );
    assert!(names.len() > 20);
    for name in &names {
        let page = fs::read_to_string(folder.join(format!("{name}.1"))).unwrap();
        assert!(
            page.contains(".SH SYNOPSIS") && page.contains(&format!(".TH {name} 1")),
            "{name}"
        );
    }
    assert_eq!(fs::read_dir(&folder).unwrap().count(), names.len());

    let file = dir.path().join("file");
    fs::write(&file, "").unwrap();
    let (code, _, err) = rdbkit(&["man", "--out", file.to_str().unwrap()]);
    assert_eq!(code, 2);
    assert!(err.contains("cannot write the pages"), "{err}");
}
