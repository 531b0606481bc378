package fleet

import (
	"fmt"
	"path"
	"slices"
	"strings"

	"drydock/internal/fault"
)

// Recovery says which form of the configuration the new version is given.
type Recovery string

// The recoveries.
const (
	RecoverOriginal Recovery = "original" // recover the backup as it was, then assess and modify
	RecoverModified Recovery = "modified" // the new version cannot read the old form: assess first
)

// Release is one version of a family's software.
type Release struct {
	ID      ReleaseID `json:"id"`
	Driver  string    `json:"driver"`
	Version string    `json:"version"`
	Files   []File    `json:"files"`
	Models  []string  `json:"models,omitempty"` // path.Match patterns; none = every model of the family
	From    []string  `json:"from,omitempty"`   // path.Match patterns of versions that may come before; none = any
	Pack    string    `json:"pack,omitempty"`   // migration pack; none = no modification
	Recover Recovery  `json:"recover"`
	Notes   string    `json:"notes,omitempty"`
}

// File is one file of a release.
type File struct {
	Role   string `json:"role"` // what the driver calls it: "image", "boot"
	Name   string `json:"name"`
	Size   Bytes  `json:"size"`
	Digest Digest `json:"digest"`
	Blob   string `json:"-"`
}

// Size is the sum of the files' sizes.
func (r Release) Size() Bytes {
	var n Bytes
	for _, f := range r.Files {
		n += f.Size
	}
	return n
}

// Check says what is wrong with the release's own description.
func (r Release) Check() error {
	wrong := func(format string, args ...any) error {
		return fault.New(fault.Invalid, "", "release "+string(r.ID), format, args...)
	}
	switch {
	case r.ID == "":
		return wrong("it has no id")
	case r.Driver == "":
		return wrong("it names no driver")
	case r.Version == "":
		return wrong("it names no version")
	case len(r.Files) == 0:
		return wrong("it has no files")
	case r.Recover != RecoverOriginal && r.Recover != RecoverModified:
		return wrong("recover is %q; it can be %q or %q", r.Recover, RecoverOriginal, RecoverModified)
	}
	for _, f := range r.Files {
		if f.Size <= 0 {
			return wrong("file %s is empty", f.Name)
		}
	}
	for _, pattern := range slices.Concat(r.Models, r.From) {
		if _, err := path.Match(pattern, ""); err != nil {
			return wrong("pattern %q: %w", pattern, err)
		}
	}
	return nil
}

// Fits says whether a device that reads as this model and version may be given
// the release. The error names what does not fit (RELIABILITY.md I3, F5).
func (r Release) Fits(driver, model, version string) error {
	wrong := func(format string, args ...any) *fault.Error {
		return fault.New(fault.Conflict, "", "release "+string(r.ID), format, args...)
	}
	if err := r.FitsModel(driver, model); err != nil {
		return err
	}
	if version != r.Version && !matchesAny(r.From, version) {
		return wrong("it can be loaded over %s, the device runs %s", strings.Join(r.From, ", "), orUnknown(version)).
			WithHint("update the device to one of these versions first")
	}
	return nil
}

// FitsModel is the part of Fits that says whether the release is for such a
// device at all, whatever it runs.
func (r Release) FitsModel(driver, model string) error {
	wrong := func(format string, args ...any) *fault.Error {
		return fault.New(fault.Conflict, "", "release "+string(r.ID), format, args...)
	}
	if driver != r.Driver {
		return wrong("it is for driver %s, the device has %s", r.Driver, driver)
	}
	if !matchesAny(r.Models, model) {
		return wrong("it is for models %s, the device is a %s", strings.Join(r.Models, ", "), orUnknown(model))
	}
	return nil
}

func matchesAny(patterns []string, text string) bool {
	return len(patterns) == 0 || slices.ContainsFunc(patterns, func(p string) bool {
		ok, _ := path.Match(p, text)
		return ok
	})
}

func orUnknown(text string) string {
	if text == "" {
		return "unknown one"
	}
	return fmt.Sprintf("%q", text)
}
