// Package storetest holds every kind of store to one contract: the promises in
// the package comment of internal/store. It has no knowledge of how a store
// keeps things; what needs that (bit flips, crashes) is tested beside the store.
package storetest

import (
	"fmt"
	"testing"
	"time"

	"drydock/internal/fleet"
	"drydock/internal/procedure"
	"drydock/internal/store"
)

// Suite is the whole contract, by name.
func suite() map[string]func(*testing.T, *store.Store) {
	return map[string]func(*testing.T, *store.Store){
		"Devices":           testDevices,
		"DeviceFilters":     testDeviceFilters,
		"DeviceText":        testDeviceText,
		"RemoveDevice":      testRemoveDevice,
		"ObserveDevice":     testObserveDevice,
		"Credentials":       testCredentials,
		"Releases":          testReleases,
		"ReleaseRefused":    testReleaseRefused,
		"ReleaseShared":     testReleaseShared,
		"Backups":           testBackups,
		"BackupPages":       testBackupPages,
		"Settings":          testSettings,
		"Campaigns":         testCampaigns,
		"AdmitRace":         testAdmitRace,
		"Exclusive":         testExclusive,
		"Commit":            testCommit,
		"CommitIsolation":   testCommitIsolation,
		"CommitChain":       testCommitChain,
		"CommitInvalid":     testCommitInvalid,
		"EndMakesWay":       testEndMakesWay,
		"RunFilters":        testRunFilters,
		"Questions":         testQuestions,
		"QuestionPages":     testQuestionPages,
		"Notices":           testNotices,
		"Replay":            testReplay,
		"RequestKeyRace":    testRequestKeyRace,
		"OneActiveRunRace":  testOneActiveRunRace,
		"WritersTogether":   testWritersTogether,
		"CancelledContext":  testCancelledContext,
		"ReadsWhileWriting": testReadsWhileWriting,
		"Users":             testUsers,
		"UserChanges":       testUserChanges,
		"Sessions":          testSessions,
		"Tokens":            testTokens,
		"Audit":             testAudit,
		"Scopes":            testScopes,
		"Counts":            testCounts,
		"Search":            testSearch,
	}
}

// Run holds the stores that open gives to the contract; each test has one of
// its own, empty.
func Run(t *testing.T, open func(t *testing.T) *store.Store) {
	for name, test := range suite() {
		t.Run(name, func(t *testing.T) {
			t.Parallel() // they wait for the disk, each for its own
			test(t, open(t))
		})
	}
}

// Player plays a run's events and keeps its state, as the engine does.
type Player struct {
	State procedure.State
	Seq   int
	plan  procedure.Plan
	now   time.Time
}

// NewPlayer makes a run that has not started.
func NewPlayer(run, device string) *Player {
	plan := procedure.Plan{Run: fleet.RunID(run), Device: fleet.DeviceID(device), Release: "iad-2.0", Target: "2.0",
		Recover: fleet.RecoverOriginal, CanKeep: true, Identity: fleet.Identity{Serial: "S-" + device}}
	return &Player{plan: plan, now: time.Date(2026, 11, 23, 5, 0, 0, 123456000, time.UTC)}
}

// ID is the run's.
func (p *Player) ID() fleet.RunID { return p.plan.Run }

// Next applies an event and gives the commit that makes it durable.
func (p *Player) Next(t testing.TB, ev procedure.Event) store.Commit {
	t.Helper()
	p.now = p.now.Add(time.Second)
	ev.Format, ev.At = procedure.Format, p.now
	if ev.Token == 0 {
		ev.Token = p.State.Token
	}
	next, _, err := procedure.Next(p.State, ev)
	if err != nil {
		t.Fatalf("run %s: %v", p.ID(), err)
	}
	p.State = next
	p.Seq++
	return store.Commit{Run: p.ID(), Seq: p.Seq, Event: ev, State: next}
}

// Start gives the first commit.
func (p *Player) Start(t testing.TB) store.Commit {
	t.Helper()
	return p.Next(t, procedure.Event{Kind: procedure.Started, Plan: &p.plan})
}

// Ended says whether the run has.
func (p *Player) Ended() bool { return p.State.Phase == procedure.Ended }

// Step gives a commit of some event that fits; pick chooses among n.
func (p *Player) Step(t testing.TB, pick func(n int) int) store.Commit {
	t.Helper()
	switch {
	case p.Seq == 0:
		return p.Start(t)
	case p.State.Phase == procedure.Asking:
		choices := p.State.Question.Choices
		return p.Next(t, procedure.Event{Kind: procedure.Answered, Question: p.State.Question.ID,
			Choice: choices[pick(len(choices))], By: "anna"})
	case p.State.Phase == procedure.Probing:
		verdicts := []procedure.Verdict{procedure.Running, procedure.Succeeded, procedure.NotStarted, procedure.Failed}
		return p.Next(t, p.outcome(procedure.Event{Kind: procedure.Probed, Verdict: verdicts[pick(len(verdicts))]}))
	}
	switch pick(8) {
	case 0:
		return p.Next(t, procedure.Event{Kind: procedure.Faulted, Cause: procedure.NoAnswer, Detail: "it is \"gone\"\n<&>", Unclear: pick(2) == 0})
	case 1:
		return p.Next(t, procedure.Event{Kind: procedure.Restarted})
	case 2:
		return p.Next(t, procedure.Event{Kind: procedure.Noticed})
	}
	return p.Next(t, p.outcome(procedure.Event{Kind: procedure.Finished}))
}

// outcome adds what the operation must bring.
func (p *Player) outcome(ev procedure.Event) procedure.Event {
	ref := &procedure.BackupRef{ID: "b-" + fleet.BackupID(p.ID()), Run: p.plan.Run, Device: p.plan.Device, Digest: fleet.DigestOf(nil)}
	version := "1.4"
	if p.State.Step == procedure.Load {
		version = "2.0"
	}
	switch p.State.Op {
	case procedure.OpPreflight, procedure.OpIdentify:
		ev.Observed = &procedure.Observation{Identity: p.plan.Identity, Model: "IAD-4", Version: version}
	case procedure.OpBackup:
		ev.Backup = ref
	case procedure.OpAssess:
		ev.Assessment = &procedure.Assessment{Needed: true, Rules: []string{"r1"}, Expected: ref}
	case procedure.OpVerify, procedure.OpProveRestore:
		ev.Comparison = &procedure.Comparison{Backup: ref, Carried: 100}
	}
	return ev
}

// commit makes commits durable and wants all of them to be taken.
func commit(t testing.TB, s *store.Store, batch ...store.Commit) {
	t.Helper()
	errs, err := s.Commit(t.Context(), batch)
	if err != nil {
		t.Fatal(err)
	}
	for i, err := range errs {
		if err != nil {
			t.Fatalf("commit %d of run %s: %v", batch[i].Seq, batch[i].Run, err)
		}
	}
}

func deviceN(n int) fleet.Device {
	return fleet.Device{ID: fleet.DeviceID(fmt.Sprintf("iad-%04d", n)), Address: fmt.Sprintf("127.0.1.%d:161", n), Driver: "drydock",
		Identity: fleet.Identity{Serial: fmt.Sprintf("SN%04d", n)}, Model: "IAD-4", Version: "1.4",
		Labels: map[string]string{"site": "north", "n": fmt.Sprint(n)}}
}
