// Package agent tests drydock-agent as its users run it: the binary, as a
// process of its own, at an address of its own, commanded by a real drydock
// server. What restarts the machine is a script that ends the process; a
// supervisor starts it again, with another boot ID, as init would.
package agent

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"log/slog"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"drydock/client"
	"drydock/internal/fleet"
	"drydock/internal/procedure"
	"drydock/internal/server"
)

// patience bounds every wait.
const patience = 120 * time.Second

// lastAddress numbers the boxes of this process.
var lastAddress atomic.Uint32

var build struct {
	once sync.Once
	path string
	err  error
}

// binary builds drydock-agent once.
func binary(t *testing.T) string {
	t.Helper()
	build.once.Do(func() {
		dir, err := os.MkdirTemp("", "drydock-agent-")
		if err != nil {
			build.err = err
			return
		}
		build.path = filepath.Join(dir, "drydock-agent")
		out, err := exec.Command("go", "build", "-o", build.path, "drydock/cmd/drydock-agent").CombinedOutput()
		if err != nil {
			build.err = fmt.Errorf("%w: %s", err, out)
		}
	})
	if build.err != nil {
		t.Fatal(build.err)
	}
	return build.path
}

func TestMain(m *testing.M) {
	code := m.Run()
	if build.path != "" {
		_ = os.RemoveAll(filepath.Dir(build.path))
	}
	os.Exit(code)
}

// box is one piece of equipment: a directory that is its flash, and a process.
type box struct {
	t    *testing.T
	dir  string
	addr netip.Addr
	port int

	netns string

	log logbook

	mu    sync.Mutex // owns what follows
	cmd   *exec.Cmd
	boots int
	done  chan struct{} // closed when the supervisor has ended
	stop  bool

	onBoot func() // what else the machine starts; called by the supervisor
}

// settings that all boxes of the tests have; %s is replaced by the directory.
const common = `
identity: {serial: SN-%[2]s, model: box-2, name: %[2]s}
state: %[1]s/state
boot-id: %[1]s/boot-id
transfer: {address: %[2]s, blksize: 1428, windowsize: 8, timeout: 5s, resumes: 3}
ports: [lo]
configuration:
  files:
    - {name: network, path: %[1]s/etc/network, category: port, format: uci}
    - {name: sip, path: %[1]s/etc/sip.ini, category: protocol, format: ini}
    - {name: users, path: %[1]s/etc/users.db, category: user, format: binary}
    - {name: extra, path: %[1]s/etc/extra, category: default, format: keyvalue, optional: true}
  apply: [touch, %[1]s/applied]
`

// plain is the loader of the maker's own, whose software is one file.
const plain = `
software:
  version: {file: %[1]s/software, key: VERSION}
  command: {install: [%[1]s/bin/load, "{image}"], files: [%[1]s/software]}
  retain: true
  restart: {command: [%[1]s/bin/restart], within: 30s}
  health: {command: [%[1]s/bin/health, "{version}"], within: 3s, every: 100ms}
`

const standalone = `
snmp:
  listen: %[2]s:1161
  users:
    - {name: ops, auth: SHA-256, auth-password: a long password, priv: AES-128, priv-password: another password, access: write}
    - {name: look, auth: SHA-256, auth-password: a long password, access: read, view: [1.3.6.1.2.1.1, 1.3.6.1.4.1.8072.9999.9999.3729.1.1]}
`

// site is where a box stands and how it is commanded.
type site struct {
	addr  netip.Addr
	netns string // network namespace; empty: the test's own
	way   string // settings of SNMP
}

// onLoopback is a site with an address of its own.
func onLoopback(way string) site {
	n, pid := lastAddress.Add(1), os.Getpid() // another test process has other addresses
	return site{addr: netip.AddrFrom4([4]byte{127, 64 | byte(pid>>8)&63, byte(pid), byte(n)}), way: way}
}

// newBox makes a box on loopback that is not started.
func newBox(t *testing.T, parts ...string) *box {
	t.Helper()
	return newBoxAt(t, onLoopback(""), parts...)
}

func newBoxAt(t *testing.T, s site, parts ...string) *box {
	t.Helper()
	b := &box{t: t, dir: t.TempDir(), addr: s.addr, netns: s.netns, port: 1161}
	parts = append(parts, s.way)
	text := fmt.Sprintf(strings.Join(parts, ""), b.dir, b.addr)
	b.write("agent.yaml", text)
	b.write("software", "VERSION=1.0\nold software\n")
	b.write("etc/network", "config interface 'wan'\n\toption proto 'dhcp'\n\n# by hand\n")
	b.write("etc/sip.ini", "[sip]\nregistrar = sip.example.net\nuser = 4969100001")
	b.write("etc/users.db", "\x00\x01\xff users")
	// a loader that is not atomic: it must never be cut without being noticed
	b.script("load", `grep -q ^VERSION= "$1" || { echo "this is no image"; exit 1; }
cat "$1" > `+b.dir+`/software`)
	b.script("restart", `kill -9 $PPID; sleep 60`)
	b.script("health", `! grep -q ^SICK `+b.dir+`/software`)
	b.newBoot()
	return b
}

func (b *box) write(name, text string) {
	b.t.Helper()
	path := filepath.Join(b.dir, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		b.t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		b.t.Fatal(err)
	}
}

func (b *box) script(name, text string) {
	b.t.Helper()
	b.write("bin/"+name, "#!/bin/sh\n"+text+"\n")
	if err := os.Chmod(filepath.Join(b.dir, "bin", name), 0o755); err != nil {
		b.t.Fatal(err)
	}
}

func (b *box) read(name string) string {
	b.t.Helper()
	text, err := os.ReadFile(filepath.Join(b.dir, name))
	if err != nil {
		b.t.Fatal(err)
	}
	return string(text)
}

func (b *box) newBoot() {
	b.boots++
	b.write("boot-id", fmt.Sprintf("boot %d\n", b.boots))
}

// start starts the process, and again whenever it ends, until the test does.
func (b *box) start() *box {
	b.t.Helper()
	path := binary(b.t)
	b.done = make(chan struct{})
	b.launch(path)
	go func() {
		defer close(b.done)
		for {
			_ = b.cmd.Wait()
			b.mu.Lock()
			if b.stop {
				b.mu.Unlock()
				return
			}
			b.newBoot()
			if b.onBoot != nil {
				b.onBoot()
			}
			b.launch(path)
			b.mu.Unlock()
		}
	}()
	b.t.Cleanup(func() {
		b.mu.Lock()
		b.stop = true
		_ = b.cmd.Process.Signal(syscall.SIGTERM)
		b.mu.Unlock()
		<-b.done
		if b.t.Failed() {
			b.t.Log(b.log.String())
		}
	})
	return b
}

func (b *box) launch(path string) {
	b.cmd = b.command(path, "run", "--settings", filepath.Join(b.dir, "agent.yaml"))
	b.cmd.Stderr = &b.log
	if err := b.cmd.Start(); err != nil {
		panic(err) // the binary was built for this test
	}
}

// command runs a program where the box is.
func (b *box) command(name string, args ...string) *exec.Cmd {
	if b.netns == "" {
		return exec.Command(name, args...)
	}
	return exec.Command("ip", append([]string{"netns", "exec", b.netns, name}, args...)...)
}

// cutPower ends the process as a power cut does.
func (b *box) cutPower() {
	b.mu.Lock()
	defer b.mu.Unlock()
	_ = b.cmd.Process.Kill()
}

// yard is a server and the boxes that it updates.
type yard struct {
	t      *testing.T
	ctx    context.Context
	server *server.Server
	api    *client.Client
}

func openYard(t *testing.T, change ...func(*server.Options)) *yard {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	t.Cleanup(cancel)
	y := &yard{t: t, ctx: ctx}
	o := server.Options{Data: t.TempDir(), HTTP: "127.0.0.1:0", TFTP: "127.0.0.1:0", FTP: "127.0.0.1:0",
		Trap: "127.0.0.1:0", ServerAddress: "127.0.0.1", Log: slog.New(slog.NewTextHandler(t.Output(), &slog.HandlerOptions{Level: slog.LevelWarn}))}
	for _, f := range change {
		f(&o)
	}
	var err error
	y.server, err = server.Start(context.Background(), o)
	y.must(err)
	t.Cleanup(func() { _ = y.server.Stop() })
	y.api, err = client.New(y.server.URL, y.server.Token)
	y.must(err)
	return y
}

func (y *yard) must(err error) {
	y.t.Helper()
	if err != nil {
		y.t.Fatal(err)
	}
}

var ops = client.Credentials{Version: "v3", User: "ops", AuthProtocol: "SHA-256", AuthPassword: "a long password", PrivProtocol: "AES-128", PrivPassword: "another password"}

func (y *yard) add(id fleet.DeviceID, b *box, c client.Credentials) {
	y.t.Helper()
	y.must(y.api.PutDevices(y.ctx, []client.NewDevice{{ID: id, Address: fmt.Sprintf("%s:%d", b.addr, b.port), Driver: "drydock-agent", Credentials: &c}}))
}

// release adds a release with these files, by role in order.
func (y *yard) release(id fleet.ReleaseID, version string, files ...[2]string) {
	y.t.Helper()
	r := fleet.Release{ID: id, Driver: "drydock-agent", Version: version, Recover: fleet.RecoverOriginal, Models: []string{"box-*"}}
	content := map[string]string{}
	for _, f := range files {
		name := string(id) + "." + f[0]
		content[name] = f[1]
		r.Files = append(r.Files, fleet.File{Role: f[0], Name: name, Size: fleet.Bytes(len(f[1]))})
	}
	_, err := y.api.AddRelease(y.ctx, r, func(name string) (io.ReadCloser, error) { return io.NopCloser(strings.NewReader(content[name])), nil })
	y.must(err)
}

func sum(text string) string {
	s := sha256.Sum256([]byte(text))
	return hex.EncodeToString(s[:])
}

func (y *yard) update(id fleet.DeviceID, release fleet.ReleaseID, change ...func(*client.RunOrder)) fleet.RunID {
	y.t.Helper()
	o := client.RunOrder{Devices: []fleet.DeviceID{id}, Release: release, Goal: procedure.GoalUpdate}
	for _, f := range change {
		f(&o)
	}
	rows, err := y.api.Start(y.ctx, o)
	y.must(err)
	if rows[0].Error != "" {
		y.t.Fatalf("%s was not started: %s (%s)", id, rows[0].Error, rows[0].Hint)
	}
	return rows[0].Run
}

// until waits for the run's end or question.
func (y *yard) until(run fleet.RunID) procedure.State {
	y.t.Helper()
	var last procedure.State
	err := y.api.Watch(y.ctx, []fleet.RunID{run}, func(c client.Change) bool {
		last = c.State
		return last.Phase != procedure.Ended && last.Question == nil
	})
	if err != nil {
		y.t.Fatalf("%s is at step %s, phase %s: %v", run, last.Step, last.Phase, err)
	}
	return last
}

// updated waits for the end of an update that must go well.
func (y *yard) updated(run fleet.RunID) procedure.State {
	y.t.Helper()
	st := y.until(run)
	if st.Result == nil || st.Result.Outcome != procedure.Updated {
		y.t.Fatalf("%s: result %+v, question %+v", run, st.Result, st.Question)
	}
	if c := st.Comparison; c == nil || c.Lost+c.Changed > 0 || c.Carried == 0 {
		y.t.Errorf("comparison %+v", c)
	}
	return st
}

// logbook is what the box's processes said.
type logbook struct {
	mu   sync.Mutex // owns text
	text strings.Builder
}

// Write takes what was said.
func (l *logbook) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *logbook) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}
