package notify

import (
	"fmt"
	"sync"

	"drydock/internal/access"
	"drydock/internal/fleet/campaign"
	"drydock/internal/store"
)

// wants is which kinds any channel wants. Nothing is made of what nobody wants
// to know: the store writes it in the transactions of the runs.
type wants struct {
	mu    sync.RWMutex // owns kinds
	kinds map[Kind]bool
}

func (w *wants) set(channels []Channel) {
	kinds := map[Kind]bool{}
	for _, c := range channels {
		for _, k := range c.kinds() {
			kinds[k] = true
		}
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.kinds = kinds
}

func (w *wants) has(k Kind) bool {
	w.mu.RLock()
	defer w.mu.RUnlock()
	return w.kinds[k]
}

// Outbox is the store.Outbox of this package. It is made before the store is
// opened, and wants nothing before New has read the channels.
type Outbox struct{ wants wants }

// OfCommit gives what there is to tell of a change of a run. The ends of runs
// are kept for the end of their order, too.
func (o *Outbox) OfCommit(c store.Commit) []store.Notice {
	var notices []store.Notice
	for _, m := range ofChange(c) {
		ends := m.Kind == RunEnded || m.Kind == RunFailed
		if !o.wants.has(m.Kind) && !(ends && o.wants.has(OrderEnded)) {
			continue
		}
		if n, err := m.notice(); err == nil { // strings and numbers: it does not fail
			notices = append(notices, n)
		}
	}
	return notices
}

// OfCampaign gives the milestones of a campaign.
func (o *Outbox) OfCampaign(before, after campaign.Campaign) []store.Notice {
	if !o.wants.has(Campaign) {
		return nil
	}
	var notices []store.Notice
	for _, m := range ofCampaign(before, after) {
		if n, err := m.notice(); err == nil {
			notices = append(notices, n)
		}
	}
	return notices
}

// OfAudit gives an entry of the audit log to the channels that want it.
func (o *Outbox) OfAudit(e access.Entry) []store.Notice {
	if !o.wants.has(Audit) {
		return nil
	}
	m := Message{ID: fmt.Sprintf("%s/%012d", Audit, e.Seq), Kind: Audit, At: e.At, Severity: Info, Entry: &e,
		Title: fmt.Sprintf("%s %s %s %s", e.Actor, e.Outcome, e.Action, e.Object), Text: e.Detail}
	if e.Outcome != access.Ordered {
		m.Severity = Warning
	}
	n, err := m.notice()
	if err != nil {
		return nil
	}
	return []store.Notice{n}
}
