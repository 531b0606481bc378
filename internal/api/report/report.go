// Package report writes the printable report of a campaign: one HTML file
// without anything outside of it, no script, everything from devices escaped.
package report

import (
	"cmp"
	_ "embed"
	"fmt"
	"html/template"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"

	"drydock/internal/fleet/campaign"
	"drydock/internal/procedure"
)

//go:embed report.html
var page string

// Device is a member with the state of its newest run, nil where it had none.
type Device struct {
	campaign.Member
	Run *procedure.State
}

// Write writes the report.
func Write(w io.Writer, c campaign.Campaign, devices []Device) error {
	t, err := template.New("report").Parse(page)
	if err != nil {
		return err
	}
	return t.Execute(w, viewOf(c, devices))
}

type view struct {
	Name, ID, What, Started, Ended, By, Status, Why string
	Figures                                         []figure
	Conservation                                    string
	Lost                                            bool
	Chart                                           chart
	Waves                                           []wave
	Causes                                          []cause
	Open                                            []campaign.Member
	More                                            int
	Rules                                           []rules
	Log                                             []note
}

type figure struct{ Number, Word, Class string }

type wave struct{ Number, Devices, Succeeded, Failed, Other int }

type cause struct {
	Cause procedure.Cause
	Count int
}

type rules struct {
	Rules string
	Count int
}

type note struct{ At, By, What string }

// chart is a step line over time; its coordinates are in the page's SVG.
type chart struct{ Points, Failed, Top, From, Until, Label string }

// listed is how many devices that need somebody the report names.
const listed = 500

func viewOf(c campaign.Campaign, devices []Device) view {
	members := make([]campaign.Member, len(devices))
	for i, d := range devices {
		members[i] = d.Member
	}
	all := campaign.Count(members, nil)
	v := view{Name: c.Spec.Name, ID: string(c.ID), What: string(c.Spec.Goal) + " " + c.Spec.WantedNames() + string(c.Spec.Of), Started: stamp(c.StartedAt), Ended: stamp(c.EndedAt),
		By: c.StartedBy, Status: string(c.Status), Why: c.Why, Chart: chartOf(c, members)}
	v.Figures = []figure{{number(len(members)), "devices", ""}, {number(all.States[campaign.Succeeded]), "succeeded", "good"}}
	for _, s := range campaign.States() {
		if n := all.States[s]; n > 0 && s != campaign.Succeeded {
			class := ""
			if s == campaign.Failed {
				class = "bad"
			}
			v.Figures = append(v.Figures, figure{number(n), string(s), class})
		}
	}
	for i := range c.Sizes {
		t := campaign.Count(members, func(m campaign.Member) bool { return m.Wave == i && m.State != campaign.Blocked })
		w := wave{Number: i + 1, Succeeded: t.States[campaign.Succeeded], Failed: t.States[campaign.Failed]}
		for _, n := range t.States {
			w.Devices += n
		}
		w.Other = w.Devices - w.Succeeded - w.Failed
		v.Waves = append(v.Waves, w)
	}
	for name, n := range all.Causes {
		v.Causes = append(v.Causes, cause{name, n})
	}
	slices.SortFunc(v.Causes, func(a, b cause) int { return cmp.Or(cmp.Compare(b.Count, a.Count), cmp.Compare(a.Cause, b.Cause)) })
	for _, m := range members {
		if m.State == campaign.Failed || m.State == campaign.Offline {
			v.Open = append(v.Open, m)
		}
	}
	v.More = max(0, len(v.Open)-listed)
	v.Open = v.Open[:len(v.Open)-v.More]
	for _, n := range c.Log {
		v.Log = append(v.Log, note{stamp(n.At), cmp.Or(n.By, "drydock"), n.What})
	}
	v.conserve(devices)
	return v
}

// conserve says in one sentence what became of the configurations: of the
// devices whose second backup was compared with what was expected.
func (v *view) conserve(devices []Device) {
	fired := map[string]int{}
	all := map[string]bool{}
	n, carried, changed, lost := 0, 0, 0, 0
	for _, d := range devices {
		if d.Run == nil || d.Run.Comparison == nil {
			continue
		}
		n++
		carried += d.Run.Comparison.Carried
		lost += d.Run.Comparison.Lost + d.Run.Comparison.Changed
		if a := d.Run.Assessment; a != nil {
			changed += a.Changed
			if len(a.Rules) > 0 {
				fired[strings.Join(a.Rules, ", ")]++
			}
			for _, r := range a.Rules {
				all[r] = true
			}
		}
	}
	v.Lost = lost > 0
	v.Conservation = fmt.Sprintf("Configurations of %s devices were compared after the update: %s lines carried, %s of them changed by %s, %s lost.",
		number(n), number(carried), number(changed), rulesOf(len(all)), number(lost))
	for names, k := range fired {
		v.Rules = append(v.Rules, rules{names, k})
	}
	slices.SortFunc(v.Rules, func(a, b rules) int { return cmp.Or(cmp.Compare(b.Count, a.Count), cmp.Compare(a.Rules, b.Rules)) })
}

// chartOf draws how many devices had ended at each time.
func chartOf(c campaign.Campaign, members []campaign.Member) chart {
	var good, bad []time.Time
	for _, m := range members {
		switch m.State {
		case campaign.Succeeded:
			good = append(good, m.At)
		case campaign.Failed:
			bad = append(bad, m.At)
		}
	}
	until := c.StartedAt
	for _, t := range slices.Concat(good, bad) {
		if t.After(until) {
			until = t
		}
	}
	if !until.After(c.StartedAt) {
		return chart{}
	}
	top := max(len(good), len(bad))
	draw := func(times []time.Time) string { return line(times, c.StartedAt, until, top) }
	ch := chart{Points: draw(good), Top: number(top), From: stamp(c.StartedAt), Until: stamp(until),
		Label: fmt.Sprintf("%d devices succeeded and %d failed between %s and %s", len(good), len(bad), stamp(c.StartedAt), stamp(until))}
	if len(bad) > 0 {
		ch.Failed = draw(bad)
	}
	return ch
}

// points bounds how many corners a line has.
const points = 400

func line(times []time.Time, from, until time.Time, top int) string {
	slices.SortFunc(times, time.Time.Compare)
	x := func(t time.Time) float64 { return 50 + 740*float64(t.Sub(from))/float64(until.Sub(from)) }
	y := func(n int) float64 { return 190 - 180*float64(n)/float64(top) }
	out := []string{fmt.Sprintf("%.1f,%.1f", x(from), y(0))}
	every := max(1, len(times)/points)
	for i, t := range times {
		if i%every == 0 || i == len(times)-1 {
			out = append(out, fmt.Sprintf("%.1f,%.1f", x(t), y(i+1)))
		}
	}
	return strings.Join(append(out, fmt.Sprintf("%.1f,%.1f", x(until), y(len(times)))), " ")
}

func stamp(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format("2006-01-02 15:04:05")
}

func rulesOf(n int) string {
	if n == 1 {
		return "1 rule"
	}
	return number(n) + " rules"
}

// number groups the digits: 812,004.
func number(n int) string {
	text := strconv.Itoa(n)
	for i := len(text) - 3; i > 0; i -= 3 {
		text = text[:i] + "," + text[i:]
	}
	return text
}
