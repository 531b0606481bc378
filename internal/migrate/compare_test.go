package migrate

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func iadRules(t testing.TB) CompareRules {
	t.Helper()
	r, err := NewCompareRules("indented", []string{"last-saved {when}"}, []string{"acl {n}"}, []string{"acl {n} > set"})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestCompareByMeaning(t *testing.T) {
	for name, c := range map[string]struct{ expected, got, want string }{
		"same":                  {"a\n b\n", "a\n b\n", ""},
		"form has no meaning":   {"a\n b\n c x\n", "! new\na\r\n\r\n    c   x\r\n    b\r\n#\r\n", ""},
		"order":                 {"a\n b\n c\nd\n", "d\na\n c\n b\n", ""},
		"ignored":               {"last-saved 1\na\n", "a\nlast-saved 2\n", ""},
		"lost":                  {"a\n b\n  c\nd\n", "d\n", "lost 1 0 a;lost 2 0 a>b;lost 3 0 a>b>c"},
		"added":                 {"d\n", "a\n b\nd\n", "added 0 1 a;added 0 2 a>b"},
		"changed":               {"a\n gain -3\n x 1\n", "a\n x 1\n gain -4\n", "changed 2 3 a>gain -3"},
		"changed in more words": {"ntp server a\n", "ntp peer b\n", "changed 1 1 ntp server a"},
		"which changed?":        {"s 1\ns 2\n", "s 3\ns 4\n", "lost 1 0 s 1;lost 2 0 s 2;added 0 1 s 3;added 0 2 s 4"},
		"once is not twice":     {"a\na\n", "a\n", "lost 2 0 a"},
		"a block in two parts":  {"a\n b\n c\n", "a\n c\nx\na\n b\n", "added 0 3 x"},
		"ordered":               {"acl 1\n p 1\n p 2\n p 3\n", "acl 1\n p 3\n p 1\n p 2\n", "changed 4 2 acl 1>p 3"},
		"ordered further in":    {"acl 1\n t\n  p 1\n  p 2\n", "acl 1\n t\n  p 2\n  p 1\n", "changed 3 4 acl 1>t>p 1"},
		"unordered further in":  {"acl 1\n set\n  p 1\n  p 2\n", "acl 1\n set\n  p 2\n  p 1\n", ""},
		"another place":         {"a\n x\nb\n", "a\nb\n x\n", "lost 2 0 a>x;added 0 3 b>x"},
		"banner":                {"banner motd ^C\nhello\n^C\n", "banner motd ^C\nhullo\n^C\n", "changed 1 1 banner motd ^C\nhello\n^C"},
		"nothing against much":  {"", "a\n", "added 0 1 a"},
	} {
		found, err := Compare(iadRules(t), Categoriser{}, []byte(c.expected), []byte(c.got))
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		var all []string
		for _, d := range found {
			all = append(all, fmt.Sprintf("%s %d %d %s", d.Kind, d.ExpectedLine, d.GotLine, strings.Join(d.Path, ">")))
		}
		if got := strings.Join(all, ";"); got != c.want {
			t.Errorf("%s: %s, want %s", name, got, c.want)
		}
	}
	if _, err := Compare(iadRules(t), Categoriser{}, []byte("a\n"), []byte("banner motd ^C")); err == nil || !strings.Contains(err.Error(), "actual configuration") {
		t.Errorf("error %v", err)
	}
}

// TestCompareFindsEveryLoss: no line of an expected configuration can be
// missing unseen, and shuffling alone is never a difference.
func TestCompareFindsEveryLoss(t *testing.T) {
	p, expected := iadPack(t), fixture(t, "drydock-iad/tests/iad-4-fxs/expected.conf")
	lines := bytes.SplitAfter(expected, []byte("\n"))
	for i, line := range lines[:len(lines)-1] {
		if line[0] == '!' || bytes.HasPrefix(line, []byte("last-saved")) {
			continue
		}
		got := slices.Concat(lines[:i:i], lines[i+1:])
		found, err := Compare(iadRules(t), p.Categories, expected, bytes.Join(got, nil))
		if err != nil {
			t.Fatal(err)
		}
		text := strings.TrimSpace(string(line))
		if comment := strings.HasPrefix(text, "!"); !comment && !slices.ContainsFunc(found, func(d Difference) bool {
			return d.Kind != Added && d.Expected == text && d.ExpectedLine == i+1
		}) {
			t.Errorf("line %d %q is missing unseen", i+1, text)
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		blocks := rapid.Permutation(bytes.SplitAfter(expected, []byte("!\n"))).Draw(t, "blocks")
		found, err := Compare(CompareRules{Format: "indented"}, p.Categories, expected, bytes.Join(blocks, nil))
		if err != nil || len(found) > 0 {
			t.Errorf("%+v, %v", found, err)
		}
	})
}

func TestDifferenceHasItsCategory(t *testing.T) {
	p, expected := iadPack(t), fixture(t, "drydock-iad/tests/iad-4-fxs/expected.conf")
	got := bytes.Replace(expected, []byte("  number 4969100042001\n"), nil, 1)
	found, err := Compare(iadRules(t), p.Categories, expected, got)
	if err != nil || len(found) != 1 {
		t.Fatalf("%+v, %v", found, err)
	}
	d := found[0]
	if d.Kind != Lost || d.Category != UserData || d.Path[0] != "user-data" || d.Path[2] != "number 4969100042001" || d.GotLine != 0 {
		t.Errorf("difference %+v", d)
	}
}

func TestCategoriser(t *testing.T) {
	c, err := NewCategoriser([]CategoryPaths{
		{ProtocolData, []string{"user-data > sip"}}, {UserData, []string{"user-data"}}, {PortData, []string{"** > port {n}"}},
	})
	if err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]Category{
		"user-data": UserData, "user-data>x>y": UserData, "user-data>sip": ProtocolData, "user-data>sip>x": ProtocolData,
		"port 1>x": PortData, "a>b>port 1>x>y": PortData, "user-data>port 1": UserData, "port": Uncategorised, "": Uncategorised,
	} {
		if got := c.Of(strings.Split(path, ">")); got != want {
			t.Errorf("%s is %q, want %q", path, got, want)
		}
	}
	if got := (Categoriser{}).Of([]string{"a"}); got != Uncategorised {
		t.Errorf("the zero categoriser says %q", got)
	}
	if _, err := NewCategoriser([]CategoryPaths{{"wares", nil}}); err == nil {
		t.Error("a category that does not exist is taken")
	}
	if _, err := ParsePattern("a > {b"); err == nil {
		t.Error("a malformed pattern is taken")
	}
}
