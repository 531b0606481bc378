package driver

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"path"
	"regexp"
	"slices"
	"strings"

	"drydock/internal/driver/mib"
	"drydock/internal/fault"
)

// Set is the drivers that are known, by name. It is immutable.
type Set struct{ drivers map[string]*Driver }

// LoadAll parses every *.yaml file in the root of fsys. All mistakes of all
// files are in the error; a driver's name may be there once.
func LoadAll(fsys fs.FS) (*Set, error) { return LoadAllWith(fsys, nil) }

// LoadAllWith is LoadAll for drivers that name objects of MIB modules; modules
// may be nil.
func LoadAllWith(fsys fs.FS, modules *mib.Library) (*Set, error) {
	files, err := fs.Glob(fsys, "*.yaml")
	if err != nil {
		return nil, fmt.Errorf("driver: list the driver files: %w", err)
	}
	set := &Set{drivers: map[string]*Driver{}}
	from := map[string]string{}
	var all Mistakes
	for _, file := range files {
		data, err := fs.ReadFile(fsys, file)
		if err != nil {
			return nil, fmt.Errorf("driver: read %s: %w", file, err)
		}
		d, err := ParseWith(path.Base(file), data, modules)
		var mistakes Mistakes
		switch {
		case errors.As(err, &mistakes):
			all = append(all, mistakes...)
		case err != nil:
			return nil, err
		case from[d.name] != "":
			all = append(all, Mistake{File: file, Line: 1, Column: 1,
				Message: fmt.Sprintf("driver %q is in %s already", d.name, from[d.name]), Hint: "choose another name"})
		default:
			set.drivers[d.name], from[d.name] = d, file
		}
	}
	if len(all) > 0 {
		return nil, &fault.Error{Code: fault.Invalid, Err: all.Sorted(), Hint: "docs/driver-language.md describes the language"}
	}
	return set, nil
}

// With returns a set that also has others; a driver of the same name in others
// takes the place of the one here.
func (s *Set) With(others *Set) *Set {
	both := &Set{drivers: maps.Clone(s.drivers)}
	maps.Copy(both.drivers, others.drivers)
	return both
}

// Get gives a driver by its name.
func (s *Set) Get(name string) (*Driver, bool) {
	d, ok := s.drivers[name]
	return d, ok
}

// Names lists the drivers in alphabetical order.
func (s *Set) Names() []string { return slices.Sorted(maps.Keys(s.drivers)) }

// match is one rule that says which devices a driver is for; both parts, where
// given, must fit.
type match struct {
	line     int
	objectID string
	descr    *regexp.Regexp
}

// Explanation says how one match rule of a driver fared against a device.
type Explanation struct {
	Driver  string `json:"driver"`
	Rule    string `json:"rule"` // as the driver file has it
	Line    int    `json:"line"` // of the rule in the driver file
	Matched bool   `json:"matched"`
	Chosen  bool   `json:"chosen"` // the rule that decided
	Why     string `json:"why"`
}

// Match finds the driver for a device, and explains how every rule of every
// driver fared. The longest sysObjectID prefix decides; of equal ones the rule
// that also has sysDescr; then the driver's name. d is nil where none fits.
func (s *Set) Match(sysObjectID, sysDescr string) (d *Driver, why []Explanation) {
	sysObjectID = strings.TrimPrefix(sysObjectID, ".")
	best, chosen := -1, -1
	for _, name := range s.Names() {
		for _, m := range s.drivers[name].matches {
			score, reason := m.try(sysObjectID, sysDescr)
			why = append(why, Explanation{Driver: name, Rule: m.String(), Line: m.line, Matched: score >= 0, Why: reason})
			if score > best {
				best, d, chosen = score, s.drivers[name], len(why)-1
			}
		}
	}
	if chosen >= 0 {
		why[chosen].Chosen = true
	}
	return d, why
}

// Fits says whether one of the driver's match rules fits a device, and if not
// why.
func (d *Driver) Fits(sysObjectID, sysDescr string) (why string, fits bool) {
	var reasons []string
	for _, m := range d.matches {
		score, reason := m.try(strings.TrimPrefix(sysObjectID, "."), sysDescr)
		if score >= 0 {
			return "", true
		}
		reasons = append(reasons, reason)
	}
	return strings.Join(reasons, "; "), false
}

func (m match) String() string {
	var parts []string
	if m.objectID != "" {
		parts = append(parts, "sysObjectID "+m.objectID)
	}
	if m.descr != nil {
		parts = append(parts, fmt.Sprintf("sysDescr %q", m.descr))
	}
	return strings.Join(parts, " and ")
}

// try gives how well the rule fits, -1 if it does not.
func (m match) try(sysObjectID, sysDescr string) (score int, why string) {
	if m.objectID != "" {
		if sysObjectID != m.objectID && !strings.HasPrefix(sysObjectID, m.objectID+".") {
			return -1, fmt.Sprintf("sysObjectID %s is not below %s", sysObjectID, m.objectID)
		}
		score = 2 * (1 + strings.Count(m.objectID, "."))
	}
	if m.descr != nil {
		if !m.descr.MatchString(sysDescr) {
			return -1, fmt.Sprintf("sysDescr %q does not match %q", sysDescr, m.descr)
		}
		score++
	}
	return score, "it fits"
}
