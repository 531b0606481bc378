package engine

import (
	"slices"
	"strings"
	"testing"

	"drydock/drivers"
	"drydock/internal/driver"
	"drydock/internal/fleet"
)

// TestLimits: what each family states that it cannot do is told before an
// update is begun: as what makes it impossible, or as what is asked about.
func TestLimits(t *testing.T) {
	set, err := driver.LoadAll(drivers.FS)
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range set.Names() {
		d, _ := set.Get(name)
		device, release := fleet.Device{ID: "x", Driver: name, Labels: map[string]string{}}, fleet.Release{Driver: name}
		for v := range d.Vars() {
			device.Labels[v] = "set"
		}
		for _, f := range d.Files() {
			release.Files = append(release.Files, fleet.File{Role: f.Role})
		}
		blockers, concerns := limits(d, device, release)
		concerns = append(concerns, unkept(d)...)
		if provisioned(d) {
			blockers = append(blockers, concerns...) // it is no reason not to update
		}
		for op, list := range map[driver.Operation][]string{driver.Backup: blockers, driver.Update: blockers, driver.Recover: concerns, driver.Keep: concerns} {
			text, cannot := d.Cannot(op)
			told := slices.ContainsFunc(list, func(s string) bool { return text != "" && strings.Contains(s, text) })
			if cannot != told {
				t.Errorf("%s cannot %s: %t (%s), and of that is told: %t in %q", name, op, cannot, text, told, list)
			}
		}
		for v, meaning := range d.Vars() {
			missing, _ := limits(d, fleet.Device{ID: "x"}, release)
			if !strings.Contains(strings.Join(missing, "\n"), v+": "+meaning) {
				t.Errorf("%s needs %s, and a device without it is told %q", name, v, missing)
			}
		}
		if role := d.ImageLines().Role; role != "" {
			_, concerns := limits(d, device, fleet.Release{Driver: name, Files: []fleet.File{{Role: "image"}}})
			if !slices.ContainsFunc(concerns, func(s string) bool {
				return strings.Contains(s, role) && strings.Contains(s, d.Limit(driver.BootVariable))
			}) {
				t.Errorf("%s: a release without %s is told %q", name, role, concerns)
			}
		}
		for what, text := range family(d).Cannot {
			if text == "" {
				t.Errorf("%s: cannot %s without a word", name, what)
			}
		}
	}
}
