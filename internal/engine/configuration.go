package engine

import (
	"bytes"
	"context"
	"fmt"
	"strings"

	"drydock/internal/driver"
	"drydock/internal/fault"
	"drydock/internal/fleet"
	"drydock/internal/migrate"
	"drydock/internal/procedure"
)

// wholeConfiguration says what is wrong with a configuration that has arrived:
// it is empty, has no end marker, or does not parse in the family's format.
func wholeConfiguration(d *driver.Driver, content []byte) error {
	bad := func(format string, args ...any) error {
		return fault.New(fault.Invalid, "", "configuration", format, args...)
	}
	if len(bytes.TrimSpace(content)) == 0 {
		return bad("it is empty")
	}
	if marker := d.EndMarker(); marker != "" && lastLine(content) != marker {
		return bad("it ends with %q, a whole one ends with %q: it was cut", clip(lastLine(content)), marker)
	}
	if d.Format() == "" {
		return nil
	}
	if _, err := migrate.Parse(d.Format(), content); err != nil {
		return bad("%w", err)
	}
	return nil
}

func lastLine(content []byte) string {
	text := strings.TrimRight(string(content), "\r\n \t")
	return strings.TrimSpace(text[strings.LastIndexByte(text, '\n')+1:])
}

// clip keeps a line of a configuration, which may hold a secret, out of
// messages: only its first word is told.
func clip(line string) string {
	word, _, more := strings.Cut(line, " ")
	if more {
		return word + " ..."
	}
	return word
}

// migrated applies the release's migration to a configuration.
func (e *Engine) migrated(release fleet.Release, from string, content []byte) (*migrate.Result, error) {
	pack, err := e.pack(release.Pack)
	if err != nil {
		return nil, err
	}
	if detected, ok := pack.DetectVersion(content); ok {
		from = detected
	}
	return pack.Apply(from, release.Version, content)
}

// assess determines whether the configuration must be modified for the new
// version, and keeps what it then must be.
func (t *task) assess(ctx context.Context) procedure.Event {
	release, err := t.Store.Release(ctx, t.state.Plan.Release)
	if err != nil {
		return serverFailed(err)
	}
	ev := procedure.Event{Kind: procedure.Finished}
	if release.Pack == "" {
		ev.Assessment = &procedure.Assessment{Expected: t.state.Backup}
		return ev
	}
	_, content, err := t.Store.OpenBackup(ctx, t.state.Backup.ID)
	if err != nil {
		return serverFailed(err)
	}
	result, err := t.migrated(release, t.state.From, content)
	if err != nil {
		return procedure.Event{Kind: procedure.Faulted, Cause: procedure.MigrationFailed, Detail: err.Error()}
	}
	expected := t.state.Backup
	if result.Needed {
		if expected, err = t.sealExpected(ctx, release, result.Output); err != nil {
			return serverFailed(err)
		}
	}
	ev.Assessment = &procedure.Assessment{Needed: result.Needed, Manual: manual(result), Rules: ruleNames(result), Expected: expected}
	for _, f := range result.Fates {
		switch f.Fate {
		case migrate.Changed:
			ev.Assessment.Changed++
		case migrate.Dropped:
			ev.Assessment.Dropped++
		}
	}
	return ev
}

func (t *task) sealExpected(ctx context.Context, release fleet.Release, content []byte) (*procedure.BackupRef, error) {
	b := fleet.Backup{ID: fleet.BackupID(fmt.Sprintf("%s-e%d", t.state.Plan.Run, t.action.Token)), Device: t.device.ID, Run: t.state.Plan.Run,
		Purpose: fleet.Expected, TakenAt: t.Now(), Source: "migration " + release.Pack, Version: release.Version, Format: t.driver.Format()}
	sealed, err := t.Store.SealBackup(ctx, b, content)
	if fault.Is(err, fault.Conflict) { // this assessment was begun before a restart
		sealed, err = t.Store.Backup(ctx, b.ID)
	}
	if err != nil {
		return nil, err
	}
	ref := refTo(sealed)
	return &ref, nil
}

func manual(r *migrate.Result) (n int) {
	for _, f := range r.Findings {
		if f.Severity == migrate.Manual {
			n++
		}
	}
	return n
}

func ruleNames(r *migrate.Result) []string {
	names := make([]string, 0, len(r.Rules))
	for _, use := range r.Rules {
		names = append(names, use.ID)
	}
	return names
}

// rehearse applies the migration to the newest backup, if there is one, and
// gives what a person should know before anything is touched.
func (t *task) rehearse(ctx context.Context, release fleet.Release) ([]string, error) {
	if release.Pack == "" {
		return nil, nil
	}
	_, result, err := t.Engine.rehearsal(ctx, t.device, release)
	switch {
	case err != nil && (fault.Is(err, fault.Invalid) || fault.Is(err, fault.Conflict)):
		return []string{"the migration fails on the newest backup: " + err.Error()}, nil
	case err != nil || result == nil:
		return nil, err
	}
	if n := manual(result); n > 0 {
		return []string{fmt.Sprintf("%d findings of the migration will need a person", n)}, nil
	}
	return nil, nil
}

// rehearsal applies a release's migration to the newest backup that the device
// sent; the result is nil where there is none.
func (e *Engine) rehearsal(ctx context.Context, device fleet.Device, release fleet.Release) (*fleet.Backup, *migrate.Result, error) {
	backups, err := e.Store.Backups(ctx, rehearsable(device.ID))
	if err != nil {
		return nil, nil, err
	}
	for _, b := range backups {
		if b.Purpose == fleet.Expected {
			continue
		}
		_, content, err := e.Store.OpenBackup(ctx, b.ID)
		if err != nil {
			return nil, nil, err
		}
		if release.Pack == "" {
			return &b, nil, nil
		}
		result, err := e.migrated(release, b.Version, content)
		return &b, result, err
	}
	return nil, nil, nil
}

// compare holds what the device has sent against what it should have.
func (t *task) compare(ctx context.Context, got procedure.BackupRef) (*procedure.Comparison, error) {
	differences, expected, err := t.Engine.differences(ctx, t.driver, t.wanted().ID, got.ID)
	if err != nil {
		return nil, err
	}
	c := &procedure.Comparison{Backup: &got, Carried: expected}
	for _, d := range differences {
		switch d.Kind {
		case migrate.Lost:
			c.Lost++
		case migrate.ChangedLine:
			c.Changed++
		case migrate.Added:
			c.Added++
		}
	}
	c.Carried -= c.Lost + c.Changed
	return c, nil
}

// wanted is the configuration that the device must have at the end.
func (t *task) wanted() *procedure.BackupRef {
	st := t.state
	switch {
	case t.action.Op == procedure.OpProveRestore:
		return st.Backup
	case st.Plan.Goal.WantsSource():
		return st.Plan.Source
	case st.Assessment != nil && st.Assessment.Expected != nil:
		return st.Assessment.Expected
	}
	return st.Backup
}

// differences compares two stored configurations by meaning, as the family's
// driver says, and counts the lines of the first that have meaning.
func (e *Engine) differences(ctx context.Context, d *driver.Driver, expected, got fleet.BackupID) ([]migrate.Difference, int, error) {
	_, a, err := e.Store.OpenBackup(ctx, expected)
	if err != nil {
		return nil, 0, err
	}
	_, b, err := e.Store.OpenBackup(ctx, got)
	if err != nil {
		return nil, 0, err
	}
	if d.Format() == "" {
		return opaque(a, b)
	}
	rules, categories, err := comparison(d)
	if err != nil {
		return nil, 0, err
	}
	list, err := migrate.Compare(rules, categories, a, b)
	if err != nil {
		return nil, 0, err
	}
	// every line of an empty comparison is added: that many have a meaning
	all, err := migrate.Compare(rules, categories, nil, a)
	return list, len(all), err
}

// opaque compares two configurations that have no format: as one line.
func opaque(expected, got []byte) ([]migrate.Difference, int, error) {
	if bytes.Equal(expected, got) {
		return nil, 1, nil
	}
	tell := func(content []byte) string {
		return fmt.Sprintf("%d octets, %s", len(content), fleet.DigestOf(content))
	}
	return []migrate.Difference{{Kind: migrate.ChangedLine, Expected: tell(expected), Got: tell(got)}}, 1, nil
}

// comparison gives the family's rules in the words of package migrate.
func comparison(d *driver.Driver) (rules migrate.CompareRules, categories migrate.Categoriser, err error) {
	said := d.CompareRules()
	said.Ignore = append(said.Ignore, d.ImageLines().Match...) // they are the release's
	if rules, err = migrate.NewCompareRules(d.Format(), said.Ignore, said.Ordered, said.Unordered); err != nil {
		return rules, categories, err
	}
	paths := make([]migrate.CategoryPaths, 0, len(said.Categories))
	for _, c := range said.Categories {
		paths = append(paths, migrate.CategoryPaths{Category: migrate.Category(c.Category), Paths: c.Paths})
	}
	categories, err = migrate.NewCategoriser(paths)
	return rules, categories, err
}
