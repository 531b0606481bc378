package cli

import (
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"text/tabwriter"

	"github.com/goccy/go-yaml"
	"github.com/spf13/cobra"

	"drydock/internal/fleet"
)

func (s *session) releaseCommand() *cobra.Command {
	return noun("release", "Versions of software: add, list, show", s.releaseAdd(), s.releaseList(), s.releaseShow())
}

func (s *session) releaseAdd() *cobra.Command {
	var r fleet.Release
	var files []string
	var recovery string
	c := &cobra.Command{
		Use:   "add [FILE.yaml]",
		Short: "Add a release with its files",
		Long: `Add a release, from a YAML file (keys id, driver, version, files with role and
name, models, from, pack, recover, notes; file names are relative to it) or from flags.`,
		Example: "  drydock release add --id iad-2.0 --driver drydock-iad --version 2.0 --file image=iad-2.0.img --pack drydock-iad",
		Args:    cobra.MaximumNArgs(1),
	}
	flags := c.Flags()
	flags.StringVar((*string)(&r.ID), "id", "", "your `NAME` for the release")
	flags.StringVar(&r.Driver, "driver", "", "`NAME` of the driver")
	flags.StringVar(&r.Version, "version", "", "the `VERSION` that devices report when they run it")
	flags.StringArrayVar(&files, "file", nil, "`ROLE=PATH` of a file, repeatable; the driver names the roles")
	flags.StringSliceVar(&r.Models, "model", nil, "`PATTERN` of the models it fits (default: all)")
	flags.StringSliceVar(&r.From, "from", nil, "`PATTERN` of the versions that may come before (default: any)")
	flags.StringVar(&r.Pack, "pack", "", "migration `PACK` that carries configurations to it")
	flags.StringVar(&recovery, "recover", string(fleet.RecoverOriginal), "recover the configuration as `FORM`: original or modified")
	flags.StringVar(&r.Notes, "notes", "", "`TEXT` for people")
	c.RunE = func(c *cobra.Command, args []string) error {
		r.Recover = fleet.Recovery(recovery)
		paths, err := releaseFiles(&r, args, files)
		if err != nil {
			return err
		}
		api, err := s.client()
		if err != nil {
			return err
		}
		added, err := api.AddRelease(c.Context(), r, func(name string) (io.ReadCloser, error) { return os.Open(paths[name]) })
		if err != nil {
			return err
		}
		fmt.Fprintf(s.Stderr, "release %s added: %s, %s\n", added.ID, count(len(added.Files), "file"), size(int64(added.Size())))
		if s.output == "table" {
			return nil
		}
		return s.print(added, nil)
	}
	return c
}

// releaseFiles completes the release from its YAML file or its flags, and
// gives the path of each file.
func releaseFiles(r *fleet.Release, args, files []string) (map[string]string, error) {
	paths := map[string]string{}
	add := func(role, path string) error {
		info, err := os.Stat(path)
		if err != nil {
			return usagef("%v", err)
		}
		if !info.Mode().IsRegular() {
			return usagef("%s is no file but %s", path, kindOf(info.Mode()))
		}
		if info.Size() == 0 {
			return usagef("%s is empty", path)
		}
		name := filepath.Base(path)
		r.Files = append(r.Files, fleet.File{Role: role, Name: name, Size: fleet.Bytes(info.Size())})
		paths[name] = path
		return nil
	}
	if len(args) == 1 {
		if len(files) > 0 {
			return nil, usagef("give a YAML file or --file flags, not both")
		}
		return paths, readRelease(args[0], r, add)
	}
	for _, f := range files {
		role, path, ok := strings.Cut(f, "=")
		if !ok {
			return nil, usagef("--file %s: ROLE=PATH is expected, as image=./iad.img", f)
		}
		if err := add(role, path); err != nil {
			return nil, err
		}
	}
	return paths, nil
}

// kindOf names what is there instead of a file.
func kindOf(mode fs.FileMode) string {
	switch {
	case mode.IsDir():
		return "a directory"
	case mode&fs.ModeNamedPipe != 0:
		return "a pipe, whose size nobody knows: write it to a file first"
	}
	return "a device or a socket"
}

func readRelease(path string, r *fleet.Release, add func(role, path string) error) error {
	raw, err := os.ReadFile(path)
	if err != nil {
		return usagef("%v", err)
	}
	if len(strings.TrimSpace(string(raw))) == 0 {
		return usagef("%s: the file is empty", path)
	}
	asJSON, err := yaml.YAMLToJSON(raw)
	if err != nil {
		return usagef("%s: %s", path, yaml.FormatError(err, false, true))
	}
	read := fleet.Release{Recover: fleet.RecoverOriginal}
	if err := strictJSON(asJSON, &read); err != nil {
		return usagef("%s: %v", path, err)
	}
	named := read.Files
	read.Files = nil
	*r = read
	for _, f := range named {
		if err := add(f.Role, filepath.Join(filepath.Dir(path), f.Name)); err != nil {
			return err
		}
		if last := &r.Files[len(r.Files)-1]; f.Digest != "" {
			last.Digest = f.Digest
		}
	}
	return nil
}

func (s *session) releaseList() *cobra.Command {
	return &cobra.Command{Use: "list", Short: "List releases", Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			api, err := s.client()
			if err != nil {
				return err
			}
			list, err := api.Releases(c.Context())
			if err != nil {
				return err
			}
			return s.print(list, func(w *tabwriter.Writer) {
				row(w, "RELEASE", "DRIVER", "VERSION", "FILES", "SIZE", "MODELS", "FROM", "PACK", "RECOVER")
				for _, r := range list {
					row(w, r.ID, r.Driver, r.Version, len(r.Files), size(int64(r.Size())), orDefault(strings.Join(r.Models, ","), "all"),
						orDefault(strings.Join(r.From, ","), "any"), r.Pack, r.Recover)
				}
			})
		}}
}

func (s *session) releaseShow() *cobra.Command {
	return &cobra.Command{Use: "show ID", Short: "Show a release and its files", Args: cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			api, err := s.client()
			if err != nil {
				return err
			}
			r, err := api.Release(c.Context(), fleet.ReleaseID(args[0]))
			if err != nil {
				return err
			}
			return s.print(r, func(w *tabwriter.Writer) {
				row(w, "release", r.ID)
				row(w, "driver", r.Driver)
				row(w, "version", r.Version)
				row(w, "models", orDefault(strings.Join(r.Models, ", "), "all"))
				row(w, "from", orDefault(strings.Join(r.From, ", "), "any"))
				row(w, "pack", r.Pack)
				row(w, "recover", r.Recover)
				row(w, "notes", r.Notes)
				for _, f := range r.Files {
					row(w, "file "+f.Role, fmt.Sprintf("%s  %s  %s", f.Name, size(int64(f.Size)), f.Digest))
				}
			})
		}}
}
