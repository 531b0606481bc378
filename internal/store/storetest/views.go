package storetest

import (
	"reflect"
	"testing"
	"time"

	"drydock/internal/access"
	"drydock/internal/fault"
	"drydock/internal/fleet"
	"drydock/internal/store"
)

// testCounts: numbers of the fleet keep to filter and scope.
func testCounts(t *testing.T, s *store.Store) {
	ctx := t.Context()
	for id, model := range map[string]string{"a1": "IAD-4", "a2": "IAD-4", "b1": "IAD-24"} {
		d := fleet.Device{ID: fleet.DeviceID(id), Address: "192.0.2.1", Driver: "iad", Model: model, Version: "1.4", Labels: map[string]string{"site": id[:1]}}
		must(t, s.PutDevice(ctx, d, &fleet.Credentials{Version: "v2c"}))
	}
	all, err := s.CountDevices(ctx, store.DeviceFilter{})
	must(t, err)
	if want := []store.DeviceGroup{{Driver: "iad", Model: "IAD-24", Version: "1.4", Devices: 1}, {Driver: "iad", Model: "IAD-4", Version: "1.4", Devices: 2}}; !reflect.DeepEqual(all, want) {
		t.Errorf("got %+v, want %+v", all, want)
	}
	some, err := s.CountDevices(ctx, store.DeviceFilter{Within: []access.Scope{"site=a"}, Text: "A1"})
	must(t, err)
	if len(some) != 1 || some[0].Devices != 1 {
		t.Errorf("got %+v, want the one device of site a with a1 in it", some)
	}
	running, asking, err := s.CountActive(ctx, nil)
	must(t, err)
	if running != 0 || asking != 0 {
		t.Errorf("%d running, %d asking; there is no run", running, asking)
	}
}

// testSearch: a text is found in what rests sealed, in any case, page by page.
func testSearch(t *testing.T, s *store.Store) {
	ctx := t.Context()
	for i, text := range []string{"hostname one\nvlan 7\n", "hostname two\nVLAN 7\nvlan 70\n"} {
		b := fleet.Backup{Device: "d1", Purpose: fleet.ByHand, TakenAt: noon().Add(time.Duration(i) * time.Minute)}
		_, err := s.SealBackup(ctx, b, []byte(text))
		must(t, err)
	}
	found, err := s.SearchBackups(ctx, store.BackupFilter{}, "Vlan 7")
	must(t, err)
	if len(found.Hits) != 3 || found.Scanned != 2 || found.Next != "" || found.Hits[0].Text != "VLAN 7" || found.Hits[0].Line != 2 {
		t.Errorf("got %+v", found)
	}
	newest, err := s.SearchBackups(ctx, store.BackupFilter{Newest: true}, "hostname")
	must(t, err)
	if len(newest.Hits) != 1 || newest.Hits[0].Text != "hostname two" {
		t.Errorf("of the newest backups: got %+v", newest)
	}
	_, err = s.SearchBackups(ctx, store.BackupFilter{}, " ")
	wantCode(t, err, fault.Invalid)
}
