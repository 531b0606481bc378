package snmp

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"slices"
	"sync"
	"time"
)

// wire is a session's socket as gosnmp sees it. It knows what is on its way:
// gosnmp tells neither whether a request went out nor whether the agent
// reported that it did not process it, sends a request again to any engine
// that names itself, takes a report for whatever request, gives up at the
// first datagram that it cannot read, and waits on after its context was
// cancelled.
type wire struct {
	*net.UDPConn
	version int
	level   byte // of security, as msgFlags: of all but discovery and reports

	mu  sync.Mutex // owns now
	now *underWay  // never nil
	src netip.Addr // of the last answer; invalid before it
}

// underWay is one request with all its attempts.
type underWay struct {
	pinned    string // the engine that it must go to; "": any
	ids       []int32
	effective int    // messages sent that may have an effect, so not discovery
	told      uint32 // what the agent reported of the last one sent, below usmStats
	isTold    bool
	refused   error // why a message was not sent
	cancelled bool
}

func newWire(conn *net.UDPConn, c Credentials) *wire {
	w := &wire{UDPConn: conn, now: &underWay{}}
	if c.Version == "v3" {
		flags, _ := security(c)
		w.level = byte(flags) & levelFlags
	}
	for _, v := range []int{version1, version2c, version3} {
		if versionName(v) == c.Version {
			w.version = v
		}
	}
	return w
}

// begin starts a request; end is called when it is over.
func (w *wire) begin(ctx context.Context, pinned string) (end func()) {
	u := &underWay{pinned: pinned}
	w.mu.Lock()
	w.now = u
	w.mu.Unlock()
	stop := context.AfterFunc(ctx, func() {
		w.mu.Lock()
		defer w.mu.Unlock()
		u.cancelled = true
		if w.now == u {
			_ = w.UDPConn.SetDeadline(time.Unix(1, 0)) // wakes the reader
		}
	})
	return func() { stop() }
}

// mayHaveTaken says whether the request went out and the agent did not report
// that it left it alone.
func (w *wire) mayHaveTaken() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.now.effective > 0 && !w.now.isTold
}

// messages says how many of the request went out, discovery not among them.
func (w *wire) messages() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.now.effective
}

// report gives what the agent reported of the last message, below usmStats;
// 0 for a report that is not of usmStats.
func (w *wire) report() (stat uint32, ok bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.now.told, w.now.isTold
}

// refusal is why a message was not sent, or nil.
func (w *wire) refusal() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.now.refused
}

// SetDeadline keeps a cancelled request from being waited for.
func (w *wire) SetDeadline(t time.Time) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.now.cancelled {
		t = time.Unix(1, 0)
	}
	return w.UDPConn.SetDeadline(t)
}

var (
	errWeaker = errors.New("the message is not of the version or the security that was asked for")
	errEngine = errors.New("another SNMP engine answers than the one that this session began with")
)

// Write sends to the session's peer.
func (w *wire) Write(b []byte) (int, error) {
	if err := w.sending(b); err != nil {
		return 0, err
	}
	return w.UDPConn.Write(b)
}

// WriteTo is Write on a socket that hears any source.
func (w *wire) WriteTo(b []byte, to net.Addr) (int, error) {
	if err := w.sending(b); err != nil {
		return 0, err
	}
	return w.UDPConn.WriteTo(b, to)
}

// sending judges a message before it goes out.
func (w *wire) sending(b []byte) error {
	m, err := decodeMessage(b)
	if err != nil {
		return err
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	u := w.now
	discovery := m.Version == version3 && len(m.USM.EngineID) == 0
	switch {
	case m.Version != w.version, !discovery && m.Flags&levelFlags != w.level:
		u.refused = errWeaker // RELIABILITY.md T19
	case u.pinned != "" && !discovery && string(m.USM.EngineID) != u.pinned:
		u.refused = errEngine // RELIABILITY.md F8, I6
	}
	if u.refused != nil {
		return u.refused
	}
	u.ids = append(u.ids, m.id())
	if !discovery {
		u.effective++
		u.isTold = false
	}
	return nil
}

// id is what a response has in common with its request.
func (m *message) id() int32 {
	if m.Version == version3 {
		return m.MsgID
	}
	return m.PDU.RequestID
}

// Read and ReadFrom give the next datagram that belongs to the request.
func (w *wire) Read(b []byte) (int, error) {
	n, _, err := w.ReadFrom(b)
	return n, err
}

func (w *wire) ReadFrom(b []byte) (int, net.Addr, error) {
	for {
		n, from, err := w.UDPConn.ReadFrom(b)
		if err != nil {
			return n, from, err
		}
		if w.belongs(b[:n]) {
			w.heard(from)
			return n, from, nil
		}
	}
}

// heard notes where an answer came from.
func (w *wire) heard(from net.Addr) {
	if udp, ok := from.(*net.UDPAddr); ok {
		w.mu.Lock()
		defer w.mu.Unlock()
		w.src = udp.AddrPort().Addr().Unmap()
	}
}

// belongs says whether a datagram is a response to the request under way.
func (w *wire) belongs(b []byte) bool {
	m, err := decodeMessage(b)
	if err != nil || m.Version != w.version {
		return false
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	u := w.now
	clear := m.encrypted == nil
	isReport := clear && m.PDU.Type == pduReport
	switch {
	case !slices.Contains(u.ids, m.id()): // RFC 3412 section 7.2, step 10
		return false
	case m.Flags&levelFlags != w.level && !isReport: // RFC 3412 section 7.2, step 12
		return false
	case isReport && u.effective > 0:
		u.told, u.isTold = 0, true
		if v := m.PDU.Varbinds; len(v) == 1 && v[0].OID.HasPrefix(usmStats) && len(v[0].OID) > len(usmStats) {
			u.told = v[0].OID[len(usmStats)]
		}
	}
	return true
}
