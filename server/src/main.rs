//! The `sotto` command.

use std::process::ExitCode;

use clap::Parser as _;
use sotto_server::{
    app,
    config::{Cli, Command, Config},
};

fn main() -> ExitCode {
    let result = match Cli::parse().command {
        Command::Serve(config) => run(serve(*config)),
        _ => Ok(()),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(reason) => {
            say(&format!("sotto: {reason}"));
            ExitCode::FAILURE
        }
    }
}

#[expect(clippy::print_stderr, reason = "this is what a command says to the person who gave it")]
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
