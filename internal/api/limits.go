package api

import (
	"errors"
	"net/netip"
	"strings"
	"sync"
	"time"

	"drydock/internal/access"
	"drydock/internal/fault"
)

// Rates of requests. An address may be one machine with many users behind it.
const (
	rateDefault  = 200 // requests a second
	burstSeconds = 10  // a burst is what may be used in this time
)

// addressRate holds for all requests of one address.
func addressRate() access.Rate { return access.Rate{PerSecond: 1000, Burst: 5000} }

// rate holds for all requests of one user or token.
func (s *server) rate() access.Rate {
	perSecond := s.Rate
	if perSecond <= 0 {
		perSecond = rateDefault
	}
	return access.Rate{PerSecond: perSecond, Burst: perSecond * burstSeconds}
}

// limits keeps what was used of the rates, and the wrong passwords. It keeps
// them in memory; after a restart the wrong passwords are read from the audit
// log (recall).
type limits struct {
	mu      sync.Mutex // owns the rest
	buckets map[string]access.Bucket
	tries   map[string]access.Tries
}

// keysMost bounds what is kept. Past it what is stale goes, and if nothing is,
// all goes: memory is finite, and whoever has so many addresses is not held by
// a rule for each.
const keysMost = 100_000

func newLimits() *limits {
	return &limits{buckets: map[string]access.Bucket{}, tries: map[string]access.Tries{}}
}

// waitError says how long to wait.
type waitError struct{ wait time.Duration }

func (e *waitError) Error() string { return "wait " + e.wait.Round(time.Second).String() }

// unknownError marks the errors of who has not shown who they are: HTTP's 401,
// where a known one that may not gets 403.
type unknownError struct{}

func (unknownError) Error() string { return "" } // the error around it says it all

func tooMany(what string, wait time.Duration) error {
	wait = max((wait + time.Second - 1).Truncate(time.Second), time.Second) // up: whoever waits so long is let in
	return fault.New(fault.Limited, "", "", "%s: %w", what, &waitError{wait}).WithHint("try again in %s", wait)
}

// waitOf gives how long an error says to wait, 0 where it does not say.
func waitOf(err error) time.Duration {
	var w *waitError
	if errors.As(err, &w) {
		return w.wait
	}
	return 0
}

// take uses one request of key's rate.
func (l *limits) take(key string, rate access.Rate, now time.Time) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.buckets) >= keysMost {
		sweep(l.buckets, func(b access.Bucket) bool { return b.Full(rate, now) })
	}
	bucket, wait := l.buckets[key].Take(rate, now)
	l.buckets[key] = bucket
	if wait > 0 {
		return tooMany("too many requests", wait)
	}
	return nil
}

// try counts a try of a password as wrong until passed says otherwise, so that
// many at once count as many. It refuses one that comes too early.
func (l *limits) try(name, address string, now time.Time) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.tries) >= keysMost {
		sweep(l.tries, func(t access.Tries) bool { return t.Stale(now) })
	}
	user, from := userKey(name), addressKey(address)
	wait := max(access.UserLockout().Wait(l.tries[user], now), access.AddressLockout().Wait(l.tries[from], now))
	if wait > 0 {
		return tooMany("too many wrong passwords", wait)
	}
	l.tries[user], l.tries[from] = l.tries[user].Failed(now), l.tries[from].Failed(now)
	return nil
}

// passed forgets the wrong tries of a name, and the one of this address that
// was counted for the right one.
func (l *limits) passed(name, address string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.tries, userKey(name))
	t := l.tries[addressKey(address)]
	t.Wrong = max(0, t.Wrong-1)
	l.tries[addressKey(address)] = t
}

func userKey(name string) string { return "user " + strings.ToLower(name) }

// addressKey takes the addresses of one IPv6 network for one: whoever has one of
// them has them all (RFC 6177 section 2).
func addressKey(address string) string {
	if a, err := netip.ParseAddr(address); err == nil && a.Is6() && !a.Is4In6() {
		if p, err := a.WithZone("").Prefix(64); err == nil {
			address = p.String()
		}
	}
	return "address " + address
}

func sweep[T any](all map[string]T, stale func(T) bool) {
	for key, value := range all {
		if stale(value) {
			delete(all, key)
		}
	}
	if len(all) >= keysMost {
		clear(all)
	}
}
