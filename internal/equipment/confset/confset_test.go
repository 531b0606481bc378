package confset

import (
	"errors"
	"maps"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"drydock/internal/equipment/disk/disktest"
)

func testSet(f *disktest.FS) *Set {
	return &Set{FS: f, State: "/var/lib/drydock-agent", Version: "1", Files: []File{
		{Name: "network", Path: "/etc/config/network", Category: "port", Format: "uci"},
		{Name: "sip", Path: "/etc/sip.ini", Category: "protocol", Format: "ini"},
		{Name: "users", Path: "/etc/users.db", Category: "user", Format: "binary", Optional: true},
		{Name: "hosts", Path: "/etc/hosts.add", Category: "user", Format: "keyvalue", Optional: true},
	}}
}

var oldFiles = map[string]string{
	"/etc/config/network": "config interface 'wan'\n\toption proto 'dhcp'\n\n# a comment\n",
	"/etc/sip.ini":        "[sip]\nregistrar=old.example.net",
	"/etc/users.db":       "\x00\x01\xffold users",
}

func TestArchiveGivesTheSameFiles(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var entries []Entry
		for _, name := range rapid.SliceOfNDistinct(rapid.SampledFrom([]string{"a", "b", "c"}), 0, 3, rapid.ID).Draw(t, "names") {
			data := rapid.OneOf(rapid.SliceOf(rapid.Byte()), rapid.Map(rapid.StringMatching("([ -~]{0,9}\n){0,5}[ -~]{0,3}"), func(s string) []byte { return []byte(s) })).Draw(t, "data")
			entries = append(entries, Entry{File{Name: name, Category: "user", Format: "ini"}, 0o640, data})
		}
		archive := Format("1.2", entries)
		version, again, err := Parse(archive)
		if err != nil || version != "1.2" || len(again) != len(entries) {
			t.Fatalf("%v %q %v\n%s", err, version, again, archive)
		}
		for i, e := range entries {
			if string(again[i].Data) != string(e.Data) || again[i].Mode != e.Mode {
				t.Fatalf("file %s: %q became %q", e.Name, e.Data, again[i].Data)
			}
		}
		for n := range archive { // a part of an archive is none
			if _, _, err := Parse(archive[:n]); err == nil {
				t.Fatalf("the first %d octets are taken for an archive", n)
			}
		}
	})
}

func TestMatchSaysWhatDoesNotFit(t *testing.T) {
	s := testSet(disktest.New(oldFiles))
	entries, err := s.Read()
	if err != nil {
		t.Fatal(err)
	}
	for want, change := range map[string]func([]Entry) []Entry{
		"is missing":  func(e []Entry) []Entry { return e[1:] },
		"is none of":  func(e []Entry) []Entry { return append(e, Entry{File: File{Name: "passwd"}}) },
		"there twice": func(e []Entry) []Entry { return append(e, e[0]) },
	} {
		if _, err := s.Match(change(append([]Entry(nil), entries...))); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v; wanted %q", err, want)
		}
	}
}

// newArchive changes two files, takes one away and adds one.
func newArchive() []Entry {
	return []Entry{
		{File{Name: "network"}, 0o644, []byte("config interface 'wan'\n\toption proto 'static'\n")},
		{File{Name: "sip"}, 0o600, []byte("[sip]\nregistrar=new.example.net\n")},
		{File{Name: "hosts"}, 0o644, []byte("a=1\n")},
	}
}

func contents(t *testing.T, f *disktest.FS) map[string]string {
	t.Helper()
	all := f.Files()
	maps.DeleteFunc(all, func(name, _ string) bool {
		return !strings.HasPrefix(name, "/etc/") || strings.HasSuffix(name, ".drydock-new")
	})
	return all
}

func kept(f *disktest.FS) *disktest.FS { return f.After(false) }

func lost(f *disktest.FS) *disktest.FS { return f.After(true) }

// TestPowerCutLeavesOldOrNew cuts the power at every system call of a recovery,
// at every octet of every write, and once more during the start after it.
func TestPowerCutLeavesOldOrNew(t *testing.T) {
	var newFiles map[string]string
	recover := func(f *disktest.FS) error {
		s := testSet(f)
		entries, err := s.Match(newArchive())
		if err != nil {
			t.Fatal(err)
		}
		return s.Recover(entries)
	}
	whole := disktest.New(oldFiles)
	whole.CutAt(0, 0)
	if err := recover(whole); err != nil {
		t.Fatal(err)
	}
	newFiles = contents(t, whole)
	if len(newFiles) != 3 || !strings.Contains(newFiles["/etc/sip.ini"], "new") || newFiles["/etc/users.db"] != "" {
		t.Fatalf("recovered %q", newFiles)
	}
	if left := len(whole.Files()) - len(newFiles); left != 0 {
		t.Errorf("%d files are left behind: %q", left, whole.Files())
	}
	seen := map[string]int{}
	for cut := 1; cut <= whole.Calls(); cut++ {
		for _, part := range []int{0, 1, 7, 1 << 20} {
			for _, after := range []func(*disktest.FS) *disktest.FS{kept, lost, (*disktest.FS).AfterReordered} {
				f := disktest.New(oldFiles)
				f.CutAt(cut, part)
				if err := recover(f); !errors.Is(err, disktest.ErrPower) {
					t.Fatalf("cut at call %d: %v", cut, err)
				}
				seen[finishTwice(t, after(f), cut, newFiles)]++
			}
		}
	}
	if seen["old"] == 0 || seen["new"] == 0 {
		t.Errorf("the cuts left %v", seen)
	}
}

// finishTwice starts with a cut at every call of the start, then without one.
func finishTwice(t *testing.T, found *disktest.FS, cut int, newFiles map[string]string) (which string) {
	t.Helper()
	for again := 1; ; again++ {
		f := found.After(false)
		f.CutAt(again, 3)
		err := testSet(f).Finish()
		if err != nil && !errors.Is(err, disktest.ErrPower) {
			t.Fatalf("cut at call %d and %d: %v", cut, again, err)
		}
		last := f.After(true)
		if err := testSet(last).Finish(); err != nil {
			t.Fatalf("cut at call %d and %d: start: %v", cut, again, err)
		}
		got := contents(t, last)
		now := ""
		switch {
		case maps.Equal(got, oldFiles):
			now = "old"
		case maps.Equal(got, newFiles):
			now = "new"
		default:
			t.Fatalf("cut at call %d and %d left a mixture: %q", cut, again, got)
		}
		if which != "" && which != now {
			t.Fatalf("cut at call %d and %d: %s became %s", cut, again, which, now)
		}
		which = now
		if err == nil {
			return which
		}
	}
}
