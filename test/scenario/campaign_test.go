package scenario

import (
	"bytes"
	"fmt"
	"io"
	"os/exec"
	"slices"
	"testing"
	"time"

	"drydock/client"
	"drydock/internal/access"
	"drydock/internal/fault"
	"drydock/internal/fleet"
	"drydock/internal/fleet/campaign"
	"drydock/internal/procedure"
	"drydock/internal/secret"
	"drydock/internal/sim"
)

// campaign starts a campaign over all devices.
func (y *yard) campaign(change func(*campaign.Spec)) client.Campaign {
	y.t.Helper()
	spec := campaign.Spec{Name: "night", Release: release, Targets: campaign.Targets{Driver: "drydock-iad"}}
	if change != nil {
		change(&spec)
	}
	one, err := y.api.StartCampaign(y.ctx, client.CampaignOrder{Spec: &spec, By: "ann"})
	y.must(err)
	return one
}

// campaignUntil waits until the campaign is as wanted.
func (y *yard) campaignUntil(id campaign.ID, what string, reached func(client.Campaign) bool) client.Campaign {
	y.t.Helper()
	var last client.Campaign
	found := false
	err := y.api.WatchCampaign(y.ctx, id, func(one client.Campaign) bool {
		last, found = one, reached(one)
		return !found
	})
	if !found {
		y.t.Fatalf("waiting for %s: %v; it is %s (%s) in wave %d, %+v, %v", what, err, last.Status, last.Why, last.Wave+1, y.members(id), last.Log)
	}
	return last
}

func isDone(one client.Campaign) bool { return one.Status == campaign.Done }

func (y *yard) members(id campaign.ID) []campaign.Member {
	y.t.Helper()
	list, err := y.api.CampaignDevices(y.ctx, id, "", "", 0)
	y.must(err)
	return list
}

// A campaign goes in waves: no device of a wave is started before every one of
// the wave before has ended.
func TestCampaignInWaves(t *testing.T) {
	t.Parallel()
	y := open(t, setup{devices: 6})
	one := y.campaign(func(s *campaign.Spec) { s.Waves = []campaign.Wave{{Count: 1}, {Percent: 50}} })
	one = y.campaignUntil(one.ID, "the end", isDone)
	if !slices.Equal(one.Sizes, []int{1, 2, 3}) || one.Tally.States[campaign.Succeeded] != 6 {
		t.Fatalf("waves of %v, %+v", one.Sizes, one.Tally)
	}
	began, ended := make([]time.Time, 3), make([]time.Time, 3)
	for _, m := range y.members(one.ID) {
		run, err := y.api.Run(y.ctx, m.Run)
		y.must(err)
		if run.State.Result == nil || run.State.Result.Left != procedure.NewProven {
			t.Errorf("%s ended with %+v", m.Device, run.State.Result)
		}
		if began[m.Wave].IsZero() || run.StartedAt.Before(began[m.Wave]) {
			began[m.Wave] = run.StartedAt
		}
		if run.UpdatedAt.After(ended[m.Wave]) {
			ended[m.Wave] = run.UpdatedAt
		}
	}
	for wave := 1; wave < 3; wave++ {
		if began[wave].Before(ended[wave-1]) {
			t.Errorf("wave %d began at %s, wave %d ended at %s", wave+1, began[wave], wave, ended[wave-1])
		}
	}
}

// Failures beyond the budget pause the campaign; resumed, it goes to its end.
func TestCampaignBudget(t *testing.T) {
	t.Parallel()
	y := open(t, setup{devices: 4, faults: "dev=1-2 op=backup fault=refuse count=0"})
	one := y.campaign(func(s *campaign.Spec) {
		s.Budget = campaign.Budget{Failures: 2}
		s.Caps.InFlight = 2
		s.Runs.Standing = []procedure.Standing{{Step: procedure.Backup, Then: procedure.Stop}}
	})
	one = y.campaignUntil(one.ID, "the pause", func(one client.Campaign) bool { return one.Status == campaign.Paused })
	if one.Tally.States[campaign.Failed] != 2 {
		t.Fatalf("it paused (%s) with %+v", one.Why, one.Tally)
	}
	one, err := y.api.OrderCampaign(y.ctx, one.ID, "resume", "ann")
	y.must(err)
	one = y.campaignUntil(one.ID, "the end", isDone)
	if one.Tally.States[campaign.Succeeded] != 2 || one.Tally.States[campaign.Failed] != 2 {
		t.Errorf("at the end %+v", one.Tally)
	}
	if _, err = y.api.RetryCampaign(y.ctx, one.ID, client.CampaignRetry{By: "ann"}); !fault.Is(err, fault.Conflict) {
		t.Errorf("a campaign that is over tries again: %v", err)
	}
}

// Devices go back to what they ran, with the configuration of that time.
func TestCampaignBack(t *testing.T) {
	t.Parallel()
	y := open(t, setup{devices: 2})
	old := sim.MakeImage("1.4", 1, []string{"IAD-4", "IAD-24"}, 64<<10)
	_, err := y.api.AddRelease(y.ctx, fleet.Release{ID: "iad-1.4", Driver: "drydock-iad", Version: y.fleet.Device(1).Version(), Recover: fleet.RecoverOriginal,
		Files: []fleet.File{{Role: "image", Name: "old.img"}}}, func(string) (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(old)), nil })
	y.must(err)
	one := y.campaign(nil)
	y.campaignUntil(one.ID, "the update", isDone)
	back, err := y.api.StartCampaign(y.ctx, client.CampaignOrder{By: "ann", Spec: &campaign.Spec{Name: "back", Goal: procedure.GoalRevert, Of: one.ID}})
	y.must(err)
	back = y.campaignUntil(back.ID, "the way back", isDone)
	if back.Tally.States[campaign.Succeeded] != 2 {
		t.Fatalf("%+v: %+v", back.Tally, y.members(back.ID))
	}
	for n := 1; n <= 2; n++ {
		d := y.fleet.Device(n)
		got := d.Configuration().Text()
		if d.Version() == "2.0" || !sameLines(got, d.FirstConfiguration(), "last-saved") {
			t.Errorf("device %d runs %s with\n%s\nand had\n%s", n, d.Version(), got, d.FirstConfiguration())
		}
	}
}

// A device that does not answer is waited for; its notification brings it back.
func TestCampaignWaitsForOffline(t *testing.T) {
	t.Parallel()
	y := open(t, setup{devices: 3})
	away := fmt.Sprintf("%s:1", y.fleet.Agent(3).Addr())
	creds := &client.Credentials{Version: "v2c", Community: "public"}
	y.must(y.api.PutDevices(y.ctx, []client.NewDevice{{ID: y.ids[2], Address: away, Driver: "drydock-iad", Credentials: creds}}))
	one := y.campaign(func(s *campaign.Spec) { s.Waves = []campaign.Wave{{Count: 3, Threshold: 100}} })
	y.campaignUntil(one.ID, "two done, one offline", func(one client.Campaign) bool {
		return one.Tally.States[campaign.Succeeded] == 2 && one.Tally.States[campaign.Offline] == 1
	})
	y.must(y.api.PutDevices(y.ctx, []client.NewDevice{{ID: y.ids[2], Address: y.fleet.Agent(3).String(), Driver: "drydock-iad", Credentials: creds}}))
	trap := exec.CommandContext(y.ctx, "snmptrap", "--clientaddr="+y.fleet.Agent(3).Addr().String(), "-v2c", "-c", "public", y.server.TrapAddr.String(), "", "1.3.6.1.6.3.1.1.5.1")
	if out, err := trap.CombinedOutput(); err != nil {
		t.Fatalf("snmptrap: %v: %s", err, out)
	}
	one = y.campaignUntil(one.ID, "the end", isDone)
	if one.Tally.States[campaign.Succeeded] != 3 {
		t.Errorf("at the end %+v", one.Tally)
	}
}

// A device that speaks SNMPv3 only is heard as well while nothing is done to
// it: what it sends is authenticated with its own user.
func TestCampaignHearsV3(t *testing.T) {
	t.Parallel()
	user := client.Credentials{Version: "v3", User: "operator", AuthProtocol: "SHA-256", AuthPassword: "auth-passphrase", PrivProtocol: "AES-128", PrivPassword: "priv-passphrase"}
	y := open(t, setup{credentials: &user, spec: func(s *sim.Spec) { s.Credentials = []fleet.Credentials{inFleet(user)} }})
	device := func(address string) []client.NewDevice {
		return []client.NewDevice{{ID: y.ids[0], Address: address, Driver: "drydock-iad", Credentials: &user}}
	}
	at := y.fleet.Agent(1)
	y.must(y.api.PutDevices(y.ctx, device(fmt.Sprintf("%s:1", at.Addr()))))
	one := y.campaign(nil)
	y.campaignUntil(one.ID, "it is offline", func(one client.Campaign) bool { return one.Tally.States[campaign.Offline] == 1 })
	y.must(y.server.Stop()) // the next server listens for it from its start
	y.serve()
	y.must(y.api.PutDevices(y.ctx, device(at.String())))
	trap := exec.CommandContext(y.ctx, "snmptrap", "--clientaddr="+at.Addr().String(), "-v3", "-e", "0x80001f8804", "-u", "operator", "-l", "authPriv",
		"-a", "SHA-256", "-A", "auth-passphrase", "-x", "AES", "-X", "priv-passphrase", y.server.TrapAddr.String(), "", "1.3.6.1.6.3.1.1.5.2")
	if out, err := trap.CombinedOutput(); err != nil {
		t.Fatalf("snmptrap: %v: %s", err, out)
	}
	one = y.campaignUntil(one.ID, "the end", isDone)
	if one.Tally.States[campaign.Succeeded] != 1 {
		t.Errorf("at the end %+v", one.Tally)
	}
}

// A server that starts again goes on where it was: every device has one run.
func TestCampaignOverARestart(t *testing.T) {
	t.Parallel()
	y := open(t, setup{devices: 5, drain: time.Minute})
	one := y.campaign(func(s *campaign.Spec) { s.Waves = []campaign.Wave{{Count: 1}}; s.Caps.InFlight = 2 })
	y.campaignUntil(one.ID, "the second wave", func(one client.Campaign) bool { return one.Wave == 1 && one.Tally.InFlight() > 0 })
	y.must(y.server.Stop())
	y.serve()
	one = y.campaignUntil(one.ID, "the end", isDone)
	if one.Tally.States[campaign.Succeeded] != 5 {
		t.Errorf("at the end %+v", one.Tally)
	}
	runs, err := y.api.Runs(y.ctx, "", false, 100)
	y.must(err)
	if len(runs) != 5 {
		t.Errorf("%d runs for 5 devices", len(runs))
	}
}

// Outside of the window nothing starts, and a cancel leaves nothing waiting.
func TestCampaignWindow(t *testing.T) {
	t.Parallel()
	y := open(t, setup{devices: 2})
	hour := func(d time.Duration) string { return time.Now().UTC().Add(d).Format("15:04") }
	one := y.campaign(func(s *campaign.Spec) {
		s.Schedule = campaign.Schedule{Windows: []campaign.Window{{From: hour(2 * time.Hour), To: hour(4 * time.Hour)}}}
	})
	y.campaignUntil(one.ID, "waiting", func(one client.Campaign) bool { return one.Tally.States[campaign.Waiting] == 2 })
	one, err := y.api.OrderCampaign(y.ctx, one.ID, "cancel", "ann")
	y.must(err)
	y.campaignUntil(one.ID, "both cancelled", func(one client.Campaign) bool { return one.Tally.States[campaign.Cancelled] == 2 })
	if runs, err := y.api.Runs(y.ctx, "", false, 10); err != nil || len(runs) != 0 {
		t.Errorf("runs: %v, %v", runs, err)
	}
}

// A plan is refused when the world has changed, and says for which devices.
func TestCampaignPlan(t *testing.T) {
	t.Parallel()
	y := open(t, setup{devices: 3})
	spec := campaign.Spec{Name: "night", Release: release}
	plan, err := y.api.PlanCampaign(y.ctx, client.CampaignPlanOrder{Spec: spec, Ask: true})
	y.must(err)
	if plan.Totals.Ready != 3 || plan.Devices[0].From == "" || plan.Devices[0].Path[0] != release {
		t.Fatalf("the plan is %+v", plan)
	}
	y.must(y.api.PutDevices(y.ctx, []client.NewDevice{{ID: y.ids[1], Address: y.fleet.Agent(2).String(), Driver: "drydock-iad", Labels: map[string]string{"site": "b"}}}))
	_, err = y.api.StartCampaign(y.ctx, client.CampaignOrder{Plan: &plan, By: "ann"})
	if !fault.Is(err, fault.Conflict) || !bytes.Contains([]byte(err.Error()), []byte(y.ids[1])) {
		t.Fatalf("a plan of another world is started: %v", err)
	}
	plan, err = y.api.PlanCampaign(y.ctx, client.CampaignPlanOrder{Spec: spec})
	y.must(err)
	one, err := y.api.StartCampaign(y.ctx, client.CampaignOrder{Plan: &plan, By: "ann"})
	y.must(err)
	y.campaignUntil(one.ID, "the end", isDone)
}

// as gives the API as a user who may approve has it.
func (y *yard) as(name string) *client.Client {
	y.t.Helper()
	const password = "a long harbour wall"
	_, err := y.api.AddUser(y.ctx, client.NewUser{Name: name, Password: password, Grants: []access.Grant{{Role: access.Approver}}})
	y.must(err)
	fresh, err := client.New(y.server.URL, secret.String{})
	y.must(err)
	session, err := fresh.LoggedIn(y.ctx, client.Login{Name: name, Password: password})
	y.must(err)
	return session
}

// Two who approve: the one who started it may not, whatever name they say; an
// order that is sent again with its key starts nothing more.
func TestCampaignApproval(t *testing.T) {
	t.Parallel()
	y := open(t, setup{devices: 1})
	ann, bob := y.as("ann"), y.as("bob")
	order := client.CampaignOrder{Key: "tonight", Spec: &campaign.Spec{Name: "night", Release: release, Targets: campaign.Targets{Driver: "drydock-iad"}, Approval: true}}
	one, err := ann.StartCampaign(y.ctx, order)
	y.must(err)
	for by, c := range map[string]*client.Client{"ann": ann, "bob": ann} {
		if _, err := c.OrderCampaign(y.ctx, one.ID, "approve", by); !fault.Is(err, fault.Denied) {
			t.Fatalf("who started it approves as %s: %v", by, err)
		}
	}
	_, err = bob.OrderCampaign(y.ctx, one.ID, "approve", "bob")
	y.must(err)
	again, err := ann.StartCampaign(y.ctx, order)
	y.must(err)
	if again.ID != one.ID || again.StartedBy != "ann" {
		t.Errorf("the same key started %s by %s, and %s before", again.ID, again.StartedBy, one.ID)
	}
	other := *order.Spec
	other.Name = "another night"
	if _, err := ann.StartCampaign(y.ctx, client.CampaignOrder{Key: order.Key, Spec: &other}); !fault.Is(err, fault.Conflict) || fault.HintOf(err) == "" {
		t.Errorf("another order with the same key: %v", err)
	}
	y.campaignUntil(one.ID, "the end", isDone)
}
