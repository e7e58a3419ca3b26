//! The rules of the architecture (`docs/ARCHITECTURE.md`) that a compiler doesn't check.
//!
//! Every rule is a function from sources to complaints, and is tested on a sample that breaks it.

mod crates;
mod house;
mod rust_paths;
mod server;
mod source;
mod web;

use crate::{
    process::Failure,
    stage::{Outcome, Report},
};

pub use source::SourceFile;

/// A complaint: where, and what is wrong there.
pub type Complaint = String;

/// Applies every rule to the repository.
pub fn check() -> Outcome {
    let sources = source::of_repository()?;
    let packages = crates::of_workspace()?;
    let mut complaints = crates::edges(&packages);
    complaints.extend(apply(&sources));
    if complaints.is_empty() {
        return Ok(Report::Done(format!("{} files", sources.len())));
    }
    complaints.sort();
    complaints.dedup();
    Err(Failure::new(format!(
        "{}\n{} complaints",
        complaints.join("\n"),
        complaints.len()
    )))
}

fn apply(sources: &[SourceFile]) -> Vec<Complaint> {
    let mut complaints = Vec::new();
    for source in sources {
        complaints.extend(crates::purity(source));
        complaints.extend(server::inner_edges(source));
        complaints.extend(server::crypto_core(source));
        complaints.extend(web::edges(source));
        complaints.extend(web::html(source));
        complaints.extend(house::name(source));
        complaints.extend(house::length(source));
        complaints.extend(house::first_line(source));
        complaints.extend(house::machine_paths(source));
    }
    complaints.extend(house::documents(sources));
    complaints
}
