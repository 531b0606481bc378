package snmp

import (
	"context"
	"net/netip"
	"sync"
)

// request is a datagram for a device.
type request struct {
	device  *Device
	local   netip.Addr
	from    netip.AddrPort
	packet  []byte
	message *message // once it is decoded
}

// dispatcher hands requests to workers: those of one address one after the
// other, those of different addresses side by side. An address that is slow
// keeps one worker busy, and no more.
type dispatcher struct {
	each  int                // requests that may wait for one address
	ready chan *addressQueue // with something to do, and no worker; never more than requests wait

	mu      sync.Mutex // owns what follows
	waiting int
	queues  map[netip.Addr]*addressQueue // only those that are not idle
}

type addressQueue struct {
	local    netip.Addr
	requests []request
}

func newDispatcher(all, each int) *dispatcher {
	return &dispatcher{each: each, ready: make(chan *addressQueue, all), queues: map[netip.Addr]*addressQueue{}}
}

// push never blocks; false: there is no room.
func (d *dispatcher) push(r request) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	q, busy := d.queues[r.local]
	if d.waiting == cap(d.ready) || busy && len(q.requests) == d.each {
		return false
	}
	if !busy {
		q = &addressQueue{local: r.local}
		d.queues[r.local] = q
		d.ready <- q
	}
	q.requests = append(q.requests, r)
	d.waiting++
	return true
}

// work does requests until ctx ends.
func (d *dispatcher) work(ctx context.Context, do func(request)) {
	for {
		select {
		case <-ctx.Done():
			return
		case q := <-d.ready:
			do(d.pop(q))
			d.release(q)
		}
	}
}

func (d *dispatcher) pop(q *addressQueue) request {
	d.mu.Lock()
	defer d.mu.Unlock()
	r := q.requests[0]
	q.requests[0] = request{}
	q.requests = q.requests[1:]
	d.waiting--
	return r
}

// release lets a worker take the address's next request.
func (d *dispatcher) release(q *addressQueue) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if len(q.requests) == 0 {
		delete(d.queues, q.local)
		return
	}
	d.ready <- q
}
