package procedure

import "unique"

// move is one thing that can happen next.
type move struct {
	name   string
	w      world
	signal unique.Handle[signal] // to the run, or noSignal
	fault  bool
	person bool
}

// moves are all things that can happen in a world while the run is in state s.
func (w world) moves(s State) []move {
	restart := w
	restart.Work, restart.Sent = nothing, false
	all := []move{{name: "crash and restart", w: restart, signal: unique.Make(signal{Kind: Restarted}), fault: true}}
	if s.Phase == Ended {
		return all
	}
	all = append(all,
		move{name: "crash and restart", w: restart, signal: unique.Make(signal{Kind: Restarted, When: afterwards}), fault: true},
		move{name: "trap, true or forged", w: w, signal: unique.Make(signal{Kind: Noticed}), fault: true},
		move{name: "deadline", w: w, signal: unique.Make(signal{Kind: Overdue, When: atDeadline})})
	all = append(all, w.deviceMoves(s)...)
	all = append(all, w.personMoves(s)...)
	switch w.Work {
	case reading:
		all = append(all, w.readMoves(s)...)
	case performing:
		if !w.Sent {
			return append(all, w.sendMoves(s)...)
		}
		all = append(all, w.pollMoves(s)...)
	case awaiting:
		all = append(all, w.pollMoves(s)...)
	case probing:
		all = append(all, w.probeMoves(s)...)
	}
	return all
}

// deviceMoves are what the device does by itself. Its work ends only while
// somebody looks at it; when it ended before makes no difference.
func (w world) deviceMoves(s State) (all []move) {
	looked := w.Work == awaiting || w.Work == probing || w.Work == reading || w.Sent
	if w.Dev.Doing == running && !w.Foreign && looked {
		all = append(all, move{name: "device: done", w: w.complete(s)})
		for _, f := range w.faults(s) {
			all = append(all, move{name: f.name, w: f.w, fault: true})
		}
	}
	v := w
	v.Foreign = !w.Foreign
	switch {
	case w.Foreign && s.Phase == Asking:
		all = append(all, move{name: "device: the right one is back", w: v, fault: true})
	case !w.Foreign && looked || w.Work == performing:
		all = append(all, move{name: "device: another one takes its address", w: v, fault: true})
	}
	return all
}

func (w world) personMoves(s State) (all []move) {
	if s.StopBy == "" {
		all = append(all, move{name: "person", w: w, signal: unique.Make(signal{Kind: Cancelled}), person: true})
	}
	if s.Phase == Asking {
		for _, c := range s.Question.Choices {
			all = append(all, move{name: "person", w: w, signal: unique.Make(signal{Kind: Answered, Choice: c}), person: true})
		}
	}
	return all
}

// reports is the process ending its work with an outcome. The outcome may be
// lost on its way, which is the process forgetting its work (lost).
func (w world) reports(name string, g signal, fault bool) move {
	w.Work, w.Sent = nothing, false
	return move{name: name, w: w, signal: unique.Make(g), fault: fault}
}

// lost is a move whose outcome does not arrive.
func lost(m move) move {
	return move{name: m.name + ", and that is lost", w: m.w, fault: true}
}

var noAnswer = signal{Kind: Faulted, Cause: NoAnswer}
var answerLost = signal{Kind: Faulted, Cause: NoAnswer, Unclear: true}

func (w world) readMoves(s State) []move {
	all := []move{w.reports("read: no answer", noAnswer, true), lost(w.reports("read", noAnswer, true))}
	switch s.Op {
	case OpAssess:
		all = append(all, w.reports("assess: error", signal{Kind: Faulted, Cause: MigrationFailed}, true))
		for _, a := range []assessed{unneeded, needed, manual} {
			all = append(all, w.reports("assess", signal{Kind: Finished, Assess: a}, false))
		}
	case OpPreflight:
		all = append(all, w.reports("read: concerns", signal{Kind: Finished, Seen: w.sight(), Concerns: true}, true),
			w.reports("read: does not fit", signal{Kind: Faulted, Cause: DoesNotFit}, true))
		fallthrough
	default:
		all = append(all, w.reports("read", signal{Kind: Finished, Seen: w.sight()}, false))
	}
	return all
}

// sendMoves are the ways of a command to the device. Who answers is read
// first, which is the driver's duty 4.
func (w world) sendMoves(s State) []move {
	if w.Foreign {
		return []move{w.reports("command: not sent, another device answers", signal{Kind: Faulted, Cause: IdentityChanged}, false)}
	}
	heard := w
	heard.Sent = true
	heard.Dev = job{Op: unique.Make(s.Op), Doing: running}
	heard.Ordered = w.Ordered || s.Op == OpUpdate || s.Op == OpRecover
	return []move{
		{name: "command: taken", w: heard, signal: unique.Make(signal{Kind: Accepted})},
		{name: "command: taken, and that is lost", w: heard, fault: true},
		w.reports("command: refused", signal{Kind: Faulted, Cause: Refused}, true),
		w.reports("command: not sent, drydock failed", signal{Kind: Faulted, Cause: ServerFailed}, true),
		w.reports("command: lost", answerLost, true),
		heard.reports("command: taken, answer lost", answerLost, true),
		lost(w.reports("command: not sent", noAnswer, true)),
	}
}

func (w world) pollMoves(s State) []move {
	if w.Foreign {
		return []move{w.reports("poll: another device answers", signal{Kind: Faulted, Cause: IdentityChanged, Unclear: true}, false)}
	}
	all := []move{w.reports("poll: no answer", answerLost, true), lost(w.reports("poll", noAnswer, true))}
	switch {
	case w.Dev.Doing == idle || w.Dev.Past:
		return []move{w.reports("poll: knows nothing of it", answerLost, false)}
	case w.Dev.Doing == done:
		g := w.outcome(s)
		all = append(all, w.reports("poll", g, false))
		switch s.Op {
		case OpBackup:
			all = append(all, w.reports("poll: file cut", signal{Kind: Faulted, Cause: TransferFailed}, true),
				w.reports("poll: not a configuration", signal{Kind: Faulted, Cause: BackupInvalid}, true))
		case OpVerify:
			all = append(all, w.reports("poll: a port is down", signal{Kind: Faulted, Cause: HealthFailed, Compare: g.Compare}, true),
				w.reports("poll: a port is down", signal{Kind: Faulted, Cause: HealthFailed}, true))
		}
	case w.Dev.Doing == failed:
		cause := DeviceFailed
		if s.Op == OpKeep {
			cause = NoRoom
		}
		all = append(all, w.reports("poll", signal{Kind: Faulted, Cause: cause}, false))
	}
	return all
}

func (w world) probeMoves(s State) []move {
	if w.Foreign {
		return []move{w.reports("probe: another device answers", signal{Kind: Faulted, Cause: IdentityChanged}, false)}
	}
	g := signal{Kind: Probed, Verdict: NotStarted}
	if !w.Dev.Past {
		switch w.Dev.Doing {
		case running:
			g.Verdict = Running
		case done:
			g = w.outcome(s)
			g.Kind, g.Verdict = Probed, Succeeded
		case failed:
			g.Verdict = Failed
		}
	}
	all := []move{w.reports("probe", g, false), lost(w.reports("probe", g, true)), w.reports("probe: no answer", noAnswer, true),
		w.reports("probe: cannot tell", signal{Kind: Probed, Verdict: Inscrutable}, true)}
	if g.Backup != noBackup || g.Compare != notCompared {
		all = append(all, w.reports("probe: done, but the file is not here", signal{Kind: Probed, Verdict: Succeeded}, true))
	}
	return all
}

// follow is the world after the run took a signal. It says which invariant the
// run's actions break.
func (w world) follow(s State, g signal, t transition, next State) (world, string) {
	w = w.learn(s, g)
	for _, a := range t.actions {
		switch a.Kind {
		case Abandon:
			w.Work, w.Sent = nothing, false
		case Finish:
			w.Work, w.Sent = nothing, false
		case Perform, Await, Probe, Read:
			if w.Work != nothing {
				return w, "I5: " + string(a.Kind) + " is ordered while something else is under way"
			}
			w.Work, w.Sent = workOf(a.Kind), false
		}
		if a.Kind == Perform {
			if wrong := w.brokenByEffect(a); wrong != "" {
				return w, wrong
			}
			w.Unsettled, w.Insisted = unsettled, false
			if w.Dev.Doing != running {
				w.Dev = job{} // nobody asks for it any more
			}
			w.Dev.Past = w.Dev.Doing == running
		}
	}
	if next.Phase == Ended {
		return world{No: w.No}, w.broken(next)
	}
	return w, ""
}

// learn remembers what the run was told by a signal that it took.
func (w world) learn(s State, g signal) world {
	if g.Seen != seenNothing {
		w.Met = g.Seen == seenOld || g.Seen == seenNew
	}
	w.BackedUp = w.BackedUp || g.Backup == ownBackup
	w.No = w.No || g.Kind == Cancelled || g.Kind == Answered && g.Choice == Stop
	effect := !s.Op.IsRead()
	switch {
	case g.Kind == Finished && effect,
		g.Kind == Faulted && effect && s.Phase != Probing && !g.Unclear,
		g.Kind == Probed && g.Verdict != Running && g.Verdict != Inscrutable:
		w.Unsettled = settled
		if w.Dev.Doing != running {
			w.Dev = job{}
		}
	case g.Kind == Probed && g.Verdict == Inscrutable:
		w.Unsettled = told
	case g.Kind == Answered && s.Waited && w.Unsettled == unsettled:
		w.Insisted = true
	case g.Kind == Probed && g.Verdict == Running && w.Insisted,
		g.Kind == Answered && w.Unsettled == told:
		w.Unsettled = settled
		w.Dev.Known = w.Dev.Doing == running
	}
	return w
}

// brokenByEffect says which invariant an effect breaks that is ordered now.
func (w world) brokenByEffect(a Action) string {
	switch {
	case w.No:
		return "I9: an effect is ordered after a person's stop"
	case w.Unsettled != settled:
		return "I5: an effect is ordered while the one before is not settled"
	case w.Dev.Doing == running && !w.Dev.Known:
		return "I5: an effect is ordered while the device is at another: two at once"
	case !w.Met:
		return "I6: an effect is ordered, but it is not the planned device that answered last"
	case a.Op == OpUpdate && !w.BackedUp:
		return "I1: loading is ordered without this run's backup"
	}
	return ""
}
