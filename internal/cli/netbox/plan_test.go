package netbox

import (
	"maps"
	"strings"
	"testing"

	"drydock/internal/fault"
	"drydock/internal/fleet"
)

func drivers() []string { return []string{"cisco-ios", "drydock-iad", "huawei-vrp"} }

// importing is an import of the recorded answer.
func importing(t *testing.T, o Options, known ...fleet.Device) (*Import, []Device) {
	t.Helper()
	list, err := source(t, &recorded{}, token).Devices(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := o.Check(drivers()); err != nil {
		t.Fatal(err)
	}
	return &Import{Source: "netbox.example", Options: o, Drivers: drivers(), Fleet: known, All: true}, list
}

func of(t *testing.T, plan []Proposal, id int) Proposal {
	t.Helper()
	for _, p := range plan {
		if p.NetBox == id {
			return p
		}
	}
	t.Fatalf("nothing is said of number %d", id)
	return Proposal{}
}

func usual() Options {
	return Options{DriverField: "drydock_driver", Drivers: []Rule{{Platform: "cisco-*", Driver: "cisco-ios"}, {Manufacturer: "huawei", Model: "AR*", Driver: "huawei-vrp", Port: 1161}}}
}

func TestPropose(t *testing.T) {
	im, list := importing(t, usual())
	plan := im.Propose(list)
	for id, want := range map[int]struct {
		action Action
		says   string
	}{
		11: {Add, ""}, 12: {Skip, "no primary_ip"}, 13: {Skip, "no name"}, 14: {Add, ""}, 15: {Add, ""}, 16: {Ask, "platform none, manufacturer generic, model Box-1"},
		17: {Skip, "status is planned"}, 18: {Skip, "number 11"}, 19: {Skip, "virtual chassis south-stack"},
	} {
		if p := of(t, plan, id); p.Action != want.action || !strings.Contains(p.Why, want.says) {
			t.Errorf("number %d: %s because %q; want %s, %q", id, p.Action, p.Why, want.action, want.says)
		}
	}
	sw := of(t, plan, 11).Device
	labels := map[string]string{"site": "north", "role": "access", "tenant": "acme", "tag-core": "yes", "tag-ring1": "yes", "netbox": "netbox.example#11"}
	if sw.ID != "north-sw1" || sw.Address != "10.1.0.11" || sw.Driver != "cisco-ios" || sw.Serial != "FCW2101A001" || !maps.Equal(sw.Labels, labels) {
		t.Errorf("%+v", sw)
	}
	if ar := of(t, plan, 14).Device; ar.ID != "north-ar-1" || ar.Address != "10.1.0.14:1161" || ar.Driver != "huawei-vrp" {
		t.Errorf("%+v", ar)
	}
	if iad := of(t, plan, 15).Device; iad.Driver != "drydock-iad" || iad.Address != "2001:db8::15" {
		t.Errorf("%+v", iad)
	}
}

// taken makes the fleet that a plan leads to.
func taken(plan []Proposal) (known []fleet.Device) {
	for _, p := range plan {
		if p.Action == Add || p.Action == Change || p.Action == Same {
			known = append(known, fleet.Device{ID: p.Device.ID, Address: p.Device.Address, Driver: p.Device.Driver, Labels: p.Device.Labels,
				Identity: fleet.Identity{Serial: p.Device.Serial}})
		}
	}
	return known
}

func TestAgainChangesNothing(t *testing.T) {
	im, list := importing(t, usual())
	im.Fleet = taken(im.Propose(list))
	im.Fleet[0].Labels["ring"] = "3" // by hand
	im.Fleet[1].Address = "10.1.0.14:1161"
	for _, p := range im.Propose(list) {
		if p.Action != Same && p.Action != Skip && p.Action != Ask {
			t.Errorf("number %d: %s because %s", p.NetBox, p.Action, p.Why)
		}
	}
}

func TestWhatNetBoxChangedIsChanged(t *testing.T) {
	im, list := importing(t, usual())
	im.Fleet = taken(im.Propose(list))
	im.Fleet[0].Labels["ring"] = "3"
	list[0].Name, list[0].Serial, list[0].Tags, list[0].PrimaryIP.Address = "renamed", "NEW1", nil, "10.1.0.99/24"
	list = append(list[:4], list[5:]...) // number 15 is gone
	plan := im.Propose(list)
	p := of(t, plan, 11)
	if p.Action != Change || p.Device.ID != "north-sw1" || p.Device.Labels["ring"] != "3" || p.Device.Labels["tag-core"] != "" {
		t.Errorf("%s %+v", p.Action, p.Device)
	}
	for _, says := range []string{"address 10.1.0.99, was 10.1.0.11", "serial NEW1, was FCW2101A001", "tag-core none, was yes"} {
		if !strings.Contains(p.Why, says) {
			t.Errorf("%q does not say %q", p.Why, says)
		}
	}
	if p := of(t, plan, 0); p.Action != Gone || p.Name != "north-iad1" {
		t.Errorf("%+v", p)
	}
}

// Devices that somebody added by hand are not taken over by their name alone.
func TestDevicesOfOthers(t *testing.T) {
	for name, c := range map[string]struct {
		known  fleet.Device
		action Action
		says   string
	}{
		"same name, another address": {fleet.Device{ID: "north-sw1", Address: "10.9.9.9", Driver: "cisco-ios"}, Skip, "another device north-sw1"},
		"same name and address":      {fleet.Device{ID: "north-sw1", Address: "10.1.0.11:161", Driver: "cisco-ios"}, Change, "netbox netbox.example#11, was none"},
		"same name and serial":       {fleet.Device{ID: "north-sw1", Address: "10.9.9.9", Driver: "cisco-ios", Identity: fleet.Identity{Serial: "FCW2101A001"}}, Change, "address"},
		"same address, another name": {fleet.Device{ID: "x", Address: "10.1.0.11", Driver: "cisco-ios"}, Skip, "device x has the address"},
		"of another NetBox":          {fleet.Device{ID: "north-sw1", Address: "10.1.0.11", Labels: map[string]string{Mark: "other#11"}}, Skip, "another device north-sw1"},
	} {
		im, list := importing(t, usual(), c.known)
		if p := of(t, im.Propose(list), 11); p.Action != c.action || !strings.Contains(p.Why, c.says) {
			t.Errorf("%s: %s because %q", name, p.Action, p.Why)
		}
	}
}

func TestFoundDriver(t *testing.T) {
	im, list := importing(t, usual())
	p := of(t, im.Propose(list), 16)
	p.Found("cisco-ios", "Cisco", 2)
	if p.Action != Add || p.Device.Driver != "cisco-ios" || p.Credentials != 2 {
		t.Errorf("%+v", p)
	}
	p = of(t, im.Propose(list), 16)
	p.Found("", "Box 1", 0)
	if p.Action != Skip || !strings.HasSuffix(p.Why, "no driver fits what the device says: Box 1") || p.Device != nil {
		t.Errorf("%+v", p)
	}
	p = of(t, im.Propose(list), 16)
	p.Leave("it does not answer")
	if p.Action != Skip || !strings.HasSuffix(p.Why, ", and it does not answer") || p.Device != nil {
		t.Errorf("%+v", p)
	}
	for driver, want := range map[string]Action{"": Add, "cisco-ios": Add, "huawei-vrp": Skip} { // cisco-ios is stated
		p = of(t, im.Propose(list), 11)
		if p.Found(driver, "what it is", 1); p.Action != want {
			t.Errorf("found %q: %+v", driver, p)
		}
	}
	// a known device keeps its driver where none is stated
	im.Fleet = []fleet.Device{{ID: "north-odd1", Address: "10.1.0.16", Driver: "huawei-vrp"}}
	if p = of(t, im.Propose(list), 16); p.Action != Change || p.Device.Driver != "huawei-vrp" {
		t.Errorf("%+v", p)
	}
}

func TestOptions(t *testing.T) {
	for name, o := range map[string]Options{
		"unknown driver":  {Drivers: []Rule{{Platform: "x", Driver: "none"}}},
		"rule for all":    {Drivers: []Rule{{Driver: "cisco-ios"}}},
		"pattern":         {Drivers: []Rule{{Platform: "[", Driver: "cisco-ios"}}},
		"address":         {Address: "secondary"},
		"label":           {Labels: map[string]string{"a": "nothing"}},
		"drydock's label": {Labels: map[string]string{Mark: "site"}},
	} {
		if err := o.Check(drivers()); fault.CodeOf(err) != fault.Invalid {
			t.Errorf("%s: %v", name, err)
		}
	}
	im, list := importing(t, Options{Labels: map[string]string{"ring": "custom.update_ring"}, Statuses: []string{"active", "planned"}, Address: "primary_ip4"})
	plan := im.Propose(list)
	if p := of(t, plan, 11); p.Device.Labels["ring"] != "1" || p.Device.Labels["site"] != "" || p.Device.Driver != "cisco-ios" {
		t.Errorf("%+v", p.Device) // the platform's slug is a driver's name
	}
	if p := of(t, plan, 15); p.Action != Skip {
		t.Errorf("an address of IPv6 was taken: %+v", p)
	}
	if p := of(t, plan, 17); p.Action != Add {
		t.Errorf("%+v", p)
	}
	named := Options{DriverField: "drydock_driver"}
	im, list = importing(t, named)
	im.Drivers = []string{"cisco-ios"}
	if p := of(t, im.Propose(list), 15); p.Action != Skip || !strings.Contains(p.Why, "drydock-iad") {
		t.Errorf("%+v", p)
	}
}
