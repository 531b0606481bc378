package migrate

import (
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// TestLaw6Undo: what was applied can be taken back; without later changes the
// original comes back byte by byte, whatever it was.
func TestLaw6Undo(t *testing.T) {
	p := iadPack(t)
	rapid.Check(t, func(t *rapid.T) {
		input := anyConfiguration("1.4").Draw(t, "input")
		r, err := p.Apply("", "2.0", input)
		if err != nil {
			t.Fatal(err)
		}
		if u := Undo(input, r, r.Output); string(u.Output) != string(input) || len(u.Losses)+len(u.Carried) > 0 {
			t.Fatalf("undone to\n%s\nlosses %+v", u.Output, u.Losses)
		}
		// a later change is carried or lost, never forgotten
		now := splitLines(r.Output)
		at := rapid.IntRange(0, len(now)).Draw(t, "at")
		if at == len(now) && at > 0 && !strings.HasSuffix(now[at-1], "\n") {
			at = 0 // the last line has no end
		}
		changed := slices.Insert(slices.Clone(now), at, "zz new\n")
		u := Undo(input, r, []byte(strings.Join(changed, "")))
		if len(u.Carried)+len(u.Losses) != 1 || len(u.Carried) == 1 != strings.Contains(string(u.Output), "zz new\n") {
			t.Fatalf("carried %+v, losses %+v in\n%s", u.Carried, u.Losses, u.Output)
		}
		if rest := strings.Replace(string(u.Output), "zz new\n", "", 1); strings.TrimRight(rest, "\n") != strings.TrimRight(string(input), "\n") {
			t.Fatalf("besides it, undone to\n%s\nnot\n%s", rest, input)
		}
	})
}

func TestUndoOfLaterChanges(t *testing.T) {
	p := packFrom(t, stepped(`      - {id: r, why: w, detect: {line: "old {x}"}, rename: {line: "new {x}"}}`))
	input := "v 1\na 1\nold 2\nb 3\nc 4\n"
	r, err := p.Apply("", "2", []byte(input))
	if err != nil {
		t.Fatal(err)
	}
	u := Undo([]byte(input), r, []byte("v 2\na 1\nnew 5\nb 3\nd 6\n"))
	if want := "v 1\na 1\nold 2\nb 3\nd 6\n"; string(u.Output) != want {
		t.Errorf("got\n%s\nwant\n%s", u.Output, want)
	}
	texts := func(list []Change) (all []string) {
		for _, c := range list {
			all = append(all, c.Text)
		}
		return all
	}
	if got := texts(u.Carried); !slices.Equal(got, []string{"c 4", "d 6"}) {
		t.Errorf("carried %q", got)
	}
	if got := texts(u.Losses); !slices.Equal(got, []string{"new 2", "new 5"}) || u.Losses[0].Because != "rule r has made or changed the line" {
		t.Errorf("losses %+v", u.Losses)
	}
}
