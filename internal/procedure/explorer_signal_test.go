package procedure

import (
	"fmt"
	"strings"
	"time"

	"drydock/internal/fleet"
)

// A signal is an event as the explorer speaks of it: comparable, without tokens
// and times, which it takes from the state that it is offered to.
type signal struct {
	Kind     EventKind
	Token    tokenOf
	When     moment
	Seen     sight
	Concerns bool
	Backup   backupOf
	Assess   assessed
	Compare  compared
	Cause    Cause
	Unclear  bool
	Verdict  Verdict
	OldAsk   bool // an answer to a question that is not the open one
	Choice   Choice
	Alien    bool // of another format
	Plan     bool
}

type (
	tokenOf  uint8
	moment   uint8
	sight    uint8
	backupOf uint8
	assessed uint8
	compared uint8
)

const (
	ownToken tokenOf = iota
	staleToken
	futureToken
	noToken

	inTime     moment = iota - 4 // at the moment of the event before
	atDeadline                   // when the state's deadline comes
	afterwards                   // an hour later
)

const (
	seenNothing sight = iota
	seenOld           // the device, old version
	seenNew           // the device, new version
	seenForeign       // another device
	seenNobody        // something without identity

	noBackup backupOf = iota - 5
	ownBackup
	othersBackup

	notAssessed assessed = iota - 8
	unneeded
	needed
	manual

	notCompared compared = iota - 12
	sameConfig
	lostLines
)

var epoch = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

const (
	oldVersion = "1.4"
	newVersion = "2.0"
)

func (g signal) String() string {
	words := []string{string(g.Kind)}
	for _, w := range []string{string(g.Cause), string(g.Verdict), string(g.Choice),
		[]string{"", "stale token", "future token", "no token"}[g.Token],
		[]string{"", "at its deadline", "after the deadline"}[g.When],
		[]string{"", "old version seen", "new version seen", "another device seen", "nobody seen"}[g.Seen],
		[]string{"", "backup", "another run's backup"}[g.Backup],
		[]string{"", "no modification needed", "modification needed", "findings need a person"}[g.Assess],
		[]string{"", "same configuration", "lines lost"}[g.Compare]} {
		if w != "" {
			words = append(words, w)
		}
	}
	for _, f := range []struct {
		on   bool
		word string
	}{{g.Unclear, "unclear"}, {g.Concerns, "concerns"}, {g.OldAsk, "old question"}, {g.Alien, "other format"}} {
		if f.on {
			words = append(words, f.word)
		}
	}
	return strings.Join(words, ", ")
}

// event makes the event that the signal means in state s.
func (g signal) event(s State, plan *Plan) Event {
	ev := Event{Format: Format, Kind: g.Kind, At: g.at(s), Cause: g.Cause, Unclear: g.Unclear, Verdict: g.Verdict,
		Observed: g.Seen.observation(), Backup: g.Backup.ref(), Assessment: g.Assess.assessment(), Comparison: g.Compare.comparison()}
	switch g.Token {
	case ownToken:
		ev.Token = s.Token
	case staleToken:
		ev.Token = s.Token - 1
	case futureToken:
		ev.Token = s.Token + 1
	}
	if g.Alien {
		ev.Format = Format + 1
	}
	if g.Plan {
		ev.Plan = plan
	}
	if g.Concerns {
		ev.Concerns = []string{"little room"}
	}
	if g.Kind == Answered {
		ev.Choice, ev.By = g.Choice, "ann"
		ev.Question = "r1-q1"
		if s.Question != nil && !g.OldAsk {
			ev.Question = s.Question.ID
		}
	}
	if g.Kind == Cancelled {
		ev.By = "bob"
	}
	return ev
}

func (g signal) at(s State) time.Time {
	switch {
	case g.When == atDeadline && s.Deadline.After(epoch):
		return s.Deadline
	case g.When == afterwards && s.Deadline.After(epoch):
		return s.Deadline.Add(time.Hour)
	}
	return epoch
}

func (v sight) observation() *Observation {
	switch v {
	case seenOld:
		return &Observation{Identity: fleet.Identity{Serial: "S1"}, Version: oldVersion}
	case seenNew:
		return &Observation{Identity: fleet.Identity{Serial: "S1"}, Version: newVersion}
	case seenForeign:
		return &Observation{Identity: fleet.Identity{Serial: "S2"}, Version: newVersion}
	case seenNobody:
		return &Observation{Version: oldVersion}
	}
	return nil
}

func (b backupOf) ref() *BackupRef {
	switch b {
	case ownBackup:
		return &BackupRef{ID: "b1", Run: "r1", Device: "iad-1"}
	case othersBackup:
		return &BackupRef{ID: "b0", Run: "r0", Device: "iad-1"}
	}
	return nil
}

func (a assessed) assessment() *Assessment {
	switch a {
	case unneeded:
		return &Assessment{}
	case needed:
		return &Assessment{Needed: true, Rules: []string{"r"}}
	case manual:
		return &Assessment{Needed: true, Manual: 1, Rules: []string{"r"}}
	}
	return nil
}

func (c compared) comparison() *Comparison {
	switch c {
	case sameConfig:
		return &Comparison{Carried: 9}
	case lostLines:
		return &Comparison{Carried: 8, Lost: 1}
	}
	return nil
}

// alphabet is every kind of event with what it may carry, fit or not. It is
// offered in every reachable state.
func alphabet() []signal {
	all := []signal{{Kind: "unheard-of"}, {Kind: Started}, {Kind: Started, Plan: true}, {Kind: Accepted, Alien: true}}
	for _, token := range []tokenOf{ownToken, staleToken, futureToken, noToken} {
		of := func(g signal) {
			g.Token = token
			all = append(all, g)
		}
		of(signal{Kind: Accepted})
		of(signal{Kind: Finished})
		for _, g := range facts() {
			g.Kind = Finished
			of(g)
			g.Kind, g.Verdict = Probed, Succeeded
			of(g)
		}
		causes := append(Causes(), "", "bad luck")
		if token != ownToken {
			causes = []Cause{DeviceFailed}
		}
		for _, cause := range causes {
			of(signal{Kind: Faulted, Cause: cause})
			of(signal{Kind: Faulted, Cause: cause, Unclear: true})
			of(signal{Kind: Faulted, Cause: cause, Unclear: true, When: atDeadline})
		}
		of(signal{Kind: Faulted, Cause: HealthFailed, Compare: sameConfig})
		of(signal{Kind: Faulted, Cause: HealthFailed, Compare: lostLines})
		for _, verdict := range []Verdict{NotStarted, Running, Succeeded, Failed, Inscrutable, "", "perhaps"} {
			of(signal{Kind: Probed, Verdict: verdict})
		}
		of(signal{Kind: Probed, Verdict: Failed, Cause: IdentityChanged})
		for _, when := range []moment{inTime, atDeadline, afterwards} {
			of(signal{Kind: Overdue, When: when})
		}
	}
	for _, when := range []moment{inTime, atDeadline, afterwards} {
		all = append(all, signal{Kind: Restarted, When: when}, signal{Kind: Noticed, When: when}, signal{Kind: Cancelled, When: when})
		for _, choice := range append(Choices(), "", "perhaps") {
			all = append(all, signal{Kind: Answered, Choice: choice, When: when}, signal{Kind: Answered, Choice: choice, When: when, OldAsk: true})
		}
	}
	return all
}

// facts are the outcomes' contents.
func facts() []signal {
	var all []signal
	for _, v := range []sight{seenOld, seenNew, seenForeign, seenNobody} {
		all = append(all, signal{Seen: v}, signal{Seen: v, Compare: sameConfig})
	}
	return append(all, signal{Seen: seenOld, Concerns: true}, signal{Backup: ownBackup}, signal{Backup: othersBackup},
		signal{Assess: unneeded}, signal{Assess: needed}, signal{Assess: manual}, signal{Compare: sameConfig}, signal{Compare: lostLines})
}

// mustRefuse says whether the signal may never be taken in the state.
func (g signal) mustRefuse(s State) bool {
	ofAction := g.Kind == Accepted || g.Kind == Finished || g.Kind == Faulted || g.Kind == Probed || g.Kind == Overdue
	offered := func() bool {
		for _, c := range s.Question.Choices {
			if c == g.Choice {
				return true
			}
		}
		return false
	}
	switch {
	case s.Phase == Ended, g.Alien, g.Kind == Started, g.Kind == "unheard-of":
		return true
	case ofAction && g.Token != ownToken:
		return true
	case g.Kind == Accepted:
		return s.Phase != Commanding
	case g.Kind == Probed:
		return s.Phase != Probing
	case g.Kind == Finished:
		return s.Phase == Asking || s.Phase == Probing || g.incomplete(s.Op)
	case g.Kind == Faulted:
		return s.Phase == Asking
	case g.Kind == Overdue:
		return g.When == inTime
	case g.Kind == Answered:
		return s.Phase != Asking || g.OldAsk || g.When != inTime || !offered()
	case g.Kind == Cancelled:
		return s.StopBy != ""
	}
	return false
}

// incomplete says whether the outcome lacks what the operation must bring; I1
// wants this run's own backup.
func (g signal) incomplete(op Op) bool {
	switch op {
	case OpPreflight, OpIdentify:
		return g.Seen == seenNothing
	case OpBackup:
		return g.Backup != ownBackup
	case OpAssess:
		return g.Assess == notAssessed
	case OpVerify, OpProveRestore:
		return g.Compare == notCompared
	}
	return false
}

// mustTake says whether the signal must be taken in the state: persons, clocks,
// traps and restarts are never turned away without reason.
func (g signal) mustTake(s State) bool {
	switch g.Kind {
	case Overdue, Answered, Cancelled, Restarted, Noticed:
		return !g.mustRefuse(s)
	}
	return false
}

var _ fmt.Stringer = signal{}
