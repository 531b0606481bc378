package box

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"drydock/internal/equipment"
	"drydock/internal/equipment/disk"
	"drydock/internal/equipment/install"
	"drydock/internal/equipment/settings"
)

var errPower = errors.New("the power is cut")

// bench is a box whose world can lose its power at any effect: a change of a
// file, or a command.
type bench struct {
	disk.Host
	t     *testing.T
	dir   string
	s     *settings.Settings
	boots int

	effects int                     // so far
	cut     int                     // the effect that does not happen any more; 0: all do
	dead    bool                    // nothing happens until the next start
	die     context.CancelCauseFunc // ends the process
}

const benchSettings = `
identity: {serial: S, model: box-2, name: n}
state: %[1]s/state
boot-id: %[1]s/boot-id
snmp: {agentx: /nowhere}
configuration:
  files: [{name: a, path: "%[1]s/a", category: user, format: ini}, {name: b, path: "%[1]s/b", category: port, format: ini}]
  apply: [apply]
software:
  version: {command: [version]}
  command: {install: [install, "{image}"], %[2]s}
  restart: {command: [restart]}
  health: {command: [health], within: 20ms, every: 5ms}
`

const (
	withFiles = `files: ["%[1]s/software"]`
	withSlots = "revert: [revert], commit: [commit]"
)

func newBench(t *testing.T, loader string) *bench {
	w := &bench{t: t, dir: t.TempDir()}
	for name, text := range map[string]string{"a": "old a\n", "b": "old b\n", "software": "VERSION=1", "slot.0": "VERSION=1", "slot.1": "", "next": "0", "booted": "0"} {
		w.put(name, text)
	}
	var err error
	if w.s, err = settings.Parse("bench", []byte(fmt.Sprintf(strings.ReplaceAll(benchSettings, "%[2]s", loader), w.dir))); err != nil {
		t.Fatal(err)
	}
	return w
}

func (w *bench) put(name, text string) {
	if err := os.WriteFile(filepath.Join(w.dir, name), []byte(text), 0o644); err != nil {
		w.t.Fatal(err)
	}
}

func (w *bench) get(name string) string {
	text, err := os.ReadFile(filepath.Join(w.dir, name))
	if err != nil {
		w.t.Fatal(err)
	}
	return string(text)
}

// effect counts one and says whether the power is still there.
func (w *bench) effect() error {
	if w.dead {
		return errPower
	}
	if w.effects++; w.effects == w.cut {
		w.fall()
		return errPower
	}
	return nil
}

// fall is the end of the process.
func (w *bench) fall() {
	w.dead = true
	if w.die != nil {
		w.die(context.Canceled)
	}
}

func (w *bench) Create(name string, mode fs.FileMode) (disk.File, error) {
	if err := w.effect(); err != nil {
		return nil, err
	}
	f, err := w.Host.Create(name, mode)
	return quick{f}, err
}

// quick is a file that is not synced: what lies on the disk is not cut here,
// but in the tests of package confset.
type quick struct{ disk.File }

func (quick) Sync() error { return nil }

func (w *bench) SyncDir(string) error { return nil }

func (w *bench) Rename(from, to string) error {
	if err := w.effect(); err != nil {
		return err
	}
	return w.Host.Rename(from, to)
}

func (w *bench) Remove(name string) error {
	if _, err := os.Stat(name); err != nil {
		return err
	}
	if err := w.effect(); err != nil {
		return err
	}
	return w.Host.Remove(name)
}

// exec is the box's programs.
func (w *bench) exec(ctx context.Context, _ []string, argv ...string) (string, error) {
	slots := len(w.s.Software.Command.Files) == 0
	runs := "software"
	if slots {
		runs = "slot." + w.get("booted")
	}
	if len(argv) == 0 {
		return "", nil
	}
	if argv[0] == "version" {
		return strings.TrimPrefix(strings.Split(w.get(runs), "\n")[0], "VERSION="), nil
	}
	if argv[0] == "health" {
		if strings.Contains(w.get(runs), "SICK") {
			return "", errors.New("it is sick")
		}
		return "", nil
	}
	if err := w.effect(); err != nil {
		return "", err
	}
	other := map[string]string{"0": "1", "1": "0"}[w.get("booted")]
	switch argv[0] {
	case "install":
		image, err := os.ReadFile(argv[1])
		if err != nil {
			return "", err
		}
		if !slots {
			w.put("software", string(image))
			break
		}
		w.put("slot."+other, string(image))
		w.put("next", other)
	case "revert":
		w.put("next", other)
	case "restart":
		w.fall()
		return "", errPower
	}
	return "", nil
}

// start is the machine coming up: the boot loader, then the agent.
func (w *bench) start() (*Box, context.Context) {
	w.boots++
	w.dead = false
	w.put("boot-id", fmt.Sprint(w.boots))
	w.put("booted", w.get("next"))
	ctx, die := context.WithCancelCause(context.Background())
	w.die = die
	b, err := Open(ctx, Options{Settings: w.s, Files: shelf{}, FS: w, Exec: w.exec, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		if w.dead { // cut while it came up
			return w.start()
		}
		w.t.Fatal(err)
	}
	return b, ctx
}

// do carries out an operation over as many starts as it takes, as the agent
// does.
func (w *bench) do(o equipment.Order) error {
	run := equipment.Run{Progress: func(int) {}, Restarted: func() {}}
	b, ctx := w.start()
	for {
		err := b.Do(ctx, o, run)
		if ctx.Err() == nil {
			return err
		}
		b, ctx = w.start()
		run.Resumed = true
	}
}

// shelf is a server on which a file's name is its content.
type shelf struct{}

func (shelf) Fetch(_ context.Context, _ equipment.Server, name string, w io.Writer) error {
	_, err := io.WriteString(w, name)
	return err
}

func (shelf) Send(context.Context, equipment.Server, string, []byte) error { return nil }

func order(t equipment.Type, name string) equipment.Order {
	return equipment.Order{Index: uint32(t), Type: t, Names: []string{name}, Digests: []string{digest([]byte(name))},
		Server: equipment.Server{Addr: netip.MustParseAddrPort("127.0.0.1:21")}}
}

// TestPowerCutAtEveryEffect cuts the power at each change of a file and each
// command of keep, update, recover and restore-files, one after the other. What
// the operation then says is what is the case.
func TestPowerCutAtEveryEffect(t *testing.T) {
	newConfig := "config-version 1\nmanifest\n a\n b\nfile user a ini 0644\n new a\nfile port b ini 0644\n new b\nend\n"
	for name, loader := range map[string]string{"files": withFiles, "slots": withSlots} {
		for image, well := range map[string]bool{"VERSION=2": true, "VERSION=2\nSICK": false} {
			t.Run(fmt.Sprintf("%s well %v", name, well), func(t *testing.T) {
				t.Parallel()
				for cut := 1; ; cut++ {
					w := newBench(t, loader)
					if err := w.do(order(equipment.Keep, "")); err != nil {
						t.Fatal(err)
					}
					w.effects, w.cut = 0, cut
					update := w.do(order(equipment.Update, image))
					w.checkUpdate(cut, update, well)
					recover := w.do(order(equipment.Recover, newConfig))
					w.checkConfig(cut, recover)
					restore := w.do(order(equipment.RestoreFiles, ""))
					w.checkRestore(cut, restore)
					if w.effects < cut {
						if well && (update != nil || recover != nil || restore != nil) {
							t.Errorf("without a cut: %v, %v, %v", update, recover, restore)
						}
						t.Logf("%d cuts", cut-1)
						return
					}
				}
			})
		}
	}
}

func (w *bench) version() string {
	v, _ := w.exec(context.Background(), nil, "version")
	return v
}

func (w *bench) checkUpdate(cut int, err error, well bool) {
	w.t.Helper()
	v := w.version()
	slots := len(w.s.Software.Command.Files) == 0
	switch {
	case err == nil && (v != "2" || !well):
		w.t.Fatalf("cut %d: the update succeeded and version %s runs, well: %v", cut, v, well)
	case err != nil && slots && v != "1":
		w.t.Fatalf("cut %d: the update failed (%v) and version %s runs", cut, err, v)
	case err != nil && !slots && v != "1" && !strings.Contains(err.Error(), "mixture") && !strings.Contains(err.Error(), "not well"):
		w.t.Fatalf("cut %d: the update failed (%v) and version %s runs", cut, err, v)
	}
}

func (w *bench) checkConfig(cut int, err error) {
	w.t.Helper()
	a, b := w.get("a"), w.get("b")
	if a[:3] != b[:3] || err == nil && a != "new a\n" {
		w.t.Fatalf("cut %d: recover gave %v, the files are %q and %q", cut, err, a, b)
	}
}

func (w *bench) checkRestore(cut int, err error) {
	w.t.Helper()
	if err == nil && (w.version() != "1" || w.get("a") != "old a\n" || w.get("b") != "old b\n") {
		w.t.Fatalf("cut %d: restored, and version %s runs with %q and %q", cut, w.version(), w.get("a"), w.get("b"))
	}
	if err != nil {
		if again := w.do(order(equipment.RestoreFiles, "")); again != nil {
			w.t.Fatalf("cut %d: restoring failed twice: %v, %v", cut, err, again)
		}
		w.checkRestore(cut, nil)
	}
}

var _ install.Exec = (&bench{}).exec
