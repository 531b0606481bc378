package procedure

import (
	"time"
)

// EventKind says what happened.
type EventKind string

// The events.
const (
	Started   EventKind = "started"   // the run was ordered; Plan
	Accepted  EventKind = "accepted"  // the device took the command; Token
	Finished  EventKind = "finished"  // an operation ended well; Token and what it found
	Faulted   EventKind = "failed"    // an operation ended badly; Token, Cause, Unclear
	Probed    EventKind = "probed"    // a probe's verdict; Token, Verdict
	Overdue   EventKind = "overdue"   // the Deadline has passed; Token
	Answered  EventKind = "answered"  // a person's answer; Question, Choice, By
	Cancelled EventKind = "cancelled" // a person wants the run to stop; By
	Restarted EventKind = "restarted" // the process that drives the run is a new one
	Noticed   EventKind = "noticed"   // a trap or an inform of the device was heard
)

// Event is something that happened to a run. Every event is a journal entry.
type Event struct {
	Format int       `json:"format"`
	Kind   EventKind `json:"kind"`
	At     time.Time `json:"at"`
	Token  uint64    `json:"token,omitempty"` // of the action that this is the outcome of

	Plan       *Plan        `json:"plan,omitempty"`
	Observed   *Observation `json:"observed,omitempty"`
	Concerns   []string     `json:"concerns,omitempty"`
	Backup     *BackupRef   `json:"backup,omitempty"`
	Assessment *Assessment  `json:"assessment,omitempty"`
	Comparison *Comparison  `json:"comparison,omitempty"`
	Cause      Cause        `json:"cause,omitempty"`
	Detail     string       `json:"detail,omitempty"`
	// Unclear says that a failed operation may have had its effect all the
	// same: its answer was lost.
	Unclear bool    `json:"unclear,omitempty"`
	Verdict Verdict `json:"verdict,omitempty"`

	Question string `json:"question,omitempty"`
	Choice   Choice `json:"choice,omitempty"`
	By       string `json:"by,omitempty"`
	// Gently stops a run only while loading has not begun.
	Gently bool `json:"gently,omitempty"`
	// Edited is the configuration that the person wants instead of the one that
	// the migration made; with the choice proceed, to manual findings.
	Edited *BackupRef `json:"edited,omitempty"`
}

// Reply is a person's answer to a question.
type Reply struct {
	Question string
	Choice   Choice
	By       string
	Edited   *BackupRef // see Event
}

// Event gives the reply as what happened to the run.
func (r Reply) Event() Event {
	return Event{Kind: Answered, Question: r.Question, Choice: r.Choice, By: r.By, Edited: r.Edited}
}

// ActionKind says what is to be done.
type ActionKind string

// The actions.
const (
	Perform  ActionKind = "perform"  // carry out Op's effect, once: this is its intent
	Await    ActionKind = "await"    // go on waiting for Op's outcome; command nothing
	Probe    ActionKind = "probe"    // find out, by reading, what became of Op's effect
	Read     ActionKind = "read"     // carry out a read
	Ask      ActionKind = "ask"      // put the question to a person
	Withdraw ActionKind = "withdraw" // the question is no longer open
	Wake     ActionKind = "wake"     // poll now
	Abandon  ActionKind = "abandon"  // stop waiting for Token and close its grants
	Finish   ActionKind = "finish"   // close everything that the run holds
)

// Action is something to be done once its journal entry is durable.
type Action struct {
	Kind     ActionKind `json:"kind"`
	Op       Op         `json:"op,omitempty"`
	Token    uint64     `json:"token,omitempty"`  // the outcome's event carries it
	Effect   uint64     `json:"effect,omitempty"` // Await, Probe: the token under which Op was performed
	Attempt  int        `json:"attempt,omitempty"`
	Deadline time.Time  `json:"deadline,omitzero"`
	Question *Question  `json:"question,omitempty"`
}
