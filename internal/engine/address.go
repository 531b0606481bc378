package engine

import (
	"context"
	"net"
	"net/netip"
	"strconv"
	"strings"
	"time"

	"drydock/internal/fault"
)

const snmpPort = 161

// ParseAddress splits HOST[:PORT] of an SNMP agent; the port is 161 if none is
// given. HOST may be a name; a bare IPv6 address needs no brackets.
func ParseAddress(text string) (hostPort string, err error) {
	if addr, err := netip.ParseAddr(text); err == nil {
		return netip.AddrPortFrom(addr, snmpPort).String(), nil
	}
	host, port, err := net.SplitHostPort(text)
	if err != nil {
		host, port = text, strconv.Itoa(snmpPort)
	}
	n, err := strconv.Atoi(port)
	if err != nil || n < 1 || n > 65535 || host == "" {
		return "", fault.New(fault.Invalid, "", "address "+text, "HOST or HOST:PORT is expected, with a port from 1 to 65535")
	}
	if !isHost(host) {
		return "", fault.New(fault.Invalid, "", "address "+text, "%q is neither an IP address nor a host's name", host)
	}
	return net.JoinHostPort(host, port), nil
}

// isHost tells an IP address or a name that can be looked up from a slip: a name
// of digits and dots is an address with a mistake (RFC 3696, section 2).
func isHost(host string) bool {
	if _, err := netip.ParseAddr(host); err == nil {
		return true
	}
	last := host[strings.LastIndexByte(strings.TrimSuffix(host, "."), '.')+1:]
	return len(host) <= 253 && strings.Trim(last, "0123456789.") != "" && !strings.ContainsFunc(host, func(r rune) bool {
		return !(r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '-' || r == '.' || r == '_')
	})
}

// lookupTimeout bounds a name's resolution.
const lookupTimeout = 10 * time.Second

// resolve finds the address of an agent.
func resolve(ctx context.Context, text string) (netip.AddrPort, error) {
	hostPort, err := ParseAddress(text)
	if err != nil {
		return netip.AddrPort{}, err
	}
	if ap, err := netip.ParseAddrPort(hostPort); err == nil {
		return ap, nil
	}
	host, port, _ := net.SplitHostPort(hostPort)
	ctx, cancel := context.WithTimeout(ctx, lookupTimeout)
	defer cancel()
	addrs, err := net.DefaultResolver.LookupNetIP(ctx, "ip", host)
	if err != nil || len(addrs) == 0 {
		return netip.AddrPort{}, fault.New(fault.Unavailable, "", "address "+text, "the name has no address: %w", err)
	}
	n, _ := strconv.Atoi(port)
	return netip.AddrPortFrom(addrs[0].Unmap(), uint16(n)), nil
}

// serverAddress is where the device reaches this server: as configured, or the
// local address that the kernel sends from on the way to the device.
func (e *Engine) serverAddress(device netip.AddrPort) (netip.Addr, error) {
	if e.ServerAddress.IsValid() {
		return e.ServerAddress, nil
	}
	conn, err := net.DialUDP("udp", nil, net.UDPAddrFromAddrPort(device)) // sends nothing
	if err != nil {
		return netip.Addr{}, fault.New(fault.Unavailable, "", "device "+device.String(), "there is no route to it: %w", err).
			WithHint("give --server-address, or look at the routes of this machine")
	}
	defer conn.Close()
	return conn.LocalAddr().(*net.UDPAddr).AddrPort().Addr().Unmap(), nil
}
