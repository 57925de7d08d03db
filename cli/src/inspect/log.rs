//! Fields of a log of commands.

use std::io::Read;

use rdbkit_aof::{Command, Event, StreamReader};

use super::{Collector, Fault, shown};

/// Takes what `reader` gives; tells why it stopped before the end of what was
/// asked for.
pub(super) fn collect<R: Read>(
    mut reader: StreamReader<R>,
    collector: &mut Collector,
) -> Option<Fault> {
    // Of a command that comes in pieces.
    let (mut args, mut begun) = (0, 0);
    loop {
        let before = reader.offset();
        if collector.is_done(before) {
            return None;
        }
        let event = match reader.next_event() {
            Ok(Some(event)) => event,
            Ok(None) => return None,
            Err(error) => {
                return Some(Fault {
                    offset: error.offset(),
                    begin: error.token_offset(),
                    message: error.kind().to_string(),
                });
            }
        };
        match event {
            Event::Command(command) => of_command(&command, before, collector),
            Event::Annotation(line) => {
                let raw = line.as_raw();
                collector.take(before, raw.len() as u64, || {
                    format!("annotation {}", shown(raw))
                });
            }
            event => {
                let (kind, text) = match event {
                    Event::Begin { args: count, .. } => {
                        (args, begun) = (count, 0);
                        (format!("command of {count} arguments, which is long"), None)
                    }
                    Event::Argument { length, .. } => {
                        begun += 1;
                        (format!("argument {begun} of {args}, {length} bytes"), None)
                    }
                    Event::Chunk { bytes, .. } => {
                        (format!("of argument {begun}: "), Some(bytes.to_vec()))
                    }
                    _ => continue,
                };
                let size = reader.offset() - before;
                collector.take(before, size, || match text {
                    Some(text) => kind + &shown(&text),
                    None => kind,
                });
            }
        }
    }
}

/// The count, and each argument with its length.
fn of_command(command: &Command<'_>, begin: u64, collector: &mut Collector) {
    let raw = command.as_raw();
    let end = begin + raw.len() as u64;
    if end <= collector.from {
        if command.is(b"SELECT") {
            collector.db = number(command);
        }
        return;
    }
    let count = command.len();
    let place = |part: &[u8]| begin + (part.as_ptr() as usize - raw.as_ptr() as usize) as u64;
    let line = raw.iter().position(|&b| b == b'\n').map_or(0, |lf| lf + 1);
    let mut at = begin + line as u64;
    collector.take(begin, line as u64, || match count {
        1 => "command of one argument".to_owned(),
        _ => format!("command of {count} arguments"),
    });
    for (index, arg) in command.args().enumerate() {
        // Behind the argument stand two bytes more.
        let behind = (place(arg) + arg.len() as u64 + 2).min(end);
        collector.take(at, behind - at, || match index {
            0 => format!("its name, {}", shown(arg)),
            _ => format!(
                "argument {} of {count}, {} bytes: {}",
                index + 1,
                arg.len(),
                shown(arg)
            ),
        });
        at = behind;
    }
    if command.is(b"SELECT") && end <= collector.at {
        collector.db = number(command);
    }
}

fn number(command: &Command<'_>) -> Option<u64> {
    std::str::from_utf8(command.arg(1)?).ok()?.parse().ok()
}
