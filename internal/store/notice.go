package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"strings"
	"time"

	"drydock/internal/access"
	"drydock/internal/fleet"
	"drydock/internal/fleet/campaign"
)

// Notice is something that somebody may have to be told. The store keeps it and
// its deliveries; what it says, and to whom, is for internal/notify.
type Notice struct {
	ID   string // the same thing has the same, so that it is told once
	Kind string
	At   time.Time
	Doc  json.RawMessage
}

// Outbox makes the notices that become durable together with what they are
// about: one transaction, so that neither is without the other. Its methods
// are called by writers, must return at once and may not use the store.
type Outbox interface {
	OfCommit(Commit) []Notice
	OfAudit(access.Entry) []Notice
	// OfCampaign is given a campaign as it was, zero for a new one, and as it is.
	OfCampaign(before, after campaign.Campaign) []Notice
}

// DeliveryState says how far a delivery is.
type DeliveryState string

// The states.
const (
	DeliveryWaiting DeliveryState = "waiting"
	DeliveryDone    DeliveryState = "delivered"
	DeliveryGivenUp DeliveryState = "given-up"
)

// Delivery is one notice on its way through one channel.
type Delivery struct {
	Notice  Notice
	Channel string
	State   DeliveryState
	Tries   int
	Due     time.Time // waiting: not tried before
	Ended   time.Time // delivered or given up
	Error   string    // of the last try
}

// AddNotices makes notices durable; those whose id is known are left out.
func (s *Store) AddNotices(ctx context.Context, notices ...Notice) error {
	if len(notices) == 0 {
		return nil
	}
	err := s.write(ctx, func(ctx context.Context, t *tx) error { return t.addNotices(ctx, notices) })
	return s.explain("store.AddNotices", "", err)
}

// addNotices is AddNotices as part of a transaction.
func (t *tx) addNotices(ctx context.Context, notices []Notice) error {
	for _, n := range notices {
		id, doc := asText(n.ID), asText(string(n.Doc))
		err := t.exec(ctx, "INSERT INTO notice (id, kind, at, spread, doc, sum) VALUES (?, ?, ?, 0, ?, ?) ON CONFLICT DO NOTHING",
			id, n.Kind, micros(n.At), doc, checksum(doc, id))
		if err != nil {
			return err
		}
	}
	return nil
}

const noticeColumns = "notice.id, notice.kind, notice.at, notice.doc, notice.sum"

func scanNotice(r scanner, more ...any) (n Notice, err error) {
	var doc string
	var at, sum int64
	if err := r.Scan(append([]any{&n.ID, &n.Kind, &at, &doc, &sum}, more...)...); err != nil {
		return n, err
	}
	n.At = fromMicros(at)
	return n, unpack(doc, sum, &n.Doc, "notice "+n.ID, n.ID)
}

// NewNotices gives the oldest notices whose deliveries are not made yet.
func (s *Store) NewNotices(ctx context.Context, limit int) (notices []Notice, err error) {
	err = s.read(ctx, "SELECT "+noticeColumns+" FROM notice WHERE spread = 0 ORDER BY at, id LIMIT ?", []any{limit}, func(r *sql.Rows) error {
		n, err := scanNotice(r)
		notices = append(notices, n)
		return err
	})
	return notices, s.explain("store.NewNotices", "", err)
}

// Spread makes the deliveries of notices, in one transaction with the mark that
// they are made; those that are there stay as they are. Unwanted notices are
// forgotten with it.
func (s *Store) Spread(ctx context.Context, notices, unwanted []string, deliveries []Delivery) error {
	err := s.write(ctx, func(ctx context.Context, t *tx) error {
		for _, d := range deliveries {
			err := t.exec(ctx, "INSERT INTO delivery (notice, channel, state, tries, due, ended, error) VALUES (?, ?, 'waiting', 0, ?, 0, '') ON CONFLICT DO NOTHING",
				d.Notice.ID, d.Channel, micros(d.Due))
			if err != nil {
				return err
			}
		}
		for _, id := range unwanted {
			if err := t.exec(ctx, "DELETE FROM notice WHERE id = ?", id); err != nil {
				return err
			}
		}
		for _, id := range notices {
			if err := t.exec(ctx, "UPDATE notice SET spread = 1 WHERE id = ?", id); err != nil {
				return err
			}
		}
		return nil
	})
	return s.explain("store.Spread", "", err)
}

// DueDeliveries gives what a channel is to deliver now, the oldest first.
func (s *Store) DueDeliveries(ctx context.Context, channel string, now time.Time, limit int) ([]Delivery, error) {
	return s.deliveries(ctx, "WHERE delivery.channel = ? AND state = 'waiting' AND due <= ? ORDER BY due, delivery.notice LIMIT ?", channel, micros(now), limit)
}

// DeliveryFilter selects deliveries; empty fields select all.
type DeliveryFilter struct {
	Channel string
	State   DeliveryState
	Limit   int
}

// Deliveries gives the selected deliveries, the newest notices first.
func (s *Store) Deliveries(ctx context.Context, f DeliveryFilter) ([]Delivery, error) {
	var sel selection
	sel.equal("delivery.channel", f.Channel)
	sel.equal("state", string(f.State))
	query, args := sel.query("", "ORDER BY notice.at DESC, delivery.notice, delivery.channel", f.Limit)
	return s.deliveries(ctx, query, args...)
}

func (s *Store) deliveries(ctx context.Context, where string, args ...any) (list []Delivery, err error) {
	query := "SELECT " + noticeColumns + ", delivery.channel, state, tries, due, ended, error FROM delivery JOIN notice ON notice.id = delivery.notice " + where
	err = s.read(ctx, query, args, func(r *sql.Rows) error {
		var d Delivery
		var due, ended int64
		n, err := scanNotice(r, &d.Channel, &d.State, &d.Tries, &due, &ended, &d.Error)
		d.Notice, d.Due, d.Ended = n, fromMicros(due), fromMicros(ended)
		list = append(list, d)
		return err
	})
	return list, s.explain("store.Deliveries", "", err)
}

// PutDeliveries keeps what became of deliveries: State, Tries, Due, Ended and
// Error. What they lead to, notices, becomes durable with them.
func (s *Store) PutDeliveries(ctx context.Context, deliveries []Delivery, notices ...Notice) error {
	err := s.write(ctx, func(ctx context.Context, t *tx) error {
		for _, d := range deliveries {
			err := t.exec(ctx, "UPDATE delivery SET state = ?, tries = ?, due = ?, ended = ?, error = ? WHERE notice = ? AND channel = ?",
				d.State, d.Tries, micros(d.Due), micros(d.Ended), asText(d.Error), d.Notice.ID, d.Channel)
			if err != nil {
				return err
			}
		}
		return t.addNotices(ctx, notices)
	})
	return s.explain("store.PutDeliveries", "", err)
}

// DropDeliveries forgets what waits for a channel that there is no more.
func (s *Store) DropDeliveries(ctx context.Context, channel string) error {
	err := s.write(ctx, func(ctx context.Context, t *tx) error {
		return t.exec(ctx, "DELETE FROM delivery WHERE channel = ?", channel)
	})
	return s.explain("store.DropDeliveries", "", err)
}

// CountDeliveries counts deliveries by channel and state.
func (s *Store) CountDeliveries(ctx context.Context) (map[string]map[DeliveryState]int, error) {
	counts := map[string]map[DeliveryState]int{}
	err := s.read(ctx, "SELECT channel, state, count(*) FROM delivery GROUP BY channel, state", nil, func(r *sql.Rows) error {
		var channel string
		var state DeliveryState
		var n int
		if err := r.Scan(&channel, &state, &n); err != nil {
			return err
		}
		if counts[channel] == nil {
			counts[channel] = map[DeliveryState]int{}
		}
		counts[channel][state] = n
		return nil
	})
	return counts, s.explain("store.CountDeliveries", "", err)
}

// WaitingDeliveries counts what is still to be delivered.
func (s *Store) WaitingDeliveries(ctx context.Context) (n int, err error) {
	err = s.readOne(ctx, "SELECT count(*) FROM delivery WHERE state = 'waiting'", nil, &n)
	return n, s.explain("store.WaitingDeliveries", "", err)
}

// ForgetNotices removes some of the notices of before a moment that nobody waits
// for; more says that there may be others.
func (s *Store) ForgetNotices(ctx context.Context, before time.Time) (more bool, err error) {
	const some = 2000
	err = s.write(ctx, func(ctx context.Context, t *tx) error {
		n, err := t.change(ctx, `DELETE FROM notice WHERE id IN (SELECT id FROM notice WHERE at < ? AND spread = 1
			AND NOT EXISTS (SELECT 1 FROM delivery WHERE delivery.notice = notice.id AND state = 'waiting') ORDER BY at LIMIT ?)`, micros(before), some)
		more = n == some
		return err
	})
	return more, s.explain("store.ForgetNotices", "", err)
}

// Order is what became of the runs that one request has started.
type Order struct {
	Runs     int
	Active   int
	Outcomes map[string]int
}

// OrderKey gives the request key that a run shares with those that were ordered
// together with it; empty if it was ordered without one.
func (s *Store) OrderKey(ctx context.Context, run fleet.RunID, device fleet.DeviceID) (string, error) {
	var key sql.NullString
	err := s.readOne(ctx, "SELECT request_key FROM run WHERE id = ?", []any{run}, &key)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return "", s.explain("store.OrderKey", runObject(run), err)
	}
	prefix, ok := strings.CutSuffix(key.String, "/"+string(device))
	if !ok {
		return "", nil
	}
	return prefix, nil
}

// Order counts the runs of a request key.
func (s *Store) Order(ctx context.Context, key string) (o Order, err error) {
	o.Outcomes = map[string]int{}
	// "0" is the character after "/"
	err = s.read(ctx, runColumns+" WHERE request_key >= ? AND request_key < ?", []any{key + "/", key + "0"}, func(r *sql.Rows) error {
		rec, err := scanRun(r)
		if err != nil {
			return err
		}
		o.Runs++
		if result := rec.State.Result; result == nil {
			o.Active++
		} else {
			o.Outcomes[string(result.Outcome)]++
		}
		return nil
	})
	return o, s.explain("store.Order", "", err)
}

// noticesOfCampaign asks the outbox about a campaign that was changed.
func (t *tx) noticesOfCampaign(ctx context.Context, before, after campaign.Campaign) error {
	if t.s.outbox == nil {
		return nil
	}
	return t.addNotices(ctx, t.s.outbox.OfCampaign(before, after))
}

// noticesOf asks the outbox about the changes of a round that were written.
func (t *tx) noticesOf(ctx context.Context, written []*change) error {
	if t.s.outbox == nil {
		return nil
	}
	for _, ch := range written {
		if err := t.addNotices(ctx, t.s.outbox.OfCommit(*ch.Commit)); err != nil {
			return err
		}
	}
	return nil
}
