package campaign

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"drydock/internal/fleet"
)

// Plan is what a campaign would do, from what is known when it is made. It can
// be kept and started later, if the world is still the same.
type Plan struct {
	Spec    Spec         `json:"spec"`
	MadeAt  time.Time    `json:"madeAt"`
	Asked   bool         `json:"asked,omitempty" doc:"every device was asked, not only what is stored looked at"`
	Devices []PlanDevice `json:"devices"`
	Groups  []PlanGroup  `json:"groups" doc:"devices by what the migration will change on them"`
	Totals  PlanTotals   `json:"totals"`
}

// PlanDevice is what a plan says of one device.
type PlanDevice struct {
	Device   fleet.DeviceID    `json:"device"`
	Model    string            `json:"model,omitempty"`
	From     string            `json:"from,omitempty" doc:"version that it runs"`
	To       string            `json:"to" doc:"version that is wanted"`
	Path     []fleet.ReleaseID `json:"path,omitempty" doc:"releases that are loaded, one after another"`
	Wave     int               `json:"wave" doc:"counts from 1; 0: it is blocked"`
	Bytes    fleet.Bytes       `json:"bytes"`
	Modify   string            `json:"modify" doc:"no, yes, manual, unknown"`
	Rules    []string          `json:"rules,omitempty"`
	Source   fleet.BackupID    `json:"source,omitempty" doc:"goal revert: the configuration that is given back"`
	Blockers []string          `json:"blockers,omitempty" doc:"why it cannot be started"`
	Concerns []string          `json:"concerns,omitempty" doc:"what will be asked about"`
	World    fleet.Digest      `json:"world" doc:"of everything that this is derived from"`
}

// PlanGroup are the devices on which the same rules fire.
type PlanGroup struct {
	Modify  string           `json:"modify"`
	Rules   []string         `json:"rules"`
	Count   int              `json:"count"`
	Samples []fleet.DeviceID `json:"samples"`
}

// PlanTotals sum a plan up.
type PlanTotals struct {
	Devices  int            `json:"devices"`
	Ready    int            `json:"ready"`
	Blocked  int            `json:"blocked"`
	Waves    []int          `json:"waves"`
	Bytes    fleet.Bytes    `json:"bytes"`
	Takes    Duration       `json:"takes" doc:"estimate, without windows"`
	Blockers map[string]int `json:"blockers,omitempty" doc:"devices by reason"`
}

// samples is how many devices a group names.
const samples = 3

// Summarise fills in waves, groups and totals. each is how long one run takes.
func (p *Plan) Summarise(members []Member, each time.Duration) {
	sizes := AssignWaves(p.Spec, members)
	waves := map[fleet.DeviceID]int{}
	for _, m := range members {
		waves[m.Device] = m.Wave + 1
	}
	p.Totals = PlanTotals{Devices: len(p.Devices), Ready: len(members), Blocked: len(p.Devices) - len(members), Waves: sizes, Blockers: map[string]int{}}
	groups := map[string]*PlanGroup{}
	for i := range p.Devices {
		d := &p.Devices[i]
		d.Wave = waves[d.Device]
		if d.Wave == 0 {
			for _, b := range d.Blockers {
				p.Totals.Blockers[b]++
			}
			continue
		}
		p.Totals.Bytes += d.Bytes
		key := d.Modify + "\n" + strings.Join(d.Rules, "\n")
		if groups[key] == nil {
			groups[key] = &PlanGroup{Modify: d.Modify, Rules: d.Rules}
		}
		g := groups[key]
		if g.Count++; len(g.Samples) < samples {
			g.Samples = append(g.Samples, d.Device)
		}
	}
	p.Groups = []PlanGroup{}
	for _, g := range groups {
		p.Groups = append(p.Groups, *g)
	}
	slices.SortFunc(p.Groups, func(a, b PlanGroup) int {
		return cmp.Or(cmp.Compare(b.Count, a.Count), slices.Compare(a.Rules, b.Rules), cmp.Compare(a.Modify, b.Modify))
	})
	p.Totals.Takes = Duration(p.takes(sizes, members, each).Round(time.Second))
}

// takes estimates how long the campaign takes when nothing goes wrong.
func (p *Plan) takes(sizes []int, members []Member, each time.Duration) (sum time.Duration) {
	hops := 1
	for _, m := range members {
		hops = max(hops, len(m.Path))
	}
	each *= time.Duration(hops)
	for i, n := range sizes {
		rounds := (n + p.Spec.Caps.InFlight - 1) / p.Spec.Caps.InFlight
		starts := time.Duration(n) * time.Second / time.Duration(p.Spec.Caps.PerSecond)
		sum += max(time.Duration(rounds)*each, starts+each)
		if i+1 < len(sizes) {
			sum += time.Duration(p.Spec.wave(i).Soak)
		}
	}
	return sum
}

// Changed names the devices for which the world is not what it was when the
// plan was made: they are in one of the plans only, or something that the plan
// is derived from has changed.
func (p Plan) Changed(now Plan) (devices []fleet.DeviceID) {
	before := map[fleet.DeviceID]fleet.Digest{}
	for _, d := range p.Devices {
		before[d.Device] = d.World
	}
	for _, d := range now.Devices {
		if before[d.Device] != d.World {
			devices = append(devices, d.Device)
		}
		delete(before, d.Device)
	}
	for device := range before {
		devices = append(devices, device)
	}
	slices.Sort(devices)
	return devices
}
