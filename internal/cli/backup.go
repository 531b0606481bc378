package cli

import (
	"fmt"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"drydock/client"
	"drydock/internal/fault"
	"drydock/internal/fleet"
	"drydock/internal/procedure"
)

func (s *session) backupCommand() *cobra.Command {
	return noun("backup", "Configurations as devices sent them: take, list, show, diff, restore",
		s.backupTake(), s.backupList(), s.backupShow(), s.backupDiff(), s.backupRestore())
}

func (s *session) backupTake() *cobra.Command {
	c := &cobra.Command{Use: "take DEVICE...", Short: "Have devices send their configuration now", Args: cobra.MinimumNArgs(1)}
	watch := c.Flags().Bool("watch", true, "wait until it is done")
	c.RunE = func(c *cobra.Command, args []string) error {
		return s.order(c.Context(), client.RunOrder{Devices: deviceIDs(args), Goal: procedure.GoalBackup}, *watch)
	}
	return c
}

func (s *session) backupList() *cobra.Command {
	c := &cobra.Command{Use: "list", Short: "List backups, newest first", Args: cobra.NoArgs}
	device := c.Flags().String("device", "", "only backups of this `DEVICE`")
	run := c.Flags().String("run", "", "only backups of this `RUN`")
	limit := c.Flags().Int("limit", 100, "at most `N` backups")
	c.RunE = func(c *cobra.Command, _ []string) error {
		api, err := s.client()
		if err != nil {
			return err
		}
		list, err := api.Backups(c.Context(), fleet.DeviceID(*device), fleet.RunID(*run), *limit)
		if err != nil {
			return err
		}
		return s.print(list, func(w *tabwriter.Writer) {
			row(w, "BACKUP", "DEVICE", "TAKEN", "PURPOSE", "VERSION", "SIZE", "SOURCE", "RUN")
			for _, b := range list {
				row(w, b.ID, b.Device, stamp(b.TakenAt), b.Purpose, b.Version, size(int64(b.Size)), b.Source, b.Run)
			}
		})
	}
	return c
}

func (s *session) backupShow() *cobra.Command {
	c := &cobra.Command{Use: "show ID", Short: "Open a backup: the configuration itself, secrets included", Args: cobra.ExactArgs(1)}
	out := c.Flags().String("out", "", "write it to a new `FILE`, readable by you only")
	c.RunE = func(c *cobra.Command, args []string) error {
		api, err := s.client()
		if err != nil {
			return err
		}
		id := fleet.BackupID(args[0])
		if s.output != "table" {
			b, err := api.Backup(c.Context(), id)
			if err != nil {
				return err
			}
			return s.print(b, nil)
		}
		content, err := api.BackupContent(c.Context(), id)
		if err != nil {
			return err
		}
		return s.writeNew(*out, content)
	}
	return c
}

func (s *session) backupDiff() *cobra.Command {
	return &cobra.Command{Use: "diff A B", Short: "Compare two backups by meaning; exit code 1 if they differ", Args: cobra.ExactArgs(2),
		RunE: func(c *cobra.Command, args []string) error {
			api, err := s.client()
			if err != nil {
				return err
			}
			d, err := api.Diff(c.Context(), fleet.BackupID(args[0]), fleet.BackupID(args[1]))
			if err != nil {
				return err
			}
			if err := s.print(d, func(w *tabwriter.Writer) { printDiff(w, d) }); err != nil {
				return err
			}
			if !d.Same {
				return exitError(fault.ExitFailed)
			}
			return nil
		}}
}

func printDiff(w *tabwriter.Writer, d client.Diff) {
	if d.Same {
		fmt.Fprintln(w, "the same in meaning")
		return
	}
	row(w, "", "CATEGORY", "WHERE", "A", "B")
	signs := map[string]string{"lost": "-", "added": "+", "changed": "~"}
	for _, x := range d.Differences {
		row(w, signs[x.Kind], x.Category, place(x), x.Expected, x.Got)
	}
}

func place(x client.Difference) string {
	text := ""
	for i, p := range x.Path {
		if i > 0 {
			text += " / "
		}
		text += p
	}
	return text
}

func (s *session) backupRestore() *cobra.Command {
	c := &cobra.Command{Use: "restore ID", Short: "Have a device load one of its backups, and prove that it did",
		Long: `Have a device load one of its backups. Its present configuration is backed up
first; afterwards a second backup is compared with the restored one.`, Args: cobra.ExactArgs(1)}
	watch := c.Flags().Bool("watch", true, "wait until it is done")
	c.RunE = func(c *cobra.Command, args []string) error {
		api, err := s.client()
		if err != nil {
			return err
		}
		b, err := api.Backup(c.Context(), fleet.BackupID(args[0]))
		if err != nil {
			return err
		}
		if err := s.consent("replace the configuration of %s by the one of %s", b.Device, stamp(b.TakenAt)); err != nil {
			return err
		}
		order := client.RunOrder{Devices: []fleet.DeviceID{b.Device}, Goal: procedure.GoalRestore, Backup: b.ID}
		return s.order(c.Context(), order, *watch)
	}
	return c
}

func deviceIDs(args []string) []fleet.DeviceID {
	ids := make([]fleet.DeviceID, 0, len(args))
	for _, a := range args {
		ids = append(ids, fleet.DeviceID(a))
	}
	return ids
}
