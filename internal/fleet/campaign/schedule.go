package campaign

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"drydock/internal/fault"
	"drydock/internal/procedure"
)

// Schedule says when devices may be changed, on the clock of where each is.
type Schedule struct {
	Windows   []Window `json:"windows,omitempty" doc:"none: at any time"`
	BlackOut  []string `json:"blackOut,omitempty" doc:"dates on which no window opens, as 2026-12-24"`
	Zone      string   `json:"zone,omitempty" doc:"IANA name, as Europe/Berlin, of devices that have no label; default UTC"`
	ZoneLabel string   `json:"zoneLabel,omitempty" doc:"label that names a device's time zone; default timezone"`
	Takes     Duration `json:"takes,omitempty" doc:"how long a run needs: it is not started where less is left; default 30m"`
	Ask       bool     `json:"ask,omitempty" doc:"a run that would load too late asks instead of waiting for the next window"`
	NotBefore string   `json:"notBefore,omitempty" format:"date-time" doc:"the campaign starts no device before"`
}

// Window is a time of day on some days of the week.
type Window struct {
	Days []string `json:"days,omitempty" doc:"mon to sun; none: every day"`
	From string   `json:"from" pattern:"^[0-2][0-9]:[0-5][0-9]$" doc:"as 01:00"`
	To   string   `json:"to" pattern:"^[0-2][0-9]:[0-5][0-9]$" doc:"as 05:00; before from: on the next day"`
}

// DefaultZoneLabel is the label that names a device's time zone.
const DefaultZoneLabel = "timezone"

func days() []string { return []string{"sun", "mon", "tue", "wed", "thu", "fri", "sat"} }

func (s Schedule) check() error {
	wrong := func(where, format string, args ...any) error {
		return fault.New(fault.Invalid, "", "campaign "+where, format, args...)
	}
	for i, w := range s.Windows {
		if err := w.check(s.Takes); err != nil {
			return wrong(fmt.Sprintf("window %d", i+1), "%w", err)
		}
	}
	for _, d := range s.BlackOut {
		if _, err := time.Parse(time.DateOnly, d); err != nil {
			return wrong("black-out "+d, "a date as 2026-12-24 is expected")
		}
	}
	if s.NotBefore != "" {
		if _, err := time.Parse(time.RFC3339, s.NotBefore); err != nil {
			return wrong("notBefore", "%q; a time as 2026-12-24T22:00:00Z is expected", s.NotBefore)
		}
	}
	return nil
}

func (w Window) check(takes Duration) error {
	from, to, err := w.clock()
	if err != nil {
		return err
	}
	for _, d := range w.Days {
		if !slices.Contains(days(), strings.ToLower(d)) {
			return fmt.Errorf("day %q; it can be %s", d, strings.Join(days(), ", "))
		}
	}
	if length := to - from; time.Duration(takes) > length {
		return fmt.Errorf("it is open for %s and a run takes %s: nothing would ever start", length, takes)
	}
	return nil
}

// clock gives from and to as time since midnight; to is after from.
func (w Window) clock() (from, to time.Duration, err error) {
	if from, err = timeOfDay(w.From); err != nil {
		return 0, 0, err
	}
	if to, err = timeOfDay(w.To); err != nil {
		return 0, 0, err
	}
	if to <= from {
		to += 24 * time.Hour
	}
	return from, to, nil
}

func timeOfDay(text string) (time.Duration, error) {
	t, err := time.Parse("15:04", text)
	if err != nil {
		return 0, fmt.Errorf("%q; a time as 01:30 is expected", text)
	}
	return time.Duration(t.Hour())*time.Hour + time.Duration(t.Minute())*time.Minute, nil
}

// horizon is how far ahead openings are looked for.
const horizon = 35 // days

// Openings gives when loading may begin in a place, in order of time, from the
// one that is open now on; nil, without windows, means at any time. A wall
// clock that is put forward or back inside a window makes it shorter or longer.
func (s Schedule) Openings(now time.Time, place *time.Location) []procedure.Opening {
	if len(s.Windows) == 0 {
		return nil
	}
	list := []procedure.Opening{}
	today := now.In(place)
	for day := -1; day < horizon; day++ {
		date := time.Date(today.Year(), today.Month(), today.Day()+day, 0, 0, 0, 0, place)
		if slices.Contains(s.BlackOut, date.Format(time.DateOnly)) {
			continue
		}
		for _, w := range s.Windows {
			if o, ok := w.on(date, place); ok && o.Until.After(now) {
				list = append(list, o)
			}
		}
	}
	return joined(list)
}

// on gives the window as it opens on a date.
func (w Window) on(date time.Time, place *time.Location) (o procedure.Opening, ok bool) {
	if len(w.Days) > 0 && !slices.ContainsFunc(w.Days, func(d string) bool { return strings.EqualFold(d, days()[date.Weekday()]) }) {
		return o, false
	}
	from, to, err := w.clock()
	if err != nil {
		return o, false // checked before
	}
	at := func(d time.Duration) time.Time {
		return time.Date(date.Year(), date.Month(), date.Day(), int(d.Hours()), int(d.Minutes())%60, 0, 0, place)
	}
	o = procedure.Opening{From: at(from).UTC(), Until: at(to).UTC()}
	return o, o.Until.After(o.From)
}

// joined merges openings that touch: two that follow each other are one.
func joined(list []procedure.Opening) []procedure.Opening {
	slices.SortFunc(list, func(a, b procedure.Opening) int { return a.From.Compare(b.From) })
	var out []procedure.Opening
	for _, o := range list {
		if n := len(out); n > 0 && !o.From.After(out[n-1].Until) {
			if o.Until.After(out[n-1].Until) {
				out[n-1].Until = o.Until
			}
			continue
		}
		out = append(out, o)
	}
	return out
}

// Next gives when a run of a device with these labels may be started next, on
// the clock of the time zone that it names: now, where a window is open and long
// enough or there are no windows; ok is false where none is within the horizon.
func (s Schedule) Next(labels map[string]string, now time.Time) (at time.Time, zone string, ok bool) {
	zone = s.ZoneOf(labels)
	place, err := time.LoadLocation(zone)
	if err != nil {
		place = time.UTC // checked by the plan
	}
	list := s.Openings(now, place)
	if startable(list, s.Takes, now) {
		return now.In(place), zone, true
	}
	for _, o := range list {
		if !o.From.Before(now) && startable(list, s.Takes, o.From) {
			return o.From.In(place), zone, true
		}
	}
	return time.Time{}, zone, false
}

// ZoneOf names the time zone of where a device with these labels is.
func (s Schedule) ZoneOf(labels map[string]string) string {
	return cmp.Or(labels[cmp.Or(s.ZoneLabel, DefaultZoneLabel)], s.Zone, "UTC")
}

// startable says whether a run that needs takes may be started.
func startable(openings []procedure.Opening, takes Duration, now time.Time) bool {
	if openings == nil {
		return true
	}
	return slices.ContainsFunc(openings, func(o procedure.Opening) bool {
		return !now.Before(o.From) && !now.Add(time.Duration(takes)).After(o.Until)
	})
}
