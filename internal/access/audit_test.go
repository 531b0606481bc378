package access

import (
	"fmt"
	"strings"
	"testing"

	"drydock/internal/fault"
)

func chain(t *testing.T, key [32]byte, n int) (links []Link) {
	t.Helper()
	before := ""
	for i := range n {
		l, err := Chain(key, before, Entry{Seq: int64(i + 1), Actor: "alice", Action: fmt.Sprintf("a%d", i), Outcome: Ordered})
		if err != nil {
			t.Fatal(err)
		}
		links, before = append(links, l), l.Code
	}
	return links
}

func verify(key [32]byte, links []Link, head Link) error {
	v := Verifier{Key: key}
	for _, l := range links {
		if err := v.Next(l); err != nil {
			return err
		}
	}
	return v.End(Head{head.Seq, head.Code})
}

// TestChainNamesTheEntry: whichever entry is changed, removed or moved, the
// log says which (T17).
func TestChainNamesTheEntry(t *testing.T) {
	key := [32]byte{1}
	good := chain(t, key, 5)
	head := good[4]
	if err := verify(key, good, head); err != nil {
		t.Fatal(err)
	}
	wantNamed := func(what string, n int64, links []Link, head Link) {
		t.Helper()
		err := verify(key, links, head)
		if !fault.Is(err, fault.Corrupt) || !strings.Contains(err.Error(), fmt.Sprint(n)) {
			t.Errorf("%s: %v, want entry %d named", what, err, n)
		}
	}
	copied := func() []Link { return append([]Link{}, good...) }
	for i := range good {
		n := int64(i + 1)
		links := copied()
		links[i].Text = strings.Replace(links[i].Text, "alice", "alicf", 1)
		wantNamed("text", n, links, head)
		links = copied()
		links[i].Code = strings.Repeat("0", 64)
		wantNamed("code", n, links, head)
		links = append(copied()[:i], good[i+1:]...)
		wantNamed("removed", n, links, head)
		if i > 0 {
			links = copied()
			links[i-1], links[i] = links[i], links[i-1]
			links[i-1].Seq, links[i].Seq = links[i].Seq, links[i-1].Seq
			wantNamed("moved", n-1, links, head)
		}
	}
	wantNamed("the last removed", 3, good[:3], head)
	wantNamed("more than the head knows", 5, good, good[3])
	rewritten := chain(t, key, 5) // by who has the key too
	for i := 2; i < 5; i++ {
		l, err := Chain(key, rewritten[i-1].Code, Entry{Seq: int64(i + 1), Actor: "mallory"})
		if err != nil {
			t.Fatal(err)
		}
		rewritten[i] = l
	}
	if err := verify(key, rewritten, rewritten[4]); err != nil {
		t.Fatal(err)
	}
	for known, want := range map[Head]string{{3, good[2].Code}: "entry 3 or one before", {9, "x"}: "there were 9"} {
		v := Verifier{Key: key, Known: known}
		var err error
		for _, l := range rewritten {
			if err == nil {
				err = v.Next(l)
			}
		}
		if err == nil {
			err = v.End(v.Head)
		}
		if !fault.Is(err, fault.Corrupt) || !strings.Contains(err.Error(), want) {
			t.Errorf("known %v: %v, want %q", known, err, want)
		}
	}
	forged := chain(t, [32]byte{2}, 5) // by who has the database and not the key
	wantNamed("forged", 1, forged, forged[4])
}
