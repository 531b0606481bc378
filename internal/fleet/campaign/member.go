package campaign

import (
	"time"

	"drydock/internal/fleet"
	"drydock/internal/procedure"
)

// State is where a device is in a campaign.
type State string

// The states of a member.
const (
	Waiting   State = "waiting"   // for its wave, a window or room
	Starting  State = "starting"  // chosen; its run is being made
	Running   State = "running"   // a run is active
	Offline   State = "offline"   // it does not answer; it is asked again
	Succeeded State = "succeeded" // it runs the wanted version, proven
	Failed    State = "failed"
	Blocked   State = "blocked"   // the plan said that it cannot be started
	Cancelled State = "cancelled" // by a person, before or in its run
)

// InFlight says whether the device counts for the caps.
func (s State) InFlight() bool { return s == Starting || s == Running }

// Over says whether nothing more happens to the device in this campaign.
func (s State) Over() bool {
	return s == Succeeded || s == Failed || s == Blocked || s == Cancelled
}

// States lists them in the order in which a device goes through them.
func States() []State {
	return []State{Waiting, Starting, Running, Offline, Succeeded, Failed, Blocked, Cancelled}
}

// Member is one device of a campaign.
type Member struct {
	Device fleet.DeviceID    `json:"device"`
	Wave   int               `json:"wave"` // counts from 0
	State  State             `json:"state"`
	Labels map[string]string `json:"labels,omitempty"` // those that caps, pairs, order and zone look at
	From   string            `json:"from,omitempty"`   // version before
	Path   []fleet.ReleaseID `json:"path,omitempty"`   // what is loaded, one after another
	Hop    int               `json:"hop"`              // how much of the path is done
	Source fleet.BackupID    `json:"source,omitempty"` // goal revert: the configuration that is given back
	Run    fleet.RunID       `json:"run,omitempty"`    // the newest
	Tries  int               `json:"tries,omitempty"`  // runs that were started for this hop
	Cause  procedure.Cause   `json:"cause,omitempty"`
	Detail string            `json:"detail,omitempty"`
	Left   procedure.Left    `json:"left,omitempty"`
	At     time.Time         `json:"at,omitzero"`    // of the newest change of State
	Probe  time.Time         `json:"probe,omitzero"` // not before: it did not answer, or something was in its way
	Probes int               `json:"probes,omitempty"`
}

// Release is what is loaded next, "" where the path is done.
func (m Member) Release() fleet.ReleaseID {
	if m.Hop < len(m.Path) {
		return m.Path[m.Hop]
	}
	return ""
}

// Ended is the member after its run has ended.
func (m Member) Ended(r procedure.Result, now time.Time) Member {
	m.At, m.Left, m.Cause, m.Detail = now, r.Left, r.Cause, r.Detail
	switch r.Outcome {
	case procedure.Updated, procedure.Unneeded, procedure.Reverted:
		m.Cause, m.Detail = "", ""
		m.Hop++
		m.Tries = 0
		if m.Release() != "" {
			m.State = Waiting // for the next version on its way
			return m
		}
		m.State = Succeeded
	case procedure.Stopped:
		m.State = Cancelled
		if r.Cause != "" {
			m.State = Failed // a person gave it up after a failure
		}
	default:
		m.State = Failed
	}
	return m
}

// Unreachable is the member after it did not answer. Each time it is asked
// later: half a minute, then twice as long, to ten minutes.
func (m Member) Unreachable(detail string, now time.Time) Member {
	m.State, m.Detail, m.Cause = Offline, detail, procedure.NoAnswer
	if m.At.IsZero() || m.Probes == 0 {
		m.At = now
	}
	wait := min(firstProbe<<min(m.Probes, 10), longestProbe)
	m.Probes++
	m.Probe = now.Add(wait)
	return m
}

const (
	firstProbe   = 30 * time.Second
	longestProbe = 10 * time.Minute
)
