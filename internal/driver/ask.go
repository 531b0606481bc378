package driver

import (
	"fmt"
	"io"
	"time"

	"drydock/internal/fleet"
	"drydock/internal/procedure"
)

// Operation is something that a driver knows how to do.
type Operation string

// The operations.
const (
	Identify     Operation = "identify"      // read: who answers, which version it runs
	FreeSpace    Operation = "free-space"    // read: room for files
	Health       Operation = "health"        // read: what must not be worse after the update
	Reach        Operation = "reach"         // read: whether the device reaches the server, where it can tell
	Backup       Operation = "backup"        // the device sends its configuration
	Keep         Operation = "keep"          // the device stores the files that loading changes
	Update       Operation = "update"        // the device downloads and loads the release's files
	Reboot       Operation = "reboot"        // the device restarts and comes back
	Recover      Operation = "recover"       // the device fetches a configuration and loads it
	RestoreFiles Operation = "restore-files" // the device puts the kept files back
)

// Operations lists every operation: the reads, then the effects.
func Operations() []Operation {
	return []Operation{Identify, FreeSpace, Health, Reach, Backup, Keep, Update, Reboot, Recover, RestoreFiles}
}

// IsRead says whether the operation changes nothing on the device.
func (o Operation) IsRead() bool {
	return o == Identify || o == FreeSpace || o == Health || o == Reach
}

// Mode says how much of an operation is wanted.
type Mode string

// The modes.
const (
	// Perform gives the command and waits for the outcome.
	Perform Mode = "perform"
	// Await waits for the outcome of a command that was given before. It finds,
	// by reading, the stage that the operation has reached. It never repeats a
	// command; where an operation has several, it gives those that follow the
	// stage reached once that one has succeeded.
	Await Mode = "await"
	// Probe looks once and says what became of the command.
	Probe Mode = "probe"
)

// Ask is what a Machine wants to have done: one of AskGet, AskWalk, AskSet,
// AskWait, AskTransfer, AskDone.
type Ask interface{ isAsk() }

// AskGet wants one GET of these objects. An agent that cannot answer all in
// one PDU may be asked in several; the Answer has one Varbind for each OID, in
// this order, with Type "missing" where there is none.
type AskGet struct{ OIDs []string }

// AskWalk wants the rows below OID, MaxRows at most.
type AskWalk struct {
	OID     string
	MaxRows int
}

// AskSet wants one SET PDU. It must be sent once: where the answer is lost, say
// so by Err, and the Machine finds out by reading whether it took effect.
// Effect marks the command itself; a SET without it only prepares and may be
// repeated.
type AskSet struct {
	Varbinds []Varbind
	ReadBack []string // objects whose values show whether it took effect
	Effect   bool
}

// AskWait wants nothing to be done for that long. Wake earlier when a
// notification of the device is heard and WakeOn names it or is empty, or, with
// WakeOnTransfer, when a grant of the operation begins or ends.
type AskWait struct {
	For            time.Duration
	WakeOn         []string // OIDs of notifications
	WakeOnTransfer bool
	Accepted       bool   // once: the device has taken the command
	Progress       int    // percent, -1 where not known
	Detail         string // what is waited for, for a person
}

// AskTransfer wants the state of the operation's files on the server, one
// Transfer for each of Inputs.Files, in that order.
type AskTransfer struct{}

// AskDone ends the operation.
type AskDone struct{ Result Result }

func (AskGet) isAsk()      {}
func (AskWalk) isAsk()     {}
func (AskSet) isAsk()      {}
func (AskWait) isAsk()     {}
func (AskTransfer) isAsk() {}
func (AskDone) isAsk()     {}

// Answer is what came of an Ask. Err is set where it was not carried out, or
// where that is not known; the zero Answer answers an AskWait.
type Answer struct {
	Varbinds  []Varbind  // to AskGet, and the rows of AskWalk
	Transfers []Transfer // to AskTransfer
	Err       *AnswerError
}

// ErrKind says why an Ask brought no answer.
type ErrKind string

// The kinds.
const (
	// NoAnswer: nothing came back. A SET may have taken effect all the same.
	NoAnswer ErrKind = "no-answer"
	// Unclear: something came back that does not tell, or drydock was
	// interrupted. A SET may have taken effect.
	Unclear ErrKind = "unclear"
	// Refused: the agent answered with an error status (RFC 3416 section 4.2.5).
	Refused ErrKind = "refused"
	// Denied: the agent does not accept the credentials.
	Denied ErrKind = "denied"
)

// AnswerError says why an Ask brought no answer.
type AnswerError struct {
	Kind   ErrKind
	Status string // Refused: the error-status by its name in RFC 3416, "inconsistentValue"
	Index  int    // Refused: error-index, from 1; 0 = not told
	OID    string // Refused: the object at Index
	Text   string // for a person
}

// Transfer is the state of one file on the server.
type Transfer struct {
	Began    bool // the device came for it, or with it
	Octets   fleet.Bytes
	Finished bool // whole
	Failed   bool // ended otherwise, and the device may not try again
	Text     string
}

// The types of a Varbind's value.
const (
	TypeInteger   = "integer"   // INTEGER, Integer32
	TypeGauge     = "gauge"     // Gauge32, Unsigned32
	TypeCounter   = "counter"   // Counter32, Counter64
	TypeTimeTicks = "timeticks" // TimeTicks, hundredths of a second
	TypeText      = "text"      // OCTET STRING that is text: in Text
	TypeOctets    = "octets"    // OCTET STRING: in Bytes
	TypeIPAddress = "ipaddress" // IpAddress: dotted in Text
	TypeOID       = "oid"       // OBJECT IDENTIFIER: dotted in Text
	TypeMissing   = "missing"   // noSuchObject, noSuchInstance, endOfMibView
)

// Varbind is one object instance and its value. What an agent answers as OCTET
// STRING may come as TypeText or as TypeOctets, at the reader's choice.
type Varbind struct {
	OID    string // dotted, no leading dot
	Type   string
	Int    int64
	Bytes  []byte
	Text   string
	Secret bool // the value must never be printed
}

// Format prints the varbind, a secret value as a mask.
func (v Varbind) Format(f fmt.State, _ rune) {
	_, _ = io.WriteString(f, v.OID+" = "+v.Type+" "+v.shown())
}

// Result is how an operation ended.
type Result struct {
	Verdict procedure.Verdict // Perform, Await: Succeeded or Failed; a Probe: any
	Cause   procedure.Cause   // where it failed
	Detail  string            // for a person
	// Unclear says that a failed operation may have had its effect.
	Unclear  bool
	Accepted bool                   // the device took the command, as far as is known
	Observed *procedure.Observation // Identify
	Free     *fleet.Bytes           // FreeSpace, where the device tells
	Health   map[string]string      // Health: value by name
	Progress int                    // percent, -1 where not known
}

// shown is the value as text.
func (v Varbind) shown() string {
	switch {
	case v.Secret:
		return "********"
	case v.Type == TypeMissing:
		return ""
	case v.Type == TypeOctets:
		return fmt.Sprintf("%x", v.Bytes)
	case v.Type == TypeText:
		return fmt.Sprintf("%q", v.Text)
	case v.Type == TypeIPAddress, v.Type == TypeOID:
		return v.Text
	}
	return fmt.Sprint(v.Int)
}
