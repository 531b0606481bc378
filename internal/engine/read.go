package engine

import (
	"context"
	"fmt"
	"strings"
	"time"

	"drydock/internal/driver"
	"drydock/internal/fleet"
	"drydock/internal/procedure"
)

// observation is what identify brings.
func (t *task) observation(ctx context.Context) (*procedure.Observation, driver.Result) {
	r := t.drive(ctx, driver.Identify, driver.Perform, driver.Inputs{})
	if r.Verdict != procedure.Succeeded || r.Observed == nil {
		return nil, r
	}
	seen := *r.Observed
	if err := t.Store.ObserveDevice(ctx, t.device.ID, seen.Identity, seen.Model, seen.Version, t.Now()); err != nil {
		t.log.Warn("what was read from the device is not recorded", "err", err)
	}
	return &seen, r
}

// identify reads who answers and which version it runs, or gives the failure.
func (t *task) identify(ctx context.Context) (*procedure.Observation, *procedure.Event) {
	if err := t.dial(ctx); err != nil {
		ev := procedure.Event{Kind: procedure.Faulted, Cause: procedure.NoAnswer, Detail: err.Error()}
		return nil, &ev
	}
	seen, r := t.observation(ctx)
	if seen == nil {
		ev := procedure.Event{Kind: procedure.Faulted, Cause: orNoAnswer(r.Cause), Detail: r.Detail}
		return nil, &ev
	}
	return seen, nil
}

func orNoAnswer(c procedure.Cause) procedure.Cause {
	if c == "" {
		return procedure.NoAnswer
	}
	return c
}

// retryInterval is how often a device that may be starting is asked again.
const retryInterval = 2 * time.Second

// identifyAgain reads identity and version after loading. A device that does
// not answer may still be starting: it is asked until the deadline.
func (t *task) identifyAgain(ctx context.Context) procedure.Event {
	for {
		seen, ev := t.identify(ctx)
		if ev == nil {
			return procedure.Event{Kind: procedure.Finished, Observed: seen}
		}
		if ev.Cause != procedure.NoAnswer || t.action.Deadline.Sub(t.Now()) < 2*retryInterval {
			return *ev
		}
		t.closeSession()
		t.wait(ctx, driver.AskWait{For: retryInterval}, driver.Await)
		if ctx.Err() != nil {
			return procedure.Event{}
		}
	}
}

// preflight finds out, by reading only, whether the run can succeed.
func (t *task) preflight(ctx context.Context) procedure.Event {
	seen, failed := t.identify(ctx)
	if failed != nil {
		if failed.Cause == procedure.NoAnswer {
			t.explainSilence(ctx, failed)
		}
		return *failed
	}
	ev := procedure.Event{Kind: procedure.Finished, Observed: seen}
	if text, cannot := t.driver.Cannot(driver.Backup); cannot && !provisioned(t.driver) {
		return procedure.Event{Kind: procedure.Faulted, Cause: procedure.DoesNotFit, Detail: "no backup can be taken: " + text}
	}
	if t.state.Plan.Goal == procedure.GoalBackup {
		return ev
	}
	if text, cannot := t.driver.Cannot(driver.Recover); cannot && !provisioned(t.driver) {
		ev.Concerns = append(ev.Concerns, "no configuration can be recovered: "+text)
	}
	if t.driver.Has(driver.Health) {
		r := t.drive(ctx, driver.Health, driver.Perform, driver.Inputs{})
		if r.Verdict != procedure.Succeeded {
			return t.failed(r)
		}
		seen.Health = r.Health
	}
	if t.state.Plan.Goal == procedure.GoalRestore {
		return ev
	}
	return t.preflightRelease(ctx, ev)
}

// explainSilence says where a device answers from, if it does.
func (t *task) explainSilence(ctx context.Context, failed *procedure.Event) {
	if from := t.answersFrom(ctx); from.IsValid() {
		failed.Detail = fmt.Sprintf("the device answers, but from %s and not from %s; if that is so with all of its family, write any-source: true among the quirks of driver %s, or use SNMPv3",
			from, t.address.Addr(), t.driver.Name())
	}
}

// preflightRelease checks that the release fits the device as it is now, that
// there is room, and rehearses the migration on the newest backup.
func (t *task) preflightRelease(ctx context.Context, ev procedure.Event) procedure.Event {
	seen := ev.Observed
	release, err := t.Store.Release(ctx, t.state.Plan.Release)
	if err != nil {
		return serverFailed(err)
	}
	if err := fits(t.state.Plan.Goal, release, t.device.Driver, seen.Model, seen.Version); err != nil {
		return procedure.Event{Kind: procedure.Faulted, Cause: procedure.DoesNotFit, Detail: serverFailed(err).Detail}
	}
	if blockers, _ := limits(t.driver, t.device, release); len(blockers) > 0 {
		return procedure.Event{Kind: procedure.Faulted, Cause: procedure.DoesNotFit, Detail: strings.Join(blockers, "; ")}
	}
	if seen.Version == release.Version {
		return ev
	}
	ev.Concerns = append(ev.Concerns, bootVariable(t.driver, release)...)
	for _, f := range release.Files { // opened whole and verified now rather than when the device comes for it
		content, err := t.Store.ReleaseFile(ctx, release.ID, f.Name)
		if err != nil {
			return serverFailed(err)
		}
		content.Close()
	}
	if failed := t.checkRoom(ctx, release.Size()); failed != nil {
		return *failed
	}
	if failed := t.checkReach(ctx); failed != nil {
		return *failed
	}
	if t.state.Plan.Goal == procedure.GoalRevert {
		return ev // nothing is migrated
	}
	concerns, err := t.rehearse(ctx, release)
	if err != nil {
		return serverFailed(err)
	}
	ev.Concerns = append(ev.Concerns, concerns...)
	return ev
}

func (t *task) checkRoom(ctx context.Context, needed fleet.Bytes) *procedure.Event {
	if !t.driver.Has(driver.FreeSpace) {
		return nil
	}
	r := t.drive(ctx, driver.FreeSpace, driver.Perform, driver.Inputs{})
	if r.Verdict != procedure.Succeeded {
		ev := t.failed(r)
		return &ev
	}
	if r.Free != nil && *r.Free < needed {
		return &procedure.Event{Kind: procedure.Faulted, Cause: procedure.NoRoom,
			Detail: fmt.Sprintf("the release needs %d octets, the device has %d free", needed, *r.Free)}
	}
	return nil
}

// checkReach asks the device whether it reaches this server, where its family
// can tell (RELIABILITY.md F29).
func (t *task) checkReach(ctx context.Context) *procedure.Event {
	if !t.driver.Has(driver.Reach) {
		return nil
	}
	in, err := t.inputs(ctx)
	if err != nil {
		ev := serverFailed(err)
		return &ev
	}
	r := t.drive(ctx, driver.Reach, driver.Perform, in)
	if r.Verdict == procedure.Succeeded {
		return nil
	}
	return &procedure.Event{Kind: procedure.Faulted, Cause: procedure.TransferFailed,
		Detail: fmt.Sprintf("the device does not reach this server at %s: %s", in.ServerAddress, r.Detail)}
}

// unhealthy says what is worse than before loading, or nothing.
func (t *task) unhealthy(ctx context.Context) string {
	if !t.driver.Has(driver.Health) {
		return ""
	}
	r := t.drive(ctx, driver.Health, driver.Perform, driver.Inputs{})
	if r.Verdict != procedure.Succeeded {
		return "the health checks could not be read: " + r.Detail
	}
	return strings.Join(t.driver.CompareHealth(t.state.Health, r.Health), "; ")
}
