-- notice is what somebody may have to be told. spread = 1: its deliveries stand
-- in the next table. kind repeats what doc says.
CREATE TABLE notice (
    id     TEXT NOT NULL PRIMARY KEY,
    kind   TEXT NOT NULL,
    at     BIGINT NOT NULL,
    spread INTEGER NOT NULL,
    doc    TEXT NOT NULL,
    sum    BIGINT NOT NULL
);
CREATE INDEX notice_new ON notice (at, id) WHERE spread = 0;
CREATE INDEX notice_at ON notice (at);

-- delivery is one notice on its way through one channel.
CREATE TABLE delivery (
    notice  TEXT NOT NULL REFERENCES notice (id) ON DELETE CASCADE,
    channel TEXT NOT NULL,
    state   TEXT NOT NULL,
    tries   INTEGER NOT NULL,
    due     BIGINT NOT NULL,
    ended   BIGINT NOT NULL,
    error   TEXT NOT NULL,
    PRIMARY KEY (notice, channel)
) WITHOUT ROWID;
CREATE INDEX delivery_due ON delivery (channel, due, notice) WHERE state = 'waiting';
CREATE INDEX delivery_ended ON delivery (channel, ended);
