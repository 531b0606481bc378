package netbox

import (
	"cmp"
	"path"
	"slices"
	"strings"

	"drydock/internal/fault"
)

// Options say what becomes of a device in NetBox. They stand in a file of the
// user's.
type Options struct {
	// Drivers are tried in their order; the first that fits says the driver.
	Drivers []Rule `json:"drivers"`
	// DriverField is a custom field that names the driver; it goes before Drivers.
	DriverField string `json:"driver-field"`
	// Address says where the address of the SNMP agent stands: primary_ip (where
	// empty), primary_ip4, primary_ip6, oob_ip, or custom.NAME, which may also
	// have a port.
	Address string `json:"address"`
	// Labels are fields of NetBox by the label that they become; site, role,
	// tenant and tag where nil. "tags" makes a label of each tag: tag-SLUG=yes
	// for the label tag.
	Labels map[string]string `json:"labels"`
	// Statuses are those of devices to be imported; active where nil.
	Statuses []string `json:"statuses"`
}

// Rule names a driver for what fits all that it says. Patterns have * for
// anything and stand for NetBox's slugs, or of models for their names.
type Rule struct {
	Platform     string `json:"platform"`
	Manufacturer string `json:"manufacturer"`
	Model        string `json:"model"`
	Role         string `json:"role"`
	Driver       string `json:"driver"`
	Port         uint16 `json:"port"` // of the SNMP agent; 0: 161
}

// allTags is the field that stands for the tags.
const allTags = "tags"

// Check completes options and says what is wrong with them; drivers are the
// server's. The error is fault.Invalid.
func (o *Options) Check(drivers []string) error {
	bad := func(format string, args ...any) *fault.Error {
		return fault.New(fault.Invalid, "", "", format, args...)
	}
	for i, r := range o.Drivers {
		switch {
		case !slices.Contains(drivers, r.Driver):
			return bad("number %d of drivers names the driver %q, which the server does not have", i+1, r.Driver).
				WithHint("it has %s", strings.Join(drivers, ", "))
		case r.Platform+r.Manufacturer+r.Model+r.Role == "":
			return bad("number %d of drivers does not say for what", i+1).WithHint("give platform, manufacturer, model or role")
		}
		for _, pattern := range []string{r.Platform, r.Manufacturer, r.Model, r.Role} {
			if _, err := path.Match(pattern, ""); err != nil {
				return bad("number %d of drivers: pattern %q: %w", i+1, pattern, err)
			}
		}
	}
	o.Address = cmp.Or(o.Address, addresses()[0])
	if !slices.Contains(addresses(), o.Address) && !strings.HasPrefix(o.Address, customField) {
		return bad("address %q: it can be %s, or custom.NAME", o.Address, strings.Join(addresses(), ", "))
	}
	if o.Statuses == nil {
		o.Statuses = []string{"active"}
	}
	if o.Labels == nil {
		o.Labels = map[string]string{"site": "site", "role": "role", "tenant": "tenant", "tag": allTags}
	}
	for label, field := range o.Labels {
		if field != allTags && !slices.Contains(fields(), field) && !strings.HasPrefix(field, customField) {
			return bad("label %s: there is no field %q; there are %s, tags and custom.NAME", label, field, strings.Join(fields(), ", "))
		}
		if label == Mark {
			return bad("label %s is drydock's own: it says which device in NetBox it is", label)
		}
	}
	return nil
}

// rule gives the rule that fits a device; false = none does.
func (o *Options) rule(d *Device) (Rule, bool) {
	if name := d.custom(o.DriverField); o.DriverField != "" && name != "" {
		return Rule{Driver: name}, true
	}
	for _, r := range o.Drivers {
		if fits(r.Platform, d.Platform) && fits(r.Manufacturer, &d.DeviceType.Manufacturer) && fits(r.Role, cmp.Or(d.Role, d.DeviceRole)) &&
			fits(r.Model, &object{Name: d.DeviceType.Model, Slug: d.DeviceType.Slug}) {
			return r, true
		}
	}
	return Rule{}, false
}

// fits says whether an object's slug or name is as a pattern says; an empty
// one lets all through.
func fits(pattern string, o *object) bool {
	if pattern == "" {
		return true
	}
	if o == nil {
		return false
	}
	for _, text := range []string{o.Slug, o.Name} {
		if ok, _ := path.Match(plain(pattern), plain(text)); ok && text != "" {
			return true
		}
	}
	return false
}

// plain makes * stand for slashes too, and letters the same in either case.
func plain(text string) string { return strings.ReplaceAll(strings.ToLower(text), "/", "|") }

// labels makes a device's labels.
func (o *Options) labels(d *Device) map[string]string {
	made := map[string]string{}
	for label, field := range o.Labels {
		if field == allTags {
			for _, tag := range d.Tags {
				made[label+"-"+tag.word()] = "yes"
			}
		} else if value := d.field(field); value != "" {
			made[label] = value
		}
	}
	return made
}

// owns says whether a label is one that the options make, so that it goes when
// NetBox no longer has it. All others are left as they are.
func (o *Options) owns(label string) bool {
	for own, field := range o.Labels {
		if own == label && field != allTags || field == allTags && strings.HasPrefix(label, own+"-") {
			return true
		}
	}
	return label == Mark
}
