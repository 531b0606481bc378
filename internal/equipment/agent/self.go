package agent

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net/netip"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"drydock/internal/equipment"
	"drydock/internal/equipment/autonomous"
	"drydock/internal/equipment/disk"
	"drydock/internal/equipment/install"
	"drydock/internal/equipment/settings"
	"drydock/internal/fault"
	"drydock/internal/procedure"
)

// The files by which the equipment's user talks to a running agent, in the
// directory run of the state directory.
const (
	runDir     = "run"
	orderFile  = "order"
	answerFile = "answer"
	statusFile = "status.json"
)

// Order is what a user has ordered.
type Order struct {
	Source string `json:"source"`
}

// Reply is a user's answer.
type Reply struct {
	Question string           `json:"question"`
	Choice   procedure.Choice `json:"choice"`
	By       string           `json:"by"`
}

// Status is what the agent tells of the newest run.
type Status = procedure.Summary

// Tell leaves an order or an answer for the agent of that state directory.
func Tell(state, file string, what any) error {
	text, err := json.Marshal(what)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Join(state, runDir), 0o700); err != nil {
		return err
	}
	return disk.Replace(disk.Host{}, filepath.Join(state, runDir, file), text, 0o600)
}

// OrderUpdate leaves the order to update from a source.
func OrderUpdate(state, source string) error { return Tell(state, orderFile, Order{source}) }

// AnswerQuestion leaves an answer.
func AnswerQuestion(state string, r Reply) error { return Tell(state, answerFile, r) }

// ReadStatus is what the agent of a state directory has told last.
func ReadStatus(state string) (s Status, err error) {
	text, err := os.ReadFile(filepath.Join(state, runDir, statusFile))
	if errors.Is(err, fs.ErrNotExist) {
		return s, nil
	}
	if err != nil {
		return s, err
	}
	return s, json.Unmarshal(text, &s)
}

// openSelf prepares the equipment's own procedure.
func (a *Agent) openSelf(pack equipment.Migrator) error {
	dir := a.path(runDir)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	var err error
	if a.reports, err = a.newReporting(); err != nil {
		return err
	}
	a.self, err = autonomous.Open(autonomous.Options{Unit: a.eq, Box: a.box, Files: a.files, FS: disk.Host{}, Dir: dir, Pack: pack, Tell: a.tell, Log: a.log})
	return err
}

// tell writes what has become of the run, for whoever asks.
func (a *Agent) tell(s autonomous.State) {
	a.status(s.Summary())
}

func (a *Agent) status(s Status) {
	if err := Tell(a.s.State, statusFile, s); err != nil {
		a.log.Error("status was not written", "err", err)
	}
	a.reports.put(s)
}

// lookEvery is how often the user's files are looked at.
const lookEvery = 500 * time.Millisecond

// listenToUser takes orders and answers, and looks for releases by itself where
// the settings say so.
func (a *Agent) listenToUser(ctx context.Context) error {
	tick := time.NewTicker(lookEvery)
	defer tick.Stop()
	var looked time.Time
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
		var o Order
		if a.took(orderFile, &o) {
			a.begin(ctx, o.Source, true)
		}
		var r Reply
		if a.took(answerFile, &r) {
			if err := a.self.Answer(r.Question, r.Choice, r.By); err != nil {
				a.log.Warn("an answer was not taken", "question", r.Question, "err", err)
			}
		}
		if s := a.s.Autonomous; s != nil && s.Every > 0 && time.Since(looked) > time.Duration(s.Every) {
			looked = time.Now()
			a.begin(ctx, s.Source, false)
		}
	}
}

// took reads a file that a user has left, and removes it.
func (a *Agent) took(name string, into any) bool {
	path := filepath.Join(a.path(runDir), name)
	text, err := os.ReadFile(path)
	if err != nil {
		return false
	}
	if err := disk.Remove(disk.Host{}, path); err != nil {
		a.log.Error("an order cannot be removed and is not followed", "file", path, "err", err)
		return false
	}
	if err := json.Unmarshal(text, into); err != nil {
		a.log.Warn("an order was not understood", "file", path, "err", err)
		return false
	}
	return true
}

// begin starts a run. By itself the equipment does not try a version again that
// did not become the running one.
func (a *Agent) begin(ctx context.Context, source string, ordered bool) {
	err := a.beginRun(ctx, source, ordered)
	if err == nil {
		return
	}
	a.log.Warn("no run was started", "source", source, "err", err)
	if ordered {
		a.status(Status{Error: err.Error()})
	}
}

func (a *Agent) beginRun(ctx context.Context, source string, ordered bool) error {
	s, err := a.source(ctx, source)
	if err != nil {
		return err
	}
	last := a.self.State()
	if !ordered && (s.Version == a.box.Facts().Version || last.Plan.Target == s.Version) {
		return nil
	}
	rule := autonomous.Ruling{}
	if self := a.s.Autonomous; self != nil {
		rule.Repeat, rule.Question = self.Repeat, time.Duration(self.Question)
		if !ordered {
			if rule.Windows, err = openings(*self, time.Now()); err != nil {
				return err
			}
		}
	}
	return a.self.Order(ctx, s, rule)
}

// source reads the manifest at a source and says how the box fetches the files.
func (a *Agent) source(ctx context.Context, text string) (s autonomous.Source, err error) {
	server, dir, err := parseSource(text)
	if err != nil {
		return s, err
	}
	s = autonomous.Source{Server: server, Protocol: map[equipment.Protocol]string{equipment.Local: "local", equipment.FTP: "ftp", equipment.TFTP: "tftp"}[server.Protocol]}
	if server.Addr.IsValid() {
		s.Address = server.Addr.String()
	}
	m, err := autonomous.Manifest(ctx, a.files, server, dir+"manifest", func(text []byte) (install.Manifest, error) {
		return install.ParseManifest(text, a.box.Trust())
	})
	if err != nil {
		return s, fmt.Errorf("the manifest of %s: %w", text, err)
	}
	s.Version, s.Digest, s.Names = m.Version, m.Image.Digest, []string{dir + "image", dir + "manifest"}
	if m.Patch.Digest != "" {
		s.Names = append(s.Names, dir+"patch")
	}
	return s, nil
}

// parseSource reads a directory's path, ftp://HOST[:PORT]/DIR or tftp://....
func parseSource(text string) (s equipment.Server, dir string, err error) {
	bad := func(why string) error {
		return fault.New(fault.Invalid, "", "source "+text, "%s", why).WithHint("write a directory's path, ftp://ADDRESS/DIRECTORY or tftp://ADDRESS/DIRECTORY")
	}
	if filepath.IsAbs(text) && !strings.ContainsAny(text, " \t") {
		return equipment.Server{Protocol: equipment.Local}, strings.TrimSuffix(text, "/") + "/", nil
	}
	u, err := url.Parse(text)
	if err != nil || u.Scheme != "ftp" && u.Scheme != "tftp" {
		return s, "", bad("it is no source")
	}
	s.Protocol, dir = equipment.FTP, strings.Trim(u.Path, "/")
	port := "21"
	if u.Scheme == "tftp" {
		s.Protocol, port = equipment.TFTP, "69"
	}
	if u.Port() != "" {
		port = u.Port()
	}
	if s.Addr, err = netip.ParseAddrPort(u.Hostname() + ":" + port); err != nil {
		return s, "", bad("its host is no IP address")
	}
	if dir != "" {
		dir += "/"
	}
	return s, dir, nil
}

// windowDays is for how many days a run waits for its window.
const windowDays = 7

// openings are the window of every day, in local time; nil where there is none.
// The first is yesterday's, which may reach over midnight.
func openings(a settings.Autonomous, now time.Time) (*procedure.Windows, error) {
	from, length, err := a.Opens()
	if err != nil || length == 0 {
		return nil, err
	}
	w := &procedure.Windows{Takes: settings.LoadingTakes}
	clock := func(day int, since time.Duration) time.Time {
		return time.Date(now.Year(), now.Month(), now.Day()+day, 0, int(since/time.Minute), 0, 0, now.Location())
	}
	for day := -1; day < windowDays; day++ {
		w.Openings = append(w.Openings, procedure.Opening{From: clock(day, from), Until: clock(day, from+length)})
	}
	return w, nil
}
