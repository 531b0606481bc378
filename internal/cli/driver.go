package cli

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"drydock/drivers"
	"drydock/internal/driver"
	"drydock/internal/driver/mib"
	"drydock/internal/fault"
	"drydock/internal/migrate"
)

func (s *session) driverCommand() *cobra.Command {
	return noun("driver", "Families of equipment: list, show, check, try, match",
		s.driverList(), s.driverShow(), s.driverCheck(), s.driverTry(), s.driverMatch())
}

func (s *session) driverList() *cobra.Command {
	return &cobra.Command{Use: "list", Short: "List the server's drivers", Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			api, err := s.client()
			if err != nil {
				return err
			}
			list, err := api.Drivers(c.Context())
			if err != nil {
				return err
			}
			return s.print(list, func(w *tabwriter.Writer) {
				row(w, "DRIVER", "PROTOCOLS", "OPERATIONS", "DESCRIPTION")
				for _, d := range list {
					row(w, d.Name, strings.Join(d.Protocols, ","), strings.Join(d.Operations, ","), d.Description)
				}
			})
		}}
}

func (s *session) driverShow() *cobra.Command {
	return &cobra.Command{Use: "show NAME", Short: "Show what a driver can do, and what its family cannot", Args: cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			api, err := s.client()
			if err != nil {
				return err
			}
			d, err := api.Driver(c.Context(), args[0])
			if err != nil {
				return err
			}
			return s.print(d, func(w *tabwriter.Writer) {
				row(w, "driver", d.Name)
				row(w, "description", d.Description)
				row(w, "protocols", strings.Join(d.Protocols, ", "))
				row(w, "operations", strings.Join(d.Operations, ", "))
				for _, op := range sortedKeys(d.Cannot) {
					row(w, "cannot "+op, d.Cannot[op])
				}
			})
		}}
}

func (s *session) driverCheck() *cobra.Command {
	var mibDir string
	c := &cobra.Command{Use: "check FILE...", Short: "Explain every mistake in driver files; needs no server", Args: cobra.MinimumNArgs(1)}
	c.Flags().StringVar(&mibDir, "mib-dir", "", "MIB modules below `DIR`: objects may be named without being described, and those that are described are compared")
	c.RunE = func(_ *cobra.Command, args []string) error {
		var library *mib.Library
		if mibDir != "" {
			var err error
			if library, err = readModules(mibDir); err != nil {
				return err
			}
		}
		bad, list := 0, []checkedFile{}
		for _, path := range args {
			raw, err := os.ReadFile(path)
			if err != nil {
				return usagef("%v", err)
			}
			if _, err := checkDriver(path, raw, library, true); err != nil {
				bad++
				fmt.Fprintln(s.Stderr, err)
				list = append(list, checkedFile{path, strings.Split(err.Error(), "\n")})
				continue
			}
			fmt.Fprintf(s.Stderr, "%s: good\n", path)
			list = append(list, checkedFile{File: path})
		}
		if s.output != "table" {
			if err := s.print(list, nil); err != nil {
				return err
			}
		}
		if bad > 0 {
			return exitError(fault.ExitUsage)
		}
		return nil
	}
	return c
}

// checkedFile is what drydock driver check says of a file, for programs.
type checkedFile struct {
	File     string   `json:"file"`
	Mistakes []string `json:"mistakes,omitempty"` // none: it is good
}

// checkDriver checks one file; library may be nil. compare: what the driver
// describes is compared with the modules too.
func checkDriver(path string, raw []byte, library *mib.Library, compare bool) (*driver.Driver, error) {
	d, err := driver.ParseWith(path, raw, library)
	if err != nil {
		return nil, err
	}
	err = errors.Join(d.CheckFormat(migrate.Formats()), d.CheckPatterns(migrate.CheckPattern))
	if library != nil && compare {
		err = errors.Join(err, d.CheckMIB(library))
	}
	return d, err
}

// readDrivers reads the drivers of a folder.
func readDrivers(dir, mibDir string) (*driver.Set, error) {
	if info, err := os.Stat(dir); err != nil || !info.IsDir() {
		return nil, usagef("--drivers %s: it is not a directory that can be read", dir)
	}
	var library *mib.Library
	if mibDir != "" {
		var err error
		if library, err = readModules(mibDir); err != nil {
			return nil, err
		}
	}
	return driver.LoadAllWith(os.DirFS(dir), library)
}

func (s *session) driverMatch() *cobra.Command {
	var oid, descr, dir, mibDir string
	c := &cobra.Command{Use: "match", Short: "Say which driver fits a device; needs no server", Args: cobra.NoArgs}
	c.Flags().StringVar(&oid, "sysobjectid", "", "the device's sysObjectID")
	c.Flags().StringVar(&descr, "sysdescr", "", "the device's sysDescr")
	c.Flags().StringVar(&dir, "drivers", "", "`DIR` with more driver files")
	c.Flags().StringVar(&mibDir, "mib-dir", "", "`DIR` with the MIB modules whose names those driver files use")
	c.RunE = func(*cobra.Command, []string) error {
		if oid == "" && descr == "" {
			return usagef("give --sysobjectid, --sysdescr or both")
		}
		set, err := driver.LoadAll(drivers.FS)
		if err != nil {
			return err
		}
		if dir != "" {
			more, err := readDrivers(dir, mibDir)
			if err != nil {
				return err
			}
			set = set.With(more)
		}
		d, why := set.Match(oid, descr)
		match := struct {
			Driver      string               `json:"driver"` // "" where none fits
			Description string               `json:"description"`
			Version     string               `json:"version"` // "" where sysDescr does not have it
			Why         []driver.Explanation `json:"why"`
		}{Why: why}
		if d != nil {
			match.Driver, match.Description, match.Version = d.Name(), d.Description(), d.VersionIn(descr)
		}
		if err := s.print(match, func(w *tabwriter.Writer) {
			row(w, "driver", orNone(match.Driver))
			row(w, "description", match.Description)
			row(w, "version", orNone(match.Version))
			row(w)
			row(w, "DRIVER", "MATCHES", "WHY")
			for _, e := range why {
				row(w, e.Driver, e.Matched, e.Why)
			}
		}); err != nil {
			return err
		}
		if d == nil {
			return exitError(fault.ExitFailed)
		}
		return nil
	}
	return c
}

func orNone(text string) string {
	if text == "" {
		return "none"
	}
	return text
}
