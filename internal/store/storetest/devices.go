package storetest

import (
	"errors"
	"reflect"
	"testing"
	"time"

	"drydock/internal/fault"
	"drydock/internal/fleet"
	"drydock/internal/procedure"
	"drydock/internal/secret"
	"drydock/internal/store"
)

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func wantCode(t testing.TB, err error, code fault.Code) {
	t.Helper()
	if !fault.Is(err, code) {
		t.Fatalf("want %s, got %v (%s)", code, err, fault.CodeOf(err))
	}
}

func testDevices(t *testing.T, s *store.Store) {
	ctx := t.Context()
	_, err := s.Device(ctx, "iad-0001")
	wantCode(t, err, fault.NotFound)

	d := deviceN(1)
	d.SeenAt = time.Date(2026, 1, 2, 3, 4, 5, 678901000, time.UTC)
	must(t, s.PutDevice(ctx, d, nil))
	got, err := s.Device(ctx, d.ID)
	must(t, err)
	if !reflect.DeepEqual(got, d) {
		t.Errorf("got  %+v\nwant %+v", got, d)
	}

	changed := d
	changed.SeenAt = time.Time{} // the stored one stays
	changed.Labels = map[string]string{"site": "south"}
	must(t, s.PutDevice(ctx, changed, nil))
	got, err = s.Device(ctx, d.ID)
	must(t, err)
	changed.SeenAt = d.SeenAt
	if !reflect.DeepEqual(got, changed) {
		t.Errorf("got  %+v\nwant %+v", got, changed)
	}

	// all or none
	bad := deviceN(3)
	bad.Model = "nul\x00"
	wantCode(t, s.PutDevices(ctx, []store.DevicePut{{Device: deviceN(2)}, {Device: bad}}), fault.Invalid)
	wantCode(t, s.PutDevices(ctx, []store.DevicePut{{Device: deviceN(2)}, {}}), fault.Invalid)
	_, err = s.Device(ctx, "iad-0002")
	wantCode(t, err, fault.NotFound)
}

func testDeviceFilters(t *testing.T, s *store.Store) {
	ctx := t.Context()
	var batch []store.DevicePut
	for n := range 20 {
		d := deviceN(n)
		if n%2 == 1 {
			d.Driver, d.Model, d.Version, d.Labels["site"] = "other", "X_9%", "2.0", "süd"
		}
		batch = append(batch, store.DevicePut{Device: d})
	}
	must(t, s.PutDevices(ctx, batch))
	for _, c := range []struct {
		f    store.DeviceFilter
		want int
	}{
		{store.DeviceFilter{}, 20},
		{store.DeviceFilter{Label: "site=north"}, 10},
		{store.DeviceFilter{Label: "site=süd"}, 10},
		{store.DeviceFilter{Label: "site="}, 0},
		{store.DeviceFilter{Driver: "other"}, 10},
		{store.DeviceFilter{Driver: "other", Label: "site=north"}, 0},
		{store.DeviceFilter{Model: "IAD-4", Version: "1.4"}, 10},
		{store.DeviceFilter{Text: "sn0007"}, 1},
		{store.DeviceFilter{Text: "IAD-000"}, 10},
		{store.DeviceFilter{Text: "x_9%"}, 10},
		{store.DeviceFilter{Text: "%"}, 10},
		{store.DeviceFilter{Text: `\`}, 0},
		{store.DeviceFilter{Text: "127.0.1.19:"}, 1},
		{store.DeviceFilter{After: "iad-0014"}, 5},
		{store.DeviceFilter{After: "iad-0004", Limit: 3}, 3},
		{store.DeviceFilter{Text: "'; DROP TABLE device; --"}, 0},
	} {
		got, err := s.Devices(ctx, c.f)
		must(t, err)
		if len(got) != c.want {
			t.Errorf("%+v: %d devices, want %d", c.f, len(got), c.want)
		}
		for i := 1; i < len(got); i++ {
			if got[i].ID <= got[i-1].ID {
				t.Errorf("%+v: not in order of id", c.f)
			}
		}
	}
	_, err := s.Devices(ctx, store.DeviceFilter{Label: "site"})
	wantCode(t, err, fault.Invalid)
}

// testDeviceText: identifiers are compared and sorted by octets, whatever the
// database's collation.
func testDeviceText(t *testing.T, s *store.Store) {
	ctx := t.Context()
	ids := []fleet.DeviceID{"A", "B", "Z-1", "Z1", "a", "a ", "e\u0301", "z_", "\u00c4", "\u00e9", "日本"}
	for i := len(ids) - 1; i >= 0; i-- {
		d := deviceN(1)
		d.ID = ids[i]
		must(t, s.PutDevice(ctx, d, nil))
	}
	got, err := s.Devices(ctx, store.DeviceFilter{})
	must(t, err)
	if len(got) != len(ids) {
		t.Fatalf("%d devices of %d", len(got), len(ids))
	}
	for i := 1; i < len(got); i++ {
		if string(got[i-1].ID) >= string(got[i].ID) {
			t.Errorf("%q stands before %q", got[i-1].ID, got[i].ID)
		}
	}
}

func testRemoveDevice(t *testing.T, s *store.Store) {
	ctx := t.Context()
	wantCode(t, s.RemoveDevice(ctx, "iad-0001"), fault.NotFound)
	must(t, s.PutDevice(ctx, deviceN(1), &fleet.Credentials{Version: "v2c", Community: secret.New("x")}))
	p := NewPlayer("r1", "iad-0001")
	commit(t, s, p.Start(t))

	err := s.RemoveDevice(ctx, "iad-0001")
	wantCode(t, err, fault.Conflict)
	var clash *store.Clash
	if !errors.As(err, &clash) || clash.Run != "r1" {
		t.Errorf("the run is not named: %v", err)
	}
	commit(t, s, p.Next(t, procedure.Event{Kind: procedure.Cancelled, By: "anna"}))
	must(t, s.RemoveDevice(ctx, "iad-0001"))
	_, err = s.Device(ctx, "iad-0001")
	wantCode(t, err, fault.NotFound)
	_, err = s.Credentials(ctx, "iad-0001")
	wantCode(t, err, fault.NotFound)
	if _, err = s.Run(ctx, "r1"); err != nil {
		t.Errorf("its runs must stay: %v", err)
	}
	must(t, s.PutDevice(ctx, deviceN(1), nil))
	_, err = s.Credentials(ctx, "iad-0001")
	wantCode(t, err, fault.NotFound)
}

func testObserveDevice(t *testing.T, s *store.Store) {
	ctx := t.Context()
	at := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	wantCode(t, s.ObserveDevice(ctx, "iad-0001", fleet.Identity{}, "", "", at), fault.NotFound)
	must(t, s.PutDevice(ctx, deviceN(1), nil))
	must(t, s.ObserveDevice(ctx, "iad-0001", fleet.Identity{EngineID: "80001f"}, "", "2.0\x00\xff", at))
	want := deviceN(1)
	want.Identity.EngineID, want.Version, want.SeenAt = "80001f", "2.0\uFFFD\uFFFD", at
	got, err := s.Device(ctx, "iad-0001")
	must(t, err)
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
	found, err := s.Devices(ctx, store.DeviceFilter{Version: want.Version, Label: "site=north"})
	must(t, err)
	if len(found) != 1 {
		t.Error("it is not found by its new version")
	}
}

func testCredentials(t *testing.T, s *store.Store) {
	ctx := t.Context()
	_, err := s.Credentials(ctx, "iad-0001")
	wantCode(t, err, fault.NotFound)
	want := fleet.Credentials{Version: "v3", Community: secret.New("c"), WriteCommunity: secret.New("w"), User: "u",
		AuthProtocol: "SHA-256", AuthPassword: secret.New("auth-pass"), PrivProtocol: "AES-128",
		PrivPassword: secret.New("priv-pass"), ContextName: "ctx"}
	must(t, s.PutDevice(ctx, deviceN(1), &want))
	must(t, s.PutDevice(ctx, deviceN(1), nil)) // leaves them
	got, err := s.Credentials(ctx, "iad-0001")
	must(t, err)
	if got != want {
		t.Error("the credentials came back changed")
	}
	want.User = "another"
	must(t, s.PutDevice(ctx, deviceN(1), &want))
	if got, err = s.Credentials(ctx, "iad-0001"); err != nil || got != want {
		t.Errorf("the new credentials: %v", err)
	}
}

func testSettings(t *testing.T, s *store.Store) {
	ctx := t.Context()
	_, err := s.Setting(ctx, "token")
	wantCode(t, err, fault.NotFound)
	for _, sealed := range []bool{true, false} {
		for _, value := range [][]byte{[]byte("a\x00\xffb"), {}, nil} {
			must(t, s.PutSetting(ctx, "token", value, sealed))
			got, err := s.Setting(ctx, "token")
			must(t, err)
			if string(got) != string(value) {
				t.Errorf("sealed %v: got %q, want %q", sealed, got, value)
			}
		}
	}
}
