package driver

import (
	"regexp"
	"time"

	"drydock/internal/procedure"
)

// program is one compiled operation.
type program struct {
	op      Operation
	actions []action
	cleanup []action
	stages  []stage
}

// stage is a command and the waits that follow it, up to the next command.
type stage struct {
	command int // index of the action
	end     int // index after the stage's last action
}

// action is one step of an operation: a condition and one of getStep, findStep,
// setStep, pollStep, expectStep, rebootStep, pauseStep, failStep.
type action struct {
	at   place
	when *condition
	do   any
}

// ref names an object's instance.
type ref struct {
	object   *mibObject
	instance template
}

// getStep reads values into variables.
type getStep struct{ items []getItem }

type getItem struct {
	as       string
	ref      ref
	pattern  *regexp.Regexp // the first group is the value
	optional bool
	unit     int64 // the number is multiplied by it
}

// findStep finds the row whose column has a value; its instance becomes a
// variable.
type findStep struct {
	column  *mibObject
	equals  template
	file    bool // equals is the name of a file, which the column may have with its path
	matches *regexp.Regexp
	as      string
	maxRows int
	missing failure
}

// setStep writes objects. A command is the effect itself; else it prepares.
type setStep struct {
	groups  []varGroup
	command bool
	each    bool // a PDU for each varbind, in order
	repeat  bool // a second command can have no second effect
	proofs  []proof
	kind    proofKind
	refused map[string]failure
}

type varGroup struct {
	when *condition
	vars []varSpec
}

type varSpec struct {
	ref   ref
	value template
}

// proofKind says how it is found out whether a command whose answer was lost
// took effect.
type proofKind string

const (
	proofObjects proofKind = "objects" // the driver names objects and values
	proofRow     proofKind = "row"     // the row that it creates is there
	proofValues  proofKind = "values"  // the objects have the values that were set
	proofReboot  proofKind = "reboot"  // the device restarts
)

// proof is one object and the values that show that the command was taken, or
// that a transfer began.
type proof struct {
	ref      ref
	values   map[int64]bool
	texts    []string
	transfer bool
}

// pollStep reads a status until it is final.
type pollStep struct {
	find         *findStep // the status row is found by a column's value
	status       ref
	running      map[string]bool
	success      map[string]bool
	idle         map[string]bool
	failures     map[string]failure
	others       bool // every value that is not named is a failure
	reason       *ref
	text         *ref
	reasons      map[string]failure
	progress     *ref
	absent       absence
	vanished     absence
	appears      time.Duration
	within       time.Duration // 0: until the operation's deadline
	interval     time.Duration
	maxInterval  time.Duration
	shared       bool   // the status is not of this operation alone
	takeTransfer bool   // an expect follows: the server's evidence counts
	role         string // of the files that are expected; "" = all
}

// absence is what it means that the status is not there.
type absence string

const (
	absentNotStarted absence = "not-started"
	absentRunning    absence = "running"
	absentSucceeded  absence = "succeeded"
	absentFailed     absence = "failed"
	absentUnknown    absence = "unknown"
	absentTransfer   absence = "as-transfer" // the server's evidence decides
)

func absences() []string {
	return []string{string(absentNotStarted), string(absentRunning), string(absentSucceeded), string(absentFailed),
		string(absentUnknown), string(absentTransfer)}
}

// expectStep waits until the server has seen the files whole.
type expectStep struct {
	role    string        // "" = every file of the operation
	within  time.Duration // 0: until the operation's deadline
	settles bool          // a poll has said that the device is done
}

// rebootStep waits until the device has restarted and answers.
type rebootStep struct{ down, up time.Duration }

// pauseStep waits.
type pauseStep struct{ d time.Duration }

// failStep ends the operation as a failure.
type failStep struct{ failure failure }

// failure is a named failure: what the procedure makes of it, and the text for
// a person.
type failure struct {
	cause procedure.Cause
	text  string
}

// condition says when an action or a group of varbinds counts. All of its
// parts must hold.
type condition struct {
	protocols []string
	addresses string // "ipv4", "ipv6"
	version   *regexp.Regexp
	model     *regexp.Regexp
	file      string
	has       *ref
	variable  map[string]*regexp.Regexp
	not       *condition
}
