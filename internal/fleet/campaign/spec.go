package campaign

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"drydock/internal/fault"
	"drydock/internal/fleet"
	"drydock/internal/procedure"
)

// ID names a campaign: opaque text, unique within one store.
type ID string

// Spec is what a user orders.
type Spec struct {
	Name     string            `json:"name" minLength:"1" maxLength:"200" doc:"your name for the campaign"`
	Goal     procedure.Goal    `json:"goal,omitempty" enum:"update,revert" doc:"update, or revert: back to what devices ran before"`
	Release  fleet.ReleaseID   `json:"release,omitempty" doc:"what the devices are to run; for goal revert: left out"`
	Releases []fleet.ReleaseID `json:"releases,omitempty" doc:"for several families, instead of release: one of each"`
	Of       ID                `json:"of,omitempty" doc:"goal revert: the campaign whose devices go back"`
	Targets  Targets           `json:"targets"`
	Waves    []Wave            `json:"waves,omitempty" doc:"what remains after the last is one more wave; none: all at once"`
	Budget   Budget            `json:"budget,omitzero" doc:"failures that pause the campaign"`
	Caps     Caps              `json:"caps,omitzero"`
	// Exclusive are label keys: of the devices with the same value, one at a
	// time is in flight, whatever campaign or person started it.
	Exclusive []string `json:"exclusive,omitempty" doc:"label keys, as pair-id: never two devices with the same value at once"`
	Order     *Ranking `json:"order,omitempty" doc:"devices with an earlier value are done before those with a later one"`
	Schedule  Schedule `json:"schedule,omitzero"`
	Runs      Runs     `json:"runs,omitzero"`
	Offline   Duration `json:"offline,omitempty" doc:"how long devices that do not answer are waited for; default 24h"`
	Approval  bool     `json:"approval,omitempty" doc:"a second person must approve the start"`
}

// Targets say which devices. Each field that is given narrows the choice, but
// for Devices, which is the choice itself where it is given.
type Targets struct {
	Labels  []string         `json:"labels,omitempty" doc:"key=value, each must hold"`
	Driver  string           `json:"driver,omitempty"`
	Model   string           `json:"model,omitempty"`
	Version string           `json:"version,omitempty" doc:"what they run now"`
	Text    string           `json:"text,omitempty" doc:"in id, address, model or serial"`
	Filter  string           `json:"filter,omitempty" doc:"name of a saved filter"`
	Devices []fleet.DeviceID `json:"devices,omitempty"`
	Except  []fleet.DeviceID `json:"except,omitempty"`
}

// Filter is targets under a name.
type Filter struct {
	Name    string  `json:"name"`
	Targets Targets `json:"targets"`
}

// Wave is one step of a campaign.
type Wave struct {
	Count   int `json:"count,omitempty" minimum:"0" doc:"so many devices"`
	Percent int `json:"percent,omitempty" minimum:"0" maximum:"100" doc:"or: until so much of all devices has been reached"`
	// Threshold is the share of the wave's devices, in percent, that must have
	// succeeded before the next wave begins; 0 means DefaultThreshold.
	Threshold int      `json:"threshold,omitempty" minimum:"0" maximum:"100" doc:"percent that must succeed before the next wave; default 100 for the first, else 95"`
	Soak      Duration `json:"soak,omitempty" doc:"how long to wait before the next wave"`
	Approval  bool     `json:"approval,omitempty" doc:"somebody other than who started it must approve the next wave"`
}

// Budget says how many failures pause the campaign. Failures are counted since
// the start or since somebody resumed it.
type Budget struct {
	Failures int                     `json:"failures,omitempty" minimum:"0" doc:"so many; default 5"`
	Percent  int                     `json:"percent,omitempty" minimum:"0" maximum:"100" doc:"or so much of what has ended, if that is at least the number of failures; default 2"`
	Causes   map[procedure.Cause]int `json:"causes,omitempty" doc:"so many of one cause"`
}

// Caps bound what is in flight at once.
type Caps struct {
	InFlight  int              `json:"inFlight,omitempty" minimum:"0" doc:"runs at once; default 500"`
	PerLabel  map[string]int   `json:"perLabel,omitempty" doc:"runs at once for each value of a label, as site: 20"`
	Bandwidth map[string]int64 `json:"bandwidth,omitempty" doc:"octets a second of images for each value of a label; key \"\": in all"`
	PerSecond int              `json:"perSecond,omitempty" minimum:"0" doc:"starts a second; default 200"`
}

// Ranking is a dependency: access before aggregation.
type Ranking struct {
	Label  string   `json:"label" minLength:"1"`
	Values []string `json:"values" minItems:"1" doc:"first to last; devices with none of them come last"`
}

// Runs is what each run is told.
type Runs struct {
	Standing        []procedure.Standing      `json:"standing,omitempty" doc:"answers given beforehand; default: ask"`
	QuestionTimeout Duration                  `json:"questionTimeout,omitempty"`
	Timeouts        map[procedure.Op]Duration `json:"timeouts,omitempty"`
	Protocol        string                    `json:"protocol,omitempty" enum:"tftp,ftp"`
}

// The values that stand where a Spec has none.
const (
	DefaultInFlight  = 500
	DefaultPerSecond = 200
	DefaultFailures  = 5
	DefaultPercent   = 2
	DefaultThreshold = 95
	DefaultOffline   = Duration(24 * time.Hour)
	DefaultTakes     = Duration(30 * time.Minute)
)

// WithDefaults gives the spec with every number that it leaves open.
func (s Spec) WithDefaults() Spec {
	orElse(&s.Goal, procedure.GoalUpdate)
	orElse(&s.Caps.InFlight, DefaultInFlight)
	orElse(&s.Caps.PerSecond, DefaultPerSecond)
	orElse(&s.Budget.Failures, DefaultFailures)
	orElse(&s.Budget.Percent, DefaultPercent)
	orElse(&s.Offline, DefaultOffline)
	orElse(&s.Schedule.Takes, DefaultTakes)
	s.Waves = slices.Clone(s.Waves)
	for i := range s.Waves {
		if i == 0 {
			orElse(&s.Waves[i].Threshold, 100)
		}
		orElse(&s.Waves[i].Threshold, DefaultThreshold)
	}
	return s
}

func orElse[T comparable](v *T, otherwise T) {
	var zero T
	if *v == zero {
		*v = otherwise
	}
}

// Check says what is wrong with the order itself.
func (s Spec) Check() error {
	wrong := func(where, format string, args ...any) error {
		return fault.New(fault.Invalid, "", "campaign "+where, format, args...)
	}
	switch {
	case s.Name == "":
		return wrong("name", "it has none")
	case s.Goal != "" && s.Goal != procedure.GoalUpdate && s.Goal != procedure.GoalRevert:
		return wrong("goal", "%q; it can be update or revert", s.Goal)
	case s.Goal == procedure.GoalRevert && (s.Of == "" || len(s.Wanted()) > 0):
		return wrong("goal revert", "it names the campaign whose devices go back (of), and no release")
	case s.Goal != procedure.GoalRevert && len(s.Wanted()) == 0:
		return wrong("release", "it names none")
	case s.Goal != procedure.GoalRevert && s.Of != "":
		return wrong("of", "only goal revert has it")
	case s.Order != nil && (s.Order.Label == "" || len(s.Order.Values) == 0):
		return wrong("order", "it needs a label and its values, first to last")
	}
	for i, w := range s.Waves {
		if err := w.check(); err != nil {
			return wrong(fmt.Sprintf("wave %d", i+1), "%w", err)
		}
		if i > 0 && w.Percent > 0 && s.Waves[i-1].Percent >= w.Percent {
			return wrong(fmt.Sprintf("wave %d", i+1), "%d %% of all devices have been reached by the wave before", w.Percent)
		}
	}
	for cause := range s.Budget.Causes {
		if !slices.Contains(procedure.Causes(), cause) {
			return wrong("budget", "there is no cause %q", cause)
		}
	}
	for key, n := range s.Caps.PerLabel {
		if key == "" || n < 1 {
			return wrong("caps", "label %q: %d at once; at least 1 is expected", key, n)
		}
	}
	for key, n := range s.Caps.Bandwidth {
		if n < 1 {
			return wrong("caps", "bandwidth of label %q: %d octets a second; at least 1 is expected", key, n)
		}
	}
	return s.Schedule.check()
}

// Wanted are the releases that devices are to run, one for each family.
func (s Spec) Wanted() []fleet.ReleaseID {
	if s.Release == "" {
		return s.Releases
	}
	return append([]fleet.ReleaseID{s.Release}, s.Releases...)
}

// WantedNames are the ids of Wanted as one text.
func (s Spec) WantedNames() string {
	var texts []string
	for _, id := range s.Wanted() {
		texts = append(texts, string(id))
	}
	return strings.Join(texts, ", ")
}

func (w Wave) check() error {
	switch {
	case w.Count < 0 || w.Percent < 0 || w.Percent > 100 || w.Threshold < 0 || w.Threshold > 100 || w.Soak < 0:
		return fmt.Errorf("a number is negative or above 100 percent")
	case (w.Count == 0) == (w.Percent == 0):
		return fmt.Errorf("it has either a count or a percentage of devices")
	}
	return nil
}
