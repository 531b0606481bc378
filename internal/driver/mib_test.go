package driver

import (
	"os"
	"path/filepath"
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
	for _, mistake := range d.disagreements(l, makersRoots()[d.name]) {
		t.Error(mistake)
	}
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
