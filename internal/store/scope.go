package store

import (
	"strings"

	"drydock/internal/access"
)

// within keeps the rows whose device, named by the column, lies in one of the
// scopes; nil keeps all, and no scope keeps none. A device that is not there
// any more lies nowhere but in the whole fleet.
func (f *selection) within(column string, scopes []access.Scope) {
	if scopes == nil {
		return
	}
	var either []string
	var args []any
	for _, scope := range scopes {
		if scope == access.Everywhere {
			return
		}
		var all []string
		for _, l := range scope.Labels() {
			all = append(all, "EXISTS (SELECT 1 FROM device_label s WHERE s.device = "+column+" AND s.key = ? AND s.value = ?)")
			args = append(args, l.Key, l.Value)
		}
		either = append(either, strings.Join(all, " AND "))
	}
	if len(either) == 0 {
		f.and("1 = 0")
		return
	}
	f.and("("+strings.Join(either, " OR ")+")", args...)
}
