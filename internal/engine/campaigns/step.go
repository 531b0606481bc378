package campaigns

import (
	"cmp"
	"context"
	"slices"
	"time"

	"drydock/internal/fleet/campaign"
	"drydock/internal/procedure"
)

func sortMembers(list []campaign.Member) {
	slices.SortFunc(list, func(a, b campaign.Member) int {
		return cmp.Or(cmp.Compare(a.Wave, b.Wave), cmp.Compare(a.Device, b.Device))
	})
}

// step moves every campaign as far as it goes now. It gives how long nothing
// more is to be done, unless something happens.
func (c *Conductor) step(ctx context.Context) time.Duration {
	c.mu.Lock()
	defer c.mu.Unlock()
	wait := idleWait
	for id, l := range c.lives {
		if err := c.advance(ctx, l); err != nil {
			c.Log.Error("a campaign does not go on", "campaign", id, "err", err)
			continue
		}
		if l.Status.Over() && !l.busy() {
			delete(c.lives, id)
			continue
		}
		wait = min(wait, l.next(c.Now()))
	}
	return max(wait, stepWait)
}

// advance writes what has changed, moves the campaign and starts what may start.
func (c *Conductor) advance(ctx context.Context, l *live) error {
	now := c.Now()
	l.giveUp(now)
	if err := c.settle(ctx, l, func(one campaign.Campaign) (campaign.Campaign, error) {
		all := campaign.Count(l.members, nil)
		wave := campaign.Count(l.members, func(m campaign.Member) bool { return m.Wave == one.Wave })
		return one.Advance(all, wave, now), nil
	}); err != nil {
		return err
	}
	if l.Status == campaign.Active {
		return c.admit(ctx, l, now)
	}
	return nil
}

// settle writes the members that have changed, and what decide makes of the
// campaign, in one transaction.
func (c *Conductor) settle(ctx context.Context, l *live, decide func(campaign.Campaign) (campaign.Campaign, error)) error {
	before := l.Campaign
	after, err := decide(before)
	if err != nil {
		return err
	}
	changed := l.changed()
	if len(changed) == 0 && same(before, after) {
		return nil
	}
	written, err := c.Store.UpdateCampaign(ctx, l.ID, changed, decide)
	if err != nil {
		return err
	}
	for _, m := range changed {
		delete(l.dirty, m.Device)
	}
	l.Campaign = written
	c.follow(l, before)
	c.tell(l.ID)
	return nil
}

func same(a, b campaign.Campaign) bool {
	return a.Status == b.Status && a.Wave == b.Wave && len(a.Log) == len(b.Log) && a.Why == b.Why
}

func (l *live) changed() []campaign.Member {
	list := make([]campaign.Member, 0, len(l.dirty))
	for device := range l.dirty {
		list = append(list, *l.member(device))
	}
	return list
}

// follow does what a change of the campaign brings with it: a pause calls back
// the runs that have not begun to load, the next wave takes the devices along
// that were offline, an end leaves none waiting.
func (c *Conductor) follow(l *live, before campaign.Campaign) {
	switch {
	case l.Status == before.Status && l.Wave == before.Wave:
		return
	case l.Status == campaign.Paused:
		c.recall(l, recalled)
	case l.Status == campaign.Stopped:
		for i, m := range l.members {
			if m.State == campaign.Waiting || m.State == campaign.Offline {
				l.members[i].State, l.members[i].At = campaign.Cancelled, c.Now()
				l.dirty[m.Device] = true
			}
		}
	}
	if l.Wave > before.Wave {
		for i, m := range l.members {
			if m.State == campaign.Offline && m.Wave < l.Wave {
				l.members[i].Wave = l.Wave
				l.dirty[m.Device] = true
			}
		}
	}
	c.poke()
}

// recall stops the campaign's runs that have not begun to load.
func (c *Conductor) recall(l *live, by string) {
	for _, m := range l.members {
		if m.State == campaign.Running {
			c.work(func(ctx context.Context) { _, _ = c.Runtime.CancelGently(ctx, m.Run, by) }) // one that has begun goes through
		}
	}
}

// giveUp fails the devices that have not answered for as long as the campaign
// waits for them.
func (l *live) giveUp(now time.Time) {
	for i, m := range l.members {
		if m.State == campaign.Offline && !now.Before(m.At.Add(time.Duration(l.Spec.Offline))) {
			m.State, m.At, m.Left = campaign.Failed, now, procedure.Untouched
			l.members[i] = m
			l.dirty[m.Device] = true
		}
	}
}

// busy says whether runs of the campaign are under way.
func (l *live) busy() bool {
	return len(l.dirty) > 0 || slices.ContainsFunc(l.members, func(m campaign.Member) bool { return m.State.InFlight() })
}

// next is how long nothing happens by itself.
func (l *live) next(now time.Time) time.Duration {
	wait := idleWait
	until := func(t time.Time) {
		if !t.IsZero() {
			wait = min(wait, max(t.Sub(now), 0))
		}
	}
	if l.Status == campaign.Soaking {
		until(l.Until)
	}
	if l.Status != campaign.Active {
		return wait
	}
	waiting := false
	for _, m := range l.members {
		switch m.State {
		case campaign.Offline:
			until(m.Probe)
		case campaign.Waiting:
			waiting = waiting || m.Wave <= l.Wave
		}
	}
	if waiting {
		wait = min(wait, time.Second) // for room, a window, the rate of starts
	}
	return wait
}

// work runs do in a goroutine that Run waits for; c.mu may be held.
func (c *Conductor) work(do func(context.Context)) {
	ctx := c.ctx
	if ctx == nil || ctx.Err() != nil {
		return
	}
	c.works.Go(func() {
		select {
		case c.slots <- struct{}{}:
		case <-ctx.Done():
			return
		}
		defer func() { <-c.slots }()
		do(ctx)
	})
}
