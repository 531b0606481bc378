package equipment

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"drydock/internal/snmp"
)

// foreignMIBs are the directories of the modules that ours imports.
func foreignMIBs(t *testing.T) string {
	t.Helper()
	const netSNMP = "/usr/share/snmp/mibs"
	for _, ietf := range []string{"../../../shared/mibs/ietf", "/var/lib/snmp/mibs/ietf", "/usr/share/snmp/mibs/ietf", "/usr/share/mibs/ietf"} {
		if found, _ := filepath.Glob(ietf + "/INET-ADDRESS-MIB*"); len(found) > 0 {
			return ietf + ":" + netSNMP
		}
	}
	missing(t, "no directory has INET-ADDRESS-MIB")
	return ""
}

func smi(t *testing.T, name string, args ...string) string {
	t.Helper()
	cmd := exec.Command(program(t, name), append(args, "../../mibs/DRYDOCK-EQUIPMENT-MIB.txt")...)
	cmd.Env = append(os.Environ(), "SMIPATH="+foreignMIBs(t))
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%s: %v\n%s", name, err, out)
	}
	return string(out)
}

func TestMIBIsClean(t *testing.T) {
	if out := smi(t, "smilint", "-l", "5"); out != "" {
		t.Error(out)
	}
}

// TestMIBHasTheCodesNumbers compares every number in the code with the MIB.
func TestMIBHasTheCodesNumbers(t *testing.T) {
	mib := map[string]string{}
	for line := range strings.Lines(smi(t, "smidump", "-f", "identifiers")) {
		if f := strings.Fields(line); len(f) == 4 {
			mib[f[1]] = f[3]
		}
	}
	code := map[string]snmp.OID{
		"drydockEquipmentMIB": root, "deOperationFinished": deOperationFinished, "deOperationFailed": deOperationFailed,
		"deIdentity": deIdentity, "deOperationEntry": deOperationEntry, "deModelIad4": deModelIad4, "deModelIad24": deModelIad24, "deAgent": deAgent,
	}
	for name, arc := range map[string]uint32{
		"deSerialNumber": deSerialNumber, "deModelName": deModelName, "deSoftwareVersion": deSoftwareVersion, "deKeptVersion": deKeptVersion,
		"deFlashFree": deFlashFree, "deBootCount": deBootCount, "deConfigVersion": deConfigVersion, "dePortsUp": dePortsUp,
		"deImageDigest": deImageDigest, "deConfigDigest": deConfigDigest,
	} {
		code[name] = deIdentity.Append(arc)
	}
	for name, arc := range map[string]uint32{
		"deOperIndex": 1, "deOperType": deOperType, "deOperProtocol": deOperProtocol, "deOperServerAddressType": deOperServerAddressType,
		"deOperServerAddress": deOperServerAddress, "deOperServerPort": deOperServerPort, "deOperFileNames": deOperFileNames,
		"deOperUserName": deOperUserName, "deOperPassword": deOperPassword, "deOperState": deOperState, "deOperProgress": deOperProgress,
		"deOperFailureCause": deOperFailureCause, "deOperFailureText": deOperFailureText, "deOperDigests": deOperDigests,
		"deOperRowStatus": deOperRowStatus,
	} {
		code[name] = deOperationEntry.Append(arc)
	}
	for name, oid := range code {
		if mib[name] != oid.String() {
			t.Errorf("%s is %v in the code and %q in the MIB", name, oid, mib[name])
		}
		delete(mib, name)
	}
	for name := range mib { // what the code need not name
		switch {
		case strings.HasPrefix(name, "deOper") || strings.HasSuffix(name, "Group"), strings.HasPrefix(name, "deCo"),
			name == "deGroups", name == "deModels", name == "deObjects", name == "deNotifications":
		default:
			t.Errorf("%s is in the MIB and not in the code", name)
		}
	}
}

// TestMIBHasTheCodesNames compares the enumerations.
func TestMIBHasTheCodesNames(t *testing.T) {
	data, err := os.ReadFile("../../mibs/DRYDOCK-EQUIPMENT-MIB.txt")
	if err != nil {
		t.Fatal(err)
	}
	text := strings.Join(strings.Fields(string(data)), " ")
	for _, enumeration := range []string{
		"backup(1), update(2), recover(3), keep(4), restoreFiles(5), reboot(6), modify(7) }",
		"none(0), serverUnreachable(1), fileNotFound(2), transferFailed(3), transferTimeout(4), noRoom(5), badImage(6), wrongModel(7), configurationRejected(8), nothingKept(9), busy(10), internalError(11) }",
		"{ idle(1), running(2), succeeded(3), failed(4) }", "{ tftp(1), ftp(2), local(3) }",
	} {
		if !strings.Contains(text, enumeration) {
			t.Errorf("the MIB does not have %s", enumeration)
		}
	}
	for i := Backup; i <= Modify; i++ {
		if ParseType(i.String()) != i || !strings.Contains(text, i.String()+"(") {
			t.Errorf("type %d has the name %q", i, i)
		}
	}
	if InternalError != 11 || Failed != 4 || FTP != 2 {
		t.Error("numbers of the code have moved")
	}
}
