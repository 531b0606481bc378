package procedure

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"drydock/internal/fleet"
)

// Plan is what was ordered for one run, fixed when it starts.
type Plan struct {
	Run      fleet.RunID     `json:"run"`
	Device   fleet.DeviceID  `json:"device"`
	Goal     Goal            `json:"goal,omitempty"`
	Release  fleet.ReleaseID `json:"release,omitempty"`
	Source   *BackupRef      `json:"source,omitempty"` // GoalRestore, GoalRevert: the backup to recover
	Identity fleet.Identity  `json:"identity"`         // empty if the device was never identified
	Target   string          `json:"target"`           // the wanted version
	Recover  fleet.Recovery  `json:"recover"`
	Protocol string          `json:"protocol,omitempty"` // of the transfers: "tftp" or "ftp"
	CanKeep  bool            `json:"canKeep"`            // the driver has keep and restore-files
	KeepText string          `json:"keepText,omitempty"` // why it has not, for a person
	// Provisioned: the device gets its configuration by itself at every start;
	// none is delivered to it, and verify shows that it still gets it.
	Provisioned bool `json:"provisioned,omitempty"`
	// RebootAfter names the operations after which the device must be told to
	// restart; a device that restarts by itself needs no entry.
	RebootAfter []Op `json:"rebootAfter,omitempty"`
	// Timeouts are the predetermined times; an operation without one has
	// DefaultTimeout.
	Timeouts        map[Op]time.Duration `json:"timeouts,omitempty"`
	QuestionTimeout time.Duration        `json:"questionTimeout"` // then the run stops safely
	Standing        []Standing           `json:"standing,omitempty"`
	Windows         *Windows             `json:"windows,omitempty"` // nil: loading may begin at any time
	Trace           string               `json:"trace,omitempty"`   // the request that it was ordered with (W3C Trace Context)
}

// DefaultTimeout is an operation's predetermined time where the plan has none.
const DefaultTimeout = 5 * time.Minute

// DefaultQuestionTimeout is how long a question waits for a person where the
// plan does not say.
const DefaultQuestionTimeout = 24 * time.Hour

// Standing is an answer that the user gave beforehand: repeat so many times,
// then Then; empty Then asks, and so does a restore-files that was followed once.
type Standing struct {
	Step   Step   `json:"step"`
	Cause  Cause  `json:"cause,omitempty"` // empty: any that has no entry of its own, but for identity-changed and outcome-unknown
	Repeat int    `json:"repeat,omitempty"`
	Then   Choice `json:"then,omitempty"` // stop, restore-files, or, for a named Cause, proceed
}

// Check says what is wrong with the plan. A run is not started on a plan that
// has no end of its own: a standing answer may not repeat for ever, nor go on
// in spite of something that it does not name.
func (p Plan) Check() error {
	switch {
	case p.Run == "" || p.Device == "":
		return errors.New("the plan names no run or no device")
	case !slices.Contains([]Goal{"", GoalUpdate, GoalBackup, GoalRestore, GoalRevert}, p.Goal):
		return fmt.Errorf("the plan has the unknown goal %q", p.Goal)
	case p.isUpdate() && p.Target == "":
		return errors.New("the plan of an update names no target version")
	case p.Goal.WantsSource() && p.Source == nil:
		return errors.New("the plan of a restoration names no backup as its source")
	case !slices.Contains([]fleet.Recovery{"", fleet.RecoverOriginal, fleet.RecoverModified}, p.Recover):
		return fmt.Errorf("the plan's recover is %q; it can be %q or %q", p.Recover, fleet.RecoverOriginal, fleet.RecoverModified)
	}
	for _, a := range p.Standing {
		if err := a.check(); err != nil {
			return fmt.Errorf("standing answer for %s: %w", a.Step, err)
		}
	}
	return nil
}

func (a Standing) check() error {
	switch {
	case !knownStep(a.Step) || a.Step == Done:
		return fmt.Errorf("there is no step %q", a.Step)
	case a.Cause != "" && !slices.Contains(Causes(), a.Cause):
		return fmt.Errorf("there is no cause %q", a.Cause)
	case a.Repeat < 0:
		return fmt.Errorf("it cannot be repeated %d times", a.Repeat)
	case !slices.Contains([]Choice{"", Stop, Restore, Proceed}, a.Then):
		return fmt.Errorf("then is %q; it can be %s, %s, %s or left out", a.Then, Stop, Restore, Proceed)
	case a.Then == Proceed && a.Cause == "":
		return fmt.Errorf("%s must name the cause in spite of which the run goes on", Proceed)
	}
	return nil
}

func (p Plan) clone() Plan {
	p.RebootAfter = slices.Clone(p.RebootAfter)
	p.Timeouts = maps.Clone(p.Timeouts)
	p.Standing = slices.Clone(p.Standing)
	return p
}

// timeout is the operation's predetermined time.
func (p Plan) timeout(op Op) time.Duration {
	if d := p.Timeouts[op]; d > 0 {
		return d
	}
	return DefaultTimeout
}

// questionTimeout is how long a question waits for a person.
func (p Plan) questionTimeout() time.Duration {
	if p.QuestionTimeout > 0 {
		return p.QuestionTimeout
	}
	return DefaultQuestionTimeout
}
