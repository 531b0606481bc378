package cli

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"drydock/client"
	"drydock/internal/fleet"
	"drydock/internal/procedure"
)

// questionGroup are the open questions of one step and cause: one answer will
// often do for all of them.
type questionGroup struct {
	Step      procedure.Step     `json:"step"`
	Cause     procedure.Cause    `json:"cause"`
	Devices   int                `json:"devices"`
	Samples   []fleet.DeviceID   `json:"samples"` // the first few
	AskedAt   time.Time          `json:"askedAt"` // the oldest of them
	Choices   []procedure.Choice `json:"choices"` // those that each of them allows
	Questions []string           `json:"questions"`
}

// groupSamples is how many devices a group names.
const groupSamples = 3

// groupQuestions puts open questions together that have the same step and
// cause, the largest group first. Questions are in the order of their asking.
func groupQuestions(list []client.Question) []questionGroup {
	groups := []questionGroup{}
	for _, q := range list {
		if !q.Open {
			continue
		}
		i := slices.IndexFunc(groups, func(g questionGroup) bool { return g.Step == q.Step && g.Cause == q.Cause })
		if i < 0 {
			i = len(groups)
			groups = append(groups, questionGroup{Step: q.Step, Cause: q.Cause, AskedAt: q.AskedAt, Choices: slices.Clone(q.Choices)})
		}
		g := &groups[i]
		g.Devices++ // a device has one active run, and that one question
		g.Questions = append(g.Questions, q.ID)
		g.Choices = slices.DeleteFunc(g.Choices, func(c procedure.Choice) bool { return !slices.Contains(q.Choices, c) })
		if len(g.Samples) < groupSamples {
			g.Samples = append(g.Samples, q.Device)
		}
	}
	slices.SortStableFunc(groups, func(a, b questionGroup) int { return cmp.Compare(b.Devices, a.Devices) })
	return groups
}

// printGroups writes "12 devices: backup timed out", and how to answer.
func printGroups(w *tabwriter.Writer, groups []questionGroup) {
	row(w, "WHAT", "OLDEST WAITS", "AS ON", "ANSWER ALL WITH")
	for _, g := range groups {
		var names []string
		for _, id := range g.Samples {
			names = append(names, string(id))
		}
		row(w, fmt.Sprintf("%s: %s %s", count(g.Devices, "device"), g.Step, causeText(g.Cause)), time.Since(g.AskedAt).Round(time.Second),
			strings.Join(names, ", "), fmt.Sprintf("drydock question answer --all --step %s --cause %s %s", g.Step, g.Cause, choices(g.Choices)))
	}
}

// causeText says a cause after the step that it befell: "backup" "timed out".
func causeText(c procedure.Cause) string {
	texts := map[procedure.Cause]string{
		procedure.DeviceFailed: "failed on the device", procedure.Refused: "was refused", procedure.Timeout: "timed out",
		procedure.NoAnswer: "had no answer", procedure.TransferFailed: "had a broken transfer",
	}
	if text, ok := texts[c]; ok {
		return text
	}
	return strings.ReplaceAll(string(c), "-", " ")
}
