package equipment

import "slices"

// Memory is what of an Equipment must outlive its process: the operation table
// and how often it has started. Passwords are not in it.
type Memory struct {
	Boots uint32      `json:"boots"` // snmpEngineBoots of the newest process
	Rows  []RowMemory `json:"rows,omitempty"`
}

// RowMemory is one row of deOperationTable.
type RowMemory struct {
	Index       uint32   `json:"index"`
	Type        Type     `json:"type"`
	Protocol    Protocol `json:"protocol"`
	AddressType int      `json:"addressType"`
	Address     []byte   `json:"address,omitempty"`
	Port        uint16   `json:"port,omitempty"`
	Names       string   `json:"names,omitempty"`
	User        string   `json:"user,omitempty"`
	Digests     string   `json:"digests,omitempty"`
	State       State    `json:"state"`
	Progress    int      `json:"progress,omitempty"`
	Cause       Cause    `json:"cause,omitempty"`
	Text        string   `json:"text,omitempty"`
}

// row makes a row of what was remembered.
func (m RowMemory) row() *row {
	r := newRow(m.Index)
	r.Type, r.Server.Protocol, r.Server.User = m.Type, m.Protocol, m.User
	r.addressType, r.address, r.port = m.AddressType, string(m.Address), m.Port
	r.names, r.digests = m.Names, m.Digests
	r.state, r.progress, r.failure = m.State, m.Progress, Failure{Cause: m.Cause, Text: m.Text}
	r.complete() // fills in the order
	return r
}

// remember makes rows and boots durable. The lock is held.
func (e *Equipment) remember() error {
	if e.opts.Remember == nil {
		return nil
	}
	return e.opts.Remember(e.memory())
}

// Remember makes what must outlive the process durable: at the start, so that
// no two processes have the same snmpEngineBoots.
func (e *Equipment) Remember() error {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.remember()
}

func (e *Equipment) memory() Memory {
	m := Memory{Boots: e.boots}
	for _, r := range e.rows {
		m.Rows = append(m.Rows, RowMemory{Index: r.Index, Type: r.Type, Protocol: r.Server.Protocol, AddressType: r.addressType, Address: []byte(r.address),
			Port: r.port, Names: r.names, User: r.Server.User, Digests: r.digests, State: r.state, Progress: r.progress, Cause: r.failure.Cause,
			Text: r.failure.Text})
	}
	return m
}

// snapshot gives a function that puts the table back to what it is now.
func (e *Equipment) snapshot() (restore func()) {
	if e.opts.Remember == nil {
		return func() {} // nothing can fail
	}
	rows := slices.Clone(e.rows)
	values := make([]row, len(rows))
	for i, r := range rows {
		values[i] = *r
	}
	return func() {
		e.rows = rows
		for i := range rows {
			*rows[i] = values[i]
		}
	}
}
