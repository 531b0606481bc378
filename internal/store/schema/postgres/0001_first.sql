-- Every table that keeps a document keeps its checksum (CRC-32C over key and
-- document) beside it. Times are microseconds since 1970, UTC; 0 is none.
-- Flags are 0 or 1.

-- hold has one row: who has the store. Each holder counts epoch up, and each
-- transaction checks it.
CREATE TABLE hold (
    id     INTEGER PRIMARY KEY CHECK (id = 1),
    epoch  BIGINT  NOT NULL,
    holder TEXT    NOT NULL,
    since  BIGINT  NOT NULL
);
INSERT INTO hold (id, epoch, holder, since) VALUES (1, 0, '', 0);

CREATE TABLE setting (
    key    TEXT COLLATE "C" PRIMARY KEY,
    sealed INTEGER NOT NULL,
    value  BYTEA NOT NULL,
    sum    BIGINT NOT NULL
);

-- driver, model, version and search repeat what doc says, for filters.
CREATE TABLE device (
    id          TEXT COLLATE "C" PRIMARY KEY,
    driver      TEXT NOT NULL,
    model       TEXT NOT NULL,
    version     TEXT NOT NULL,
    search      TEXT NOT NULL,
    doc         TEXT NOT NULL,
    sum         BIGINT NOT NULL,
    credentials BYTEA, -- sealed
    seen_at     BIGINT NOT NULL
);

CREATE TABLE device_label (
    device TEXT COLLATE "C" NOT NULL REFERENCES device (id) ON DELETE CASCADE,
    key    TEXT COLLATE "C" NOT NULL,
    value  TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (device, key)
);
CREATE INDEX device_label_value ON device_label (key, value);

CREATE TABLE releases (
    id  TEXT COLLATE "C" PRIMARY KEY,
    doc TEXT NOT NULL,
    sum BIGINT NOT NULL
);

-- blob is the bucket's key of the sealed bytes.
CREATE TABLE backup (
    id       TEXT COLLATE "C" PRIMARY KEY,
    device   TEXT COLLATE "C" NOT NULL,
    run      TEXT COLLATE "C" NOT NULL,
    purpose  TEXT NOT NULL,
    taken_at BIGINT NOT NULL,
    blob     TEXT NOT NULL,
    doc      TEXT NOT NULL,
    sum      BIGINT NOT NULL
);
CREATE INDEX backup_newest ON backup (taken_at, id);
CREATE INDEX backup_device ON backup (device, taken_at, id);
CREATE INDEX backup_run ON backup (run) WHERE run <> '';

-- state is the newest; the journal replays to it.
CREATE TABLE run (
    id          TEXT COLLATE "C" PRIMARY KEY,
    device      TEXT COLLATE "C" NOT NULL,
    release_id  TEXT COLLATE "C" NOT NULL,
    request_key TEXT COLLATE "C" UNIQUE,
    active      INTEGER NOT NULL,
    seq         BIGINT NOT NULL,
    state       TEXT NOT NULL,
    sum         BIGINT NOT NULL,
    started_at  BIGINT NOT NULL,
    updated_at  BIGINT NOT NULL
);
CREATE UNIQUE INDEX run_active ON run (device) WHERE active = 1;
CREATE INDEX run_newest ON run (started_at, id);
CREATE INDEX run_device ON run (device, started_at, id);

CREATE TABLE journal (
    run   TEXT COLLATE "C" NOT NULL,
    seq   BIGINT NOT NULL,
    at    BIGINT NOT NULL,
    event TEXT NOT NULL,
    sum   BIGINT NOT NULL,
    PRIMARY KEY (run, seq)
);

CREATE TABLE question (
    id          TEXT COLLATE "C" PRIMARY KEY,
    run         TEXT COLLATE "C" NOT NULL,
    device      TEXT COLLATE "C" NOT NULL,
    step        TEXT NOT NULL,
    cause       TEXT NOT NULL,
    open        INTEGER NOT NULL,
    asked_at    BIGINT NOT NULL,
    doc         TEXT NOT NULL,
    sum         BIGINT NOT NULL,
    choice      TEXT NOT NULL DEFAULT '',
    answered_by TEXT NOT NULL DEFAULT '',
    answered_at BIGINT NOT NULL DEFAULT 0
);
CREATE INDEX question_open ON question (run) WHERE open = 1;
CREATE INDEX question_asked ON question (asked_at, id);
CREATE INDEX question_run ON question (run);
