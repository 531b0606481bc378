package notify

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"drydock/internal/fleet"
	"drydock/internal/procedure"
	"drydock/internal/store"
)

// spread makes the deliveries of notices that are new; true if there may be
// more of them.
func (n *Notifier) spread(ctx context.Context, channels []Channel) (more bool, err error) {
	notices, err := n.Store.NewNotices(ctx, spreadAtOne)
	if err != nil || len(notices) == 0 {
		return false, err
	}
	ends, err := n.orderEnds(ctx, notices)
	if err != nil {
		return false, err
	}
	var ids, unwanted []string
	var deliveries []store.Delivery
	for i, notice := range notices {
		before := len(deliveries)
		due := n.Now().Add(time.Duration(i-len(notices)) * time.Microsecond) // keeps their order
		m, err := messageOf(notice)
		if err != nil {
			n.Log.Error("a notice is not one", "notice", notice.ID, "err", err)
			unwanted = append(unwanted, notice.ID)
			continue
		}
		for _, c := range channels {
			if !slices.Contains(c.kinds(), Kind(notice.Kind)) || m.about(c.Name) || !n.concerns(ctx, m, c.Label) {
				continue
			}
			deliveries = append(deliveries, store.Delivery{Notice: notice, Channel: c.Name, Due: due.Add(c.GathersFor())})
		}
		if ends := m.Kind == RunEnded || m.Kind == RunFailed; ends && len(deliveries) == before {
			unwanted = append(unwanted, notice.ID) // it was kept for the end of its order
			continue
		}
		ids = append(ids, notice.ID)
	}
	if err := n.Store.AddNotices(ctx, ends...); err != nil {
		return false, err
	}
	return len(notices) == spreadAtOne || len(ends) > 0, n.Store.Spread(ctx, ids, unwanted, deliveries)
}

// about says whether the message is that this channel does not work.
func (m Message) about(channel string) bool {
	return m.Kind == Undelivered && strings.HasPrefix(m.ID, string(Undelivered)+"/"+channel+"/")
}

// concerns says whether the message is of a device with the label. One that is
// of no device concerns every channel.
func (n *Notifier) concerns(ctx context.Context, m Message, label string) bool {
	if label == "" || m.Device == "" {
		return true
	}
	d, err := n.Store.Device(ctx, fleet.DeviceID(m.Device))
	if err != nil {
		return true // it was removed meanwhile: rather told once too often
	}
	key, value, _ := strings.Cut(label, "=")
	return d.Labels[key] == value
}

// orderEnds makes the notices of orders of several runs whose last run has
// ended. Each order is looked at once, however many of its runs have ended.
func (n *Notifier) orderEnds(ctx context.Context, notices []store.Notice) (ends []store.Notice, err error) {
	if !n.Outbox.wants.has(OrderEnded) {
		return nil, nil
	}
	keys := map[string]Message{}
	for _, notice := range notices {
		if kind := Kind(notice.Kind); kind != RunEnded && kind != RunFailed {
			continue
		}
		m, err := messageOf(notice)
		if err != nil {
			continue // spread says so
		}
		key, err := n.Store.OrderKey(ctx, fleet.RunID(m.Run), fleet.DeviceID(m.Device))
		if err != nil {
			return nil, err
		}
		if key != "" {
			keys[key] = m
		}
	}
	for _, key := range slices.Sorted(maps.Keys(keys)) {
		order, err := n.Store.Order(ctx, key)
		if err != nil {
			return nil, err
		}
		if order.Active > 0 || order.Runs < 2 {
			continue
		}
		notice, err := ofOrder(order, key, keys[key]).notice()
		if err != nil {
			return nil, err
		}
		ends = append(ends, notice)
	}
	return ends, nil
}

func ofOrder(o store.Order, key string, last Message) Message {
	m := Message{ID: string(OrderEnded) + "/" + key, Kind: OrderEnded, At: last.At, Severity: Notice, Release: last.Release, Outcomes: o.Outcomes}
	good := 0
	for _, outcome := range []procedure.Outcome{procedure.Updated, procedure.Unneeded, procedure.BackedUp, procedure.Restored, procedure.Reverted} {
		good += o.Outcomes[string(outcome)]
	}
	m.Title = fmt.Sprintf("all %d runs of an order have ended, %d as wanted", o.Runs, good)
	if good < o.Runs {
		m.Severity = Warning
	}
	parts := make([]string, 0, len(o.Outcomes))
	for _, k := range slices.Sorted(maps.Keys(o.Outcomes)) {
		parts = append(parts, fmt.Sprintf("%d %s", o.Outcomes[k], k))
	}
	m.Text = strings.Join(parts, ", ")
	return m
}
