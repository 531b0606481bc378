package sim

import (
	"math/rand/v2"
	"sync"
	"time"

	"drydock/internal/equipment"
)

// trouble is what is wrong with one device; nil is nothing. It counts down
// the faults as they come.
type trouble struct {
	mu     sync.Mutex // owns what follows
	random *rand.Rand
	faults []pending
}

// pending is a fault with what is left of its counts.
type pending struct {
	Fault
	left  int // while Count > 0
	after int
}

func newTrouble(device int, seed uint64, faults []Fault) *trouble {
	var t *trouble
	for _, f := range faults {
		if !f.hits(device) {
			continue
		}
		if t == nil {
			t = &trouble{random: rand.New(rand.NewPCG(seed, uint64(device)))}
		}
		t.faults = append(t.faults, pending{f, f.Count, f.After})
	}
	return t
}

// due says whether a fault that fits happens this time.
func (p *pending) due() bool {
	switch {
	case p.after > 0:
		p.after--
		return false
	case p.Count > 0 && p.left == 0:
		return false
	case p.Count > 0:
		p.left--
	}
	return true
}

// take gives the faults that happen in an operation that starts now.
func (t *trouble) take(op equipment.Type) []Fault {
	if t == nil {
		return nil
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	var now []Fault
	for i := range t.faults {
		p := &t.faults[i]
		if !p.Kind.onWire() && (p.Op == 0 || p.Op == op) && p.due() {
			now = append(now, p.Fault)
		}
	}
	return now
}

// request says what becomes of an SNMP request that comes now.
func (t *trouble) request() (lost bool, late time.Duration) {
	if t == nil {
		return false, 0
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	for i := range t.faults {
		p := &t.faults[i]
		switch {
		case p.Kind == Drop && t.random.Float64() < p.P && p.due():
			lost = true
		case p.Kind == Late && p.due():
			late += p.For
		}
	}
	return lost, late
}

// deviation puts the faults of one operation together. swallow says that the
// answer to the SET is to be lost.
func (d *Device) deviation(o equipment.Order, faults []Fault) (dev equipment.Deviation, swallow bool) {
	fail := func(c equipment.Cause) *equipment.Failure {
		return &equipment.Failure{Cause: c, Text: "simulated failure"}
	}
	for _, f := range faults {
		switch f.Kind {
		case Refuse:
			dev.Refuse = true
		case Fail:
			dev.Fail = fail(f.Cause)
		case FailSilently:
			dev.Fail, dev.Silent = fail(f.Cause), true
		case NoRoom:
			dev.Fail = fail(equipment.NoRoom)
		case Hang:
			dev.Hang = true
		case Slow:
			dev.Slow += f.For
		case Lie:
			dev.Lie = true
		case Reboot:
			dev.Restart = true
		case OldVersion:
			dev.OldBank = true
		case OtherSerial:
			other := d.spec.identity(d.Number + otherDevice)
			dev.As = &other
		case Lose:
			dev.Lose += f.N
		case Truncate:
			dev.Files = cutting{d.files(), f.N}
		case WrongFile:
			dev.Files = mistaking{d.files(), []byte(d.spec.config(d.Number + otherDevice))}
		case NoTraps:
			dev.Silent = true
		case DropSetResponse:
			swallow = true
		}
	}
	return dev, swallow
}

// otherDevice is how far away the number of the device is that other-serial and
// wrong-file speak of: no fleet is as large.
const otherDevice = 500_000
