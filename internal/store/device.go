package store

import (
	"context"
	"time"

	"drydock/internal/fleet"
)

// DevicePut is a device to be added or changed.
type DevicePut struct {
	Device      fleet.Device
	Credentials *fleet.Credentials // nil: left as they are
}

// DeviceFilter selects devices; empty fields select all.
type DeviceFilter struct {
	Label   string // "key=value"
	Driver  string
	Model   string
	Version string
	Text    string         // anywhere in id, address, model or serial, in any case
	After   fleet.DeviceID // cursor: the last id of the page before
	Limit   int            // 0: no limit
}

// PutDevice adds or replaces a device; see PutDevices.
func (s *Store) PutDevice(ctx context.Context, d fleet.Device, c *fleet.Credentials) error {
	return s.PutDevices(ctx, []DevicePut{{d, c}})
}

// PutDevices adds or replaces devices, all or none. Where SeenAt is zero, the
// stored one stays.
func (s *Store) PutDevices(ctx context.Context, batch []DevicePut) error { panic("soon") }

// Device gives one device, or fault.NotFound.
func (s *Store) Device(ctx context.Context, id fleet.DeviceID) (fleet.Device, error) { panic("soon") }

// Devices gives the selected devices by id.
func (s *Store) Devices(ctx context.Context, f DeviceFilter) ([]fleet.Device, error) { panic("soon") }

// RemoveDevice forgets a device and its credentials; its runs and backups
// stay. fault.Conflict if it has an active run, fault.NotFound if it is not
// there.
func (s *Store) RemoveDevice(ctx context.Context, id fleet.DeviceID) error { panic("soon") }

// Credentials opens what was sealed for the device. fault.NotFound where there
// are none.
func (s *Store) Credentials(ctx context.Context, id fleet.DeviceID) (fleet.Credentials, error) {
	panic("soon")
}

// ObserveDevice records what was read from the device. Empty fields leave what
// is known; octets that are not text are replaced.
func (s *Store) ObserveDevice(ctx context.Context, id fleet.DeviceID, identity fleet.Identity, model, version string, seenAt time.Time) error {
	panic("soon")
}
