package driver

import (
	"net/netip"
	"slices"
	"time"

	"drydock/internal/fault"
	"drydock/internal/fleet"
	"drydock/internal/secret"
)

// Inputs is what an operation is given. Templates read from it.
type Inputs struct {
	// Index chooses the row of the operation. Derive it from the run and the
	// token of the effect, so that Await and Probe find the row that Perform
	// made; the driver folds it into the range that the family accepts.
	Index         uint32
	ServerAddress netip.Addr // of the file server, as the device sees it
	TFTPPort      int
	FTPPort       int
	Protocol      string // "tftp" or "ftp"; one of the driver's Protocols
	Files         []FileInput
	Version       string // that the device runs, as last read
	Model         string
	Vars          map[string]string
	// Deadline ends the operation; zero = the driver's time-out from the start.
	Deadline time.Time
	// Since is, for Await and Probe, when the command's intent was made durable.
	// A restart is told from it; zero = the start.
	Since time.Time
}

// FileInput is one file that the device sends or fetches. Role is "config" for
// configurations, for a release the role of its file.
type FileInput struct {
	Role       string
	Name       string // of the grant: what the device asks the server for
	Digest     fleet.Digest
	Size       fleet.Bytes
	User       string // FTP
	Password   secret.String
	TargetName string // the file's own name, for devices that store it under one
}

// Machine is one operation in progress. It is not safe for concurrent use, and
// holds nothing but memory: one that is no longer wanted is simply dropped.
type Machine struct {
	driver  *Driver
	program *program
	mode    Mode
	values  values

	now      time.Time
	start    time.Time
	deadline time.Time

	has       map[string]bool // what `has` conditions found
	transfers []Transfer      // the server's evidence, as last seen
	base      *baseline       // how the device's clocks stood before the command
	commandAt time.Time       // when the latest command was given
	lenient   bool            // reads that fail do not end the operation
	touched   bool            // something was set: cleanup is due
	reboots   bool            // a restart follows the command: silence after it means little
	doubtful  bool            // whether the command was taken is not known
	accepted  bool
	announced bool // an AskWait has said so
	shown     bool // Rehearse: the first command was shown
	progress  int
	detail    string

	expects string // the kind of answer that fits
	then    func(Answer) Ask
	ended   bool
}

// Start begins an operation. The error, fault.Invalid, says that the inputs do
// not allow it or that the driver cannot do it; nothing has been asked then.
func (d *Driver) Start(op Operation, mode Mode, in Inputs, now time.Time) (*Machine, Ask, error) {
	if err := d.checkInputs(op, mode, in); err != nil {
		return nil, nil, err
	}
	p := d.programs[op]
	m := &Machine{
		driver: d, program: p, mode: mode, now: now, start: now, deadline: in.Deadline, commandAt: now,
		has: map[string]bool{}, progress: -1,
		values: values{in: in, index: d.index.fold(in.Index), locals: map[string]string{}, order: d.schema.roles},
	}
	if m.deadline.IsZero() {
		m.deadline = now.Add(d.timeouts[op])
	}
	if mode != Perform && !in.Since.IsZero() {
		m.commandAt = in.Since
	}
	switch {
	case op.IsRead() || mode == Perform || mode == Rehearse:
		return m, m.run(0), nil
	case mode == Await:
		m.accepted = true
		return m, m.resume(), nil
	default:
		return m, m.probe(), nil
	}
}

// checkInputs says what is missing before anything is asked.
func (d *Driver) checkInputs(op Operation, mode Mode, in Inputs) error {
	wrong := func(format string, args ...any) error {
		return fault.New(fault.Invalid, "driver.Start", "driver "+d.name+" operation "+string(op), format, args...)
	}
	if text, cannot := d.Cannot(op); cannot {
		return wrong("%s", text)
	}
	if !slices.Contains([]Mode{Perform, Await, Probe, Rehearse}, mode) {
		return wrong("mode %q; it can be %q, %q, %q or %q", mode, Perform, Await, Probe, Rehearse)
	}
	if op.IsRead() {
		return nil
	}
	if in.Protocol != "" && !slices.Contains(d.protocols, in.Protocol) {
		return wrong("the family has no %s; it can use %s", in.Protocol, oneOf(d.protocols))
	}
	for i, f := range in.Files {
		if !slices.Contains(d.schema.roles, f.Role) {
			return wrong("no file has the role %q; it can be %s", f.Role, oneOf(d.schema.roles))
		}
		if slices.ContainsFunc(in.Files[:i], func(g FileInput) bool { return g.Role == f.Role }) {
			return wrong("two files have the role %q", f.Role)
		}
	}
	if op == Update {
		for _, role := range d.files {
			if !role.Optional && !slices.ContainsFunc(in.Files, func(f FileInput) bool { return f.Role == role.Role }) {
				return wrong("the release has no file in the role %q", role.Role)
			}
		}
	}
	return nil
}

// Next takes the answer to the last Ask and gives the next one. The error,
// fault.Conflict, says that the operation has ended or that the answer does not
// fit what was asked; nothing has changed then.
func (m *Machine) Next(answer Answer, now time.Time) (Ask, error) {
	if m.ended {
		return nil, fault.New(fault.Conflict, "driver.Next", "operation "+string(m.program.op), "it has ended")
	}
	if answer.Err == nil && (m.expects != "varbinds" && len(answer.Varbinds) > 0 || m.expects != "transfers" && len(answer.Transfers) > 0) {
		return nil, fault.New(fault.Conflict, "driver.Next", "operation "+string(m.program.op), "the answer does not fit: %s was asked", m.expects)
	}
	if now.After(m.now) { // a clock that went back must not stretch a deadline
		m.now = now
	}
	return m.then(answer), nil
}

// ask hands out an Ask and says how to go on with its answer.
func (m *Machine) ask(a Ask, then func(Answer) Ask) Ask {
	switch a.(type) {
	case AskGet, AskWalk:
		m.expects = "varbinds"
	case AskTransfer:
		m.expects = "transfers"
	case AskSet:
		m.expects = "a SET"
	default:
		m.expects = "a wait"
	}
	m.then = then
	return a
}

// overdue says whether the operation's time has passed.
func (m *Machine) overdue() bool { return !m.now.Before(m.deadline) }

// wait lets time pass, at most to the deadline, and goes on.
func (m *Machine) wait(d time.Duration, detail string, then func() Ask) Ask {
	w := AskWait{
		For: max(0, min(d, m.deadline.Sub(m.now))), WakeOn: m.driver.Notifications(),
		WakeOnTransfer: len(m.values.in.Files) > 0, Progress: m.progress, Detail: detail,
	}
	if m.accepted && !m.announced {
		w.Accepted, m.announced = true, true
	}
	return m.ask(w, func(Answer) Ask { return then() })
}
