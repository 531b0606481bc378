package cli

import (
	"bytes"
	"cmp"
	"context"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"drydock/internal/fault"
	"drydock/internal/migrate"
	"drydock/internal/migrate/report"
)

// group is what configurations have in common that the same rules fire on.
type group struct {
	Modify string   `json:"modify"` // no, yes, manual, unknown or error
	Rules  []string `json:"rules,omitempty"`
	Count  int      `json:"count"`
	Sample string   `json:"sample"` // one of them: a file, or a device
	Of     []string `json:"of"`     // all of them
	Error  string   `json:"error,omitempty"`
}

// grouping collects groups.
type grouping struct{ groups []group }

func (g *grouping) add(name, modify string, rules []string, err string) {
	for i := range g.groups {
		if have := &g.groups[i]; have.Modify == modify && slices.Equal(have.Rules, rules) && have.Error == err {
			have.Count++
			have.Of = append(have.Of, name)
			return
		}
	}
	g.groups = append(g.groups, group{modify, rules, 1, name, []string{name}, err})
}

// sorted puts what needs a person first, then the largest.
func (g *grouping) sorted() []group {
	weight := map[string]int{"error": 0, "manual": 1, "unknown": 2, "yes": 3, "no": 4}
	slices.SortStableFunc(g.groups, func(a, b group) int {
		return cmp.Or(weight[a.Modify]-weight[b.Modify], b.Count-a.Count)
	})
	return g.groups
}

func (g *grouping) has(modify string) bool {
	return slices.ContainsFunc(g.groups, func(x group) bool { return x.Modify == modify })
}

func (s *session) migrateCheck() *cobra.Command {
	var m migration
	var fleet orderFlags
	c := &cobra.Command{Use: "check [FILE...]", Short: "Say whether configurations must be modified for a version, and by which rules",
		Long: `Say whether configurations must be modified for a version: no, yes (by these
rules), or manual (a person must decide). Several files are grouped by the rules
that fire, with one sample each.

With --release and devices (--device, --label, --all) the newest backups of the
fleet are checked on the server instead of files.

Exit codes: 0 no or yes, 2 a file or the pack cannot be read, 3 a person must decide.`,
		Example: "  drydock migrate check --pack drydock-iad --to 2.0 old/*.conf\n" +
			"  drydock migrate check --pack drydock-iad --report html --out what.html a.conf\n" +
			"  drydock migrate check --release iad-2.0 --all"}
	m.register(c)
	fleet.register(c)
	c.RunE = func(c *cobra.Command, args []string) error {
		if fleet.release != "" {
			return s.checkFleet(c.Context(), &fleet, args)
		}
		if len(args) == 0 {
			return usagef("name files to check, or a release and devices of the fleet: --release R --all")
		}
		return s.checkFiles(&m, args)
	}
	return c
}

func (s *session) checkFiles(m *migration, files []string) error {
	pack, err := m.load()
	if err != nil {
		return err
	}
	if m.report != "" || m.out != "" {
		return s.checkOne(m, pack, files)
	}
	var g grouping
	unread := 0
	for _, path := range files {
		done, err := s.applyTo(m, pack, path)
		if err != nil {
			unread++
			g.add(path, "error", nil, err.Error())
			continue
		}
		var rules []string
		for _, r := range done.result.Rules {
			rules = append(rules, r.ID)
		}
		g.add(path, report.Verdict(done.result), rules, "")
	}
	if err := s.printGroups(g.sorted(), "FILE"); err != nil {
		return err
	}
	if unread > 0 {
		return exitError(fault.ExitUsage)
	}
	return needsPerson(g.has("manual"))
}

// checkOne writes the whole report about one file.
func (s *session) checkOne(m *migration, pack *migrate.Pack, files []string) error {
	if len(files) != 1 {
		return usagef("a report is about one file; %d are named", len(files))
	}
	done, err := s.applyTo(m, pack, files[0])
	if err != nil {
		return err
	}
	var text bytes.Buffer
	if err := report.Write(&text, orDefault(m.report, "text"), done.about, done.result); err != nil {
		return err
	}
	if err := s.writeNew(m.out, text.Bytes()); err != nil {
		return err
	}
	return needsPerson(done.result.NeedsPerson())
}

// checkFleet has the server rehearse a release's migration on the newest
// backups.
func (s *session) checkFleet(ctx context.Context, f *orderFlags, files []string) error {
	if len(files) > 0 {
		return usagef("--release checks the fleet's backups, not files: %s", strings.Join(files, " "))
	}
	api, err := s.client()
	if err != nil {
		return err
	}
	order, err := f.order(ctx, api)
	if err != nil {
		return err
	}
	plans, err := api.Plan(ctx, order)
	if err != nil {
		return err
	}
	var g grouping
	for _, p := range plans {
		g.add(string(p.Device), p.Modify, p.Rules, "")
	}
	if err := s.printGroups(g.sorted(), "DEVICE"); err != nil {
		return err
	}
	return needsPerson(g.has("manual"))
}

func (s *session) printGroups(groups []group, what string) error {
	return s.print(groups, func(w *tabwriter.Writer) {
		row(w, "MODIFY", "COUNT", what, "RULES", "ERROR")
		for _, g := range groups {
			sample := g.Sample
			if g.Count > 1 {
				sample += ", ..."
			}
			row(w, g.Modify, g.Count, sample, strings.Join(g.Rules, ","), g.Error)
		}
	})
}
