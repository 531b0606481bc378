// Package box is the update control unit on real equipment (claims 17 and 18 of
// the method): an equipment.Box that carries out the operations with the
// loader, the configuration files and the commands that the settings name. It
// holds the device's half of the method's promises:
//
//   - nothing is loaded that is not the wanted file, signed and for this model;
//   - what an operation has come to is on flash before its effect, so that the
//     process that starts after a power cut knows what to do (state.go);
//   - new software stays only after it has shown that it is well (trial.go);
//   - the configuration is the old one or the new one, never a mixture.
//
// It opens no socket: files come by an equipment.FileClient.
package box

import (
	"context"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"drydock/internal/equipment"
	"drydock/internal/equipment/confset"
	"drydock/internal/equipment/disk"
	"drydock/internal/equipment/install"
	"drydock/internal/equipment/settings"
)

// Options are what a Box is made of. Settings, Files and Log are needed.
type Options struct {
	Settings *settings.Settings
	Files    equipment.FileClient
	FS       disk.FS            // nil: the machine's
	Exec     install.Exec       // nil: the machine's
	Pack     equipment.Migrator // for modify; that operation fails without one
	// Heard counts what the management system has asked for; nil: nobody counts,
	// and new software need not report in.
	Heard func() int64
	Log   *slog.Logger
}

// Box is one piece of equipment. It implements equipment.Box.
type Box struct {
	o      Options
	s      *settings.Settings
	fs     disk.FS
	run    install.Exec
	loader install.Loader
	trust  []ed25519.PublicKey
	model  string
	serial string
	name   string
	booted bool // the machine has started since the last process

	work sync.Mutex // held by whoever changes the configuration or the state

	mu    sync.Mutex // owns what follows
	state state
	facts equipment.Facts
	fresh time.Time // when facts were read
}

// factsAge is how old what Facts gives may be.
const factsAge = time.Second

// Open makes a Box of what the state directory says, and ends a recovery that
// was cut.
func Open(ctx context.Context, o Options) (*Box, error) {
	b := &Box{o: o, s: o.Settings, fs: o.FS, run: o.Exec}
	if b.fs == nil {
		b.fs = disk.Host{}
	}
	if b.run == nil {
		b.run = install.Host
	}
	b.loader = install.New(b.s.Software, b.run)
	for _, key := range b.s.Software.Trust {
		raw, err := base64.StdEncoding.DecodeString(strings.TrimSpace(key))
		if err != nil {
			return nil, fmt.Errorf("software.trust: %w", err)
		}
		b.trust = append(b.trust, raw)
	}
	if err := b.fs.MkdirAll(b.software().State, 0o700); err != nil {
		return nil, fmt.Errorf("state directory: %w", err)
	}
	if err := b.identify(ctx); err != nil {
		return nil, err
	}
	if err := b.config("").Check(); err != nil {
		return nil, err
	}
	if err := b.open(); err != nil {
		return nil, err
	}
	if err := b.config("").Finish(); err != nil {
		return nil, fmt.Errorf("ending the recovery that was cut: %w", err)
	}
	if err := b.software().Finish(); err != nil {
		return nil, fmt.Errorf("ending the restoring of software that was cut: %w", err)
	}
	b.refresh(ctx)
	return b, nil
}

func (b *Box) identify(ctx context.Context) (err error) {
	for _, part := range []struct {
		name   string
		source settings.Source
		to     *string
	}{{"serial", b.s.Identity.Serial, &b.serial}, {"model", b.s.Identity.Model, &b.model}, {"name", b.s.Identity.Name, &b.name}} {
		if *part.to, err = install.Read(ctx, part.source, b.run); err != nil {
			return fmt.Errorf("identity.%s: %w", part.name, err)
		}
	}
	if b.serial == "" || b.model == "" {
		return fmt.Errorf("identity: the serial number is %q and the model %q; both are needed", b.serial, b.model)
	}
	if b.name == "" {
		b.name, err = os.Hostname()
	}
	return err
}

// Identity is who the equipment is, without an engine ID.
func (b *Box) Identity() equipment.Identity {
	return equipment.Identity{Serial: b.serial, Model: b.model, Name: b.name}
}

// Trust are the keys of which one must have signed a release; none: any.
func (b *Box) Trust() []ed25519.PublicKey { return b.trust }

// Booted says whether the machine has started since the process before this
// one, so that coldStart is due.
func (b *Box) Booted() bool { return b.booted }

// Facts implements equipment.Box.
func (b *Box) Facts() equipment.Facts {
	b.mu.Lock()
	defer b.mu.Unlock()
	if time.Since(b.fresh) > factsAge {
		b.look()
	}
	return b.facts
}

// look reads what can be read without waiting: files, not commands. The lock is
// held.
func (b *Box) look() {
	b.fresh = time.Now()
	f := &b.facts
	f.Boots, f.Kept, f.ImageDigest = b.state.Boots, b.state.Kept.Version, b.state.Digest
	f.Free = b.room()
	f.PortsUp, f.Interfaces = 0, nil
	for _, name := range b.s.Ports {
		text, err := os.ReadFile(filepath.Join("/sys/class/net", name, "operstate"))
		carrier, _ := os.ReadFile(filepath.Join("/sys/class/net", name, "carrier"))
		up := err == nil && (strings.TrimSpace(string(text)) == "up" || strings.TrimSpace(string(carrier)) == "1")
		if up {
			f.PortsUp++
		}
		f.Interfaces = append(f.Interfaces, equipment.InterfaceFact{Name: name, Up: up})
	}
	f.ConfigDigest = ""
	if archive, err := b.config(f.ConfigVersion).Archive(); err == nil {
		f.ConfigDigest = digest(archive)
	}
}

// refresh runs the commands that tell versions, and then looks.
func (b *Box) refresh(ctx context.Context) {
	version, err := install.Read(ctx, b.s.Software.Version, b.run)
	if err != nil {
		b.o.Log.Error("software version cannot be read", "err", err)
	}
	form, err := install.Read(ctx, b.s.Configuration.Version, b.run)
	if err != nil {
		b.o.Log.Error("configuration version cannot be read", "err", err)
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.facts.Version, b.facts.ConfigVersion = version, form
	b.look()
}

func (b *Box) version() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.facts.Version
}

func (b *Box) formVersion() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.facts.ConfigVersion
}

// room is how many octets a download may have.
func (b *Box) room() int64 {
	free := diskFree(b.s.State)
	if room := int64(b.s.Software.Room); room > 0 {
		return min(room, free)
	}
	return free
}

// config is the set of configuration files.
func (b *Box) config(version string) *confset.Set {
	set := &confset.Set{FS: b.fs, State: b.s.State, Version: version}
	for _, f := range b.s.Configuration.Files {
		set.Files = append(set.Files, confset.File(f))
	}
	return set
}

// Do implements equipment.Box.
func (b *Box) Do(ctx context.Context, o equipment.Order, run equipment.Run) error {
	b.work.Lock()
	defer b.work.Unlock()
	defer b.refresh(context.WithoutCancel(ctx))
	if run.Resumed {
		return b.resume(ctx, o, run)
	}
	switch o.Type {
	case equipment.Backup:
		return b.backup(ctx, o)
	case equipment.Update:
		return b.update(ctx, o, run)
	case equipment.Recover:
		return b.recover(ctx, o, run)
	case equipment.Keep:
		return b.keep(ctx)
	case equipment.RestoreFiles:
		return b.restoreFiles(ctx, o, run)
	case equipment.Reboot:
		return b.restart(ctx, pending{Row: o.Index, Type: o.Type, Expected: b.version()}, run)
	case equipment.Modify:
		return b.modify(ctx)
	}
	return failed(equipment.InternalError, "there is no operation %d", o.Type)
}

func failed(c equipment.Cause, format string, args ...any) error {
	return &equipment.Failure{Cause: c, Text: fmt.Sprintf(format, args...)}
}

func digest(data []byte) string {
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:])
}
