package cli

import (
	"archive/zip"
	"context"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"

	"drydock/client"
	"drydock/internal/fault"
	"drydock/internal/fleet"
)

// bundleReadme says what the files of a bundle are.
const bundleReadme = `What happened in one run of drydock.

run.json         the run as it is now: plan, state, result
journal.json     every event, in order; the state replays from it
evidence.json    every SNMP request and answer and how each file moved, by action; secrets are masked
backups.json     the configurations that were taken: when, from whom, size, digest (not the configurations themselves)
report.json      what became of each line of the configuration: kept, changed by a rule, dropped, manual
comparison.json  the configuration that was expected against the one that the device sent at the end, by meaning
`

// bundle writes all that is known of a run into one file.
func (s *session) bundle(ctx context.Context, api *client.Client, id fleet.RunID, name string) (err error) {
	files := map[string]any{}
	run, err := api.Run(ctx, id)
	if err != nil {
		return err
	}
	files["run.json"] = run
	if files["journal.json"], err = api.Journal(ctx, id); err != nil {
		return err
	}
	if files["evidence.json"], err = api.Evidence(ctx, id); err != nil {
		return err
	}
	if files["backups.json"], err = api.Backups(ctx, "", id, 0); err != nil {
		return err
	}
	if run.State.Backup != nil {
		if files["report.json"], err = api.Report(ctx, id); err != nil {
			return err
		}
	}
	if st := run.State; st.Assessment != nil && st.Assessment.Expected != nil && st.Comparison != nil && st.Comparison.Backup != nil {
		if files["comparison.json"], err = api.Diff(ctx, st.Assessment.Expected.ID, st.Comparison.Backup.ID); err != nil {
			return err
		}
	}
	return writeZip(name, files)
}

// writeZip writes the file under another name first: there is a whole one or none.
func writeZip(name string, files map[string]any) (err error) {
	wrong := func(err error) error { return fault.New(fault.Invalid, "", name, "%w", err) }
	temp, err := os.CreateTemp(filepath.Dir(name), ".bundle-*")
	if err != nil {
		return wrong(err)
	}
	defer os.Remove(temp.Name()) // it is gone by then, if all went well
	z := zip.NewWriter(temp)
	err = addFile(z, "README.txt", []byte(bundleReadme))
	for _, entry := range sortedKeys(files) {
		raw, e := json.MarshalIndent(files[entry], "", "  ")
		err = errors.Join(err, e, addFile(z, entry, append(raw, '\n')))
	}
	if err = errors.Join(err, z.Close(), temp.Sync(), temp.Close()); err != nil {
		return wrong(err)
	}
	if err := os.Rename(temp.Name(), name); err != nil {
		return wrong(err)
	}
	return nil
}

func addFile(z *zip.Writer, name string, content []byte) error {
	w, err := z.Create(name)
	if err == nil {
		_, err = w.Write(content)
	}
	return err
}
