package access

import (
	"slices"
	"strings"

	"drydock/internal/fault"
)

// Scope selects devices by their labels: "site=north,tier=edge" are those that
// have both. It is kept with its labels sorted, each key once.
type Scope string

// Everywhere is the scope of the whole fleet.
const Everywhere Scope = ""

// Label is one label that a scope asks for.
type Label struct{ Key, Value string }

// ParseScope reads a scope as a person writes it.
func ParseScope(text string) (Scope, error) {
	if strings.TrimSpace(text) == "" {
		return Everywhere, nil
	}
	var labels []Label
	for part := range strings.SplitSeq(text, ",") {
		key, value, ok := strings.Cut(part, "=")
		key, value = strings.TrimSpace(key), strings.TrimSpace(value)
		if !ok || key == "" || value == "" {
			return Everywhere, fault.New(fault.Invalid, "", "scope", "%q: key=value is expected, more than one with commas", text)
		}
		labels = append(labels, Label{key, value})
	}
	scope, ok := scopeOf(labels)
	if !ok {
		return Everywhere, fault.New(fault.Invalid, "", "scope", "%q: a device has one value a key, so nothing lies in this scope", text)
	}
	return scope, nil
}

// scopeOf writes labels as a scope; not ok if they contradict each other.
func scopeOf(labels []Label) (scope Scope, ok bool) {
	slices.SortFunc(labels, func(a, b Label) int {
		return strings.Compare(a.Key+"\x00"+a.Value, b.Key+"\x00"+b.Value)
	})
	labels = slices.Compact(labels)
	parts := make([]string, len(labels))
	for i, l := range labels {
		if i > 0 && labels[i-1].Key == l.Key {
			return Everywhere, false
		}
		parts[i] = l.Key + "=" + l.Value
	}
	return Scope(strings.Join(parts, ",")), true
}

// Labels gives the labels that the scope asks for.
func (s Scope) Labels() (labels []Label) {
	if s == Everywhere {
		return nil
	}
	for part := range strings.SplitSeq(string(s), ",") {
		key, value, _ := strings.Cut(part, "=")
		labels = append(labels, Label{key, value})
	}
	return labels
}

// Contains says whether a device with these labels lies in the scope.
func (s Scope) Contains(labels map[string]string) bool {
	for _, l := range s.Labels() {
		if value, ok := labels[l.Key]; !ok || value != l.Value {
			return false
		}
	}
	return true
}

// and gives what lies in both scopes; not ok if nothing can.
func (s Scope) and(other Scope) (both Scope, ok bool) {
	return scopeOf(append(s.Labels(), other.Labels()...))
}

// ParseGrant reads ROLE or ROLE:SCOPE, as "operator:site=north".
func ParseGrant(text string) (Grant, error) {
	role, rest, scoped := strings.Cut(text, ":")
	scope, err := ParseScope(rest)
	if err == nil && scoped && scope == Everywhere {
		err = fault.New(fault.Invalid, "", "scope", "%q: there is no scope after the colon", text)
	}
	if err != nil {
		return Grant{}, err
	}
	g := Grant{Role: Role(strings.TrimSpace(role)), Scope: scope}
	return g, g.Check()
}
