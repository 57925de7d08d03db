//! Explanations for people.

use std::io::{self, Write};

use crate::explain::Explanation;

/// Columns of a line.
const WIDTH: usize = 100;

/// One line of the list.
pub fn line(out: &mut dyn Write, explanation: &Explanation) -> io::Result<()> {
    let Explanation {
        code, of, summary, ..
    } = explanation;
    writeln!(out, "{code:<22} {of:<4} {summary}")
}

/// All of it.
pub fn text(out: &mut dyn Write, explanation: &Explanation) -> io::Result<()> {
    let kind = match explanation.of {
        "rdb" => "an RDB file",
        _ => "an append-only log",
    };
    writeln!(out, "{}: a finding of {kind}", explanation.code)?;
    paragraph(out, "  ", explanation.summary)?;
    paragraph(out, "  ", &explanation.effect)?;
    writeln!(out, "\n  How it comes about")?;
    paragraph(out, "    ", explanation.cause)?;
    writeln!(out, "\n  What to do")?;
    for line in explanation.remedy {
        match line.starts_with("rdbkit ") {
            true => writeln!(out, "      {line}")?,
            false => paragraph(out, "    ", line)?,
        }
    }
    Ok(())
}

/// Words in lines that begin with `indent`.
fn paragraph(out: &mut dyn Write, indent: &str, text: &str) -> io::Result<()> {
    let mut column = 0;
    for word in text.split_whitespace() {
        let length = word.chars().count();
        if column == 0 {
            write!(out, "{indent}{word}")?;
            column = indent.len() + length;
        } else if column + 1 + length > WIDTH {
            write!(out, "\n{indent}{word}")?;
            column = indent.len() + length;
        } else {
            write!(out, " {word}")?;
            column += 1 + length;
        }
    }
    writeln!(out)
}
