package api

import (
	"net/netip"
	"slices"
	"strings"

	"github.com/danielgtaylor/huma/v2"
)

// client gives the address that a request comes from, and whether it came over
// TLS all the way. What a proxy says of that counts where the proxy is trusted;
// what anybody else says does not.
func (s *server) client(ctx huma.Context) (address string, secure bool) {
	address, secure = hostOf(ctx.RemoteAddr()), ctx.TLS() != nil
	if !s.isProxy(address) {
		return address, secure
	}
	secure = strings.EqualFold(strings.TrimSpace(ctx.Header("X-Forwarded-Proto")), "https")
	// each proxy adds whom it heard from at the end: the last that is no proxy
	// is the first that nobody trusted could have made up
	var hops []string
	ctx.EachHeader(func(name, value string) {
		if strings.EqualFold(name, "X-Forwarded-For") {
			hops = append(hops, strings.Split(value, ",")...)
		}
	})
	for _, hop := range slices.Backward(hops) {
		a, err := netip.ParseAddr(strings.TrimSpace(hop))
		if err != nil {
			return address, secure
		}
		if address = a.Unmap().String(); !s.isProxy(address) {
			return address, secure
		}
	}
	return address, secure
}

func (s *server) isProxy(address string) bool {
	a, err := netip.ParseAddr(address)
	return err == nil && slices.ContainsFunc(s.Proxies, func(p netip.Prefix) bool { return p.Contains(a.Unmap()) })
}
