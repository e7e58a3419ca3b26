-- Mailboxes: envelopes that wait for a device (PROTOCOL.md section 8).

-- Numbers that must survive a restart. `seq_reserved`: sequences below it may have been given out.
CREATE TABLE relay_numbers (
    name  TEXT PRIMARY KEY NOT NULL,
    value INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
INSERT INTO relay_numbers (name, value) VALUES ('seq_reserved', 1);
-- Keys the fingerprints of messages, so that nobody can make two that collide.
INSERT INTO relay_numbers (name, value) VALUES ('print_seed', random());

CREATE TABLE mailboxes (
    id      INTEGER PRIMARY KEY,
    device  BLOB NOT NULL UNIQUE,
    -- Envelopes in segments that are not yet deleted.
    waiting INTEGER NOT NULL DEFAULT 0,
    -- Everything up to this sequence is acknowledged.
    acked   INTEGER NOT NULL DEFAULT 0,
    -- Everything up to this sequence is also deleted; below `acked` there is something to sweep.
    swept   INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE INDEX mailboxes_to_sweep ON mailboxes (id) WHERE swept < acked;

-- The envelopes that one commit brought to one mailbox, in one row: a busy mailbox costs one insert per commit, not one per envelope.
CREATE TABLE segments (
    -- The sequence of the first envelope. Rows are appended, since sequences grow over all mailboxes.
    id          INTEGER PRIMARY KEY,
    mailbox     INTEGER NOT NULL REFERENCES mailboxes (id),
    last        INTEGER NOT NULL,
    envelopes   INTEGER NOT NULL,
    received_at INTEGER NOT NULL,
    -- Fingerprint and digest of each envelope, 16 bytes: what finds repeated sends without reading bodies.
    prints      BLOB NOT NULL,
    -- 1 if an envelope refers to `bodies`.
    shared      INTEGER NOT NULL,
    data        BLOB NOT NULL
) STRICT;
CREATE INDEX segments_by_mailbox ON segments (mailbox, id, last);

-- Bodies that several mailboxes share, stored once.
CREATE TABLE bodies (
    -- The sequence of the message's first part.
    id   INTEGER PRIMARY KEY,
    refs INTEGER NOT NULL,
    body BLOB NOT NULL
) STRICT;
