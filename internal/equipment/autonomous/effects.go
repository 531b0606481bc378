package autonomous

import (
	"bytes"
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"hash/fnv"
	"io/fs"
	"net/netip"
	"strconv"
	"time"

	"drydock/internal/equipment"
	"drydock/internal/equipment/disk"
	"drydock/internal/fleet"
	"drydock/internal/migrate"
	"drydock/internal/procedure"
)

// task is one action being carried out.
type task struct {
	*Runner
	state  procedure.State
	action procedure.Action
}

func (t task) report(ctx context.Context, ev procedure.Event) {
	ev.Token = t.action.Token
	select {
	case t.events <- ev:
	case <-ctx.Done():
	}
}

func faulted(cause procedure.Cause, err error) procedure.Event {
	return procedure.Event{Kind: procedure.Faulted, Cause: cause, Detail: err.Error()}
}

// outcome carries the action out.
func (t task) outcome(ctx context.Context) procedure.Event {
	switch t.action.Op {
	case procedure.OpPreflight, procedure.OpIdentify:
		return procedure.Event{Kind: procedure.Finished, Observed: t.observe()}
	case procedure.OpAssess:
		return t.assess()
	case procedure.OpBackup:
		return t.backup()
	case procedure.OpVerify, procedure.OpProveRestore:
		return t.prove()
	}
	if t.action.Kind == procedure.Perform {
		if err := t.Runner.o.Unit.Begin(t.order()); err != nil {
			var f *equipment.Failure
			if errors.As(err, &f) && f.Cause == equipment.Busy {
				return faulted(procedure.Refused, err)
			}
			return faulted(procedure.DeviceFailed, err)
		}
		t.report(ctx, procedure.Event{Kind: procedure.Accepted})
	}
	return t.follow(ctx)
}

// look is how often a row is looked at.
const look = 100 * time.Millisecond

// follow waits for the row's end, or says how far it is where that is asked.
func (t task) follow(ctx context.Context) procedure.Event {
	tick := time.NewTicker(look)
	defer tick.Stop()
	for {
		s, f, ok := t.Runner.o.Unit.Outcome(t.row())
		probe := t.action.Kind == procedure.Probe
		switch {
		case !ok && probe:
			return procedure.Event{Kind: procedure.Probed, Verdict: procedure.NotStarted}
		case !ok:
			return faulted(procedure.DeviceFailed, errors.New("the operation is no longer known"))
		case s == equipment.Running && probe:
			return procedure.Event{Kind: procedure.Probed, Verdict: procedure.Running}
		case s == equipment.Succeeded && probe:
			return procedure.Event{Kind: procedure.Probed, Verdict: procedure.Succeeded}
		case s == equipment.Succeeded:
			return procedure.Event{Kind: procedure.Finished}
		case s == equipment.Failed && probe:
			return procedure.Event{Kind: procedure.Probed, Verdict: procedure.Failed, Cause: causes(f.Cause), Detail: f.Text}
		case s == equipment.Failed:
			return procedure.Event{Kind: procedure.Faulted, Cause: causes(f.Cause), Detail: f.Text}
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return procedure.Event{}
		}
	}
}

// causes says the MIB's causes in the procedure's words.
func causes(c equipment.Cause) procedure.Cause {
	switch c {
	case equipment.ServerUnreachable, equipment.FileNotFound, equipment.TransferFailed, equipment.TransferTimeout:
		return procedure.TransferFailed
	case equipment.NoRoom:
		return procedure.NoRoom
	case equipment.WrongModel:
		return procedure.DoesNotFit
	case equipment.NothingKept:
		return procedure.CannotKeep
	case equipment.Busy:
		return procedure.Refused
	}
	return procedure.DeviceFailed
}

// row is the index of the effect's row: it follows from run and effect, so that
// the next process finds it.
func (t task) row() uint32 {
	h := fnv.New32a()
	_, _ = h.Write([]byte(t.state.Plan.Run)) // never fails
	return 1<<30 | h.Sum32()&0xfffff<<10 | uint32(t.action.Effect)&0x3ff
}

func (t task) order() equipment.Order {
	o := equipment.Order{Index: t.row(), Server: equipment.Server{Protocol: equipment.Local}}
	switch t.action.Op {
	case procedure.OpKeep:
		o.Type = equipment.Keep
	case procedure.OpRestoreFiles:
		o.Type = equipment.RestoreFiles
	case procedure.OpReboot:
		o.Type = equipment.Reboot
	case procedure.OpUpdate:
		o.Type, o.Server, o.Names = equipment.Update, t.source.Server, t.source.Names
		o.Digests = nil // those of the manifest, which the box checks
	case procedure.OpRecover, procedure.OpModify:
		ref := t.state.Backup
		if t.action.Op == procedure.OpModify && t.state.Assessment != nil && t.state.Assessment.Expected != nil {
			ref = t.state.Assessment.Expected
		}
		o.Type, o.Names, o.Digests = equipment.Recover, []string{t.file(ref.ID)}, []string{plainDigest(ref.Digest)}
	}
	return o
}

func plainDigest(d fleet.Digest) string {
	const prefix = len("sha256:")
	if len(d) < prefix {
		return ""
	}
	return string(d[prefix:])
}

// observe is who the equipment is and what it runs.
func (t task) observe() *procedure.Observation {
	id, f := t.Runner.o.Unit.Identity(), t.Runner.o.Box.Facts()
	return &procedure.Observation{Identity: fleet.Identity{Serial: id.Serial, EngineID: hex.EncodeToString([]byte(id.EngineID))}, Model: id.Model,
		Version: f.Version, Health: map[string]string{"ports-up": strconv.Itoa(f.PortsUp)}}
}

func (r *Runner) file(id fleet.BackupID) string { return r.path(string(id) + ".config") }

// store keeps a configuration under a name of this run. It is there whole, or
// not at all.
func (t task) store(id fleet.BackupID, content []byte) (*procedure.BackupRef, error) {
	if err := disk.Replace(t.Runner.o.FS, t.file(id), content, 0o600); err != nil {
		return nil, err
	}
	return t.ref(id, content), nil
}

func (t task) ref(id fleet.BackupID, content []byte) *procedure.BackupRef {
	return &procedure.BackupRef{ID: id, Run: t.state.Plan.Run, Device: t.state.Plan.Device, Digest: fleet.DigestOf(content)}
}

// backup stores the configuration on flash, and reads it back.
func (t task) backup() procedure.Event {
	id := fleet.BackupID(fmt.Sprintf("%s-b%d", t.state.Plan.Run, t.action.Effect))
	if t.action.Kind == procedure.Probe || t.action.Kind == procedure.Await {
		content, err := t.Runner.o.FS.ReadFile(t.file(id))
		switch {
		case errors.Is(err, fs.ErrNotExist):
			return procedure.Event{Kind: procedure.Probed, Verdict: procedure.NotStarted}
		case err != nil:
			return faulted(procedure.BackupInvalid, err)
		}
		return procedure.Event{Kind: procedure.Probed, Verdict: procedure.Succeeded, Backup: t.ref(id, content)}
	}
	content, err := t.Runner.o.Box.Archive()
	if err != nil {
		return faulted(procedure.BackupInvalid, err)
	}
	ref, err := t.store(id, content)
	if err != nil {
		return faulted(procedure.NoRoom, err)
	}
	if again, err := t.Runner.o.FS.ReadFile(t.file(id)); err != nil || fleet.DigestOf(again) != ref.Digest {
		return faulted(procedure.BackupInvalid, fmt.Errorf("what was stored does not read back the same: %w", errors.Join(err)))
	}
	if _, err := migrate.Parse("indented", content); err != nil {
		return faulted(procedure.BackupInvalid, err)
	}
	return procedure.Event{Kind: procedure.Finished, Backup: ref}
}

// assess determines whether the configuration must be modified for the running
// software (claim 1 of the method).
func (t task) assess() procedure.Event {
	a := &procedure.Assessment{Expected: t.state.Backup}
	if t.Runner.o.Pack == nil {
		return procedure.Event{Kind: procedure.Finished, Assessment: a}
	}
	content, err := t.Runner.o.FS.ReadFile(t.file(t.state.Backup.ID))
	if err != nil {
		return faulted(procedure.ServerFailed, err)
	}
	text, err := t.Runner.o.Pack.Migrate(string(content), t.Runner.o.Box.Facts().ConfigVersion)
	if err != nil {
		return faulted(procedure.MigrationFailed, err)
	}
	if a.Needed = text != string(content); a.Needed {
		if a.Expected, err = t.store(fleet.BackupID(fmt.Sprintf("%s-e%d", t.state.Plan.Run, t.action.Token)), []byte(text)); err != nil {
			return faulted(procedure.NoRoom, err)
		}
	}
	return procedure.Event{Kind: procedure.Finished, Assessment: a}
}

// prove compares the configuration that runs with the one that must.
func (t task) prove() procedure.Event {
	if t.action.Kind == procedure.Probe {
		return procedure.Event{Kind: procedure.Probed, Verdict: procedure.NotStarted} // it has no effect: it is done again
	}
	wanted := t.state.Backup
	if t.action.Op == procedure.OpVerify && t.state.Assessment != nil && t.state.Assessment.Expected != nil {
		wanted = t.state.Assessment.Expected
	}
	expected, err := t.Runner.o.FS.ReadFile(t.file(wanted.ID))
	if err != nil {
		return faulted(procedure.ServerFailed, err)
	}
	got, err := t.Runner.o.Box.Archive()
	if err != nil {
		return faulted(procedure.BackupInvalid, err)
	}
	ref, err := t.store(fleet.BackupID(fmt.Sprintf("%s-v%d", t.state.Plan.Run, t.action.Effect)), got)
	if err != nil {
		return faulted(procedure.NoRoom, err)
	}
	c, err := compare(expected, got)
	if err != nil {
		return faulted(procedure.ServerFailed, err)
	}
	c.Backup = ref
	ev := procedure.Event{Kind: procedure.Finished, Comparison: c}
	if before, now := t.state.Health["ports-up"], t.observe().Health["ports-up"]; less(now, before) {
		return procedure.Event{Kind: procedure.Faulted, Cause: procedure.HealthFailed, Detail: "ports that are up: " + now + ", before " + before, Comparison: c}
	}
	return ev
}

func less(a, b string) bool {
	m, err1 := strconv.Atoi(a)
	n, err2 := strconv.Atoi(b)
	return err1 == nil && err2 == nil && m < n
}

// compare is the comparison of the driver drydock-agent.
func compare(expected, got []byte) (*procedure.Comparison, error) {
	rules, err := migrate.NewCompareRules("indented", []string{"config-version {form}"}, []string{"file {rest...}"}, nil)
	if err != nil {
		return nil, err
	}
	differences, err := migrate.Compare(rules, migrate.Categoriser{}, expected, got)
	if err != nil {
		return nil, err
	}
	c := &procedure.Comparison{}
	for line := range bytes.Lines(expected) {
		if len(bytes.TrimSpace(line)) > 0 {
			c.Carried++
		}
	}
	for _, d := range differences {
		switch d.Kind {
		case migrate.Lost:
			c.Lost++
		case migrate.ChangedLine:
			c.Changed++
		case migrate.Added:
			c.Added++
		}
	}
	c.Carried -= c.Lost + c.Changed
	return c, nil
}

// parseServer makes a server of what a source has stored of it.
func parseServer(protocol, address string) (s equipment.Server, err error) {
	switch protocol {
	case "local":
		return equipment.Server{Protocol: equipment.Local}, nil
	case "ftp":
		s.Protocol = equipment.FTP
	case "tftp":
		s.Protocol = equipment.TFTP
	default:
		return s, fmt.Errorf("a source of the unknown protocol %q", protocol)
	}
	s.Addr, err = netip.ParseAddrPort(address)
	return s, err
}
