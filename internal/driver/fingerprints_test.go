package driver

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"drydock/drivers"
)

// sharedFolder finds the fixtures that are kept beside the repository.
func sharedFolder(t testing.TB) string {
	t.Helper()
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for ; dir != filepath.Dir(dir); dir = filepath.Dir(dir) {
		for _, shared := range []string{filepath.Join(dir, "shared"), filepath.Join(dir, "..", "shared")} {
			if _, err := os.Stat(filepath.Join(shared, "fixtures")); err == nil {
				return shared
			}
		}
	}
	if os.Getenv("DRYDOCK_TEST_NO_SKIP") == "1" {
		t.Fatal("there is no ../shared with the fixtures")
	}
	t.Skip("there is no ../shared with the fixtures")
	return ""
}

func ownDrivers(t testing.TB) *Set {
	t.Helper()
	set, err := LoadAll(drivers.FS)
	if err != nil {
		t.Fatalf("the drivers that drydock brings along:\n%v", err)
	}
	return set
}

// expectedFamilies reads testdata/fingerprints.txt: the family of each row.
func expectedFamilies(t *testing.T) map[string]string {
	t.Helper()
	content, err := os.ReadFile("testdata/fingerprints.txt")
	if err != nil {
		t.Fatal(err)
	}
	want, family := map[string]string{}, ""
	for line := range strings.Lines(string(content)) {
		line = strings.TrimRight(line, "\n")
		switch {
		case line == "" || strings.HasPrefix(line, "#"):
		case strings.HasSuffix(line, ":"):
			family = strings.TrimSuffix(line, ":")
		default:
			for _, name := range strings.Fields(line) {
				if want[name] != "" {
					t.Errorf("%s is %s and %s", name, want[name], family)
				}
				want[name] = family
			}
		}
	}
	return want
}

// TestFingerprints matches what real equipment says of itself: each device
// belongs to the right family, or to none.
func TestFingerprints(t *testing.T) {
	rows, err := os.ReadFile(filepath.Join(sharedFolder(t), "fixtures", "fingerprints.tsv"))
	if err != nil {
		t.Fatal(err)
	}
	set, want := ownDrivers(t), expectedFamilies(t)
	seen := 0
	for line := range strings.Lines(string(rows)) {
		f := strings.Split(strings.TrimRight(line, "\n"), "\t")
		if len(f) < 4 || f[0] == "vendor" {
			continue
		}
		seen++
		name, got := f[0]+"/"+f[1], "none"
		d, why := set.Match(f[2], f[3])
		if d != nil {
			got = d.Name()
		}
		if got != want[name] {
			t.Errorf("%s (%s, %q) is %s, want %q", name, f[2], f[3], got, want[name])
		}
		if len(why) < len(set.Names()) {
			t.Errorf("%s: %d explanations for %d drivers", name, len(why), len(set.Names()))
		}
	}
	if seen != len(want) {
		t.Errorf("%d fingerprints, but %d are expected", seen, len(want))
	}
}

// TestMatchByPrinciple has devices that are not among the fingerprints, in the
// words that their makers use.
func TestMatchByPrinciple(t *testing.T) {
	set := ownDrivers(t)
	for _, c := range []struct{ objectID, descr, want, version string }{
		{"1.3.6.1.4.1.9.1.2494", "Cisco IOS Software [Cupertino], Catalyst L3 Switch Software (CAT9K_IOSXE), Version 17.9.4a, RELEASE SOFTWARE (fc3)", "cisco-ios", "17.9.4a"},
		{"1.3.6.1.4.1.9.1.516", "Cisco Internetwork Operating System Software \nIOS (tm) C3750 Software, Version 12.1(19)EA1d, RELEASE SOFTWARE", "cisco-ios", "12.1(19)EA1d"},
		{"1.3.6.1.4.1.9.12.3.1.3.1084", "Cisco NX-OS(tm) n5000, Software (n5000-uk9), Version 5.2(1)N1(9), RELEASE SOFTWARE", "none", ""},
		{"1.3.6.1.4.1.9.1.2237", "Cisco Adaptive Security Appliance Version 9.8(2)", "none", ""},
		{"1.3.6.1.4.1.9.1.1037", "Cisco Controller", "none", ""},
		{"1.3.6.1.4.1.9.6.1.1004.10.4", "CBS350-8FP-E-2G 8-Port Gigabit PoE Managed Switch", "cisco-sb", ""},
		{"1.3.6.1.4.1.9.6.1.23.3.1", "Linux, Cisco Small Business RV325, Version 1.4.2.17", "none", ""},
		{"1.3.6.1.4.1.674.10895.3031", "PowerConnect 5548", "radlan", ""},
		{"1.3.6.1.4.1.674.10895.3011", "PowerConnect 6248, 3.3.18.1, VxWorks 6.5", "fastpath-dell", "3.3.18.1"},
		{"1.3.6.1.4.1.674.11000.5000.100.2.1.1", "Dell EMC Networking OS10 Enterprise.", "none", ""},
		{"1.3.6.1.4.1.2011.2.23.96", "Quidway S5352C-EI\r\nHuawei Versatile Routing Platform Software\r\n VRP (R) Software,Version 5.70 (S5300 V100R005C01SPC100)", "huawei-vrp", "V100R005C01SPC100"},
		{"1.3.6.1.4.1.2011.2.62.2.9", "Huawei Versatile Routing Platform Software VRP (R) software, Version 3.10, Release 0033", "huawei-vrp", "3.10"},
		{"1.3.6.1.4.1.2011.2.115", "Huawei Integrated Access Software", "none", ""},
		{"1.3.6.1.4.1.2011.10.1.89", "H3C Switch S3600-28TP-SI Software Version 3.10, Release 1510P10", "comware", "3.10, Release 1510P10"},
		{"1.3.6.1.4.1.25506.1.1190", "H3C Comware Platform Software, Software Version 7.1.070, Release 6312P01", "comware", "7.1.070, Release 6312P01"},
		{"1.3.6.1.4.1.25506.1.9999", "H3C iMC Intelligent Management Center", "none", ""},
		{"1.3.6.1.4.1.4491.2.4.1", "ARRIS DOCSIS 3.0 Cable Modem <<HW_REV: 5; VENDOR: Arris Interactive, L.L.C.; BOOTR: 1.2; SW_REV: 9.1.103; MODEL: SB6183>>", "docsis", "9.1.103"},
		{"1.3.6.1.4.1.1991.1.3.62.1.1.1.1", "Ruckus Wireless, Inc. ICX7150-48-POE, IronWare Version 08.0.80fT211 Compiled on Jan 8 2019 labeled as SPS08080f", "fastiron", "08.0.80fT211"},
		{"1.3.6.1.4.1.1991.1.3.44.3.2", "Brocade NetIron MLXe, IronWare Version V5.6.0fT163 Compiled on ...", "none", ""},
		{"1.3.6.1.4.1.11.2.3.7.11.181.2", "Aruba JL253A 2930F-24G-4SFP+ Switch, revision WC.16.08.0001, ROM WC.16.01.0006", "procurve", "WC.16.08.0001"},
		{"1.3.6.1.4.1.11.2.3.7.11.46", "ProCurve J9019A Switch 2510-24, revision Q.11.57, ROM Q.10.02", "procurve", "Q.11.57"},
		{"1.3.6.1.4.1.11.2.3.7.11.104", "ProCurve 1810G - 24 GE, P.2.22, eCos-2.0, CFE-2.1", "none", ""},
		{"1.3.6.1.4.1.30065.1.3011.7150.64", "Arista Networks EOS version 4.20.1F running on an Arista Networks DCS-7150S-64-CL", "arista", "4.20.1F"},
		{"1.3.6.1.4.1.6486.801.1.1.2.1.11.1.7", "Alcatel-Lucent Enterprise OS6860E-48 8.4.1.170.R03 GA, September 01, 2017.", "aos", "8.4.1.170.R03"},
		{"1.3.6.1.4.1.207.1.14.111", "Allied Telesis router/switch, Software (AlliedWare Plus) Version 5.4.6-1.4", "awplus", "5.4.6-1.4"},
		{"1.3.6.1.4.1.207.1.4.999", "AlliedWare Plus (TM) 2.2.3.0", "awplus", "2.2.3.0"},
		{"1.3.6.1.4.1.5003.8.1.1.24", "Product: MP-118 FXS ;SW Version: 6.60A.293.001", "audiocodes", "6.60A.293.001"},
		{"1.3.6.1.4.1.1916.2.76", "ExtremeXOS version 12.3.3.6 v1233b6 by release-manager on Mon Jun 22 2009", "extreme", "12.3.3.6"},
		{"1.3.6.1.4.1.171.10.153.3.1", "DGS-3630-28TC Gigabit Ethernet Switch", "none", ""},
		{"1.3.6.1.4.1.4526.100.11.19", "M7300-24XF ProSafe 24-port 10 Gigabit L2+ Managed Switch, 10.0.0.40, B1.0.0.7", "fastpath-netgear", "10.0.0.40"},
		{"1.3.6.1.4.1.8072.3.2.10", "Linux router 5.10.0 #1 SMP x86_64", "none", ""},
	} {
		got, version := "none", ""
		if d, _ := set.Match(c.objectID, c.descr); d != nil {
			got, version = d.Name(), d.VersionIn(c.descr)
		}
		if got != c.want || version != c.version {
			t.Errorf("%s %q is %s %q, want %s %q", c.objectID, c.descr, got, version, c.want, c.version)
		}
	}
}
