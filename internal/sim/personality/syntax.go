package personality

import (
	"slices"
	"strings"
)

// views splits a configuration in VRP's syntax into its views: the lines
// between two "#", the first of which names the view.
func views(text string) (all [][]string) {
	var view []string
	for line := range strings.Lines(text + "#\n") {
		if line = strings.TrimRight(line, "\r\n"); line != "#" && line != "return" {
			view = append(view, line)
			continue
		}
		if len(view) > 0 {
			all = append(all, view)
		}
		view = nil
	}
	return all
}

// merged is a configuration with another executed on it, view by view; "undo"
// takes away.
func merged(running, more string) string {
	all := views(running)
	for _, view := range views(more) {
		at := slices.IndexFunc(all, func(have []string) bool { return have[0] == view[0] })
		if at < 0 {
			all = append(all, view)
			continue
		}
		for _, line := range view[1:] {
			if gone, ok := strings.CutPrefix(strings.TrimSpace(line), "undo "); ok {
				all[at] = slices.DeleteFunc(all[at], func(have string) bool { return strings.HasPrefix(strings.TrimSpace(have), gone) })
			} else if !slices.Contains(all[at], line) {
				all[at] = append(all[at], line)
			}
		}
	}
	var out strings.Builder
	for _, view := range all {
		out.WriteString("#\n" + strings.Join(view, "\n") + "\n")
	}
	return out.String() + "#\nreturn\n"
}
