package engine

import (
	"context"

	"drydock/internal/driver"
	"drydock/internal/fault"
	"drydock/internal/fleet"
	"drydock/internal/migrate"
	"drydock/internal/procedure"
)

// Diff compares two backups of devices of one family by meaning.
func (e *Engine) Diff(ctx context.Context, a, b fleet.BackupID) (Diff, error) {
	diff := Diff{A: a, B: b}
	d, err := e.driverOf(ctx, a)
	if err != nil {
		return diff, err
	}
	other, err := e.driverOf(ctx, b)
	if err != nil {
		return diff, err
	}
	if d != other {
		return diff, fault.New(fault.Invalid, "", "", "backup %s is of a %s, %s of a %s: they cannot be compared", a, d.Name(), b, other.Name())
	}
	diff.Differences, _, err = e.differences(ctx, d, a, b)
	return diff, err
}

func (e *Engine) driverOf(ctx context.Context, id fleet.BackupID) (*driver.Driver, error) {
	b, err := e.Store.Backup(ctx, id)
	if err != nil {
		return nil, err
	}
	device, err := e.Store.Device(ctx, b.Device)
	if err != nil {
		return nil, err
	}
	return e.driver(device.Driver)
}

// Report says line by line what became of a run's configuration. It is
// computed afresh from the sealed backups: the migration is a pure function.
func (e *Engine) Report(ctx context.Context, id fleet.RunID) (Report, error) {
	record, err := e.Store.Run(ctx, id)
	if err != nil {
		return Report{}, err
	}
	st := record.State
	report := Report{Run: id, Comparison: st.Comparison}
	if st.Backup == nil {
		return report, fault.New(fault.Conflict, "", "run "+string(id), "it has taken no backup")
	}
	if st.Assessment == nil {
		return report, nil
	}
	if err := e.reportMigration(ctx, &report, st); err != nil {
		return report, err
	}
	d, err := e.driverOf(ctx, st.Backup.ID)
	if err != nil {
		return report, err
	}
	if err := e.reportEdit(ctx, d, &report, st); err != nil {
		return report, err
	}
	if st.Comparison == nil || st.Comparison.Backup == nil || st.Assessment.Expected == nil {
		return report, nil
	}
	report.Added, _, err = e.differences(ctx, d, st.Assessment.Expected.ID, st.Comparison.Backup.ID)
	return report, err
}

func (e *Engine) reportMigration(ctx context.Context, report *Report, st procedure.State) error {
	release, err := e.Store.Release(ctx, st.Plan.Release)
	if err != nil || release.Pack == "" {
		return err
	}
	_, content, err := e.Store.OpenBackup(ctx, st.Backup.ID)
	if err != nil {
		return err
	}
	report.Migration, err = e.migrated(release, st.From, content)
	return err
}

// reportEdit says what a person changed of what the migration made.
func (e *Engine) reportEdit(ctx context.Context, d *driver.Driver, report *Report, st procedure.State) error {
	if st.Assessment.EditedBy == "" || report.Migration == nil {
		return nil
	}
	_, edited, err := e.Store.OpenBackup(ctx, st.Assessment.Expected.ID)
	if err != nil {
		return err
	}
	rules, categories, err := comparison(d)
	if err != nil {
		return err
	}
	report.EditedBy = st.Assessment.EditedBy
	report.Edited, err = migrate.Compare(rules, categories, report.Migration.Output, edited)
	return err
}
