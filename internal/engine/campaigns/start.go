package campaigns

import (
	"context"
	"errors"
	"fmt"
	"time"

	"drydock/internal/engine"
	"drydock/internal/fault"
	"drydock/internal/fleet"
	"drydock/internal/fleet/campaign"
	"drydock/internal/procedure"
	"drydock/internal/store"
)

// admit chooses, in the store's transaction, the devices that start now.
func (c *Conductor) admit(ctx context.Context, l *live, now time.Time) error {
	most := l.allowance(now)
	if most == 0 || len(l.dirty) > 0 {
		return nil
	}
	var candidates []campaign.Member
	for _, m := range l.members {
		if m.Wave <= l.Wave && (m.State == campaign.Waiting || m.State == campaign.Offline) && !now.Before(m.Probe) {
			candidates = append(candidates, m)
		}
	}
	if len(candidates) == 0 {
		return nil
	}
	chosen, err := c.Store.AdmitMembers(ctx, l.ID, func(one campaign.Campaign, f campaign.Flight) []campaign.Member {
		return campaign.Admit(one, candidates, f, most, now, func(m campaign.Member) []procedure.Opening { return l.opens(m, now) })
	})
	if err != nil || len(chosen) == 0 {
		return err
	}
	l.admitted = now
	for _, m := range chosen {
		*l.member(m.Device) = m
		c.launch(l, m)
	}
	c.tell(l.ID)
	return nil
}

// allowance is how many devices the rate of starts allows now.
func (l *live) allowance(now time.Time) int {
	perSecond := l.Spec.Caps.PerSecond
	if l.admitted.IsZero() {
		return perSecond
	}
	return min(perSecond, int(now.Sub(l.admitted).Seconds()*float64(perSecond)))
}

// launch asks the device whether it is there and starts its run. It is called
// with the lock held; the member's state is Starting, which is durable.
func (c *Conductor) launch(l *live, m campaign.Member) {
	spec, id := l.Spec, l.ID
	windows := l.windows(m, c.Now())
	c.work(func(ctx context.Context) {
		run, err := c.start(ctx, id, spec, m, windows)
		if ctx.Err() == nil {
			c.launched(ctx, memberKey{id, m.Device}, run, err)
		}
	})
}

// requestKey is by what the run of a member is known to have been started.
func requestKey(id campaign.ID, m campaign.Member) string {
	return fmt.Sprintf("campaign %s hop %d try %d", id, m.Hop, m.Tries)
}

// start gives the run; an error with fault.Unavailable or fault.Timeout is the
// device's: it does not answer.
func (c *Conductor) start(ctx context.Context, id campaign.ID, spec campaign.Spec, m campaign.Member, w *procedure.Windows) (fleet.RunID, error) {
	key := requestKey(id, m)
	if run, found, err := c.Store.RunByRequestKey(ctx, key+"/"+string(m.Device)); err != nil || found {
		return run, err // it was started before a restart
	}
	if err := c.Engine.Reach(ctx, m.Device); err != nil {
		return "", err
	}
	o := engine.Order{Devices: []fleet.DeviceID{m.Device}, Release: m.Release(), Goal: spec.Goal, Standing: spec.Runs.Standing,
		QuestionTimeout: time.Duration(spec.Runs.QuestionTimeout), Timeouts: map[procedure.Op]time.Duration{}, Protocol: spec.Runs.Protocol, Key: key}
	for op, limit := range spec.Runs.Timeouts {
		o.Timeouts[op] = time.Duration(limit)
	}
	if w != nil {
		o.Windows = map[fleet.DeviceID]*procedure.Windows{m.Device: w}
	}
	if m.Source != "" {
		o.Sources = map[fleet.DeviceID]fleet.BackupID{m.Device: m.Source}
	}
	rows, err := c.Engine.Start(ctx, c.Runtime, o)
	if err != nil {
		return "", err
	}
	return rows[0].Run, rows[0].Err
}

// blockedAgain is how long a device is left alone that another run is active on.
const blockedAgain = 30 * time.Second

// launched takes over what came of launch.
func (c *Conductor) launched(ctx context.Context, key memberKey, run fleet.RunID, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	l := c.lives[key.campaign]
	m := l.member(key.device)
	now := c.Now()
	c.forget(key)
	switch {
	case err == nil:
		m.State, m.Run, m.Detail, m.Cause, m.Probes, m.Probe = campaign.Running, run, "", "", 0, time.Time{}
		c.runs[run] = key
		delete(c.early, run)
		c.caughtUp(ctx, run)
		if l.Status == campaign.Paused || l.Status == campaign.Stopped {
			c.recall(l, recalled)
		}
	case fault.Is(err, fault.Unavailable), fault.Is(err, fault.Timeout): // switched off, it is silent
		*m = m.Unreachable(err.Error(), now)
		c.work(func(ctx context.Context) { c.listen(ctx, key) })
	case activeElsewhere(err):
		m.State, m.Probe, m.Detail = campaign.Waiting, now.Add(blockedAgain), err.Error()
	default:
		m.State, m.At, m.Left, m.Cause, m.Detail = campaign.Failed, now, procedure.Untouched, causeOf(err), err.Error()
	}
	l.dirty[key.device] = true
	c.poke()
}

// caughtUp looks whether the run ended before it was known to be the campaign's.
func (c *Conductor) caughtUp(ctx context.Context, run fleet.RunID) {
	c.work(func(context.Context) {
		record, err := c.Store.Run(ctx, run)
		if err == nil && record.State.Phase == procedure.Ended && c.ended(run, record.State) {
			c.poke()
		}
	})
}

// activeElsewhere says whether another run is active on the device, or on one
// that may not be under way together with it.
func activeElsewhere(err error) bool {
	var clash *store.Clash
	return errors.As(err, &clash) && (clash.Kind == store.ClashDevice || clash.Kind == store.ClashPair)
}

func causeOf(err error) procedure.Cause {
	switch fault.CodeOf(err) {
	case fault.Conflict:
		return procedure.DoesNotFit
	case fault.Denied:
		return procedure.NoAnswer
	}
	return procedure.ServerFailed
}

// openings are a place's windows as they were worked out at a time.
type openings struct {
	at   time.Time
	list []procedure.Opening
}

// openingsAge is how long the windows of a place are not worked out anew: they
// reach far ahead.
const openingsAge = time.Hour

// opens gives the windows of a member on the clock of where it is.
func (l *live) opens(m campaign.Member, now time.Time) []procedure.Opening {
	s := l.Spec.Schedule
	if len(s.Windows) == 0 {
		return nil
	}
	zone := s.ZoneOf(m.Labels)
	known, ok := l.openings[zone]
	if !ok || now.Sub(known.at) > openingsAge || now.Before(known.at) {
		place, err := time.LoadLocation(zone)
		if err != nil {
			place = time.UTC // checked by the plan
		}
		known = openings{now, s.Openings(now, place)}
		l.openings[zone] = known
	}
	return known.list
}

// windows is what the member's run is told about them.
func (l *live) windows(m campaign.Member, now time.Time) *procedure.Windows {
	list := l.opens(m, now)
	if list == nil {
		return nil
	}
	return &procedure.Windows{Openings: list, Takes: time.Duration(l.Spec.Schedule.Takes), Ask: l.Spec.Schedule.Ask}
}
