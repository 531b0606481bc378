// Package scenario tests the whole product over real sockets: a server as
// drydock serve starts it, a fleet of simulated equipment, and a user who goes
// through the API.
package scenario

import (
	"bytes"
	"context"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"go.uber.org/goleak"

	"drydock/client"
	"drydock/internal/fleet"
	"drydock/internal/procedure"
	"drydock/internal/server"
	"drydock/internal/sim"
)

// TestMain lets more tests run at once than there are processors: they wait
// for devices most of their time.
func TestMain(m *testing.M) {
	flag.Parse()
	if err := flag.Set("test.parallel", "8"); err != nil {
		panic(err)
	}
	goleak.VerifyTestMain(m)
}

// patience bounds every wait of a test; nothing takes as long as that.
const patience = 90 * time.Second

// setup says what a test needs that is not usual.
type setup struct {
	devices      int    // 1 where 0
	faults       string // sim.ParseFaults
	spec         func(*sim.Spec)
	release      func(*fleet.Release)
	drivers      func(*testing.T) string // folder with more drivers
	image        int64                   // octets of the release's image; 96 KiB where 0
	credentials  *client.Credentials     // v2c with the community public where nil
	log          *slog.Logger
	provisioning uint16 // port of the TFTP servers that provision devices
	metrics      string // address of the metrics; none where empty
	drain        time.Duration
}

// yard is a server and a fleet that belong to one test.
type yard struct {
	t       *testing.T
	ctx     context.Context
	data    string
	options server.Options
	server  *server.Server
	api     *client.Client
	fleet   *sim.Fleet
	ids     []fleet.DeviceID
	vendors int    // simulated devices of vendors beside the fleet
	effects string // path of the effect log
}

const release = fleet.ReleaseID("iad-2.0")

func open(t *testing.T, s setup) *yard {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	t.Cleanup(cancel)
	y := &yard{t: t, ctx: ctx, data: t.TempDir()}
	if s.log == nil {
		s.log = slog.New(slog.NewTextHandler(t.Output(), nil))
	}
	y.options = server.Options{Data: y.data, HTTP: "127.0.0.1:0", TFTP: "127.0.0.1:0", FTP: "127.0.0.1:0", Trap: "127.0.0.1:0",
		ServerAddress: "127.0.0.1", ProvisioningPort: s.provisioning, Log: s.log, Metrics: s.metrics, Drain: s.drain}
	if s.drivers != nil {
		y.options.Drivers = s.drivers(t)
	}
	y.serve()
	y.simulate(s)
	var devices []client.NewDevice
	creds := s.credentials
	if creds == nil {
		creds = &client.Credentials{Version: "v2c", Community: "public"}
	}
	for n := 1; n <= y.fleet.Size(); n++ {
		id := fleet.DeviceID(fmt.Sprintf("iad-%04d", n))
		y.ids = append(y.ids, id)
		devices = append(devices, client.NewDevice{ID: id, Address: y.fleet.Agent(n).String(), Driver: "drydock-iad", Credentials: creds})
	}
	y.must(y.api.PutDevices(ctx, devices))
	y.addRelease(s.release, s.image)
	return y
}

// serve starts the server, again perhaps, on the same data.
func (y *yard) serve() {
	y.t.Helper()
	var err error
	y.server, err = server.Start(context.Background(), y.options)
	y.must(err)
	s := y.server
	y.t.Cleanup(func() { _ = s.Stop() }) // a second time is harmless
	// a server that starts again is where it was: devices were told so
	y.options.TFTP, y.options.FTP, y.options.Trap = s.TFTPAddr.String(), s.FTPAddr.String(), s.TrapAddr.String()
	y.api, err = client.New(s.URL, s.Token)
	y.must(err)
}

func (y *yard) simulate(s setup) {
	y.t.Helper()
	y.effects = filepath.Join(y.t.TempDir(), "effects")
	spec := sim.Spec{Devices: max(1, s.devices), First: firstAddress(y.t), TrapSink: y.server.TrapAddr, Timings: sim.DefaultTimings(200),
		ImageSize: 64 << 10, Seed: 7, EffectLog: y.effects}
	var err error
	spec.Faults, err = sim.ParseFaults(s.faults)
	y.must(err)
	if s.spec != nil {
		s.spec(&spec)
	}
	y.fleet, err = sim.Start(context.Background(), spec)
	y.must(err)
	y.t.Cleanup(func() {
		if err := y.fleet.Close(); err != nil {
			y.t.Errorf("the fleet ended with %v", err)
		}
	})
}

func (y *yard) addRelease(change func(*fleet.Release), size int64) {
	y.t.Helper()
	image := sim.MakeImage("2.0", 2, []string{"IAD-4", "IAD-24"}, max(size, 96<<10))
	r := fleet.Release{ID: release, Driver: "drydock-iad", Version: "2.0", Pack: "drydock-iad", Recover: fleet.RecoverOriginal,
		Models: []string{"IAD-*"}, From: []string{"1.4*"}, Files: []fleet.File{{Role: "image", Name: "iad.img"}}}
	if change != nil {
		change(&r)
	}
	_, err := y.api.AddRelease(y.ctx, r, func(string) (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(image)), nil })
	y.must(err)
}

func (y *yard) must(err error) {
	y.t.Helper()
	if err != nil {
		y.t.Fatal(err)
	}
}

// update starts the update of device 1 and gives its run.
func (y *yard) update(change ...func(*client.RunOrder)) fleet.RunID {
	y.t.Helper()
	return y.order(append([]func(*client.RunOrder){func(o *client.RunOrder) { o.Release = release }}, change...)...)[0]
}

func (y *yard) order(change ...func(*client.RunOrder)) []fleet.RunID {
	y.t.Helper()
	o := client.RunOrder{Devices: y.ids[:1], Goal: procedure.GoalUpdate}
	for _, f := range change {
		f(&o)
	}
	rows, err := y.api.Start(y.ctx, o)
	y.must(err)
	runs := make([]fleet.RunID, len(rows))
	for i, row := range rows {
		if row.Error != "" {
			y.t.Fatalf("%s was not started: %s (%s)", row.Device, row.Error, row.Hint)
		}
		runs[i] = row.Run
	}
	return runs
}

// within gives an operation a shorter predetermined time.
func within(op procedure.Op, limit string) func(*client.RunOrder) {
	return func(o *client.RunOrder) {
		if o.Timeouts == nil {
			o.Timeouts = map[procedure.Op]string{}
		}
		o.Timeouts[op] = limit
	}
}

func by(protocol string) func(*client.RunOrder) {
	return func(o *client.RunOrder) { o.Protocol = protocol }
}

// until waits for a state of the run.
func (y *yard) until(run fleet.RunID, what string, reached func(procedure.State) bool) procedure.State {
	y.t.Helper()
	var last procedure.State
	ok := false
	err := y.api.Watch(y.ctx, []fleet.RunID{run}, func(c client.Change) bool {
		last, ok = c.State, reached(c.State)
		return !ok && c.State.Phase != procedure.Ended
	})
	if err != nil || !ok {
		y.t.Fatalf("%s does not come to %s: step %s, phase %s, question %+v, result %+v: %v", run, what, last.Step, last.Phase, last.Question, last.Result, err)
	}
	return last
}

// asks waits for the run's question.
func (y *yard) asks(run fleet.RunID) procedure.Question {
	y.t.Helper()
	return *y.until(run, "a question", func(s procedure.State) bool { return s.Question != nil }).Question
}

// ends waits for the run's end without a question.
func (y *yard) ends(run fleet.RunID, want procedure.Outcome) procedure.State {
	y.t.Helper()
	st := y.until(run, "its end", func(s procedure.State) bool { return s.Phase == procedure.Ended || s.Question != nil })
	if st.Result == nil || st.Result.Outcome != want {
		y.t.Fatalf("%s: result %+v, question %+v; wanted %s", run, st.Result, st.Question, want)
	}
	return st
}

func (y *yard) answer(q procedure.Question, choice procedure.Choice) {
	y.t.Helper()
	_, err := y.api.Answer(y.ctx, q.ID, choice, "anna")
	y.must(err)
}

// mustAsk checks a question's step, cause and answers.
func (y *yard) mustAsk(run fleet.RunID, step procedure.Step, cause procedure.Cause, choices ...procedure.Choice) procedure.Question {
	y.t.Helper()
	q := y.asks(run)
	if q.Step != step || q.Cause != cause {
		y.t.Fatalf("asked at %s because of %s (%s); wanted %s, %s", q.Step, q.Cause, q.Detail, step, cause)
	}
	for _, c := range choices {
		if !slices.Contains(q.Choices, c) {
			y.t.Fatalf("the answers are %v, %s is not among them", q.Choices, c)
		}
	}
	return q
}

// done lists what the device was made to do, in order.
func (y *yard) done(device int) (ops []string) {
	y.t.Helper()
	list, err := sim.ReadEffects(y.effects)
	y.must(err)
	for _, e := range list {
		if e.Device == device && e.What == "start" {
			ops = append(ops, e.Op)
		}
	}
	return ops
}

func (y *yard) mustHaveDone(ops ...string) {
	y.t.Helper()
	if got := y.done(1); !slices.Equal(got, ops) {
		y.t.Fatalf("the device was made to do %v; wanted %v", got, ops)
	}
}

// proven checks that a run's end is borne out by the equipment itself.
func (y *yard) proven(device int, st procedure.State) {
	y.t.Helper()
	d := y.fleet.Device(device)
	if d.Version() != "2.0" {
		y.t.Errorf("the device runs %s", d.Version())
	}
	if st.Comparison == nil || st.Comparison.Lost+st.Comparison.Changed > 0 || st.Comparison.Carried == 0 {
		y.t.Errorf("comparison %+v", st.Comparison)
	}
}

// untilItHangs bounds an operation: shortly where the device hangs, else so that
// what is found out is found out before, on a busy machine too.
func untilItHangs(op procedure.Op, fault string) func(*client.RunOrder) {
	if fault == "hang" {
		return within(op, "8s")
	}
	return within(op, "60s")
}

// repeatHung answers repeat. A device that hangs is let its time once more
// then, for it says that it is at it; the second repeat is followed.
func (y *yard) repeatHung(run fleet.RunID, q procedure.Question, fault string) {
	y.t.Helper()
	y.answer(q, procedure.Repeat)
	if fault != "hang" {
		return
	}
	again := y.until(run, "the second question", func(s procedure.State) bool { return s.Question != nil && s.Question.ID != q.ID })
	y.answer(*again.Question, procedure.Repeat)
}
