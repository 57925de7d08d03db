//! `rdbkit aof points`: the points in time a log can go back to.

use std::cell::RefCell;
use std::io;

use rdbkit_aof::fs::shown;
use rdbkit_aof::search::{Hint, Point, Points};
use rdbkit_aof::walk::{FileEnd, Unit, Visitor};

use crate::Streams;
use crate::args::PointsArgs;
use crate::cmd::aof::opened::Opened;
use crate::exit::Exit;
use crate::render::aof_points::{Estimate, Teller};

/// Tells them.
///
/// # Errors
///
/// Only of writing to the streams.
pub fn run(args: &PointsArgs, streams: &mut Streams<'_>) -> io::Result<Exit> {
    let log = match Opened::find(&args.path) {
        Ok(log) => log,
        Err(why) => {
            writeln!(streams.err, "rdbkit: {why}")?;
            return Ok(Exit::Trouble);
        }
    };
    let teller = RefCell::new(Teller::new(log.names(), args.all, args.json, streams.out));
    let mut visitor = Telling {
        points: Points::new(
            |point: &Point| teller.borrow_mut().point(point),
            |file, at, hint| teller.borrow_mut().hint(file, at, hint),
        ),
        teller: &teller,
    };
    let ends = log.walk(&mut visitor);
    let files = visitor.points.files().to_vec();
    let teller = teller.into_inner();
    let estimates: Vec<Estimate> = files
        .iter()
        .enumerate()
        .map(|(index, file)| Estimate::new(file, &ends, index, log.modified_ms(index)))
        .collect();
    let seconds = teller.finish(log.path(), &estimates)?;
    let worst = log.tell_trouble(&ends, streams.err)?;
    if seconds == 0 {
        writeln!(
            streams.err,
            "rdbkit: {}: no #TS annotation, so no exact points in time \
             (servers write them with aof-timestamp-enabled yes)",
            shown(&args.path)
        )?;
        return Ok(worst.max(Exit::Problems));
    }
    Ok(worst)
}

/// The visitor, which ends when nobody reads what it tells.
struct Telling<'r, 't, F, H> {
    points: Points<F, H>,
    teller: &'r RefCell<Teller<'t>>,
}

impl<F: FnMut(&Point), H: FnMut(usize, u64, Hint)> Visitor for Telling<'_, '_, F, H> {
    fn file(&mut self, index: usize) {
        self.points.file(index);
    }

    fn preamble(&mut self, index: usize, event: &rdbkit_rdb::Event<'_>) {
        self.points.preamble(index, event);
    }

    fn unit(&mut self, unit: &Unit<'_>) {
        self.points.unit(unit);
    }

    fn file_end(&mut self, index: usize, end: &FileEnd) {
        self.points.file_end(index, end);
    }

    fn enough(&self) -> bool {
        self.teller.borrow().is_broken()
    }
}
