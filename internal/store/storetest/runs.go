package storetest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"reflect"
	"slices"
	"sync"
	"testing"

	"drydock/internal/fault"
	"drydock/internal/fleet"
	"drydock/internal/fleet/campaign"
	"drydock/internal/procedure"
	"drydock/internal/store"
)

func wantClash(t testing.TB, err error, kind store.ClashKind, run fleet.RunID) {
	t.Helper()
	wantCode(t, err, fault.Conflict)
	var clash *store.Clash
	if !errors.As(err, &clash) || clash.Kind != kind || clash.Run != run {
		t.Fatalf("want clash %s with run %s, got %v", kind, run, err)
	}
}

// one commits one event and gives its own error.
func one(t testing.TB, s *store.Store, c store.Commit) error {
	t.Helper()
	errs, err := s.Commit(t.Context(), []store.Commit{c})
	must(t, err)
	return errs[0]
}

func asJSON(t testing.TB, v any) string {
	t.Helper()
	raw, err := json.Marshal(v)
	must(t, err)
	return string(raw)
}

func testCommit(t *testing.T, s *store.Store) {
	ctx := t.Context()
	_, err := s.Run(ctx, "r1")
	wantCode(t, err, fault.NotFound)
	p := NewPlayer("r1", "iad-1")
	first := p.Start(t)
	first.RequestKey = "k1"
	commit(t, s, first)
	second := p.Step(t, func(int) int { return 7 % 8 })
	commit(t, s, second)

	rec, err := s.Run(ctx, "r1")
	must(t, err)
	if rec.Seq != 2 || asJSON(t, rec.State) != asJSON(t, p.State) || !rec.StartedAt.Equal(first.Event.At) || !rec.UpdatedAt.Equal(second.Event.At) {
		t.Errorf("got %+v", rec)
	}
	entries, err := s.Journal(ctx, "r1", 0)
	must(t, err)
	if len(entries) != 2 || entries[1].Seq != 2 || asJSON(t, entries[0].Event) != asJSON(t, first.Event) {
		t.Errorf("journal: %+v", entries)
	}
	if entries, err = s.Journal(ctx, "r1", 1); err != nil || len(entries) != 1 || entries[0].Seq != 2 {
		t.Errorf("journal after 1: %+v, %v", entries, err)
	}
	id, found, err := s.RunByRequestKey(ctx, "k1")
	if err != nil || !found || id != "r1" {
		t.Errorf("by request key: %s %v %v", id, found, err)
	}
	if _, found, err = s.RunByRequestKey(ctx, "k2"); err != nil || found {
		t.Errorf("an unknown request key: %v %v", found, err)
	}

	wantClash(t, one(t, s, second), store.ClashSeq, "r1") // again
	third := p.Step(t, func(int) int { return 7 })
	skipped := third
	skipped.Seq++
	wantClash(t, one(t, s, skipped), store.ClashSeq, "r1")
	unknown := NewPlayer("r0", "iad-0")
	unknown.Start(t)
	wantClash(t, one(t, s, unknown.Step(t, func(int) int { return 7 })), store.ClashSeq, "r0")

	other := NewPlayer("r2", "iad-1").Start(t)
	wantClash(t, one(t, s, other), store.ClashDevice, "r1")
	other.State.Plan.Device = "iad-2"
	other.RequestKey = "k1"
	wantClash(t, one(t, s, other), store.ClashRequestKey, "r1")
	if _, err = s.Run(ctx, "r2"); !fault.Is(err, fault.NotFound) {
		t.Errorf("a refused run is there: %v", err)
	}
	if entries, err = s.Journal(ctx, "r2", 0); err != nil || len(entries) != 0 {
		t.Errorf("a refused run has a journal: %v %v", entries, err)
	}
	commit(t, s, third)
}

// testCommitIsolation: in a batch of any size, what does not fit fails alone.
func testCommitIsolation(t *testing.T, s *store.Store) {
	for _, size := range []int{1, 2, 5, 64, 100, 199} {
		var batch []store.Commit
		want := map[int]store.ClashKind{}
		for i := range size {
			p := NewPlayer(fmt.Sprintf("r-%d-%d", size, i), fmt.Sprintf("iad-%d-%d", size, i))
			switch c := p.Start(t); i % 7 {
			case 3:
				want[i] = store.ClashDevice // the device of the one before
				c.State.Plan.Device = batch[i-1].State.Plan.Device
				batch = append(batch, c)
			case 5:
				want[i] = store.ClashSeq
				c.Seq = 4
				batch = append(batch, c)
			default:
				batch = append(batch, c)
			}
		}
		errs, err := s.Commit(t.Context(), batch)
		must(t, err)
		for i, err := range errs {
			var clash *store.Clash
			if errors.As(err, &clash); err == nil != (want[i] == "") || err != nil && clash.Kind != want[i] {
				t.Errorf("batch of %d, commit %d: %v, want %q", size, i, err, want[i])
			}
			_, err := s.Run(t.Context(), batch[i].Run)
			if there := err == nil; there != (want[i] == "") {
				t.Errorf("batch of %d, run %d is there: %v", size, i, there)
			}
		}
	}
}

// testCommitChain: several commits of one run in one batch.
func testCommitChain(t *testing.T, s *store.Store) {
	ctx := t.Context()
	p := NewPlayer("r1", "iad-1")
	batch := []store.Commit{p.Start(t)}
	batch = append(batch, p.Next(t, procedure.Event{Kind: procedure.Faulted, Cause: procedure.NoAnswer}))
	question := p.State.Question.ID
	batch = append(batch, p.Next(t, procedure.Event{Kind: procedure.Answered, Question: question, Choice: procedure.Repeat, By: "anna"}))
	batch = append(batch, p.Next(t, procedure.Event{Kind: procedure.Faulted, Cause: procedure.NoAnswer}))
	commit(t, s, batch...)
	records, err := s.Questions(ctx, store.QuestionFilter{Run: "r1"})
	must(t, err)
	if len(records) != 2 || records[0].Open || records[0].Choice != procedure.Repeat || records[0].AnsweredBy != "anna" || !records[1].Open {
		t.Errorf("questions: %+v", records)
	}
	rec, err := s.Run(ctx, "r1")
	if err != nil || rec.Seq != 4 {
		t.Fatalf("%+v, %v", rec, err)
	}

	// a gap fails itself and all that follows, not what came before
	next := p.Next(t, procedure.Event{Kind: procedure.Answered, Question: p.State.Question.ID, Choice: procedure.Repeat})
	gap := p.Step(t, func(int) int { return 7 })
	gap.Seq++
	after := p.Step(t, func(int) int { return 7 })
	errs, err := s.Commit(ctx, []store.Commit{next, gap, after})
	must(t, err)
	if errs[0] != nil || errs[1] == nil || errs[2] == nil {
		t.Errorf("errors: %v", errs)
	}
	if rec, err = s.Run(ctx, "r1"); err != nil || rec.Seq != 5 {
		t.Errorf("entry %d, %v; want 5", rec.Seq, err)
	}
}

func testCommitInvalid(t *testing.T, s *store.Store) {
	good := NewPlayer("r1", "iad-1").Start(t)
	for name, spoil := range map[string]func(*store.Commit){
		"no run":        func(c *store.Commit) { c.Run = "" },
		"another run":   func(c *store.Commit) { c.State.Plan.Run = "r2" },
		"no device":     func(c *store.Commit) { c.State.Plan.Device = "" },
		"entry 0":       func(c *store.Commit) { c.Seq = 0 },
		"late request":  func(c *store.Commit) { c.Seq, c.RequestKey = 2, "k" },
		"state format":  func(c *store.Commit) { c.State.Format = 9 },
		"event format":  func(c *store.Commit) { c.Event.Format = 9 },
		"NUL in device": func(c *store.Commit) { c.State.Plan.Device = "a\x00b" },
	} {
		bad := good
		spoil(&bad)
		if err := one(t, s, bad); !fault.Is(err, fault.Invalid) {
			t.Errorf("%s: %v", name, err)
		}
	}
	commit(t, s, good)
	if errs, err := s.Commit(t.Context(), nil); err != nil || len(errs) != 0 {
		t.Errorf("an empty batch: %v %v", errs, err)
	}
}

// testEndMakesWay: a run may start in the batch in which the device's other
// one ends.
func testEndMakesWay(t *testing.T, s *store.Store) {
	a, b := NewPlayer("ra", "iad-1"), NewPlayer("rb", "iad-1")
	commit(t, s, a.Start(t))
	commit(t, s, b.Start(t), a.Next(t, procedure.Event{Kind: procedure.Cancelled, By: "anna"}))
	wantClash(t, one(t, s, NewPlayer("rc", "iad-1").Start(t)), store.ClashDevice, "rb")
}

func testRunFilters(t *testing.T, s *store.Store) {
	ctx := t.Context()
	for i := range 12 {
		p := NewPlayer(fmt.Sprintf("r%02d", i), fmt.Sprintf("iad-%d", i%4))
		if i%3 == 0 {
			p.plan.Release = "iad-3.0"
		}
		commit(t, s, p.Start(t))
		if i < 8 {
			commit(t, s, p.Next(t, procedure.Event{Kind: procedure.Cancelled, By: "anna"}))
		}
	}
	yes, no := true, false
	for _, c := range []struct {
		f    store.RunFilter
		want int
	}{
		{store.RunFilter{}, 12}, {store.RunFilter{Active: &yes}, 4}, {store.RunFilter{Active: &no}, 8},
		{store.RunFilter{Device: "iad-1"}, 3}, {store.RunFilter{Device: "iad-1", Active: &yes}, 1},
		{store.RunFilter{Outcomes: []procedure.Outcome{procedure.Stopped}}, 8}, {store.RunFilter{Outcomes: []procedure.Outcome{procedure.Updated}}, 0},
		{store.RunFilter{Release: "iad-3.0"}, 4}, {store.RunFilter{Release: "none"}, 0},
	} {
		all, err := s.Runs(ctx, c.f)
		must(t, err)
		var pages []store.RunRecord
		for f := c.f; ; {
			f.Limit = 5
			page, err := s.Runs(ctx, f)
			must(t, err)
			if len(page) == 0 {
				break
			}
			pages = append(pages, page...)
			f.After = page[len(page)-1].State.Plan.Run
		}
		if len(all) != c.want || !reflect.DeepEqual(all, pages) {
			t.Errorf("%+v: %d runs, %d by pages, want %d", c.f, len(all), len(pages), c.want)
		}
	}
	n := 0
	must(t, s.ActiveRuns(ctx, func(rec store.RunRecord) error {
		n++
		_, err := s.Device(ctx, rec.State.Plan.Device) // other reads go on meanwhile
		wantCode(t, err, fault.NotFound)
		return nil
	}))
	if n != 4 {
		t.Errorf("%d active runs, want 4", n)
	}
	stop := errors.New("enough")
	if err := s.ActiveRuns(ctx, func(store.RunRecord) error { return stop }); !errors.Is(err, stop) {
		t.Errorf("the callback's error is lost: %v", err)
	}
}

// testQuestionPages reads questions one by one, past one that is closed.
func testQuestionPages(t *testing.T, s *store.Store) {
	ctx := t.Context()
	var want, got []string
	for _, id := range []string{"1", "2", "3"} {
		p := NewPlayer("r"+id, "iad-"+id)
		commit(t, s, p.Start(t), p.Next(t, procedure.Event{Kind: procedure.Faulted, Cause: procedure.NoAnswer}))
		want = append(want, p.State.Question.ID)
		if id == "1" {
			commit(t, s, p.Next(t, procedure.Event{Kind: procedure.Answered, Question: want[0], Choice: procedure.Stop, By: "anna"}))
		}
	}
	for f := (store.QuestionFilter{Limit: 1}); ; f.After = got[len(got)-1] {
		page, err := s.Questions(ctx, f)
		must(t, err)
		if len(page) == 0 {
			break
		}
		for _, q := range page {
			got = append(got, q.Question.ID)
		}
	}
	if !slices.Equal(got, want) {
		t.Errorf("page by page: %v, want %v", got, want)
	}
	open, err := s.Questions(ctx, store.QuestionFilter{Open: true, After: want[0]})
	must(t, err)
	if len(open) != 2 {
		t.Errorf("%d after one that is closed, want 2", len(open))
	}
}

func testQuestions(t *testing.T, s *store.Store) {
	ctx := t.Context()
	p := NewPlayer("r1", "iad-1")
	commit(t, s, p.Start(t), p.Next(t, procedure.Event{Kind: procedure.Faulted, Cause: procedure.NoAnswer, Detail: "silent"}))
	asked := *p.State.Question
	open := func(f store.QuestionFilter) []store.QuestionRecord {
		t.Helper()
		records, err := s.Questions(ctx, f)
		must(t, err)
		return records
	}
	got := open(store.QuestionFilter{Open: true})
	if len(got) != 1 || !got[0].Open || asJSON(t, got[0].Question) != asJSON(t, asked) || got[0].Run != "r1" || got[0].Device != "iad-1" {
		t.Fatalf("open: %+v", got)
	}
	for _, f := range []store.QuestionFilter{{ID: asked.ID}, {Run: "r1"}, {Device: "iad-1"}, {Step: procedure.Preflight}, {Cause: procedure.NoAnswer}} {
		if len(open(f)) != 1 {
			t.Errorf("%+v finds nothing", f)
		}
	}
	for _, f := range []store.QuestionFilter{{ID: "x"}, {Run: "r2"}, {Device: "iad-2"}, {Step: procedure.Load}, {Cause: procedure.Timeout}} {
		if len(open(f)) != 0 {
			t.Errorf("%+v finds it", f)
		}
	}
	count := func(id campaign.ID) int {
		t.Helper()
		n, err := s.CountQuestions(ctx, store.QuestionFilter{Open: true, Campaign: id})
		must(t, err)
		return n
	}
	for id, state := range map[campaign.ID]campaign.State{"under-way": campaign.Running, "over": campaign.Failed} {
		c, _ := campaignOf(string(id), campaign.Spec{Name: "n", Release: "r"}, 1)
		must(t, s.CreateCampaign(ctx, c, []campaign.Member{{Device: "iad-1", State: state, Run: "r1"}}))
	}
	if count("under-way") != 1 || count("over") != 0 || count("none") != 0 {
		t.Errorf("%d questions in the campaign, %d in one for which the run is over", count("under-way"), count("over"))
	}
	commit(t, s, p.Next(t, procedure.Event{Kind: procedure.Restarted})) // it stays open
	if len(open(store.QuestionFilter{Open: true})) != 1 {
		t.Error("a restart closed it")
	}
	commit(t, s, p.Next(t, procedure.Event{Kind: procedure.Answered, Question: asked.ID, Choice: procedure.Stop, By: "anna"}))
	if len(open(store.QuestionFilter{Open: true})) != 0 || count("under-way") != 0 {
		t.Error("it is still open")
	}
	got = open(store.QuestionFilter{ID: asked.ID})
	if len(got) != 1 || got[0].Open || got[0].Choice != procedure.Stop || got[0].AnsweredBy != "anna" || !got[0].AnsweredAt.Equal(p.now) {
		t.Errorf("answered: %+v", got)
	}
}

// testReplay: the journal replays to the newest state, whatever happened.
func testReplay(t *testing.T, s *store.Store) {
	random := rand.New(rand.NewPCG(7, 7))
	var players []*Player
	for i := range 20 {
		players = append(players, NewPlayer(fmt.Sprintf("r%d", i), fmt.Sprintf("iad-%d", i)))
	}
	for range 40 {
		var batch []store.Commit
		for _, p := range players {
			if !p.Ended() {
				batch = append(batch, p.Step(t, random.IntN))
			}
		}
		commit(t, s, batch...)
	}
	for _, p := range players {
		Replay(t, s, p.ID())
		rec, err := s.Run(t.Context(), p.ID())
		must(t, err)
		if rec.Seq != p.Seq || asJSON(t, rec.State) != asJSON(t, p.State) {
			t.Errorf("run %s: the newest state is not what was committed", p.ID())
		}
	}
}

// Replay checks that a run's journal leads to its newest state.
func Replay(t testing.TB, s *store.Store, id fleet.RunID) {
	t.Helper()
	rec, err := s.Run(t.Context(), id)
	must(t, err)
	entries, err := s.Journal(t.Context(), id, 0)
	must(t, err)
	var state procedure.State
	for _, e := range entries {
		next, _, err := procedure.Next(state, e.Event)
		if err != nil {
			t.Fatalf("run %s entry %d: %v", id, e.Seq, err)
		}
		state = next
	}
	if len(entries) != rec.Seq || asJSON(t, state) != asJSON(t, rec.State) {
		t.Errorf("run %s: %d entries of %d lead to\n%s, the newest state is\n%s", id, len(entries), rec.Seq, asJSON(t, state), asJSON(t, rec.State))
	}
}

const clients = 50

// testRequestKeyRace: fifty clients send one request; one run starts and all
// learn which (I12).
func testRequestKeyRace(t *testing.T, s *store.Store) {
	learned := make([]fleet.RunID, clients)
	race(clients, func(i int) {
		c := NewPlayer(fmt.Sprintf("r%d", i), fmt.Sprintf("iad-%d", i)).Start(t)
		c.RequestKey = "one"
		if one(t, s, c) == nil {
			learned[i] = c.Run
			return
		}
		id, found, err := s.RunByRequestKey(t.Context(), "one")
		if err != nil || !found {
			t.Errorf("client %d: %v %v", i, found, err)
		}
		learned[i] = id
	})
	for i, id := range learned {
		if id != learned[0] {
			t.Errorf("client %d learned %s, client 0 %s", i, id, learned[0])
		}
	}
	runs, err := s.Runs(t.Context(), store.RunFilter{})
	must(t, err)
	if len(runs) != 1 {
		t.Errorf("%d runs", len(runs))
	}
}

// testOneActiveRunRace: fifty clients update one device; one does (I5).
func testOneActiveRunRace(t *testing.T, s *store.Store) {
	var mu sync.Mutex
	won := 0
	race(clients, func(i int) {
		err := one(t, s, NewPlayer(fmt.Sprintf("r%d", i), "iad-1").Start(t))
		mu.Lock()
		defer mu.Unlock()
		if err == nil {
			won++
		} else if !fault.Is(err, fault.Conflict) {
			t.Error(err)
		}
	})
	if won != 1 {
		t.Errorf("%d runs started", won)
	}
}

func race(n int, client func(int)) {
	var all sync.WaitGroup
	start := make(chan struct{})
	for i := range n {
		all.Go(func() {
			<-start
			client(i)
		})
	}
	close(start)
	all.Wait()
}

// testWritersTogether: writers of all kinds at once; each gets its own outcome.
func testWritersTogether(t *testing.T, s *store.Store) {
	ctx := t.Context()
	race(clients, func(i int) {
		d := deviceN(i)
		var err error
		switch i % 5 {
		case 0:
			err = s.PutDevice(ctx, d, nil)
		case 1:
			err = one(t, s, NewPlayer(fmt.Sprintf("r%d", i), string(d.ID)).Start(t))
		case 2:
			_, err = s.SealBackup(ctx, fleet.Backup{Device: d.ID}, []byte(d.ID))
		case 3:
			err = s.PutSetting(ctx, string(d.ID), []byte("x"), true)
		case 4:
			if err = s.RemoveDevice(ctx, "none"); fault.Is(err, fault.NotFound) {
				err = nil
			}
		}
		if err != nil {
			t.Errorf("writer %d: %v", i, err)
		}
	})
	devices, err := s.Devices(ctx, store.DeviceFilter{})
	must(t, err)
	runs, err := s.Runs(ctx, store.RunFilter{})
	must(t, err)
	backups, err := s.Backups(ctx, store.BackupFilter{})
	must(t, err)
	if len(devices) != 10 || len(runs) != 10 || len(backups) != 10 {
		t.Errorf("%d devices, %d runs, %d backups; want 10 each", len(devices), len(runs), len(backups))
	}
}

func testCancelledContext(t *testing.T, s *store.Store) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for name, err := range map[string]error{
		"write": s.PutDevice(ctx, deviceN(1), nil),
		"read":  s.ActiveRuns(ctx, func(store.RunRecord) error { return nil }),
	} {
		if !errors.Is(err, context.Canceled) {
			t.Errorf("%s: %v", name, err)
		}
	}
	must(t, s.PutDevice(t.Context(), deviceN(2), nil))
	_, err := s.Device(t.Context(), "iad-0001")
	wantCode(t, err, fault.NotFound)
}

// testReadsWhileWriting: a reader sees a batch whole or not at all.
func testReadsWhileWriting(t *testing.T, s *store.Store) {
	ctx := t.Context()
	const runs = 10
	done := make(chan struct{})
	var reader sync.WaitGroup
	reader.Go(func() {
		for {
			all, err := s.Runs(ctx, store.RunFilter{})
			if err != nil {
				t.Error(err)
				return
			}
			for _, r := range all {
				if r.Seq != all[0].Seq {
					t.Errorf("entries %d and %d of one batch", r.Seq, all[0].Seq)
				}
			}
			select {
			case <-done:
				return
			default:
			}
		}
	})
	var players []*Player
	for i := range runs {
		players = append(players, NewPlayer(fmt.Sprintf("r%d", i), fmt.Sprintf("iad-%d", i)))
	}
	for n := range 30 {
		var batch []store.Commit
		for _, p := range players {
			if n == 0 {
				batch = append(batch, p.Start(t))
			} else {
				batch = append(batch, p.Next(t, procedure.Event{Kind: procedure.Restarted}))
			}
		}
		commit(t, s, batch...)
	}
	close(done)
	reader.Wait()
}
