package campaigns

import (
	"bytes"
	"context"
	"io"
	"path/filepath"
	"testing"
	"time"

	"drydock/drivers"
	"drydock/internal/driver"
	"drydock/internal/engine"
	"drydock/internal/fleet"
	"drydock/internal/fleet/campaign"
	"drydock/internal/procedure"
	"drydock/internal/secret"
	"drydock/internal/store"
)

// night is when the tests' clock stands.
func night() time.Time { return time.Date(2026, 11, 24, 1, 0, 0, 0, time.UTC) }

// fakeRuntime keeps what it is told.
type fakeRuntime struct {
	engine.Runtime
	recalled chan fleet.RunID
}

func (f *fakeRuntime) CancelGently(_ context.Context, run fleet.RunID, _ string) (procedure.State, error) {
	f.recalled <- run
	return procedure.State{}, nil
}

// yard is a conductor over a real store with three devices, d1 to d3, of
// version 1.4, that go to release r2 by way of r15. Its clock is its own and
// nothing is sent to a device.
type yard struct {
	*Conductor
	t       *testing.T
	runtime *fakeRuntime
	now     time.Time
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func newYard(t *testing.T) *yard {
	t.Helper()
	keys, err := secret.NewKeyring([secret.KeySize]byte{1})
	must(t, err)
	st, err := store.Open(t.Context(), filepath.Join(t.TempDir(), "drydock.db"), store.Options{Keyring: keys})
	must(t, err)
	t.Cleanup(func() { must(t, st.Close()) })
	set, err := driver.LoadAll(drivers.FS)
	must(t, err)
	y := &yard{t: t, runtime: &fakeRuntime{recalled: make(chan fleet.RunID, 9)}, now: night()}
	y.Conductor = New(Config{Store: st, Engine: engine.New(engine.Config{Store: st, Drivers: set, TFTPPort: 69}), Runtime: y.runtime, Now: func() time.Time { return y.now }})
	for _, id := range []fleet.DeviceID{"d1", "d2", "d3"} {
		y.device(id, "127.0.0.9:161")
	}
	y.release("r15", "1.5", "1.4")
	y.release("r2", "2.0", "1.5*")
	return y
}

func (y *yard) device(id fleet.DeviceID, address string) {
	y.t.Helper()
	d := fleet.Device{ID: id, Address: address, Driver: "drydock-iad", Model: "IAD-4", Version: "1.4", Labels: map[string]string{"site": "a", "pair": string(id)}}
	must(y.t, y.Store.PutDevice(y.t.Context(), d, &fleet.Credentials{Version: "v3", User: "u-" + string(id), AuthProtocol: "SHA-256", AuthPassword: secret.New("passphrase")}))
	must(y.t, y.Store.ObserveDevice(y.t.Context(), id, fleet.Identity{EngineID: "80001f88" + string(id[1]) + "0"}, "IAD-4", "1.4", y.now))
}

func (y *yard) release(id fleet.ReleaseID, version, from string) {
	y.t.Helper()
	_, err := y.Store.AddRelease(y.t.Context(), fleet.Release{ID: id, Driver: "drydock-iad", Version: version, From: []string{from}, Recover: fleet.RecoverOriginal,
		Files: []fleet.File{{Role: "image", Name: "x.img"}}}, func(string) (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader([]byte(id))), nil })
	must(y.t, err)
}

func spec() campaign.Spec { return campaign.Spec{Name: "night", Release: "r2"} }

// begun starts a campaign and gives what the conductor holds of it.
func (y *yard) begun(s campaign.Spec) *live {
	y.t.Helper()
	one, err := y.Start(y.t.Context(), Order{Spec: s, By: "ann"})
	must(y.t, err)
	return y.lives[one.ID]
}

// loaded is a campaign as a server finds it that starts: written by another.
func (y *yard) loaded(s campaign.Spec, members ...campaign.Member) *live {
	y.t.Helper()
	one := campaign.New("c1", s.WithDefaults(), []int{len(members)}, "ann", y.now)
	must(y.t, y.Store.CreateCampaign(y.t.Context(), one, members))
	must(y.t, y.Load(y.t.Context()))
	return y.lives[one.ID]
}
