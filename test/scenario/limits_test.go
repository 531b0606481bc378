package scenario

import (
	"bytes"
	"io"
	"strings"
	"testing"

	"drydock/client"
	"drydock/internal/fleet"
	"drydock/internal/procedure"
)

// plan gives the one line of an update's plan.
func (y *yard) plan(o client.RunOrder) client.Plan {
	y.t.Helper()
	plans, err := y.api.Plan(y.ctx, o)
	y.must(err)
	if len(plans) != 1 {
		y.t.Fatalf("plans: %+v", plans)
	}
	return plans[0]
}

// What the family cannot do is told by the plan and by preflight, and the
// device is not touched before somebody has answered.
func TestLimitsAreTold(t *testing.T) {
	t.Parallel()
	y, d, run := openIOS(t, nil)
	_, err := y.api.Cancel(y.ctx, run, "test")
	y.must(err)
	y.until(run, "the end", func(s procedure.State) bool { return s.Phase == procedure.Ended })
	before := len(d.Done())
	_, err = y.api.AddRelease(y.ctx, fleet.Release{ID: "bare", Driver: "cisco-ios", Version: "15.8", Recover: fleet.RecoverOriginal,
		Files: []fleet.File{{Role: "image", Name: "new.bin"}}},
		func(string) (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader([]byte("image"))), nil })
	y.must(err)
	order := client.RunOrder{Release: "bare", Devices: []fleet.DeviceID{"r1"}}
	concerns := strings.Join(y.plan(order).Concerns, "\n")
	for _, want := range []string{"the release has no file boot-line", "No object sets the boot image", "the old files cannot be kept", "IOS keeps old images in flash"} {
		if !strings.Contains(concerns, want) {
			t.Errorf("no %q in the plan's concerns:\n%s", want, concerns)
		}
	}
	run = y.order(func(o *client.RunOrder) { o.Release, o.Devices = order.Release, order.Devices })[0]
	q := y.mustAsk(run, procedure.Preflight, procedure.Concerns, procedure.Proceed, procedure.Stop)
	if !strings.Contains(q.Detail, "the release has no file boot-line") {
		t.Errorf("asked %q", q.Detail)
	}
	if got := len(d.Done()); got != before {
		t.Errorf("the router did %v", d.Done()[before:])
	}
}

// A label that the driver needs and the device does not have stops the update
// before anything is touched; with it the update goes through.
func TestMissingLabel(t *testing.T) {
	t.Parallel()
	y := open(t, setup{drivers: adapted("files:\n", "vars:\n  shelf: the shelf that it stands in\nfiles:\n")})
	const want = "the driver needs the device's label shelf: the shelf that it stands in"
	order := client.RunOrder{Release: release, Devices: y.ids}
	if p := y.plan(order); !strings.Contains(strings.Join(p.Blockers, "\n"), want) {
		t.Errorf("blocked by %q", p.Blockers)
	}
	trial := y.trial("update", func(t *client.Trial) {
		t.Release, t.Driver = release, strings.Replace(t.Driver, "files:\n", "vars:\n  shelf: the shelf that it stands in\nfiles:\n", 1)
	})
	if _, _, err := y.try(trial); err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("tried: %v", err)
	}
	run := y.update()
	q := y.mustAsk(run, procedure.Preflight, procedure.DoesNotFit, procedure.Repeat, procedure.Stop)
	if !strings.Contains(q.Detail, want) || len(y.done(1)) > 0 {
		t.Errorf("asked %q; the device did %v", q.Detail, y.done(1))
	}
	device := client.NewDevice{ID: y.ids[0], Address: y.fleet.Agent(1).String(), Driver: "drydock-iad", Labels: map[string]string{"shelf": "7"}}
	y.must(y.api.PutDevices(y.ctx, []client.NewDevice{device}))
	y.answer(q, procedure.Repeat)
	y.ends(run, procedure.Updated)
}
