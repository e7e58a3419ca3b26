//! A stage of work: one line with its time, and the whole output of one that fails.

use std::{
    io::Write,
    time::{Duration, Instant},
};

use crate::process::Failure;

/// What a stage has to say for itself, or why it failed.
pub type Outcome = Result<Report, Failure>;

/// How a stage went.
#[derive(Debug)]
pub enum Report {
    /// It is done. The text, if any, follows its name.
    Done(String),
    /// There was nothing to do.
    Fresh,
    /// It can't be done here; the text says what is missing.
    Skipped(String),
}

impl Report {
    /// Done, with nothing to add.
    pub fn done() -> Self {
        Self::Done(String::new())
    }
}

/// A named piece of work.
#[derive(Clone, Copy)]
pub struct Stage {
    /// Also what `--only` takes.
    pub name: &'static str,
    /// Does it.
    pub work: fn() -> Outcome,
}

/// Runs stages in order, up to the first that fails.
pub fn all(stages: &[Stage]) -> Result<(), Failure> {
    for stage in stages {
        one(stage)?;
    }
    Ok(())
}

/// Runs stages at the same time. Their lines come in order.
pub fn together(stages: &[Stage]) -> Result<(), Failure> {
    let start = Instant::now();
    let outcomes: Vec<(Outcome, Duration)> = std::thread::scope(|scope| {
        let threads: Vec<_> = stages
            .iter()
            .map(|stage| scope.spawn(|| ((stage.work)(), start.elapsed())))
            .collect();
        threads
            .into_iter()
            .map(|thread| {
                thread.join().unwrap_or_else(|_| {
                    let panicked = Failure::new("the stage panicked");
                    (Err(panicked), start.elapsed())
                })
            })
            .collect()
    });
    let mut first_failure = Ok(());
    for (stage, (outcome, time)) in stages.iter().zip(outcomes) {
        print!("{:<10} ", stage.name);
        let outcome = line(outcome, time).map(drop);
        first_failure = first_failure.and(outcome);
    }
    first_failure
}

/// Runs every stage, whatever fails, and repeats at the end what each of them counted, and which failed.
pub fn every(stages: &[Stage]) -> Result<(), Failure> {
    let mut counted = Vec::new();
    let mut failed = Vec::new();
    for stage in stages {
        match one(stage) {
            Ok(text) if text.contains(|c: char| c.is_ascii_digit()) => {
                counted.push(format!("{:<10} {text}", stage.name));
            }
            Ok(_) => {}
            Err(failure) => {
                eprintln!("\n{failure}\n");
                failed.push(stage.name);
            }
        }
    }
    println!("\n{}", counted.join("\n"));
    if failed.is_empty() {
        println!("\nall passed");
        return Ok(());
    }
    Err(Failure::new(format!(
        "failed: {}\nagain: cargo xtask test --only {}",
        failed.join(", "),
        failed.join(" --only ")
    )))
}

fn one(stage: &Stage) -> Result<String, Failure> {
    print!("{:<10} ", stage.name);
    // Only for the eye: who watches sees which stage is at work.
    let _ = std::io::stdout().flush();
    let start = Instant::now();
    line((stage.work)(), start.elapsed())
}

/// Ends a stage's line.
fn line(outcome: Outcome, time: Duration) -> Result<String, Failure> {
    let time = seconds(time);
    let (how, text) = match outcome {
        Ok(Report::Done(text)) => ("ok", text),
        Ok(Report::Fresh) => ("fresh", String::new()),
        Ok(Report::Skipped(text)) => ("skipped", text),
        Err(failure) => {
            println!("FAILED  {time:>8}");
            return Err(failure);
        }
    };
    println!("{}", format!("{how:<7} {time:>8}  {text}").trim_end());
    Ok(text)
}

fn seconds(time: Duration) -> String {
    format!("{:.1} s", time.as_secs_f64())
}
