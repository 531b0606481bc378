package access

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"time"

	"drydock/internal/fault"
)

// Entry is one line of the audit log: who did what to what, from where, and
// what became of it.
type Entry struct {
	Seq     int64     `json:"seq"` // from 1 without gaps
	At      time.Time `json:"at"`
	Actor   string    `json:"actor"`             // Principal.Actor, or the name that was tried
	Address string    `json:"address,omitempty"` // of the client
	Action  string    `json:"action"`            // the API's operation id, as "remove-device"
	Object  string    `json:"object,omitempty"`  // "device iad-0042"
	Outcome Outcome   `json:"outcome"`
	Detail  string    `json:"detail,omitempty"` // what was ordered, or why it was refused
}

// Outcome is what became of it.
type Outcome string

// The outcomes. An order is in the log before it is carried out; a second entry
// follows if it fails.
const (
	Ordered Outcome = "ordered"
	Refused Outcome = "refused"
	Failed  Outcome = "failed"
)

// Link is an entry as the log keeps it: its text, and the code that ties it to
// all entries before.
type Link struct {
	Seq  int64
	Text string // the entry in JSON, as it was written
	Code string // HMAC-SHA-256, hexadecimal
}

// Chain makes the link after the one with code before, "" for the first. The
// key is not in the database: who can only write there cannot forge a chain.
func Chain(key [32]byte, before string, e Entry) (Link, error) {
	raw, err := json.Marshal(e)
	if err != nil {
		return Link{}, err
	}
	return Link{Seq: e.Seq, Text: string(raw), Code: code(key, before, string(raw))}, nil
}

func code(key [32]byte, before, text string) string {
	mac := hmac.New(sha256.New, key[:])
	mac.Write([]byte("drydock audit\x00" + before + "\x00" + text))
	return hex.EncodeToString(mac.Sum(nil))
}

// Head names a log's last entry, and with it all before; zero is that of an
// empty log.
type Head struct {
	Seq  int64
	Code string
}

// Verifier walks a log from its first link.
type Verifier struct {
	Key   [32]byte
	Known Head // an earlier head that the log must still hold; zero: none
	Head       // the last good link
}

// Next checks the next link; fault.Corrupt says which entry was changed,
// removed or put in.
func (v *Verifier) Next(l Link) error {
	want := v.Seq + 1
	if l.Seq != want {
		return fault.New(fault.Corrupt, "", "audit log", "entry %d is missing: after %d comes %d", want, v.Seq, l.Seq)
	}
	var e Entry
	if code(v.Key, v.Code, l.Text) != l.Code || json.Unmarshal([]byte(l.Text), &e) != nil || e.Seq != l.Seq {
		return fault.New(fault.Corrupt, "", "audit log", "entry %d is not what was written, or is not where it was written", l.Seq)
	}
	if v.Known.Seq == l.Seq && v.Known.Code != l.Code {
		return fault.New(fault.Corrupt, "", "audit log", "entry %d or one before it was written anew: its code is not %s", l.Seq, v.Known.Code)
	}
	v.Head = Head{l.Seq, l.Code}
	return nil
}

// End checks that the log ends where its head says.
func (v *Verifier) End(head Head) error {
	switch most := max(head.Seq, v.Known.Seq); {
	case v.Seq < most:
		return fault.New(fault.Corrupt, "", "audit log", "it ends with entry %d, and there were %d: the last were removed", v.Seq, most)
	case v.Head != head:
		return fault.New(fault.Corrupt, "", "audit log", "entry %d is not the one that the log's head names (%d)", v.Seq, head.Seq)
	}
	return nil
}
