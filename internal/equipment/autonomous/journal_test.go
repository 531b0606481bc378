package autonomous

import (
	"errors"
	"strings"
	"testing"
	"time"

	"drydock/internal/equipment/disk/disktest"
	"drydock/internal/procedure"
)

func entries(n int) []procedure.Event {
	all := make([]procedure.Event, n)
	for i := range all {
		all[i] = procedure.Event{Format: procedure.Format, Kind: procedure.Finished, At: time.Unix(int64(i), 0).UTC(), Token: uint64(i), Detail: strings.Repeat("x", i)}
	}
	return all
}

// TestJournalKeepsWhatItTook cuts the power at every call and octet of three
// appends: what an append has taken is read back, and no part of another.
func TestJournalKeepsWhatItTook(t *testing.T) {
	for _, lose := range []bool{false, true} {
		for cut := 1; cut < 20; cut++ {
			for part := range 120 {
				f := disktest.New(nil)
				f.CutAt(cut, part)
				j := journal{f, "/state/run/journal"}
				taken := 0
				for _, ev := range entries(3) {
					if err := j.append(ev); err != nil {
						if !errors.Is(err, disktest.ErrPower) {
							t.Fatal(err)
						}
						break
					}
					taken++
				}
				after := journal{f.After(lose), j.path}
				got, err := after.read()
				if err != nil || len(got) < taken || len(got) > taken+1 {
					t.Fatalf("cut %d at octet %d: %d of %d entries: %v", cut, part, len(got), taken, err)
				}
				// the next entry begins a line of its own
				if err := after.append(procedure.Event{Format: procedure.Format, Kind: procedure.Restarted}); err != nil {
					t.Fatal(err)
				}
				again, err := after.read()
				if err != nil || len(again) != len(got)+1 || again[len(got)].Kind != procedure.Restarted {
					t.Fatalf("cut %d at octet %d: after another entry %d: %v", cut, part, len(again), err)
				}
			}
		}
	}
}

func TestDamagedJournalIsNotBuiltOn(t *testing.T) {
	f := disktest.New(nil)
	j := journal{f, "/state/run/journal"}
	for _, ev := range entries(3) {
		if err := j.append(ev); err != nil {
			t.Fatal(err)
		}
	}
	text := f.Files()[j.path]
	first := strings.IndexByte(text, '\n')
	for i := range first {
		damaged := []byte(text)
		damaged[i] ^= 4
		if damaged[i] == '\n' {
			continue
		}
		if _, err := (journal{disktest.New(map[string]string{j.path: string(damaged)}), j.path}).read(); err == nil && i != crcDigits {
			t.Fatalf("octet %d is another, and the journal was read", i)
		}
	}
}
