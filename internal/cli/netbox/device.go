package netbox

import (
	"encoding/json"
	"net/netip"
	"strconv"
	"strings"
)

// Device is what drydock reads of a device in NetBox: the documented fields of
// /api/dcim/devices/ from NetBox 2.10 to 4.x.
type Device struct {
	ID             int                        `json:"id"`
	Name           string                     `json:"name"` // null where it has none
	Serial         string                     `json:"serial"`
	Status         status                     `json:"status"`
	DeviceType     deviceType                 `json:"device_type"`
	Role           *object                    `json:"role"`
	DeviceRole     *object                    `json:"device_role"` // role, before NetBox 4
	Tenant         *object                    `json:"tenant"`
	Platform       *object                    `json:"platform"`
	Site           *object                    `json:"site"`
	Location       *object                    `json:"location"`
	Rack           *object                    `json:"rack"`
	PrimaryIP      *address                   `json:"primary_ip"`
	PrimaryIP4     *address                   `json:"primary_ip4"`
	PrimaryIP6     *address                   `json:"primary_ip6"`
	OobIP          *address                   `json:"oob_ip"`
	VirtualChassis *object                    `json:"virtual_chassis"`
	Tags           []object                   `json:"tags"`
	CustomFields   map[string]json.RawMessage `json:"custom_fields"`
}

// object is the short form of what a device refers to.
type object struct {
	Name string `json:"name"`
	Slug string `json:"slug"` // not of racks and virtual chassis
}

// word is how labels name it.
func (o *object) word() string {
	switch {
	case o == nil:
		return ""
	case o.Slug != "":
		return o.Slug
	}
	return o.Name
}

type status struct {
	Value string `json:"value"` // active, offline, planned, ...
}

type deviceType struct {
	Manufacturer object `json:"manufacturer"`
	Model        string `json:"model"`
	Slug         string `json:"slug"`
}

type address struct {
	Address string `json:"address"` // with its prefix length: 10.0.0.1/24
}

// host is the address alone; "" = there is none.
func (a *address) host() string {
	if a == nil {
		return ""
	}
	p, err := netip.ParsePrefix(a.Address)
	if err != nil {
		return ""
	}
	return p.Addr().String()
}

// custom gives a custom field as text: a text or number as it is, a choice by
// its value; "" for none.
func (d *Device) custom(name string) string {
	raw := d.CustomFields[name]
	var text string
	var number json.Number
	var choice struct {
		Value string `json:"value"`
	}
	switch {
	case len(raw) == 0 || string(raw) == "null":
		return ""
	case json.Unmarshal(raw, &text) == nil:
		return strings.TrimSpace(text)
	case json.Unmarshal(raw, &number) == nil:
		return number.String()
	case json.Unmarshal(raw, &choice) == nil:
		return choice.Value
	}
	return strings.Trim(string(raw), `[]"`)
}

// customField is how options name a custom field.
const customField = "custom."

// fields are what labels can be made of, besides custom fields and tags.
func fields() []string {
	return []string{"site", "role", "tenant", "location", "rack", "platform", "manufacturer", "model", "status"}
}

// field gives a field by its name; "" where the device has none.
func (d *Device) field(name string) string {
	if custom, ok := strings.CutPrefix(name, customField); ok {
		return d.custom(custom)
	}
	switch name {
	case "site":
		return d.Site.word()
	case "role":
		if d.Role != nil {
			return d.Role.word()
		}
		return d.DeviceRole.word()
	case "tenant":
		return d.Tenant.word()
	case "location":
		return d.Location.word()
	case "rack":
		return d.Rack.word()
	case "platform":
		return d.Platform.word()
	case "manufacturer":
		return d.DeviceType.Manufacturer.word()
	case "model":
		return d.DeviceType.Model
	case "status":
		return d.Status.Value
	}
	return ""
}

// addresses are where options may say that a device's agent is, besides custom
// fields.
func addresses() []string { return []string{"primary_ip", "primary_ip4", "primary_ip6", "oob_ip"} }

// agent gives the address of the SNMP agent, "" where there is none.
func (d *Device) agent(from string) string {
	if custom, ok := strings.CutPrefix(from, customField); ok {
		return d.custom(custom)
	}
	switch from {
	case "primary_ip4":
		return d.PrimaryIP4.host()
	case "primary_ip6":
		return d.PrimaryIP6.host()
	case "oob_ip":
		return d.OobIP.host()
	}
	return d.PrimaryIP.host()
}

// title names a device to people.
func (d *Device) title() string {
	if d.Name != "" {
		return d.Name
	}
	return "number " + strconv.Itoa(d.ID)
}
