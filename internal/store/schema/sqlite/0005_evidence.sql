-- what was said to and heard from the device for one action of a run; doc is
-- JSON, deflated.
CREATE TABLE evidence (
    run   TEXT NOT NULL,
    token BIGINT NOT NULL,
    part  INTEGER NOT NULL,
    doc   BLOB NOT NULL,
    sum   BIGINT NOT NULL,
    PRIMARY KEY (run, token, part)
) WITHOUT ROWID;
