package campaigns

import (
	"drydock/internal/fleet"
	"drydock/internal/transfer"
)

// paceKey is one line that images are sent through: a label's value, or, where
// the key is empty, all of a campaign.
type paceKey struct{ key, value string }

// Paces gives what bounds the images of a run: the lines of its campaign that
// its device is behind.
func (c *Conductor) Paces(run fleet.RunID) (list []*transfer.Pace) {
	c.mu.Lock()
	defer c.mu.Unlock()
	at, ok := c.runs[run]
	if !ok {
		if at, ok = c.early[run]; !ok {
			return nil
		}
	}
	l := c.lives[at.campaign]
	if l == nil {
		return nil
	}
	for key, rate := range l.Spec.Caps.Bandwidth {
		line := paceKey{key, l.member(at.device).Labels[key]}
		if key != "" && line.value == "" {
			continue
		}
		if l.paces[line] == nil {
			l.paces[line] = transfer.NewPace(rate)
		}
		list = append(list, l.paces[line])
	}
	return list
}
