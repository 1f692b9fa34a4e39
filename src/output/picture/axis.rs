//! The time axis of a picture.

use regime_core::calendar::ticks::Tick;

use crate::output::picture::chart::{TEXT, width};
use crate::output::picture::plot::Plot;
use crate::output::picture::svg::{Anchor, INK, Shade, Sheet};

/// Marks of time on all plots, the lowest last, with their texts below the lowest; the picture is so many pixels wide.
pub fn draw_times(sheet: &mut Sheet, marks: &[Tick<i64>], plots: &[&Plot], width_of_all: f64) {
    let Some(lowest) = plots.last() else { return };
    for (mark, x) in marks.iter().zip(placed(marks, lowest, width_of_all)) {
        for plot in plots {
            sheet.line(&plot.across(mark.at), Shade(INK, 0.18), 0.75);
        }
        if let Some(x) = x {
            sheet.text(&mark.text, [x, lowest.bottom + 4.0 + TEXT / 2.0 + 4.0], TEXT, Anchor::Middle);
        }
    }
}

/// The middles of the texts of marks. The outermost are moved inwards rather than cut off, and left out where they would then
/// touch the next.
fn placed(marks: &[Tick<i64>], plot: &Plot, width_of_all: f64) -> Vec<Option<f64>> {
    let end = width_of_all - 4.0;
    let half = |mark: &Tick<i64>| width(&mark.text) / 2.0;
    let moved = |mark: &Tick<i64>| plot.x(mark.at).min(end - half(mark)).max(4.0 + half(mark));
    let place = |(i, mark): (usize, &Tick<i64>)| {
        let (x, wanted) = (moved(mark), plot.x(mark.at));
        let next = if x > wanted { marks.get(i + 1) } else { marks.get(i.wrapping_sub(1)) };
        let touches = |next: &Tick<i64>| (moved(next) - x).abs() < half(mark) + half(next);
        (x == wanted || !next.is_some_and(touches)).then_some(x)
    };
    marks.iter().enumerate().map(place).collect()
}
