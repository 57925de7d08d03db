//! Two counts as one.

use super::Stats;

impl Stats {
    /// Adds what was counted of another file, or of another part of this one.
    ///
    /// Prefixes are held as this one's options say; estimates stay what they
    /// were made for.
    pub fn merge(&mut self, mut other: Stats) {
        self.put_counts();
        other.put_counts();
        for (db, counts) in other.databases {
            (self.db, self.counts) = (db, counts);
            self.put_counts();
        }
        self.other_databases.add(&other.other_databases);
        for (mine, theirs) in self.types.iter_mut().zip(other.types.iter()) {
            if mine.0.keys == 0 {
                mine.1 = theirs.1;
            }
            mine.0.add(&theirs.0);
        }
        for (mine, n) in self.encodings.iter_mut().zip(other.encodings) {
            *mine += n;
        }
        self.unmodelled += other.unmodelled;
        for (mine, theirs) in self.lifetimes.iter_mut().zip(&other.lifetimes) {
            mine.add(theirs);
        }
        for (mine, theirs) in self.kinds.iter_mut().zip(other.kinds.iter()) {
            mine.elements.merge(&theirs.elements);
            mine.memory.merge(&theirs.memory);
            mine.uncounted += theirs.uncounted;
        }
        self.usage.idle.merge(&other.usage.idle);
        self.usage.freq.merge(&other.usage.freq);
        self.prefixes.merge(other.prefixes);
        self.by_bytes.merge(other.by_bytes);
        self.by_elements.merge(other.by_elements);
        self.by_memory.merge(other.by_memory);
        if !self.started && other.started {
            (self.started, self.meter.model) = (true, other.meter.model);
        }
        self.end += other.end;
        self.file.merge(other.file);
    }
}
