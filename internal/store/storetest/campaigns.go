package storetest

import (
	"errors"
	"fmt"
	"reflect"
	"sync"
	"testing"
	"time"

	"drydock/internal/fault"
	"drydock/internal/fleet"
	"drydock/internal/fleet/campaign"
	"drydock/internal/procedure"
	"drydock/internal/store"
)

var started = time.Date(2026, 11, 23, 2, 0, 0, 0, time.UTC)

func campaignOf(id string, spec campaign.Spec, n int) (campaign.Campaign, []campaign.Member) {
	members := make([]campaign.Member, n)
	for i := range members {
		members[i] = campaign.Member{Device: fleet.DeviceID(fmt.Sprintf("d%03d", i)), State: campaign.Waiting, Path: []fleet.ReleaseID{"r"},
			Labels: map[string]string{"site": fmt.Sprint("s", i%3), "pair": fmt.Sprint("p", i/2)}}
	}
	sizes := campaign.AssignWaves(spec, members)
	return campaign.New(campaign.ID(id), spec.WithDefaults(), sizes, "ann", started), members
}

func testCampaigns(t *testing.T, s *store.Store) {
	ctx := t.Context()
	_, err := s.Campaign(ctx, "c1")
	wantCode(t, err, fault.NotFound)
	c, members := campaignOf("c1", campaign.Spec{Name: "n", Release: "r", Waves: []campaign.Wave{{Count: 2}}}, 5)
	must(t, s.CreateCampaign(ctx, c, members))
	wantCode(t, s.CreateCampaign(ctx, c, members), fault.Conflict)
	got, err := s.Campaign(ctx, "c1")
	must(t, err)
	if !reflect.DeepEqual(got, c) {
		t.Errorf("got  %+v\nwant %+v", got, c)
	}
	one := 1
	list, err := s.Members(ctx, "c1", store.MemberFilter{Wave: &one, After: "d002", Limit: 1})
	must(t, err)
	if len(list) != 1 || !reflect.DeepEqual(list[0], members[3]) {
		t.Errorf("the second wave's next member is %+v", list)
	}
	ids, err := s.CampaignsOf(ctx, "d003")
	must(t, err)
	if len(ids) != 1 || ids[0] != "c1" {
		t.Errorf("campaigns of the device: %v", ids)
	}
	members[3].State = campaign.Succeeded
	_, err = s.UpdateCampaign(ctx, "c1", members[3:4], func(c campaign.Campaign) (campaign.Campaign, error) { return c.Pause("bob", started) })
	must(t, err)
	if ids, err = s.CampaignsOf(ctx, "d003"); err != nil || len(ids) != 0 {
		t.Errorf("campaigns of a device that is done: %v, %v", ids, err)
	}
	if got, err = s.Campaign(ctx, "c1"); err != nil || got.Status != campaign.Paused {
		t.Errorf("it is %s, %v", got.Status, err)
	}
	_, err = s.UpdateCampaign(ctx, "c1", members[:1], func(c campaign.Campaign) (campaign.Campaign, error) { return c.Pause("bob", started) })
	wantCode(t, err, fault.Conflict)
	_, err = s.UpdateCampaign(ctx, "c1", nil, func(c campaign.Campaign) (campaign.Campaign, error) { return c.Cancel("bob", started) })
	must(t, err)
	if active, err := s.Campaigns(ctx, true); err != nil || len(active) != 0 {
		t.Errorf("active ones: %v, %v", active, err)
	}
	if all, err := s.Campaigns(ctx, false); err != nil || len(all) != 1 {
		t.Errorf("all: %v, %v", all, err)
	}
}

// testAdmitRace has many choose at once, for two campaigns with the same
// devices' pairs: no cap is passed and no pair is split (I15).
func testAdmitRace(t *testing.T, s *store.Store) {
	ctx := t.Context()
	spec := campaign.Spec{Name: "n", Release: "r", Caps: campaign.Caps{InFlight: 7, PerLabel: map[string]int{"site": 3}}, Exclusive: []string{"pair"}}
	c, members := campaignOf("c1", spec, 30)
	other, rest := campaignOf("c2", spec, 30)
	for i := range rest {
		rest[i].Device = "e" + rest[i].Device // the other of each pair
	}
	for _, m := range append(members, rest...) {
		must(t, s.PutDevice(ctx, fleet.Device{ID: m.Device, Driver: "d", Address: "127.0.0.1", Labels: m.Labels}, nil))
	}
	must(t, s.CreateCampaign(ctx, c, members))
	must(t, s.CreateCampaign(ctx, other, rest))
	any := func(campaign.Member) []procedure.Opening { return nil }
	var group sync.WaitGroup
	for i := range 20 {
		id := []campaign.ID{c.ID, other.ID}[i%2]
		group.Go(func() {
			_, err := s.AdmitMembers(ctx, id, func(c campaign.Campaign, f campaign.Flight) []campaign.Member {
				waiting, err := s.Members(ctx, id, store.MemberFilter{State: campaign.Waiting})
				if err != nil {
					t.Error(err)
				}
				return campaign.Admit(c, waiting, f, 2, started, any)
			})
			if err != nil {
				t.Error(err)
			}
		})
	}
	group.Wait()
	pairs := map[string]int{}
	for _, id := range []campaign.ID{c.ID, other.ID} {
		list, err := s.Members(ctx, id, store.MemberFilter{State: campaign.Starting})
		must(t, err)
		sites := map[string]int{}
		for _, m := range list {
			pairs[m.Labels["pair"]]++
			sites[m.Labels["site"]]++
		}
		if len(list) == 0 || len(list) > 7 {
			t.Errorf("%s has %d in flight, the cap is 7", id, len(list))
		}
		for site, n := range sites {
			if n > 3 {
				t.Errorf("%s has %d in flight at %s, the cap is 3", id, n, site)
			}
		}
	}
	for pair, n := range pairs {
		if n > 1 {
			t.Errorf("%d of pair %s are in flight", n, pair)
		}
	}
}

// testExclusive: of a pair one is under way, whether a campaign has started it
// or somebody by hand.
func testExclusive(t *testing.T, s *store.Store) {
	ctx := t.Context()
	c, members := campaignOf("c1", campaign.Spec{Name: "n", Release: "r", Exclusive: []string{"pair"}}, 4)
	for _, m := range members { // p0: d000, d001; p1: d002, d003
		must(t, s.PutDevice(ctx, fleet.Device{ID: m.Device, Driver: "d", Address: "127.0.0.1", Labels: m.Labels}, nil))
	}
	must(t, s.CreateCampaign(ctx, c, members))
	byHand := NewPlayer("r0", "d000")
	commit(t, s, byHand.Start(t))
	admit := func() (ids []fleet.DeviceID) {
		t.Helper()
		chosen, err := s.AdmitMembers(ctx, c.ID, func(c campaign.Campaign, f campaign.Flight) []campaign.Member {
			waiting, err := s.Members(ctx, c.ID, store.MemberFilter{State: campaign.Waiting})
			must(t, err)
			return campaign.Admit(c, waiting, f, 9, started, func(campaign.Member) []procedure.Opening { return nil })
		})
		must(t, err)
		for _, m := range chosen {
			ids = append(ids, m.Device)
		}
		return ids
	}
	if got := admit(); !reflect.DeepEqual(got, []fleet.DeviceID{"d002"}) {
		t.Fatalf("started %v; d000 is updated by hand, so d001 waits, and d003 for d002", got)
	}
	peer := NewPlayer("r3", "d003").Start(t)
	err := one(t, s, peer)
	var clash *store.Clash
	if wantClash(t, err, store.ClashPair, ""); !errors.As(err, &clash) || clash.Device != "d002" || clash.Campaign != "c1" || clash.Label != "pair=p1" {
		t.Errorf("in the way is %+v", clash)
	}
	backup := NewPlayer("r4", "d003")
	backup.State.Plan.Goal = procedure.GoalBackup
	start := backup.Start(t)
	start.State.Plan.Goal = procedure.GoalBackup
	must(t, one(t, s, start))                            // it disturbs nobody
	must(t, one(t, s, NewPlayer("r2", "d002").Start(t))) // the campaign's own
	_, err = s.UpdateCampaign(ctx, c.ID, []campaign.Member{{Device: "d002", State: campaign.Succeeded}}, func(c campaign.Campaign) (campaign.Campaign, error) { return c, nil })
	must(t, err)
	if got := admit(); len(got) != 0 {
		t.Errorf("started %v while d000, d002 and d003 have runs", got)
	}
}
