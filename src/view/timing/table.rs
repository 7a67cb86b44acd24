//! The kernels of a step as rows of a table, and the orders in which they stand.

use std::cmp::Ordering;

use super::flame::Side;

/// A kernel's row: all its calls in a step together.
#[derive(Clone, Debug, PartialEq)]
pub struct Row<'a> {
    /// The kernel's name.
    pub name: &'a str,
    /// Calls in a step.
    pub calls: usize,
    /// Microseconds of a call: the median.
    pub median: f32,
    /// Microseconds of a call: 95 % are shorter.
    pub p95: f32,
    /// GFLOP/s over all its calls.
    pub gflops: f32,
    /// GB/s over all its calls.
    pub gbps: f32,
    /// FLOP a byte; 0 where it does no arithmetic.
    pub intensity: f32,
    /// Share of the time of all kernels of the step, 0 to 1.
    pub share: f32,
    /// Of that, the student's part, the teacher's, and neither's.
    pub sides: [f32; 3],
    /// max(FLOP / peak, bytes / bandwidth) / time: 1 at the roof; none where no roof was measured.
    pub of_roof: Option<f32>,
}

impl Row<'_> {
    /// The side that has most of its time; neither where student and teacher share it.
    pub fn side(&self) -> Side {
        let [student, teacher, _] = self.sides;
        match () {
            () if student > self.share * MOST => Side::Student,
            () if teacher > self.share * MOST => Side::Teacher,
            () => Side::Neither,
        }
    }
}

/// From this part of its time on, a kernel is its side's.
const MOST: f32 = 0.75;

/// A column, in the order in which they stand.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Column {
    /// The name.
    Kernel,
    /// See [`Row::calls`].
    Calls,
    /// See [`Row::median`].
    Median,
    /// See [`Row::p95`].
    P95,
    /// See [`Row::gflops`].
    Gflops,
    /// See [`Row::gbps`].
    Gbps,
    /// See [`Row::share`].
    #[default]
    Share,
    /// See [`Row::of_roof`].
    Roof,
}

impl Column {
    /// All of them.
    pub const ALL: [Self; 8] = [Self::Kernel, Self::Calls, Self::Median, Self::P95, Self::Gflops, Self::Gbps, Self::Share, Self::Roof];

    /// Its head.
    pub const fn title(self) -> &'static str {
        match self {
            Self::Kernel => "kernel",
            Self::Calls => "calls",
            Self::Median => "median µs",
            Self::P95 => "p95 µs",
            Self::Gflops => "GFLOP/s",
            Self::Gbps => "GB/s",
            Self::Share => "share of step",
            Self::Roof => "of roof",
        }
    }

    /// What it says, with its unit.
    pub const fn tip(self) -> &'static str {
        match self {
            Self::Kernel => "The shader that ran. A kernel that the step calls several times is one row.",
            Self::Calls => "Dispatches of this kernel in one training step.",
            Self::Median => "Time of one call in microseconds: half of the calls take less.",
            Self::P95 => "Time of one call in microseconds: 95 of 100 calls take less.",
            Self::Gflops => "Arithmetic done a second, in thousand million operations (a multiply-add counts as two), over all calls.",
            Self::Gbps => "Bytes read and written a second, in thousand million, each tensor counted once a call.",
            Self::Share => {
                "Share of the time of all kernels of the step, in percent. Orange is the student's part, violet outlines the teacher's, \
                 grey is neither's."
            }
            Self::Roof => {
                "How near it comes to what this adapter was measured to do: the larger of FLOP / peak and bytes / bandwidth, over the \
                 time, in percent."
            }
        }
    }
}

/// The order of the rows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Order {
    /// By which column: the largest first, names by the alphabet.
    pub column: Column,
    /// The other way round.
    pub reversed: bool,
}

impl Order {
    /// By the next of the columns that are shown.
    pub fn next(self, shown: &[Column]) -> Self {
        let place = shown.iter().position(|column| *column == self.column).map_or(0, |place| place + 1);
        Self { column: shown.get(place).or_else(|| shown.first()).copied().unwrap_or_default(), reversed: false }
    }

    /// By this column; by the same one again, the other way round.
    pub fn by(self, column: Column) -> Self {
        Self { column, reversed: column == self.column && !self.reversed }
    }

    /// Puts rows in order; equal ones stay by name, so that rows do not dance.
    pub fn sort(self, rows: &mut [&Row<'_>]) {
        let largest_first = |a: f32, b: f32| b.total_cmp(&a);
        rows.sort_by(|a, b| {
            let order = match self.column {
                Column::Kernel => a.name.cmp(b.name),
                Column::Calls => b.calls.cmp(&a.calls),
                Column::Median => largest_first(a.median, b.median),
                Column::P95 => largest_first(a.p95, b.p95),
                Column::Gflops => largest_first(a.gflops, b.gflops),
                Column::Gbps => largest_first(a.gbps, b.gbps),
                Column::Share => largest_first(a.share, b.share),
                Column::Roof => match (a.of_roof, b.of_roof) {
                    (Some(a), Some(b)) => largest_first(a, b),
                    (a, b) => b.is_some().cmp(&a.is_some()),
                },
            };
            let order = if self.reversed { order.reverse() } else { order };
            if order == Ordering::Equal { a.name.cmp(b.name) } else { order }
        });
    }
}

/// The first row to show, so that `chosen` is among the `room` rows that fit.
pub fn scrolled(first: usize, chosen: Option<usize>, room: usize, count: usize) -> usize {
    let last = count.saturating_sub(room);
    let first = first.min(last);
    match chosen {
        Some(chosen) if chosen < first => chosen,
        Some(chosen) if chosen >= first + room => (chosen + 1).saturating_sub(room).min(last),
        _ => first,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(name: &'static str, median: f32, share: f32, of_roof: Option<f32>) -> Row<'static> {
        Row { name, calls: 1, median, p95: median, gflops: 0.0, gbps: 0.0, intensity: 0.0, share, sides: [share, 0.0, 0.0], of_roof }
    }

    fn names(order: Order) -> Vec<&'static str> {
        let all: [Row<'static>; 3] = [row("ema", 12.0, 0.1, None), row("matmul", 3.0, 0.6, Some(0.5)), row("adamw", 31.0, 0.3, Some(0.9))];
        let mut rows: Vec<&Row<'_>> = all.iter().collect();
        order.sort(&mut rows);
        rows.into_iter().map(|row| row.name).collect()
    }

    #[test]
    fn rows_stand_in_order() {
        assert_eq!(names(Order::default()), ["matmul", "adamw", "ema"]);
        assert_eq!(names(Order { column: Column::Kernel, reversed: false }), ["adamw", "ema", "matmul"]);
        assert_eq!(names(Order { column: Column::Kernel, reversed: true }), ["matmul", "ema", "adamw"]);
        assert_eq!(names(Order { column: Column::Median, reversed: false }), ["adamw", "ema", "matmul"]);
        assert_eq!(names(Order { column: Column::Roof, reversed: false }), ["adamw", "matmul", "ema"], "unknown comes last");
        assert_eq!(names(Order { column: Column::Calls, reversed: false }), ["adamw", "ema", "matmul"], "equal ones by name");
        let odd = [row("a", f32::NAN, f32::NAN, Some(f32::NAN)), row("b", f32::INFINITY, -1.0, None)];
        for column in Column::ALL {
            Order { column, reversed: true }.sort(&mut [&odd[0], &odd[1]]);
        }
    }

    #[test]
    fn enter_goes_through_the_columns() {
        let shown = [Column::Kernel, Column::Median, Column::Share];
        let mut order = Order::default();
        let seen: Vec<Column> = (0..3)
            .map(|_| {
                order = order.next(&shown);
                order.column
            })
            .collect();
        assert_eq!(seen, [Column::Kernel, Column::Median, Column::Share]);
        assert_eq!(Order::default().next(&[]).column, Column::Share);
        let again = Order::default().by(Column::Share);
        assert!(again.reversed && !again.by(Column::Share).reversed && !again.by(Column::Calls).reversed);
    }

    #[test]
    fn the_chosen_row_is_in_sight() {
        assert_eq!(scrolled(0, Some(12), 10, 30), 3);
        assert_eq!(scrolled(8, Some(2), 10, 30), 2);
        assert_eq!(scrolled(99, None, 10, 30), 20);
        assert_eq!(scrolled(5, Some(7), 10, 8), 0);
        assert_eq!(scrolled(0, Some(3), 0, 8), 4);
    }
}
