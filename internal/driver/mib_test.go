package driver

import (
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"drydock/drivers"
	"drydock/internal/driver/mib"
)

// makersRoots maps the root that a driver has to the one that the MIB file has,
// where several makers have the same module: FASTPATH's is Netgear's.
func makersRoots() map[string][2]string {
	const netgear = "1.3.6.1.4.1.4526.10.1"
	return map[string][2]string{
		"fastpath":      {"1.3.6.1.4.1.4413.1.1.1", netgear},
		"fastpath-dell": {"1.3.6.1.4.1.674.10895.5000.2.6132.1.1.1", netgear},
		"radlan":        {"1.3.6.1.4.1.89.1", "1.3.6.1.4.1.9.6.1.101.1"}, // rndMng is there as Cisco's only
	}
}

// missingModules has the few names that the modules import from others which
// are not there.
func missingModules() fstest.MapFS {
	return fstest.MapFS{"roots.mib": {Data: []byte(`ROOTS-MIB DEFINITIONS ::= BEGIN
ng7000managedswitch OBJECT IDENTIFIER ::= { 1 3 6 1 4 1 4526 10 }
netSnmpPlaypen OBJECT IDENTIFIER ::= { 1 3 6 1 4 1 8072 9999 9999 }
END`)}}
}

// library reads the vendors' modules and our own.
func library(t *testing.T) *mib.Library {
	t.Helper()
	l, err := mib.Read(os.DirFS(filepath.Join(sharedFolder(t), "mibs")), os.DirFS("../../mibs"), missingModules())
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// TestObjectsAgreeWithMIB resolves every object of every driver against the
// vendor's MIB file: OID, syntax, values, place in a table, and access for what
// the operations do with it.
func TestObjectsAgreeWithMIB(t *testing.T) {
	l, set := library(t), ownDrivers(t)
	for _, name := range set.Names() {
		t.Run(name, func(t *testing.T) {
			d, _ := set.Get(name)
			checkAgainst(t, d, l)
		})
	}
}

func checkAgainst(t *testing.T, d *Driver, l *mib.Library) {
	sets, reads := d.uses()
	standard := standardObjects()
	for _, name := range slices.Sorted(maps.Keys(d.schema.objects)) {
		o := d.schema.objects[name]
		if standard[name] != nil && len(l.Lookup(name)) == 0 {
			continue
		}
		found, ok := lookup(l, d.name, o)
		if !ok {
			t.Errorf("%s is %s in the driver; in the MIB it is %v", name, o.oid, placesOf(l.Lookup(name)))
			continue
		}
		if problem := disagreement(o, found); problem != "" {
			t.Errorf("%s: %s", name, problem)
		}
		if sets[name] && !found.Writable() {
			t.Errorf("%s is set, but it is %s", name, found.Access)
		}
		if reads[name] && !found.Readable() {
			t.Errorf("%s is read, but it is %s", name, found.Access)
		}
	}
	for _, oid := range d.notifications {
		if o, ok := l.At(oid); !ok || o.Macro != "NOTIFICATION-TYPE" && o.Macro != "TRAP-TYPE" {
			t.Errorf("notification %s is %q in the MIB", oid, o.Name)
		}
	}
}

// lookup finds the object of that name and OID.
func lookup(l *mib.Library, driver string, o *mibObject) (mib.Object, bool) {
	oid := o.oid
	if roots, moved := makersRoots()[driver]; moved && strings.HasPrefix(oid, roots[0]+".") {
		oid = roots[1] + strings.TrimPrefix(oid, roots[0])
	}
	for _, candidate := range l.Lookup(o.name) {
		if candidate.OID == oid {
			return candidate, true
		}
	}
	return mib.Object{}, false
}

func placesOf(objects []mib.Object) (all []string) {
	for _, o := range objects {
		all = append(all, o.Module+" "+o.OID)
	}
	return all
}

// disagreement compares type, values and place.
func disagreement(o *mibObject, m mib.Object) string {
	types := map[string][]string{
		kindInteger: {"INTEGER", "Integer32"}, kindGauge: {"Gauge32", "Gauge", "Unsigned32", "UInteger32"},
		kindCounter: {"Counter32", "Counter", "Counter64"}, kindTimeTicks: {"TimeTicks"}, kindText: {"OCTET STRING"},
		kindURI: {"OCTET STRING"}, kindOctets: {"OCTET STRING"}, kindIPAddress: {"IpAddress"}, kindInetAddress: {"InetAddress"},
		kindInetType: {"InetAddressType"}, kindTAddress: {"TAddress"}, kindOID: {"OBJECT IDENTIFIER"},
		kindRowStatus: {"RowStatus"}, kindTruth: {"TruthValue"},
	}[o.kind]
	if !slices.Contains(types, m.Syntax.Base) && !slices.Contains(types, m.Syntax.Type) {
		return "it is " + o.kind + " in the driver and " + m.Syntax.Type + " (" + m.Syntax.Base + ") in the MIB"
	}
	if o.scalar == m.Column {
		return "scalar or column: the MIB has it otherwise"
	}
	for _, name := range slices.Sorted(maps.Keys(o.values)) {
		if v, ok := m.Syntax.Values[name]; !ok || v != o.values[name] {
			return "value " + name + " differs from the MIB's"
		}
	}
	if o.kind == kindInteger && len(o.values) == 0 && len(m.Syntax.Values) > 0 && o.name != "entPhysicalClass" {
		return "the MIB names its values, the driver does not"
	}
	return ""
}

// uses says which objects the driver's operations set, and which they read.
func (d *Driver) uses() (sets, reads map[string]bool) {
	sets, reads = map[string]bool{}, map[string]bool{}
	read := func(r *ref) {
		if r != nil && r.object != nil {
			reads[r.object.name] = true
		}
	}
	for _, p := range d.programs {
		for _, a := range slices.Concat(p.actions, p.cleanup) {
			switch step := a.do.(type) {
			case *getStep:
				for _, item := range step.items {
					read(&item.ref)
				}
			case *findStep:
				reads[step.column.name] = true
			case *setStep:
				for _, g := range step.groups {
					for _, v := range g.vars {
						sets[v.ref.object.name] = true
					}
				}
				for _, p := range step.proofs {
					read(&p.ref)
				}
			case *pollStep:
				read(&step.status)
				read(step.reason)
				read(step.text)
				read(step.progress)
				if step.find != nil {
					reads[step.find.column.name] = true
				}
			}
		}
	}
	return sets, reads
}

// TestFastpathDriversAreAlike holds the drivers of the makers of FASTPATH to
// one another: they differ in their heads.
func TestFastpathDriversAreAlike(t *testing.T) {
	body := func(name string) string {
		content, err := drivers.FS.ReadFile(name + ".yaml")
		if err != nil {
			t.Fatal(err)
		}
		_, body, found := strings.Cut(string(content), "# --- Alike for all makers")
		if !found {
			t.Fatalf("%s has no line that ends its head", name)
		}
		return body
	}
	for _, name := range []string{"fastpath-dell", "fastpath-netgear"} {
		if body(name) != body("fastpath") {
			t.Errorf("%s and fastpath differ below their heads", name)
		}
	}
}
