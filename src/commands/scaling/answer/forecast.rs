//! The prediction of `--predict` as text and rows: a part of the report of `scaling`.

use std::io::{self, Write};

use crate::commands::scaling::analysis::forecast::Forecast;
use crate::commands::scaling::analysis::predict::{Costs, Prediction};
use crate::report::text::{cell, table};

impl Prediction {
    /// The name of its curve.
    pub fn series(&self) -> String {
        self.asked_chunk.map_or_else(|| self.schedule.clone(), |chunk| format!("{}, chunk {chunk}", self.schedule))
    }
}

impl Forecast {
    /// A header, and a row for each number of ranks: speed-up, efficiency and what limits it under
    /// every schedule.
    pub fn rows(&self) -> Vec<Vec<String>> {
        let curves: Vec<&[Prediction]> = self.predictions.chunk_by(|a, b| a.series() == b.series()).collect();
        let mut header = vec!["ranks".to_owned()];
        header.extend(curves.iter().flat_map(|curve| [curve[0].series(), String::new(), String::new()]));
        let rungs = curves.first().map_or(0, |curve| curve.len());
        let row = |rung: usize| {
            let cells = curves.iter().map(|curve| &curve[rung]).flat_map(|prediction| {
                let Prediction { speedup, efficiency, limit, .. } = prediction;
                [format!("{speedup:.1}"), format!("{:.0} %", 100.0 * efficiency), limit.word().to_owned()]
            });
            std::iter::once(curves[0][rung].ranks.to_string()).chain(cells).collect()
        };
        std::iter::once(header).chain((0..rungs).map(row)).collect()
    }

    /// The table, with its inputs and conclusions.
    pub(super) fn write_text(&self, costs: &Costs, out: &mut dyn Write) -> io::Result<()> {
        if let Some(work) = &self.work {
            writeln!(
                out,
                "predicted from {:.3} s of computing in {} blocks, {:.2} us a message, {:.2} us an answer of rank 0, {:.3} us a span in the \
                 last reduction:",
                work.compute,
                work.blocks,
                1e6 * costs.message,
                1e6 * costs.answer,
                1e6 * costs.span
            )?;
            let rows = self.rows();
            let words: Vec<usize> = (3..rows[0].len()).step_by(3).collect();
            table(&rows, &words, out)?;
        }
        self.notes.iter().try_for_each(|note| writeln!(out, "{note}"))
    }

    /// Rows in the form of the table of measurements, with the mode `predicted`; columns that are
    /// only measured are empty.
    pub(super) fn write_csv(&self, amount: u64, out: &mut dyn Write) -> io::Result<()> {
        for prediction in &self.predictions {
            let Prediction { schedule, asked_chunk, ranks, chunk, seconds, speedup, efficiency, limit } = prediction;
            let asked = cell(*asked_chunk);
            writeln!(
                out,
                "predicted,{schedule},{asked},{chunk},{ranks},false,0,{seconds},,,{amount},{speedup},{efficiency},,,,,,,,{}",
                limit.word()
            )?;
        }
        Ok(())
    }
}
