package engine

import (
	"cmp"
	"context"
	"errors"
	"net/netip"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"drydock/internal/driver"
	"drydock/internal/fault"
	"drydock/internal/fleet"
	"drydock/internal/procedure"
	"drydock/internal/snmp"
	"drydock/internal/store"
)

// Bounds of a discovery.
const (
	maxSweep       = 1 << 16 // addresses in one
	maxSweepRate   = 1000    // addresses a second
	sweepPatience  = time.Second
	sweepAtOnce    = 256
	sweepIdentify  = 20 * time.Second // reading a device's identity with its driver
	defaultRate    = 50
	maxCredentials = 16
)

// Sweep says where to look for equipment, and with which credentials.
type Sweep struct {
	Prefixes    []netip.Prefix
	Port        uint16              // of the SNMP agents; 0: 161
	Credentials []fleet.Credentials // tried in this order, each once an address
	Rate        int                 // addresses a second, 1 to 1,000; 0: 50
}

// Found is equipment that has answered.
type Found struct {
	Address     netip.AddrPort
	Credentials int // index of those that it answered to
	SysObjectID string
	SysDescr    string
	SysName     string
	Driver      string // "" = no driver fits
	Identity    fleet.Identity
	Model       string
	Version     string
	Known       fleet.DeviceID // the device of the fleet that has this address; "" = none
	Problem     string         // why the driver could not read more
}

// Swept says how far a discovery has come.
type Swept struct {
	Asked, Total int
	Found        *Found // nil: none this time
}

// addresses lists the addresses of a sweep. The error is fault.Invalid.
func (s *Sweep) addresses() ([]netip.Addr, error) {
	var all []netip.Addr
	seen := map[netip.Addr]bool{}
	for _, p := range s.Prefixes {
		host := p.Addr().BitLen() - p.Bits()
		if host > 16 {
			return nil, fault.New(fault.Invalid, "", "network "+p.String(), "it has more than %d addresses", maxSweep).
				WithHint("look into smaller networks, a /16 of IPv4 at most")
		}
		p = p.Masked()
		for a := p.Addr(); p.Contains(a); a = a.Next() {
			edge := host > 1 && a.Is4() && (a == p.Addr() || !p.Contains(a.Next())) // network and broadcast
			if !edge && !seen[a] {
				seen[a] = true
				all = append(all, a)
			}
		}
	}
	switch {
	case len(all) == 0:
		return nil, fault.New(fault.Invalid, "", "", "no network is named")
	case len(all) > maxSweep:
		return nil, fault.New(fault.Invalid, "", "", "%d addresses; at most %d are asked in one discovery", len(all), maxSweep)
	}
	return all, nil
}

// check completes a sweep and says what is wrong with it.
func (s *Sweep) check() error {
	if s.Port == 0 {
		s.Port = 161
	}
	if s.Rate == 0 {
		s.Rate = defaultRate
	}
	if s.Rate < 1 || s.Rate > maxSweepRate {
		return fault.New(fault.Invalid, "", "", "a rate of %d addresses a second; 1 to %d are possible", s.Rate, maxSweepRate)
	}
	if n := len(s.Credentials); n == 0 || n > maxCredentials {
		return fault.New(fault.Invalid, "", "", "%d credentials; 1 to %d are tried", n, maxCredentials)
	}
	return nil
}

// Discover asks every address of a sweep who is there, not faster than its
// rate, and reads the identity of what has a driver. It only reads. tell is
// called for each address, by one goroutine at a time, until ctx ends.
func (e *Engine) Discover(ctx context.Context, s Sweep, tell func(Swept)) error {
	if err := s.check(); err != nil {
		return err
	}
	all, err := s.addresses()
	if err != nil {
		return err
	}
	known, err := e.knownAddresses(ctx)
	if err != nil {
		return err
	}
	found := make(chan *Found)
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error { return e.sweep(ctx, s, all, known, found) })
	for asked := 1; asked <= len(all); asked++ {
		select {
		case f := <-found:
			tell(Swept{asked, len(all), f})
		case <-ctx.Done():
			return group.Wait()
		}
	}
	return group.Wait()
}

// knownAddresses gives the fleet by address.
func (e *Engine) knownAddresses(ctx context.Context) (map[netip.AddrPort]fleet.DeviceID, error) {
	list, err := e.Store.Devices(ctx, store.DeviceFilter{})
	if err != nil {
		return nil, err
	}
	known := map[netip.AddrPort]fleet.DeviceID{}
	for _, d := range list {
		if at, err := netip.ParseAddrPort(d.Address); err == nil {
			known[at] = d.ID
		} else if a, err := netip.ParseAddr(d.Address); err == nil {
			known[netip.AddrPortFrom(a, 161)] = d.ID
		}
	}
	return known, nil
}

// sweep asks the addresses at the wanted rate.
func (e *Engine) sweep(ctx context.Context, s Sweep, all []netip.Addr, known map[netip.AddrPort]fleet.DeviceID, found chan<- *Found) error {
	tick := time.NewTicker(time.Second / time.Duration(s.Rate))
	defer tick.Stop()
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(sweepAtOnce)
	for _, a := range all {
		select {
		case <-tick.C:
		case <-ctx.Done():
			return group.Wait()
		}
		at := netip.AddrPortFrom(a, s.Port)
		group.Go(func() error {
			f := e.ask(ctx, s, at)
			if f != nil {
				f.Known = known[at]
			}
			select {
			case found <- f:
			case <-ctx.Done():
			}
			return ctx.Err()
		})
	}
	return group.Wait()
}

// ask tries the credentials on one address; nil = nobody answered. An agent
// that has answered but takes none of them is there all the same.
func (e *Engine) ask(ctx context.Context, s Sweep, at netip.AddrPort) *Found {
	var refused *Found
	var pdu *snmp.PDUError
	for i, c := range s.Credentials {
		f, err := e.greet(ctx, at, c)
		switch {
		case err == nil:
			f.Credentials = i
			return f
		case refused == nil && (fault.Is(err, fault.Denied) || errors.As(err, &pdu)):
			refused = &Found{Address: at, Credentials: i, Problem: err.Error()}
		}
	}
	return refused
}

// The objects that every agent has (RFC 3418).
const (
	oidSysDescr    = "1.3.6.1.2.1.1.1.0"
	oidSysObjectID = "1.3.6.1.2.1.1.2.0"
	oidSysName     = "1.3.6.1.2.1.1.5.0"
)

func (e *Engine) greet(ctx context.Context, at netip.AddrPort, c fleet.Credentials) (*Found, error) {
	session, err := snmp.Dial(ctx, snmp.Target{Address: at, Pool: &e.buffers, Credentials: snmp.Credentials(c), Timeout: sweepPatience, Retries: 1, OnDemand: true, AnySource: true})
	if err != nil {
		return nil, err
	}
	defer session.Close()
	oids, err := parseOIDs([]string{oidSysDescr, oidSysObjectID, oidSysName})
	if err != nil {
		return nil, err
	}
	vars, err := session.Get(ctx, oids...)
	if err != nil {
		return nil, err
	}
	f := &Found{Address: at}
	for _, v := range vars {
		value := fromSNMP(v)
		text := cmp.Or(value.Text, string(value.Bytes))
		switch strings.TrimPrefix(v.OID.String(), ".") {
		case oidSysDescr:
			f.SysDescr = text
		case oidSysObjectID:
			f.SysObjectID = strings.TrimPrefix(text, ".")
		case oidSysName:
			f.SysName = text
		}
	}
	if d, _ := e.Drivers.Match(f.SysObjectID, f.SysDescr); d != nil {
		f.Driver = d.Name()
		e.readIdentity(ctx, session, d, f)
	}
	return f, nil
}

// readIdentity has the driver read who the device is.
func (e *Engine) readIdentity(ctx context.Context, session *snmp.Session, d *driver.Driver, f *Found) {
	ctx, cancel := context.WithTimeout(ctx, sweepIdentify)
	defer cancel()
	t := &task{Engine: e, log: e.Log.With("peer", f.Address), driver: d, address: f.Address, session: session, report: func(procedure.Event) {},
		hold: &hold{wake: make(chan struct{}, 1), grants: map[string]*file{}, seen: map[string]driver.Transfer{}}}
	r := t.drive(ctx, driver.Identify, driver.Perform, driver.Inputs{Deadline: e.Now().Add(sweepIdentify)})
	if r.Observed == nil {
		f.Problem = r.Detail
		return
	}
	f.Identity, f.Model, f.Version = r.Observed.Identity, r.Observed.Model, r.Observed.Version
}
