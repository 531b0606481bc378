package engine

import (
	"fmt"
	"maps"
	"slices"

	"drydock/internal/driver"
	"drydock/internal/fleet"
)

// limits says what an update of a device meets that its family cannot do by
// SNMP, or that the device needs and does not have: what makes the update
// impossible, and what a person should know before. Nothing is asked of the
// device.
func limits(d *driver.Driver, device fleet.Device, release fleet.Release) (blockers, concerns []string) {
	if text, cannot := d.Cannot(driver.Backup); cannot {
		if provisioned(d) {
			concerns = append(concerns, "the configuration is not the device's own: "+text)
		} else {
			blockers = append(blockers, "no backup can be taken: "+text)
		}
	}
	if text, cannot := d.Cannot(driver.Update); cannot {
		blockers = append(blockers, "no software can be loaded: "+text)
	}
	blockers = append(blockers, unset(d, device)...)
	if text, cannot := d.Cannot(driver.Recover); cannot {
		concerns = append(concerns, "no configuration can be recovered: "+text)
	}
	return blockers, append(concerns, bootVariable(d, release)...)
}

// unset names the variables of the driver that the device's labels do not set.
func unset(d *driver.Driver, device fleet.Device) (missing []string) {
	for _, name := range slices.Sorted(maps.Keys(d.Vars())) {
		if device.Labels[name] == "" {
			missing = append(missing, fmt.Sprintf("the driver needs the device's label %s: %s", name, d.Vars()[name]))
		}
	}
	return missing
}

// bootVariable warns where the configuration names the image that is started
// and the release does not bring the lines that name the new one.
func bootVariable(d *driver.Driver, release fleet.Release) []string {
	lines := d.ImageLines()
	if lines.Role == "" || slices.ContainsFunc(release.Files, func(f fleet.File) bool { return f.Role == lines.Role }) {
		return nil
	}
	text := fmt.Sprintf("the release has no file %s: a device whose configuration names the image that it starts goes on to start that one", lines.Role)
	if why := d.Limit(driver.BootVariable); why != "" {
		text += ". " + why
	}
	return []string{text}
}

// unkept says that the old files cannot be kept. A run asks about it when it
// comes to it, before anything is loaded.
func unkept(d *driver.Driver) []string {
	if d.CanKeep() {
		return nil
	}
	for _, op := range []driver.Operation{driver.Keep, driver.RestoreFiles} {
		if text, cannot := d.Cannot(op); cannot {
			return []string{"the old files cannot be kept and put back: " + text}
		}
	}
	return nil
}
