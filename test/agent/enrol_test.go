package agent

import (
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"drydock/client"
	"drydock/internal/fleet"
)

const enrolling = `
snmp: {listen: "%[2]s:1161", enrolled: true}
`

// announce runs drydock-agent enrol and gives its end.
func (b *box) announce(y *yard, code string) <-chan error {
	cmd := exec.CommandContext(y.ctx, binary(b.t), "enrol", "--settings", b.file("agent.yaml"), "--server", y.server.URL, "--every", "100ms")
	cmd.Env = append(os.Environ(), "DRYDOCK_CODE="+code)
	done := make(chan error, 1)
	go func() {
		out, err := cmd.CombinedOutput()
		if err != nil {
			err = fmt.Errorf("%w: %s", err, out)
		}
		done <- err
	}()
	return done
}

// waiting gives the announcement of a box once it is there.
func (y *yard) waiting(b *box) fleet.Enrolment {
	y.t.Helper()
	for tick := time.NewTicker(50 * time.Millisecond); y.ctx.Err() == nil; <-tick.C {
		all, err := y.api.Enrolments(y.ctx)
		y.must(err)
		for _, e := range all {
			if e.Serial == "SN-"+b.addr.String() && e.State == fleet.EnrolPending {
				return e
			}
		}
	}
	y.t.Fatal("the box is not announced")
	return fleet.Enrolment{}
}

// TestEquipmentEnrols: a code is good once, a person approves, each box has
// keys of its own, and is updated with them.
func TestEquipmentEnrols(t *testing.T) {
	t.Parallel()
	y := openYard(t)
	var keys []string
	for i := range 2 {
		b := newBox(t, common, plain, enrolling)
		code, err := y.api.AddEnrolmentCode(y.ctx, client.NewEnrolmentCode{Label: "for the test"})
		y.must(err)
		done := b.announce(y, code.Code)
		e := y.waiting(b)
		if e.Model != "box-2" || e.Label != "for the test" || e.From != "127.0.0.1" {
			t.Errorf("announced %+v", e)
		}
		if err := <-b.announce(y, code.Code); err == nil || !strings.Contains(err.Error(), "code is not known") {
			t.Errorf("a code that was used: %v", err)
		}
		id := fleet.DeviceID(fmt.Sprintf("box-%d", i))
		_, err = y.api.ApproveEnrolment(y.ctx, e.ID, client.Approval{Device: id})
		y.must(err)
		if err := <-done; err != nil {
			t.Fatal(err)
		}
		if _, err := y.api.ApproveEnrolment(y.ctx, e.ID, client.Approval{Device: "again"}); err == nil {
			t.Error("an announcement was approved twice")
		}
		keys = append(keys, b.read("state/enrolled.json"))
		b.start()
		release := fleet.ReleaseID(fmt.Sprintf("v2-%d", i))
		y.release(release, "2.0", [2]string{"image", "VERSION=2.0\n"})
		y.updated(y.update(id, release))
	}
	if keys[0] == keys[1] || !strings.Contains(keys[0], "authPassword") {
		t.Error("two boxes have the same keys")
	}
	b := newBox(t, common, plain, enrolling)
	code, err := y.api.AddEnrolmentCode(y.ctx, client.NewEnrolmentCode{})
	y.must(err)
	done := b.announce(y, code.Code)
	_, err = y.api.RefuseEnrolment(y.ctx, y.waiting(b).ID)
	y.must(err)
	if err := <-done; err == nil || !strings.Contains(err.Error(), "refused") {
		t.Errorf("refused: %v", err)
	}
}
