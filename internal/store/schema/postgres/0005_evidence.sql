-- what was said to and heard from the device for one action of a run; doc is
-- JSON, deflated.
CREATE TABLE evidence (
    run   TEXT COLLATE "C" NOT NULL,
    token BIGINT NOT NULL,
    part  INTEGER NOT NULL,
    doc   BYTEA NOT NULL,
    sum   BIGINT NOT NULL,
    PRIMARY KEY (run, token, part)
);
