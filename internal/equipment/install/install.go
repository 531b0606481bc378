// Package install loads software by the programs that real equipment has for
// it: RAUC, SWUpdate, OpenWrt's sysupgrade, or a command of the maker's own.
// It also checks what is loaded before it is: a release's signed manifest
// (manifest.go), and the patch that makes a new image of a known old one
// (patch.go).
//
// It knows no SNMP and no files on servers. An image that Inspect refuses
// changes nothing on the equipment.
package install

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"time"

	"drydock/internal/equipment/settings"
)

// Image is what is known of an image file.
type Image struct {
	Path    string
	Version string // empty: not known
}

// Traits are what loaders differ in.
type Traits struct {
	// Slots: the software that ran before stays in a slot of its own, and Revert
	// lets it start.
	Slots bool
	// Restarts: Install restarts the equipment and does not come back.
	Restarts bool
	// Whole: an image is all of the software, so that installing an older one
	// puts that back.
	Whole bool
}

// Loader loads software. A call that ends by its context may have had its
// effect or not. Its methods are not called at once.
type Loader interface {
	Traits() Traits
	// Inspect checks the image as far as the installer can, signature included,
	// and changes nothing. It completes what is known of it.
	Inspect(ctx context.Context, i Image) (Image, error)
	// Install puts the image where it starts at the next restart.
	Install(ctx context.Context, i Image) error
	// Commit says that the running software is good and stays.
	Commit(ctx context.Context) error
	// Revert lets the software that ran before start next.
	Revert(ctx context.Context) error
}

// New makes the loader that the settings name.
func New(s settings.Software, run Exec) Loader {
	switch s.Loader {
	case "rauc":
		return rauc{s.RAUC, run}
	case "swupdate":
		return swupdate{s.SWUpdate, run}
	case "sysupgrade":
		return sysupgrade{s.Sysupgrade, run}
	}
	return command{s.Command, run}
}

// Exec runs a program and gives what it printed. An error has the end of that
// in it. env is added to the environment.
type Exec func(ctx context.Context, env []string, argv ...string) (string, error)

// shownOutput is how much of a program's output is in its error, in octets.
const shownOutput = 400

// stopPatience is how long a program has to end by itself when ctx ends.
const stopPatience = 5 * time.Second

// Host runs programs on this machine.
func Host(ctx context.Context, env []string, argv ...string) (string, error) {
	if len(argv) == 0 {
		return "", nil
	}
	cmd := exec.CommandContext(ctx, argv[0], argv[1:]...)
	cmd.Env = append(os.Environ(), env...)
	cmd.WaitDelay = stopPatience
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	err := cmd.Run()
	if err == nil {
		return out.String(), nil
	}
	if ctx.Err() != nil {
		err = errors.Join(context.Cause(ctx), err)
	}
	text := strings.TrimSpace(out.String())
	if len(text) > shownOutput {
		text = "…" + text[len(text)-shownOutput:]
	}
	return out.String(), fmt.Errorf("%s: %w: %s", argv[0], err, text)
}

// Fill puts values into the places {name} of a command.
func Fill(argv []string, values map[string]string) []string {
	var pairs []string
	for name, value := range values {
		pairs = append(pairs, "{"+name+"}", value)
	}
	replacer := strings.NewReplacer(pairs...)
	filled := make([]string, len(argv))
	for i, a := range argv {
		filled[i] = replacer.Replace(a)
	}
	return filled
}

// Read gives what a source tells.
func Read(ctx context.Context, s settings.Source, run Exec) (string, error) {
	switch {
	case len(s.Command) > 0:
		out, err := run(ctx, nil, s.Command...)
		return strings.TrimSpace(out), err
	case s.File != "":
		data, err := os.ReadFile(s.File)
		if err != nil || s.Key == "" {
			return strings.TrimSpace(string(data)), err
		}
		for line := range strings.Lines(string(data)) {
			if key, value, ok := strings.Cut(line, "="); ok && strings.TrimSpace(key) == s.Key {
				return strings.Trim(strings.TrimSpace(value), `"'`), nil
			}
		}
		return "", fmt.Errorf("%s has no key %s", s.File, s.Key)
	}
	return s.Text, nil
}

// command is a loader of the maker's own.
type command struct {
	settings.Command
	run Exec
}

// Traits implements Loader: without files to keep there are slots.
func (c command) Traits() Traits { return Traits{Slots: len(c.Files) == 0} }

func (c command) with(ctx context.Context, argv []string, i Image) error {
	if len(argv) == 0 {
		return nil
	}
	_, err := c.run(ctx, nil, Fill(argv, map[string]string{"image": i.Path, "version": i.Version})...)
	return err
}

// Inspect implements Loader.
func (c command) Inspect(ctx context.Context, i Image) (Image, error) {
	return i, c.with(ctx, c.Check, i)
}

// Install implements Loader.
func (c command) Install(ctx context.Context, i Image) error {
	return c.with(ctx, c.Command.Install, i)
}

// Commit implements Loader.
func (c command) Commit(ctx context.Context) error { return c.with(ctx, c.Command.Commit, Image{}) }

// Revert implements Loader.
func (c command) Revert(ctx context.Context) error { return c.with(ctx, c.Command.Revert, Image{}) }
