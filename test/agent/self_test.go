package agent

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"drydock/client"
	"drydock/internal/equipment/agent"
	"drydock/internal/procedure"
)

// tell runs the agent's own command line against the box.
func (b *box) tell(args ...string) string {
	b.t.Helper()
	cmd := exec.Command(binary(b.t), append([]string{args[0], "--settings", b.file("agent.yaml")}, args[1:]...)...)
	out, err := cmd.CombinedOutput()
	if err != nil {
		b.t.Fatalf("drydock-agent %v: %v: %s", args, err, out)
	}
	return string(out)
}

// journal is how many entries the box's journal has.
func (b *box) journal() int {
	text, err := os.ReadFile(b.file("state/run/journal"))
	if err != nil {
		return 0
	}
	return strings.Count(string(text), "\n")
}

// status is the newest run, once it satisfies.
func (b *box) status(satisfies func(agent.Status) bool) agent.Status {
	b.t.Helper()
	var s agent.Status
	deadline := time.Now().Add(patience)
	for tick := time.NewTicker(20 * time.Millisecond); time.Now().Before(deadline); <-tick.C {
		s = agent.Status{}
		text, err := os.ReadFile(b.file("state/run/status.json"))
		if err == nil && json.Unmarshal(text, &s) == nil && satisfies(s) {
			tick.Stop()
			return s
		}
	}
	b.t.Fatalf("the run is at %+v", s)
	return s
}

func over(s agent.Status) bool { return s.Result != nil || s.Question != nil || s.Error != "" }

// stick is a source on a memory stick.
func stick(t *testing.T, m *maker, version, image string) string {
	t.Helper()
	m.manifest(version, "box-2", image)
	return m.dir
}

// migrating are settings whose software of version 2 has another form of the
// configuration, and a pack for it.
func migrating(t *testing.T, b *box) {
	t.Helper()
	b.write("pack/pack.yaml", `pack: box
format: indented
version: config-version {version}
end: end
steps:
  - from: "1"
    to: "2"
    rules:
      - id: registrar
        why: the key is called server from 2 on
        detect: {in: ["file protocol sip {rest...}"], line: "registrar = {host}"}
        rename: {line: "server = {host}"}
`)
	text := strings.Replace(b.read("agent.yaml"), "configuration:\n", "configuration:\n  version: {file: "+b.dir+"/software, key: FORM}\n  migrations: "+b.dir+"/pack\n", 1)
	b.write("agent.yaml", text)
	b.write("software", "VERSION=1.0\nFORM=1\nold software\n")
}

// TestEquipmentUpdatesItself has the whole procedure on the equipment, with the
// migration of its configuration; once undisturbed, to count the entries of
// the journal, then with a power cut at each of them.
func TestEquipmentUpdatesItself(t *testing.T) {
	t.Parallel()
	m := newMaker(t)
	image := "VERSION=2.0\nFORM=2\nnew software\n"
	source := stick(t, m, "2.0", image)
	run := func(t *testing.T, cut int) int {
		b := newBox(t, common, trusting(m.public), standalone)
		migrating(t, b)
		b.start()
		b.tell("update", "--from", source)
		if cut > 0 {
			deadline := time.Now().Add(patience)
			for tick := time.NewTicker(200 * time.Microsecond); b.journal() < cut && time.Now().Before(deadline); <-tick.C {
			}
			b.cutPower()
		}
		s := b.status(func(s agent.Status) bool { return s.Run != "" && over(s) })
		for s.Question != nil { // loading may have been cut in the middle: the user has it repeated
			b.tell("answer", "--choice", string(procedure.Repeat), "--by", "anna")
			id := s.Question.ID
			s = b.status(func(s agent.Status) bool { return over(s) && (s.Question == nil || s.Question.ID != id) })
		}
		if s.Result == nil || s.Result.Outcome != procedure.Updated {
			t.Fatalf("cut at %d: %+v", cut, s)
		}
		if b.read("software") != image || b.read("etc/sip.ini") != "[sip]\nserver = sip.example.net\nuser = 4969100001" {
			t.Errorf("cut at %d: the software is %q, the configuration %q", cut, b.read("software"), b.read("etc/sip.ini"))
		}
		return b.journal()
	}
	entries := run(t, 0)
	if entries < 15 {
		t.Fatalf("the journal has %d entries", entries)
	}
	for cut := 1; cut < entries; cut++ {
		t.Run(fmt.Sprint(cut), func(t *testing.T) {
			t.Parallel()
			run(t, cut)
		})
	}
}

// TestEquipmentAsksItsUser: a sick version asks, and stopping leaves the kept
// version to be restored by the user's choice.
func TestEquipmentAsksItsUser(t *testing.T) {
	t.Parallel()
	m := newMaker(t)
	b := newBox(t, common, trusting(m.public), standalone).start()
	old := b.read("software")
	b.tell("update", "--from", stick(t, m, "2.0", "VERSION=2.0\nSICK\n"))
	s := b.status(over)
	if s.Question == nil || s.Question.Step != procedure.Load || !strings.Contains(s.Question.Detail, "not well") {
		t.Fatalf("%+v", s)
	}
	b.tell("answer", "--choice", "restore-files")
	b.status(func(now agent.Status) bool {
		return over(now) && (now.Question == nil || now.Question.ID != s.Question.ID)
	})
	if b.read("software") != old {
		t.Errorf("the software is %q", b.read("software"))
	}
	b.tell("update", "--from", "/nowhere")
}

// TestServerHearsOfTheEquipmentsRun: the equipment reports its run to the
// server, and its question is answered there.
func TestServerHearsOfTheEquipmentsRun(t *testing.T) {
	t.Parallel()
	y := openYard(t)
	m := newMaker(t)
	b := newBox(t, common, trusting(m.public), standalone, fmt.Sprintf("\nautonomous: {server: %q, token: %%[1]s/token, device: box, ask: 200ms}\n", y.server.URL))
	b.write("token", y.server.Token.Reveal())
	y.add("box", b, ops)
	b.start()
	old := b.read("software")
	b.tell("update", "--from", stick(t, m, "2.0", "VERSION=2.0\nSICK\n"))
	told := func(ready func(client.SelfRun) bool) client.SelfRun {
		t.Helper()
		var r client.SelfRun
		for tick := time.NewTicker(50 * time.Millisecond); y.ctx.Err() == nil; <-tick.C {
			var err error
			if r, err = y.api.SelfRun(y.ctx, "box"); err == nil && ready(r) {
				return r
			}
		}
		t.Fatalf("the server knows of %+v", r)
		return r
	}
	r := told(func(r client.SelfRun) bool { return r.Summary.Question != nil })
	if r.Summary.Target != "2.0" || !strings.Contains(r.Summary.Question.Detail, "not well") {
		t.Errorf("told %+v", r.Summary)
	}
	if _, err := y.api.AnswerSelf(y.ctx, "box", procedure.SelfAnswer{Choice: procedure.Proceed}); err == nil {
		t.Error("an answer that the question does not allow was taken")
	}
	_, err := y.api.AnswerSelf(y.ctx, "box", procedure.SelfAnswer{Choice: procedure.Restore, By: "anna"})
	y.must(err)
	if _, err := y.api.AnswerSelf(y.ctx, "box", procedure.SelfAnswer{Choice: procedure.Stop}); err == nil {
		t.Error("a second answer was taken")
	}
	r = told(func(r client.SelfRun) bool { return r.Summary.Result != nil })
	if r.Summary.Result.Outcome != procedure.RolledBack || r.Summary.Question != nil || b.read("software") != old {
		t.Errorf("result %+v, software %q", r.Summary.Result, b.read("software"))
	}
}

// maxResident is how much memory an agent that waits may have, in KiB.
const maxResident = 20 << 10

func TestAgentIsSmallInMemory(t *testing.T) {
	t.Parallel()
	b := newBox(t, common, plain, standalone).start()
	b.answers(asOps)
	b.mu.Lock()
	pid := b.cmd.Process.Pid
	b.mu.Unlock()
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(text)) {
		var kib int
		if n, _ := fmt.Sscanf(line, "VmRSS: %d kB", &kib); n == 1 {
			if kib > maxResident {
				t.Errorf("the agent has %d KiB resident", kib)
			}
			return
		}
	}
	t.Error("the kernel tells no VmRSS")
}
