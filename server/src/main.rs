//! The `sotto` command.

use std::process::ExitCode;

use clap::Parser as _;
use sotto_server::{
    app::{self, doctor::Verdict},
    config::{self, Cli, Command, Config},
};

fn main() -> ExitCode {
    let result = config::arguments(std::env::args_os(), |name| std::env::var_os(name)).and_then(
        |arguments| match Cli::parse_from(arguments).command {
            Command::Serve(config) => run(serve(*config)),
            Command::Invite(options) => run(async move {
                answer(&app::invite::invite(&options).await?);
                Ok(())
            }),
            Command::Doctor(config) => run(examine(*config)),
            Command::Backup(options) => app::backup::backup(&options),
            Command::Version => {
                answer(concat!("sotto ", env!("CARGO_PKG_VERSION")));
                Ok(())
            }
        },
    );
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(reason) => {
            say(&format!("sotto: {reason}"));
            ExitCode::FAILURE
        }
    }
}

#[expect(
    clippy::print_stderr,
    reason = "this is what a command says to the person who gave it"
)]
fn say(text: &str) {
    eprintln!("{text}");
}

#[expect(clippy::print_stdout, reason = "this is what a command was asked for")]
fn answer(text: &str) {
    println!("{text}");
}

fn run(work: impl Future<Output = Result<(), String>>) -> Result<(), String> {
    tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|error| error.to_string())?
        .block_on(work)
}

async fn serve(config: Config) -> Result<(), String> {
    start_logs(config.log_json);
    let running = app::start(config)
        .await
        .map_err(|error| error.to_string())?;
    let scheme = if running.tls { "https" } else { "http" };
    answer(&format!("Sotto is open at {scheme}://{}", running.addr));
    let shutdown = running.shutdown_token();
    tokio::spawn(async move {
        asked_to_stop().await;
        tracing::info!("stopping");
        shutdown.cancel();
    });
    running.finished().await;
    Ok(())
}

async fn examine(config: Config) -> Result<(), String> {
    let findings = app::doctor::examine(&config).await;
    for finding in &findings {
        let mark = match finding.verdict {
            Verdict::Good => "good ",
            Verdict::Doubtful => "look ",
            Verdict::Bad => "WRONG",
        };
        answer(&format!("{mark}  {:<14} {}", finding.about, finding.words));
    }
    if findings.iter().any(|one| one.verdict == Verdict::Bad) {
        Err("something is wrong, see above".to_owned())
    } else {
        Ok(())
    }
}

fn start_logs(json: bool) {
    let filter = tracing_subscriber::EnvFilter::try_from_env("SOTTO_LOG")
        .unwrap_or_else(|_| tracing_subscriber::EnvFilter::new("info"));
    let logs = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr);
    if json {
        logs.json().init();
    } else {
        logs.init();
    }
}

/// Returns at SIGINT or SIGTERM.
async fn asked_to_stop() {
    let interrupt = tokio::signal::ctrl_c();
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        if let Ok(mut terminate) = signal(SignalKind::terminate()) {
            tokio::select! {
                _ = interrupt => {}
                _ = terminate.recv() => {}
            }
            return;
        }
    }
    let _ = interrupt.await;
}
