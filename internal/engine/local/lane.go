package local

import "sync"

// lane is the way of one run's actions: they are carried out one after another.
type lane struct {
	next   func() // waits for its turn; a newer one takes its place
	finish func() // comes when nothing else waits
	busy   bool   // queued, or a goroutine is at it
}

// pool serves many lanes, at most max at once. Its goroutines end when no lane
// has anything to do; wg waits for them.
type pool struct {
	max int
	wg  sync.WaitGroup

	mu      sync.Mutex // owns what follows, and the fields of every lane
	queue   []*lane
	running int
}

// submit queues what is to be done next in a lane. It never blocks. What still
// waits there is dropped: it has been overtaken and never began.
func (p *pool) submit(l *lane, do func()) {
	p.mu.Lock()
	defer p.mu.Unlock()
	l.next = do
	p.enqueue(l)
}

// finish has fn called once the lane is idle.
func (p *pool) finish(l *lane, fn func()) {
	p.mu.Lock()
	defer p.mu.Unlock()
	l.finish = fn
	p.enqueue(l)
}

// enqueue is called with the lock held.
func (p *pool) enqueue(l *lane) {
	if l.busy {
		return
	}
	l.busy = true
	p.queue = append(p.queue, l)
	if p.running < p.max {
		p.running++
		p.wg.Add(1)
		go p.work()
	}
}

// work carries tasks out until none waits.
func (p *pool) work() {
	defer p.wg.Done()
	var l *lane
	for {
		var do func()
		if l, do = p.next(l); l == nil {
			return
		}
		do()
	}
}

// next gives the lane back that has been served and takes the one that has
// waited longest; nil if none waits, and then the goroutine ends.
func (p *pool) next(served *lane) (*lane, func()) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if served != nil {
		if served.busy = served.next != nil || served.finish != nil; served.busy {
			p.queue = append(p.queue, served)
		}
	}
	if len(p.queue) == 0 {
		p.running--
		return nil, nil
	}
	l := p.queue[0]
	p.queue[0] = nil
	p.queue = p.queue[1:]
	if t := l.next; t != nil {
		l.next = nil
		return l, t
	}
	finish := l.finish
	l.finish = nil
	return l, finish
}

// load says how many goroutines work and how many lanes wait for one.
func (p *pool) load() (running, waiting int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.running, len(p.queue)
}
