package equipment

import "strings"

// Begin starts an operation that the equipment orders by itself, as one row of
// the operation table. The error is a *Failure with Busy, or says that the row
// could not be made durable; then nothing has begun.
func (e *Equipment) Begin(o Order) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	switch {
	case e.current != nil || !e.up:
		return failed(Busy, "another operation is running")
	case e.row(o.Index) != nil:
		return failed(InternalError, "operation %d has begun before", o.Index)
	}
	r := newRow(o.Index)
	r.Type, r.Server = o.Type, o.Server
	r.names, r.digests = strings.Join(o.Names, " "), strings.Join(o.Digests, " ")
	if a := o.Server.Addr.Addr(); a.IsValid() {
		r.address, r.port = string(a.AsSlice()), o.Server.Addr.Port()
		if a.Is6() {
			r.addressType = 2
		}
	}
	if !r.complete() {
		return failed(InternalError, "operation %s says too little", o.Type)
	}
	undo := e.snapshot()
	e.addRow(r)
	r.state = Running
	if err := e.remember(); err != nil {
		undo()
		e.removeRow(r.Index)
		return err
	}
	e.start(r, Deviation{})
	return nil
}

// Outcome is how far a row's operation has come, and why it failed; ok is false
// where there is no such row.
func (e *Equipment) Outcome(index uint32) (s State, f Failure, ok bool) {
	e.mu.Lock()
	defer e.mu.Unlock()
	r := e.row(index)
	if r == nil {
		return 0, Failure{}, false
	}
	return r.state, r.failure, true
}
