package sim

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"sync"
	"time"

	"drydock/internal/equipment"
)

// Effect is a line of the effect log: something that happened to a device. The
// log is only appended to, one JSON object a line, so it outlives whoever
// commanded the devices.
type Effect struct {
	Time   time.Time `json:"time"`
	Device int       `json:"device"`
	Serial string    `json:"serial"`
	What   string    `json:"what"`            // start, end, restart, identity
	Op     string    `json:"op,omitempty"`    // the MIB's name of the type
	Row    uint32    `json:"row,omitempty"`   // deOperIndex
	Files  []string  `json:"files,omitempty"` // names on the server
	State  int       `json:"state,omitempty"` // deOperState, of end
	Cause  int       `json:"cause,omitempty"` // deOperFailureCause, of end
}

// effectLog appends effects to a file; nil does nothing.
type effectLog struct {
	mu   sync.Mutex // owns what follows
	file *os.File
	err  error // the first
}

func openEffectLog(path string) (*effectLog, error) {
	if path == "" {
		return nil, nil
	}
	f, err := os.OpenFile(path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644)
	if err != nil {
		return nil, fmt.Errorf("effect log: %w", err)
	}
	return &effectLog{file: f}, nil
}

func (l *effectLog) add(device int, e equipment.Effect) {
	if l == nil {
		return
	}
	line, err := json.Marshal(Effect{
		Time: e.Time, Device: device, Serial: e.Serial, What: e.What, Op: e.Order.Type.String(), Row: e.Order.Index,
		Files: e.Order.Names, State: int(e.State), Cause: int(e.Cause),
	})
	l.mu.Lock()
	defer l.mu.Unlock()
	if err == nil {
		_, err = l.file.Write(append(line, '\n')) // one write, so that lines never mix
	}
	if l.err == nil {
		l.err = err
	}
}

func (l *effectLog) close() error {
	if l == nil {
		return nil
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if err := l.file.Close(); l.err == nil {
		l.err = err
	}
	return l.err
}

// ReadEffects reads an effect log. A last line that is not whole is left out.
func ReadEffects(path string) ([]Effect, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	return parseEffects(data)
}

func parseEffects(data []byte) ([]Effect, error) {
	var all []Effect
	for line := range bytes.Lines(data) {
		if !bytes.HasSuffix(line, []byte("\n")) {
			break
		}
		var e Effect
		if err := json.Unmarshal(line, &e); err != nil {
			return nil, fmt.Errorf("effect log line %d: %w", len(all)+1, err)
		}
		all = append(all, e)
	}
	return all, nil
}
