// Package local is the runtime that advances runs on one machine
// (DESIGN.md section 5, "engine, one machine").
//
// The life of a run: Start queues the event Started. One goroutine, the writer,
// takes the events that wait, of as many runs as there are, applies
// procedure.Next to each run's state in memory, and commits all journal entries
// in one transaction. Only then does it update memory, answer the callers, tell
// the watchers and let the actions out. An action is carried out by a goroutine
// that the runtime owns and waits for; what comes of it is the next event. A
// question waits in the journal until Answer brings one, or its deadline comes.
// The event that ends the run lets out Finish, and the run leaves memory. After
// a restart every run that has not ended gets the event Restarted, and that is
// all: no code runs only after a crash.
//
// While one commit runs the next batch gathers, so the cost of an fsync is
// shared by those who come together, and nobody waits when he comes alone.
//
// What it does not do: it knows neither devices nor SQL, it decides nothing
// that procedure.Next does not decide, and it admits whatever is started; how
// many runs may be under way is for whoever starts them.
//
// Invariants (RELIABILITY.md section 6):
//
//   - an action is let out, and a caller answered, only after its journal entry
//     is durable (I2, I5); where the journal fails, everything stops, but for a
//     full disk, which is waited for with nothing let out (F19);
//   - the actions of one run are carried out one after another: the next begins
//     when the one before has returned (I5, F35);
//   - deadlines are absolute; time is the journal's clock, which setting the wall
//     clock does not move (I7, F25);
//   - every active run has an alarm set (L1, L2);
//   - memory is bounded by the active runs, Options.MaxInFlight and fixed
//     buffers: a storm of notices adds at most a few entries a second for each
//     run (I13).
package local
