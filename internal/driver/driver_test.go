package driver

import (
	"os"
	"slices"
	"testing"
	"time"

	"drydock/drivers"
	"drydock/internal/procedure"
)

// family reads a driver of testdata/families.
func family(t testing.TB, name string) *Driver {
	t.Helper()
	if name == "drydock-iad" {
		set, err := LoadAll(drivers.FS)
		if err != nil {
			t.Fatalf("the drivers that drydock brings along:\n%v", err)
		}
		d, ok := set.Get(name)
		if !ok {
			t.Fatalf("no driver %s among %v", name, set.Names())
		}
		return d
	}
	set, err := LoadAll(os.DirFS("testdata/families"))
	if err != nil {
		t.Fatalf("the families:\n%v", err)
	}
	d, ok := set.Get(name)
	if !ok {
		t.Fatalf("no driver %s among %v", name, set.Names())
	}
	return d
}

func TestDrydockIAD(t *testing.T) {
	d := family(t, "drydock-iad")
	if got := d.Timeout(procedure.OpVerify); got != 2*time.Minute {
		t.Errorf("time-out of verify = %s, want that of backup, 2m", got)
	}
	if got := d.Timeout(procedure.OpAssess); got != 0 {
		t.Errorf("time-out of assess = %s, want none", got)
	}
	for _, op := range Operations() {
		if text, cannot := d.Cannot(op); cannot && op != Reach {
			t.Errorf("it cannot %s: %s", op, text)
		}
	}
	if !d.CanKeep() || d.Format() != "indented" || d.EndMarker() != "end" || len(d.RebootAfter()) != 0 {
		t.Errorf("keep %v, format %q, end %q, reboot after %v", d.CanKeep(), d.Format(), d.EndMarker(), d.RebootAfter())
	}
	var categories []string
	for _, c := range d.CompareRules().Categories {
		categories = append(categories, c.Category)
	}
	if want := []string{"user", "port", "protocol", "default"}; !slices.Equal(categories, want) {
		t.Errorf("categories %v, want %v", categories, want)
	}
}

// TestClockThatGoesBack: a deadline that has come near does not go away again.
func TestClockThatGoesBack(t *testing.T) {
	d, start := family(t, "drydock-iad"), time.Unix(1_700_000_000, 0)
	m, ask, err := d.Start(Keep, Perform, Inputs{Index: 7}, start)
	running := Answer{Varbinds: []Varbind{{OID: "1.3.6.1.4.1.8072.9999.9999.3729.1.2.1.10.7", Type: TypeInteger, Int: 2}}}
	if err != nil {
		t.Fatal(err)
	}
	// The SET, a look, the wait after it, and a look at a clock that was put back.
	for _, now := range []time.Duration{0, 0, 119 * time.Second, -time.Hour} {
		answer := Answer{}
		if _, get := ask.(AskGet); get {
			answer = running
		}
		if ask, err = m.Next(answer, start.Add(now)); err != nil {
			t.Fatal(err)
		}
	}
	if wait, ok := ask.(AskWait); !ok || wait.For > time.Second {
		t.Errorf("one second before the deadline it asks %#v", ask)
	}
}
