package cli

import (
	"cmp"
	"fmt"
	"os"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"drydock/client"
	"drydock/internal/fault"
	"drydock/internal/fleet"
	"drydock/internal/fleet/campaign"
)

func (s *session) campaignCommand() *cobra.Command {
	return noun("campaign", "Update many devices in waves: plan, start, list, show, watch, pause, resume, approve, cancel, retry, report, filter",
		s.campaignPlan(), s.campaignStart(), s.campaignList(), s.campaignShow(), s.campaignWatch(),
		s.campaignOrder("pause", "Start no more devices; those that have not begun to load are called back"),
		s.campaignOrder("resume", "Go on; failures up to now are forgiven"),
		s.campaignOrder("approve", "Let the next wave begin; not by who started the campaign"),
		s.campaignOrder("cancel", "End a campaign; what has begun to load goes through to its end"),
		s.campaignRetry(), s.campaignReport(), s.campaignFilter())
}

func (s *session) campaignPlan() *cobra.Command {
	var f specFlags
	c := &cobra.Command{Use: "plan", Short: "Say what a campaign would do, device by device; touches nothing",
		Example: "  drydock campaign plan --label site=berlin --release iad-2.0 --wave 1,soak=1h --wave 10% --window 'sat,sun 01:00-05:00'\n" +
			"  drydock campaign plan --file night.yaml --ask -o json > plan.json", Args: cobra.NoArgs}
	f.register(c)
	ask := c.Flags().Bool("ask", false, "read every device as preflight does: finds what is unreachable or has no room")
	c.RunE = func(c *cobra.Command, _ []string) error {
		spec, err := s.spec(f)
		if err != nil {
			return err
		}
		api, err := s.client()
		if err != nil {
			return err
		}
		plan, err := api.PlanCampaign(c.Context(), client.CampaignPlanOrder{Spec: spec, Ask: *ask})
		if err != nil {
			return err
		}
		if err := s.print(plan, func(w *tabwriter.Writer) { printCampaignPlan(w, plan) }); err != nil {
			return err
		}
		if plan.Totals.Blocked > 0 {
			return exitError(fault.ExitFailed)
		}
		return nil
	}
	return c
}

func printCampaignPlan(w *tabwriter.Writer, p campaign.Plan) {
	var notes footnotes
	row(w, "DEVICE", "WAVE", "MODEL", "FROM", "TO", "PATH", "MODIFY", "BLOCKED BY", "CONCERNS")
	for _, d := range p.Devices {
		var path []string
		for _, r := range d.Path {
			path = append(path, string(r))
		}
		wave := "-"
		if d.Wave > 0 {
			wave = fmt.Sprint(d.Wave)
		}
		row(w, d.Device, wave, d.Model, d.From, d.To, strings.Join(path, " > "), d.Modify, notes.marks(d.Blockers), notes.marks(d.Concerns))
	}
	fmt.Fprintln(w)
	notes.print(w)
	row(w, "DEVICES", "MODIFY", "RULES THAT FIRE", "AS ON")
	for _, g := range p.Groups {
		var names []string
		for _, id := range g.Samples {
			names = append(names, string(id))
		}
		row(w, g.Count, g.Modify, strings.Join(g.Rules, ","), strings.Join(names, ", "))
	}
	t := p.Totals
	fmt.Fprintf(w, "\n%s in %s of %v, %s blocked; %s to send; about %s\n", count(t.Ready, "device"), count(len(t.Waves), "wave"), t.Waves,
		count(t.Blocked, "device"), size(int64(t.Bytes)), t.Takes)
	if p.Spec.Approval {
		fmt.Fprintln(w, "a second person must approve the start")
	}
}

func (s *session) campaignStart() *cobra.Command {
	var f specFlags
	c := &cobra.Command{Use: "start", Short: "Start a campaign",
		Long: "Start a campaign: by its order, or by a plan that was kept. A plan is refused if\nthe world has changed since it was made.\n" + exitCodes,
		Example: "  drydock campaign start --plan plan.json --watch\n" +
			"  drydock campaign start --label site=berlin --release iad-2.0 --wave 1 --wave 10% --answer 'backup: repeat 2, then ask'", Args: cobra.NoArgs}
	f.register(c)
	planFile := c.Flags().String("plan", "", "start by the plan in `FILE`, made by drydock campaign plan -o json")
	key := c.Flags().String("key", "", "request `KEY`: the same key starts the campaign only once")
	watch := c.Flags().Bool("watch", false, "show progress until it is over")
	c.RunE = func(c *cobra.Command, _ []string) error {
		api, err := s.client()
		if err != nil {
			return err
		}
		o := client.CampaignOrder{By: s.who(), Key: *key}
		if *planFile != "" {
			plan, err := readPlan(*planFile)
			if err != nil {
				return err
			}
			o.Plan = &plan
			err = s.consent("start %s with %s", plan.Spec.Name, count(plan.Totals.Ready, "device"))
			if err != nil {
				return err
			}
		} else {
			spec, err := s.spec(f)
			if err != nil {
				return err
			}
			o.Spec = &spec
			plan, err := api.PlanCampaign(c.Context(), client.CampaignPlanOrder{Spec: spec})
			if err != nil {
				return err
			}
			if err := s.consent("start %s with %s in %s, %s blocked", spec.Name, count(plan.Totals.Ready, "device"),
				count(len(plan.Totals.Waves), "wave"), count(plan.Totals.Blocked, "device")); err != nil {
				return err
			}
		}
		started, err := api.StartCampaign(c.Context(), o)
		if err != nil {
			return err
		}
		if started.Status == campaign.Approving {
			fmt.Fprintf(s.Stderr, "it waits for somebody other than %s: drydock campaign approve %s\n", printable(started.StartedBy), started.ID)
		}
		if *watch {
			fmt.Fprintf(s.Stderr, "campaign %s\n", started.ID)
			return s.watchCampaign(c, api, started.ID)
		}
		return s.print(started, func(w *tabwriter.Writer) { printCampaigns(w, []client.Campaign{started}) })
	}
	return c
}

func printCampaigns(w *tabwriter.Writer, list []client.Campaign) {
	row(w, "CAMPAIGN", "NAME", "STARTED", "BY", "STATUS", "WAVE", "DEVICES", "DONE", "FAILED", "UNDER WAY", "ASKING", "WHY")
	for _, one := range list {
		t := one.Tally
		row(w, one.ID, one.Spec.Name, stamp(one.StartedAt), one.StartedBy, one.Status, fmt.Sprintf("%d of %d", one.Wave+1, len(one.Sizes)), one.Devices,
			t.States[campaign.Succeeded], t.States[campaign.Failed], t.InFlight(), one.Asking, one.Why)
	}
}

func (s *session) campaignList() *cobra.Command {
	c := &cobra.Command{Use: "list", Short: "List campaigns, newest first", Args: cobra.NoArgs}
	active := c.Flags().Bool("active", false, "only those that are not over")
	c.RunE = func(c *cobra.Command, _ []string) error {
		api, err := s.client()
		if err != nil {
			return err
		}
		list, err := api.Campaigns(c.Context(), *active)
		if err != nil {
			return err
		}
		return s.print(list, func(w *tabwriter.Writer) { printCampaigns(w, list) })
	}
	return c
}

func (s *session) campaignShow() *cobra.Command {
	c := &cobra.Command{Use: "show CAMPAIGN", Short: "Show a campaign: its waves, its devices and what happened to it", Args: cobra.ExactArgs(1)}
	state := c.Flags().String("state", "", "only devices in this `STATE`: waiting, running, offline, succeeded, failed, blocked, cancelled")
	c.RunE = func(c *cobra.Command, args []string) error {
		api, err := s.client()
		if err != nil {
			return err
		}
		id := campaign.ID(args[0])
		view := struct {
			Campaign client.Campaign   `json:"campaign"`
			Devices  []campaign.Member `json:"devices"`
		}{}
		if view.Campaign, err = api.Campaign(c.Context(), id); err != nil {
			return err
		}
		if view.Devices, err = allMembers(c, api, id, campaign.State(*state)); err != nil {
			return err
		}
		return s.print(view, func(w *tabwriter.Writer) { printCampaign(w, view.Campaign, view.Devices) })
	}
	return c
}

// allMembers reads a campaign's devices page by page.
func allMembers(c *cobra.Command, api *client.Client, id campaign.ID, state campaign.State) (all []campaign.Member, err error) {
	const page = 5000
	var after fleet.DeviceID
	for {
		list, err := api.CampaignDevices(c.Context(), id, state, after, page)
		if err != nil {
			return nil, err
		}
		all = append(all, list...)
		if len(list) < page {
			return all, nil
		}
		after = list[len(list)-1].Device
	}
}

func printCampaign(w *tabwriter.Writer, one client.Campaign, devices []campaign.Member) {
	printCampaigns(w, []client.Campaign{one})
	fmt.Fprintln(w)
	row(w, "WAVE", "DEVICES", "WAITING", "UNDER WAY", "OFFLINE", "SUCCEEDED", "FAILED")
	for i, wave := range one.ByWave {
		t := wave.Tally
		row(w, i+1, wave.Devices, t.States[campaign.Waiting], t.InFlight(), t.States[campaign.Offline], t.States[campaign.Succeeded], t.States[campaign.Failed])
	}
	fmt.Fprintln(w)
	for _, n := range one.Log {
		row(w, stamp(n.At), orDefault(n.By, "drydock"), n.What)
	}
	fmt.Fprintln(w)
	row(w, "DEVICE", "WAVE", "STATE", "RUN", "CAUSE", "LEFT", "DETAIL")
	now := time.Now()
	for _, m := range devices {
		row(w, m.Device, m.Wave+1, m.State, m.Run, m.Cause, m.Left, cmp.Or(m.Detail, waitsFor(one, m, now)))
	}
}

// waitsFor says what a device that has not begun waits for, as far as the
// campaign's order says it; "" where it is something else.
func waitsFor(one client.Campaign, m campaign.Member, now time.Time) string {
	switch {
	case m.State != campaign.Waiting || one.Status.Over():
		return ""
	case one.Status == campaign.Paused:
		return "until the campaign goes on: drydock campaign resume " + string(one.ID)
	case m.Wave > one.Wave:
		return "for its wave"
	}
	opens, zone, ok := one.Spec.Schedule.Next(m.Labels, now)
	switch {
	case !ok:
		return "no window opens in the next weeks that is long enough"
	case opens.After(now):
		return fmt.Sprintf("for its window: %s (%s)", opens.Format("2006-01-02 15:04"), zone)
	}
	return ""
}

func (s *session) campaignWatch() *cobra.Command {
	return &cobra.Command{Use: "watch CAMPAIGN", Short: "Show progress until the campaign is over", Args: cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			api, err := s.client()
			if err != nil {
				return err
			}
			return s.watchCampaign(c, api, campaign.ID(args[0]))
		}}
}

// watchCampaign prints a line whenever something has changed, on a terminal in
// the place of the last.
func (s *session) watchCampaign(c *cobra.Command, api *client.Client, id campaign.ID) error {
	var last client.Campaign
	told := 0
	err := api.WatchCampaign(c.Context(), id, func(one client.Campaign) bool {
		last = one
		for told = max(told, 0); told < len(one.Log); told++ {
			s.clearLine()
			n := one.Log[told]
			fmt.Fprintf(s.Stdout, "%s  %s\n", n.At.Local().Format("15:04:05"), printable(n.What))
		}
		if s.IsTerminal {
			s.clearLine()
			fmt.Fprint(s.Stdout, campaignLine(one))
		} else {
			fmt.Fprintln(s.Stdout, campaignLine(one))
		}
		return true
	})
	s.clearLine()
	if !last.Status.Over() {
		return err
	}
	if s.IsTerminal { // else it stands there
		fmt.Fprintln(s.Stdout, campaignLine(last))
	}
	switch {
	case last.Status == campaign.Stopped:
		return exitError(fault.ExitStopped)
	case last.Tally.States[campaign.Failed] > 0:
		return exitError(fault.ExitFailed)
	}
	return nil
}

func (s *session) clearLine() {
	if s.IsTerminal {
		fmt.Fprint(s.raw.Stdout, "\r\x1b[K")
	}
}

// campaignLine is a campaign in one line.
func campaignLine(one client.Campaign) string {
	t := one.Tally
	done := t.States[campaign.Succeeded] + t.States[campaign.Failed] + t.States[campaign.Cancelled]
	total := one.Devices - t.States[campaign.Blocked]
	const width = 24
	filled := 0
	if total > 0 {
		filled = width * done / total
	}
	line := fmt.Sprintf("%s%s %d of %d  wave %d of %d  %s", strings.Repeat("█", filled), strings.Repeat("░", width-filled), done, total,
		one.Wave+1, len(one.Sizes), one.Status)
	for _, part := range []struct {
		state campaign.State
		word  string
	}{{campaign.Running, "under way"}, {campaign.Offline, "offline"}, {campaign.Failed, "failed"}} {
		if n := t.States[part.state]; n > 0 {
			line += fmt.Sprintf("  %d %s", n, part.word)
		}
	}
	if one.Asking > 0 {
		line += fmt.Sprintf("  %d ask: drydock question list", one.Asking)
	}
	if one.Why != "" {
		line += "  (" + printable(one.Why) + ")"
	}
	return line
}

func (s *session) campaignOrder(verb, short string) *cobra.Command {
	return &cobra.Command{Use: verb + " CAMPAIGN", Short: short, Args: cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			api, err := s.client()
			if err != nil {
				return err
			}
			one, err := api.OrderCampaign(c.Context(), campaign.ID(args[0]), verb, s.who())
			if err != nil {
				return err
			}
			return s.print(one, func(w *tabwriter.Writer) { printCampaigns(w, []client.Campaign{one}) })
		}}
}

func (s *session) campaignRetry() *cobra.Command {
	c := &cobra.Command{Use: "retry CAMPAIGN [DEVICE...]", Short: "Give failed devices another chance: those named, or all", Args: cobra.MinimumNArgs(1)}
	c.RunE = func(c *cobra.Command, args []string) error {
		api, err := s.client()
		if err != nil {
			return err
		}
		one, err := api.RetryCampaign(c.Context(), campaign.ID(args[0]), client.CampaignRetry{Devices: deviceIDs(args[1:]), By: s.who()})
		if err != nil {
			return err
		}
		return s.print(one, func(w *tabwriter.Writer) { printCampaigns(w, []client.Campaign{one}) })
	}
	return c
}

func (s *session) campaignReport() *cobra.Command {
	c := &cobra.Command{Use: "report CAMPAIGN", Short: "Write the printable report: an HTML file without anything outside of it", Args: cobra.ExactArgs(1)}
	out := c.Flags().String("out", "", "`FILE` to write (default: CAMPAIGN.html)")
	c.RunE = func(c *cobra.Command, args []string) error {
		api, err := s.client()
		if err != nil {
			return err
		}
		html, err := api.CampaignReport(c.Context(), campaign.ID(args[0]))
		if err != nil {
			return err
		}
		name := orDefault(*out, args[0]+".html")
		if err := os.WriteFile(name, html, 0o600); err != nil {
			return fault.New(fault.Invalid, "", name, "%w", err)
		}
		fmt.Fprintln(s.Stderr, "written:", name)
		return nil
	}
	return c
}

func (s *session) campaignFilter() *cobra.Command {
	var f targetFlags
	c := &cobra.Command{Use: "filter [NAME]", Short: "Save targets under a name, for --filter; without a name, list what is saved",
		Example: "  drydock campaign filter berlin --label site=berlin --model 'IAD-*'\n  drydock campaign filter\n  drydock campaign filter berlin --remove", Args: cobra.MaximumNArgs(1)}
	f.register(c)
	remove := c.Flags().Bool("remove", false, "forget it; campaigns that were started with it have their devices")
	c.RunE = func(c *cobra.Command, args []string) error {
		api, err := s.client()
		if err != nil {
			return err
		}
		if len(args) == 0 {
			list, err := api.Filters(c.Context())
			if err != nil {
				return err
			}
			return s.print(list, func(w *tabwriter.Writer) { printFilters(w, list) })
		}
		if *remove {
			return api.RemoveFilter(c.Context(), args[0])
		}
		t, err := s.targets(f, campaign.Targets{})
		if err != nil {
			return err
		}
		if _, err := api.PutFilter(c.Context(), args[0], t); err != nil {
			return err
		}
		fmt.Fprintln(s.Stderr, "saved:", args[0])
		return nil
	}
	return c
}

func printFilters(w *tabwriter.Writer, list []campaign.Filter) {
	row(w, "FILTER", "DRIVER", "MODEL", "VERSION", "LABELS", "TEXT", "DEVICES", "EXCEPT")
	for _, f := range list {
		t := f.Targets
		row(w, f.Name, t.Driver, t.Model, t.Version, strings.Join(t.Labels, ","), t.Text, named(t.Devices), named(t.Except))
	}
}

// named is the devices by name, or their number where there are many.
func named(ids []fleet.DeviceID) string {
	if len(ids) > 3 {
		return count(len(ids), "device")
	}
	var names []string
	for _, id := range ids {
		names = append(names, string(id))
	}
	return strings.Join(names, ",")
}
