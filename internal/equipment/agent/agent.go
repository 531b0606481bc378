// Package agent is drydock-agent as a value: the box, its two units, and the
// way in by SNMP, from one settings file. It starts the goroutines and waits
// for them; what they do is in the packages that it puts together. main and the
// tests run it.
package agent

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net/netip"
	"os"
	"path/filepath"
	"time"

	"golang.org/x/sync/errgroup"

	"drydock/internal/equipment"
	"drydock/internal/equipment/agentx"
	"drydock/internal/equipment/autonomous"
	"drydock/internal/equipment/box"
	"drydock/internal/equipment/disk"
	"drydock/internal/equipment/files"
	"drydock/internal/equipment/settings"
	"drydock/internal/migrate"
	"drydock/internal/snmp"
	"drydock/internal/transfer/ftpclient"
	"drydock/internal/transfer/tftp"
)

// Agent is a running drydock-agent.
type Agent struct {
	s       *settings.Settings
	log     *slog.Logger
	box     *box.Box
	eq      *equipment.Equipment
	snmp    *snmp.Agent      // nil under a master agent
	sub     *agentx.Subagent // nil without one
	unit    *snmp.Device
	self    *autonomous.Runner
	reports *reporting // nil: nobody is told

	files files.Client
	work  chan func(context.Context)
}

// Where what outlives the process is, in the state directory.
const (
	memoryFile = "operations.json"
	engineFile = "engine-id"
)

// New prepares everything and binds the socket, so that Run has nothing to
// fail at but what happens later.
func New(ctx context.Context, s *settings.Settings, log *slog.Logger) (*Agent, error) {
	a := &Agent{s: s, log: log, work: make(chan func(context.Context), 4)}
	local, _ := netip.ParseAddr(s.Transfer.Address) // checked with the settings
	pack, err := migrator(s.Configuration.Migrations)
	if err != nil {
		return nil, err
	}
	timeout := time.Duration(s.Transfer.Timeout)
	a.files = files.Client{
		Local: local, Resumes: s.Transfer.Resumes, Pause: time.Second,
		TFTP: tftp.Client{Blksize: s.Transfer.Blksize, Windowsize: s.Transfer.Windowsize, Tsize: true, Retries: max(2, int(timeout/time.Second))},
		FTP:  ftpclient.Client{Timeout: timeout},
	}
	a.box, err = box.Open(ctx, box.Options{Settings: s, Log: log, Heard: a.heard, Pack: pack, Files: a.files})
	if err != nil {
		return nil, err
	}
	memory, err := a.memory()
	if err != nil {
		return nil, err
	}
	id := a.box.Identity()
	if id.EngineID, err = a.engineID(id.Serial); err != nil {
		return nil, err
	}
	a.eq = equipment.New(equipment.Options{Identity: id, Box: a.box, Memory: memory, Remember: a.remember, Notifier: a, Log: log,
		Go: func(work func(context.Context)) { a.work <- work }})
	if err := a.eq.Remember(); err != nil {
		return nil, err
	}
	if err := a.openSelf(pack); err != nil {
		return nil, err
	}
	if s.SNMP.AgentX != "" {
		a.sub = agentx.New(agentx.Config{Network: "unix", Address: s.SNMP.AgentX, Subtree: equipment.Subtree(), Name: "drydock-agent",
			MIB: a.eq.Interface(), Uptime: a.eq.Uptime, Log: log})
		return a, nil
	}
	return a, a.listen()
}

// migrator loads the pack that modify applies; nil where there is none.
func migrator(dir string) (equipment.Migrator, error) {
	if dir == "" {
		return nil, nil
	}
	pack, err := migrate.LoadPack(os.DirFS(dir), ".")
	if err != nil {
		return nil, fmt.Errorf("configuration.migrations: %w", err)
	}
	return equipment.PackMigrator{Pack: pack}, nil
}

// heard counts what the management system has asked for.
func (a *Agent) heard() int64 {
	switch {
	case a.sub != nil:
		return a.sub.Heard()
	case a.snmp != nil:
		return a.snmp.Stats().Answered
	}
	return 0
}

func (a *Agent) path(name string) string { return filepath.Join(a.s.State, name) }

func (a *Agent) memory() (m equipment.Memory, err error) {
	text, err := os.ReadFile(a.path(memoryFile))
	if errors.Is(err, fs.ErrNotExist) {
		return m, nil
	}
	if err == nil {
		err = json.Unmarshal(text, &m)
	}
	if err != nil {
		return m, fmt.Errorf("operations that were remembered: %w", err)
	}
	return m, nil
}

func (a *Agent) remember(m equipment.Memory) error {
	text, err := json.Marshal(m)
	if err != nil {
		return err
	}
	return disk.Replace(disk.Host{}, a.path(memoryFile), text, 0o600)
}

// enginePrefix is net-snmp's enterprise number and "text" (RFC 3411 section 5,
// SnmpEngineID): the serial number follows.
const enginePrefix = "\x80\x00\x1f\x88\x04"

// maxEngineID is RFC 3411's.
const maxEngineID = 32

// engineID is the one of the settings, or what was made at the first start: it
// must stay the same, for users' keys are localized to it.
func (a *Agent) engineID(serial string) (string, error) {
	if a.s.SNMP.EngineID != "" {
		raw, err := hex.DecodeString(a.s.SNMP.EngineID)
		return string(raw), err
	}
	text, err := os.ReadFile(a.path(engineFile))
	if err == nil {
		raw, err := hex.DecodeString(string(text))
		return string(raw), err
	}
	if !errors.Is(err, fs.ErrNotExist) {
		return "", fmt.Errorf("engine ID: %w", err)
	}
	id := enginePrefix + serial
	id = id[:min(len(id), maxEngineID)]
	return id, disk.Replace(disk.Host{}, a.path(engineFile), []byte(hex.EncodeToString([]byte(id))), 0o600)
}

// Run answers and works until ctx ends. An operation that runs then goes on in
// the next process.
func (a *Agent) Run(ctx context.Context) error {
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error {
		if a.sub != nil {
			return a.sub.Serve(ctx)
		}
		return a.snmp.Serve(ctx)
	})
	g.Go(func() error {
		for {
			select {
			case work := <-a.work: // one operation runs at a time
				work(ctx)
			case <-ctx.Done():
				return nil
			}
		}
	})
	a.eq.Resume()
	g.Go(func() error { return a.self.Run(ctx) })
	g.Go(func() error { return a.listenToUser(ctx) })
	if a.reports != nil {
		if s := a.self.State(); s.Phase != "" { // its end may not have been told
			a.reports.put(s.Summary())
		}
		g.Go(func() error { return a.report(ctx) })
	}
	if a.box.Booted() {
		g.Go(func() error { a.hello(ctx); return nil })
	}
	return g.Wait()
}

// hello is coldStart. Under a master agent it is the master's to send.
func (a *Agent) hello(ctx context.Context) {
	if a.sub == nil {
		a.Notify(ctx, equipment.ColdStart())
	}
}

// Addr is where the agent listens; invalid under a master agent.
func (a *Agent) Addr() netip.AddrPort {
	if a.snmp == nil {
		return netip.AddrPort{}
	}
	return a.snmp.Addr()
}

// Ready is closed once the agent can be asked.
func (a *Agent) Ready() <-chan struct{} {
	if a.sub != nil {
		return a.sub.Ready()
	}
	c := make(chan struct{})
	close(c)
	return c
}
