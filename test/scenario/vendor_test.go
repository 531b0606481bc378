package scenario

import (
	"bytes"
	"context"
	"io"
	"strings"
	"testing"
	"time"

	"drydock/client"
	"drydock/internal/fleet"
	"drydock/internal/procedure"
	"drydock/internal/sim/personality"
)

const iosBefore = `!
version 15.1
hostname r1
!
boot system flash:old.bin
!
interface GigabitEthernet0/0
 ip address 192.0.2.1 255.255.255.0
!
snmp-server community public RW
snmp-server system-shutdown
end
`

// openIOS is a yard with a simulated Cisco router besides its IAD.
func openIOS(t *testing.T, faults map[string]int) (*yard, *personality.IOS, fleet.RunID) {
	t.Helper()
	y := open(t, setup{})
	d, err := personality.StartIOS(context.Background(), personality.Options{
		Address: firstAddress(t).Next().Next(), Serial: "FTX1234", Model: "CISCO2901/K9", Flash: 8 << 20, Config: iosBefore, Image: "old.bin", Version: "15.1(4)M4",
		TFTPPort: y.server.TFTPAddr.Port(), FTPPort: y.server.FTPAddr.Port(), Restart: 7 * time.Second, Faults: faults,
	})
	y.must(err)
	t.Cleanup(d.Close)
	y.must(y.api.PutDevices(y.ctx, []client.NewDevice{{ID: "r1", Address: d.Addr().String(), Driver: "cisco-ios",
		Credentials: &client.Credentials{Version: "v2c", Community: "public"}}}))
	files := map[string][]byte{"new.bin": personality.IOSImage("15.7(3)M8", 300<<10), "boot.txt": []byte("no boot system\nboot system flash:new.bin\nend\n")}
	_, err = y.api.AddRelease(y.ctx, fleet.Release{ID: "ios-15.7", Driver: "cisco-ios", Version: "15.7(3)M8", Recover: fleet.RecoverOriginal,
		Files: []fleet.File{{Role: "image", Name: "new.bin"}, {Role: "boot-line", Name: "boot.txt"}}},
		func(name string) (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(files[name])), nil })
	y.must(err)
	run := y.order(func(o *client.RunOrder) { o.Release, o.Devices = "ios-15.7", []fleet.DeviceID{"r1"} })[0]
	q := y.mustAsk(run, procedure.Keep, procedure.CannotKeep) // the family keeps nothing by itself
	if !strings.Contains(q.Detail, "IOS keeps old images in flash") {
		t.Errorf("the driver's own words are not in the question: %q", q.Detail)
	}
	y.answer(q, procedure.Proceed)
	return y, d, run
}

// next waits for the run's end or a question other than the last.
func (y *yard) next(run fleet.RunID, last string) procedure.State {
	y.t.Helper()
	return y.until(run, "what comes next", func(s procedure.State) bool {
		return s.Phase == procedure.Ended || s.Question != nil && s.Question.ID != last && s.Question.Cause != procedure.CannotKeep
	})
}

// A Cisco router goes through the whole procedure: an agent that was written
// from the MIB's clauses, commanded by the driver.
func TestCiscoRouter(t *testing.T) {
	t.Parallel()
	y, d, run := openIOS(t, nil)
	st := y.next(run, "")
	if st.Result == nil || st.Result.Outcome != procedure.Updated || st.Comparison == nil || st.Comparison.Lost > 0 {
		t.Fatalf("result %+v, question %+v, comparison %+v; the router did %v", st.Result, st.Question, st.Comparison, d.Done())
	}
	if s := d.Startup(); d.Version() != "15.7(3)M8" || !strings.Contains(s, "ip address 192.0.2.1") ||
		!strings.Contains(s, "boot system flash:new.bin") || strings.Contains(s, "old.bin") {
		t.Errorf("it runs %s with\n%s", d.Version(), d.Startup())
	}
}

// What goes wrong on the router is told in its MIB's words, and repeated on
// instruction only.
func TestCiscoRouterFails(t *testing.T) {
	t.Parallel()
	y, d, run := openIOS(t, map[string]int{"flash": 1})
	st := y.next(run, "")
	if st.Question == nil || st.Question.Step != procedure.Load || !strings.Contains(st.Question.Detail, "copyFileTransferError") {
		t.Fatalf("asked %+v; the router did %v", st.Question, d.Done())
	}
	y.answer(*st.Question, procedure.Repeat)
	if st = y.next(run, st.Question.ID); st.Result == nil || st.Result.Outcome != procedure.Updated {
		t.Fatalf("result %+v, question %+v; the router did %v", st.Result, st.Question, d.Done())
	}
}
