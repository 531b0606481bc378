package local

import (
	"context"
	"log/slog"
	"time"

	"drydock/internal/engine"
	"drydock/internal/fleet"
	"drydock/internal/procedure"
	"drydock/internal/store"
)

// Journal is what the runtime needs of the store. The methods may be called at
// the same time, but for Commit, which has one caller.
type Journal interface {
	// Commit makes a batch durable in one transaction with one fsync. On return
	// it is on disk. The first result has one error for each entry, in their
	// order: nil, or why this entry was refused, and with it the later ones of
	// its run; the cause is a *store.Clash where the entry does not follow the
	// run's newest one, or the device or the request key has another run.
	//
	// The second result is an error of the whole. With fault.Full nothing was
	// written, and it may be done again; with any other nobody knows what is
	// durable, and nothing may be written before a restart has read it.
	Commit(ctx context.Context, batch []store.Commit) ([]error, error)
	// ActiveRuns gives every run that has not ended to each.
	ActiveRuns(ctx context.Context, each func(store.RunRecord) error) error
	// Run gives one run, or fault.NotFound.
	Run(ctx context.Context, id fleet.RunID) (store.RunRecord, error)
	// RunByRequestKey gives the run that a request has started.
	RunByRequestKey(ctx context.Context, key string) (id fleet.RunID, found bool, err error)
	// Questions gives the selected questions with what became of them.
	Questions(ctx context.Context, f store.QuestionFilter) ([]store.QuestionRecord, error)
}

// Performer carries actions out.
type Performer interface {
	// Do carries out a Perform, Await, Probe or Read and reports what comes of
	// it: Accepted perhaps, then one outcome. The runtime fills in Format, At and
	// Token. Do returns soon after ctx ends, which it does when the run has gone
	// on without the outcome and when the runtime stops; what it reports then is
	// dropped. Do is not called for a run before the last call for it has
	// returned. Deadline and EffectAt are moments on the clock of this process. A
	// panic, or a return without an outcome, is reported as
	// server-failed, and for an effect as unclear.
	Do(ctx context.Context, state procedure.State, action procedure.Action, report func(procedure.Event))
	// Wake makes what waits for the run poll now. It does not block.
	Wake(run fleet.RunID, token uint64)
	// Finish closes everything that the run holds. No call of Do follows it.
	Finish(run fleet.RunID)
}

// Options are what a runtime stands on.
type Options struct {
	Journal   Journal
	Performer Performer
	Now       func() time.Time // the wall clock, read once when Run begins; nil: time.Now
	Log       *slog.Logger     // nil: discarded
	// MaxInFlight is how many actions are carried out at once; 0: 10,000. More
	// of them wait for their turn, and their deadlines do not wait with them.
	MaxInFlight int
	MaxBatch    int // entries in one transaction; 0: 1,000
	// Observe is told of every durable change, and loses none, unlike a watcher;
	// nil: nobody. It is called with the runtime's lock held and must return at
	// once.
	Observe func(engine.Change)
}

func (o Options) withDefaults() Options {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.MaxInFlight <= 0 {
		o.MaxInFlight = 10_000
	}
	if o.MaxBatch <= 0 {
		o.MaxBatch = 1000
	}
	return o
}

// Stats says what a runtime has done and what is under way.
type Stats struct {
	Active   int    // runs that have not ended
	UnderWay int    // actions that are being carried out
	Waiting  int    // actions that wait for their turn
	Inbox    int    // events that wait for the journal
	Commits  uint64 // transactions
	Entries  uint64 // journal entries in them
	Unfit    uint64 // events that did not fit and changed nothing
}
