package campaign

import (
	"time"

	"drydock/internal/procedure"
)

// Flight counts what is in flight, of all campaigns.
type Flight struct {
	Own    int                       // of this campaign
	Labels map[string]map[string]int // of all campaigns, by label key and value
	OwnBy  map[string]map[string]int // of this campaign, by label key and value
}

// Counted are the label keys that Admit wants counted.
func (s Spec) Counted() []string {
	keys := append([]string(nil), s.Exclusive...)
	for key := range s.Caps.PerLabel {
		keys = append(keys, key)
	}
	return keys
}

// Admit chooses which of the candidates start now, in their order, at most
// most. It is asked within the store's transaction, so that flight is true.
// openings gives a candidate's windows; nil, at any time.
func Admit(c Campaign, candidates []Member, f Flight, most int, now time.Time, openings func(Member) []procedure.Opening) (chosen []Member) {
	if c.Status != Active || !c.begun(now) {
		return nil
	}
	room := min(most, c.Spec.Caps.InFlight-f.Own)
	for _, m := range candidates {
		if room <= 0 {
			break
		}
		if !c.eligible(m, now) || !f.hasRoom(c.Spec, m) || !startable(openings(m), c.Spec.Schedule.Takes, now) {
			continue
		}
		f.add(c.Spec, m)
		m.State, m.At = Starting, now
		chosen = append(chosen, m)
		room--
	}
	return chosen
}

// begun says whether the campaign's first moment has come.
func (c Campaign) begun(now time.Time) bool {
	if c.Spec.Schedule.NotBefore == "" {
		return true
	}
	at, err := time.Parse(time.RFC3339, c.Spec.Schedule.NotBefore)
	return err != nil || !now.Before(at)
}

// eligible says whether it is the member's turn.
func (c Campaign) eligible(m Member, now time.Time) bool {
	if m.Wave > c.Wave {
		return false
	}
	return (m.State == Waiting || m.State == Offline) && !now.Before(m.Probe)
}

func (f Flight) hasRoom(s Spec, m Member) bool {
	for _, key := range s.Exclusive {
		if v := m.Labels[key]; v != "" && f.Labels[key][v] > 0 {
			return false
		}
	}
	for key, most := range s.Caps.PerLabel {
		if v := m.Labels[key]; v != "" && f.OwnBy[key][v] >= most {
			return false
		}
	}
	return true
}

// add counts a member that was chosen.
func (f *Flight) add(s Spec, m Member) {
	f.Own++
	for _, key := range s.Counted() {
		v := m.Labels[key]
		if v == "" {
			continue
		}
		for _, counts := range []*map[string]map[string]int{&f.Labels, &f.OwnBy} {
			if *counts == nil {
				*counts = map[string]map[string]int{}
			}
			if (*counts)[key] == nil {
				(*counts)[key] = map[string]int{}
			}
			(*counts)[key][v]++
		}
	}
}
