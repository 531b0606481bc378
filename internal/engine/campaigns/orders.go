package campaigns

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"

	"drydock/internal/fault"
	"drydock/internal/fleet"
	"drydock/internal/fleet/campaign"
	"drydock/internal/transfer"
)

// Order starts a campaign, by its Spec or by a Plan that was made of one.
type Order struct {
	Spec campaign.Spec
	Plan *campaign.Plan // must still be true; nil: the Spec counts
	By   string
	Key  string // the same of the same person never starts a second campaign; empty: each order is a new one
}

// id gives the campaign's id, which an order with a key has before it starts.
func (o Order) id() campaign.ID {
	if o.Key == "" {
		return campaign.ID("c" + transfer.NewName()[:9])
	}
	sum := sha256.Sum256([]byte(strconv.Itoa(len(o.By)) + "\x00" + o.By + o.Key))
	return campaign.ID("c" + hex.EncodeToString(sum[:10]))
}

// again gives the campaign that the order's key has started, if the order is
// the same: whoever sent another would take the old campaign for the new one.
func (o Order) again(one campaign.Campaign, err error) (campaign.Campaign, error) {
	if err != nil {
		return one, err
	}
	if o.Plan != nil {
		o.Spec = o.Plan.Spec
	}
	wanted := o.Spec.WithDefaults()
	wanted.Approval = wanted.Approval || one.Spec.Approval // large ones get it, whatever the order says
	asked, err := json.Marshal(wanted)
	if err != nil {
		return campaign.Campaign{}, err
	}
	started, err := json.Marshal(one.Spec)
	if err != nil {
		return campaign.Campaign{}, err
	}
	if !bytes.Equal(asked, started) {
		return campaign.Campaign{}, fault.New(fault.Conflict, "", "campaign", "the key has started another order: %s, %q", one.ID, one.Spec.Name).
			WithHint("give each order a key of its own; drydock campaign show %s shows that campaign", one.ID)
	}
	return one, nil
}

// Start starts a campaign, or gives the one that its key has started. A plan
// must still be true: fault.Conflict names the devices for which it is not.
func (c *Conductor) Start(ctx context.Context, o Order) (campaign.Campaign, error) {
	id := o.id()
	if o.Key != "" {
		if one, err := c.Store.Campaign(ctx, id); !fault.Is(err, fault.NotFound) {
			return o.again(one, err)
		}
	}
	one, members, err := c.prepare(ctx, o, id)
	if err != nil {
		return one, err
	}
	err = c.Store.CreateCampaign(ctx, one, members)
	if fault.Is(err, fault.Conflict) && o.Key != "" { // two of this key came at once
		return o.again(c.Store.Campaign(ctx, id))
	}
	if err != nil {
		return one, err
	}
	c.take(one, members)
	c.poke()
	return one, nil
}

// prepare makes the campaign and its members.
func (c *Conductor) prepare(ctx context.Context, o Order, id campaign.ID) (one campaign.Campaign, members []campaign.Member, err error) {
	if o.Plan != nil {
		o.Spec = o.Plan.Spec
	}
	plan, members, err := c.plan(ctx, o.Spec, false)
	if err != nil {
		return one, nil, err
	}
	if o.Plan != nil {
		if err := stillTrue(*o.Plan, plan); err != nil {
			return one, nil, err
		}
		members = unblocked(*o.Plan, members)
	}
	if len(members) == 0 {
		return one, nil, fault.New(fault.Conflict, "", "campaign", "all %d devices are blocked: %s", len(plan.Devices), firstBlocker(plan)).
			WithHint("drydock campaign plan shows why")
	}
	sizes := campaign.AssignWaves(plan.Spec, members)
	one = campaign.New(id, plan.Spec, sizes, o.By, c.Now())
	return one, append(members, blocked(plan, members, len(sizes)-1)...), nil
}

// unblocked leaves out the devices that the plan that was consented to names
// as blocked: it may have asked them.
func unblocked(made campaign.Plan, members []campaign.Member) (list []campaign.Member) {
	out := map[fleet.DeviceID]bool{}
	for _, d := range made.Devices {
		out[d.Device] = len(d.Blockers) > 0
	}
	for _, m := range members {
		if !out[m.Device] {
			list = append(list, m)
		}
	}
	return list
}

// blocked gives the devices of the plan that are not among the members, so that
// nobody wonders where they are.
func blocked(p campaign.Plan, members []campaign.Member, wave int) (list []campaign.Member) {
	in := map[fleet.DeviceID]bool{}
	for _, m := range members {
		in[m.Device] = true
	}
	for _, d := range p.Devices {
		if !in[d.Device] {
			list = append(list, campaign.Member{Device: d.Device, State: campaign.Blocked, Wave: wave, From: d.From, Detail: strings.Join(d.Blockers, "; ")})
		}
	}
	return list
}

func firstBlocker(p campaign.Plan) string {
	for _, d := range p.Devices {
		if len(d.Blockers) > 0 {
			return d.Blockers[0]
		}
	}
	return "the plan says so"
}

// stillTrue refuses a plan that was made of another world.
func stillTrue(made, now campaign.Plan) error {
	changed := made.Changed(now)
	if len(changed) == 0 {
		return nil
	}
	names := []string{}
	for _, id := range changed[:min(len(changed), 5)] {
		names = append(names, string(id))
	}
	if more := len(changed) - len(names); more > 0 {
		names = append(names, fmt.Sprintf("and %d more", more))
	}
	return fault.New(fault.Conflict, "", "plan", "since it was made at %s, %d devices have changed, come or gone: %s",
		made.MadeAt.Format("2006-01-02 15:04 MST"), len(changed), strings.Join(names, ", ")).WithHint("make the plan again, look at it, and start that one")
}

// order changes a campaign as a person says.
func (c *Conductor) order(ctx context.Context, id campaign.ID, decide func(campaign.Campaign, *live) (campaign.Campaign, error)) (campaign.Campaign, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	l := c.lives[id]
	if l == nil {
		one, err := c.Store.Campaign(ctx, id)
		if err == nil {
			err = fault.New(fault.Conflict, "", "campaign "+string(id), "it is %s", one.Status)
		}
		return one, err
	}
	err := c.settle(ctx, l, func(one campaign.Campaign) (campaign.Campaign, error) { return decide(one, l) })
	c.poke()
	return l.Campaign, err
}

// Pause starts no more devices and calls back those that have not begun to load.
func (c *Conductor) Pause(ctx context.Context, id campaign.ID, by string) (campaign.Campaign, error) {
	return c.order(ctx, id, func(one campaign.Campaign, _ *live) (campaign.Campaign, error) { return one.Pause(by, c.Now()) })
}

// Resume lets a paused campaign go on.
func (c *Conductor) Resume(ctx context.Context, id campaign.ID, by string) (campaign.Campaign, error) {
	return c.order(ctx, id, func(one campaign.Campaign, l *live) (campaign.Campaign, error) {
		return one.Resume(by, c.Now(), campaign.Count(l.members, nil))
	})
}

// Approve lets the next wave begin; fault.Denied for who started the campaign.
func (c *Conductor) Approve(ctx context.Context, id campaign.ID, by string) (campaign.Campaign, error) {
	return c.order(ctx, id, func(one campaign.Campaign, _ *live) (campaign.Campaign, error) { return one.Approve(by, c.Now()) })
}

// Cancel ends a campaign. Runs that have not begun to load are stopped; the
// others go through to their end.
func (c *Conductor) Cancel(ctx context.Context, id campaign.ID, by string) (campaign.Campaign, error) {
	one, err := c.order(ctx, id, func(one campaign.Campaign, _ *live) (campaign.Campaign, error) { return one.Cancel(by, c.Now()) })
	if err == nil {
		c.mu.Lock()
		defer c.mu.Unlock()
		if l := c.lives[id]; l != nil {
			c.recall(l, by)
		}
	}
	return one, err
}

// Retry gives failed devices another chance, in the wave that is under way:
// those named, or all where none is. It gives how many there are.
func (c *Conductor) Retry(ctx context.Context, id campaign.ID, devices []fleet.DeviceID) (int, error) {
	wanted := map[fleet.DeviceID]bool{}
	for _, d := range devices {
		wanted[d] = true
	}
	if _, err := c.Store.Campaign(ctx, id); err != nil {
		return 0, err
	}
	n := 0
	c.mu.Lock()
	defer c.mu.Unlock()
	l := c.lives[id]
	if l == nil {
		return 0, fault.New(fault.Conflict, "", "campaign "+string(id), "it is over").WithHint("start another one for these devices")
	}
	for i, m := range l.members {
		if m.State != campaign.Failed && m.State != campaign.Cancelled || len(wanted) > 0 && !wanted[m.Device] {
			continue
		}
		m.State, m.Wave, m.Probes, m.Detail, m.Cause = campaign.Waiting, max(m.Wave, l.Wave), 0, "", ""
		m.Tries++
		l.members[i] = m
		l.dirty[m.Device] = true
		n++
	}
	if n == 0 {
		return 0, fault.New(fault.Conflict, "", "campaign "+string(id), "none of these devices has failed")
	}
	c.poke()
	return n, nil
}

// filterPlace is where saved filters rest in the store.
const filterPlace = "filter/"

func filterKey(name string) string { return filterPlace + name }

func noFilter(name string) error {
	return fault.New(fault.NotFound, "", "filter "+name, "there is no such filter").WithHint("drydock campaign filter NAME --label … saves one")
}

// SaveFilter keeps targets under a name.
func (c *Conductor) SaveFilter(ctx context.Context, name string, t campaign.Targets) error {
	if name == "" || t.Filter != "" {
		return fault.New(fault.Invalid, "", "filter", "it needs a name, and cannot stand on another filter")
	}
	raw, err := json.Marshal(t)
	if err != nil {
		return err
	}
	return c.Store.PutSetting(ctx, filterKey(name), raw, false)
}

// Filter gives a saved filter, or fault.NotFound.
func (c *Conductor) Filter(ctx context.Context, name string) (t campaign.Targets, err error) {
	raw, err := c.Store.Setting(ctx, filterKey(name))
	if fault.Is(err, fault.NotFound) {
		return t, noFilter(name)
	}
	if err != nil {
		return t, err
	}
	return t, json.Unmarshal(raw, &t)
}

// Filters gives the saved filters by name.
func (c *Conductor) Filters(ctx context.Context) ([]campaign.Filter, error) {
	keys, err := c.Store.SettingKeys(ctx, filterPlace)
	if err != nil {
		return nil, err
	}
	list := make([]campaign.Filter, 0, len(keys))
	for _, key := range keys {
		name := strings.TrimPrefix(key, filterPlace)
		t, err := c.Filter(ctx, name)
		if err != nil && !fault.Is(err, fault.NotFound) { // removed meanwhile
			return nil, err
		}
		if err == nil {
			list = append(list, campaign.Filter{Name: name, Targets: t})
		}
	}
	return list, nil
}

// RemoveFilter forgets a saved filter, or gives fault.NotFound. Campaigns that
// were started with it have their devices.
func (c *Conductor) RemoveFilter(ctx context.Context, name string) error {
	err := c.Store.RemoveSetting(ctx, filterKey(name))
	if fault.Is(err, fault.NotFound) {
		return noFilter(name)
	}
	return err
}

// Watch gives the ids of campaigns that change until ctx ends; a slow watcher
// loses some, but never the last of a campaign for long: what it reads is new.
func (c *Conductor) Watch(ctx context.Context) <-chan campaign.ID {
	out := make(chan campaign.ID, 64)
	c.mu.Lock()
	c.watchers[out] = true
	c.mu.Unlock()
	context.AfterFunc(ctx, func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		delete(c.watchers, out)
		close(out)
	})
	return out
}

// tell is called with the lock held.
func (c *Conductor) tell(id campaign.ID) {
	for w := range c.watchers {
		select {
		case w <- id:
		default: // it reads the newest when it comes to it
		}
	}
}
