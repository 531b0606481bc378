package api

import (
	"context"
	"strconv"
	"time"

	"github.com/danielgtaylor/huma/v2/sse"

	"drydock/client"
	"drydock/internal/engine"
	"drydock/internal/fleet"
	"drydock/internal/procedure"
	"drydock/internal/store"
)

type runID struct {
	ID fleet.RunID `path:"id"`
}

func (s *server) runs() {
	register(s, post("plan", "/api/v1/plan", "What an order would do, without doing it"),
		func(ctx context.Context, in *body[client.RunOrder]) (*body[[]client.Plan], error) {
			o, err := order(in.Body)
			if err != nil {
				return nil, err
			}
			if err := s.mayOrder(ctx, o); err != nil {
				return nil, err
			}
			plans, err := s.Engine.Preview(ctx, o)
			return list(mapped(plans, plan), err)
		})
	register(s, post("start-runs", "/api/v1/runs", "Start runs; each device's own error stands in its row"),
		func(ctx context.Context, in *body[client.RunOrder]) (*body[[]client.RunStarted], error) {
			o, err := order(in.Body)
			if err != nil {
				return nil, err
			}
			if err := s.mayOrder(ctx, o); err != nil {
				return nil, err
			}
			rows, err := s.Engine.Start(ctx, s.Runtime, o)
			return list(mapped(rows, started), err)
		})
	register(s, get("list-runs", "/api/v1/runs", "Runs, newest first"), func(ctx context.Context, q *struct {
		Device  fleet.DeviceID      `query:"device"`
		Active  bool                `query:"active"`
		Release fleet.ReleaseID     `query:"release"`
		Outcome []procedure.Outcome `query:"outcome" doc:"only runs that have ended so, as stopped,expired"`
		After   fleet.RunID         `query:"after" doc:"cursor: the last id of the page before"`
		Limit   int                 `query:"limit" minimum:"1" maximum:"20000" default:"100"`
	}) (*body[[]client.Run], error) {
		if err := s.mayGoOn(ctx, ofRun, string(q.After)); err != nil {
			return nil, err
		}
		filter := store.RunFilter{Device: q.Device, Release: q.Release, Outcomes: q.Outcome, Within: within(ctx), After: q.After, Limit: q.Limit}
		if q.Active {
			filter.Active = &q.Active
		}
		records, err := s.Store.Runs(ctx, filter)
		return list(mapped(records, s.run), err)
	})
	register(s, get("show-run", "/api/v1/runs/{id}", "One run"), func(ctx context.Context, in *runID) (*body[client.Run], error) {
		record, err := s.Store.Run(ctx, in.ID)
		return answer(s.run(record), err)
	})
	register(s, get("run-journal", "/api/v1/runs/{id}/journal", "A run's events"), func(ctx context.Context, in *struct {
		ID    fleet.RunID `path:"id"`
		After int         `query:"after" doc:"only events after this sequence number"`
	}) (*body[[]client.Entry], error) {
		if _, err := s.Store.Run(ctx, in.ID); err != nil {
			return nil, err
		}
		entries, err := s.Store.Journal(ctx, in.ID, 0)
		if err != nil {
			return nil, err
		}
		return list(journal(entries, in.After), nil)
	})
	register(s, get("run-report", "/api/v1/runs/{id}/report", "What became of the configuration, line by line"),
		func(ctx context.Context, in *runID) (*body[client.Report], error) {
			r, err := s.Engine.Report(ctx, in.ID)
			return answer(report(r), err)
		})
	register(s, get("run-evidence", "/api/v1/runs/{id}/evidence", "What was said to and heard from the device, and how files moved; secrets are masked"),
		func(ctx context.Context, in *runID) (*body[[]store.Evidence], error) {
			if _, err := s.Store.Run(ctx, in.ID); err != nil {
				return nil, err
			}
			return list(s.Store.Evidence(ctx, in.ID))
		})
	register(s, post("cancel-run", "/api/v1/runs/{id}/cancel", "Stop before the next effect"), func(ctx context.Context, in *struct {
		ID   fleet.RunID `path:"id"`
		Body struct {
			By string `json:"by,omitempty" doc:"who stops it"`
		}
	}) (*body[client.Run], error) {
		if _, err := s.Runtime.Cancel(ctx, in.ID, by(ctx, in.Body.By)); err != nil {
			return nil, err
		}
		record, err := s.Store.Run(ctx, in.ID)
		return answer(s.run(record), err)
	})
	sse.Register(s.api, get("events", "/api/v1/events", "Changes of runs as they happen"), map[string]any{"message": client.Change{}, "beat": client.Beat{}}, s.events)
}

// beatEvery is how often a stream shows that it is alive.
const beatEvery = 15 * time.Second

// events gives first the runs' newest states, then every change.
func (s *server) events(ctx context.Context, in *struct {
	Runs []fleet.RunID `query:"run,explode" doc:"runs to watch; none: all"`
	Last string        `header:"Last-Event-ID" doc:"without run: the id of the last event that was seen; what happened since comes first"`
	Beat bool          `query:"beat" doc:"also an event beat at once and every 15 seconds, so that one sees that the stream is alive"`
}, send sse.Sender) {
	wanted := map[fleet.RunID]bool{}
	for _, id := range in.Runs {
		wanted[id] = true
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	changes := s.changes(ctx, in.Last, len(in.Runs) > 0)
	sent := map[fleet.RunID]int{}
	for _, id := range in.Runs {
		record, err := s.Store.Run(ctx, id)
		if err != nil || s.may(ctx, record.State.Plan.Device) != nil {
			return
		}
		sent[id] = record.Seq
		if send.Data(client.Change{Run: id, Device: record.State.Plan.Device, Release: record.State.Plan.Release, Seq: record.Seq, State: record.State}) != nil {
			return
		}
	}
	beats := make(<-chan time.Time)
	if in.Beat {
		ticker := time.NewTicker(beatEvery)
		defer ticker.Stop()
		beats = ticker.C
		if send.Data(client.Beat{At: time.Now()}) != nil {
			return
		}
	}
	for {
		var change engine.Change
		var open bool
		select {
		case at := <-beats:
			if send.Data(client.Beat{At: at}) != nil {
				return
			}
			continue
		case change, open = <-changes:
			if !open {
				return
			}
		}
		if len(wanted) > 0 && !wanted[change.Run] && !change.Gap || change.Seq != 0 && change.Seq <= sent[change.Run] {
			continue
		}
		if change.Run != "" && s.may(ctx, change.State.Plan.Device) != nil {
			continue
		}
		if send(sse.Message{ID: int(change.No), Data: client.Change{Run: change.Run, Device: change.State.Plan.Device, Release: change.State.Plan.Release,
			Seq: change.Seq, Event: change.Event, State: change.State, Gap: change.Gap}}) != nil {
			return
		}
	}
}

// changes are those from now on, or since the last one that was seen. Who names
// runs gets their newest states anyway.
func (s *server) changes(ctx context.Context, last string, named bool) <-chan engine.Change {
	if last == "" || named {
		return s.Runtime.Watch(ctx)
	}
	no, err := strconv.ParseUint(last, 10, 64)
	if err != nil {
		no = 0 // no change of ours: what was missed is not known
	}
	return s.Runtime.WatchAfter(ctx, no)
}

// journal replays the events, and gives those after a number with where each
// led to. What another version of drydock wrote may not replay: then the events
// stand alone.
func journal(entries []store.Entry, after int) []client.Entry {
	out, st, replays := []client.Entry{}, procedure.State{}, true
	for _, e := range entries {
		line := client.Entry{Seq: e.Seq, Event: e.Event}
		if replays {
			next, _, err := procedure.Next(st, e.Event)
			if replays = err == nil; replays {
				st = next
				line.Step, line.Op, line.Phase, line.Attempt = st.Step, st.Op, st.Phase, st.Attempts[st.Step]
			}
		}
		if e.Seq > after {
			out = append(out, line)
		}
	}
	return out
}

func (s *server) run(r store.RunRecord) client.Run {
	out := client.Run{ID: r.State.Plan.Run, Device: r.State.Plan.Device, Release: r.State.Plan.Release,
		StartedAt: r.StartedAt, UpdatedAt: r.UpdatedAt, Seq: r.Seq, State: r.State}
	if p := s.Engine.Progress(r.State); p != nil {
		out.Progress = &client.Progress{Op: p.Op, Percent: p.Percent, Octets: p.Octets}
	}
	return out
}

// mayOrder checks every device that an order names, and the backup.
func (s *server) mayOrder(ctx context.Context, o engine.Order) error {
	if err := s.may(ctx, o.Devices...); err != nil {
		return err
	}
	return s.mayBackup(ctx, o.Backup)
}
