package sim

import (
	"net/netip"
	"os"
	"slices"
	"strings"
	"testing"

	"drydock/internal/fault"
	"drydock/internal/transfer/ftpclient"
	"drydock/internal/transfer/tftp"
)

func TestParseQuirks(t *testing.T) {
	var s Spec
	err := s.ParseQuirks("snmp=v1,v3 max-message=484 silent-writes engine-of-software traps-from=127.0.0.9  answers-from=127.0.0.8 " +
		"tftp-blksize=1428 tftp-window=4 tftp-room=512 tftp-to-one ftp-active")
	if err != nil {
		t.Fatal(err)
	}
	want := Quirks{MaxMessage: 484, SilentWrites: true, EngineOfSoftware: true,
		TrapsFrom: netip.MustParseAddr("127.0.0.9"), AnswersFrom: netip.MustParseAddr("127.0.0.8")}
	if !slices.Equal(s.Quirks.SNMP, []string{"v1", "v3"}) {
		t.Errorf("versions %v", s.Quirks.SNMP)
	}
	s.Quirks.SNMP = nil
	if got := s.Quirks; got.MaxMessage != want.MaxMessage || got.SilentWrites != want.SilentWrites || got.EngineOfSoftware != want.EngineOfSoftware ||
		got.TrapsFrom != want.TrapsFrom || got.AnswersFrom != want.AnswersFrom {
		t.Errorf("%+v, want %+v", got, want)
	}
	if (s.TFTP != tftp.Client{Blksize: 1428, Windowsize: 4, Room: 512, ToOne: true}) || (s.FTP != ftpclient.Client{Active: true}) {
		t.Errorf("%+v, %+v", s.TFTP, s.FTP)
	}
}

func TestParseQuirksSaysWhatIsWrong(t *testing.T) {
	for text, says := range map[string]string{
		"colour=red": "expected one of snmp, max-message", "max-message=100": "from 484", "silent-writes=yes": "takes no value",
		"traps-from=here": "127.0.0.0/8", "answers-from=10.0.0.1": "127.0.0.0/8", "snmp=v4": "v1, v2c or v3", "tftp-blksize=": "from 8",
	} {
		var s Spec
		if err := s.ParseQuirks(text); fault.CodeOf(err) != fault.Invalid || !strings.Contains(err.Error(), says) {
			t.Errorf("%s: %v", text, err)
		}
	}
}

// The package comment, the list of names and the code have the same words.
func TestEveryQuirkIsDescribed(t *testing.T) {
	raw, err := os.ReadFile("doc.go")
	if err != nil {
		t.Fatal(err)
	}
	_, text, _ := strings.Cut(string(raw), "# Quirks")
	for _, name := range quirkNames() {
		if !strings.Contains(text, "//\t"+name) {
			t.Errorf("%s is not described", name)
		}
		if quirkWords()[name] == nil {
			t.Errorf("%s is not read", name)
		}
	}
	if len(quirkNames()) != len(quirkWords()) {
		t.Errorf("%d names of %d words", len(quirkNames()), len(quirkWords()))
	}
}
