//! `sotto doctor`: looks at everything that a relay needs and says in words what is wrong and what to do.

use std::{fs, net::TcpListener, path::Path, time::Duration};

use rusqlite::{Connection, OpenFlags};

use super::{
    files::{database_file, keys_file},
    serving::check_tls,
};
use crate::{config::Config, domain::clock::now_ms, http};

/// Bytes of free disk below which it is time to act.
const FREE_ENOUGH: u64 = 1024 * 1024 * 1024;
/// Bytes of free disk below which sends will soon be refused.
const FREE_LITTLE: u64 = 64 * 1024 * 1024;
/// When this was written, milliseconds since the Unix epoch: no right clock is before it.
const WRITTEN: u64 = 1_793_000_000_000;

/// How bad a finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verdict {
    /// Nothing to do.
    Good,
    /// The relay runs, but look at it.
    Doubtful,
    /// The relay won't run, or not well.
    Bad,
}

/// What the doctor found about one thing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// How bad.
    pub verdict: Verdict,
    /// About what.
    pub about: &'static str,
    /// In words, with what to do.
    pub words: String,
}

fn good(about: &'static str, words: impl Into<String>) -> Finding {
    finding(Verdict::Good, about, words)
}

fn doubtful(about: &'static str, words: impl Into<String>) -> Finding {
    finding(Verdict::Doubtful, about, words)
}

fn bad(about: &'static str, words: impl Into<String>) -> Finding {
    finding(Verdict::Bad, about, words)
}

fn finding(verdict: Verdict, about: &'static str, words: impl Into<String>) -> Finding {
    Finding {
        verdict,
        about,
        words: words.into(),
    }
}

/// Looks at everything. Changes nothing, and may run beside the relay.
pub async fn examine(config: &Config) -> Vec<Finding> {
    let data = config.data.data.as_path();
    let mut findings = vec![folder(data)];
    if data.is_dir() {
        findings.push(space(data));
        findings.push(keys(data));
        findings.push(database(&database_file(data)));
    }
    findings.push(port(config));
    findings.push(clock(now_ms()));
    findings.push(web());
    findings.push(tls(config).await);
    findings
}

fn folder(data: &Path) -> Finding {
    const ABOUT: &str = "data folder";
    if !data.exists() {
        return doubtful(
            ABOUT,
            format!(
                "{} does not exist; `sotto serve` makes it at the first start",
                data.display()
            ),
        );
    }
    if !data.is_dir() {
        return bad(
            ABOUT,
            format!("{} is not a folder; name another by --data", data.display()),
        );
    }
    let probe = data.join(format!(".doctor-{}", std::process::id()));
    let written = super::files::write_private(&probe, b"sotto");
    let _ = fs::remove_file(&probe);
    if let Err(error) = written {
        return bad(
            ABOUT,
            format!(
                "{} can not be written ({error}); it must belong to the user that runs the relay",
                data.display()
            ),
        );
    }
    if open_to_others(data) {
        return doubtful(
            ABOUT,
            format!(
                "other users of this machine may look into {}; `chmod 700` it",
                data.display()
            ),
        );
    }
    good(ABOUT, format!("{} can be written", data.display()))
}

#[cfg(unix)]
fn open_to_others(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt as _;
    fs::metadata(path).is_ok_and(|metadata| metadata.permissions().mode() & 0o077 != 0)
}

#[cfg(not(unix))]
fn open_to_others(_: &Path) -> bool {
    false
}

#[cfg(unix)]
fn space(data: &Path) -> Finding {
    const ABOUT: &str = "disk";
    match rustix::fs::statvfs(data) {
        Err(error) => doubtful(ABOUT, format!("free space is unknown: {error}")),
        Ok(disk) => space_finding(disk.f_bavail.saturating_mul(disk.f_frsize)),
    }
}

#[cfg(not(unix))]
fn space(_: &Path) -> Finding {
    doubtful("disk", "free space is not looked at on this system")
}

fn space_finding(free: u64) -> Finding {
    const ABOUT: &str = "disk";
    let words = format!("{} MiB are free", free / (1024 * 1024));
    if free < FREE_LITTLE {
        bad(
            ABOUT,
            format!("{words}: the relay will soon refuse what it can not store; make room"),
        )
    } else if free < FREE_ENOUGH {
        doubtful(ABOUT, format!("{words}: make room before it runs out"))
    } else {
        good(ABOUT, words)
    }
}

fn keys(data: &Path) -> Finding {
    const ABOUT: &str = "password keys";
    let file = keys_file(data);
    match fs::read(&file) {
        Ok(bytes) if bytes.len() != sotto_opaque::SERVER_SETUP_BYTES => bad(
            ABOUT,
            format!(
                "{} is damaged; restore it from the backup, or nobody can sign in by password",
                file.display()
            ),
        ),
        Ok(_) if open_to_others(&file) => bad(
            ABOUT,
            format!(
                "other users of this machine can read {}; `chmod 600` it",
                file.display()
            ),
        ),
        Ok(_) => good(ABOUT, "there, and private"),
        Err(_) if database_file(data).exists() => bad(
            ABOUT,
            format!(
                "{} is missing; restore it from the backup, or nobody can sign in by password",
                file.display()
            ),
        ),
        Err(_) => good(ABOUT, "made at the first start"),
    }
}

fn database(file: &Path) -> Finding {
    const ABOUT: &str = "database";
    if !file.exists() {
        return good(ABOUT, "made at the first start");
    }
    match integrity(file) {
        Ok(verdict) if verdict == "ok" => good(ABOUT, "sound"),
        Ok(verdict) => bad(
            ABOUT,
            format!(
                "{} is damaged ({verdict}); stop the relay and restore a backup",
                file.display()
            ),
        ),
        Err(error) => bad(
            ABOUT,
            format!(
                "{} can not be read ({error}); is it ours, and not locked?",
                file.display()
            ),
        ),
    }
}

fn integrity(file: &Path) -> rusqlite::Result<String> {
    let database = Connection::open_with_flags(file, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
    database.busy_timeout(Duration::from_secs(5))?;
    database.query_row("PRAGMA quick_check", [], |row| row.get(0))
}

fn port(config: &Config) -> Finding {
    const ABOUT: &str = "address";
    let address = config.listen;
    match TcpListener::bind(address) {
        Ok(_) if !config.https() && !address.ip().is_loopback() => doubtful(
            ABOUT,
            format!(
                "{address} is reachable from elsewhere without TLS: browsers refuse what the web client needs; \
                 use --tls-domain, --tls-cert, or a reverse proxy with --behind-tls"
            ),
        ),
        Ok(_) => good(ABOUT, format!("{address} is free")),
        Err(error) if error.kind() == std::io::ErrorKind::AddrInUse => doubtful(
            ABOUT,
            format!(
                "something listens on {address}: this relay, if it is running; else choose another by --listen"
            ),
        ),
        Err(error) => bad(
            ABOUT,
            format!("{address} can not be listened on ({error}); choose another by --listen"),
        ),
    }
}

fn clock(now: u64) -> Finding {
    if now < WRITTEN {
        bad(
            "clock",
            "this machine's clock is years behind; sessions and certificates depend on it, set it",
        )
    } else {
        good("clock", "plausible")
    }
}

fn web() -> Finding {
    if http::web_client_present() {
        good("web client", "there")
    } else {
        doubtful(
            "web client",
            "not built into this binary; `cargo xtask run` builds and serves everything",
        )
    }
}

async fn tls(config: &Config) -> Finding {
    const ABOUT: &str = "TLS";
    if let (Some(cert), Some(key)) = (&config.tls_cert, &config.tls_key) {
        return match check_tls(cert, key).await {
            Ok(()) => good(ABOUT, "the certificate and its key belong together"),
            Err(error) => bad(
                ABOUT,
                format!("{error}; give PEM files that belong together"),
            ),
        };
    }
    if !config.tls_domain.is_empty() {
        return if config.listen.port() == 443 {
            good(ABOUT, "certificates are got automatically")
        } else {
            doubtful(
                ABOUT,
                "certificates are got over port 443: forward it to the address of --listen",
            )
        };
    }
    if config.behind_tls {
        good(ABOUT, "a reverse proxy's matter")
    } else if config.listen.ip().is_loopback() {
        good(ABOUT, "not needed for this machine alone")
    } else {
        doubtful(ABOUT, "none; see address")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn little_space_and_a_wrong_clock_are_bad() {
        assert_eq!(space_finding(FREE_LITTLE - 1).verdict, Verdict::Bad);
        assert_eq!(space_finding(FREE_ENOUGH - 1).verdict, Verdict::Doubtful);
        assert_eq!(space_finding(FREE_ENOUGH).verdict, Verdict::Good);
        assert_eq!(clock(0).verdict, Verdict::Bad);
        assert_eq!(clock(WRITTEN + 1).verdict, Verdict::Good);
    }
}
