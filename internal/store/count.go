package store

import (
	"bytes"
	"context"
	"database/sql"
	"strings"
	"time"

	"drydock/internal/access"
	"drydock/internal/fault"
	"drydock/internal/fleet"
)

// DeviceGroup counts devices that are alike.
type DeviceGroup struct {
	Driver  string
	Model   string
	Version string
	Devices int
}

// where adds a filter's conditions, but not its cursor.
func (f DeviceFilter) where(sel *selection, op string) error {
	if f.Label != "" {
		key, value, ok := strings.Cut(f.Label, "=")
		if !ok {
			return fault.New(fault.Invalid, op, "", "label %q; it can be key=value", f.Label)
		}
		sel.and("id IN (SELECT l.device FROM device_label l WHERE l.key = ? AND l.value = ?)", key, value)
	}
	sel.equal("driver", f.Driver)
	sel.equal("model", f.Model)
	sel.equal("version", f.Version)
	sel.within("device.id", f.Within)
	if f.Text != "" {
		sel.and(`search LIKE ? ESCAPE '\'`, like(strings.ToLower(f.Text)))
	}
	return nil
}

// CountDevices counts the selected devices by driver, model and version. The
// filter's cursor and limit do not count.
func (s *Store) CountDevices(ctx context.Context, f DeviceFilter) (groups []DeviceGroup, err error) {
	const op = "store.CountDevices"
	var sel selection
	if err := f.where(&sel, op); err != nil {
		return nil, err
	}
	query, args := sel.query("SELECT driver, model, version, COUNT(*) FROM device", "GROUP BY driver, model, version ORDER BY driver, model, version", 0)
	err = s.read(ctx, query, args, func(r *sql.Rows) error {
		var g DeviceGroup
		err := r.Scan(&g.Driver, &g.Model, &g.Version, &g.Devices)
		groups = append(groups, g)
		return err
	})
	return groups, s.explain(op, "", err)
}

// CountActive counts the runs that have not ended, and those of them that ask.
func (s *Store) CountActive(ctx context.Context, scopes []access.Scope) (running, asking int, err error) {
	const op = "store.CountActive"
	for into, q := range map[*int]struct{ head, open, device string }{
		&running: {"SELECT COUNT(*) FROM run", "active = 1", "run.device"},
		&asking:  {"SELECT COUNT(*) FROM question", "open = 1", "question.device"},
	} {
		var sel selection
		sel.and(q.open)
		sel.within(q.device, scopes)
		query, args := sel.query(q.head, "", 0)
		if err := s.readOne(ctx, query, args, into); err != nil {
			return 0, 0, s.explain(op, "", err)
		}
	}
	return running, asking, nil
}

// Hit is a line of a backup that has the wanted text in it.
type Hit struct {
	Backup fleet.Backup
	Line   int // counts from 1
	Text   string
}

// Search is one page of a search through sealed backups.
type Search struct {
	Hits    []Hit
	Scanned int            // backups that were opened for this page
	Next    fleet.BackupID // cursor of the next page; empty: all were opened
}

// The bounds of one page of a search: each backup must be opened.
const (
	searchBatch    = 100
	searchHits     = 200
	searchPerFile  = 5
	searchLongest  = 400 // octets of a line that is shown
	searchDuration = 3 * time.Second
)

// SearchBackups looks for a text, in any case, in the selected backups, newest
// first, until there are hits for a page or its time is over.
func (s *Store) SearchBackups(ctx context.Context, f BackupFilter, text string) (found Search, err error) {
	wanted := bytes.ToLower([]byte(text))
	if len(bytes.TrimSpace(wanted)) == 0 {
		return found, fault.New(fault.Invalid, "store.SearchBackups", "", "there is no text to look for")
	}
	end := time.Now().Add(searchDuration)
	f.Limit = searchBatch
	for {
		batch, err := s.Backups(ctx, f)
		if err != nil {
			return found, err
		}
		for _, b := range batch {
			plain, err := s.unsealBackup(ctx, b)
			if err != nil {
				return found, s.explain("store.SearchBackups", backupObject(b.ID), err)
			}
			found.Scanned++
			found.Hits = append(found.Hits, hits(b, plain, wanted)...)
			f.After = b.ID
			if len(found.Hits) >= searchHits || time.Now().After(end) {
				found.Next = b.ID
				return found, nil
			}
		}
		if len(batch) < searchBatch {
			return found, nil
		}
	}
}

func hits(b fleet.Backup, plain, wanted []byte) (found []Hit) {
	number := 0
	for line := range bytes.Lines(plain) {
		number++
		if !bytes.Contains(bytes.ToLower(line), wanted) {
			continue
		}
		line = bytes.TrimRight(line, "\r\n")
		found = append(found, Hit{b, number, asText(string(line[:min(len(line), searchLongest)]))})
		if len(found) == searchPerFile {
			break
		}
	}
	return found
}
