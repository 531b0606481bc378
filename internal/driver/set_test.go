package driver

import (
	"errors"
	"fmt"
	"net/netip"
	"os"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"drydock/internal/secret"
)

func TestMatch(t *testing.T) {
	set, err := LoadAll(os.DirFS("testdata/families"))
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ objectID, descr, want string }{
		{"1.3.6.1.4.1.9.1.516", "Cisco IOS Software, C3750", "cisco-ios"},
		{".1.3.6.1.4.1.9.1.516", "Cisco IOS Software, C3750", "cisco-ios"},
		{"1.3.6.1.4.1.9.1.516", "Cisco NX-OS", ""},                // both parts of a rule must fit
		{"1.3.6.1.4.1.9.10", "Cisco IOS", ""},                     // 9.10 is not below 9.1
		{"1.3.6.1.4.1.8.1", "<<HW_REV: 1; VENDOR: A>>", "docsis"}, // sysDescr alone
		{"1.3.6.1.4.1.674.10895.3", "", "radlan"},                 // the second rule
		{"", "", ""},
	} {
		d, why := set.Match(c.objectID, c.descr)
		got := ""
		if d != nil {
			got = d.Name()
		}
		if got != c.want {
			t.Errorf("Match(%q, %q) = %q, want %q: %+v", c.objectID, c.descr, got, c.want, why)
		}
		chosen := slices.DeleteFunc(slices.Clone(why), func(e Explanation) bool { return !e.Chosen })
		if (len(chosen) == 1) != (c.want != "") || len(why) < len(set.Names()) {
			t.Errorf("Match(%q, %q) explains %+v", c.objectID, c.descr, why)
		}
	}
}

func TestLongestPrefixDecides(t *testing.T) {
	file := func(name, match string) *fstest.MapFile {
		return &fstest.MapFile{Data: []byte("driver: " + name + "\nmatch: [" + match + "]\nprotocols: [tftp]\n" +
			"cannot: {identify: no, backup: no, keep: no, update: no, recover: no, restore-files: no}\noperations: {}\n")}
	}
	set, err := LoadAll(fstest.MapFS{
		"a.yaml": file("a", "{sysObjectID: 1.3.6.1.4.1.1}"),
		"b.yaml": file("b", "{sysObjectID: 1.3.6.1.4.1.1.2}"),
		"c.yaml": file("c", "{sysObjectID: 1.3.6.1.4.1.1, sysDescr: special}"),
	})
	if err != nil {
		t.Fatal(err)
	}
	for descr, want := range map[string]string{"": "a", "special": "c"} {
		if d, _ := set.Match("1.3.6.1.4.1.1.1", descr); d.Name() != want {
			t.Errorf("sysDescr %q: %s, want %s", descr, d.Name(), want)
		}
	}
	if d, _ := set.Match("1.3.6.1.4.1.1.2.9", "special"); d.Name() != "b" {
		t.Errorf("longer prefix: %s, want b", d.Name())
	}
}

func TestLoadAllGathersMistakes(t *testing.T) {
	_, err := LoadAll(fstest.MapFS{"a.yaml": {Data: []byte("drivr: a")}, "b.yaml": {Data: []byte("[")}, "c.txt": {Data: []byte("{")}})
	var mistakes Mistakes
	if !errors.As(err, &mistakes) {
		t.Fatalf("LoadAll: %v", err)
	}
	for _, file := range []string{"a.yaml:1:1: ", "b.yaml:1:"} {
		if !strings.Contains(err.Error(), file) {
			t.Errorf("nothing about %q in\n%v", file, err)
		}
	}
}

func TestCompareHealth(t *testing.T) {
	d := family(t, "drydock-iad")
	for _, c := range []struct {
		before, after map[string]string
		want          string
	}{
		{map[string]string{"ports-up": "24"}, map[string]string{"ports-up": "24"}, "[]"},
		{map[string]string{"ports-up": "9"}, map[string]string{"ports-up": "24"}, "[]"},
		{map[string]string{"ports-up": "24"}, map[string]string{"ports-up": "9"}, "[ports that are up: was 24, is 9]"},
		{map[string]string{"ports-up": "24"}, nil, "[ports that are up: was 24, the device does not tell it now]"},
		{nil, map[string]string{"ports-up": "24"}, "[]"},
	} {
		if got := fmt.Sprint(d.CompareHealth(c.before, c.after)); got != c.want {
			t.Errorf("CompareHealth(%v, %v) = %s, want %s", c.before, c.after, got, c.want)
		}
	}
}

// TestSecretsDoNotPrint looks for a planted password in everything that an
// operation shows; only the varbind's own field has it.
func TestSecretsDoNotPrint(t *testing.T) {
	d := family(t, "drydock-iad")
	in := Inputs{Index: 7, Protocol: "ftp", Files: []FileInput{{Role: "config", Name: "c", User: "u", Password: secret.New("canary-83")}}}
	if _, ask, err := d.Start(Backup, Perform, in, time.Unix(0, 0)); err != nil {
		t.Fatal(err)
	} else if done, ok := ask.(AskDone); !ok || !strings.Contains(done.Result.Detail, "address of the file server is not known") {
		t.Fatalf("without a server's address: %#v", ask)
	}
	in.ServerAddress = netip.MustParseAddr("192.0.2.1")
	_, ask, err := d.Start(Backup, Perform, in, time.Unix(0, 0))
	if err != nil {
		t.Fatal(err)
	}
	set, ok := ask.(AskSet)
	if !ok {
		t.Fatalf("asked %#v", ask)
	}
	if printed := fmt.Sprintf("%v %+v %#v %v", set, set, set, in); strings.Contains(printed, "canary-83") {
		t.Errorf("printed: %s", printed)
	}
	if !slices.ContainsFunc(set.Varbinds, func(v Varbind) bool { return v.Text == "canary-83" && v.Secret }) {
		t.Error("the password is not in the SET")
	}
}
