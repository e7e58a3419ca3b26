//! The program under load: the real relay, with accounts written straight into its store.

use std::{
    fs,
    net::SocketAddr,
    path::{Path, PathBuf},
    process::Stdio,
    time::Duration,
};

use sotto_protocol::{AccountId, DeviceId, Username, http::Vault};
use sotto_server::{
    domain::clock::now_ms,
    store::{
        AccountStore as _,
        accounts::{
            Account, AddedDevice, Credential, NewAccount, Prekeys, SignedList, StoredSession,
        },
        sqlite::Sqlite,
    },
};
use tokio::{
    io::{AsyncBufReadExt as _, BufReader},
    process::{Child, Command},
};

use crate::Outcome;

/// A person with one device; everything about it follows from its number.
#[derive(Clone, Copy)]
pub struct Person(pub usize);

impl Person {
    /// 16 bytes that no other number has.
    fn bytes(self, kind: u8) -> [u8; 16] {
        let mut bytes = (self.0 as u128 + 1).to_be_bytes();
        bytes[0] = kind;
        bytes
    }

    /// Its account.
    pub fn account(self) -> AccountId {
        AccountId(self.bytes(1))
    }

    /// Its device.
    pub fn device(self) -> DeviceId {
        DeviceId(self.bytes(2))
    }

    /// Its device's token.
    pub fn token(self) -> [u8; 32] {
        let mut token = [3; 32];
        token[..16].copy_from_slice(&self.bytes(3));
        token
    }
}

/// A running relay in a temporary folder, which goes with it.
pub struct Relay {
    /// Where it listens.
    pub addr: SocketAddr,
    program: PathBuf,
    folder: PathBuf,
    core: usize,
    child: Option<Child>,
}

impl Relay {
    /// Writes this many people into a fresh store and starts a relay on it.
    pub async fn start(program: Option<&Path>, core: usize, people: usize) -> Outcome<Self> {
        let program = match program {
            Some(program) => program.to_owned(),
            None => std::env::current_exe()?.with_file_name("sotto"),
        };
        let folder =
            std::env::temp_dir().join(format!("sotto-load-{}-{}", std::process::id(), now_ms()));
        fs::create_dir_all(&folder)?;
        let listener = std::net::TcpListener::bind("127.0.0.1:0")?;
        let addr = listener.local_addr()?;
        drop(listener);
        let mut relay = Self {
            addr,
            program,
            folder,
            core,
            child: None,
        };
        // The relay makes its keys and tables itself, and refuses a database without its keys.
        relay.launch().await?;
        relay.kill().await?;
        register(&relay.folder.join("sotto.db"), people).await?;
        relay.launch().await?;
        Ok(relay)
    }

    /// Starts the program, at the same address and on the same folder as before; returns when it is open.
    pub async fn launch(&mut self) -> Outcome<()> {
        let pinned = Path::new("/usr/bin/taskset").exists();
        let mut command = if pinned {
            let mut command = Command::new("/usr/bin/taskset");
            command
                .args(["-c", &self.core.to_string()])
                .arg(&self.program);
            command
        } else {
            Command::new(&self.program)
        };
        let mut child = command
            .arg("serve")
            .arg("--data")
            .arg(&self.folder)
            .args([
                "--listen",
                &self.addr.to_string(),
                "--limits-factor",
                "1000",
            ])
            .env("RUST_LOG", "warn")
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .map_err(|error| format!("{} can't be started: {error}", self.program.display()))?;
        let stdout = child.stdout.take().ok_or("no output")?;
        let mut lines = BufReader::new(stdout).lines();
        let open = tokio::time::timeout(Duration::from_secs(20), async {
            while let Some(line) = lines.next_line().await? {
                if line.contains("open at") {
                    return Ok(());
                }
            }
            Err("the relay ended before it was open".into())
        });
        let opened: Outcome<()> = open.await?;
        opened?;
        self.child = Some(child);
        Ok(())
    }

    /// `kill -9`.
    pub async fn kill(&mut self) -> Outcome<()> {
        if let Some(mut child) = self.child.take() {
            child.kill().await?;
        }
        Ok(())
    }

    /// Kilobytes of memory that it holds.
    pub fn resident(&self) -> Outcome<u64> {
        let pid = self
            .child
            .as_ref()
            .and_then(Child::id)
            .ok_or("not running")?;
        let status = fs::read_to_string(format!("/proc/{pid}/status"))?;
        let line = status
            .lines()
            .find_map(|line| line.strip_prefix("VmRSS:"))
            .ok_or("no VmRSS")?;
        Ok(line.trim().trim_end_matches("kB").trim().parse()?)
    }

    /// Ticks of processor time that it has used, and that a second has.
    pub fn cpu(&self) -> Outcome<f64> {
        let pid = self
            .child
            .as_ref()
            .and_then(Child::id)
            .ok_or("not running")?;
        let stat = fs::read_to_string(format!("/proc/{pid}/stat"))?;
        let after = stat.rsplit_once(')').ok_or("stat")?.1;
        let mut fields = after.split_whitespace().skip(11);
        let user: f64 = fields.next().ok_or("utime")?.parse()?;
        let system: f64 = fields.next().ok_or("stime")?.parse()?;
        Ok((user + system) / 100.0)
    }
}

impl Drop for Relay {
    fn drop(&mut self) {
        self.child = None;
        drop(fs::remove_dir_all(&self.folder));
    }
}

async fn register(file: &Path, people: usize) -> Outcome<()> {
    let store = Sqlite::open(file)?;
    for n in 0..people {
        let person = Person(n);
        let session = StoredSession {
            token_hash: sotto_server::domain::token::Token::from_slice(&person.token())
                .ok_or("token")?
                .hash(),
            account: person.account(),
            device: person.device(),
            expires_at: now_ms() + 24 * 60 * 60 * 1000,
        };
        let account = Account {
            id: person.account(),
            username: Username::parse(&format!("person{n}"))
                .map_err(|error| format!("{error:?}"))?,
            account_key: [0; 32],
            recovery_key: [0; 32],
            credential: Credential {
                id: [0; 32],
                record: vec![0; 8],
            },
            vault: Vault {
                version: 1,
                sealed: vec![0; 8].into(),
                password_wrap: vec![0; 8].into(),
                recovery_wrap: vec![0; 8].into(),
            },
            device_list: SignedList {
                version: 1,
                bytes: vec![0; 8],
            },
            registered_on: 0,
        };
        let device = AddedDevice {
            device: person.device(),
            prekeys: Prekeys::default(),
            session,
        };
        store
            .register(NewAccount {
                account,
                device,
                invitation: None,
                now: now_ms(),
            })
            .await?;
    }
    Ok(())
}
