//! What an operator can choose: on the command line, in the environment (`SOTTO_…`) or in a TOML file, in this order of weight.

use std::{net::SocketAddr, path::PathBuf};

use clap::{Args, Parser, Subcommand, ValueEnum};
use sotto_protocol::http::Registration;

/// Sotto: a private messenger for a group that runs its own server.
#[derive(Debug, Parser)]
#[command(name = "sotto", version, about, disable_help_subcommand = true)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Runs the relay and serves the web client.
    Serve(Box<Config>),
    /// Makes an invitation code, for a relay where registration is by invitation.
    Invite(Invite),
    /// Checks the data folder, disk, database, port, clock and TLS, and explains what is wrong.
    Doctor(Box<Config>),
    /// Copies the database and the keys of a running or stopped relay.
    Backup(Backup),
    /// Says which version this is.
    Version,
}

/// Where the data is.
#[derive(Debug, Clone, Args)]
pub struct Data {
    /// Folder of the database and the relay's keys.
    #[arg(long, env = "SOTTO_DATA", default_value = "./data", value_name = "DIR")]
    pub data: PathBuf,
}

/// Options of `invite`.
#[derive(Debug, Args)]
pub struct Invite {
    /// The data.
    #[command(flatten)]
    pub data: Data,
    /// How many people may use it.
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    pub uses: u32,
    /// For how many days it is good.
    #[arg(long, default_value_t = 7, value_parser = clap::value_parser!(u32).range(1..=365))]
    pub days: u32,
}

/// Options of `backup`.
#[derive(Debug, Args)]
pub struct Backup {
    /// The data.
    #[command(flatten)]
    pub data: Data,
    /// The file to write; the relay's keys are written beside it as FILE.keys.
    pub file: PathBuf,
}

/// Options of `serve`, and what `doctor` checks.
#[derive(Debug, Clone, Args)]
pub struct Config {
    /// Options in TOML, named as here (`listen = "…"`).
    #[arg(long, env = "SOTTO_CONFIG", value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// The data.
    #[command(flatten)]
    pub data: Data,
    /// Address to listen on; port 0 takes any free one.
    #[arg(
        long,
        env = "SOTTO_LISTEN",
        default_value = "127.0.0.1:8080",
        value_name = "ADDR"
    )]
    pub listen: SocketAddr,
    /// The relay's name, which people see.
    #[arg(long, env = "SOTTO_NAME", default_value = "Sotto")]
    pub name: String,
    /// Who may register.
    #[arg(long, env = "SOTTO_REGISTRATION", value_enum, default_value = "open")]
    pub registration: WhoMayRegister,
    /// Loopback address for `/metrics` (Prometheus); `off` for none.
    #[arg(
        long,
        env = "SOTTO_ADMIN_LISTEN",
        default_value = "off",
        value_name = "ADDR|off"
    )]
    pub admin_listen: AdminListen,
    /// Addresses of reverse proxies whose X-Forwarded-For is believed.
    #[arg(
        long,
        env = "SOTTO_TRUSTED_PROXIES",
        value_delimiter = ',',
        value_name = "IP,…"
    )]
    pub trusted_proxies: Vec<std::net::IpAddr>,
    /// The site is reached by HTTPS through a reverse proxy: send HSTS.
    #[arg(long, env = "SOTTO_BEHIND_TLS")]
    pub behind_tls: bool,
    /// PEM file of the certificate chain.
    #[arg(
        long,
        env = "SOTTO_TLS_CERT",
        requires = "tls_key",
        value_name = "FILE"
    )]
    pub tls_cert: Option<PathBuf>,
    /// PEM file of the certificate's key.
    #[arg(
        long,
        env = "SOTTO_TLS_KEY",
        requires = "tls_cert",
        value_name = "FILE"
    )]
    pub tls_key: Option<PathBuf>,
    /// Logs as JSON lines.
    #[arg(long, env = "SOTTO_LOG_JSON")]
    pub log_json: bool,
    /// Multiplies every rate limit; 1 in earnest.
    #[arg(long, env = "SOTTO_LIMITS_FACTOR", default_value_t = 1, hide = true)]
    pub limits_factor: u32,
}

/// [`Registration`] on the command line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum WhoMayRegister {
    /// Anyone.
    Open,
    /// Holders of an invitation code (`sotto invite`).
    Invitation,
    /// Nobody.
    Closed,
}

impl From<WhoMayRegister> for Registration {
    fn from(who: WhoMayRegister) -> Self {
        match who {
            WhoMayRegister::Open => Self::Open,
            WhoMayRegister::Invitation => Self::Invitation,
            WhoMayRegister::Closed => Self::Closed,
        }
    }
}

/// Where `/metrics` is served.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AdminListen {
    /// Nowhere.
    Off,
    /// Here.
    On(SocketAddr),
}

impl std::str::FromStr for AdminListen {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        if text == "off" {
            return Ok(Self::Off);
        }
        text.parse()
            .map(Self::On)
            .map_err(|_| "an address with a port, or off".to_owned())
    }
}

impl Config {
    /// A relay on any free port of the loopback address, with limits out of the way: for tests and the load generator.
    pub fn for_tests(data: PathBuf) -> Self {
        Self {
            config: None,
            data: Data { data },
            listen: SocketAddr::from(([127, 0, 0, 1], 0)),
            name: "Test".to_owned(),
            registration: WhoMayRegister::Open,
            admin_listen: AdminListen::Off,
            trusted_proxies: Vec::new(),
            behind_tls: false,
            tls_cert: None,
            tls_key: None,
            log_json: false,
            limits_factor: 100_000,
        }
    }

    /// Whether browsers reach this relay by HTTPS.
    pub fn https(&self) -> bool {
        self.behind_tls || self.tls_cert.is_some()
    }
}
