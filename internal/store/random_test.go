package store_test

import (
	"context"
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"pgregory.net/rapid"

	"drydock/internal/fault"
	"drydock/internal/fleet"
	"drydock/internal/procedure"
	"drydock/internal/store"
	"drydock/internal/store/storetest"
)

// operation is one call, and its answer as text. Errors are their codes.
type operation func(ctx context.Context, s *store.Store) string

func answer(v any, err error) string {
	raw, jsonErr := json.Marshal(v)
	if err != nil {
		return "error " + string(fault.CodeOf(err))
	}
	if jsonErr != nil {
		return jsonErr.Error()
	}
	return string(raw)
}

// TestBothAnswerTheSame: random operations get the same answers from SQLite
// and from PostgreSQL. rapid prints the seed of a failure.
func TestBothAnswerTheSame(t *testing.T) {
	makers := kinds()
	one, other := makers["SQLite"](t).open(t), makers["PostgreSQL"](t).open(t)
	round := 0
	rapid.Check(t, func(rt *rapid.T) {
		round++
		g := &generator{rt: rt, t: t, prefix: fmt.Sprintf("x%d-", round), players: map[string]*storetest.Player{}}
		for i := range rapid.IntRange(1, 30).Draw(rt, "operations") {
			name := rapid.SampledFrom(g.names()).Draw(rt, "operation")
			op := g.operations()[name]()
			a, b := op(t.Context(), one), op(t.Context(), other)
			if a != b {
				rt.Fatalf("operation %d, %s:\nSQLite     %s\nPostgreSQL %s", i, name, a, b)
			}
		}
	})
}

// generator makes operations; each round works on things of its own prefix.
type generator struct {
	rt      *rapid.T
	t       *testing.T
	prefix  string
	players map[string]*storetest.Player
}

func (g *generator) text(label string) string {
	return rapid.SampledFrom([]string{"", "a", "B", "a%b_", "ä\u0308", `q"'\`, "日本", "x\x00y", "\xff"}).Draw(g.rt, label)
}

func (g *generator) n(label string, n int) int { return rapid.IntRange(0, n-1).Draw(g.rt, label) }

func (g *generator) device() fleet.DeviceID {
	return fleet.DeviceID(fmt.Sprintf("%sd%d", g.prefix, g.n("device", 4)))
}

func (*generator) names() []string {
	return []string{"put", "get", "list", "remove", "observe", "commit", "commit", "commit", "journal", "runs", "questions", "setting"}
}

func (g *generator) operations() map[string]func() operation {
	return map[string]func() operation{
		"put": func() operation {
			d := fleet.Device{ID: g.device(), Model: g.text("model"), Version: g.text("version"), Labels: map[string]string{g.prefix + g.text("key"): g.text("value")}}
			return func(ctx context.Context, s *store.Store) string { return answer(nil, s.PutDevice(ctx, d, nil)) }
		},
		"get": func() operation {
			id := g.device()
			return func(ctx context.Context, s *store.Store) string { return answer(s.Device(ctx, id)) }
		},
		"list": func() operation {
			f := store.DeviceFilter{Model: g.prefix, Text: g.prefix + g.text("text"), Limit: g.n("limit", 3)}
			if g.n("by model", 2) == 0 {
				f = store.DeviceFilter{Label: g.prefix + "a=" + g.text("value")}
			}
			return func(ctx context.Context, s *store.Store) string { return answer(s.Devices(ctx, f)) }
		},
		"remove": func() operation {
			id := g.device()
			return func(ctx context.Context, s *store.Store) string { return answer(nil, s.RemoveDevice(ctx, id)) }
		},
		"observe": func() operation {
			id, model, at := g.device(), g.text("model"), time.UnixMicro(int64(g.n("at", 1e9))).UTC()
			return func(ctx context.Context, s *store.Store) string {
				return answer(nil, s.ObserveDevice(ctx, id, fleet.Identity{Serial: model}, "", model, at))
			}
		},
		"commit": g.commit,
		"journal": func() operation {
			id := fleet.RunID(fmt.Sprintf("%sr%d", g.prefix, g.n("run", 6)))
			return func(ctx context.Context, s *store.Store) string {
				return answer(s.Run(ctx, id)) + answer(s.Journal(ctx, id, 0))
			}
		},
		"runs": func() operation {
			f := store.RunFilter{Device: g.device(), Limit: g.n("limit", 3)}
			return func(ctx context.Context, s *store.Store) string { return answer(s.Runs(ctx, f)) }
		},
		"questions": func() operation {
			f := store.QuestionFilter{Device: g.device(), Open: g.n("open", 2) == 0}
			return func(ctx context.Context, s *store.Store) string { return answer(s.Questions(ctx, f)) }
		},
		"setting": func() operation {
			key, value := g.prefix+g.text("key"), []byte(g.text("value"))
			return func(ctx context.Context, s *store.Store) string {
				return answer(nil, s.PutSetting(ctx, key, value, len(value)%2 == 0)) + answer(s.Setting(ctx, key))
			}
		},
	}
}

// commit is a batch of steps of random runs, some of which clash.
func (g *generator) commit() operation {
	var batch []store.Commit
	for range 1 + g.n("batch", 5) {
		id := fmt.Sprintf("%sr%d", g.prefix, g.n("run", 6))
		p := g.players[id]
		if p == nil || p.Ended() && g.n("again", 2) == 0 {
			p = storetest.NewPlayer(id, string(g.device()))
			g.players[id] = p
		}
		if p.Ended() {
			continue
		}
		c := p.Step(g.t, func(n int) int { return g.n("choice", n) })
		if c.Seq == 1 && g.n("keyed", 2) == 0 {
			c.RequestKey = fmt.Sprintf("%sk%d", g.prefix, g.n("request", 2))
		}
		if c.Event.Kind == procedure.Answered && g.n("torn", 4) == 0 {
			c.Seq += 2
		}
		batch = append(batch, c)
	}
	return func(ctx context.Context, s *store.Store) string {
		errs, err := s.Commit(ctx, batch)
		texts := make([]string, len(errs))
		for i, e := range errs {
			texts[i] = fmt.Sprint(e)
		}
		return answer(texts, err)
	}
}
