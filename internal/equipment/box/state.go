package box

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"strings"

	"drydock/internal/equipment"
	"drydock/internal/equipment/disk"
)

// state is what of a Box outlives its process. It is one small file, which is
// replaced whole.
type state struct {
	Boots   uint32   `json:"boots"`  // starts of the machine
	BootID  string   `json:"bootID"` // of the newest start
	Digest  string   `json:"digest,omitempty"`
	Kept    kept     `json:"kept,omitzero"`
	Pending *pending `json:"pending,omitempty"`
}

// kept is what keep has stored.
type kept struct {
	Version string `json:"version,omitempty"`
	Digest  string `json:"digest,omitempty"` // of the image, where its file is kept
}

// phase is how far an operation that restarts the equipment has come. Words,
// because they are read by another version of this program.
type phase string

const (
	loading   phase = "loading"   // the installer may be at work
	loaded    phase = "loaded"    // what is to start next is in its place
	reverting phase = "reverting" // the software before is to start next
)

// pending is an operation that goes on after a restart.
type pending struct {
	Row      uint32         `json:"row"`
	Type     equipment.Type `json:"type"`
	Phase    phase          `json:"phase"`
	From     string         `json:"from"`     // version before
	Expected string         `json:"expected"` // version after; empty: any
	Digest   string         `json:"digest,omitempty"`
	BootID   string         `json:"bootID"` // of the start in which it was written
	Why      string         `json:"why,omitempty"`
	Tries    int            `json:"tries,omitempty"` // of the way back
}

func (b *Box) path(name string) string { return filepath.Join(b.s.State, name) }

const stateFile = "state.json"

// open reads the state, and counts a start of the machine.
func (b *Box) open() error {
	text, err := b.fs.ReadFile(b.path(stateFile))
	switch {
	case errors.Is(err, fs.ErrNotExist):
	case err != nil:
		return fmt.Errorf("state: %w", err)
	default:
		if err := json.Unmarshal(text, &b.state); err != nil {
			return fmt.Errorf("state %s: %w", b.path(stateFile), err)
		}
	}
	id, err := b.bootID()
	if err != nil {
		return err
	}
	if id == b.state.BootID {
		return nil
	}
	b.booted = true
	return b.save(func(s *state) { s.BootID = id; s.Boots++ })
}

func (b *Box) bootID() (string, error) {
	id, err := b.fs.ReadFile(b.s.BootID)
	if err != nil {
		return "", fmt.Errorf("boot-id: %w", err)
	}
	return strings.TrimSpace(string(id)), nil
}

// save makes a change of the state durable, or not at all.
func (b *Box) save(change func(*state)) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	next := b.state
	if next.Pending != nil {
		p := *next.Pending
		next.Pending = &p
	}
	change(&next)
	text, err := json.Marshal(next)
	if err != nil {
		return err
	}
	if err := disk.Replace(b.fs, b.path(stateFile), text, 0o600); err != nil {
		return failed(equipment.InternalError, "the state was not saved: %v", err)
	}
	b.state = next
	return nil
}

func (b *Box) now() state {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.state
}
