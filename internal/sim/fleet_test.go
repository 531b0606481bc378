package sim

import (
	"context"
	"errors"
	"net/netip"
	"os"
	"path/filepath"
	"runtime"
	"testing"

	"drydock/internal/equipment"
	"drydock/internal/fault"
	"drydock/internal/fleet"
	"drydock/internal/secret"
)

func failureCause(err error) equipment.Cause {
	var f *equipment.Failure
	errors.As(err, &f)
	return f.Cause
}

func TestImpossibleFleetsAreRefused(t *testing.T) {
	for name, spec := range map[string]Spec{
		"none":        {},
		"too many":    {Devices: MaxDevices + 1},
		"driver":      {Devices: 1, Driver: "cisco"},
		"model":       {Devices: 1, Models: []string{"IAD-8"}},
		"address":     {Devices: 1, First: netip.MustParseAddr("192.0.2.1")},
		"last":        {Devices: 2, First: netip.MustParseAddr("127.255.255.255")},
		"IPv6":        {Devices: 1, First: netip.MustParseAddr("::1")},
		"credentials": {Devices: 1, Credentials: []fleet.Credentials{{Version: "v3", User: "u", AuthProtocol: "SHA", AuthPassword: secret.New("short")}}},
	} {
		if f, err := Start(context.Background(), spec); !fault.Is(err, fault.Invalid) {
			t.Errorf("%s: %v", name, err)
			if err == nil {
				_ = f.Close()
			}
		}
	}
	if _, err := Start(context.Background(), Spec{Devices: 1, EffectLog: t.TempDir()}); err == nil {
		t.Error("a directory is no effect log")
	}
}

// TestEffectLogOutlivesFleets has two fleets write one log.
func TestEffectLogOutlivesFleets(t *testing.T) {
	path := filepath.Join(t.TempDir(), "effects")
	for range 2 {
		y := newYard(t, Spec{EffectLog: path, Faults: mustFaults(t, "dev=1 op=keep fault=no-room")})
		y.backup(y.Device(2))
		y.do(y.Device(1), equipment.Keep, nil, equipment.NoRoom)
		if err := y.Close(); err != nil {
			t.Fatal(err)
		}
	}
	f, err := os.OpenFile(path, os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	_, _ = f.WriteString(`{"time":"2026-`) // a writer that was killed
	_ = f.Close()
	all, err := ReadEffects(path)
	if err != nil || len(all) != 8 {
		t.Fatalf("%d effects, %v", len(all), err)
	}
	if e := all[4]; e.What != "start" || e.Op != "backup" || e.Device != 2 || e.Serial != "DD000002" || e.Row != 1 || len(e.Files) != 1 {
		t.Errorf("%+v", e)
	}
	if e := all[7]; e.What != "end" || e.Op != "keep" || e.State != int(equipment.Failed) || e.Cause != int(equipment.NoRoom) {
		t.Errorf("%+v", e)
	}
}

// TestIdleDevicesCostLittle makes the largest fleet and measures it.
func TestIdleDevicesCostLittle(t *testing.T) {
	before := heap()
	goroutines := runtime.NumGoroutine()
	f, err := Start(context.Background(), Spec{Devices: MaxDevices})
	if err != nil {
		t.Fatal(err)
	}
	each := (heap() - before) / MaxDevices
	t.Logf("%d octets a device, %d goroutines", each, runtime.NumGoroutine()-goroutines)
	if each > 4<<10 || runtime.NumGoroutine()-goroutines > 100 {
		t.Errorf("%d octets a device and %d goroutines are too many", each, runtime.NumGoroutine()-goroutines)
	}
	if a := f.Device(MaxDevices).Addr; a != netip.MustParseAddr("127.1.39.16") || f.byAddress(a).Number != MaxDevices {
		t.Errorf("the last device is at %v", a)
	}
	if f.byAddress(netip.MustParseAddr("127.1.39.17")) != nil || f.byAddress(netip.MustParseAddr("127.0.255.255")) != nil {
		t.Error("an address beside the fleet has a device")
	}
	if err := f.Close(); err != nil {
		t.Error(err)
	}
}

func heap() int64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}
