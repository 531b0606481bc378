package confset

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"
	"strconv"

	"drydock/internal/equipment/disk"
)

// Recovering writes all new files beside each other into the state directory,
// then the plan. The plan's rename is the moment from which the configuration
// is the new one: whoever starts after it finishes what the plan says.
const planName = "recover-plan"

// step is one file of a plan.
type step struct {
	Path  string      `json:"path"`
	Stage string      `json:"stage,omitempty"` // file in the state directory; empty: remove Path
	Mode  fs.FileMode `json:"mode,omitempty"`
}

// Match gives the entries of an archive the paths of the set. The error says
// what does not fit.
func (s *Set) Match(entries []Entry) ([]Entry, error) {
	matched := make([]Entry, 0, len(entries))
	for _, e := range entries {
		i := slices.IndexFunc(s.Files, func(f File) bool { return f.Name == e.Name })
		if i < 0 {
			return nil, fmt.Errorf("file %s is none of this equipment's configuration", e.Name)
		}
		if slices.ContainsFunc(matched, func(m Entry) bool { return m.Name == e.Name }) {
			return nil, fmt.Errorf("file %s is there twice", e.Name)
		}
		matched = append(matched, Entry{s.Files[i], e.Mode, e.Data})
	}
	for _, f := range s.Files {
		if !f.Optional && !slices.ContainsFunc(matched, func(m Entry) bool { return m.Name == f.Name }) {
			return nil, fmt.Errorf("file %s is missing", f.Name)
		}
	}
	return matched, nil
}

// Recover makes the entries, which Match gave, the configuration. On an error
// before the plan is durable nothing has changed; after it, Finish makes up
// for what is not done.
func (s *Set) Recover(entries []Entry) error {
	if err := s.Finish(); err != nil {
		return err
	}
	var plan []step
	for i, e := range entries {
		stage := s.stage(i)
		if err := disk.Write(s.FS, stage, e.Data, e.Mode); err != nil {
			return err
		}
		plan = append(plan, step{Path: e.Path, Stage: stage, Mode: e.Mode})
	}
	for _, f := range s.Files {
		if !slices.ContainsFunc(entries, func(e Entry) bool { return e.Name == f.Name }) {
			plan = append(plan, step{Path: f.Path})
		}
	}
	if err := s.FS.SyncDir(s.State); err != nil {
		return err
	}
	text, err := json.Marshal(plan)
	if err != nil {
		return err
	}
	if err := disk.Replace(s.FS, s.planFile(), text, 0o600); err != nil {
		return err
	}
	return s.Finish()
}

func (s *Set) planFile() string { return filepath.Join(s.State, planName) }

func (s *Set) stage(i int) string { return filepath.Join(s.State, "recover-"+strconv.Itoa(i)) }

// Finish ends a recovery that was cut. It is called at every start, before the
// files are read.
func (s *Set) Finish() error {
	text, err := s.FS.ReadFile(s.planFile())
	if errors.Is(err, fs.ErrNotExist) {
		return s.clean()
	}
	if err != nil {
		return err
	}
	var plan []step
	if err := json.Unmarshal(text, &plan); err != nil {
		return fmt.Errorf("%s: %w", s.planFile(), err)
	}
	for _, p := range plan {
		if err := s.do(p); err != nil {
			return err
		}
	}
	if err := disk.Remove(s.FS, s.planFile()); err != nil {
		return err
	}
	return s.clean()
}

// do carries out one step; a second time it changes nothing.
func (s *Set) do(p step) error {
	if p.Stage == "" {
		if _, err := s.FS.Stat(p.Path); errors.Is(err, fs.ErrNotExist) {
			return s.FS.SyncDir(filepath.Dir(p.Path))
		}
		return disk.Remove(s.FS, p.Path)
	}
	data, err := s.FS.ReadFile(p.Stage)
	if err != nil {
		return err
	}
	return disk.Replace(s.FS, p.Path, data, p.Mode)
}

// clean removes what a recovery that did not come to its plan has left.
func (s *Set) clean() error {
	for i := range s.Files {
		if _, err := s.FS.Stat(s.stage(i)); err == nil {
			if err := s.FS.Remove(s.stage(i)); err != nil {
				return err
			}
		}
	}
	return nil
}
