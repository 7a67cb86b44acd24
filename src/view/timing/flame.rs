//! The step's dispatches as a flame chart: a bar for each scope over the dispatches recorded in it, rows by depth.
//!
//! Contract: bars come in the order in which they are drawn, outer before inner; a bar of depth d lies within one of depth d - 1.
//! A scope that is left and entered again makes two bars.

use std::ops::Range;

/// A dispatch as the flame chart needs it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Timed<'a> {
    /// Scopes and kernel, as recorded: "student/encoder/stage0/matmul_nn_register".
    pub label: &'a str,
    /// When it begins, microseconds after the step does.
    pub start: f32,
    /// For how long it runs, microseconds.
    pub micros: f32,
}

impl Timed<'_> {
    /// When it ends; never before it begins.
    pub fn end(&self) -> f32 {
        self.start + self.micros.max(0.0)
    }
}

/// A scope, or a single dispatch.
#[derive(Clone, Debug, PartialEq)]
pub struct Bar<'a> {
    /// 0 for the outermost scopes.
    pub depth: usize,
    /// The scope's own name, or the kernel's.
    pub name: &'a str,
    /// From and to, microseconds after the step begins.
    pub span: [f32; 2],
    /// The dispatches in it.
    pub dispatches: Range<usize>,
    /// It is a dispatch itself.
    pub is_dispatch: bool,
    /// Whose work it is.
    pub side: Side,
}

/// Whose work a scope is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Side {
    /// The student's: its forward pass, its gradients, its update.
    Student,
    /// The teacher's: its forward pass, what it takes over from the student, its centre.
    Teacher,
    /// Neither's: images, the loss between the two, meters.
    Neither,
}

impl Side {
    /// Of a dispatch, by its scopes. Gradients are the student's, but for those of the teacher's own layers (the stop-gradient is off).
    pub fn of_label(label: &str) -> Self {
        let mut scopes = label.split('/');
        match (scopes.next(), scopes.next()) {
            (Some("teacher" | "ema" | "center"), _) | (Some("backward"), Some("teacher")) => Self::Teacher,
            (Some("student" | "backward" | "update"), _) => Self::Student,
            _ => Self::Neither,
        }
    }
}

/// The bars of a step.
pub fn flame<'a>(dispatches: &[Timed<'a>]) -> Vec<Bar<'a>> {
    let mut bars: Vec<Bar<'a>> = Vec::new();
    // The scopes that are open, as places in `bars`.
    let mut open: Vec<usize> = Vec::new();
    for (index, dispatch) in dispatches.iter().enumerate() {
        let side = Side::of_label(dispatch.label);
        let outer = Side::of_label(dispatch.label.split('/').next().unwrap_or_default());
        let parts: Vec<&str> = dispatch.label.split('/').collect();
        let (kernel, scopes) = parts.split_last().map_or(("", &[][..]), |(last, scopes)| (*last, scopes));
        let kept = open.iter().zip(scopes).take_while(|(bar, scope)| bars[**bar].name == **scope).count();
        open.truncate(kept);
        for (depth, scope) in scopes.iter().enumerate().skip(kept) {
            open.push(bars.len());
            let span = [dispatch.start, dispatch.end()];
            let side = if depth == 0 { outer } else { side };
            bars.push(Bar { depth, name: scope, span, dispatches: index..index + 1, is_dispatch: false, side });
        }
        for bar in &open {
            bars[*bar].span[1] = bars[*bar].span[1].max(dispatch.end());
            bars[*bar].dispatches.end = index + 1;
        }
        let span = [dispatch.start, dispatch.end()];
        bars.push(Bar { depth: scopes.len(), name: kernel, span, dispatches: index..index + 1, is_dispatch: true, side });
    }
    bars
}

/// Rows that the bars take.
pub fn depth(bars: &[Bar<'_>]) -> usize {
    bars.iter().map(|bar| bar.depth + 1).max().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn timed<'a>(labels: &[&'a str]) -> Vec<Timed<'a>> {
        labels.iter().enumerate().map(|(index, label)| Timed { label, start: 10.0 * index as f32, micros: 8.0 }).collect()
    }

    #[test]
    fn scopes_nest_and_cover_their_dispatches() {
        let bars = flame(&timed(&["views/a", "student/encoder/b", "student/encoder/c", "student/head/b", "tick"]));
        let found = |name: &str| bars.iter().find(|bar| bar.name == name && !bar.is_dispatch).expect("a scope");
        assert_eq!((found("student").span, found("student").dispatches.clone()), ([10.0, 38.0], 1..4));
        assert_eq!((found("encoder").depth, found("encoder").span), (1, [10.0, 28.0]));
        assert_eq!(found("views").side, Side::Neither);
        assert_eq!(found("student").side, Side::Student);
        assert_eq!(Side::of_label("backward/teacher/head/b"), Side::Teacher);
        let tick = bars.last().expect("bars");
        assert_eq!((tick.depth, tick.is_dispatch, tick.name), (0, true, "tick"));
        assert_eq!(depth(&bars), 3);
        for bar in &bars {
            let inside = |outer: &&Bar<'_>| {
                outer.depth + 1 == bar.depth && outer.span[0] <= bar.span[0] && outer.span[1] >= bar.span[1] && !outer.is_dispatch
            };
            assert!(bar.depth == 0 || bars.iter().filter(inside).count() == 1, "{bar:?}");
        }
    }

    #[test]
    fn a_scope_entered_again_is_another_bar() {
        let bars = flame(&timed(&["loss/a", "backward/b", "loss/c"]));
        assert_eq!(bars.iter().filter(|bar| bar.name == "loss").count(), 2);
        // A scope of the same name in another one is not the same.
        let bars = flame(&timed(&["student/encoder/a", "teacher/encoder/a"]));
        assert_eq!(bars.iter().filter(|bar| bar.name == "encoder").count(), 2);
    }

    #[test]
    fn any_labels_and_times_make_bars() {
        let odd = [
            Timed { label: "", start: f32::NAN, micros: -3.0 },
            Timed { label: "a//b", start: 5.0, micros: f32::NAN },
            Timed { label: "///", start: 1.0, micros: 0.0 },
        ];
        assert_eq!(flame(&odd).iter().filter(|bar| bar.is_dispatch).count(), 3);
        assert_eq!(depth(&flame(&[])), 0);
    }
}
