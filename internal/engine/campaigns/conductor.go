package campaigns

import (
	"context"
	"log/slog"
	"net/netip"
	"sync"
	"time"

	"drydock/internal/engine"
	"drydock/internal/fleet"
	"drydock/internal/fleet/campaign"
	"drydock/internal/procedure"
	"drydock/internal/store"
	"drydock/internal/transfer"
)

// Config is what a Conductor stands on.
type Config struct {
	Store   *store.Store
	Engine  *engine.Engine
	Runtime engine.Runtime
	Now     func() time.Time // nil: time.Now
	Log     *slog.Logger
	// ApproveAbove is how many devices a campaign may have that one person starts
	// alone; 0: any number.
	ApproveAbove int
}

// Conductor conducts the campaigns of a store. Its methods may be called from
// many goroutines while Run runs.
type Conductor struct {
	Config
	wake  chan struct{} // has room for one: there may be something to do
	works sync.WaitGroup
	slots chan struct{} // bounds how many devices are asked and started at once

	mu    sync.Mutex // owns what follows
	ctx   context.Context
	lives map[campaign.ID]*live
	runs  map[fleet.RunID]memberKey
	// away are the addresses of devices that do not answer: a notification from
	// one has it asked at once.
	away     map[netip.Addr]map[memberKey]bool
	watchers map[chan<- campaign.ID]bool
}

type memberKey struct {
	campaign campaign.ID
	device   fleet.DeviceID
}

// live is a campaign that is not over, with all its members.
type live struct {
	campaign.Campaign
	members  []campaign.Member // by wave and device
	place    map[fleet.DeviceID]int
	dirty    map[fleet.DeviceID]bool // changed since they were last written
	openings map[string]openings     // by time zone
	paces    map[paceKey]*transfer.Pace
	admitted time.Time // when devices were last chosen
}

const (
	atOnce   = 256                    // devices that are asked and started at once
	stepWait = 100 * time.Millisecond // changes that come within are taken together
	idleWait = 30 * time.Second       // at the latest everything is looked at again
)

// New makes a conductor.
func New(c Config) *Conductor {
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	return &Conductor{Config: c, wake: make(chan struct{}, 1), slots: make(chan struct{}, atOnce), lives: map[campaign.ID]*live{},
		runs: map[fleet.RunID]memberKey{}, away: map[netip.Addr]map[memberKey]bool{}, watchers: map[chan<- campaign.ID]bool{}}
}

// Run conducts until ctx ends, which is no error. It is called once. On return
// no goroutine of the conductor is left.
func (c *Conductor) Run(ctx context.Context) error {
	defer c.works.Wait()
	changes := c.Runtime.Watch(ctx)
	c.mu.Lock()
	c.ctx = ctx
	c.mu.Unlock()
	if err := c.load(ctx); err != nil {
		if ctx.Err() != nil {
			return nil
		}
		return err
	}
	for ctx.Err() == nil {
		next := c.step(ctx)
		if !c.await(ctx, changes, next) {
			return nil
		}
	}
	return nil
}

// await returns when there may be something to do; false when ctx has ended.
func (c *Conductor) await(ctx context.Context, changes <-chan engine.Change, next time.Duration) bool {
	timer := time.NewTimer(next)
	defer timer.Stop()
	soon := false
	for {
		select {
		case <-ctx.Done():
			return false
		case <-timer.C:
			return true
		case change, ok := <-changes:
			if !ok {
				return false
			}
			if !c.hear(ctx, change) {
				continue
			}
		case <-c.wake:
		}
		if !soon { // what comes with it is taken together
			soon = true
			timer.Reset(stepWait)
		}
	}
}

func (c *Conductor) poke() {
	select {
	case c.wake <- struct{}{}:
	default: // it is awake already
	}
}

// load takes over the campaigns that are not over.
func (c *Conductor) load(ctx context.Context) error {
	list, err := c.Store.Campaigns(ctx, true)
	if err != nil {
		return err
	}
	for _, one := range list {
		members, err := c.Store.Members(ctx, one.ID, store.MemberFilter{})
		if err != nil {
			return err
		}
		c.take(one, members)
	}
	c.resync(ctx)
	return nil
}

// take adds a campaign and goes on with what was being started.
func (c *Conductor) take(one campaign.Campaign, members []campaign.Member) {
	c.mu.Lock()
	defer c.mu.Unlock()
	l := &live{Campaign: one, members: members, place: map[fleet.DeviceID]int{}, dirty: map[fleet.DeviceID]bool{}, openings: map[string]openings{}, paces: map[paceKey]*transfer.Pace{}}
	sortMembers(l.members)
	for i, m := range l.members {
		l.place[m.Device] = i
		if m.State == campaign.Running {
			c.runs[m.Run] = memberKey{one.ID, m.Device}
		}
	}
	c.lives[one.ID] = l
	for _, m := range l.members {
		if m.State == campaign.Starting {
			c.launch(l, m)
		}
	}
}

// resync looks up what became of every run that is under way: what was missed.
func (c *Conductor) resync(ctx context.Context) {
	c.mu.Lock()
	runs := make([]fleet.RunID, 0, len(c.runs))
	for run := range c.runs {
		runs = append(runs, run)
	}
	c.mu.Unlock()
	for _, run := range runs {
		record, err := c.Store.Run(ctx, run)
		if err != nil {
			c.Log.Error("a campaign's run cannot be read", "run", run, "err", err)
			continue
		}
		if record.State.Phase == procedure.Ended {
			c.ended(run, record.State)
		}
	}
}

// hear takes a change of a run; it says whether there may be something to do.
func (c *Conductor) hear(ctx context.Context, change engine.Change) bool {
	switch {
	case change.Gap && change.Run == "":
		c.resync(ctx)
		return true
	case change.State.Phase == procedure.Ended:
		return c.ended(change.Run, change.State)
	}
	return false
}

// ended takes a run's result over; false if the run is of no campaign.
func (c *Conductor) ended(run fleet.RunID, st procedure.State) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	key, ok := c.runs[run]
	if !ok {
		return false
	}
	delete(c.runs, run)
	l := c.lives[key.campaign]
	m := l.member(key.device)
	if m.From == "" {
		m.From = st.From // it was not read before
	}
	r := *st.Result
	if r.Outcome == procedure.Stopped && r.By == recalled && !l.Status.Over() {
		m.State, m.At = campaign.Waiting, c.Now() // the pause called it back
		m.Tries++
	} else {
		*m = m.Ended(r, c.Now())
	}
	l.dirty[key.device] = true
	return true
}

// recalled is who stops the runs that a pause calls back.
const recalled = "the campaign's pause"

func (l *live) member(device fleet.DeviceID) *campaign.Member { return &l.members[l.place[device]] }

// Heard has a device that did not answer asked at once, if it is one that a
// campaign waits for: it has sent a notification, perhaps that it has started
// (coldStart, warmStart; RFC 3418).
func (c *Conductor) Heard(from netip.Addr) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for key := range c.away[from.Unmap()] {
		if l := c.lives[key.campaign]; l != nil {
			if m := l.member(key.device); m.State == campaign.Offline {
				m.Probe = c.Now()
				l.dirty[key.device] = true
			}
		}
	}
	if len(c.away[from.Unmap()]) > 0 {
		c.poke()
	}
}
