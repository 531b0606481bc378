package api

import (
	"context"
	"slices"
	"sync"
	"time"

	"drydock/internal/access"
	"drydock/internal/store"
)

// wrongLogin is what a refused login says, to whoever tries and in the audit
// log.
const wrongLogin = "the name or the password is wrong"

// recallMost bounds how many entries of the audit log are looked through.
const recallMost = 20_000

// recaller counts the wrong passwords of before the start, once.
type recaller struct {
	mu   sync.Mutex // held while it is done
	done bool
}

// recall counts the wrong passwords that the audit log has: a restart forgives
// nobody.
func (s *server) recall(ctx context.Context) error {
	s.recalled.mu.Lock()
	defer s.recalled.mu.Unlock()
	if s.recalled.done {
		return nil
	}
	entries, err := s.recentEntries(ctx, time.Now())
	if err != nil {
		return err
	}
	slices.Reverse(entries)
	s.limits.recall(entries)
	s.recalled.done = true
	return nil
}

// recentEntries gives the audit log back to where wrong passwords are
// forgotten, newest first.
func (s *server) recentEntries(ctx context.Context, now time.Time) (recent []access.Entry, err error) {
	f := store.AuditFilter{Limit: 1000}
	for len(recent) < recallMost {
		page, err := s.Store.Audit(ctx, f)
		if err != nil {
			return nil, err
		}
		for _, e := range page {
			if (access.Tries{Last: e.At}).Stale(now) {
				return recent, nil
			}
			recent = append(recent, e)
			f.Before = e.Seq
		}
		if len(page) < f.Limit {
			return recent, nil
		}
	}
	return recent, nil
}

// recall counts what the entries tell of logins, the oldest first.
func (l *limits) recall(entries []access.Entry) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, e := range entries {
		user, from := userKey(e.Actor), addressKey(e.Address)
		switch {
		case e.Action != "login":
		case e.Outcome == access.Ordered:
			delete(l.tries, user)
		case e.Outcome == access.Refused && e.Detail == wrongLogin:
			l.tries[user], l.tries[from] = l.tries[user].Failed(e.At), l.tries[from].Failed(e.At)
		}
	}
}
