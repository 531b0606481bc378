package migrate

import (
	"fmt"
	"net/netip"
	"regexp"

	"go.starlark.net/starlark"
	"go.starlark.net/starlarkstruct"
	"go.starlark.net/syntax"
)

type syntaxToken = syntax.Token

const (
	tokenEqual   = syntax.EQL
	tokenUnequal = syntax.NEQ
)

// scriptContext is what a script's function is given first.
type scriptContext struct {
	x    *scriptCall
	caps captures
}

// String, Type, Freeze, Truth and Hash are part of starlark.Value.
func (c *scriptContext) String() string        { return "context" }
func (c *scriptContext) Type() string          { return "context" }
func (c *scriptContext) Freeze()               {}
func (c *scriptContext) Truth() starlark.Bool  { return true }
func (c *scriptContext) Hash() (uint32, error) { return 0, fmt.Errorf("a context is not hashable") }

// AttrNames is part of starlark.HasAttrs.
func (c *scriptContext) AttrNames() []string {
	return []string{"captures", "find", "finding", "first", "match", "root"}
}

// Attr is part of starlark.HasAttrs.
func (c *scriptContext) Attr(name string) (starlark.Value, error) {
	root := c.x.handle(&c.x.p.d.root)
	switch name {
	case "root":
		return root, nil
	case "captures":
		return dictOf(c.caps), nil
	case "find", "match", "first":
		return root.Attr(name)
	case "finding":
		return starlark.NewBuiltin(name, c.finding), nil
	}
	return nil, nil
}

func (c *scriptContext) finding(_ *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	var at starlark.Value
	var severity, message string
	if err := starlark.UnpackArgs(b.Name(), args, kwargs, "node", &at, "severity", &severity, "message", &message); err != nil {
		return nil, err
	}
	switch Severity(severity) {
	case Info, Warning, Manual:
	default:
		return nil, fmt.Errorf("finding: severity %q: info, warning or manual is expected", severity)
	}
	var n *node
	switch at := at.(type) {
	case *scriptNode:
		n = at.n
	case starlark.NoneType:
	default:
		return nil, fmt.Errorf("finding: a node or None is expected")
	}
	c.x.finding(n, Severity(severity), message)
	return starlark.None, nil
}

// scriptBuiltins are what scripts have besides Starlark's own functions.
func scriptBuiltins() starlark.StringDict {
	return starlark.StringDict{
		"re_match":    starlark.NewBuiltin("re_match", reMatch),
		"re_sub":      starlark.NewBuiltin("re_sub", reSub),
		"ip_network":  starlark.NewBuiltin("ip_network", ipNetwork),
		"ip_contains": starlark.NewBuiltin("ip_contains", ipContains),
		"ip_add":      starlark.NewBuiltin("ip_add", ipAdd),
		"struct":      starlark.NewBuiltin("struct", starlarkstruct.Make),
	}
}

// regexps are expressions that scripts have used, compiled.
type regexps struct{ compiled map[string]*regexp.Regexp }

// A thread knows its regexps by this name.
const threadRegexps = "regexps"

func (r *regexps) in(thread *starlark.Thread) { thread.SetLocal(threadRegexps, r) }

func compiled(thread *starlark.Thread, expr string) (*regexp.Regexp, error) {
	r, ok := thread.Local(threadRegexps).(*regexps)
	if !ok {
		return regexp.Compile(expr)
	}
	if re := r.compiled[expr]; re != nil {
		return re, nil
	}
	re, err := regexp.Compile(expr)
	if err != nil {
		return nil, err
	}
	const most = 1000 // a script may make expressions of values
	if r.compiled == nil || len(r.compiled) == most {
		r.compiled = map[string]*regexp.Regexp{}
	}
	r.compiled[expr] = re
	return re, nil
}

// reMatch gives the groups of the first match, the whole one first, or None.
func reMatch(thread *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	var expr, text string
	if err := starlark.UnpackPositionalArgs(b.Name(), args, kwargs, 2, &expr, &text); err != nil {
		return nil, err
	}
	re, err := compiled(thread, expr)
	if err != nil {
		return nil, err
	}
	groups := re.FindStringSubmatch(text)
	if groups == nil {
		return starlark.None, nil
	}
	return tupleOf(groups), nil
}

func reSub(thread *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	var expr, with, text string
	if err := starlark.UnpackPositionalArgs(b.Name(), args, kwargs, 3, &expr, &with, &text); err != nil {
		return nil, err
	}
	re, err := compiled(thread, expr)
	if err != nil {
		return nil, err
	}
	return starlark.String(re.ReplaceAllString(text, with)), nil
}

// prefixOf reads a prefix, or an address as its own prefix.
func prefixOf(text string) (netip.Prefix, error) {
	if p, err := netip.ParsePrefix(text); err == nil {
		return p, nil
	}
	a, err := netip.ParseAddr(text)
	if err != nil {
		return netip.Prefix{}, fmt.Errorf("%q is neither an address nor a prefix", text)
	}
	return netip.PrefixFrom(a, a.BitLen()), nil
}

// ipNetwork gives what can be said of a prefix; None where text is none.
func ipNetwork(_ *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	var text string
	if err := starlark.UnpackPositionalArgs(b.Name(), args, kwargs, 1, &text); err != nil {
		return nil, err
	}
	p, err := prefixOf(text)
	if err != nil {
		return starlark.None, nil
	}
	network, version := p.Masked().Addr(), 6
	if network.Is4() {
		version = 4
	}
	last := network.AsSlice()
	mask := make([]byte, len(last))
	for i := range p.Bits() {
		mask[i/8] |= 0x80 >> (i % 8)
	}
	for i := range last {
		last[i] |= ^mask[i]
	}
	return starlarkstruct.FromStringDict(starlarkstruct.Default, starlark.StringDict{
		"address": starlark.String(p.Addr().String()), "network": starlark.String(network.String()), "prefixlen": starlark.MakeInt(p.Bits()),
		"netmask": starlark.String(addrOf(mask).String()), "broadcast": starlark.String(addrOf(last).String()), "version": starlark.MakeInt(version),
	}), nil
}

func addrOf(raw []byte) netip.Addr {
	a, _ := netip.AddrFromSlice(raw) // 4 or 16 bytes, from an address
	return a
}

func ipContains(_ *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	var network, inside string
	if err := starlark.UnpackPositionalArgs(b.Name(), args, kwargs, 2, &network, &inside); err != nil {
		return nil, err
	}
	p, err := prefixOf(network)
	if err != nil {
		return nil, err
	}
	in, err := prefixOf(inside)
	if err != nil {
		return nil, err
	}
	return starlark.Bool(p.Contains(in.Addr()) && in.Bits() >= p.Bits()), nil
}

func ipAdd(_ *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	var text string
	var by int
	if err := starlark.UnpackPositionalArgs(b.Name(), args, kwargs, 2, &text, &by); err != nil {
		return nil, err
	}
	a, err := netip.ParseAddr(text)
	if err != nil {
		return nil, err
	}
	raw, carry := a.AsSlice(), by
	for i := len(raw) - 1; i >= 0; i-- {
		carry += int(raw[i])
		raw[i] = byte(carry)
		carry >>= 8
	}
	if carry != 0 {
		return nil, fmt.Errorf("ip_add: there is no address %d after %s", by, text)
	}
	return starlark.String(addrOf(raw).String()), nil
}
