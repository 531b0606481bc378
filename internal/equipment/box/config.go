package box

import (
	"bytes"
	"context"
	"os"

	"drydock/internal/equipment"
	"drydock/internal/equipment/confset"
	"drydock/internal/equipment/disk"
	"drydock/internal/equipment/install"
)

// maxArchive is the largest configuration that is taken, in octets.
const maxArchive = 16 << 20

func (b *Box) backup(ctx context.Context, o equipment.Order) error {
	archive, err := b.config(b.formVersion()).Archive()
	if err != nil {
		return failed(equipment.InternalError, "%v", err)
	}
	return b.o.Files.Send(ctx, o.Server, o.Names[0], archive)
}

// Archive is the configuration as backup sends it.
func (b *Box) Archive() ([]byte, error) { return b.config(b.formVersion()).Archive() }

func (b *Box) recover(ctx context.Context, o equipment.Order, run equipment.Run) error {
	var text bytes.Buffer
	if err := b.o.Files.Fetch(ctx, o.Server, o.Names[0], &bounded{w: &text, left: maxArchive}); err != nil {
		return err
	}
	run.Progress(50)
	if len(o.Digests) > 0 && o.Digests[0] != digest(text.Bytes()) {
		return failed(equipment.TransferFailed, "the configuration came with SHA-256 %s and should have %s", digest(text.Bytes()), o.Digests[0])
	}
	return b.configure(ctx, text.Bytes())
}

// configure makes an archive the configuration and has it used. One that is
// not taken leaves the old one.
func (b *Box) configure(ctx context.Context, archive []byte) error {
	_, entries, err := confset.Parse(archive)
	if err != nil {
		return failed(equipment.ConfigurationRejected, "%v", err)
	}
	set := b.config(b.formVersion())
	if entries, err = set.Match(entries); err != nil {
		return failed(equipment.ConfigurationRejected, "%v", err)
	}
	if err := b.tryConfiguration(ctx, entries); err != nil {
		return failed(equipment.ConfigurationRejected, "%v", err)
	}
	old, err := set.Read()
	if err != nil {
		return failed(equipment.InternalError, "%v", err)
	}
	if err := set.Recover(entries); err != nil {
		return failed(equipment.InternalError, "%v", err)
	}
	if err := b.apply(ctx); err != nil {
		if undo := set.Recover(old); undo != nil {
			return failed(equipment.InternalError, "%v; and the old configuration could not be put back: %v", err, undo)
		}
		if again := b.apply(context.WithoutCancel(ctx)); again != nil {
			b.o.Log.Error("the old configuration is back and could not be applied", "err", again)
		}
		return failed(equipment.ConfigurationRejected, "%v; the old configuration is back", err)
	}
	return nil
}

// tryConfiguration has the maker's command look at the new files first.
func (b *Box) tryConfiguration(ctx context.Context, entries []confset.Entry) error {
	if len(b.s.Configuration.Check) == 0 {
		return nil
	}
	dir, err := os.MkdirTemp(b.s.State, "check-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir) // what is left takes room and nothing else
	for _, e := range entries {
		if err := disk.Write(disk.Host{}, dir+"/"+e.Name, e.Data, 0o600); err != nil {
			return err
		}
	}
	_, err = b.run(ctx, nil, install.Fill(b.s.Configuration.Check, map[string]string{"dir": dir})...)
	return err
}

func (b *Box) apply(ctx context.Context) error {
	_, err := b.run(ctx, nil, b.s.Configuration.Apply...)
	return err
}

// modify determines whether the configuration must be modified for the running
// software and if so modifies it (claims 1, 16 and 17 of the method).
func (b *Box) modify(ctx context.Context) error {
	if b.o.Pack == nil {
		return failed(equipment.InternalError, "this equipment has no migration pack")
	}
	old, err := b.config(b.configForm()).Archive()
	if err != nil {
		return failed(equipment.InternalError, "%v", err)
	}
	text, err := b.o.Pack.Migrate(string(old), b.formVersion())
	if err != nil {
		return failed(equipment.ConfigurationRejected, "%v", err)
	}
	if text == string(old) {
		return nil
	}
	return b.configure(ctx, []byte(text))
}

// configForm is the form that the files have: that of the software which wrote
// them.
func (b *Box) configForm() string { return b.formVersion() }
