package box

import (
	"context"
	"time"

	"drydock/internal/equipment"
	"drydock/internal/equipment/install"
)

// intend writes what is about to be done.
func (b *Box) intend(p pending) error {
	return b.save(func(s *state) {
		p.BootID = s.BootID
		s.Pending = &p
	})
}

// settle writes that nothing is under way any more.
func (b *Box) settle() error { return b.save(func(s *state) { s.Pending = nil }) }

// restart restarts the equipment for an operation and, where this process
// outlives it, goes on with the operation.
func (b *Box) restart(ctx context.Context, p pending, run equipment.Run) error {
	p.Phase = loaded
	if err := b.intend(p); err != nil {
		return err
	}
	return b.again(ctx, p, run)
}

// again gives the command to restart. It may be given twice where the power
// goes just after it.
func (b *Box) again(ctx context.Context, p pending, run equipment.Run) error {
	within, cancel := context.WithTimeout(ctx, time.Duration(b.s.Software.Restart.Within))
	defer cancel()
	if _, err := b.run(within, nil, b.s.Software.Restart.Command...); err != nil {
		if ctx.Err() != nil {
			return err
		}
		return b.stuck("%v", err)
	}
	if b.s.Software.Restart.Wait == "service" {
		run.Restarted()
		return b.started(ctx, p, run)
	}
	<-within.Done()
	if ctx.Err() != nil {
		return ctx.Err()
	}
	return b.stuck("the command to restart was given and nothing came of it within %v", time.Duration(b.s.Software.Restart.Within))
}

// stuck ends an operation whose restart did not happen: what is loaded starts
// whenever the equipment does.
func (b *Box) stuck(format string, args ...any) error {
	if err := b.settle(); err != nil {
		return err
	}
	return failed(equipment.InternalError, "the equipment does not restart: "+format, args...)
}

// resume goes on with an operation whose process is no more.
func (b *Box) resume(ctx context.Context, o equipment.Order, run equipment.Run) error {
	s := b.now()
	p := s.Pending
	if p == nil || p.Row != o.Index {
		// it had no effect yet, or one that is whole or undone by itself
		return failed(equipment.InternalError, "interrupted by a restart")
	}
	if p.Phase == loading {
		return b.interrupted(ctx, *p, run)
	}
	if p.BootID == s.BootID { // this program restarted, and the machine did not
		if p.Phase == reverting {
			return b.revert(ctx, *p, run)
		}
		return b.again(ctx, *p, run)
	}
	return b.started(ctx, *p, run)
}

// interrupted finds out what became of an installation that was cut.
func (b *Box) interrupted(ctx context.Context, p pending, run equipment.Run) error {
	t := b.loader.Traits()
	if version := b.version(); version != p.From && (version == p.Expected || p.Expected == "" && (t.Slots || t.Restarts)) {
		return b.started(ctx, p, run) // the installer was done, and the machine has restarted
	}
	if err := b.settle(); err != nil {
		return err
	}
	b.drop(nextFile)
	if t.Slots || t.Restarts && b.version() == p.From {
		return failed(equipment.InternalError, "interrupted by a restart while loading; version %s runs as before", b.version())
	}
	return failed(equipment.BadImage, "interrupted by a restart while loading: the software may be a mixture of two; restore the kept files")
}

// started is what follows a restart: the new software is tried, and stays or
// goes.
func (b *Box) started(ctx context.Context, p pending, run equipment.Run) error {
	b.refresh(ctx)
	version := b.version()
	switch {
	case p.Phase == reverting && version != p.From && p.Tries < maxReverts: // the power went before the loader had done it
		return b.revert(ctx, p, run)
	case p.Phase == reverting:
		return b.gone("%s; version %s runs again", p.Why, version)
	case p.Expected != "" && version != p.Expected:
		return b.gone("version %s did not come up: %s runs", p.Expected, version)
	case p.Type == equipment.Update && p.Expected == "" && version == p.From:
		return b.gone("the new version did not come up: %s runs", version)
	}
	run.Progress(90)
	if err := b.trial(ctx); err != nil {
		if ctx.Err() != nil {
			return err // the next process tries again
		}
		return b.fallBack(ctx, p, err, run)
	}
	return b.stay(ctx, p)
}

// stay commits the software that runs.
func (b *Box) stay(ctx context.Context, p pending) error {
	if err := b.loader.Commit(ctx); err != nil {
		return failed(equipment.InternalError, "version %s runs and could not be made permanent: %v", b.version(), err)
	}
	if p.Type == equipment.Update {
		b.drop(currentFile)
		if b.s.Software.Retain {
			if err := b.fs.Rename(b.path(nextFile), b.path(currentFile)); err != nil {
				b.o.Log.Warn("the image's file is not retained", "err", err)
			}
		}
	}
	return b.save(func(s *state) {
		s.Pending = nil
		if p.Type != equipment.Reboot {
			s.Digest = p.Digest
		}
	})
}

// fallBack lets the software before start again, where it still is.
func (b *Box) fallBack(ctx context.Context, p pending, why error, run equipment.Run) error {
	if p.Type != equipment.Update || !b.loader.Traits().Slots {
		if err := b.settle(); err != nil {
			return err
		}
		return failed(equipment.BadImage, "version %s runs and is not well: %v", b.version(), why)
	}
	p.Phase, p.Why = reverting, "version "+b.version()+" is not well: "+why.Error()
	return b.revert(ctx, p, run)
}

// maxReverts bounds how often the way back is tried.
const maxReverts = 3

// revert lets the software before start, and restarts.
func (b *Box) revert(ctx context.Context, p pending, run equipment.Run) error {
	p.Tries++
	if err := b.intend(p); err != nil {
		return err
	}
	if err := b.loader.Revert(ctx); err != nil {
		if ctx.Err() != nil {
			return err
		}
		return b.stuck("%s; and the one before cannot be started: %v", p.Why, err)
	}
	return b.again(ctx, p, run)
}

// gone ends an update whose software does not run.
func (b *Box) gone(format string, args ...any) error {
	if err := b.settle(); err != nil {
		return err
	}
	b.drop(nextFile)
	return failed(equipment.BadImage, format, args...)
}

// trial waits until the software shows that it is well: the health command
// succeeds, and the management system has asked for something.
func (b *Box) trial(ctx context.Context) error {
	h := b.s.Software.Health
	within, cancel := context.WithTimeout(ctx, time.Duration(h.Within))
	defer cancel()
	var before int64
	if b.o.Heard != nil {
		before = b.o.Heard()
	}
	tick := time.NewTicker(time.Duration(h.Every))
	defer tick.Stop()
	var last error
	for tried := false; ; tried = true {
		err := b.well(within, h.Command)
		if within.Err() == nil || !tried { // what ends because the time is up says nothing
			last = err
		}
		if err == nil && (!h.ReportIn || b.o.Heard == nil || b.o.Heard() > before) {
			return nil
		}
		select {
		case <-within.Done():
			if last == nil {
				last = failed(equipment.BadImage, "the management system was not heard of within %v", time.Duration(h.Within))
			}
			return last
		case <-tick.C:
		}
	}
}

func (b *Box) well(ctx context.Context, command []string) error {
	_, err := b.run(ctx, nil, install.Fill(command, map[string]string{"version": b.version()})...)
	return err
}
