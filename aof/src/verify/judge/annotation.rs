//! Judging `#` lines.

use crate::event::Annotation;
use crate::scan::MAX_LINE;
use crate::verify::effect::Habits;
use crate::verify::finding::Code;
use crate::verify::judge::Judge;

impl Judge<'_> {
    pub(super) fn annotation(&mut self, line: &Annotation<'_>, offset: u64) {
        self.annotations += 1;
        if self.lines_at.is_none_or(|(_, n)| n != self.commands) {
            self.lines_at = Some((offset, self.commands));
        }
        if !self.server.has_multi_part() {
            let message = format!("an annotation: {} knows none", self.server);
            self.find(Code::OldAnnotation, None, offset, message);
        }
        if !line.is_complete() && line.as_raw().len() < MAX_LINE {
            self.torn_annotation = Some(offset);
            return;
        }
        let odd = if !line.is_complete() {
            Some((
                Code::LongAnnotation,
                "an annotation of more than 1022 bytes",
            ))
        } else if line.timestamp().is_none() {
            Some((Code::OddAnnotation, "an annotation that is no time"))
        } else if self.open.is_some() {
            Some((Code::OddAnnotation, "an annotation inside a transaction"))
        } else {
            None
        };
        if let Some((code, message)) = odd {
            self.find(code, None, offset, message.to_owned());
        }
        let Some(time) = line.timestamp() else {
            return;
        };
        if let Some(before) = self.last_time.filter(|&before| time < before) {
            let message = format!("time {time} stands behind {before}");
            self.find(Code::TimeBackwards, None, offset, message);
        }
        self.first_time = self.first_time.or(Some(time));
        self.last_time = Some(time);
    }
}
