package box

import (
	"context"
	"path/filepath"

	"drydock/internal/equipment"
	"drydock/internal/equipment/confset"
	"drydock/internal/equipment/disk"
	"drydock/internal/equipment/install"
)

// Files in the state directory that keep writes.
const (
	keptConfig   = "kept.config"
	keptSoftware = "kept.software"
)

// software is the set of files that a loader without slots changes.
func (b *Box) software() *confset.Set {
	set := &confset.Set{FS: b.fs, State: filepath.Join(b.s.State, "software"), Version: "1"}
	if b.s.Software.Loader != "command" {
		return set
	}
	for _, path := range b.s.Software.Command.Files {
		set.Files = append(set.Files, confset.File{Name: path, Path: path, Category: "default", Format: "binary"})
	}
	return set
}

// keep stores what loading changes (claim 10 of the method): the software where
// it has no slot of its own, and the configuration.
func (b *Box) keep(ctx context.Context) error {
	_ = ctx // nothing here waits
	config, err := b.config(b.formVersion()).Archive()
	if err != nil {
		return failed(equipment.InternalError, "%v", err)
	}
	if int64(len(config)) > b.room() {
		return failed(equipment.NoRoom, "the configuration has %d octets and there are %d", len(config), b.room())
	}
	s := b.now()
	k := kept{Version: b.version(), Digest: s.Digest}
	if err := b.save(func(s *state) { s.Kept = kept{} }); err != nil { // what is there is no longer whole
		return err
	}
	if err := b.keepSoftware(s.Digest); err != nil {
		return err
	}
	if err := disk.Replace(b.fs, b.path(keptConfig), config, 0o600); err != nil {
		return failed(equipment.NoRoom, "%v", err)
	}
	return b.save(func(s *state) { s.Kept = k })
}

func (b *Box) keepSoftware(runs string) error {
	switch t := b.loader.Traits(); {
	case t.Slots: // it stays in its slot
		return nil
	case t.Whole:
		image, err := b.fs.ReadFile(b.path(currentFile))
		if err != nil || digest(image) != runs {
			return failed(equipment.NoRoom, "the file of the running image is not on this equipment: software.retain keeps it from the next update on")
		}
		if err := disk.Replace(b.fs, b.path(keptFile), image, 0o600); err != nil {
			return failed(equipment.NoRoom, "%v", err)
		}
		return nil
	}
	archive, err := b.software().Archive()
	if err != nil {
		return failed(equipment.InternalError, "%v", err)
	}
	if err := disk.Replace(b.fs, b.path(keptSoftware), archive, 0o600); err != nil {
		return failed(equipment.NoRoom, "%v", err)
	}
	return nil
}

// restoreFiles puts back what keep has stored, and restarts.
func (b *Box) restoreFiles(ctx context.Context, o equipment.Order, run equipment.Run) error {
	s := b.now()
	if s.Kept.Version == "" {
		return failed(equipment.NothingKept, "nothing was kept")
	}
	config, err := b.fs.ReadFile(b.path(keptConfig))
	if err != nil {
		return failed(equipment.NothingKept, "%v", err)
	}
	_, entries, err := confset.Parse(config)
	if err != nil {
		return failed(equipment.NothingKept, "the kept configuration: %v", err)
	}
	set := b.config("")
	if entries, err = set.Match(entries); err != nil {
		return failed(equipment.NothingKept, "the kept configuration: %v", err)
	}
	p := pending{Row: o.Index, Type: o.Type, Phase: loading, From: b.version(), Expected: s.Kept.Version, Digest: s.Kept.Digest}
	if err := b.intend(p); err != nil {
		return err
	}
	if err := set.Recover(entries); err != nil {
		return failed(equipment.InternalError, "%v", err)
	}
	run.Progress(30)
	if err := b.putBack(ctx, s.Kept, p); err != nil {
		if ctx.Err() != nil {
			return err
		}
		if forget := b.settle(); forget != nil {
			return forget
		}
		return err
	}
	run.Progress(50)
	return b.restart(ctx, p, run)
}

// putBack lets the kept software start next.
func (b *Box) putBack(ctx context.Context, k kept, p pending) error {
	switch t := b.loader.Traits(); {
	case t.Slots:
		if p.From == k.Version {
			return nil // it runs
		}
		if err := b.loader.Revert(ctx); err != nil {
			return failed(equipment.InternalError, "%v", err)
		}
		return nil
	case t.Whole:
		if p.From == k.Version {
			return nil
		}
		if err := b.loader.Install(ctx, install.Image{Path: b.path(keptFile), Version: k.Version}); err != nil {
			return failed(equipment.InternalError, "%v", err)
		}
		return nil
	}
	archive, err := b.fs.ReadFile(b.path(keptSoftware))
	if err != nil {
		return failed(equipment.NothingKept, "%v", err)
	}
	_, entries, err := confset.Parse(archive)
	if err != nil {
		return failed(equipment.NothingKept, "the kept software: %v", err)
	}
	set := b.software()
	if entries, err = set.Match(entries); err != nil {
		return failed(equipment.NothingKept, "the kept software: %v", err)
	}
	if err := set.Recover(entries); err != nil {
		return failed(equipment.InternalError, "%v", err)
	}
	return nil
}
