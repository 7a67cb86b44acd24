//! Profiled steps: training goes on, step by step the same bits, only that each dispatch has a pass of its own and its own
//! timestamps ([`Command::ProfileSteps`](crate::command::Command::ProfileSteps)). They come back through a ring and nobody waits.
//!
//! The one exception: where the adapter has no timestamps that make sense, each dispatch is waited for by the wall clock. A step that
//! is walked, or for whose times there is no room, is done as ever and not counted.

use std::collections::{HashMap, VecDeque};
use std::ops::Range;
use std::sync::Arc;
use std::time::Instant;

use super::SessionError;
use crate::gpu::{DispatchTimer, Gpu, Program, RoofMeter, improve_roof, recall_roof, roof_may_be_low, timed_by_wall_clock};
use crate::profile::{Clock, Dispatch, Measured, Roof, StepTimes};

/// Profiles the steps of a session.
pub(super) struct Profiling {
    clock: Clock,
    /// Its timestamps may come late.
    software: bool,
    /// The program that is profiled; the times are of no other.
    dispatches: Arc<[Dispatch]>,
    timer: Option<DispatchTimer>,
    /// The step that is being done, if it is profiled.
    current: Option<Current>,
    /// Steps whose timestamps are on their way: the ends of their slices.
    sent: HashMap<u64, Vec<usize>>,
    steps: VecDeque<Measured>,
    shown: Option<Arc<StepTimes>>,
    roof: Option<Arc<Roof>>,
    /// Measures the roof, where none is remembered, or where a kernel was faster.
    meter: Option<RoofMeter>,
    /// It is not measured again in this session.
    settled: bool,
}

#[derive(Default)]
struct Current {
    /// Ends of the slices so far.
    ends: Vec<usize>,
    /// By the wall clock: microseconds so far, and of the slices with all their submissions and waits.
    micros: Vec<f64>,
    span_micros: f64,
}

impl Profiling {
    pub(super) fn new(gpu: &Gpu) -> Self {
        let supported = gpu.features.contains(wgpu::Features::TIMESTAMP_QUERY);
        let roof = recall_roof(gpu).map(Arc::new);
        Self {
            clock: if supported { Clock::Valid } else { Clock::Unsupported },
            software: gpu.is_software(),
            dispatches: Arc::new([]),
            timer: None,
            current: None,
            sent: HashMap::new(),
            steps: VecDeque::new(),
            shown: None,
            meter: roof.is_none().then(|| RoofMeter::new(gpu)),
            settled: roof.is_none(),
            roof,
        }
    }

    /// Does the next measurement of the roof, if one is left, and waits for it: for a fraction of a second, between two jobs, once for
    /// an adapter, and once more where a kernel shows that it came out too low.
    pub(super) fn measure_roof(&mut self, gpu: &Gpu) -> Result<(), SessionError> {
        if !self.settled && self.shown.as_ref().is_some_and(|times| times.beats_roof()) {
            self.settled = true;
            if roof_may_be_low(gpu) {
                log::info!("a kernel is faster than the roof that was measured: it is measured again");
                self.meter = Some(RoofMeter::new(gpu));
            }
        }
        let Some(meter) = &mut self.meter else { return Ok(()) };
        if let Some(roof) = meter.advance(gpu)? {
            self.meter = None;
            self.roof = Some(Arc::new(improve_roof(gpu, &roof)));
            self.show();
        }
        Ok(())
    }

    /// To be called before a slice of a step; whether it is profiled. `walked`: the step is. `drawn`: so has been a frame.
    pub(super) fn takes(&mut self, gpu: &Gpu, program: &Program, range: &Range<usize>, walked: bool, drawn: bool) -> bool {
        if range.start == 0 {
            if drawn && self.software && self.clock.is_valid() {
                self.distrust(Clock::Late);
            }
            if !Arc::ptr_eq(&self.dispatches, program.dispatches()) {
                self.dispatches = program.dispatches().clone();
                self.forget();
                self.timer = if self.clock.is_valid() { DispatchTimer::new(gpu, program.len()) } else { None };
            }
            let has_room = self.timer.as_ref().is_none_or(DispatchTimer::has_room);
            self.current = (has_room && !walked).then(Current::default);
        }
        self.current.is_some()
    }

    /// Times are taken by the wall clock from now on.
    fn distrust(&mut self, clock: Clock) {
        log::info!("{}", clock.told());
        self.clock = clock;
        self.timer = None;
        // What is encoded with timestamps already goes on and is not counted.
        self.current = None;
        self.forget();
    }

    /// Each dispatch is waited for.
    pub(super) const fn waits(&self) -> bool {
        self.timer.is_none()
    }

    fn forget(&mut self) {
        self.sent.clear();
        self.steps.clear();
        self.shown = None;
    }

    /// Encodes a slice that it takes; by the wall clock, does it.
    pub(super) fn run(
        &mut self,
        gpu: &Gpu,
        encoder: &mut wgpu::CommandEncoder,
        program: &Program,
        range: Range<usize>,
    ) -> Result<(), SessionError> {
        let Some(current) = &mut self.current else { return Ok(()) };
        current.ends.push(range.end);
        match &mut self.timer {
            Some(timer) => timer.encode(encoder, program, range),
            None => {
                let began = Instant::now();
                current.micros.extend(timed_by_wall_clock(gpu, program, range)?);
                current.span_micros += began.elapsed().as_secs_f64() * 1e6;
            }
        }
        Ok(())
    }

    /// Step number `step`, all of whose slices it took, is encoded to its end.
    pub(super) fn finish(&mut self, encoder: &mut wgpu::CommandEncoder, step: u64) {
        let Some(Current { ends, micros, span_micros }) = self.current.take() else { return };
        match &mut self.timer {
            Some(timer) => {
                timer.finish(encoder, step);
                self.sent.insert(step, ends);
            }
            None => self.keep(Measured { step, micros, span_micros }),
        }
    }

    pub(super) fn submitted(&mut self) {
        if let Some(timer) = &mut self.timer {
            timer.submitted();
        }
    }

    /// Whether the next step's times would find room.
    pub(super) fn has_room(&self) -> bool {
        self.timer.as_ref().is_none_or(DispatchTimer::has_room)
    }

    pub(super) fn is_waiting(&self) -> bool {
        self.timer.as_ref().is_some_and(DispatchTimer::is_waiting)
    }

    /// Takes in what has arrived.
    pub(super) fn collect(&mut self) {
        let mut arrived = Vec::new();
        let Some(timer) = &mut self.timer else { return };
        timer.collect(|step, stamps| {
            let Some(ends) = self.sent.remove(&step) else { return };
            let starts = std::iter::once(0).chain(ends.iter().copied());
            let span_micros = starts.zip(&ends).map(|(start, &end)| stamps.span_micros(start..end)).sum();
            arrived.push(Measured { step, micros: stamps.micros(), span_micros });
        });
        for measured in arrived {
            match Clock::judged(&measured.micros) {
                Clock::Valid => self.keep(measured),
                useless => return self.distrust(useless),
            }
        }
    }

    fn keep(&mut self, measured: Measured) {
        if self.steps.len() == StepTimes::CAPACITY {
            self.steps.pop_front();
        }
        self.steps.push_back(measured);
        self.show();
    }

    fn show(&mut self) {
        if !self.steps.is_empty() {
            self.shown = Some(Arc::new(StepTimes::of(self.clock, self.dispatches.clone(), &self.steps, self.roof.clone())));
        }
    }

    /// The times so far.
    pub(super) fn times(&self) -> Option<Arc<StepTimes>> {
        self.shown.clone()
    }
}
