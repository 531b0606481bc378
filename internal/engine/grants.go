package engine

import (
	"bytes"
	"context"
	"encoding/hex"
	"fmt"
	"io"
	"strconv"
	"strings"
	"sync"

	"drydock/internal/driver"
	"drydock/internal/fault"
	"drydock/internal/fleet"
	"drydock/internal/procedure"
	"drydock/internal/tracing"
	"drydock/internal/transfer"
)

// MaxConfiguration is the largest configuration that a device may send.
const MaxConfiguration = 64 << 20

// file is one file of an operation and the grant for it.
type file struct {
	role   string
	input  driver.FileInput
	grant  *transfer.Grant // nil: it was moved whole before this process began
	upload *upload
	before driver.Transfer // what was seen under an earlier grant for the same effect
	close  func()
}

// inputs opens the operation's grants and says what the driver needs to know.
func (t *task) inputs(ctx context.Context) (driver.Inputs, error) {
	return t.inputsWith(func() ([]*file, error) { return t.files(ctx) })
}

func (t *task) inputsWith(open func() ([]*file, error)) (driver.Inputs, error) {
	server, err := t.serverAddress(t.address)
	if err != nil {
		return driver.Inputs{}, err
	}
	in := driver.Inputs{Index: t.row(), ServerAddress: server, TFTPPort: t.TFTPPort, FTPPort: t.FTPPort,
		Protocol: t.state.Plan.Protocol, Vars: t.device.Labels, Model: t.state.Seen.Model, Version: t.state.Seen.Version, Deadline: t.action.Deadline, Since: t.state.EffectAt}
	files, err := open()
	if err != nil {
		return in, err
	}
	t.ordered = files
	for _, f := range files {
		in.Files = append(in.Files, f.input)
	}
	return in, nil
}

// files opens a grant for each file that the operation moves. A probe opens
// none: it only looks.
func (t *task) files(ctx context.Context) ([]*file, error) {
	t.closeGrants(t.hold)
	switch t.action.Op {
	case procedure.OpBackup, procedure.OpVerify, procedure.OpProveRestore:
		return one(t.receive(ctx))
	case procedure.OpRecover, procedure.OpModify:
		return one(t.offerConfiguration(ctx, t.delivered()))
	case procedure.OpUpdate:
		return t.offerRelease(ctx)
	}
	return nil, nil
}

func one(f *file, err error) ([]*file, error) { return []*file{f}, err }

// delivered is the configuration that the operation gives to the device.
func (t *task) delivered() *procedure.BackupRef {
	st := t.state
	if st.Plan.Goal.WantsSource() {
		return st.Plan.Source
	}
	modified := t.action.Op == procedure.OpModify || st.Plan.Recover == fleet.RecoverModified
	if modified && st.Assessment != nil && st.Assessment.Expected != nil {
		return st.Assessment.Expected
	}
	return st.Backup
}

// open makes the grant for a file and keeps it in the run's hold.
func (t *task) open(f *file, spec transfer.Spec) (*file, error) {
	token := strconv.FormatUint(t.action.Effect, 10)
	run := string(t.state.Plan.Run)
	spec.Name = transfer.DeriveName(t.NameKey, "file", run, token, f.role)
	spec.User, spec.Password = transfer.DeriveLogin(t.NameKey, "login", run, token, f.role)
	spec.Group = run + "/" + token
	spec.Peer = t.address.Addr()
	spec.Deadline = t.action.Deadline
	spec.Protocols = []transfer.Protocol{transfer.Protocol(t.state.Plan.Protocol)}
	quirks := t.driver.Quirks()
	spec.TFTP = transfer.TFTPOptions{RolloverToOne: quirks.Rollover == 1, MaxBlksize: t.maxBlksize(quirks.MaxBlksize)}
	spec.Observe = func(ev transfer.Event) { t.observe(f, ev) }
	f.input.Role, f.input.Name, f.input.User, f.input.Password = f.role, spec.Name, spec.User, spec.Password
	t.mu.Lock()
	f.before = t.hold.seen[spec.Name]
	t.mu.Unlock()
	if t.action.Kind == procedure.Probe {
		return f, nil
	}
	grant, err := t.Grants.Open(spec)
	if err != nil {
		f.shut()
		return nil, err
	}
	f.grant = grant
	t.mu.Lock()
	t.hold.grants[spec.Name] = f
	t.mu.Unlock()
	return f, nil
}

// maxBlksize is the smaller of what the driver says and what an earlier
// transfer of the run has shown (RELIABILITY.md F43); 0 = no limit.
func (t *task) maxBlksize(stated int) int {
	t.mu.Lock()
	defer t.mu.Unlock()
	if stated == 0 || t.hold.blksize > 0 && t.hold.blksize < stated {
		return t.hold.blksize
	}
	return stated
}

// observe is told of every attempt on a grant; it wakes the wait.
func (t *task) observe(f *file, ev transfer.Event) {
	t.span.Event("transfer "+string(ev.Kind), tracing.String("drydock.role", f.role), tracing.Int("drydock.transfer.attempt", ev.Attempt),
		tracing.Int("drydock.transfer.octets", ev.Result.Octets), tracing.Int("drydock.transfer.retransmissions", ev.Result.Resent))
	t.log.Debug("transfer", "role", f.role, "event", ev.Kind, "try", ev.Attempt,
		"octets", ev.Result.Octets, "peer", ev.Result.Peer, "elapsed", ev.Result.Duration, "err", ev.Err)
	t.Wake(t.state.Plan.Run, 0)
}

// receive opens the grant under which the device sends its configuration. If
// it arrived before this process began there is nothing to open.
func (t *task) receive(ctx context.Context) (*file, error) {
	f := &file{role: "config"}
	_, err := t.Store.Backup(ctx, t.backupID())
	if err == nil {
		f.upload = &upload{sealed: true}
		f.input.Role = f.role
		f.input.Name = transfer.DeriveName(t.NameKey, "file", string(t.state.Plan.Run), strconv.FormatUint(t.action.Effect, 10), f.role)
		t.mu.Lock()
		t.hold.grants[f.input.Name] = f
		t.mu.Unlock()
		return f, nil
	}
	if !fault.Is(err, fault.NotFound) {
		return nil, err
	}
	f.upload = &upload{accept: t.seal}
	return t.open(f, transfer.Spec{Direction: transfer.Upload, File: "configuration of " + string(t.device.ID),
		MaxBytes: MaxConfiguration, Create: f.upload.create})
}

// seal makes a backup of what has arrived, if it is a whole configuration.
func (t *task) seal(ctx context.Context, content []byte) error {
	if err := wholeConfiguration(t.driver, content); err != nil {
		return err
	}
	purpose := map[procedure.Op]fleet.Purpose{procedure.OpBackup: fleet.BeforeLoad, procedure.OpVerify: fleet.AfterUpdate,
		procedure.OpProveRestore: fleet.AfterRestore}[t.action.Op]
	if t.state.Plan.Goal == procedure.GoalBackup {
		purpose = fleet.ByHand
	}
	source := t.source
	if source == "" {
		source = fmt.Sprintf("%s %s", t.state.Plan.Protocol, t.address.Addr())
	}
	_, err := t.Store.SealBackup(ctx, fleet.Backup{ID: t.backupID(), Device: t.device.ID, Run: t.state.Plan.Run, Purpose: purpose,
		TakenAt: t.Now(), Source: source, Version: t.state.Seen.Version,
		Format: t.driver.Format()}, content)
	return err
}

// offerConfiguration opens the grant under which the device fetches a stored
// configuration.
func (t *task) offerConfiguration(ctx context.Context, ref *procedure.BackupRef) (*file, error) {
	if ref == nil {
		return nil, fault.New(fault.Internal, "", "run "+string(t.state.Plan.Run), "no configuration to deliver")
	}
	_, content, err := t.Store.OpenBackup(ctx, ref.ID)
	if err != nil {
		return nil, err
	}
	if content, err = t.withImageLines(ctx, content); err != nil {
		return nil, err
	}
	return t.offerContent(content, "configuration "+string(ref.ID))
}

// offerContent opens the grant under which the device fetches a configuration.
func (t *task) offerContent(content []byte, name string) (*file, error) {
	f := &file{role: "config"}
	f.input.Digest, f.input.Size = fleet.DigestOf(content), fleet.Bytes(len(content))
	return t.open(f, transfer.Spec{Direction: transfer.Download, File: name,
		Source: transfer.Memory(content), Digest: digestBytes(f.input.Digest)})
}

// offerRelease opens a grant for each file of the release.
func (t *task) offerRelease(ctx context.Context) ([]*file, error) {
	release, err := t.Store.Release(ctx, t.state.Plan.Release)
	if err != nil {
		return nil, err
	}
	var files []*file
	for _, rf := range release.Files {
		content, err := t.Store.ReleaseFile(ctx, release.ID, rf.Name)
		if err != nil {
			return nil, err
		}
		f := &file{role: rf.Role, close: func() { content.Close() }}
		f.input.Digest, f.input.Size, f.input.TargetName = rf.Digest, rf.Size, rf.Name
		if f, err = t.open(f, transfer.Spec{Direction: transfer.Download, File: rf.Name, Paces: t.paces(), Source: content, Digest: digestBytes(rf.Digest)}); err != nil {
			return nil, err
		}
		if t.action.Kind == procedure.Probe {
			f.shut()
		}
		files = append(files, f)
	}
	return files, nil
}

// paces are those of the run's images.
func (t *task) paces() []*transfer.Pace {
	if t.Paces == nil {
		return nil
	}
	return t.Paces(t.state.Plan.Run)
}

// closeGrants ends what is open for the run.
func (e *Engine) closeGrants(h *hold) {
	e.mu.Lock()
	grants := h.grants
	h.grants = map[string]*file{}
	e.mu.Unlock()
	for name, f := range grants {
		e.Grants.Close(name)
		f.shut()
		seen := f.state()
		e.mu.Lock()
		if seen.Began {
			h.seen[name] = seen
		}
		if f.grant != nil && f.grant.BlksizeHint() > 0 {
			h.blksize = f.grant.BlksizeHint()
		}
		e.mu.Unlock()
	}
}

func (f *file) shut() {
	if f.close != nil {
		f.close()
		f.close = nil
	}
}

// state is what the driver is told of the file.
func (f *file) state() driver.Transfer {
	switch {
	case f.upload != nil && f.upload.isSealed():
		return driver.Transfer{Began: true, Finished: true}
	case f.grant == nil:
		return f.before
	}
	r := f.grant.Progress()
	if r.Began.IsZero() && f.before.Finished {
		return f.before
	}
	tr := driver.Transfer{Began: !r.Began.IsZero(), Octets: fleet.Bytes(r.Octets)}
	select {
	case <-f.grant.Done():
		_, err := f.grant.Wait(context.Background())
		tr.Finished = err == nil
		if err != nil {
			tr.Failed, tr.Text = true, err.Error()
		}
	default:
	}
	return tr
}

// upload collects what a device sends and, when it is whole, has it sealed
// before the device is told that it has arrived. It stays in memory until
// then: a configuration holds secrets.
type upload struct {
	accept func(context.Context, []byte) error

	mu     sync.Mutex // owns what follows
	sealed bool
	err    *uploadError
}

// uploadError says why what arrived was not accepted.
type uploadError struct {
	cause procedure.Cause
	error
}

func (u *upload) create(context.Context) (transfer.Temp, error) { return &temp{upload: u}, nil }

func (u *upload) isSealed() bool {
	u.mu.Lock()
	defer u.mu.Unlock()
	return u.sealed
}

func (u *upload) failure() *uploadError {
	u.mu.Lock()
	defer u.mu.Unlock()
	return u.err
}

// temp is one attempt to send.
type temp struct {
	upload *upload
	bytes.Buffer
}

var _ io.Writer = (*temp)(nil)

func (t *temp) Commit(ctx context.Context) error {
	err := t.upload.accept(ctx, t.Bytes())
	t.upload.mu.Lock()
	defer t.upload.mu.Unlock()
	t.upload.sealed = err == nil
	t.upload.err = nil
	if err != nil {
		cause := procedure.ServerFailed
		if fault.Is(err, fault.Invalid) {
			cause = procedure.BackupInvalid
		}
		t.upload.err = &uploadError{cause, err}
	}
	return err
}

func (t *temp) Abort() { t.Reset() }

// digestBytes gives a digest's octets, zeros where there is none.
func digestBytes(d fleet.Digest) (sum [32]byte) {
	raw, err := hex.DecodeString(strings.TrimPrefix(string(d), "sha256:"))
	if err == nil && len(raw) == len(sum) {
		copy(sum[:], raw)
	}
	return sum
}
