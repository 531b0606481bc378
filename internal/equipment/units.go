package equipment

import (
	"context"
	"io"
	"strings"
	"time"
)

// UpdateControl is the update control unit (claims 17 and 18 of the method): it
// transmits, downloads, loads, recovers, determines and modifies by itself. Its
// methods do one operation each and return a *Failure where it fails; then the
// equipment is as it was. One is called at a time.
type UpdateControl struct {
	e   *Equipment
	dev Deviation // zero but in a simulation
}

func (u UpdateControl) files() FileClient {
	if u.dev.Files != nil {
		return u.dev.Files
	}
	return u.e.opts.Files
}

// change makes a change of the flash, whole or not at all.
func (u UpdateControl) change(ctx context.Context, f func(*Flash) error) error {
	if u.dev.Lie {
		return nil
	}
	e := u.e
	e.mu.Lock()
	defer e.mu.Unlock()
	if err := interrupted(ctx); err != nil {
		return err
	}
	next := e.flash
	if err := f(&next); err != nil {
		return err
	}
	e.flash = next
	return nil
}

// Transmit sends the running configuration as the file of that name.
func (u UpdateControl) Transmit(ctx context.Context, s Server, name string) error {
	if err := wait(ctx, u.e.opts.Timings.Backup); err != nil || u.dev.Lie {
		return err
	}
	return u.files().Send(ctx, s, name, []byte(u.e.Configuration().Text()))
}

// Load downloads the files, the image first, checks them and puts the image
// into the bank that does not run, to be tried at the next start. digests are
// hexadecimal SHA-256 and may be missing.
func (u UpdateControl) Load(ctx context.Context, s Server, names, digests []string) error {
	e := u.e
	var next Bank
	for i, name := range names {
		check := NewImageCheck()
		if err := u.files().Fetch(ctx, s, name, &bounded{w: check, left: e.Flash().Free() - next.size()}); err != nil {
			return err
		}
		if err := sameDigest(name, digests, i, check); err != nil {
			return err
		}
		e.progress(10 + 50*(i+1)/len(names))
		if i > 0 {
			next.Extra += check.Size()
			continue
		}
		var err error
		if next.Image, err = check.Finish(); err != nil {
			return err
		}
		if !next.Image.Fits(e.Identity().Model) {
			return failed(WrongModel, "image %s is for %s and this is %s", next.Image.Version, strings.Join(next.Image.Models, ", "), e.Identity().Model)
		}
	}
	if err := wait(ctx, e.opts.Timings.LoadPerMiB*time.Duration(next.size())/(1<<20)); err != nil {
		return err
	}
	return u.change(ctx, func(f *Flash) error {
		if next.Image.Generation == f.Running().Image.Generation {
			next.Config = f.Running().Config
		} else {
			next.Config = e.opts.Factory(next.Image.Generation)
		}
		return f.Load(next)
	})
}

// Recover downloads a configuration and runs with it. digest may be "".
func (u UpdateControl) Recover(ctx context.Context, s Server, name, digest string) error {
	text, err := u.fetchConfiguration(ctx, s, name, digest)
	if err != nil {
		return err
	}
	if err := wait(ctx, u.e.opts.Timings.Recover); err != nil {
		return err
	}
	if u.dev.Lose > 0 {
		if c, err := ParseConfiguration(text); err == nil {
			text = c.without(u.dev.Lose)
		}
	}
	return u.run(ctx, text)
}

// maxConfiguration is the largest configuration the equipment takes, in octets.
const maxConfiguration = 1 << 20

func (u UpdateControl) fetchConfiguration(ctx context.Context, s Server, name, digest string) (string, error) {
	var text strings.Builder
	check := NewImageCheck()
	w := &bounded{w: io.MultiWriter(&text, check), left: maxConfiguration}
	if err := u.files().Fetch(ctx, s, name, w); err != nil {
		return "", err
	}
	if err := sameDigest(name, []string{digest}, 0, check); err != nil {
		return "", err
	}
	u.e.progress(60)
	return text.String(), nil
}

// run makes text the running configuration, if the running image can read it.
func (u UpdateControl) run(ctx context.Context, text string) error {
	c, err := ParseConfiguration(text)
	if err != nil {
		return err
	}
	return u.change(ctx, func(f *Flash) error {
		if err := c.readableBy(f.Running().Image.Generation, u.e.opts.Strict); err != nil {
			return err
		}
		f.Save(c.saved(time.Now()))
		return nil
	})
}

// Keep stores the running image and configuration in the kept area.
func (u UpdateControl) Keep(ctx context.Context) error {
	if err := wait(ctx, u.e.opts.Timings.Keep); err != nil {
		return err
	}
	return u.change(ctx, (*Flash).Keep)
}

// Restore puts what was kept back, to run from the next start on.
func (u UpdateControl) Restore(ctx context.Context) error {
	if err := wait(ctx, u.e.opts.Timings.Keep); err != nil {
		return err
	}
	return u.change(ctx, (*Flash).Restore)
}

// AssessAndModify determines with the pack whether the running configuration
// must be modified for the running image, and if so modifies it.
func (u UpdateControl) AssessAndModify(ctx context.Context, pack Migrator) error {
	if pack == nil {
		return failed(InternalError, "this equipment has no migration pack")
	}
	if err := wait(ctx, u.e.opts.Timings.Recover); err != nil {
		return err
	}
	old := u.e.Configuration().Text()
	text, err := pack.Migrate(old, u.e.Flash().Running().Image.ConfigVersion())
	if err != nil {
		return failed(ConfigurationRejected, "%v", err)
	}
	if text == old {
		return nil
	}
	return u.run(ctx, text)
}

// bounded is a writer that fails with NoRoom after left octets.
type bounded struct {
	w    io.Writer
	left int64
}

func (b *bounded) Write(p []byte) (int, error) {
	if b.left -= int64(len(p)); b.left < 0 {
		return 0, failed(NoRoom, "the file is larger than the room for it")
	}
	return b.w.Write(p)
}

func sameDigest(name string, digests []string, i int, check *ImageCheck) error {
	if i >= len(digests) || digests[i] == "" {
		return nil
	}
	if got := hexDigest(check.Digest()); got != digests[i] {
		return failed(TransferFailed, "file %s came with SHA-256 %s and should have %s", name, got, digests[i])
	}
	return nil
}

// wait lets d pass. The error is what ended ctx before.
func wait(ctx context.Context, d time.Duration) error {
	if d <= 0 {
		return interrupted(ctx)
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return interrupted(ctx)
	}
}

func interrupted(ctx context.Context) error {
	if ctx.Err() == nil {
		return nil
	}
	return failed(InternalError, "interrupted: %v", context.Cause(ctx))
}
