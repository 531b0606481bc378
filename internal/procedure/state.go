package procedure

import (
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"drydock/internal/fleet"
)

// Format is the version of the encoding of State and Event. A journal written
// in another format is refused, never guessed at.
const Format = 1

// Observation is what was read from the device.
type Observation struct {
	Identity fleet.Identity `json:"identity"`
	Model    string         `json:"model,omitempty"`
	Version  string         `json:"version,omitempty"`
	// Health is what the driver's health checks read, by name.
	Health map[string]string `json:"health,omitempty"`
}

// BackupRef points at a sealed backup that was verified: whole, parsed, end
// marker present, openable.
type BackupRef struct {
	ID     fleet.BackupID `json:"id"`
	Run    fleet.RunID    `json:"run"`
	Device fleet.DeviceID `json:"device"`
	Digest fleet.Digest   `json:"digest"`
}

// Assessment is what the migration of the backup gave.
type Assessment struct {
	Needed   bool       `json:"needed"`
	Manual   int        `json:"manual,omitempty"`  // findings that need a person
	Rules    []string   `json:"rules,omitempty"`   // the rules that fired
	Changed  int        `json:"changed,omitempty"` // lines that rules changed
	Dropped  int        `json:"dropped,omitempty"` // lines that rules dropped, each with its reason
	Expected *BackupRef `json:"expected,omitempty"`
	EditedBy string     `json:"editedBy,omitempty"` // who changed what the migration made
}

// Comparison is the result of comparing a second backup in meaning.
type Comparison struct {
	Backup  *BackupRef `json:"backup,omitempty"`
	Carried int        `json:"carried"` // expected lines that are there
	Lost    int        `json:"lost"`    // expected lines that are missing
	Changed int        `json:"changed"` // expected lines that are there with another value
	Added   int        `json:"added"`   // lines that the device added
	Notes   []string   `json:"notes,omitempty"`
}

// Question is what the run asks a person.
type Question struct {
	ID       string    `json:"id"`
	Step     Step      `json:"step"`
	Op       Op        `json:"op"`
	Attempt  int       `json:"attempt"`
	Cause    Cause     `json:"cause"`
	Detail   string    `json:"detail,omitempty"`
	Choices  []Choice  `json:"choices"`
	AskedAt  time.Time `json:"askedAt"`
	Deadline time.Time `json:"deadline"` // then the run stops
}

// Result is how the run ended.
type Result struct {
	Outcome Outcome `json:"outcome"`
	Left    Left    `json:"left"`
	Step    Step    `json:"step"`            // where it ended
	Cause   Cause   `json:"cause,omitempty"` // of the failure that led to it
	Detail  string  `json:"detail,omitempty"`
	By      string  `json:"by,omitempty"` // who stopped it
	// Accepted lists what a person saw and went on in spite of.
	Accepted []Failure `json:"accepted,omitempty"`
}

// State is a run at one moment. It is a value: Next never changes the one it
// is given.
type State struct {
	Format   int               `json:"format"`
	Plan     Plan              `json:"plan"`
	Phase    Phase             `json:"phase"`
	Step     Step              `json:"step"`
	Op       Op                `json:"op"`
	Attempts map[Step]int      `json:"attempts"`
	Token    uint64            `json:"token"`             // the newest token given out
	Effect   uint64            `json:"effect"`            // the token of the newest effect; the driver finds its traces by it
	EffectAt time.Time         `json:"effectAt,omitzero"` // when its intent was made
	Deadline time.Time         `json:"deadline,omitzero"`
	Identity fleet.Identity    `json:"identity"`          // that preflight found; every effect goes to it
	From     string            `json:"from"`              // the version before loading
	Seen     Observation       `json:"seen"`              // as last read
	Foreign  bool              `json:"foreign,omitempty"` // another device answered when it was last asked who it is
	Health   map[string]string `json:"health,omitempty"`  // before loading; verify compares with it

	Backup        *BackupRef  `json:"backup,omitempty"`
	Kept          bool        `json:"kept"`                // the old files are on the device
	Touched       bool        `json:"touched"`             // loading was ordered, and was not refused by the device
	TouchedBefore bool        `json:"touchedBefore"`       // Touched as it was before the newest order to load
	Delivered     bool        `json:"delivered,omitempty"` // a configuration was ordered to be loaded
	Loaded        bool        `json:"loaded"`              // the wanted version was read back from the same device
	Restoring     bool        `json:"restoring,omitempty"`
	Assessment    *Assessment `json:"assessment,omitempty"`
	Comparison    *Comparison `json:"comparison,omitempty"`

	Unproven bool           `json:"unproven,omitempty"` // the newest effect's outcome is not known
	Taken    bool           `json:"taken,omitempty"`    // the device has taken the newest effect's command
	Waited   bool           `json:"waited,omitempty"`   // a person had the newest effect waited for once more
	Insisted bool           `json:"insisted,omitempty"` // and then said repeat or restore-files again
	Pending  Choice         `json:"pending,omitempty"`  // answered, to be followed once the effect is settled
	StopBy   string         `json:"stopBy,omitempty"`   // cancel was ordered: stop before the next effect
	AnyTime  bool           `json:"anyTime,omitempty"`  // a person said: load outside of the windows
	ThenLoad bool           `json:"thenLoad,omitempty"` // restore-files leads to another load
	Used     map[string]int `json:"used"`               // standing answers used, by step/cause
	Failure  *Failure       `json:"failure,omitempty"`  // that is being dealt with
	Undoing  *Failure       `json:"undoing,omitempty"`  // the one for which the old files are put back
	Accepted []Failure      `json:"accepted,omitempty"` // a person said proceed
	Question *Question      `json:"question,omitempty"` // open
	Result   *Result        `json:"result,omitempty"`   // when ended
}

// Failure is what went wrong.
type Failure struct {
	Step   Step   `json:"step"`
	Op     Op     `json:"op"`
	Cause  Cause  `json:"cause"`
	Detail string `json:"detail,omitempty"`
}

// UnmarshalJSON refuses another format and unknown words: a state that cannot
// be understood must not be acted on.
func (s *State) UnmarshalJSON(data []byte) error {
	type plain State
	var p plain
	if err := json.Unmarshal(data, &p); err != nil {
		return err
	}
	if p.Format != Format {
		return fmt.Errorf("run state has format %d, this drydock reads %d", p.Format, Format)
	}
	if err := State(p).check(); err != nil {
		return err
	}
	*s = State(p)
	return nil
}

// check says what in a state that was read is not understood.
func (s State) check() error {
	switch {
	case !knownStep(s.Step):
		return fmt.Errorf("run state has the unknown step %q", s.Step)
	case !slices.Contains(Ops(), s.Op):
		return fmt.Errorf("run state has the unknown operation %q", s.Op)
	case !slices.Contains([]Phase{Reading, Commanding, Awaiting, Probing, Asking, Holding, Ended}, s.Phase):
		return fmt.Errorf("run state has the unknown phase %q", s.Phase)
	case s.Pending != "" && s.Pending != Repeat && s.Pending != Restore:
		return fmt.Errorf("run state has the unknown pending answer %q", s.Pending)
	case (s.Phase == Asking) != (s.Question != nil):
		return fmt.Errorf("run state is %s, but whether a question is open says otherwise", s.Phase)
	case (s.Phase == Ended) != (s.Result != nil):
		return fmt.Errorf("run state is %s, but whether it has a result says otherwise", s.Phase)
	case s.Failure == nil && (s.Phase == Asking || s.Pending != ""):
		return fmt.Errorf("run state is %s after a failure that it does not name", s.Phase)
	}
	return nil
}
