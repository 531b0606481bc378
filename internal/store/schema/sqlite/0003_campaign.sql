-- status repeats what doc says, for the list of those that are not over.
CREATE TABLE campaign (
    id         TEXT NOT NULL PRIMARY KEY,
    status     TEXT NOT NULL,
    doc        TEXT NOT NULL,
    sum        BIGINT NOT NULL,
    started_at BIGINT NOT NULL
);
CREATE INDEX campaign_newest ON campaign (started_at, id);

-- wave, state, in_flight, run and cause repeat what doc says.
CREATE TABLE member (
    campaign  TEXT NOT NULL REFERENCES campaign (id),
    device    TEXT NOT NULL,
    wave      INTEGER NOT NULL,
    state     TEXT NOT NULL,
    in_flight INTEGER NOT NULL,
    run       TEXT NOT NULL,
    cause     TEXT NOT NULL,
    doc       TEXT NOT NULL,
    sum       BIGINT NOT NULL,
    PRIMARY KEY (campaign, device)
) WITHOUT ROWID;
CREATE INDEX member_in_flight ON member (campaign, device) WHERE in_flight = 1;
CREATE INDEX member_device ON member (device);
CREATE INDEX member_run ON member (run) WHERE run <> '';
