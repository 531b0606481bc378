package driver

import (
	"errors"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"drydock/internal/procedure"
)

// FuzzParse feeds foreign bytes: no panic, and every error has its place. What
// is accepted runs each operation against a device that says nothing useful,
// and ends.
func FuzzParse(f *testing.F) {
	for _, pattern := range []string{"testdata/families/*.yaml", "testdata/bad/*.txt", "../../drivers/*.yaml"} {
		files, err := filepath.Glob(pattern)
		if err != nil {
			f.Fatal(err)
		}
		for _, file := range files {
			data, err := os.ReadFile(file)
			if err != nil {
				f.Fatal(err)
			}
			f.Add(data)
		}
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		d, err := Parse("fuzz.yaml", data)
		if err != nil {
			var mistakes Mistakes
			if !errors.As(err, &mistakes) {
				t.Fatalf("an error without places: %v", err)
			}
			for _, m := range mistakes {
				if m.Line < 1 || m.Column < 1 || m.Message == "" {
					t.Fatalf("a mistake without its place: %+v", m)
				}
			}
			return
		}
		for _, op := range Operations() {
			if _, cannot := d.Cannot(op); !cannot {
				for i, answer := range deafAnswers() {
					ends(t, d, op, answer, i)
				}
			}
		}
	})
}

// TestEveryOperationEnds runs every operation of every driver, in every mode,
// against devices that are deaf, empty, refusing or stuck.
func TestEveryOperationEnds(t *testing.T) {
	families, err := LoadAll(os.DirFS("testdata/families"))
	if err != nil {
		t.Fatal(err)
	}
	for _, set := range []*Set{families, ownDrivers(t)} {
		for _, name := range set.Names() {
			d, _ := set.Get(name)
			for _, op := range Operations() {
				if _, cannot := d.Cannot(op); !cannot {
					for i, answer := range deafAnswers() {
						ends(t, d, op, answer, i)
					}
				}
			}
		}
	}
}

// TestEveryCommandGoesOut drives each operation of each driver that drydock
// brings along to its first command, against a device that has everything.
func TestEveryCommandGoesOut(t *testing.T) {
	set := ownDrivers(t)
	for _, name := range set.Names() {
		d, _ := set.Get(name)
		for _, op := range Operations() {
			if !d.Has(op) || op.IsRead() {
				continue
			}
			for _, protocol := range d.Protocols() {
				in := Inputs{Index: 7, ServerAddress: netip.MustParseAddr("192.0.2.1"), Protocol: protocol, Version: "9.9",
					Vars: map[string]string{"flash": "Primary"}, Files: []FileInput{{Role: "config", Name: "c", TargetName: "t", Size: 9, User: "u"}}}
				for _, role := range d.Files() {
					in.Files = append(in.Files, FileInput{Role: role.Role, Name: role.Role, Size: 9, TargetName: "t", User: "u"})
				}
				if ask := untilCommand(t, d, op, in); ask != "" {
					t.Errorf("driver %s, %s by %s gives no command: %s", name, op, protocol, ask)
				}
			}
		}
	}
}

// untilCommand answers until the first command; the text says what came
// instead.
func untilCommand(t *testing.T, d *Driver, op Operation, in Inputs) string {
	t.Helper()
	now := time.Unix(1_800_000_000, 0)
	m, ask, err := d.Start(op, Perform, in, now)
	for range 100 {
		if err != nil {
			t.Fatal(err)
		}
		answer := stuck(ask)
		for i, v := range answer.Varbinds {
			if strings.HasSuffix(v.OID, ".2.9.3.3.0") { // agentActiveImage
				answer.Varbinds[i] = Varbind{OID: v.OID, Type: TypeText, Text: "image1"}
			}
		}
		switch ask := ask.(type) {
		case AskSet:
			if ask.Effect {
				return ""
			}
		case AskDone:
			return ask.Result.Detail
		case AskWalk:
			answer.Varbinds = []Varbind{{OID: ask.OID + ".1", Type: TypeInteger, Int: 1}, {OID: ask.OID + ".2", Type: TypeInteger, Int: 3},
				{OID: ask.OID + ".3", Type: TypeText, Text: "t"}, {OID: ask.OID + ".4", Type: TypeInteger, Int: 2}}
		}
		ask, err = m.Next(answer, now)
	}
	return "a hundred questions"
}

// deafAnswers are devices that never say anything that ends an operation.
func deafAnswers() []func(Ask) Answer {
	every := func(a Answer) func(Ask) Answer {
		return func(ask Ask) Answer {
			switch ask.(type) {
			case AskWait, AskTransfer:
				return Answer{}
			}
			return a
		}
	}
	return []func(Ask) Answer{
		every(Answer{Err: &AnswerError{Kind: NoAnswer}}),
		every(Answer{Err: &AnswerError{Kind: Unclear}}),
		every(Answer{Err: &AnswerError{Kind: Refused, Status: "genErr"}}),
		every(Answer{Err: &AnswerError{Kind: Denied}}),
		every(Answer{}),
		stuck,
	}
}

// stuck answers every object with 1, which is "running" or "normal" nearly
// everywhere, and every SET with success.
func stuck(ask Ask) Answer {
	get, ok := ask.(AskGet)
	if !ok {
		return Answer{}
	}
	var a Answer
	for _, oid := range get.OIDs {
		a.Varbinds = append(a.Varbinds, Varbind{OID: oid, Type: TypeInteger, Int: 1})
	}
	return a
}

// ends plays an operation and demands that it ends: soon after its deadline,
// and not by an endless row of questions.
func ends(t *testing.T, d *Driver, op Operation, answer func(Ask) Answer, device int) {
	t.Helper()
	for _, mode := range []Mode{Perform, Await, Probe} {
		now := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
		start := now
		in := Inputs{Index: 7, ServerAddress: netip.MustParseAddr("192.0.2.1"), Files: []FileInput{{Role: "config", Name: "c", Size: 9}}}
		for _, role := range d.Files() {
			in.Files = append(in.Files, FileInput{Role: role.Role, Name: role.Role, Size: 9, TargetName: "t"})
		}
		if p := d.Protocols(); len(p) > 0 {
			in.Protocol = p[0]
		}
		m, ask, err := d.Start(op, mode, in, now)
		if err != nil {
			t.Fatalf("driver %s, %s %s: %v", d.Name(), op, mode, err)
		}
		for steps := 0; ; steps++ {
			if done, ok := ask.(AskDone); ok {
				checkResult(t, d, op, mode, device, done.Result)
				break
			}
			// The slack is for reads that are tried again, and for cleaning up.
			if limit := d.OperationTimeout(op) + 5*time.Minute; steps > 100_000 || now.Sub(start) > limit {
				t.Fatalf("driver %s, %s %s, device %d does not end: %d asks in %s, last %#v", d.Name(), op, mode, device, steps, now.Sub(start), ask)
			}
			if w, ok := ask.(AskWait); ok {
				now = now.Add(w.For)
			}
			if ask, err = m.Next(answer(ask), now); err != nil {
				t.Fatalf("driver %s, %s %s: %v", d.Name(), op, mode, err)
			}
		}
	}
}

func checkResult(t *testing.T, d *Driver, op Operation, mode Mode, device int, r Result) {
	t.Helper()
	if r.Verdict == procedure.Failed && r.Cause == "" {
		t.Errorf("driver %s, %s %s, device %d failed without a cause: %+v", d.Name(), op, mode, device, r)
	}
	if op == Backup && r.Verdict == procedure.Succeeded {
		t.Errorf("driver %s, %s, device %d: a backup succeeded though the server has no file", d.Name(), mode, device)
	}
	if mode != Probe && r.Verdict != procedure.Succeeded && r.Verdict != procedure.Failed {
		t.Errorf("driver %s, %s %s, device %d: verdict %q", d.Name(), op, mode, device, r.Verdict)
	}
}
