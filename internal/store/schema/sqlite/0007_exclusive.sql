-- the label keys that a campaign is exclusive by, for the runs that others start.
CREATE TABLE campaign_exclusive (
    campaign TEXT NOT NULL REFERENCES campaign (id),
    key      TEXT NOT NULL,
    PRIMARY KEY (campaign, key)
) WITHOUT ROWID;
INSERT INTO campaign_exclusive (campaign, key)
    SELECT DISTINCT campaign.id, k.value FROM campaign, json_each(campaign.doc, '$.spec.exclusive') k;
