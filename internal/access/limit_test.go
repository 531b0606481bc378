package access

import (
	"testing"
	"time"
)

func at(d time.Duration) time.Time { return time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC).Add(d) }

// TestLockoutGrows: after the free tries each wrong one doubles the wait, up to
// the longest.
func TestLockoutGrows(t *testing.T) {
	rule := Lockout{Free: 3, First: time.Second, Most: 10 * time.Second}
	var tries Tries
	now := at(0)
	for n, want := range []time.Duration{0, 0, 0, 0, 1, 2, 4, 8, 10, 10} {
		if got := rule.Wait(tries, now); got != want*time.Second {
			t.Fatalf("after %d wrong tries: wait %s, want %ds", n, got, want)
		}
		tries = tries.Failed(now)
	}
	if got := rule.Wait(tries, now.Add(3*time.Second)); got != 7*time.Second {
		t.Errorf("three seconds later: %s", got)
	}
	if got := rule.Wait(tries, now.Add(forgetAfter)); got != 0 {
		t.Errorf("an hour later: %s", got)
	}
	if again := tries.Failed(now.Add(forgetAfter)); again.Wrong != 1 {
		t.Errorf("an hour later %d tries are remembered", again.Wrong)
	}
	for _, rule := range []Lockout{UserLockout(), AddressLockout()} {
		if got := rule.Wait(Tries{Wrong: 1 << 40, Last: now}, now); got != rule.Most {
			t.Errorf("very many tries: %s", got)
		}
	}
}

func TestRate(t *testing.T) {
	rate := Rate{PerSecond: 2, Burst: 3}
	var b Bucket
	take := func(d time.Duration) (wait time.Duration) {
		b, wait = b.Take(rate, at(d))
		return wait
	}
	for range 3 {
		if wait := take(0); wait != 0 {
			t.Fatalf("in the burst: %s", wait)
		}
	}
	for range 2 { // a refused request costs nothing
		if wait := take(0); wait != 500*time.Millisecond {
			t.Fatalf("past the burst: %s", wait)
		}
	}
	if wait := take(500 * time.Millisecond); wait != 0 {
		t.Errorf("after the wait: %s", wait)
	}
	if wait := take(-time.Hour); wait == 0 {
		t.Error("a clock that goes back gives requests")
	}
	if b.Full(rate, at(time.Second)) || !b.Full(rate, at(time.Minute)) {
		t.Error("a bucket fills with the time")
	}
}
