package campaign

import (
	"cmp"
	"slices"
)

// AssignWaves sorts the members into waves and gives the size of each. Where
// the spec has an Order, no wave has devices of two ranks, so that those of an
// earlier one are done before the next begins.
func AssignWaves(s Spec, members []Member) (sizes []int) {
	if len(members) == 0 {
		return nil
	}
	slices.SortStableFunc(members, func(a, b Member) int {
		return cmp.Or(cmp.Compare(s.rank(a), s.rank(b)), cmp.Compare(a.Device, b.Device))
	})
	ends := s.ends(len(members))
	for i, m := range members[1:] {
		if s.rank(m) != s.rank(members[i]) {
			ends = append(ends, i+1)
		}
	}
	slices.Sort(ends)
	ends = slices.Compact(ends)
	from := 0
	for wave, end := range ends {
		for i := from; i < end; i++ {
			members[i].Wave = wave
		}
		sizes = append(sizes, end-from)
		from = end
	}
	return sizes
}

// ends gives where each wave of the spec ends among n devices.
func (s Spec) ends(n int) (ends []int) {
	at := 0
	for _, w := range s.Waves {
		if w.Percent > 0 {
			at = max(at, (n*w.Percent+99)/100)
		} else {
			at += w.Count
		}
		if at >= n {
			break
		}
		ends = append(ends, at)
	}
	return append(ends, n)
}

// rank is the place of a member in the spec's Order.
func (s Spec) rank(m Member) int {
	if s.Order == nil {
		return 0
	}
	if i := slices.Index(s.Order.Values, m.Labels[s.Order.Label]); i >= 0 {
		return i
	}
	return len(s.Order.Values)
}

// wave gives the rules of a wave; those that follow the spec's last, and those
// that a change of rank made, have the last one's.
func (s Spec) wave(i int) Wave {
	if len(s.Waves) == 0 {
		return Wave{Threshold: DefaultThreshold}
	}
	return s.Waves[min(i, len(s.Waves)-1)]
}
