package driver

// VersionIn gives the software version that identify would read from a
// device's sysDescr; "" where the family tells its version by another object,
// or the description has none.
func (d *Driver) VersionIn(sysDescr string) string {
	p := d.programs[Identify]
	if p == nil {
		return ""
	}
	for _, a := range p.actions {
		step, ok := a.do.(*getStep)
		if !ok {
			continue
		}
		for _, item := range step.items {
			if item.as == "version" && item.ref.object.name == "sysDescr" {
				version, _ := item.take(Varbind{Type: TypeText, Text: sysDescr})
				return version
			}
		}
	}
	return ""
}
