package netbox

import (
	"cmp"
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"drydock/client"
	"drydock/internal/fleet"
)

// Mark is the label that says which device in which NetBox a device of the
// fleet is: HOST#NUMBER. By it a device is found again after a change of name.
const Mark = "netbox"

// Action is what becomes of a device.
type Action string

// The actions.
const (
	Add    Action = "add"
	Change Action = "change"
	Same   Action = "same"
	Skip   Action = "skip"
	Ask    Action = "ask"  // which driver fits is not known; the device itself can tell
	Gone   Action = "gone" // the fleet has it from this NetBox, which no longer has it
)

// Proposal is what becomes of one device, and why.
type Proposal struct {
	NetBox int               `json:"netbox"` // its number there; 0: it is gone
	Name   string            `json:"name"`   // as NetBox has it
	Action Action            `json:"action"`
	Why    string            `json:"why,omitempty"`
	Device *client.NewDevice `json:"device,omitempty"` // without credentials
	// Credentials are the place, in the caller's list, of those that the device
	// has answered to; 0 where it was not asked.
	Credentials int `json:"-"`
	known       *fleet.Device
}

// Import compares a NetBox with a fleet.
type Import struct {
	Source  string // the NetBox's name
	Options Options
	Drivers []string
	Fleet   []fleet.Device
	All     bool // the list is all that NetBox has: what is missing is gone
}

// Propose says what becomes of each device, in the order of the list.
func (im *Import) Propose(list []Device) []Proposal {
	all := make([]Proposal, 0, len(list))
	taken := map[fleet.DeviceID]string{}
	seen := map[string]bool{}
	for i := range list {
		d := &list[i]
		seen[im.mark(d.ID)] = true
		p := im.judge(d)
		if p.Device != nil {
			if by, twice := taken[p.Device.ID]; twice {
				p = skipped(d, "its name %s is that of %s too: names must differ", p.Device.ID, by)
			} else {
				taken[p.Device.ID] = fmt.Sprintf("number %d", d.ID)
			}
		}
		all = append(all, p)
	}
	for i := range im.Fleet {
		mark := im.Fleet[i].Labels[Mark]
		if im.All && strings.HasPrefix(mark, im.Source+"#") && !seen[mark] {
			all = append(all, Proposal{Name: string(im.Fleet[i].ID), Action: Gone, Why: "NetBox has it no longer: drydock device remove " + string(im.Fleet[i].ID)})
		}
	}
	return all
}

func (im *Import) mark(id int) string { return im.Source + "#" + strconv.Itoa(id) }

func skipped(d *Device, format string, args ...any) Proposal {
	return Proposal{NetBox: d.ID, Name: d.title(), Action: Skip, Why: fmt.Sprintf(format, args...)}
}

// judge says what becomes of one device.
func (im *Import) judge(d *Device) Proposal {
	at := d.agent(im.Options.Address)
	id := idOf(d.Name)
	switch {
	case !slices.Contains(im.Options.Statuses, d.Status.Value):
		return skipped(d, "its status is %s, not %s", cmp.Or(d.Status.Value, "not known"), strings.Join(im.Options.Statuses, " or "))
	case id == "":
		return skipped(d, "it has no name")
	case at == "" && d.VirtualChassis != nil:
		return skipped(d, "it has no %s; virtual chassis %s is commanded by the member that has one", im.Options.Address, d.VirtualChassis.word())
	case at == "":
		return skipped(d, "it has no %s", im.Options.Address)
	}
	rule, stated := im.Options.rule(d)
	if !stated && slices.Contains(im.Drivers, d.field("platform")) {
		rule, stated = Rule{Driver: d.field("platform")}, true
	}
	if stated && !slices.Contains(im.Drivers, rule.Driver) {
		return skipped(d, "%s names the driver %q, which the server does not have", im.Options.DriverField, rule.Driver)
	}
	at = withPort(at, rule.Port)
	known, why := im.known(d, id, at)
	if why != "" {
		return skipped(d, "%s", why)
	}
	made := &client.NewDevice{ID: id, Address: at, Driver: rule.Driver, Serial: strings.TrimSpace(d.Serial), Labels: im.Options.labels(d)}
	made.Labels[Mark] = im.mark(d.ID)
	p := Proposal{NetBox: d.ID, Name: d.title(), Device: made, known: known}
	if known != nil {
		im.keep(made, known)
	}
	p.decide()
	if p.Action == Ask {
		p.Why = fmt.Sprintf("no driver is stated for platform %s, manufacturer %s, model %s",
			cmp.Or(d.field("platform"), "none"), cmp.Or(d.field("manufacturer"), "none"), cmp.Or(d.field("model"), "none"))
	}
	return p
}

// known finds a device in the fleet; why says that the fleet has another one
// in its place.
func (im *Import) known(d *Device, id fleet.DeviceID, at string) (known *fleet.Device, why string) {
	for i := range im.Fleet {
		if im.Fleet[i].Labels[Mark] == im.mark(d.ID) {
			known = &im.Fleet[i]
		}
	}
	for i := range im.Fleet {
		f := &im.Fleet[i]
		switch {
		case f == known:
		case known == nil && f.ID == id && f.Labels[Mark] == "" && (sameAddress(f.Address, at) || d.Serial != "" && f.Identity.Serial == d.Serial):
			known = f
		case known == nil && f.ID == id:
			return nil, fmt.Sprintf("the fleet has another device %s, at %s", id, f.Address)
		case sameAddress(f.Address, at):
			return nil, fmt.Sprintf("the fleet's device %s has the address %s", f.ID, at)
		}
	}
	return known, ""
}

// keep leaves as they are in the fleet: the name, the driver where none is
// stated, and the labels that are not made from NetBox.
func (im *Import) keep(made *client.NewDevice, known *fleet.Device) {
	made.ID, made.Driver = known.ID, cmp.Or(made.Driver, known.Driver)
	for label, value := range known.Labels {
		if !im.Options.owns(label) {
			made.Labels[label] = value
		}
	}
}

// Leave skips a device after all.
func (p *Proposal) Leave(because string) {
	if p.Why != "" {
		because = p.Why + ", and " + because
	}
	p.Action, p.Why, p.Device = Skip, because, nil
}

// Found says which driver fits a device that was asked, "" = none, and to which
// credentials it has answered. A driver that is stated must not be another one.
func (p *Proposal) Found(driver, description string, credentials int) {
	stated := p.Device.Driver
	switch {
	case stated == "" && driver == "":
		p.Leave("no driver fits what the device says: " + description)
		return
	case stated != "" && driver != "" && driver != stated:
		p.Leave(fmt.Sprintf("the driver %s is stated, but the device says that it is one for %s: %s", stated, driver, description))
		return
	}
	p.Device.Driver, p.Credentials = cmp.Or(stated, driver), credentials
	p.decide()
}

// decide compares what the device is to be with what it is.
func (p *Proposal) decide() {
	d, known := p.Device, p.known
	switch {
	case d.Driver == "":
		p.Action = Ask
		return
	case known == nil:
		p.Action, p.Why = Add, ""
		return
	}
	var changes []string
	note := func(what, old, new string) {
		if old != new {
			changes = append(changes, fmt.Sprintf("%s %s, was %s", what, cmp.Or(new, "none"), cmp.Or(old, "none")))
		}
	}
	if sameAddress(known.Address, d.Address) {
		d.Address = known.Address
	}
	note("address", known.Address, d.Address)
	note("driver", known.Driver, d.Driver)
	if d.Serial != "" {
		note("serial", known.Identity.Serial, d.Serial)
	}
	labels := maps.Clone(d.Labels)
	maps.Copy(labels, known.Labels)
	for _, label := range slices.Sorted(maps.Keys(labels)) {
		note(label, known.Labels[label], d.Labels[label])
	}
	p.Action, p.Why = Same, ""
	if len(changes) > 0 {
		p.Action, p.Why = Change, strings.Join(changes, "; ")
	}
}

// idOf makes a device's name in the fleet of its name in NetBox: what stands
// in no path and no shell word becomes a hyphen.
func idOf(name string) fleet.DeviceID {
	id := strings.Map(func(r rune) rune {
		if r == '-' || r == '.' || r == '_' || r >= '0' && r <= '9' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' {
			return r
		}
		return '-'
	}, strings.TrimSpace(name))
	if strings.Trim(id, "-.") == "" {
		return ""
	}
	return fleet.DeviceID(id)
}

// withPort adds a port to an address that has none, unless it is the usual one.
func withPort(at string, port uint16) string {
	a, err := netip.ParseAddr(at)
	if err != nil || port == 0 || port == 161 {
		return at
	}
	return netip.AddrPortFrom(a, port).String()
}

// sameAddress compares two addresses of agents, of which each may have a port.
func sameAddress(a, b string) bool {
	return a == b || whole(a).IsValid() && whole(a) == whole(b)
}

func whole(at string) netip.AddrPort {
	if p, err := netip.ParseAddrPort(at); err == nil {
		return p
	}
	if a, err := netip.ParseAddr(at); err == nil {
		return netip.AddrPortFrom(a, 161)
	}
	return netip.AddrPort{}
}
