package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"

	"drydock/internal/access"
	"drydock/internal/fault"
	"drydock/internal/fleet"
	"drydock/internal/fleet/campaign"
	"drydock/internal/procedure"
)

// MemberFilter selects members; empty fields select all.
type MemberFilter struct {
	State campaign.State
	Wave  *int
	After fleet.DeviceID // cursor: the last device of the page before
	Limit int            // 0: no limit
}

func campaignObject(id campaign.ID) string { return "campaign " + string(id) }

// CreateCampaign makes a campaign and its members durable, all or nothing;
// fault.Conflict if there is one of that id.
func (s *Store) CreateCampaign(ctx context.Context, c campaign.Campaign, members []campaign.Member) error {
	err := s.write(ctx, func(ctx context.Context, t *tx) error {
		doc, err := json.Marshal(c)
		if err != nil {
			return err
		}
		n, err := t.change(ctx, "INSERT INTO campaign (id, status, doc, sum, started_at) VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
			c.ID, c.Status, string(doc), checksum(doc, string(c.ID)), micros(c.StartedAt))
		if err == nil && n == 0 {
			return fault.New(fault.Conflict, "", campaignObject(c.ID), "there is one of this id")
		}
		if err != nil {
			return err
		}
		if err := t.noticesOfCampaign(ctx, campaign.Campaign{}, c); err != nil {
			return err
		}
		if err := t.putExclusive(ctx, c); err != nil {
			return err
		}
		return t.putMembers(ctx, c.ID, members)
	})
	return s.explain("store.CreateCampaign", campaignObject(c.ID), err)
}

func (t *tx) putMembers(ctx context.Context, id campaign.ID, members []campaign.Member) error {
	for _, m := range members {
		doc, err := json.Marshal(m)
		if err != nil {
			return err
		}
		err = t.exec(ctx, `INSERT INTO member (campaign, device, wave, state, in_flight, run, cause, doc, sum) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
			ON CONFLICT (campaign, device) DO UPDATE SET wave = excluded.wave, state = excluded.state, in_flight = excluded.in_flight,
				run = excluded.run, cause = excluded.cause, doc = excluded.doc, sum = excluded.sum`,
			id, m.Device, m.Wave, m.State, flag(m.State.InFlight()), m.Run, m.Cause, string(doc), checksum(doc, string(id), string(m.Device)))
		if err != nil {
			return err
		}
	}
	return nil
}

const campaignColumns = "SELECT id, doc, sum FROM campaign"

func scanCampaign(r scanner) (c campaign.Campaign, err error) {
	var id, doc string
	var sum int64
	if err := r.Scan(&id, &doc, &sum); err != nil {
		return c, err
	}
	return c, unpack(doc, sum, &c, "campaign "+id, id)
}

// Campaigns gives the campaigns, newest first; active leaves out those that
// are over.
func (s *Store) Campaigns(ctx context.Context, active bool) (list []campaign.Campaign, err error) {
	var sel selection
	if active {
		sel.and("status NOT IN (?, ?)", campaign.Done, campaign.Stopped)
	}
	query, args := sel.query(campaignColumns, "ORDER BY started_at DESC, id DESC", 0)
	err = s.read(ctx, query, args, func(rows *sql.Rows) error {
		c, err := scanCampaign(rows)
		list = append(list, c)
		return err
	})
	return list, s.explain("store.Campaigns", "", err)
}

// Campaign gives one campaign, or fault.NotFound.
func (s *Store) Campaign(ctx context.Context, id campaign.ID) (c campaign.Campaign, err error) {
	found := false
	err = s.read(ctx, campaignColumns+" WHERE id = ?", []any{id}, func(rows *sql.Rows) (err error) {
		found = true
		c, err = scanCampaign(rows)
		return err
	})
	if err == nil && !found {
		err = notFound(campaignObject(id))
	}
	return c, s.explain("store.Campaign", campaignObject(id), err)
}

// Members gives a campaign's members by device.
func (s *Store) Members(ctx context.Context, id campaign.ID, f MemberFilter) (list []campaign.Member, err error) {
	var sel selection
	sel.equal("campaign", string(id))
	sel.equal("state", string(f.State))
	if f.Wave != nil {
		sel.and("wave = ?", *f.Wave)
	}
	if f.After != "" {
		sel.and("device > ?", f.After)
	}
	query, args := sel.query("SELECT device, doc, sum FROM member", "ORDER BY device", f.Limit)
	err = s.read(ctx, query, args, func(rows *sql.Rows) error {
		var m campaign.Member
		var device, doc string
		var sum int64
		if err := rows.Scan(&device, &doc, &sum); err != nil {
			return err
		}
		err := unpack(doc, sum, &m, campaignObject(id)+" device "+device, string(id), device)
		list = append(list, m)
		return err
	})
	return list, s.explain("store.Members", campaignObject(id), err)
}

// CampaignsOf names the campaigns that are not over and have the device.
func (s *Store) CampaignsOf(ctx context.Context, device fleet.DeviceID) (ids []campaign.ID, err error) {
	err = s.read(ctx, `SELECT c.id FROM member m JOIN campaign c ON c.id = m.campaign
		WHERE m.device = ? AND c.status NOT IN (?, ?) AND m.state NOT IN (?, ?, ?, ?) ORDER BY c.id`,
		[]any{device, campaign.Done, campaign.Stopped, campaign.Succeeded, campaign.Failed, campaign.Blocked, campaign.Cancelled},
		func(rows *sql.Rows) error {
			var id campaign.ID
			err := rows.Scan(&id)
			ids = append(ids, id)
			return err
		})
	return ids, s.explain("store.CampaignsOf", deviceObject(device), err)
}

// CampaignWithin says whether every device of a campaign lies in one of the
// scopes; fault.NotFound where there is no such campaign.
func (s *Store) CampaignWithin(ctx context.Context, id campaign.ID, scopes []access.Scope) (inside bool, err error) {
	if _, err := s.Campaign(ctx, id); err != nil {
		return false, err
	}
	count := func(scopes []access.Scope) (n int) {
		var sel selection
		sel.equal("campaign", string(id))
		sel.within("member.device", scopes)
		query, args := sel.query("SELECT COUNT(*) FROM member", "", 0)
		if e := s.read(ctx, query, args, func(rows *sql.Rows) error { return rows.Scan(&n) }); e != nil {
			err = e
		}
		return n
	}
	all, in := count(nil), count(scopes)
	return err == nil && all > 0 && in == all, s.explain("store.CampaignWithin", campaignObject(id), err)
}

// UpdateCampaign changes a campaign, and members of it, in one transaction:
// decide is given it as it is then and may run more than once.
func (s *Store) UpdateCampaign(ctx context.Context, id campaign.ID, members []campaign.Member,
	decide func(campaign.Campaign) (campaign.Campaign, error)) (c campaign.Campaign, err error) {
	err = s.write(ctx, func(ctx context.Context, t *tx) error {
		before, err := t.campaign(ctx, id)
		if err != nil {
			return err
		}
		if c, err = decide(before); err != nil {
			return err
		}
		doc, err := json.Marshal(c)
		if err != nil {
			return err
		}
		err = t.exec(ctx, "UPDATE campaign SET status = ?, doc = ?, sum = ? WHERE id = ?", c.Status, string(doc), checksum(doc, string(id)), id)
		if err != nil {
			return err
		}
		if err := t.noticesOfCampaign(ctx, before, c); err != nil {
			return err
		}
		return t.putMembers(ctx, c.ID, members)
	})
	return c, s.explain("store.UpdateCampaign", campaignObject(id), err)
}

func (t *tx) campaign(ctx context.Context, id campaign.ID) (c campaign.Campaign, err error) {
	var doc string
	var sum int64
	err = t.row(ctx, "SELECT doc, sum FROM campaign WHERE id = ?", []any{id}, &doc, &sum)
	if errors.Is(err, sql.ErrNoRows) {
		return c, notFound(campaignObject(id))
	}
	if err != nil {
		return c, err
	}
	return c, unpack(doc, sum, &c, campaignObject(id), string(id))
}

// AdmitMembers marks as started what choose chooses. It is given the campaign
// and what is in flight as they are in the transaction that marks them, so that
// two who choose at once cannot pass a cap together (RELIABILITY.md I15).
func (s *Store) AdmitMembers(ctx context.Context, id campaign.ID,
	choose func(campaign.Campaign, campaign.Flight) []campaign.Member) (chosen []campaign.Member, err error) {
	err = s.write(ctx, func(ctx context.Context, t *tx) error {
		c, err := t.campaign(ctx, id)
		if err != nil {
			return err
		}
		flight, err := t.flight(ctx, c)
		if err != nil {
			return err
		}
		chosen = choose(c, flight)
		return t.putMembers(ctx, c.ID, chosen)
	})
	if err != nil {
		chosen = nil
	}
	return chosen, s.explain("store.AdmitMembers", campaignObject(id), err)
}

// flight counts what is in flight.
func (t *tx) flight(ctx context.Context, c campaign.Campaign) (f campaign.Flight, err error) {
	if err = t.row(ctx, "SELECT COUNT(*) FROM member WHERE campaign = ? AND in_flight = 1", []any{c.ID}, &f.Own); err != nil {
		return f, err
	}
	f.Labels, f.OwnBy = map[string]map[string]int{}, map[string]map[string]int{}
	counted := c.Spec.Counted()
	if len(counted) == 0 {
		return f, nil
	}
	for _, key := range counted {
		f.Labels[key], f.OwnBy[key] = map[string]int{}, map[string]int{}
	}
	err = t.each(ctx, `SELECT l.key, l.value, COUNT(*) FROM member
		JOIN device_label l ON l.device = member.device WHERE member.campaign = ? AND member.in_flight = 1 GROUP BY 1, 2`, []any{c.ID}, func(rows *sql.Rows) error {
		var n int
		var key, value string
		err := rows.Scan(&key, &value, &n)
		if f.OwnBy[key] != nil {
			f.OwnBy[key][value] = n
		}
		return err
	})
	if err != nil {
		return f, err
	}
	return f, t.flightOfAll(ctx, c, &f)
}

// Tallies counts a campaign's members by wave.
func (s *Store) Tallies(ctx context.Context, id campaign.ID) (map[int]campaign.Tally, error) {
	out := map[int]campaign.Tally{}
	err := s.read(ctx, "SELECT wave, state, cause, COUNT(*) FROM member WHERE campaign = ? GROUP BY wave, state, cause", []any{id}, func(rows *sql.Rows) error {
		var wave, n int
		var state campaign.State
		var cause procedure.Cause
		if err := rows.Scan(&wave, &state, &cause, &n); err != nil {
			return err
		}
		if out[wave].States == nil {
			out[wave] = campaign.Tally{States: map[campaign.State]int{}, Causes: map[procedure.Cause]int{}}
		}
		out[wave].States[state] += n
		if state == campaign.Failed {
			out[wave].Causes[cause] += n
		}
		return nil
	})
	return out, s.explain("store.Tallies", campaignObject(id), err)
}
