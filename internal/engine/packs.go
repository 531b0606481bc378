package engine

import (
	"cmp"
	"context"
	"maps"
	"slices"

	"drydock/internal/fault"
	"drydock/internal/fleet"
	"drydock/internal/migrate"
)

// AllPacks gives the migration packs by name.
func (e *Engine) AllPacks() []*migrate.Pack {
	all := make([]*migrate.Pack, 0, len(e.Packs))
	for _, name := range slices.Sorted(maps.Keys(e.Packs)) {
		all = append(all, e.Packs[name])
	}
	return all
}

// TryPack says what a pack makes of a configuration: that of the backup, if one
// is named, else content. An empty from is what the configuration tells, an
// empty to the pack's newest version. It touches nothing.
func (e *Engine) TryPack(ctx context.Context, name, from, to string, backup fleet.BackupID, content []byte) (Report, error) {
	pack, err := e.pack(name)
	if err != nil {
		return Report{}, err
	}
	if backup != "" {
		b, plain, err := e.Store.OpenBackup(ctx, backup)
		if err != nil {
			return Report{}, err
		}
		content = plain
		if from == "" {
			from = b.Version
		}
	}
	if len(content) == 0 {
		return Report{}, fault.New(fault.Invalid, "", "migration pack "+name, "there is no configuration to try it on")
	}
	if detected, ok := pack.DetectVersion(content); ok {
		from = detected
	}
	result, err := pack.Apply(from, cmp.Or(to, pack.Newest()), content)
	if err != nil {
		return Report{}, fault.New(fault.Invalid, "", "migration pack "+name, "%w", err)
	}
	return Report{Migration: result}, nil
}
