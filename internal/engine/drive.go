package engine

import (
	"context"
	"fmt"
	"time"

	"drydock/internal/driver"
	"drydock/internal/procedure"
)

// drive runs one operation of the driver to its end.
func (t *task) drive(ctx context.Context, op driver.Operation, mode driver.Mode, in driver.Inputs) driver.Result {
	machine, ask, err := t.driver.Start(op, mode, in, t.Now())
	if err != nil {
		return driver.Result{Verdict: procedure.Failed, Cause: procedure.ServerFailed, Detail: err.Error()}
	}
	for {
		if done, ok := ask.(driver.AskDone); ok {
			return done.Result
		}
		t.announce(ask)
		answer := t.carryOut(ctx, ask, mode)
		t.carried(ask, answer)
		if ctx.Err() != nil {
			return driver.Result{Verdict: procedure.Failed, Cause: procedure.Timeout, Detail: "it was abandoned", Unclear: true}
		}
		if ask, err = machine.Next(answer, t.Now()); err != nil {
			return driver.Result{Verdict: procedure.Failed, Cause: procedure.ServerFailed, Detail: err.Error(), Unclear: true}
		}
	}
}

// carryOut does what the machine asks for.
func (t *task) carryOut(ctx context.Context, ask driver.Ask, mode driver.Mode) driver.Answer {
	began := t.Now()
	switch a := ask.(type) {
	case driver.AskGet:
		answer := t.get(ctx, a)
		t.record("get", began, a.OIDs, answer)
		return answer
	case driver.AskWalk:
		answer := t.walk(ctx, a)
		t.record("walk", began, []string{a.OID}, answer)
		return answer
	case driver.AskSet:
		answer := t.set(ctx, a)
		t.record("set", began, shown(a.Varbinds), answer)
		return answer
	case driver.AskTransfer:
		return t.transfers()
	case driver.AskShow:
		return driver.Answer{}
	case driver.AskWait:
		t.wait(ctx, a, mode)
		return driver.Answer{}
	}
	return driver.Answer{Err: &driver.AnswerError{Kind: driver.Unclear, Text: fmt.Sprintf("the driver asked for %T, which the engine does not know", ask)}}
}

// restAfter is the wait from which on a session's socket and buffer are worth
// giving back.
const restAfter = 100 * time.Millisecond

// wait waits, but no longer than until something happens that makes a poll
// worth while.
func (t *task) wait(ctx context.Context, a driver.AskWait, mode driver.Mode) {
	if a.Accepted && mode == driver.Perform && t.action.Kind == procedure.Perform {
		t.report(procedure.Event{Kind: procedure.Accepted})
	}
	p := Progress{Op: t.action.Op, Percent: max(0, a.Progress)}
	for _, f := range t.openFiles() {
		p.Octets += int64(f.state().Octets)
	}
	if t.state.Plan.Run != "" { // a discovery has no run
		t.setProgress(t.state.Plan.Run, p)
	}
	if a.For >= restAfter && t.session != nil {
		t.session.Rest()
	}
	timer := time.NewTimer(a.For)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-t.hold.wake:
	case <-ctx.Done():
	}
}

func (t *task) openFiles() []*file {
	t.mu.Lock()
	defer t.mu.Unlock()
	files := make([]*file, 0, len(t.hold.grants))
	for _, f := range t.hold.grants {
		files = append(files, f)
	}
	return files
}

// transfers tells the states of the operation's files in the order in which
// they were given to the driver.
func (t *task) transfers() driver.Answer {
	answer := driver.Answer{}
	for _, f := range t.ordered {
		answer.Transfers = append(answer.Transfers, f.state())
	}
	return answer
}
