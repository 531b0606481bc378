-- the label keys that a campaign is exclusive by, for the runs that others start.
CREATE TABLE campaign_exclusive (
    campaign TEXT COLLATE "C" NOT NULL REFERENCES campaign (id),
    key      TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (campaign, key)
);
INSERT INTO campaign_exclusive (campaign, key)
    SELECT DISTINCT campaign.id, k.value FROM campaign, jsonb_array_elements_text(coalesce(campaign.doc::jsonb -> 'spec' -> 'exclusive', '[]')) AS k (value);
