-- account is a user; password is a PHC string, empty where there is none.
CREATE TABLE account (
    name     TEXT NOT NULL PRIMARY KEY,
    password TEXT   NOT NULL,
    doc      TEXT   NOT NULL,
    sum      BIGINT NOT NULL
);

-- session is a login, by the hash of its secret.
CREATE TABLE session (
    hash       TEXT NOT NULL PRIMARY KEY,
    account    TEXT NOT NULL REFERENCES account (name) ON DELETE CASCADE,
    address    TEXT   NOT NULL,
    created_at BIGINT NOT NULL,
    seen_at    BIGINT NOT NULL
);
CREATE INDEX session_account ON session (account);
CREATE INDEX session_seen ON session (seen_at);

-- token is an API token; hash is of its whole text.
CREATE TABLE token (
    id      TEXT NOT NULL PRIMARY KEY,
    account TEXT NOT NULL REFERENCES account (name) ON DELETE CASCADE,
    hash    TEXT   NOT NULL,
    doc     TEXT   NOT NULL,
    sum     BIGINT NOT NULL,
    used_at BIGINT NOT NULL
);
CREATE INDEX token_account ON token (account);

-- audit is append-only: each code covers the one before. audit_head has one
-- row: the last entry.
CREATE TABLE audit (
    seq    BIGINT NOT NULL PRIMARY KEY,
    at     BIGINT NOT NULL,
    actor  TEXT NOT NULL,
    action TEXT NOT NULL,
    entry  TEXT NOT NULL,
    code   TEXT NOT NULL
);
CREATE INDEX audit_actor ON audit (actor, seq);
CREATE TABLE audit_head (
    id   INTEGER PRIMARY KEY CHECK (id = 1),
    seq  BIGINT NOT NULL,
    code TEXT   NOT NULL
);
INSERT INTO audit_head (id, seq, code) VALUES (1, 0, '');
CREATE TRIGGER audit_no_update BEFORE UPDATE ON audit BEGIN SELECT RAISE(ABORT, 'audit is append-only'); END;
CREATE TRIGGER audit_no_delete BEFORE DELETE ON audit BEGIN SELECT RAISE(ABORT, 'audit is append-only'); END;
