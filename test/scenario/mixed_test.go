package scenario

import (
	"context"
	"net/netip"
	"testing"

	"drydock/client"
	"drydock/internal/fleet"
	"drydock/internal/fleet/campaign"
	"drydock/internal/procedure"
	"drydock/internal/sim/personality"
)

func startRouter(y *yard, faults map[string]int) (family, *personality.IOS) {
	y.t.Helper()
	o := y.at(faults)
	o.Serial, o.Model, o.Config, o.Image, o.Version = "FTX1234", "CISCO2901/K9", iosBefore, "old.bin", "15.1(4)M4"
	d, err := personality.StartIOS(context.Background(), o)
	y.must(err)
	y.t.Cleanup(d.Close)
	return family{"cisco-ios", d, fleet.Release{Version: "15.7(3)M8", Files: []fleet.File{{Role: "image", Name: "new.bin"}, {Role: "boot-line", Name: "boot.txt"}}},
		map[string][]byte{"new.bin": personality.IOSImage("15.7(3)M8", 200<<10), "boot.txt": []byte("no boot system\nboot system flash:new.bin\nend\n")}}, d
}

// One campaign updates a fleet of all families, with what goes wrong in each:
// their own agents, file transfers, configurations and ways to restart.
func TestMixedFleet(t *testing.T) {
	t.Parallel()
	head := netip.MustParseAddr("127.0.0.1")
	port := provisioningServer(t, head, "gold.cm", provisioningFile)
	y := open(t, setup{devices: 2, faults: "dev=2 op=backup fault=fail count=1", provisioning: port})
	families := []func() family{
		func() family { f, _ := startRouter(y, nil); return f },
		func() family { f, _ := startFastpath(y, map[string]int{"flash": 1}); return f },
		func() family { f, _ := startComware(y, map[string]int{"busy": 1}); return f },
		func() family { f, _ := startVRP(y, map[string]int{"checksum": 1}); return f },
		func() family { f, _ := startModem(y, head, port, map[string]int{"unsigned": 1}); return f },
	}
	spec := campaign.Spec{Name: "all families", Release: release,
		Runs: campaign.Runs{Standing: []procedure.Standing{
			{Step: procedure.Preflight, Cause: procedure.Concerns, Then: procedure.Proceed},
			{Step: procedure.Keep, Cause: procedure.CannotKeep, Then: procedure.Proceed},
			{Step: procedure.Backup, Repeat: 2}, {Step: procedure.Load, Repeat: 2}, {Step: procedure.Recover, Repeat: 2},
		}}}
	for _, start := range families {
		_, id := y.add(start())
		spec.Releases = append(spec.Releases, id)
	}
	plan, err := y.api.PlanCampaign(y.ctx, client.CampaignPlanOrder{Spec: spec, Ask: true})
	y.must(err)
	if plan.Totals.Ready != len(families)+2 {
		t.Fatalf("the plan: %+v", plan.Devices)
	}
	one, err := y.api.StartCampaign(y.ctx, client.CampaignOrder{Plan: &plan, By: "ann"})
	y.must(err)
	one = y.campaignUntil(one.ID, "the end", isDone)
	if one.Tally.States[campaign.Succeeded] != one.Devices {
		for _, m := range y.members(one.ID) {
			t.Errorf("%s: %s, %s, %s", m.Device, m.State, m.Cause, m.Detail)
		}
	}
	for _, m := range y.members(one.ID) {
		run, err := y.api.Run(y.ctx, m.Run)
		y.must(err)
		if c := run.State.Comparison; c == nil || c.Lost+c.Changed > 0 || c.Carried == 0 {
			t.Errorf("%s: comparison %+v", m.Device, c)
		}
	}
}
