package access

import "time"

// Lockout is the rule after wrong passwords: the first Free tries cost
// nothing, then each must wait twice as long as the one before, at most Most.
type Lockout struct {
	Free  int
	First time.Duration
	Most  time.Duration
}

// UserLockout holds for one user's name from everywhere. Its longest delay is
// short, for anybody can lock anybody out with it; it still allows no more than
// 1,440 tries a day.
func UserLockout() Lockout { return Lockout{Free: 5, First: time.Second, Most: time.Minute} }

// AddressLockout holds for one address, whatever names it tries.
func AddressLockout() Lockout { return Lockout{Free: 10, First: time.Second, Most: 15 * time.Minute} }

// forgetAfter is how long nothing must have gone wrong for the tries before to
// be forgotten.
const forgetAfter = time.Hour

// Tries are the wrong tries so far.
type Tries struct {
	Wrong int
	Last  time.Time
}

// Wait gives how long the next try must wait.
func (l Lockout) Wait(t Tries, now time.Time) time.Duration {
	if t.Wrong <= l.Free || t.Stale(now) {
		return 0
	}
	delay := l.First
	for n := l.Free + 1; n < t.Wrong && delay < l.Most; n++ {
		delay *= 2
	}
	return max(0, t.Last.Add(min(delay, l.Most)).Sub(now))
}

// Failed counts a wrong try.
func (t Tries) Failed(now time.Time) Tries {
	if t.Stale(now) {
		t.Wrong = 0
	}
	return Tries{Wrong: t.Wrong + 1, Last: now}
}

// Stale says whether the tries are forgotten.
func (t Tries) Stale(now time.Time) bool { return now.Sub(t.Last) >= forgetAfter }

// Rate is how many requests somebody may make: so many a second for long, and
// so many at once after a rest.
type Rate struct {
	PerSecond float64
	Burst     float64
}

// Bucket is what somebody has used of a Rate; the zero Bucket is full.
type Bucket struct {
	used float64
	at   time.Time
}

// Take takes one request out. Where there is none left it gives how long to
// wait, and takes nothing.
func (b Bucket) Take(r Rate, now time.Time) (Bucket, time.Duration) {
	b = b.since(r, now)
	if b.used+1 > r.Burst {
		return b, time.Duration((b.used + 1 - r.Burst) / r.PerSecond * float64(time.Second))
	}
	b.used++
	return b, 0
}

// Full says whether nothing is used any more, so that the bucket can be
// forgotten.
func (b Bucket) Full(r Rate, now time.Time) bool { return b.since(r, now).used == 0 }

// since gives the bucket as it is now. A clock that went back gives nothing and
// takes nothing.
func (b Bucket) since(r Rate, now time.Time) Bucket {
	if gone := now.Sub(b.at); gone > 0 {
		b.used = max(0, b.used-gone.Seconds()*r.PerSecond)
		b.at = now
	}
	return b
}
