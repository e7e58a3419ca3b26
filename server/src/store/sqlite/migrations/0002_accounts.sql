-- Accounts and what belongs to them. Nothing here decrypts anything: passwords are OPAQUE records, tokens and codes are hashes,
-- vaults are sealed by clients.

CREATE TABLE accounts (
    id                  BLOB PRIMARY KEY CHECK (length(id) = 16),
    name                TEXT NOT NULL,
    folded              TEXT NOT NULL UNIQUE,
    account_key         BLOB NOT NULL CHECK (length(account_key) = 32),
    recovery_key        BLOB NOT NULL CHECK (length(recovery_key) = 32),
    credential_id       BLOB NOT NULL CHECK (length(credential_id) = 32),
    credential_record   BLOB NOT NULL,
    vault_version       INTEGER NOT NULL,
    vault_sealed        BLOB NOT NULL,
    vault_password_wrap BLOB NOT NULL,
    vault_recovery_wrap BLOB NOT NULL,
    device_list         INTEGER NOT NULL,
    registered_on       INTEGER NOT NULL
) STRICT;

-- Every signed list is kept: contacts follow the chain from the version they know.
CREATE TABLE device_lists (
    account BLOB NOT NULL REFERENCES accounts (id),
    version INTEGER NOT NULL,
    list    BLOB NOT NULL,
    PRIMARY KEY (account, version)
) STRICT, WITHOUT ROWID;

-- Removed devices stay as tombstones: an id is never given twice, or a mailbox could change hands.
-- The highest prekey ids that were ever given, because ids never repeat.
CREATE TABLE devices (
    id                  BLOB PRIMARY KEY CHECK (length(id) = 16),
    account             BLOB NOT NULL REFERENCES accounts (id),
    removed             INTEGER NOT NULL DEFAULT 0,
    last_seen_on        INTEGER NOT NULL,
    signed_id           INTEGER,
    signed              BLOB,
    kem_last_resort_id  INTEGER,
    kem_last_resort     BLOB,
    one_time_high       INTEGER NOT NULL DEFAULT -1,
    kem_one_time_high   INTEGER NOT NULL DEFAULT -1
) STRICT;
CREATE INDEX devices_by_account ON devices (account, removed);

-- kind 0: X25519, kind 1: KEM. A claimed one leaves its hash for a while, so that a repeated upload is known as such.
CREATE TABLE one_time_prekeys (
    device  BLOB NOT NULL REFERENCES devices (id),
    kind    INTEGER NOT NULL,
    id      INTEGER NOT NULL,
    hash    BLOB NOT NULL,
    prekey  BLOB,
    PRIMARY KEY (device, kind, id)
) STRICT;
CREATE INDEX one_time_prekeys_left ON one_time_prekeys (device, kind, id) WHERE prekey IS NOT NULL;

CREATE TABLE sessions (
    token_hash BLOB PRIMARY KEY CHECK (length(token_hash) = 32),
    account    BLOB NOT NULL,
    device     BLOB NOT NULL,
    expires_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX sessions_by_expiry ON sessions (expires_at);

CREATE TABLE invitations (
    code_hash  BLOB PRIMARY KEY CHECK (length(code_hash) = 32),
    uses_left  INTEGER NOT NULL,
    expires_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
