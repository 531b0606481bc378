package cli

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"drydock/client"
	"drydock/internal/fault"
	"drydock/internal/fleet"
	"drydock/internal/procedure"
)

func (s *session) updateCommand() *cobra.Command {
	return noun("update", "Update devices: plan, start, list, show, watch, cancel",
		s.updatePlan(), s.updateStart(), s.updateList(), s.updateShow(), s.updateWatch(), s.updateCancel())
}

// orderFlags say which devices get which release.
type orderFlags struct {
	devices   []string
	label     string
	release   string
	answers   []string
	wait      time.Duration
	protocol  string
	key       string
	timeouts  map[string]string
	allOfThem bool
}

func (f *orderFlags) register(c *cobra.Command) {
	flags := c.Flags()
	flags.StringSliceVar(&f.devices, "device", nil, "`DEVICE` to update, repeatable")
	flags.StringVar(&f.label, "label", "", "update the devices with label `KEY=VALUE`")
	flags.BoolVar(&f.allOfThem, "all", false, "update every device")
	flags.StringVar(&f.release, "release", "", "`RELEASE` to load")
	flags.StringVar(&f.protocol, "protocol", "", "`PROTOCOL` of the transfers: tftp or ftp (default: the driver's first)")
}

func (f *orderFlags) order(ctx context.Context, api *client.Client) (client.RunOrder, error) {
	o := client.RunOrder{Devices: deviceIDs(f.devices), Release: fleet.ReleaseID(f.release), Goal: procedure.GoalUpdate,
		Protocol: f.protocol, Key: f.key}
	if f.wait > 0 {
		o.QuestionTimeout = f.wait.String()
	}
	for op, text := range f.timeouts {
		if o.Timeouts == nil {
			o.Timeouts = map[procedure.Op]string{}
		}
		o.Timeouts[procedure.Op(op)] = text
	}
	for _, text := range f.answers {
		standing, err := parseStanding(text)
		if err != nil {
			return o, err
		}
		o.Standing = append(o.Standing, standing)
	}
	if f.label != "" || f.allOfThem {
		list, err := allDevices(ctx, api, client.DeviceQuery{Label: f.label})
		if err != nil {
			return o, err
		}
		for _, d := range list {
			o.Devices = append(o.Devices, d.ID)
		}
	}
	if len(o.Devices) == 0 {
		return o, usagef("no device is named: give --device, --label or --all")
	}
	return o, nil
}

// parseStanding reads "STEP[/CAUSE]: repeat N, then CHOICE" or
// "STEP[/CAUSE]: CHOICE".
func parseStanding(text string) (a procedure.Standing, err error) {
	bad := func() (procedure.Standing, error) {
		return a, usagef("--answer %q: STEP[/CAUSE]: [repeat N, then] ask|repeat|stop|restore-files|proceed is expected, as \"backup: repeat 2, then ask\"", text)
	}
	on, what, ok := strings.Cut(text, ":")
	if !ok {
		return bad()
	}
	step, cause, _ := strings.Cut(strings.TrimSpace(on), "/")
	a.Step, a.Cause = procedure.Step(step), procedure.Cause(cause)
	first, then, both := strings.Cut(what, ",")
	if both {
		n, ok := strings.CutPrefix(strings.TrimSpace(first), "repeat ")
		if a.Repeat, err = strconv.Atoi(strings.TrimSpace(n)); !ok || err != nil || a.Repeat < 1 {
			return bad()
		}
		first = strings.TrimPrefix(strings.TrimSpace(then), "then ")
	}
	switch choice := procedure.Choice(strings.TrimSpace(first)); choice {
	case "ask":
	case procedure.Repeat, procedure.Stop, procedure.Restore, procedure.Proceed:
		a.Then = choice
	default:
		return bad()
	}
	return a, nil
}

func (s *session) updatePlan() *cobra.Command {
	var f orderFlags
	c := &cobra.Command{Use: "plan", Short: "Say what an update would do; touches nothing", Args: cobra.NoArgs}
	f.register(c)
	_ = c.MarkFlagRequired("release")
	c.RunE = func(c *cobra.Command, _ []string) error {
		api, err := s.client()
		if err != nil {
			return err
		}
		order, err := f.order(c.Context(), api)
		if err != nil {
			return err
		}
		plans, err := api.Plan(c.Context(), order)
		if err != nil {
			return err
		}
		if err := s.print(plans, func(w *tabwriter.Writer) { printPlans(w, plans) }); err != nil {
			return err
		}
		for _, p := range plans {
			if len(p.Blockers) > 0 {
				return exitError(fault.ExitFailed)
			}
		}
		return nil
	}
	return c
}

func printPlans(w *tabwriter.Writer, plans []client.Plan) {
	var notes footnotes
	row(w, "DEVICE", "MODEL", "FROM", "TO", "BYTES", "MODIFY", "RULES", "BLOCKED BY", "CONCERNS")
	for _, p := range plans {
		row(w, p.Device, p.Model, p.From, p.To, size(int64(p.Bytes)), p.Modify, strings.Join(p.Rules, ","),
			notes.marks(p.Blockers), notes.marks(p.Concerns))
	}
	fmt.Fprintln(w)
	notes.print(w)
}

func (s *session) updateStart() *cobra.Command {
	var f orderFlags
	c := &cobra.Command{
		Use:   "start",
		Short: "Start the update of devices",
		Long: `Start the update of devices. On every failure the run asks a person, unless an
answer was given beforehand with --answer.
` + exitCodes,
		Example: "  drydock update start --device iad-1 --device iad-2 --release iad-2.0 --watch\n" +
			"  drydock update start --label site=berlin --release iad-2.0 --answer 'backup: repeat 2, then ask'",
		Args: cobra.NoArgs,
	}
	f.register(c)
	_ = c.MarkFlagRequired("release")
	watch := c.Flags().Bool("watch", false, "show progress and ask questions until every run has ended")
	c.Flags().StringArrayVar(&f.answers, "answer", nil, "standing `ANSWER`: \"STEP[/CAUSE]: repeat N, then ask|stop|restore-files\"")
	c.Flags().DurationVar(&f.wait, "question-timeout", 0, "how `LONG` a question waits before the run stops safely (default 24h)")
	c.Flags().StringToStringVar(&f.timeouts, "timeout", nil, "predetermined time `OPERATION=DURATION`, as backup=90s (default: the driver's)")
	c.Flags().StringVar(&f.key, "key", "", "request `KEY`: the same key starts the same runs only once")
	c.RunE = func(c *cobra.Command, _ []string) error {
		api, err := s.client()
		if err != nil {
			return err
		}
		order, err := f.order(c.Context(), api)
		if err != nil {
			return err
		}
		if err := s.consent("update %s to release %s", count(len(order.Devices), "device"), order.Release); err != nil {
			return err
		}
		return s.order(c.Context(), order, *watch)
	}
	return c
}

// order starts runs, says which, and watches them if wanted.
func (s *session) order(ctx context.Context, order client.RunOrder, watch bool) error {
	api, err := s.client()
	if err != nil {
		return err
	}
	started, err := api.Start(ctx, order)
	if err != nil {
		return err
	}
	var runs []fleet.RunID
	failed := 0
	for _, r := range started {
		if r.Error != "" {
			failed++
			fmt.Fprintf(s.Stderr, "%s: not started: %s\n", printable(string(r.Device)), printable(r.Error))
			if r.Hint != "" {
				fmt.Fprintf(s.Stderr, "  hint: %s\n", printable(r.Hint))
			}
			continue
		}
		runs = append(runs, r.Run)
	}
	switch {
	case watch && len(runs) > 0:
		err = s.watch(ctx, api, runs)
	case len(runs) > 0 || s.output != "table":
		err = s.print(started, func(w *tabwriter.Writer) {
			row(w, "DEVICE", "RUN")
			for _, r := range started {
				if r.Run != "" {
					row(w, r.Device, r.Run)
				}
			}
		})
	}
	if err == nil && failed > 0 {
		return exitError(fault.ExitFailed)
	}
	return err
}

func (s *session) updateList() *cobra.Command {
	c := &cobra.Command{Use: "list", Short: "List runs, newest first", Args: cobra.NoArgs}
	device := c.Flags().String("device", "", "only runs of this `DEVICE`")
	active := c.Flags().Bool("active", false, "only runs that have not ended")
	limit := c.Flags().Int("limit", 100, "at most `N` runs")
	c.RunE = func(c *cobra.Command, _ []string) error {
		api, err := s.client()
		if err != nil {
			return err
		}
		runs, err := api.Runs(c.Context(), fleet.DeviceID(*device), *active, *limit)
		if err != nil {
			return err
		}
		return s.print(runs, func(w *tabwriter.Writer) {
			row(w, "RUN", "DEVICE", "RELEASE", "STARTED", "STEP", "STATUS", "DETAIL")
			for _, r := range runs {
				row(w, r.ID, r.Device, r.Release, stamp(r.StartedAt), r.State.Step, status(r.State), detail(r.State))
			}
		})
	}
	return c
}

func (s *session) updateShow() *cobra.Command {
	c := &cobra.Command{Use: "show RUN", Short: "Show a run: its journal and what became of the configuration", Args: cobra.ExactArgs(1)}
	lines := c.Flags().Bool("lines", false, "every line of the configuration with its fate")
	bundle := c.Flags().String("bundle", "", "write journal, SNMP exchanges, transfers, reports and comparison to `FILE` (ZIP)")
	c.RunE = func(c *cobra.Command, args []string) error {
		api, err := s.client()
		if err != nil {
			return err
		}
		id := fleet.RunID(args[0])
		if *bundle != "" {
			if err := s.bundle(c.Context(), api, id, *bundle); err != nil {
				return err
			}
			fmt.Fprintln(s.Stderr, "written:", *bundle)
			return nil
		}
		view := struct {
			Run     client.Run     `json:"run"`
			Journal []client.Entry `json:"journal"`
			Report  *client.Report `json:"report,omitempty"`
		}{}
		if view.Run, err = api.Run(c.Context(), id); err != nil {
			return err
		}
		if view.Journal, err = api.Journal(c.Context(), id); err != nil {
			return err
		}
		if view.Run.State.Backup != nil {
			report, err := api.Report(c.Context(), id)
			if err != nil {
				return err
			}
			view.Report = &report
		}
		return s.print(view, func(w *tabwriter.Writer) {
			printRun(w, view.Run)
			printJournal(w, view.Journal)
			if view.Report != nil {
				printReport(w, *view.Report, *lines)
			}
		})
	}
	return c
}

func printRun(w *tabwriter.Writer, r client.Run) {
	st := r.State
	row(w, "run", r.ID)
	row(w, "device", r.Device)
	row(w, "release", r.Release)
	row(w, "version", fmt.Sprintf("%s -> %s", orDefault(st.From, "?"), st.Plan.Target))
	row(w, "status", status(st))
	if st.Result != nil {
		row(w, "device left", st.Result.Left)
	}
	if text := detail(st); text != "" {
		row(w, "detail", text)
	}
	if q := st.Question; q != nil {
		row(w, "question", q.ID)
		row(w, "answers", choices(q.Choices))
	}
}

func printJournal(w *tabwriter.Writer, entries []client.Entry) {
	fmt.Fprintln(w)
	row(w, "SEQ", "TIME", "EVENT", "TOKEN", "WHAT")
	for _, e := range entries {
		row(w, e.Seq, e.Event.At.Local().Format("15:04:05.000"), e.Event.Kind, e.Event.Token, describe(e.Event))
	}
}

func describe(ev procedure.Event) string {
	var parts []string
	add := func(format string, args ...any) { parts = append(parts, fmt.Sprintf(format, args...)) }
	if o := ev.Observed; o != nil {
		add("serial %s, model %s, version %s", o.Identity.Serial, o.Model, o.Version)
	}
	if b := ev.Backup; b != nil {
		add("backup %s", b.ID)
	}
	if a := ev.Assessment; a != nil {
		add("modification needed: %t %s", a.Needed, strings.Join(a.Rules, ","))
	}
	if c := ev.Comparison; c != nil {
		add("%d carried, %d lost, %d changed, %d added", c.Carried, c.Lost, c.Changed, c.Added)
	}
	for _, text := range []string{string(ev.Cause), ev.Detail, string(ev.Verdict), string(ev.Choice)} {
		if text != "" {
			add("%s", text)
		}
	}
	if ev.By != "" {
		add("by %s", ev.By)
	}
	return strings.Join(parts, "; ")
}

func printReport(w *tabwriter.Writer, r client.Report, lines bool) {
	fmt.Fprintln(w)
	row(w, "CONFIGURATION", "KEPT", "CHANGED", "DROPPED", "MANUAL", "ADDED")
	for _, category := range sortedKeys(r.Summary) {
		c := r.Summary[category]
		row(w, orDefault(category, "other"), c.Kept, c.Changed, c.Dropped, c.Manual, c.Added)
	}
	printFindings(w, r.Findings)
	for _, d := range r.Added {
		row(w, "added by the device", d.Got)
	}
	if !lines {
		return
	}
	fmt.Fprintln(w)
	row(w, "LINE", "FATE", "RULE", "TEXT")
	for _, l := range r.Lines {
		row(w, l.Line, l.Fate, l.Rule, l.Text)
	}
}

// printFindings tells each message once, with the lines that it is about.
func printFindings(w *tabwriter.Writer, findings []client.Finding) {
	type said struct{ severity, rule, message string }
	var order []said
	lines := map[said][]string{}
	for _, f := range findings {
		key := said{f.Severity, f.Rule, f.Message}
		if lines[key] == nil {
			order = append(order, key)
		}
		lines[key] = append(lines[key], strconv.Itoa(f.Line))
	}
	for _, key := range order {
		where := "line " + lines[key][0]
		if n := len(lines[key]); n > 1 {
			where = fmt.Sprintf("%d lines, the first is %s", n, lines[key][0])
		}
		fmt.Fprintf(w, "%s: %s (%s, rule %s)\n", key.severity, printable(key.message), where, key.rule)
	}
}

func (s *session) updateWatch() *cobra.Command {
	return &cobra.Command{Use: "watch [RUN...]", Short: "Show progress until every run has ended; default: all active runs",
		RunE: func(c *cobra.Command, args []string) error {
			api, err := s.client()
			if err != nil {
				return err
			}
			var runs []fleet.RunID
			for _, a := range args {
				run, err := api.Run(c.Context(), fleet.RunID(a))
				if err != nil {
					return err
				}
				runs = append(runs, run.ID)
			}
			if len(runs) == 0 {
				active, err := api.Runs(c.Context(), "", true, 20000)
				if err != nil {
					return err
				}
				for _, r := range active {
					runs = append(runs, r.ID)
				}
			}
			if len(runs) == 0 {
				fmt.Fprintln(s.Stderr, "no run is active")
				return nil
			}
			return s.watch(c.Context(), api, runs)
		}}
}

func (s *session) updateCancel() *cobra.Command {
	return &cobra.Command{Use: "cancel RUN...", Short: "Stop runs before their next effect, never in the middle of one", Args: cobra.MinimumNArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			api, err := s.client()
			if err != nil {
				return err
			}
			for _, id := range args {
				r, err := api.Cancel(c.Context(), fleet.RunID(id), s.who())
				if err != nil {
					return err
				}
				fmt.Fprintf(s.Stderr, "%s on %s: %s\n", printable(id), r.Device, status(r.State))
			}
			return nil
		}}
}
