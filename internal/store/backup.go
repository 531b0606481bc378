package store

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"encoding/json"
	"io"
	"strings"
	"time"

	"gocloud.dev/gcerrors"

	"drydock/internal/access"
	"drydock/internal/fault"
	"drydock/internal/fleet"
)

// BackupFilter selects backups; empty fields select all.
type BackupFilter struct {
	Device  fleet.DeviceID
	Run     fleet.RunID
	Purpose fleet.Purpose
	Newest  bool           // only the newest of each device, and none that was computed
	Within  []access.Scope // of the devices; nil: the whole fleet
	After   fleet.BackupID // cursor: the last id of the page before
	Limit   int            // 0: no limit
}

// sealedMost is the largest sealed backup that is read: configurations are
// text, and one that is larger was not written by SealBackup.
const sealedMost = 1 << 30

func backupObject(id fleet.BackupID) string { return "backup " + string(id) }

// sealContext binds the sealed bytes to where they belong: in the place of
// another device's, run's or content's they do not open (T1).
func sealContext(b fleet.Backup) string {
	return strings.Join([]string{"backup", string(b.Device), string(b.Run), string(b.Digest)}, "\x00")
}

// SealBackup encrypts a configuration and keeps it. On return it is on disk and
// was read back and opened (I1). ID is made where it is empty, TakenAt likewise;
// Size and Digest are computed. fault.Conflict if there is a backup of this id.
func (s *Store) SealBackup(ctx context.Context, b fleet.Backup, plain []byte) (fleet.Backup, error) {
	const op = "store.SealBackup"
	if b.ID == "" {
		b.ID = fleet.BackupID("b-" + strings.ToLower(rand.Text()[:16]))
	}
	if b.TakenAt.IsZero() {
		b.TakenAt = time.Now()
	}
	b.TakenAt = fromMicros(micros(b.TakenAt))
	b.Size, b.Digest = fleet.Bytes(len(plain)), fleet.DigestOf(plain)
	b.Source, b.Version = asText(b.Source), asText(b.Version)
	object := backupObject(b.ID)
	if b.Device == "" {
		return b, fault.New(fault.Invalid, op, object, "it names no device")
	}
	if err := storable(object, string(b.ID), string(b.Device), string(b.Run), string(b.Purpose)); err != nil {
		return b, s.explain(op, object, err)
	}
	sealed := s.keyring.Seal(plain, sealContext(b))
	b.Blob = blobKey(sealed)
	err := s.blobs.put(ctx, b.Blob, func(w io.Writer) error {
		_, err := w.Write(sealed)
		return err
	})
	if err == nil {
		_, err = s.unsealBackup(ctx, b) // read back
	}
	if err == nil {
		err = s.insertBackup(ctx, b)
	}
	if err = s.judge(err); err != nil {
		if s.poison.get() == nil { // else the row may be there
			s.blobs.discard(ctx, b.Blob)
		}
		return b, s.explain(op, object, err)
	}
	return b, nil
}

// blobKey names sealed bytes by their own digest, which says nothing about
// what is in them.
func blobKey(sealed []byte) string {
	sum := sha256.Sum256(sealed)
	return backupsFolder + "/" + hex.EncodeToString(sum[:])
}

// insertBackup writes the row.
func (s *Store) insertBackup(ctx context.Context, b fleet.Backup) error {
	doc, err := json.Marshal(b)
	if err != nil {
		return err
	}
	return s.write(ctx, func(ctx context.Context, t *tx) error {
		n, err := t.change(ctx, `INSERT INTO backup (id, device, run, purpose, taken_at, blob, doc, sum)
			VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING`,
			b.ID, b.Device, b.Run, b.Purpose, micros(b.TakenAt), b.Blob, string(doc), checksum(doc, string(b.ID), b.Blob))
		if err == nil && n == 0 {
			return fault.New(fault.Conflict, "", backupObject(b.ID), "there is a backup of this id already")
		}
		return err
	})
}

const backupColumns = "SELECT id, blob, doc, sum FROM backup"

func scanBackup(r scanner) (b fleet.Backup, err error) {
	var id, key, doc string
	var sum int64
	if err := r.Scan(&id, &key, &doc, &sum); err != nil {
		return b, err
	}
	err = unpack(doc, sum, &b, "backup "+id, id, key)
	b.Blob = key
	return b, err
}

// Backup gives what is known about a backup, without opening it.
func (s *Store) Backup(ctx context.Context, id fleet.BackupID) (b fleet.Backup, err error) {
	found := false
	err = s.read(ctx, backupColumns+" WHERE id = ?", []any{id}, func(rows *sql.Rows) (err error) {
		found = true
		b, err = scanBackup(rows)
		return err
	})
	if err == nil && !found {
		err = notFound(backupObject(id))
	}
	return b, s.explain("store.Backup", backupObject(id), err)
}

// OpenBackup decrypts a backup. fault.Corrupt if it, or the place it was found
// in, is not what it was when it was sealed.
func (s *Store) OpenBackup(ctx context.Context, id fleet.BackupID) (fleet.Backup, []byte, error) {
	b, err := s.Backup(ctx, id)
	if err != nil {
		return b, nil, err
	}
	plain, err := s.unsealBackup(ctx, b)
	return b, plain, s.explain("store.OpenBackup", backupObject(id), err)
}

func (s *Store) unsealBackup(ctx context.Context, b fleet.Backup) ([]byte, error) {
	object := backupObject(b.ID)
	var sealed bytes.Buffer
	r, err := s.blobs.NewReader(ctx, b.Blob, nil)
	if gcerrors.Code(err) == gcerrors.NotFound {
		return nil, corrupt(object, "its blob %s is gone", b.Blob)
	}
	if err != nil {
		return nil, err
	}
	defer r.Close() // only read from
	if _, err := io.Copy(&sealed, io.LimitReader(r, sealedMost)); err != nil {
		return nil, err
	}
	if blobKey(sealed.Bytes()) != b.Blob {
		return nil, corrupt(object, "the bytes of its blob %s are not what they were", b.Blob)
	}
	plain, err := s.unseal(sealed.Bytes(), sealContext(b), object)
	if err != nil {
		return nil, err
	}
	if fleet.DigestOf(plain) != b.Digest {
		return nil, corrupt(object, "what was sealed is not the configuration that it says")
	}
	return plain, nil
}

// Backups gives the selected backups, newest first.
func (s *Store) Backups(ctx context.Context, f BackupFilter) (backups []fleet.Backup, err error) {
	var sel selection
	sel.equal("device", string(f.Device))
	sel.equal("run", string(f.Run))
	sel.equal("purpose", string(f.Purpose))
	if f.Newest {
		sel.and(`purpose <> ? AND NOT EXISTS (SELECT 1 FROM backup n WHERE n.device = backup.device AND n.purpose <> ?
			AND (n.taken_at, n.id) > (backup.taken_at, backup.id))`, fleet.Expected, fleet.Expected)
	}
	sel.within("backup.device", f.Within)
	if f.After != "" {
		sel.and("(taken_at, id) < (SELECT taken_at, id FROM backup WHERE id = ?)", f.After)
	}
	query, args := sel.query(backupColumns, "ORDER BY taken_at DESC, id DESC", f.Limit)
	err = s.read(ctx, query, args, func(rows *sql.Rows) error {
		b, err := scanBackup(rows)
		backups = append(backups, b)
		return err
	})
	return backups, s.explain("store.Backups", "", err)
}
