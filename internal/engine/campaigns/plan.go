package campaigns

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"drydock/internal/engine"
	"drydock/internal/fault"
	"drydock/internal/fleet"
	"drydock/internal/fleet/campaign"
	"drydock/internal/procedure"
	"drydock/internal/store"
)

// Plan says what a campaign would do. With ask every device is read as
// preflight reads it; else only what is stored is looked at. Nothing is changed
// but what is known of the devices.
func (c *Conductor) Plan(ctx context.Context, spec campaign.Spec, ask bool) (campaign.Plan, error) {
	plan, members, err := c.plan(ctx, spec, ask)
	if err != nil {
		return plan, err
	}
	each, err := c.usual(ctx, plan.Spec)
	if err != nil {
		return plan, err
	}
	plan.Summarise(members, each)
	return plan, nil
}

// plan gives the plan and those of its devices that can be started.
func (c *Conductor) plan(ctx context.Context, spec campaign.Spec, ask bool) (p campaign.Plan, members []campaign.Member, err error) {
	if err := spec.Check(); err != nil {
		return p, nil, err
	}
	p = campaign.Plan{Spec: spec.WithDefaults(), MadeAt: c.Now().UTC(), Asked: ask, Devices: []campaign.PlanDevice{}}
	s, err := c.scene(ctx, p.Spec)
	if err != nil {
		return p, nil, err
	}
	if len(s.devices) == 0 {
		return p, nil, fault.New(fault.Invalid, "", "campaign targets", "no device fits them").WithHint("drydock device list shows the devices with their labels, models and versions")
	}
	p.Devices = make([]campaign.PlanDevice, len(s.devices))
	all := make([]campaign.Member, len(s.devices))
	var group errgroup.Group
	group.SetLimit(planAtOnce(ask))
	for i, device := range s.devices {
		group.Go(func() error {
			if ctx.Err() == nil {
				p.Devices[i], all[i] = c.planOne(ctx, s, device, ask)
			}
			return ctx.Err()
		})
	}
	if err := group.Wait(); err != nil {
		return p, nil, err
	}
	for i, d := range p.Devices {
		if len(d.Blockers) == 0 {
			members = append(members, all[i])
		}
	}
	if c.ApproveAbove > 0 && len(members) > c.ApproveAbove {
		p.Spec.Approval = true // whatever the order says, or a plan that somebody has edited
	}
	return p, members, nil
}

// planAtOnce is how many devices are looked at together: to wait for devices
// takes many, to rehearse migrations as many as there are processors.
func planAtOnce(ask bool) int {
	if ask {
		return 128
	}
	return 8
}

// scene is what all devices of a plan have in common.
type scene struct {
	spec     campaign.Spec
	devices  []fleet.Device
	wanted   map[string]fleet.Release // by driver
	releases []fleet.Release
	past     map[fleet.DeviceID]campaign.Member // goal revert: what the campaign before did
}

func (c *Conductor) scene(ctx context.Context, spec campaign.Spec) (s scene, err error) {
	s.spec = spec
	if s.releases, err = c.Store.Releases(ctx); err != nil {
		return s, err
	}
	if spec.Goal == procedure.GoalRevert {
		return s, c.pastScene(ctx, &s)
	}
	s.wanted = map[string]fleet.Release{}
	for _, id := range spec.Wanted() {
		r, err := c.Store.Release(ctx, id)
		if err != nil {
			return s, err
		}
		if other, twice := s.wanted[r.Driver]; twice {
			return s, fault.New(fault.Invalid, "", "campaign releases", "%s and %s are both for %s: a family has one", other.ID, r.ID, r.Driver)
		}
		s.wanted[r.Driver] = r
	}
	s.devices, err = c.targets(ctx, spec.Targets)
	return s, err
}

// pastScene finds the devices that an earlier campaign has updated.
func (c *Conductor) pastScene(ctx context.Context, s *scene) error {
	members, err := c.Store.Members(ctx, s.spec.Of, store.MemberFilter{})
	if err != nil {
		return err
	}
	if _, err := c.Store.Campaign(ctx, s.spec.Of); err != nil {
		return err
	}
	devices, err := c.targets(ctx, s.spec.Targets)
	if err != nil {
		return err
	}
	s.past = map[fleet.DeviceID]campaign.Member{}
	for _, m := range members {
		if m.Run != "" && m.Left != procedure.Untouched {
			s.past[m.Device] = m
		}
	}
	for _, d := range devices {
		if _, ok := s.past[d.ID]; ok {
			s.devices = append(s.devices, d)
		}
	}
	return nil
}

// targets gives the devices that a campaign is for, by id.
func (c *Conductor) targets(ctx context.Context, t campaign.Targets) (devices []fleet.Device, err error) {
	if t.Filter != "" {
		if t, err = c.filtered(ctx, t); err != nil {
			return nil, err
		}
	}
	f := store.DeviceFilter{Driver: t.Driver, Model: t.Model, Version: t.Version, Text: t.Text}
	if len(t.Labels) > 0 {
		f.Label = t.Labels[0]
	}
	all, err := c.Store.Devices(ctx, f)
	if err != nil {
		return nil, err
	}
	named := map[fleet.DeviceID]bool{}
	for _, id := range t.Devices {
		named[id] = true
	}
	for _, d := range all {
		known := named[d.ID]
		delete(named, d.ID)
		if len(t.Devices) > 0 && !known || slices.Contains(t.Except, d.ID) || !hasLabels(d, t.Labels) {
			continue
		}
		devices = append(devices, d)
	}
	if narrowed := f.Driver + f.Model + f.Version + f.Text + f.Label; narrowed == "" {
		for id := range named {
			return nil, fault.New(fault.NotFound, "", "device "+string(id), "there is no such device; %d of the %d named ones are not known", len(named), len(t.Devices))
		}
	}
	return devices, nil
}

func hasLabels(d fleet.Device, wanted []string) bool {
	return !slices.ContainsFunc(wanted, func(l string) bool {
		key, value, _ := strings.Cut(l, "=")
		return d.Labels[key] != value
	})
}

// filtered adds what a saved filter says; what is given with it counts as well.
func (c *Conductor) filtered(ctx context.Context, t campaign.Targets) (campaign.Targets, error) {
	saved, err := c.Filter(ctx, t.Filter)
	if err != nil {
		return t, err
	}
	t.Labels = append(saved.Labels, t.Labels...)
	for _, f := range []struct {
		to   *string
		from string
	}{{&t.Driver, saved.Driver}, {&t.Model, saved.Model}, {&t.Version, saved.Version}, {&t.Text, saved.Text}} {
		if *f.to == "" {
			*f.to = f.from
		}
	}
	if len(t.Devices) == 0 {
		t.Devices = saved.Devices
	}
	t.Except = append(saved.Except, t.Except...)
	t.Filter = ""
	return t, nil
}

// planOne is the plan of one device, and the member that it is to be.
func (c *Conductor) planOne(ctx context.Context, s scene, device fleet.Device, ask bool) (campaign.PlanDevice, campaign.Member) {
	p := campaign.PlanDevice{Device: device.ID, To: s.wanted[device.Driver].Version, Modify: string(engine.ModifyUnknown)}
	block := func(format string, args ...any) { p.Blockers = append(p.Blockers, fmt.Sprintf(format, args...)) }
	m := campaign.Member{Device: device.ID, State: campaign.Waiting, Labels: device.Labels}
	if _, err := time.LoadLocation(s.spec.Schedule.ZoneOf(m.Labels)); err != nil && len(s.spec.Schedule.Windows) > 0 {
		block("time zone %q is not known", s.spec.Schedule.ZoneOf(m.Labels))
	}
	if ask {
		device = c.asked(ctx, s, device, &p)
	}
	p.Model, p.From, m.From = device.Model, device.Version, device.Version
	if ids, err := c.Store.CampaignsOf(ctx, device.ID); err != nil || len(ids) > 0 {
		block("it is in campaign %v, which is not over", ids)
	}
	if s.spec.Goal == procedure.GoalRevert {
		c.planBack(ctx, s, device, &p, &m)
	} else {
		c.planForward(ctx, s, device, &p, &m)
	}
	p.World = world(s, device, p)
	return p, m
}

// asked reads the device as preflight does and gives it as it is now.
func (c *Conductor) asked(ctx context.Context, s scene, device fleet.Device, p *campaign.PlanDevice) fleet.Device {
	wanted, ok := s.wanted[device.Driver]
	if !ok && s.spec.Goal != procedure.GoalRevert {
		return device // no release is for it, and planForward says so
	}
	release := wanted.ID
	if path, err := campaign.Path(wanted, s.releases, device.Driver, device.Model, device.Version); err == nil {
		release = path[0]
	}
	ev := c.Engine.Inspect(ctx, device.ID, s.spec.Goal, release)
	switch {
	case ev.Kind == procedure.Finished:
		p.Concerns = append(p.Concerns, ev.Concerns...)
	case ev.Cause == procedure.NoAnswer:
		p.Concerns = append(p.Concerns, "it does not answer now: it will be waited for ("+ev.Detail+")")
	default:
		p.Blockers = append(p.Blockers, fmt.Sprintf("%s: %s", ev.Cause, ev.Detail))
	}
	if fresh, err := c.Store.Device(ctx, device.ID); err == nil {
		return fresh
	}
	return device
}

// planForward finds the way to the wanted release.
func (c *Conductor) planForward(ctx context.Context, s scene, device fleet.Device, p *campaign.PlanDevice, m *campaign.Member) {
	wanted, ok := s.wanted[device.Driver]
	if !ok {
		p.Blockers = append(p.Blockers, fmt.Sprintf("none of the campaign's releases is for %s", device.Driver))
		return
	}
	p.Path = []fleet.ReleaseID{wanted.ID}
	if device.Model != "" && device.Version != "" {
		path, err := campaign.Path(wanted, s.releases, device.Driver, device.Model, device.Version)
		if err != nil {
			p.Blockers = append(p.Blockers, err.Error())
			return
		}
		p.Path = path
	}
	m.Path = p.Path
	for _, r := range s.releases {
		if slices.Contains(p.Path, r.ID) {
			p.Bytes += r.Size()
		}
	}
	previews, err := c.Engine.Preview(ctx, engine.Order{Devices: []fleet.DeviceID{device.ID}, Release: p.Path[0]})
	if err != nil {
		p.Blockers = append(p.Blockers, err.Error())
		return
	}
	v := previews[0]
	p.Modify, p.Rules = string(v.Modify), v.Rules
	p.Blockers = append(p.Blockers, v.Blockers...)
	for _, concern := range v.Concerns {
		if !slices.Contains(p.Concerns, concern) {
			p.Concerns = append(p.Concerns, concern)
		}
	}
}

// planBack finds what the device ran before, and the configuration that
// belonged to it.
func (c *Conductor) planBack(ctx context.Context, s scene, device fleet.Device, p *campaign.PlanDevice, m *campaign.Member) {
	past := s.past[device.ID]
	p.To, p.Modify = past.From, string(engine.ModifyNo)
	i := slices.IndexFunc(s.releases, func(r fleet.Release) bool {
		return r.Version == past.From && r.FitsModel(device.Driver, device.Model) == nil
	})
	if i < 0 {
		p.Blockers = append(p.Blockers, fmt.Sprintf("there is no release of version %q, which it ran before", past.From))
		return
	}
	backups, err := c.Store.Backups(ctx, store.BackupFilter{Device: device.ID})
	if err != nil {
		p.Blockers = append(p.Blockers, err.Error())
		return
	}
	// the newest that the device sent while it ran that version
	b := slices.IndexFunc(backups, func(b fleet.Backup) bool { return b.Purpose == fleet.BeforeLoad && b.Version == past.From })
	if b < 0 {
		p.Blockers = append(p.Blockers, fmt.Sprintf("there is no backup of the time when it ran %q", past.From))
		return
	}
	m.Path, m.Source = []fleet.ReleaseID{s.releases[i].ID}, backups[b].ID
	p.Path, p.Source, p.Bytes = m.Path, m.Source, s.releases[i].Size()
	if device.Version == past.From {
		p.Concerns = append(p.Concerns, "it runs this version already")
	}
}

// world is the digest of what a device's plan is derived from.
func world(s scene, device fleet.Device, p campaign.PlanDevice) fleet.Digest {
	var releases []fleet.Release
	for _, r := range s.releases {
		if slices.Contains(p.Path, r.ID) {
			releases = append(releases, r)
		}
	}
	device.SeenAt = time.Time{}
	text, err := json.Marshal(struct {
		Device   fleet.Device
		Releases []fleet.Release
		Path     []fleet.ReleaseID
		Source   fleet.BackupID
		Modify   string
		Rules    []string
	}{device, releases, p.Path, p.Source, p.Modify, p.Rules})
	if err != nil {
		return "" // it differs from every other, so that nothing is started by it
	}
	return fleet.DigestOf(text)
}

// usual is how long runs have taken lately, or what the spec says.
func (c *Conductor) usual(ctx context.Context, spec campaign.Spec) (time.Duration, error) {
	if len(spec.Wanted()) == 0 {
		return time.Duration(spec.Schedule.Takes), nil
	}
	ended := false
	runs, err := c.Store.Runs(ctx, store.RunFilter{Release: spec.Wanted()[0], Active: &ended, Limit: 100})
	if err != nil {
		return 0, err
	}
	var took []time.Duration
	for _, r := range runs {
		if r.State.Result != nil && r.State.Result.Outcome == procedure.Updated {
			took = append(took, r.UpdatedAt.Sub(r.StartedAt))
		}
	}
	if len(took) == 0 {
		return time.Duration(spec.Schedule.Takes), nil
	}
	slices.Sort(took)
	return took[len(took)/2], nil
}
