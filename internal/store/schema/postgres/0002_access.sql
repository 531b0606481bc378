-- account is a user; password is a PHC string, empty where there is none.
CREATE TABLE account (
    name     TEXT COLLATE "C" PRIMARY KEY,
    password TEXT   NOT NULL,
    doc      TEXT   NOT NULL,
    sum      BIGINT NOT NULL
);

-- session is a login, by the hash of its secret.
CREATE TABLE session (
    hash       TEXT COLLATE "C" PRIMARY KEY,
    account    TEXT COLLATE "C" NOT NULL REFERENCES account (name) ON DELETE CASCADE,
    address    TEXT   NOT NULL,
    created_at BIGINT NOT NULL,
    seen_at    BIGINT NOT NULL
);
CREATE INDEX session_account ON session (account);
CREATE INDEX session_seen ON session (seen_at);

-- token is an API token; hash is of its whole text.
CREATE TABLE token (
    id      TEXT COLLATE "C" PRIMARY KEY,
    account TEXT COLLATE "C" NOT NULL REFERENCES account (name) ON DELETE CASCADE,
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
    actor  TEXT COLLATE "C" NOT NULL,
    action TEXT COLLATE "C" NOT NULL,
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
CREATE FUNCTION audit_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'audit is append-only';
END $$;
CREATE TRIGGER audit_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON audit
    FOR EACH STATEMENT EXECUTE FUNCTION audit_append_only();
