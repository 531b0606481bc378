package store

import (
	"bytes"
	"compress/flate"
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"io"
	"strconv"
	"sync"
	"time"

	"drydock/internal/fleet"
	"drydock/internal/procedure"
)

// Evidence is what was said to and heard from the device for one action of a
// run. Secrets are masked before they come here.
type Evidence struct {
	Token     uint64               `json:"token"` // of the action in the journal
	Part      int                  `json:"part"`  // counts from 1: an action that was taken up again has several
	Op        procedure.Op         `json:"op"`
	Kind      procedure.ActionKind `json:"kind"`
	Began     time.Time            `json:"began"`
	Ended     time.Time            `json:"ended"`
	Exchanges []SNMPExchange       `json:"exchanges"`
	Left      int                  `json:"left,omitempty"` // exchanges that were left out, there being too many
	Transfers []FileTransfer       `json:"transfers,omitempty"`
}

// SNMPExchange is one request and its answer. The same one, with the same
// answer, many times in a row, is kept once.
type SNMPExchange struct {
	At     time.Time `json:"at"`
	Kind   string    `json:"kind"` // get, walk, set
	Asked  []string  `json:"asked"`
	Heard  []string  `json:"heard,omitempty"`
	Error  string    `json:"error,omitempty"`
	Millis float64   `json:"millis"`          // of the first
	Times  int       `json:"times,omitempty"` // 0: once
	Last   time.Time `json:"last,omitzero"`   // when it was asked last
}

// FileTransfer is one file's way between device and server.
type FileTransfer struct {
	Role       string    `json:"role"`
	Protocol   string    `json:"protocol"`
	Peer       string    `json:"peer,omitempty"`
	Octets     int64     `json:"octets"`
	Began      time.Time `json:"began,omitzero"`
	Millis     float64   `json:"millis"`
	Rate       float64   `json:"octetsPerSecond,omitempty"`
	Attempts   int       `json:"attempts"`
	Packets    int64     `json:"packets,omitempty"` // that the server sent, the repeated ones among them; TFTP
	Resent     int64     `json:"resent,omitempty"`
	Duplicates int64     `json:"duplicates,omitempty"`
	SHA256     string    `json:"sha256,omitempty"`
	Error      string    `json:"error,omitempty"`
}

// PutEvidence keeps what was said for an action, after what is there for it.
func (s *Store) PutEvidence(ctx context.Context, run fleet.RunID, e Evidence) error {
	raw, err := json.Marshal(e)
	if err != nil {
		return err
	}
	doc, err := s.deflaters.deflated(raw)
	if err != nil {
		return err
	}
	sum := checksum(doc, string(run), strconv.FormatUint(e.Token, 10))
	err = s.write(ctx, func(ctx context.Context, t *tx) error {
		return t.exec(ctx, `INSERT INTO evidence (run, token, part, doc, sum)
			SELECT CAST(? AS TEXT), CAST(? AS BIGINT), COALESCE(MAX(part), 0) + 1, ?, CAST(? AS BIGINT) FROM evidence WHERE run = ? AND token = ?`,
			run, int64(e.Token), doc, sum, run, int64(e.Token))
	})
	return s.explain("store.PutEvidence", runObject(run), err)
}

// Evidence gives all that is kept of a run, in the order of its actions.
func (s *Store) Evidence(ctx context.Context, run fleet.RunID) (list []Evidence, err error) {
	err = s.read(ctx, "SELECT token, part, doc, sum FROM evidence WHERE run = ? ORDER BY token, part", []any{run}, func(rows *sql.Rows) error {
		var token, sum int64
		var part int
		var doc []byte
		if err := rows.Scan(&token, &part, &doc, &sum); err != nil {
			return err
		}
		object := fmt.Sprintf("run %s evidence of action %d", run, token)
		if checksum(doc, string(run), strconv.FormatInt(token, 10)) != sum {
			return corrupt(object, "its bytes in the database are not what they were")
		}
		raw, err := io.ReadAll(flate.NewReader(bytes.NewReader(doc)))
		if err != nil {
			return corrupt(object, "%w", err)
		}
		var e Evidence
		if err := json.Unmarshal(raw, &e); err != nil {
			return corrupt(object, "%w", err)
		}
		e.Part = part
		list = append(list, e)
		return nil
	})
	return list, s.explain("store.Evidence", runObject(run), err)
}

// deflaters are compressors for many to use in turn: a new one takes a megabyte.
type deflaters struct{ pool sync.Pool }

func (d *deflaters) deflated(raw []byte) ([]byte, error) {
	w, _ := d.pool.Get().(*flate.Writer)
	var b bytes.Buffer
	if w == nil {
		var err error
		if w, err = flate.NewWriter(&b, flate.BestSpeed); err != nil {
			return nil, err
		}
	} else {
		w.Reset(&b)
	}
	defer d.pool.Put(w)
	if _, err := w.Write(raw); err != nil {
		return nil, err
	}
	err := w.Close()
	return b.Bytes(), err
}
