package driver

import (
	"os"
	"slices"
	"testing"
)

// TestFamilies parses a driver for each flavour of real equipment that the
// language has to express.
func TestFamilies(t *testing.T) {
	set, err := LoadAll(os.DirFS("testdata/families"))
	if err != nil {
		t.Fatalf("\n%v", err)
	}
	want := []string{"cisco-ios", "docsis", "fastiron", "fastpath", "huawei-vrp", "procurve", "radlan"}
	if got := set.Names(); !slices.Equal(got, want) {
		t.Errorf("drivers %v, want %v", got, want)
	}
}
