package transfer

import (
	"sync"
	"time"
)

// Pace bounds how many octets a second many downloads together are given: those
// of a site behind one thin line. It may be used by many goroutines.
type Pace struct {
	mu   sync.Mutex // owns what follows
	rate float64    // octets a second
	free time.Time  // when what was given has passed the line
}

// paceBurst is how far ahead of the line octets may leave.
const paceBurst = 50 * time.Millisecond

// NewPace makes a pace of so many octets a second, at least one.
func NewPace(rate int64) *Pace { return &Pace{rate: float64(max(1, rate))} }

// take reserves n octets and gives how long they must wait.
func (p *Pace) take(n int, now time.Time) time.Duration {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.free.Before(now) {
		p.free = now
	}
	wait := p.free.Sub(now) - paceBurst
	p.free = p.free.Add(time.Duration(float64(n) / p.rate * float64(time.Second)))
	return max(0, wait)
}

// Pace reserves n octets of the grant's download with each of its paces, and
// gives how long they must wait: zero where there is no bound.
func (g *Grant) Pace(n int, now time.Time) (wait time.Duration) {
	for _, p := range g.Spec.Paces {
		wait = max(wait, p.take(n, now))
	}
	return wait
}
