//! Statistics of an RDB file as one page that needs nothing else: no script,
//! no picture, nothing from elsewhere.

use std::fmt;
use std::io::{self, Write};
use std::path::Path;

use rdbkit_aof::fs::shown;
use rdbkit_rdb::stats::Stats;

use super::sections::{Section, facts, sections, size};
use crate::render::keys::time;
use crate::render::text::grouped;

/// Rows of a table that may have many.
const ROWS: usize = 50;

const STYLE: &str = "\
:root{color-scheme:light dark;--ink:#1b1f24;--dim:#5b6570;--line:#d9dee4;--page:#fff;--card:#f5f7f9;--bar:#2f6fb5}\n\
@media(prefers-color-scheme:dark){:root{--ink:#e4e8ec;--dim:#98a3ae;--line:#323a43;--page:#14181c;--card:#1d2329;--bar:#5b9bdb}}\n\
body{margin:0 auto;padding:2rem 1.5rem;max-width:68rem;font:15px/1.5 system-ui,sans-serif;color:var(--ink);background:var(--page)}\n\
h1{font-size:1.4rem;margin:0 0 1rem;overflow-wrap:anywhere}\n\
h2{font-size:1.05rem;margin:2.2rem 0 .5rem}\n\
.cards{display:grid;grid-template-columns:repeat(auto-fit,minmax(10rem,1fr));gap:.8rem;margin:0 0 1.2rem}\n\
.cards div{background:var(--card);border-radius:.5rem;padding:.7rem 1rem}\n\
.cards b{display:block;font-size:1.35rem;font-variant-numeric:tabular-nums}\n\
.cards span,p,footer{color:var(--dim)}\n\
dl{display:grid;grid-template-columns:max-content 1fr;gap:.2rem 1rem;margin:0}\n\
dt{color:var(--dim)}dd{margin:0;overflow-wrap:anywhere}\n\
.wide{overflow-x:auto}\n\
table{border-collapse:collapse;width:100%;font-variant-numeric:tabular-nums}\n\
th,td{padding:.28rem .6rem;border-bottom:1px solid var(--line);text-align:left;white-space:nowrap}\n\
th{color:var(--dim);font-weight:500}\n\
.r{text-align:right}\n\
td:first-child{white-space:normal;overflow-wrap:anywhere;min-width:9rem}\n\
.bar{width:22%;min-width:6rem}\n\
.bar i{display:block;height:.75rem;min-width:1px;border-radius:2px;background:var(--bar)}\n\
.damage{border-left:4px solid #c93c37;padding:.4rem .8rem;color:var(--ink)}\n\
p{margin:.4rem 0}footer{margin-top:2.5rem;font-size:.85rem}\n";

/// Text as a page may show it: what means something there is written out, and
/// what is not to be seen is shown as a mark.
struct Escaped<'t>(&'t str);

impl fmt::Display for Escaped<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for c in self.0.chars() {
            match c {
                '&' => f.write_str("&amp;")?,
                '<' => f.write_str("&lt;")?,
                '>' => f.write_str("&gt;")?,
                '"' => f.write_str("&quot;")?,
                '\'' => f.write_str("&#39;")?,
                // Marks that turn the direction of text could make a key look
                // like another one.
                '\u{200e}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => {
                    write!(f, "\\u{{{:x}}}", u32::from(c))?;
                }
                c if c.is_control() => f.write_str("\u{fffd}")?,
                c => write!(f, "{c}")?,
            }
        }
        Ok(())
    }
}

/// Writes the page.
///
/// # Errors
///
/// Of writing.
pub fn page(
    out: &mut dyn Write,
    path: &Path,
    stats: &Stats,
    damage: Option<&str>,
    now_ms: i64,
) -> io::Result<()> {
    let name = shown(path).to_string();
    let name = match name.as_str() {
        "-" => "standard input",
        name => name,
    };
    write!(
        out,
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <title>{0}: statistics</title>\n<style>\n{STYLE}</style>\n</head>\n<body>\n<h1>{0}</h1>\n",
        Escaped(name)
    )?;
    if let Some(why) = damage {
        let why = Escaped(why);
        writeln!(
            out,
            "<p class=\"damage\">The file is damaged; what is before the damage was counted. {why}</p>"
        )?;
    }
    cards(out, stats)?;
    out.write_all(b"<dl>\n")?;
    for (name, text) in facts(stats) {
        writeln!(out, "<dt>{}</dt><dd>{}</dd>", Escaped(name), Escaped(&text))?;
    }
    out.write_all(b"</dl>\n")?;
    for part in sections(stats, ROWS) {
        section(out, &part)?;
    }
    writeln!(
        out,
        "<footer>rdbkit {}, {}. Sizes in memory are estimates for a server with default settings that \
         has just loaded the file.</footer>\n</body>\n</html>",
        env!("CARGO_PKG_VERSION"),
        time(now_ms)
    )
}

fn cards(out: &mut dyn Write, stats: &Stats) -> io::Result<()> {
    let total = stats.total();
    let cards = [
        (grouped(total.keys), "keys"),
        (size(total.bytes), "of keys in the file"),
        (
            size(total.memory.allocated + stats.tables()),
            "in memory, about",
        ),
        (grouped(total.expires), "keys with an expiry"),
        (grouped(total.expired), "expired keys"),
    ];
    out.write_all(b"<div class=\"cards\">\n")?;
    for (number, name) in cards {
        writeln!(out, "<div><b>{number}</b><span>{name}</span></div>")?;
    }
    out.write_all(b"</div>\n")
}

fn section(out: &mut dyn Write, section: &Section) -> io::Result<()> {
    let bars = section.rows.iter().any(|row| row.share.is_some());
    writeln!(
        out,
        "<h2>{}</h2>\n<div class=\"wide\"><table>\n<thead><tr>",
        Escaped(section.title)
    )?;
    let class = |align| if align == 'r' { " class=\"r\"" } else { "" };
    for (name, align) in section.columns.iter().zip(section.align.chars()) {
        write!(out, "<th{}>{}</th>", class(align), Escaped(name))?;
    }
    if bars {
        out.write_all(b"<th class=\"bar\"></th>")?;
    }
    out.write_all(b"</tr></thead>\n<tbody>\n")?;
    for row in &section.rows {
        out.write_all(b"<tr>")?;
        for (cell, align) in row.cells.iter().zip(section.align.chars()) {
            write!(out, "<td{}>{}</td>", class(align), Escaped(cell))?;
        }
        if let Some(share) = row.share {
            let width = 100.0 * share.clamp(0.0, 1.0);
            write!(
                out,
                "<td class=\"bar\"><i style=\"width:{width:.1}%\"></i></td>"
            )?;
        }
        out.write_all(b"</tr>\n")?;
    }
    out.write_all(b"</tbody>\n</table></div>\n")?;
    for note in &section.notes {
        writeln!(out, "<p>{}</p>", Escaped(note))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_means_something_is_written_out() {
        let text = Escaped("<script>alert('&\"')</script>\u{202e}\u{7}é").to_string();
        assert_eq!(
            text,
            "&lt;script&gt;alert(&#39;&amp;&quot;&#39;)&lt;/script&gt;\\u{202e}\u{fffd}é"
        );
    }
}
