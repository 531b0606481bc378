package api

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"drydock/client"
	"drydock/internal/fleet"
	"drydock/internal/procedure"
	"drydock/internal/store"
	"drydock/internal/store/storetest"
)

// TestKeyOfAnotherOrder: the same order with its key gives the run that it has
// started; another order with it is refused, and starts nothing.
func TestKeyOfAnotherOrder(t *testing.T) {
	y := newYard(t, nil)
	must(t, y.Store.PutDevice(t.Context(), fleet.Device{ID: "east", Address: "127.0.0.8:161", Driver: "drydock-iad"}, nil))
	first := storetest.NewPlayer("run-east", "east").Next(t, procedure.Event{Kind: procedure.Started,
		Plan: &procedure.Plan{Run: "run-east", Device: "east", Goal: procedure.GoalBackup}})
	first.RequestKey = "nightly/east"
	_, err := y.Store.Commit(t.Context(), []store.Commit{first})
	must(t, err)
	_, err = y.Store.SealBackup(t.Context(), fleet.Backup{ID: "backup-east", Device: "east"}, []byte("configuration"))
	must(t, err)
	start := func(o client.RunOrder) client.RunStarted {
		t.Helper()
		o.Devices = []fleet.DeviceID{"east"}
		w := y.ask("bootstrap", http.MethodPost, "/api/v1/runs", o)
		y.want(w, http.StatusOK)
		var rows []client.RunStarted
		must(t, json.Unmarshal(w.Body.Bytes(), &rows))
		return rows[0]
	}
	if got := start(client.RunOrder{Goal: procedure.GoalBackup, Key: "nightly"}); got.Run != "run-east" || got.Error != "" {
		t.Errorf("the same order: %+v", got)
	}
	got := start(client.RunOrder{Goal: procedure.GoalRestore, Backup: "backup-east", Key: "nightly"})
	if got.Run != "" || !strings.Contains(got.Error, "run-east is a run of goal backup") || got.Hint == "" {
		t.Errorf("another order: %+v", got)
	}
	if len(y.runtime.started) != 0 {
		t.Errorf("started: %v", y.runtime.started)
	}
}

// TestEventsGoOn: a stream gives numbers, and goes on after the last one that
// was seen; what is no number of ours is before all.
func TestEventsGoOn(t *testing.T) {
	y := newYard(t, nil)
	for i := range y.runtime.changes {
		y.runtime.changes[i].No = uint64(1000 + i)
	}
	events := func(path, last string) string {
		y.runtime.after = 77 // nobody has asked
		w := y.asked(http.MethodGet, path, nil, func(r *http.Request) {
			r.Header.Set("Authorization", "Bearer "+y.tokens["viewer-north"])
			if last != "" {
				r.Header.Set("Last-Event-ID", last)
			}
		})
		y.want(w, http.StatusOK)
		return w.Body.String()
	}
	if body := events("/api/v1/events", ""); y.runtime.after != 77 || !strings.Contains(body, "id: 1000\ndata: ") || strings.Contains(body, "id: 1001") {
		t.Errorf("without a number, after %d: %s", y.runtime.after, body)
	}
	for last, want := range map[string]uint64{"1000": 1000, "x": 0, "-1": 0} {
		if body := events("/api/v1/events", last); y.runtime.after != want || !strings.Contains(body, `"gap":true`) {
			t.Errorf("after %q: asked for %d, want %d: %s", last, y.runtime.after, want, body)
		}
	}
	if events("/api/v1/events?run=run-north", "1000"); y.runtime.after != 77 {
		t.Error("who names a run gets its newest state, and no gap")
	}
}
