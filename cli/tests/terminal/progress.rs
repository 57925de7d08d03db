//! The line that tells how far a job is.

use std::io::Write;
use std::process::{Child, Stdio};
use std::thread;
use std::time::Duration;

use crate::pty::Terminal;
use crate::{DENSE, rdbkit};

/// Feeds a file so slowly that it takes two seconds.
fn feed(child: &mut Child) {
    let mut stdin = child.stdin.take().unwrap();
    let bytes = std::fs::read(DENSE).unwrap();
    for piece in bytes.chunks(bytes.len() / 20 + 1) {
        // One that has seen enough is no failure.
        let _ = stdin.write_all(piece);
        thread::sleep(Duration::from_millis(100));
    }
}

/// What a run that takes two seconds writes to a terminal.
fn slowly(args: &[&str], term: &str) -> (Terminal, String) {
    let mut terminal = Terminal::new(80);
    let mut command = rdbkit(args);
    command.env("TERM", term).stderr(terminal.end());
    command.stdout(terminal.end());
    let mut child = command.spawn().unwrap();
    drop(command);
    terminal.watch();
    feed(&mut child);
    child.wait().unwrap();
    let written = terminal.written();
    (terminal, written)
}

/// What the same says where there is no terminal.
fn piped(args: &[&str]) -> String {
    let mut command = rdbkit(args);
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    feed(&mut child);
    let output = child.wait_with_output().unwrap();
    assert_eq!(String::from_utf8(output.stderr).unwrap(), "");
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn a_slow_pipe_is_told_of_and_nothing_is_left_of_it() {
    let (terminal, written) = slowly(&["check", "-"], "xterm");
    let drawn = written.matches("\rstandard input  ").count();
    assert!(drawn >= 2, "{written:?}");
    assert!(written.contains(" KiB  "), "{written:?}");
    assert!(written.contains("/s  0:01"), "{written:?}");
    assert_eq!(terminal.screen(), piped(&["check", "-"]));
}

#[test]
fn lines_that_come_meanwhile_stay_whole() {
    let (terminal, written) = slowly(&["keys", "--long", "-"], "xterm");
    assert!(written.contains("standard input  "), "{written:?}");
    assert_eq!(terminal.screen(), piped(&["keys", "--long", "-"]));
}

#[test]
fn nothing_is_drawn_where_it_is_not_wanted() {
    let (_, written) = slowly(&["check", "--quiet", "-"], "xterm");
    assert_eq!(written, "");
    let (_, written) = slowly(&["check", "-"], "dumb");
    assert!(!written.contains("standard input  "), "{written:?}");
}

#[test]
fn what_is_done_at_once_is_not_told_of() {
    let mut terminal = Terminal::new(80);
    let mut command = rdbkit(&["check", DENSE]);
    command.stderr(terminal.end()).stdout(Stdio::null());
    let mut child = command.spawn().unwrap();
    drop(command);
    terminal.watch();
    child.wait().unwrap();
    assert_eq!(terminal.written(), "");
}
