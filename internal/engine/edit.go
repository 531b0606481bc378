package engine

import (
	"context"
	"fmt"
	"strings"

	"drydock/internal/fault"
	"drydock/internal/fleet"
	"drydock/internal/procedure"
)

// Edit seals the configuration that a person made of what the migration of a
// run gave, for the answer to the run's question about manual findings. The
// error is fault.Conflict where the run does not ask that, fault.Invalid where
// the configuration is not whole in the family's format.
func (e *Engine) Edit(ctx context.Context, run fleet.RunID, question string, content []byte, by string) (*procedure.BackupRef, error) {
	record, err := e.Store.Run(ctx, run)
	if err != nil {
		return nil, err
	}
	st := record.State
	if st.Question == nil || st.Question.ID != question || st.Question.Cause != procedure.ManualFindings {
		return nil, fault.New(fault.Conflict, "", "question "+question, "only what a migration left to a person is answered with a configuration").
			WithHint("drydock question list shows what is asked")
	}
	device, err := e.Store.Device(ctx, st.Plan.Device)
	if err != nil {
		return nil, err
	}
	d, err := e.driver(device.Driver)
	if err != nil {
		return nil, err
	}
	if err := wholeConfiguration(d, content); err != nil {
		return nil, err
	}
	b := fleet.Backup{ID: fleet.BackupID(fmt.Sprintf("%s-%.8s", question, strings.TrimPrefix(string(fleet.DigestOf(content)), "sha256:"))), Device: device.ID, Run: run,
		Purpose: fleet.Expected, TakenAt: e.Now(), Source: "edited by " + by, Format: d.Format()}
	sealed, err := e.Store.SealBackup(ctx, b, content)
	if fault.Is(err, fault.Conflict) { // the same text was given before
		sealed, err = e.Store.Backup(ctx, b.ID)
	}
	if err != nil {
		return nil, err
	}
	ref := refTo(sealed)
	return &ref, nil
}
