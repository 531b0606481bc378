package driver

import (
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"drydock/internal/fleet"
	"drydock/internal/secret"
)

// rehearsalInputs are those of an operation with every file that the driver
// knows.
func rehearsalInputs(d *Driver, protocol string) Inputs {
	in := Inputs{Index: 7, ServerAddress: netip.MustParseAddr("192.0.2.1"), TFTPPort: 69, FTPPort: 21, Protocol: protocol, Version: "1.0", Model: "M",
		Vars: map[string]string{}}
	for name := range d.Vars() {
		in.Vars[name] = "Primary"
	}
	for _, role := range d.schema.roles {
		in.Files = append(in.Files, FileInput{Role: role, Name: "name-" + role, Digest: fleet.DigestOf(nil), Size: 5, User: "u", Password: secret.New("canary-pw"),
			TargetName: "target-" + role})
	}
	return in
}

// rehearseAll goes through a rehearsal with an agent that has every object.
func rehearseAll(t *testing.T, d *Driver, op Operation, in Inputs) (steps []Shown, r Result) {
	t.Helper()
	now := time.Unix(0, 0)
	m, ask, err := d.Start(op, Rehearse, in, now)
	if err != nil {
		t.Fatal(err)
	}
	for range 200 {
		var answer Answer
		switch a := ask.(type) {
		case AskDone:
			return steps, a.Result
		case AskShow:
			steps = append(steps, a.Step)
		case AskGet:
			for _, oid := range a.OIDs {
				answer.Varbinds = append(answer.Varbinds, Varbind{OID: oid, Type: TypeInteger, Int: 1})
			}
		case AskWalk:
			answer.Varbinds = []Varbind{{OID: a.OID + ".1", Type: TypeInteger, Int: 3}}
		default:
			t.Fatalf("%s %s asked for %T", d.name, op, ask)
		}
		if ask, err = m.Next(answer, now); err != nil {
			t.Fatal(err)
		}
	}
	t.Fatalf("%s %s does not end", d.name, op)
	return nil, Result{}
}

// TestRehearsal: every operation of every driver can be shown without a SET,
// with names and types, and without a password.
func TestRehearsal(t *testing.T) {
	set := ownDrivers(t)
	for _, name := range set.Names() {
		d, _ := set.Get(name)
		for _, op := range Operations() {
			if !d.Has(op) || op.IsRead() {
				continue
			}
			for _, protocol := range d.Protocols() {
				steps, r := rehearseAll(t, d, op, rehearsalInputs(d, protocol))
				if r.Cause != "" { // the made-up values may not fit, and then it says so
					if r.Detail == "" {
						t.Errorf("%s %s by %s fails without a word: %+v", name, op, protocol, r)
					}
					continue
				}
				if !slices.ContainsFunc(steps, func(s Shown) bool { return s.Kind == ShownCommand && len(s.Vars) > 0 }) {
					t.Errorf("%s %s by %s shows no command: %+v", name, op, protocol, steps)
				}
				for _, s := range steps {
					if strings.Contains(s.Text, "canary-pw") {
						t.Errorf("%s %s shows the password: %s", name, op, s.Text)
					}
					for _, v := range s.Vars {
						if v.Name == v.OID || v.Type == "" || strings.Contains(v.Value, "canary-pw") {
							t.Errorf("%s %s by %s shows %+v", name, op, protocol, v)
						}
					}
				}
			}
		}
	}
}

// TestRehearsalOrder holds one rehearsal to the letter: a driver with cleanup.
func TestRehearsalOrder(t *testing.T) {
	d, _ := ownDrivers(t).Get("cisco-ios")
	steps, _ := rehearseAll(t, d, Backup, rehearsalInputs(d, "ftp"))
	var kinds []string
	for _, s := range steps {
		kinds = append(kinds, s.Kind)
	}
	if got := strings.Join(kinds, " "); got != "command poll wait cleanup" {
		t.Errorf("steps %s", got)
	}
	i := slices.IndexFunc(steps[0].Vars, func(v ShownVar) bool { return strings.HasPrefix(v.Name, "ccCopyUserPassword.") })
	if i < 0 || steps[0].Vars[i].Value != "********" || steps[0].Vars[i].Type != "OCTET STRING" {
		t.Errorf("varbinds %+v", steps[0].Vars)
	}
	last := steps[3].Vars
	if len(last) != 1 || last[0].Value != "destroy(6)" || !strings.HasPrefix(last[0].Name, "ccCopyEntryRowStatus.") {
		t.Errorf("cleanup %+v", last)
	}
}
