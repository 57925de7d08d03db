//! Colours: on a terminal, unless `NO_COLOR` is set.

use std::process::Stdio;

use crate::pty::Terminal;
use crate::{DENSE, rdbkit};

/// What a report, an error and a mistyped command write to a terminal.
fn shown(no_color: Option<&str>) -> Vec<String> {
    let all = [&["check", DENSE][..], &["check", "/none"], &["chek"]];
    all.map(|args| {
        let mut terminal = Terminal::new(80);
        let mut command = rdbkit(args);
        command.stdout(terminal.end()).stderr(terminal.end());
        if let Some(value) = no_color {
            command.env("NO_COLOR", value);
        }
        let mut child = command.spawn().unwrap();
        drop(command);
        terminal.watch();
        child.wait().unwrap();
        terminal.written()
    })
    .to_vec()
}

#[test]
fn a_terminal_has_colours() {
    let [report, _, mistyped] = shown(None).try_into().unwrap();
    assert!(report.contains("\x1b[1m\x1b[32mloads\x1b[0m"), "{report:?}");
    assert!(mistyped.contains("\x1b["), "{mistyped:?}");
}

#[test]
fn unless_nobody_wants_them() {
    for written in shown(Some("1")) {
        assert!(
            !written.is_empty() && !written.contains('\x1b'),
            "{written:?}"
        );
    }
}

#[test]
fn a_pipe_has_none() {
    for args in [&["check", DENSE][..], &["chek"]] {
        let mut command = rdbkit(args);
        let output = command.stdout(Stdio::piped()).output().unwrap();
        let written = [output.stdout, output.stderr].concat();
        assert!(!written.is_empty() && !written.contains(&0x1b));
    }
}
