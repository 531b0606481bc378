package scenario

import (
	"context"
	"strings"
	"testing"

	"drydock/internal/fleet"
	"drydock/internal/procedure"
	"drydock/internal/sim/personality"
)

const vrpConfig = "#\n sysname street-17\n#\nvlan 100\n description voice\n#\ninterface GigabitEthernet0/0/1\n ip address 192.0.2.17 255.255.255.0\n#\n snmp-agent community write public\n#\nreturn\n"

func startVRP(y *yard, faults map[string]int) (family, *personality.VRP) {
	y.t.Helper()
	o := y.at(faults)
	o.Serial, o.Model, o.Version, o.Image, o.Config, o.TrapSink = "2102350NXG01", "AR2220", "V200R007C00SPC900", "ar2220-v200r007.cc", vrpConfig, y.server.TrapAddr
	d, err := personality.StartVRP(context.Background(), o)
	y.must(err)
	y.t.Cleanup(d.Close)
	return family{"huawei-vrp", d, fleet.Release{Version: "V200R010C00SPC600", Files: []fleet.File{{Role: "image", Name: "ar2220-v200r010.cc"}}},
		map[string][]byte{"ar2220-v200r010.cc": personality.VRPImage("V200R010C00SPC600", 200<<10)}}, d
}

// A VRP router goes through the whole procedure: the image beside the old one,
// its number into a schedule, a restart that takes it.
func TestVRPRouter(t *testing.T) {
	t.Parallel()
	for _, protocol := range []string{"ftp", "tftp"} {
		t.Run(protocol, func(t *testing.T) {
			t.Parallel()
			var d *personality.VRP
			y, run := vendor(t, setup{}, func(y *yard) (f family) { f, d = startVRP(y, nil); return f }, by(protocol))
			st := y.next(run, "")
			if st.Result == nil || st.Result.Outcome != procedure.Updated || st.Comparison == nil || st.Comparison.Lost+st.Comparison.Changed > 0 {
				t.Fatalf("result %+v, question %+v, comparison %+v; the router did %v", st.Result, st.Question, st.Comparison, d.Done())
			}
			if d.Version() != "V200R010C00SPC600" || d.Startup() != vrpConfig {
				t.Errorf("it runs %s with\n%s", d.Version(), d.Startup())
			}
		})
	}
}

// What goes wrong is told in the MIB's words and repeated on instruction only;
// rows that have aged out are not taken for a failure.
func TestVRPRouterFails(t *testing.T) {
	t.Parallel()
	for fault, want := range map[string]struct {
		step  procedure.Step
		cause procedure.Cause
		words string
	}{
		"busy": {procedure.Backup, procedure.Refused, "locked by another process"}, "copy": {procedure.Backup, procedure.TransferFailed, "file transfer was unsuccessful"},
		"flash busy": {procedure.Load, procedure.Refused, "flash is busy"}, "full": {procedure.Load, procedure.NoRoom, "filled to capacity"},
		"checksum": {procedure.Load, procedure.DeviceFailed, "damaged"}, "no image": {procedure.Load, procedure.DeviceFailed, "does not list the image"},
		"stays": {procedure.Load, procedure.WrongVersion, "V200R007"}, "schedule": {procedure.Load, procedure.Refused, ""},
		"age": {}, "flash age": {},
	} {
		t.Run(fault, func(t *testing.T) {
			t.Parallel()
			var d *personality.VRP
			y, run := vendor(t, setup{}, func(y *yard) (f family) { f, d = startVRP(y, map[string]int{fault: 1}); return f })
			st := y.next(run, "")
			if want.step != "" {
				if q := st.Question; q == nil || q.Step != want.step || q.Cause != want.cause || !strings.Contains(q.Detail, want.words) {
					t.Fatalf("it asks %+v, result %+v; the router did %v", st.Question, st.Result, d.Done())
				}
				y.answer(*st.Question, procedure.Repeat)
				st = y.next(run, st.Question.ID)
			}
			if st.Result == nil || st.Result.Outcome != procedure.Updated {
				t.Errorf("result %+v, question %+v; the router did %v", st.Result, st.Question, d.Done())
			}
		})
	}
}
