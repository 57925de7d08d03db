use super::*;
use crate::manifest::{Entry, FileKind, Manifest};
use crate::source::Memory;

fn command(line: &str) -> String {
    let args: Vec<&str> = line.split(' ').collect();
    let mut raw = format!("*{}\r\n", args.len());
    for arg in args {
        raw += &format!("${}\r\n{arg}\r\n", arg.len());
    }
    raw
}

/// `#` lines as they are, all else as commands.
fn log(lines: &[&str]) -> String {
    let unit = |line: &&str| match line.strip_prefix('#') {
        Some(_) => format!("{line}\r\n"),
        None => command(line),
    };
    lines.iter().map(unit).collect()
}

#[derive(Default)]
struct Seen(Vec<String>);

impl Visitor for Seen {
    fn unit(&mut self, unit: &Unit<'_>) {
        let Unit {
            file,
            db,
            place,
            settled,
            ..
        } = *unit;
        let time = unit.time.unwrap_or(0);
        let back = unit.begin - unit.cut_at();
        let name = match unit.item {
            Item::Command(c) => String::from_utf8_lossy(c.name()).into_owned(),
            Item::Abridged(c) => format!("{}~{}", String::from_utf8_lossy(c.name()), c.len()),
            Item::Annotation(_) => "#".to_owned(),
        };
        self.0.push(format!(
            "{file} {name} db{db}/{settled} t{time} {place:?} -{back} {}",
            unit.end - unit.begin
        ));
    }

    fn file_end(&mut self, index: usize, end: &FileEnd) {
        let FileEnd {
            safe,
            open,
            settled,
            ..
        } = end;
        let error = end.error.as_ref().map(|e| e.kind().to_string());
        self.0.push(format!(
            "{index} end {} {safe} {open:?} db{settled} {error:?}",
            end.end
        ));
    }
}

fn seen(files: &[&str], limits: Limits) -> Vec<String> {
    let mut source = Memory::default();
    let mut manifest = Manifest::default();
    for (index, text) in files.iter().enumerate() {
        let name = format!("{index}.aof");
        source.insert(name.as_bytes(), text.as_bytes());
        let seq = index as i64 + 1;
        manifest
            .entries
            .push(Entry::new(name.as_bytes(), seq, FileKind::Increment));
    }
    let mut seen = Seen::default();
    walk_with(&Set::new(b"m", manifest), &source, limits, &mut seen);
    seen.0
}

#[test]
fn database_time_and_transaction_are_told() {
    let first = log(&[
        "#TS:17", "SELECT 3", "MULTI", "SELECT 4", "INCR a", "EXEC", "INCR a",
    ]);
    let second = log(&["INCR b", "MULTI", "SELECT 9", "INCR b"]);
    let wanted = [
        "0 # db0/0 t17 Alone -0 8",
        "0 SELECT db0/0 t17 Alone -0 23",
        "0 MULTI db3/3 t17 Opens -0 15",
        "0 SELECT db3/3 t17 Queued -15 23",
        "0 INCR db4/3 t17 Queued -38 21",
        "0 EXEC db4/3 t17 Closes -59 14",
        "0 INCR db4/4 t17 Alone -0 21",
        "0 end 125 125 None db4 None",
        // The next file begins at database 0, and the time goes on.
        "1 INCR db0/0 t17 Alone -0 21",
        "1 MULTI db0/0 t17 Opens -0 15",
        "1 SELECT db0/0 t17 Queued -15 23",
        "1 INCR db9/0 t17 Queued -38 21",
        "1 end 80 21 Some(21) db0 None",
    ];
    assert_eq!(seen(&[&first, &second], Limits::default()), wanted);
}

#[test]
fn a_bad_file_does_not_end_the_walk() {
    let torn = format!("{}*2\r\n$3\r\nDE", log(&["INCR a"]));
    let wanted = [
        "0 INCR db0/0 t0 Alone -0 21",
        "0 end 21 21 None db0 Some(\"unexpected end of file\")",
        "1 INCR db0/0 t0 Alone -0 21",
        "1 end 21 21 None db0 None",
    ];
    assert_eq!(seen(&[&torn, &log(&["INCR b"])], Limits::default()), wanted);
    let ends = walk(
        &Set::single(b"none"),
        &Memory::default(),
        &mut Seen::default(),
    );
    assert!(matches!(
        ends[0].error.as_ref().unwrap().kind(),
        ErrorKind::Io(_)
    ));
}

#[test]
fn long_commands_come_abridged() {
    let value = "v".repeat(200_000);
    let text = log(&["INCR a", &format!("SET k {value}"), "INCR a"]);
    let limits = Limits {
        command: 1024,
        chunk: 1000,
    };
    let wanted = [
        "0 INCR db0/0 t0 Alone -0 21",
        "0 SET~3 db0/0 t0 Alone -0 200031",
        "0 INCR db0/0 t0 Alone -0 21",
        "0 end 200073 200073 None db0 None",
    ];
    assert_eq!(seen(&[&text], limits), wanted);
}
