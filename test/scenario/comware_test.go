package scenario

import (
	"context"
	"strings"
	"testing"

	"drydock/internal/fleet"
	"drydock/internal/procedure"
	"drydock/internal/sim/personality"
)

const comwareConfig = "#\n version 7.1.070, Release 3507P02\n#\n sysname core-3\n#\nvlan 10\n description voice\n#\ninterface Vlan-interface10\n ip address 192.0.2.3 255.255.255.0\n#\n snmp-agent community write public\n#\nreturn\n"

func startComware(y *yard, faults map[string]int) (family, *personality.Comware) {
	y.t.Helper()
	o := y.at(faults)
	o.Serial, o.Model, o.Version, o.Image, o.Config, o.TrapSink = "CN00ABC123", "HPE 5130-24G-4SFP+ EI", "7.1.070, Release 3507P02", "5130-r3507p02.bin", comwareConfig, y.server.TrapAddr
	d, err := personality.StartComware(context.Background(), o)
	y.must(err)
	y.t.Cleanup(d.Close)
	return family{"comware", d, fleet.Release{Version: "7.1.070, Release 3508P15", Files: []fleet.File{{Role: "image", Name: "5130-r3508p15.bin"}}},
		map[string][]byte{"5130-r3508p15.bin": personality.ComwareImage("7.1.070, Release 3508P15", 200<<10)}}, d
}

// A Comware switch goes through the whole procedure, keep included: the image
// that runs becomes the backup image too.
func TestComwareSwitch(t *testing.T) {
	t.Parallel()
	for _, protocol := range []string{"ftp", "tftp"} {
		t.Run(protocol, func(t *testing.T) {
			t.Parallel()
			var d *personality.Comware
			y, run := vendor(t, setup{}, func(y *yard) (f family) { f, d = startComware(y, nil); return f }, by(protocol))
			st := y.next(run, "")
			if st.Result == nil || st.Result.Outcome != procedure.Updated || !st.Kept || st.Comparison == nil || st.Comparison.Lost > 0 {
				t.Fatalf("result %+v, question %+v, comparison %+v; the switch did %v", st.Result, st.Question, st.Comparison, d.Done())
			}
			if d.Version() != "7.1.070, Release 3508P15" || d.Startup() != comwareConfig {
				t.Errorf("it runs %s with\n%s", d.Version(), d.Startup())
			}
		})
	}
}

// What goes wrong is told in the MIB's words; an aged result is not taken for a
// failure; a switch that falls back to its backup image is not believed.
func TestComwareSwitchFails(t *testing.T) {
	t.Parallel()
	for fault, want := range map[string]struct {
		step  procedure.Step
		cause procedure.Cause
		words string
	}{
		"busy": {procedure.Backup, procedure.Refused, "busy"}, "full": {procedure.Load, procedure.NoRoom, "no room"},
		"checksum": {procedure.Load, procedure.DeviceFailed, "damaged"}, "bad-main": {procedure.Load, procedure.WrongVersion, "3507P02"}, "age": {},
	} {
		t.Run(fault, func(t *testing.T) {
			t.Parallel()
			var d *personality.Comware
			y, run := vendor(t, setup{}, func(y *yard) (f family) { f, d = startComware(y, map[string]int{fault: 1}); return f })
			st := y.next(run, "")
			if want.step != "" {
				if q := st.Question; q == nil || q.Step != want.step || q.Cause != want.cause || !strings.Contains(q.Detail, want.words) {
					t.Fatalf("it asks %+v, result %+v; the switch did %v", st.Question, st.Result, d.Done())
				}
				y.answer(*st.Question, procedure.Repeat)
				st = y.next(run, st.Question.ID)
			}
			if st.Result == nil || st.Result.Outcome != procedure.Updated {
				t.Errorf("result %+v, question %+v; the switch did %v", st.Result, st.Question, d.Done())
			}
		})
	}
}
