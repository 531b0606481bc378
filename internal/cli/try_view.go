package cli

import (
	"fmt"
	"slices"
	"strings"

	"drydock/client"
	"drydock/internal/procedure"
)

// trialView shows the steps of a trial; what is read again and again is shown
// where it changes.
type trialView struct {
	*session
	dryRun bool
	number int // of the steps that command the device or wait for it
	last   client.TrialStep
}

func (v *trialView) step(s client.TrialStep) {
	again := s.Kind == v.last.Kind && s.Text == v.last.Text && slices.Equal(s.Vars, v.last.Vars)
	if again && (s.Kind == "read" || s.Kind == "transfer") {
		return
	}
	if s.Kind == "read" || s.Kind == "transfer" {
		v.last = s
	}
	switch s.Kind {
	case "set", "command", "cleanup":
		v.number++
		v.line("%2d. SET%s%s", v.number, map[string]string{"set": " (prepares)", "command": " (the command)", "cleanup": " (cleanup, also after a failure)"}[s.Kind], at(s.Line))
		v.vars(s.Vars)
	case "poll", "wait":
		v.number++
		v.line("%2d. %s%s %s", v.number, s.Kind, at(s.Line), s.Text)
	case "read":
		if s.Text != "" {
			v.line("    read: %s", s.Text)
		}
		v.vars(s.Vars)
	case "sent", "refused", "transfer":
		v.line("    %s: %s", s.Kind, s.Text)
	case "note":
		v.line("%s", s.Text)
	case "result":
		v.result(s)
	}
}

func (v *trialView) result(s client.TrialStep) {
	switch {
	case v.dryRun && s.Verdict == procedure.Succeeded && v.number > 0:
		v.line("nothing was set: this was a dry run")
	case s.Verdict == procedure.Succeeded:
		v.line("succeeded%s", after(s.Text))
	case s.Unclear:
		v.line("failed, and may have had its effect all the same: %s%s", s.Cause, after(s.Text))
	default:
		v.line("failed: %s%s", s.Cause, after(s.Text))
	}
	if s.Free > 0 {
		v.line("free: %d octets", s.Free)
	}
	for _, name := range sortedKeys(s.Health) {
		v.line("%s: %s", name, s.Health[name])
	}
}

func after(text string) string {
	if text == "" {
		return ""
	}
	return ": " + text
}

func at(line int) string {
	if line == 0 {
		return ""
	}
	return fmt.Sprintf(" [line %d]", line)
}

func (v *trialView) vars(vars []client.TrialVar) {
	wide := 0
	for _, x := range vars {
		wide = max(wide, len(x.Name)+1)
	}
	for _, x := range vars {
		oid := x.OID
		if oid == x.Name {
			oid = ""
		}
		v.line("    %-*s %s %s %s", wide, x.Name, oid, x.Type, x.Value)
	}
}

func (v *trialView) line(format string, args ...any) {
	fmt.Fprintln(v.Stdout, strings.TrimRight(printable(fmt.Sprintf(format, args...)), " "))
}
