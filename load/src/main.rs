//! Load generator for the Sotto relay: what it does per second on one core, and that it loses nothing when it is killed.
//!
//! It starts the real `sotto` program in a temporary folder, bound to one core where `taskset` exists, with accounts written straight into
//! its store, and speaks the real protocol over loopback. Bodies are random bytes: the relay could not tell them from ciphertext.
//!
//! - [`relay`]: the program under load
//! - [`client`]: a connection, tuned so that the generator needs less than the relay
//! - [`frames`]: just enough of the binary codec
//! - [`traffic`]: messages between connected and absent people
//! - [`idle`]: connections that do nothing
//! - [`kill`]: `kill -9` under load

#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a command that prints its findings"
)]

use std::{path::PathBuf, process::ExitCode};

use clap::{Parser, Subcommand};

mod client;
mod frames;
mod idle;
mod kill;
mod relay;
mod traffic;

/// What went wrong, for the person who ran this.
pub type Outcome<T> = Result<T, Box<dyn std::error::Error + Send + Sync>>;

/// Puts a Sotto relay under load on this machine and prints what it did.
#[derive(Parser)]
#[command(name = "sotto-load", version)]
struct Options {
    /// The relay's program; by default the one beside this one.
    #[arg(long, global = true)]
    sotto: Option<PathBuf>,
    /// The core for the relay, where `taskset` exists.
    #[arg(long, global = true, default_value_t = 0)]
    core: usize,
    /// Bytes of a body.
    #[arg(long, global = true, default_value_t = 256)]
    bytes: usize,
    /// Seconds that are measured, after one second of warming up.
    #[arg(long, global = true, default_value_t = 5, value_parser = clap::value_parser!(u64).range(1..=60))]
    seconds: u64,
    /// How often a measurement is repeated; every run is printed.
    #[arg(long, global = true, default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=10))]
    runs: u32,
    /// What to do.
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Pairs of connected people.
    Pairs {
        /// Pairs.
        #[arg(long, default_value_t = 16)]
        pairs: usize,
        /// Messages in flight per sender.
        #[arg(long, default_value_t = 16)]
        in_flight: usize,
    },
    /// Few senders, many connected recipients.
    Busy {
        /// Recipients.
        #[arg(long, default_value_t = 500)]
        mailboxes: usize,
        /// Senders.
        #[arg(long, default_value_t = 16)]
        senders: usize,
        /// Messages in flight per sender.
        #[arg(long, default_value_t = 32)]
        in_flight: usize,
    },
    /// One sender, many connected recipients.
    Fanout {
        /// Recipients.
        #[arg(long, default_value_t = 100)]
        recipients: usize,
        /// Messages in flight.
        #[arg(long, default_value_t = 200)]
        in_flight: usize,
    },
    /// Recipients that are away, and then come back.
    Offline {
        /// Recipients.
        #[arg(long, default_value_t = 16)]
        mailboxes: usize,
        /// Senders.
        #[arg(long, default_value_t = 16)]
        senders: usize,
        /// Messages in flight per sender.
        #[arg(long, default_value_t = 64)]
        in_flight: usize,
    },
    /// Connections that do nothing.
    Idle {
        /// Connections.
        #[arg(long, default_value_t = 2000, value_parser = clap::value_parser!(u32).range(1..=20_000))]
        connections: u32,
    },
    /// Kills the relay again and again under load.
    Kill {
        /// Kills.
        #[arg(long, default_value_t = 10, value_parser = clap::value_parser!(u32).range(1..=100))]
        kills: u32,
        /// Pairs; half of the recipients come and go.
        #[arg(long, default_value_t = 8)]
        pairs: usize,
    },
}

fn main() -> ExitCode {
    let options = Options::parse();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build();
    let result = match runtime {
        Ok(runtime) => runtime.block_on(run(&options)),
        Err(error) => Err(error.into()),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("sotto-load: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn run(options: &Options) -> Outcome<()> {
    for _ in 0..options.runs {
        let relay = |people| relay::Relay::start(options.sotto.as_deref(), options.core, people);
        let load = |senders, mailboxes, in_flight| traffic::Load {
            senders,
            mailboxes,
            in_flight,
            bytes: options.bytes,
            seconds: options.seconds,
        };
        match options.command {
            Command::Pairs { pairs, in_flight } => {
                let relay = relay(2 * pairs).await?;
                traffic::connected(&relay, load(pairs, pairs, in_flight)).await?;
            }
            Command::Busy {
                mailboxes,
                senders,
                in_flight,
            } => {
                let relay = relay(senders + mailboxes).await?;
                traffic::connected(&relay, load(senders, mailboxes, in_flight)).await?;
            }
            Command::Fanout {
                recipients,
                in_flight,
            } => {
                let relay = relay(1 + recipients).await?;
                traffic::connected(&relay, load(1, recipients, in_flight)).await?;
            }
            Command::Offline {
                mailboxes,
                senders,
                in_flight,
            } => {
                let relay = relay(senders + mailboxes).await?;
                traffic::offline(&relay, load(senders, mailboxes, in_flight)).await?;
            }
            Command::Idle { connections } => {
                let relay = relay(connections as usize).await?;
                idle::run(&relay, connections as usize).await?;
            }
            Command::Kill { kills, pairs } => {
                let relay = relay(2 * pairs).await?;
                kill::run(relay, kills, pairs, options.bytes).await?;
            }
        }
    }
    Ok(())
}
