package infer

import (
	"fmt"
	"io/fs"
	"strings"
	"testing"

	"drydock/migrations"
)

func iadPairs(t *testing.T) []Pair {
	t.Helper()
	var pairs []Pair
	for _, name := range []string{"iad-4-fxs", "iad-24-fxs"} {
		p := Pair{Name: name}
		var err error
		if p.Old, err = fs.ReadFile(migrations.FS, "drydock-iad/tests/"+name+"/input.conf"); err == nil {
			p.New, err = fs.ReadFile(migrations.FS, "drydock-iad/tests/"+name+"/expected.conf")
		}
		if err != nil {
			t.Fatal(err)
		}
		pairs = append(pairs, p)
	}
	return pairs
}

func propose(t *testing.T, format string, pairs ...Pair) *Proposal {
	t.Helper()
	p, err := Propose(Options{Pack: "proposal", Format: format, From: "1.4", To: "2.0"}, pairs)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// TestARealPackIsFoundAgain proposes from the results of a pack that people
// wrote: what it proposes gives the same results.
func TestARealPackIsFoundAgain(t *testing.T) {
	p := propose(t, "indented", iadPairs(t)...)
	if p.Reproduced() != 2 || len(p.Unexplained) > 0 {
		t.Errorf("%d of 2 reproduced, unexplained %+v, checks %+v\n%s", p.Reproduced(), p.Unexplained, p.Checks, p.YAML)
	}
	t.Logf("\n%s", p.YAML)
}

func one(text string) Pair {
	old, new, _ := strings.Cut(text, "=>\n")
	return Pair{Name: "a", Old: []byte(old), New: []byte(new)}
}

func TestWhatIsSeen(t *testing.T) {
	for name, c := range map[string]struct {
		pair  string
		verbs string
		says  string
	}{
		"renamed keyword":  {"a 1\nold-name 10.0.0.1\n=>\na 1\nnew-name 10.0.0.1\n", "rename", `line: "new-name {old-name}"`},
		"longer command":   {"port 1\n ip dhcp\n=>\nport 1\n ip address dhcp\n", "rename", `line: "ip address dhcp"`},
		"changed default":  {"port 1\n t 60\nport 2\n t 45\n=>\nport 1\n t 40\nport 2\n t 45\n", "set-default", `old: "60"`},
		"map of values":    {"port 1\n c g711a\nport 2\n c g711u\n=>\nport 1\n c pcma\nport 2\n c pcmu\n", "rename", `"g711u": "pcmu"`},
		"removed":          {"port 1\n echo on\n x y\nport 2\n echo on\n=>\nport 1\n x y\nport 2\n", "delete", `line: "echo on"`},
		"moved":            {"default\n dial 5\n z z\nsip\n x y\n=>\ndefault\n z z\nsip\n x y\n dial 5\n", "move", `to: ["sip"]`},
		"added":            {"port 1\n x y\nport 2\n x z\n=>\nport 1\n x y\n n on\nport 2\n x z\n n on\n", "add", `unless: "n {n}"`},
		"renamed block":    {"fxs 1\n a b\n c d\nfxs 2\n a b\n c e\n=>\nvoice 1\n a b\n c d\nvoice 2\n a b\n c e\n", "rename", `line: "voice {fxs}"`},
		"version":          {"v 1.4\na b\n=>\nv 2.0\na b\n", "", `version: "v {version}"`},
		"nothing happened": {"a b\n=>\na b\n", "", "rules: []"},
	} {
		t.Run(name, func(t *testing.T) {
			p := propose(t, "indented", one(c.pair))
			var verbs []string
			for _, r := range p.Rules {
				verbs = append(verbs, r.Verb)
			}
			if strings.Join(verbs, " ") != c.verbs || !strings.Contains(string(p.YAML), c.says) {
				t.Errorf("verbs %v, wanted %s with %s in\n%s", verbs, c.verbs, c.says, p.YAML)
			}
			if p.Reproduced() != 1 {
				t.Errorf("not reproduced: %+v\n%s", p.Checks, p.YAML)
			}
		})
	}
}

// TestDoubtsAreSaid: what speaks against a rule stands beside it.
func TestDoubtsAreSaid(t *testing.T) {
	p := propose(t, "indented", one("port 1\n echo on\nport 2\n echo on\n=>\nport 1\nport 2\n echo on\n"))
	if !strings.Contains(string(p.YAML), "doubt:") || p.Reproduced() != 0 || len(p.Unexplained) == 0 {
		t.Errorf("a line that was removed once and kept once: %+v\n%s", p, p.YAML)
	}
}

// TestProposalsAreLegal proposes from arbitrary pairs: whatever comes out can
// be loaded, or says why not.
func TestBrokenInput(t *testing.T) {
	if _, err := Propose(Options{Format: "indented"}, nil); err == nil {
		t.Error("no pairs")
	}
	if _, err := Propose(Options{Format: "nonsense"}, []Pair{one("a\n=>\nb\n")}); err == nil {
		t.Error("no such format")
	}
	for i := range 200 {
		var b strings.Builder
		for k := range 12 {
			fmt.Fprintf(&b, "%s%c%d %d\n", strings.Repeat(" ", (i*k)%3), 'a'+rune((i+k)%4), (i*k)%5, (i+2*k)%7)
			if k == 5 {
				b.WriteString("=>\n")
			}
		}
		p := propose(t, "indented", one(b.String()))
		for _, c := range p.Checks {
			if c.Err != nil && !strings.Contains(c.Err.Error(), "change what they have written") {
				t.Fatalf("%v for\n%s\n%s", c.Err, b.String(), p.YAML)
			}
		}
	}
}
