//! Other programs: started without a shell, their output kept until it is wanted.

use std::{
    ffi::OsStr,
    fmt,
    io::Read,
    path::Path,
    process::{Command, Stdio},
};

use crate::workspace;

/// Why a stage failed: a sentence, and the output of the program that failed, if one did.
#[derive(Debug)]
pub struct Failure {
    sentence: String,
    output: Option<String>,
}

impl Failure {
    pub fn new(sentence: impl Into<String>) -> Self {
        Self {
            sentence: sentence.into(),
            output: None,
        }
    }

    /// A failure to do what `doing` says with a path.
    pub fn io(doing: &str, path: &Path, error: &std::io::Error) -> Self {
        Self::new(format!("can't {doing} {}: {error}", path.display()))
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(output) = &self.output {
            writeln!(f, "{}", output.trim_end())?;
        }
        write!(f, "{}", self.sentence)
    }
}

/// Cargo, the very one that runs this tool, in the workspace's folder.
pub fn cargo<A: AsRef<OsStr>>(arguments: impl IntoIterator<Item = A>) -> Command {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.current_dir(workspace::root()).args(arguments);
    command
}

/// A program of the path, in the workspace's folder.
pub fn program<A: AsRef<OsStr>>(name: &str, arguments: impl IntoIterator<Item = A>) -> Command {
    let mut command = Command::new(name);
    command.current_dir(workspace::root()).args(arguments);
    command
}

/// npm, in the web client's folder.
pub fn npm<A: AsRef<OsStr>>(arguments: impl IntoIterator<Item = A>) -> Command {
    let name = if cfg!(windows) { "npm.cmd" } else { "npm" };
    let mut command = Command::new(name);
    command
        .current_dir(workspace::web())
        .args(arguments)
        .env("NO_UPDATE_NOTIFIER", "1")
        .env("NO_COLOR", "1");
    command
}

/// Runs to the end. Returns everything that was written, to both streams, in the order in which it was written.
pub fn output(command: Command) -> Result<String, Failure> {
    let name = described(&command);
    let (success, output) = finished(command)?;
    if success {
        Ok(output)
    } else {
        Err(Failure {
            sentence: format!("failed: {name}"),
            output: Some(output),
        })
    }
}

/// Runs to the end, and says whether it went well, with everything that was written.
pub fn finished(mut command: Command) -> Result<(bool, String), Failure> {
    let name = described(&command);
    let failed = |error: std::io::Error| match error.kind() {
        std::io::ErrorKind::NotFound => Failure::new(format!("not installed: {name}")),
        _ => Failure::new(format!("can't run {name}: {error}")),
    };
    let (mut reader, writer) = std::io::pipe().map_err(failed)?;
    let both = writer.try_clone().map_err(failed)?;
    let mut child = command
        .stdin(Stdio::null())
        .stdout(writer)
        .stderr(both)
        .spawn()
        .map_err(failed)?;
    // The command holds the writing ends; as long as it lives, reading doesn't end.
    drop(command);
    let mut output = Vec::new();
    reader.read_to_end(&mut output).map_err(failed)?;
    let status = child.wait().map_err(failed)?;
    Ok((
        status.success(),
        String::from_utf8_lossy(&output).into_owned(),
    ))
}

/// Whether a program is there and answers well.
pub fn answers(command: Command) -> bool {
    finished(command).is_ok_and(|(success, _)| success)
}

fn described(command: &Command) -> String {
    let program = Path::new(command.get_program());
    let mut words = vec![program.file_name().unwrap_or_default().to_string_lossy()];
    words.extend(command.get_args().map(OsStr::to_string_lossy));
    words.join(" ")
}
