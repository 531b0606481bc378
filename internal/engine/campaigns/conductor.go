package campaigns

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"drydock/internal/engine"
	"drydock/internal/fleet"
	"drydock/internal/fleet/campaign"
	"drydock/internal/procedure"
	"drydock/internal/snmp"
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
	// early are the runs of devices that were being started when the process
	// before ended: their images are paced before all is known of them.
	early map[fleet.RunID]memberKey
	// away are what the notifications of devices that do not answer are known by,
	// with each device's SNMPv3 user: such a notification has it asked at once.
	away     map[awayName]map[memberKey]snmp.User
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
		runs: map[fleet.RunID]memberKey{}, early: map[fleet.RunID]memberKey{}, away: map[awayName]map[memberKey]snmp.User{}, watchers: map[chan<- campaign.ID]bool{}}
}

// Run conducts until ctx ends, which is no error. It is called once, after
// Load. On return no goroutine of the conductor is left.
func (c *Conductor) Run(ctx context.Context) error {
	defer c.works.Wait()
	changes := c.Runtime.Watch(ctx)
	c.goOn(ctx)
	c.resync(ctx)
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

// Load takes over the campaigns that are not over. It is called before runs go
// on, so that their images are paced from the first octet.
func (c *Conductor) Load(ctx context.Context) error {
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
		for _, m := range members {
			if m.State != campaign.Starting {
				continue
			}
			run, found, err := c.Store.RunByRequestKey(ctx, requestKey(one.ID, m)+"/"+string(m.Device))
			if err != nil {
				return err
			}
			if found {
				c.early[run] = memberKey{one.ID, m.Device}
			}
		}
	}
	return nil
}

// take adds a campaign.
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
}

// goOn takes up what the process before was about: devices that were being
// started, and those that did not answer.
func (c *Conductor) goOn(ctx context.Context) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.ctx = ctx
	for id, l := range c.lives {
		for _, m := range l.members {
			switch m.State {
			case campaign.Starting:
				c.launch(l, m)
			case campaign.Offline:
				c.work(func(ctx context.Context) { c.listen(ctx, memberKey{id, m.Device}) })
			}
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
	case change.State.Question != nil || change.Event.Kind == procedure.Answered:
		c.tellOf(change.Run)
	}
	return false
}

// tellOf tells the watchers of a run's campaign that it asks, or asks no more.
func (c *Conductor) tellOf(run fleet.RunID) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if key, ok := c.runs[run]; ok {
		c.tell(key.campaign)
	}
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
