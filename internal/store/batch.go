package store

import (
	"context"
	"database/sql"
	"errors"
	"slices"
	"sync"
	"time"

	"drydock/internal/fault"
)

const (
	batchTimeout  = 30 * time.Second // a transaction's whole time
	retryFor      = 10 * time.Second // contention is retried for so long
	retryFirst    = 2 * time.Millisecond
	retryLongest  = 250 * time.Millisecond
	batchSize     = 256 // jobs of one transaction
	statementsMax = 256 // prepared statements kept
)

// writer lets writes that come at the same time share a transaction. The first
// caller to come leads: it carries out its own job and those that wait, then
// hands over to the next that has come. There is no goroutine.
type writer struct {
	mu    sync.Mutex // owns queue and busy
	queue []*job
	busy  bool

	// conn and statements belong to whoever leads.
	conn       *sql.Conn
	statements map[string]*sql.Stmt
}

// job is one caller's part of a transaction. do may run more than once, each
// time on what is there then; it returns a *fault.Error to undo this part only.
type job struct {
	do   func(context.Context, *tx) error
	err  error
	lead chan struct{} // closed: the caller leads now
	done chan struct{} // closed: err is the outcome, on disk
}

// Transaction is what an observer is told of one.
type Transaction struct {
	Writes int           // that shared it
	Took   time.Duration // with the time that contention cost
	Err    error         // nil: it is on disk
}

// Waiting is how many writes wait for the next transaction.
func (s *Store) Waiting() int {
	s.writer.mu.Lock()
	defer s.writer.mu.Unlock()
	return len(s.writer.queue)
}

// tx is an open transaction.
type tx struct{ s *Store }

// write makes do's changes durable, in one transaction with others.
func (s *Store) write(ctx context.Context, do func(context.Context, *tx) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	w := &s.writer
	j := &job{do: do, lead: make(chan struct{}), done: make(chan struct{})}
	w.mu.Lock()
	if w.busy {
		w.queue = append(w.queue, j)
		w.mu.Unlock()
		if led := w.await(ctx, j); !led {
			return j.err
		}
	} else {
		w.busy = true
		w.mu.Unlock()
	}
	s.lead(ctx, j)
	return j.err
}

// await waits until j is done, or until its caller is to lead. A caller that
// gives up leaves the queue, unless its job is being carried out.
func (w *writer) await(ctx context.Context, j *job) (led bool) {
	select {
	case <-j.done:
		return false
	case <-j.lead:
		return true
	case <-ctx.Done():
	}
	w.mu.Lock()
	if i := slices.Index(w.queue, j); i >= 0 {
		w.queue = slices.Delete(w.queue, i, i+1)
		w.mu.Unlock()
		j.err = ctx.Err()
		return false
	}
	w.mu.Unlock()
	select {
	case <-j.done:
		return false
	case <-j.lead:
		return true
	}
}

// lead carries out j with the jobs that wait, then hands over.
func (s *Store) lead(ctx context.Context, j *job) {
	w := &s.writer
	w.mu.Lock()
	n := min(len(w.queue), batchSize-1)
	batch := append([]*job{j}, w.queue[:n]...)
	w.queue = slices.Delete(w.queue, 0, n)
	w.mu.Unlock()

	s.carryOut(ctx, batch)
	for _, other := range batch[1:] {
		close(other.done)
	}

	w.mu.Lock()
	defer w.mu.Unlock()
	if len(w.queue) == 0 {
		w.busy = false
		return
	}
	next := w.queue[0]
	w.queue = slices.Delete(w.queue, 0, 1)
	close(next.lead)
}

// carryOut gives each job its outcome. If the whole fails for a reason that
// may be one job's, such as no room, each gets a transaction of its own.
func (s *Store) carryOut(ctx context.Context, batch []*job) {
	began := time.Now()
	err := s.transact(ctx, batch)
	if s.observe != nil {
		s.observe(Transaction{Writes: len(batch), Took: time.Since(began), Err: err})
	}
	if err != nil && len(batch) > 1 && s.poison.get() == nil {
		for _, j := range batch {
			s.carryOut(ctx, []*job{j})
		}
		return
	}
	for _, j := range batch {
		if err != nil {
			j.err = err
		}
	}
}

// transact runs the jobs in one transaction, again while somebody is in the
// way. The caller's cancellation does not reach into it: others are aboard.
func (s *Store) transact(ctx context.Context, batch []*job) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), batchTimeout)
	defer cancel()
	until := time.Now().Add(retryFor)
	for wait := retryFirst; ; wait = min(2*wait, retryLongest) {
		if err := s.poison.get(); err != nil {
			return err
		}
		err := s.try(ctx, batch)
		again := err != nil && (s.meaning(err) == contention || s.meaning(err) == connectionLost)
		if !again || time.Now().After(until) {
			return err
		}
		select {
		case <-time.After(wait):
		case <-ctx.Done():
			return err
		}
	}
}

// try runs the jobs in one transaction, once. An error means that nothing was
// done, or that the store is poisoned.
func (s *Store) try(ctx context.Context, batch []*job) error {
	t := &tx{s}
	err := t.begin(ctx)
	for i := 0; err == nil && i < len(batch); i++ {
		err = t.part(ctx, batch[i], len(batch) > 1)
	}
	alone := len(batch) == 1 && batch[0].err != nil
	if err != nil || alone {
		t.rollback(ctx)
		return s.judge(err)
	}
	if err := t.exec(ctx, "COMMIT"); err != nil {
		return s.judgeCommit(ctx, t, err)
	}
	return nil
}

// judge poisons the store where an error says that the disk cannot be trusted.
func (s *Store) judge(err error) error {
	if err != nil && s.meaning(err) == unsynced {
		s.refuse(err)
		return s.poison.get()
	}
	return err
}

// judgeCommit poisons the store where nobody knows whether the transaction
// took: after a failed sync it must not be tried again (F20).
func (s *Store) judgeCommit(ctx context.Context, t *tx, err error) error {
	switch s.meaning(err) {
	case contention, noRoom:
		t.rollback(ctx)
		return err
	}
	t.rollback(ctx)
	s.refuse(err)
	return s.poison.get()
}

// begin opens the transaction and checks that this process still has the store.
func (t *tx) begin(ctx context.Context) error {
	if err := t.exec(ctx, t.s.begin); err != nil {
		return err
	}
	var epoch int64
	var holder string
	if err := t.row(ctx, "SELECT epoch, holder FROM hold"+t.s.share, nil, &epoch, &holder); err != nil {
		return err
	}
	if epoch != t.s.epoch {
		t.s.refuse(taken(holder))
		return t.s.poison.get()
	}
	return nil
}

// part runs one job. What the job itself refuses, or what only its own input
// can be the cause of, undoes its part and becomes its outcome.
func (t *tx) part(ctx context.Context, j *job, shared bool) error {
	if shared {
		if err := t.exec(ctx, "SAVEPOINT part"); err != nil {
			return err
		}
	}
	j.err = j.do(ctx, t)
	var refused *fault.Error
	if j.err != nil && !errors.As(j.err, &refused) && (t.s.meaning(j.err) != otherTrouble || ctx.Err() != nil) {
		err := j.err
		j.err = nil
		return err
	}
	switch {
	case !shared:
		return nil
	case j.err != nil:
		if err := t.exec(ctx, "ROLLBACK TO SAVEPOINT part"); err != nil {
			return err
		}
	}
	return t.exec(ctx, "RELEASE SAVEPOINT part")
}

// rollback gives the transaction up; a connection that cannot even do that is
// dropped.
func (t *tx) rollback(ctx context.Context) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), holdCheck)
	defer cancel()
	err := t.exec(ctx, "ROLLBACK")
	// SQLite has rolled back by itself after some errors; then there is nothing
	// to do and that is an error of no importance.
	if err != nil && t.s.meaning(err) != otherTrouble || t.s.name == postgresDialect().name && err != nil {
		t.s.writer.close()
	}
}
