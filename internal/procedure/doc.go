// Package procedure is the update of one device as a pure state machine: the
// method's steps, their attempts and deadlines, the questions put to a person
// and what follows from each answer (DESIGN.md section 3, docs/procedure.md).
//
// It has no clock, network, store or goroutine. Whoever drives it has these
// duties, in this order:
//
//  1. give Next the run's state and one event; time is the event's At;
//  2. make the event and the new state durable, in one transaction;
//  3. only then let the returned actions out, in their order: a Perform action
//     in a committed journal entry is the intent that precedes the effect;
//  4. before the command of a Perform is sent, read who answers: if that is not
//     State.Identity, send nothing and report IdentityChanged (I6);
//  5. report what came of each action as an event that carries its Token, with
//     Unclear wherever the command may have been heard and its outcome is not
//     known; send Overdue once the state's Deadline has come.
//
// After a restart, when nothing of the process before is left running, the
// driver sends Restarted to every run that has not ended; no code runs only
// after a crash. An event that does not fit returns an error and changes
// nothing: late, lost and repeated events are harmless.
//
// Invariants (RELIABILITY.md section 6), walked by the explorer test in every
// reachable state: I1 no load without this run's verified backup; I4 success
// only with identity, version and configuration proven; I5 an effect without
// outcome is probed, never repeated blindly; I6 every effect goes to the
// identity that preflight found; I7 a trap only wakes a poll; I9 nothing
// follows a person's stop, and silence is never yes; I10 rolled back means
// proven so; L1 every run ends or waits for a person; L2 every wait has a
// deadline.
package procedure
