package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"strings"
	"time"

	"drydock/internal/access"
	"drydock/internal/fault"
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
	Within  []access.Scope // nil: the whole fleet
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
func (s *Store) PutDevices(ctx context.Context, batch []DevicePut) error {
	const op = "store.PutDevices"
	rows := make([]deviceRow, len(batch))
	for i, put := range batch {
		row, err := s.deviceRow(put)
		if err != nil {
			return s.explain(op, deviceObject(put.Device.ID), err)
		}
		rows[i] = row
	}
	err := s.write(ctx, func(ctx context.Context, t *tx) error {
		for _, row := range rows {
			if err := t.putDevice(ctx, row); err != nil {
				return err
			}
		}
		return nil
	})
	return s.explain(op, "", err)
}

// deviceRow is a device as the database keeps it. The document has no SeenAt:
// that is a column, which changes at every look at the device.
type deviceRow struct {
	fleet.Device
	doc    []byte
	sealed []byte // credentials; nil: left as they are
}

func deviceObject(id fleet.DeviceID) string { return "device " + string(id) }

func credentialsObject(id fleet.DeviceID) string { return "credentials of device " + string(id) }

func (s *Store) deviceRow(put DevicePut) (row deviceRow, err error) {
	d := put.Device
	if d.ID == "" {
		return row, fault.New(fault.Invalid, "", "device", "it has no id")
	}
	texts := []string{string(d.ID), d.Address, d.Driver, d.Model, d.Version, d.Identity.Serial, d.Identity.EngineID, d.Identity.SysObjectID}
	for k, v := range d.Labels {
		texts = append(texts, k, v)
	}
	if err := storable(deviceObject(d.ID), texts...); err != nil {
		return row, err
	}
	row.Device = d
	if put.Credentials != nil {
		plain, err := json.Marshal(revealed(*put.Credentials))
		if err != nil {
			return row, err
		}
		row.sealed = s.keyring.Seal(plain, credentialsObject(d.ID))
	}
	d.SeenAt = time.Time{}
	row.doc, err = json.Marshal(d)
	return row, err
}

func (row deviceRow) search() string {
	return strings.ToLower(strings.Join([]string{string(row.ID), row.Address, row.Model, row.Identity.Serial}, "\n"))
}

func (t *tx) putDevice(ctx context.Context, row deviceRow) error {
	err := t.exec(ctx, `INSERT INTO device (id, driver, model, version, search, doc, sum, credentials, seen_at)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
		ON CONFLICT (id) DO UPDATE SET driver = excluded.driver, model = excluded.model, version = excluded.version,
			search = excluded.search, doc = excluded.doc, sum = excluded.sum,
			credentials = COALESCE(excluded.credentials, device.credentials),
			seen_at = CASE WHEN excluded.seen_at = 0 THEN device.seen_at ELSE excluded.seen_at END`,
		row.ID, row.Driver, row.Model, row.Version, row.search(), string(row.doc), checksum(row.doc, string(row.ID)), row.sealed, micros(row.SeenAt))
	if err != nil {
		return err
	}
	if err := t.exec(ctx, "DELETE FROM device_label WHERE device = ?", row.ID); err != nil {
		return err
	}
	for key, value := range row.Labels {
		if err := t.exec(ctx, "INSERT INTO device_label (device, key, value) VALUES (?, ?, ?)", row.ID, key, value); err != nil {
			return err
		}
	}
	return nil
}

// scanner is a row of *sql.Rows or *sql.Row.
type scanner interface{ Scan(...any) error }

const deviceColumns = "SELECT id, doc, sum, seen_at FROM device"

func scanDevice(r scanner) (d fleet.Device, err error) {
	var id, doc string
	var sum, seenAt int64
	if err := r.Scan(&id, &doc, &sum, &seenAt); err != nil {
		return d, err
	}
	err = unpack(doc, sum, &d, "device "+id, id)
	d.SeenAt = fromMicros(seenAt)
	return d, err
}

// Device gives one device, or fault.NotFound.
func (s *Store) Device(ctx context.Context, id fleet.DeviceID) (d fleet.Device, err error) {
	found := false
	err = s.read(ctx, deviceColumns+" WHERE id = ?", []any{id}, func(r *sql.Rows) (err error) {
		found = true
		d, err = scanDevice(r)
		return err
	})
	if err == nil && !found {
		err = notFound(deviceObject(id))
	}
	return d, s.explain("store.Device", deviceObject(id), err)
}

// Devices gives the selected devices by id.
func (s *Store) Devices(ctx context.Context, f DeviceFilter) (devices []fleet.Device, err error) {
	var sel selection
	if err := f.where(&sel, "store.Devices"); err != nil {
		return nil, err
	}
	if f.After != "" {
		sel.and("id > ?", f.After)
	}
	columns := deviceColumns
	if f.Text != "" { // the ids of the page from an index; whole rows only of these
		columns = "SELECT id FROM device"
	}
	query, args := sel.query(columns, "ORDER BY id", f.Limit)
	if f.Text != "" {
		query = deviceColumns + " WHERE id IN (" + query + ") ORDER BY id"
	}
	err = s.read(ctx, query, args, func(r *sql.Rows) error {
		d, err := scanDevice(r)
		devices = append(devices, d)
		return err
	})
	return devices, s.explain("store.Devices", "", err)
}

// RemoveDevice forgets a device and its credentials; its runs and backups
// stay. fault.Conflict if it has an active run, fault.NotFound if it is not
// there.
func (s *Store) RemoveDevice(ctx context.Context, id fleet.DeviceID) error {
	object := deviceObject(id)
	err := s.write(ctx, func(ctx context.Context, t *tx) error {
		var run fleet.RunID
		err := t.row(ctx, "SELECT id FROM run WHERE device = ? AND active = 1", []any{id}, &run)
		if err == nil {
			return fault.New(fault.Conflict, "", object, "%w", &Clash{Kind: ClashDevice, Run: run}).
				WithHint("stop the run first")
		}
		if !errors.Is(err, sql.ErrNoRows) {
			return err
		}
		n, err := t.change(ctx, "DELETE FROM device WHERE id = ?", id)
		if err == nil && n == 0 {
			return notFound(object)
		}
		return err
	})
	return s.explain("store.RemoveDevice", object, err)
}

// ObserveDevice records what was read from the device. Empty fields leave what
// is known; octets that are not text are replaced.
func (s *Store) ObserveDevice(ctx context.Context, id fleet.DeviceID, identity fleet.Identity, model, version string, seenAt time.Time) error {
	err := s.write(ctx, func(ctx context.Context, t *tx) error {
		var text string
		var sum int64
		err := t.row(ctx, "SELECT doc, sum FROM device WHERE id = ?", []any{id}, &text, &sum)
		if errors.Is(err, sql.ErrNoRows) {
			return notFound(deviceObject(id))
		}
		if err != nil {
			return err
		}
		row := deviceRow{}
		if err := unpack(text, sum, &row.Device, deviceObject(id), string(id)); err != nil {
			return err
		}
		learn(&row.Model, model)
		learn(&row.Version, version)
		learn(&row.Identity.Serial, identity.Serial)
		learn(&row.Identity.EngineID, identity.EngineID)
		learn(&row.Identity.SysObjectID, identity.SysObjectID)
		if row.doc, err = json.Marshal(row.Device); err != nil {
			return err
		}
		return t.exec(ctx, "UPDATE device SET model = ?, version = ?, search = ?, doc = ?, sum = ?, seen_at = ? WHERE id = ?",
			row.Model, row.Version, row.search(), string(row.doc), checksum(row.doc, string(id)), micros(seenAt), id)
	})
	return s.explain("store.ObserveDevice", deviceObject(id), err)
}

func learn(known *string, seen string) {
	if seen != "" {
		*known = asText(seen)
	}
}
