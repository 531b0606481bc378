package store

import (
	"context"
	"database/sql"
	"slices"

	"drydock/internal/fleet/campaign"
	"drydock/internal/procedure"
)

// putExclusive keeps the labels that a campaign is exclusive by where the start
// of a run finds them.
func (t *tx) putExclusive(ctx context.Context, c campaign.Campaign) error {
	for _, key := range c.Spec.Exclusive {
		if err := t.exec(ctx, "INSERT INTO campaign_exclusive (campaign, key) VALUES (?, ?) ON CONFLICT DO NOTHING", c.ID, key); err != nil {
			return err
		}
	}
	return nil
}

// unpaired leaves out the starts of runs whose device shares an exclusive label
// with one that a campaign has in flight (I15). A backup disturbs nobody.
func (t *tx) unpaired(ctx context.Context, starts []*change) ([]*change, error) {
	if len(starts) == 0 {
		return starts, nil
	}
	var exclusive bool
	const any = `SELECT EXISTS (SELECT 1 FROM campaign_exclusive x JOIN member m ON m.campaign = x.campaign AND m.in_flight = 1)`
	if err := t.row(ctx, any, nil, &exclusive); err != nil || !exclusive {
		return starts, err
	}
	free := make([]*change, 0, len(starts))
	for _, ch := range starts {
		clash, err := t.pairOf(ctx, ch)
		if err != nil {
			return nil, err
		}
		if clash == nil {
			free = append(free, ch)
		}
	}
	return free, nil
}

// pairOf says which device is in the way of a run's start, nil if none is.
func (t *tx) pairOf(ctx context.Context, ch *change) (clash *Clash, err error) {
	if ch.State.Plan.Goal == procedure.GoalBackup {
		return nil, nil
	}
	device := ch.State.Plan.Device
	err = t.each(ctx, `SELECT m.device, m.run, m.campaign, l.key, l.value FROM campaign_exclusive x
		JOIN member m ON m.campaign = x.campaign AND m.in_flight = 1 AND m.device <> ?
		JOIN device_label l ON l.device = m.device AND l.key = x.key
		JOIN device_label mine ON mine.device = ? AND mine.key = l.key AND mine.value = l.value
		ORDER BY m.device LIMIT 1`, []any{device, device}, func(rows *sql.Rows) error {
		c := Clash{Kind: ClashPair}
		var key, value string
		err := rows.Scan(&c.Device, &c.Run, &c.Campaign, &key, &value)
		c.Label = key + "=" + value
		clash = &c
		return err
	})
	return clash, err
}

// flightOfAll counts by exclusive label the devices that something is done to:
// those that a campaign has in flight, and those of runs that belong to none.
func (t *tx) flightOfAll(ctx context.Context, c campaign.Campaign, f *campaign.Flight) error {
	if len(c.Spec.Exclusive) == 0 {
		return nil
	}
	return t.each(ctx, `SELECT l.key, l.value, COUNT(*) FROM device_label l
		JOIN (SELECT device FROM member WHERE in_flight = 1 UNION SELECT device FROM run WHERE active = 1) busy ON busy.device = l.device
		GROUP BY l.key, l.value`, nil, func(rows *sql.Rows) error {
		var key, value string
		var n int
		if err := rows.Scan(&key, &value, &n); err != nil {
			return err
		}
		if slices.Contains(c.Spec.Exclusive, key) {
			f.Labels[key][value] = n
		}
		return nil
	})
}
