//! What an operator can choose: on the command line, in the environment (`SOTTO_…`) or in a TOML file, in this order of weight.

use std::{
    ffi::{OsStr, OsString},
    net::SocketAddr,
    path::PathBuf,
};

use clap::{Args, Parser, Subcommand, ValueEnum};
use sotto_protocol::http::Registration;

/// Sotto: a private messenger for a group that runs its own server.
#[derive(Debug, Parser)]
#[command(
    name = "sotto",
    version,
    about,
    disable_help_subcommand = true,
    args_override_self = true
)]
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
    /// Gets certificates for this domain automatically (Let's Encrypt); the relay must be reached at its port 443.
    #[arg(
        long,
        env = "SOTTO_TLS_DOMAIN",
        value_delimiter = ',',
        conflicts_with = "tls_cert",
        value_name = "DOMAIN,…"
    )]
    pub tls_domain: Vec<String>,
    /// Where the certificate authority may write to.
    #[arg(long, env = "SOTTO_TLS_EMAIL", value_name = "ADDRESS")]
    pub tls_email: Option<String>,
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
            tls_domain: Vec::new(),
            tls_email: None,
            log_json: false,
            limits_factor: 100_000,
        }
    }

    /// Whether the relay itself speaks TLS.
    pub fn serves_tls(&self) -> bool {
        self.tls_cert.is_some() || !self.tls_domain.is_empty()
    }

    /// Whether browsers reach this relay by HTTPS.
    pub fn https(&self) -> bool {
        self.behind_tls || self.serves_tls()
    }
}

/// The command line, with the options of the file that `--config` or `SOTTO_CONFIG` names put before the others, so that these
/// weigh more. An option that the environment sets is left to it.
///
/// # Errors
/// In words: the file can't be read, is no TOML, or holds what no option takes.
pub fn arguments(
    given: impl IntoIterator<Item = OsString>,
    environment: impl Fn(&str) -> Option<OsString>,
) -> Result<Vec<OsString>, String> {
    let given: Vec<OsString> = given.into_iter().collect();
    let Some(file) = named_file(&given).or_else(|| environment("SOTTO_CONFIG")) else {
        return Ok(given);
    };
    let name = PathBuf::from(&file).display().to_string();
    let text = std::fs::read_to_string(&file).map_err(|error| format!("{name}: {error}"))?;
    let table: toml::Table = text.parse().map_err(|error| format!("{name}: {error}"))?;
    let mut arguments: Vec<OsString> = given.iter().take(2).cloned().collect();
    for (key, value) in table {
        let option = key.replace('_', "-");
        let variable = format!("SOTTO_{}", option.replace('-', "_").to_uppercase());
        if environment(&variable).is_some() {
            continue;
        }
        match value {
            toml::Value::Boolean(true) => arguments.push(format!("--{option}").into()),
            toml::Value::Boolean(false) => {}
            other => {
                let value = plain(&other)
                    .ok_or_else(|| format!("{name}: {key} is neither text, a number nor a list"))?;
                arguments.push(format!("--{option}={value}").into());
            }
        }
    }
    arguments.extend(given.into_iter().skip(2));
    Ok(arguments)
}

fn named_file(given: &[OsString]) -> Option<OsString> {
    let mut rest = given.iter().skip_while(|one| {
        let text = one.to_string_lossy();
        text != "--config" && !text.starts_with("--config=")
    });
    let option = rest.next()?;
    match option.to_string_lossy().strip_prefix("--config=") {
        Some(file) => Some(OsStr::new(file).to_owned()),
        None => rest.next().cloned(),
    }
}

fn plain(value: &toml::Value) -> Option<String> {
    match value {
        toml::Value::String(text) => Some(text.clone()),
        toml::Value::Integer(number) => Some(number.to_string()),
        toml::Value::Array(list) => {
            let list: Option<Vec<String>> = list.iter().map(plain).collect();
            Some(list?.join(","))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser as _;

    use super::*;

    fn parse(given: &[&str], file: &str) -> Result<Config, String> {
        let path = std::env::temp_dir().join(format!("sotto-config-{}", getrandom::u64().unwrap()));
        std::fs::write(&path, file).unwrap();
        let mut all: Vec<OsString> = given.iter().map(Into::into).collect();
        all.insert(2, format!("--config={}", path.display()).into());
        let arguments = arguments(all, |name| {
            (name == "SOTTO_NAME").then(|| "from env".into())
        });
        std::fs::remove_file(&path).unwrap();
        match Cli::try_parse_from(arguments?)
            .map_err(|error| error.to_string())?
            .command
        {
            Command::Serve(config) => Ok(*config),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn the_command_line_weighs_more_than_the_file() {
        let file = "listen = \"127.0.0.1:1\"\nregistration = \"closed\"\nbehind_tls = true\nlog-json = false\n\
                    trusted_proxies = [\"10.0.0.1\", \"10.0.0.2\"]\nname = \"left to the environment\"\n";
        let config = parse(&["sotto", "serve", "--listen", "127.0.0.1:2"], file).unwrap();
        assert_eq!(config.listen.port(), 2);
        assert_eq!(config.registration, WhoMayRegister::Closed);
        assert!(config.behind_tls && !config.log_json);
        assert_eq!(config.trusted_proxies.len(), 2);
        assert_ne!(config.name, "left to the environment");
    }

    #[test]
    fn what_the_file_gets_wrong_is_said() {
        for file in [
            "nonsense",
            "listen = 1.5",
            "no_such_option = 1",
            "registration = \"sometimes\"",
        ] {
            assert!(parse(&["sotto", "serve"], file).is_err(), "{file}");
        }
    }
}
