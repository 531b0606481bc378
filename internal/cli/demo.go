package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/url"
	"slices"
	"strings"
	"text/tabwriter"

	"drydock/client"
	"drydock/internal/fault"
	"drydock/internal/fleet"
	"drydock/internal/procedure"
	"drydock/internal/secret"
)

// DemoFleet is a server and a simulated fleet in this process, for the
// demonstration. Package main starts it; everything after that goes through
// the API, as for any fleet.
type DemoFleet struct {
	URL     string
	Token   secret.String
	Devices []client.NewDevice
	Release fleet.Release
	Open    func(name string) (io.ReadCloser, error) // the release's files
	// Next is a release that nothing is done with: the visitor's own campaign
	// can be about it.
	Next     fleet.Release
	OpenNext func(name string) (io.ReadCloser, error)
	Stories  map[fleet.DeviceID]DemoStory
	// Timeouts are the predetermined times, shorter than a real family's.
	Timeouts map[procedure.Op]string
	Stop     func() error
}

// DemoStory is a fault that a device shows.
type DemoStory struct {
	Text    string             // what goes wrong
	Answers []procedure.Choice // with --answers auto, in this order
	Outcome procedure.Outcome  // how the run then ends
}

// PageLink is the page's address, with the token in its fragment: a browser
// does not send that part to any server, and the page forgets it with its tab.
func (d *DemoFleet) PageLink() string { return d.URL + "/#token=" + url.QueryEscape(d.Token.Reveal()) }

func (s *session) demo(ctx context.Context, o DemoOptions) error {
	demo, err := s.Demo(ctx, o, Streams{s.Stdout, s.Stderr})
	if err != nil {
		return err
	}
	err = s.demonstrate(ctx, o, demo)
	if o.Hold && ctx.Err() == nil {
		fmt.Fprintf(s.Stderr, "\nthe server goes on until Ctrl-C; its page: %s\n", demo.PageLink())
		<-ctx.Done()
	}
	return errors.Join(err, demo.Stop())
}

func (s *session) demonstrate(ctx context.Context, o DemoOptions, demo *DemoFleet) error {
	api, err := client.New(demo.URL, demo.Token)
	if err != nil {
		return err
	}
	s.introduce(demo)
	runs, err := startDemo(ctx, api, demo)
	if err != nil {
		return err
	}
	w := s.newWatcher(api, runs)
	if o.Answers == "auto" {
		w.decide = script(demo)
	}
	if err := w.run(ctx); err != nil {
		return err
	}
	rows, err := demoRows(ctx, api, w)
	if err != nil {
		return err
	}
	if err := s.print(rows, func(t *tabwriter.Writer) { printDemo(t, rows) }); err != nil {
		return err
	}
	return s.judge(o, demo, w)
}

func (s *session) introduce(demo *DemoFleet) {
	p := func(format string, args ...any) { fmt.Fprintf(s.Stderr, format+"\n", args...) }
	p("drydock demonstration: %d simulated devices on loopback, real SNMP, TFTP and FTP", len(demo.Devices))
	p("server: %s (API: %s/openapi.json)", demo.URL, demo.URL)
	p("page: %s  <- open this address in a browser", demo.PageLink())
	p("in another terminal: export DRYDOCK_SERVER=%s DRYDOCK_TOKEN=%s", demo.URL, demo.Token.Reveal())
	p("release %s: version %s, which has another form of the configuration", demo.Release.ID, demo.Release.Version)
	if demo.OpenNext != nil {
		p("release %s is there for a campaign of your own: New campaign, on the page", demo.Next.ID)
	}
	p("these go wrong on purpose:")
	for _, id := range slices.Sorted(maps.Keys(demo.Stories)) {
		p("  %s  %s", id, demo.Stories[id].Text)
	}
	p("")
}

func startDemo(ctx context.Context, api *client.Client, demo *DemoFleet) ([]fleet.RunID, error) {
	if err := api.PutDevices(ctx, demo.Devices); err != nil {
		return nil, err
	}
	if _, err := api.AddRelease(ctx, demo.Release, demo.Open); err != nil {
		return nil, err
	}
	if demo.OpenNext != nil {
		if _, err := api.AddRelease(ctx, demo.Next, demo.OpenNext); err != nil {
			return nil, err
		}
	}
	order := client.RunOrder{Release: demo.Release.ID, Timeouts: demo.Timeouts}
	for _, d := range demo.Devices {
		order.Devices = append(order.Devices, d.ID)
	}
	started, err := api.Start(ctx, order)
	if err != nil {
		return nil, err
	}
	runs := make([]fleet.RunID, 0, len(started))
	for _, r := range started {
		if r.Error != "" {
			return nil, fault.New(fault.Internal, "", "device "+string(r.Device), "%s", r.Error)
		}
		runs = append(runs, r.Run)
	}
	return runs, nil
}

// script answers as the demonstration's stories say.
func script(demo *DemoFleet) decider {
	given := map[fleet.DeviceID]int{}
	return func(device fleet.DeviceID, q procedure.Question) (procedure.Choice, error) {
		answers := demo.Stories[device].Answers
		if given[device] >= len(answers) {
			return "", fault.New(fault.Internal, "", "device "+string(device), "it asks what the demonstration did not foresee: %s at %s: %s", q.Cause, q.Step, q.Detail)
		}
		given[device]++
		return answers[given[device]-1], nil
	}
}

// demoRow says for one device what became of it and its configuration.
type demoRow struct {
	Device  fleet.DeviceID    `json:"device"`
	Outcome procedure.Outcome `json:"outcome"`
	Left    procedure.Left    `json:"left"`
	Version string            `json:"version"`
	Carried int               `json:"carried"` // lines proven by the second backup
	Changed int               `json:"changed"` // by rules of the migration
	Dropped int               `json:"dropped"` // by rules, with the reason
	Added   int               `json:"added"`   // by the device
	Lost    int               `json:"lost"`
	Proof   string            `json:"proof"`
}

func demoRows(ctx context.Context, api *client.Client, w *watcher) ([]demoRow, error) {
	rows := make([]demoRow, 0, len(w.order))
	for _, id := range w.order {
		st := w.states[id]
		row := demoRow{Device: st.Plan.Device, Version: st.Seen.Version, Outcome: "asks"}
		if st.Result != nil {
			row.Outcome, row.Left = st.Result.Outcome, st.Result.Left
		}
		if st.Comparison == nil {
			row.Proof = "none: it ended before a second backup"
			rows = append(rows, row)
			continue
		}
		report, err := api.Report(ctx, id)
		if err != nil {
			return nil, err
		}
		for _, c := range report.Summary {
			row.Changed += c.Changed
			row.Dropped += c.Dropped
		}
		row.Carried, row.Lost, row.Added = st.Comparison.Carried, st.Comparison.Lost+st.Comparison.Changed, st.Comparison.Added
		row.Proof = "nothing lost, by the second backup"
		if row.Lost > 0 {
			row.Proof = "LINES LOST: drydock update show " + string(id)
		}
		rows = append(rows, row)
	}
	return rows, nil
}

func printDemo(t *tabwriter.Writer, rows []demoRow) {
	row(t, "DEVICE", "OUTCOME", "RUNS", "LEFT", "CARRIED", "CHANGED", "DROPPED", "ADDED", "LOST", "PROOF")
	total := demoRow{}
	for _, r := range rows {
		row(t, r.Device, r.Outcome, r.Version, r.Left, r.Carried, r.Changed, r.Dropped, r.Added, r.Lost, r.Proof)
		total.Carried += r.Carried
		total.Changed += r.Changed
		total.Dropped += r.Dropped
		total.Added += r.Added
		total.Lost += r.Lost
	}
	row(t, "all", "", "", "", total.Carried, total.Changed, total.Dropped, total.Added, total.Lost, "lines of configuration")
}

// judge compares the ends of an unattended demonstration with the stories.
func (s *session) judge(o DemoOptions, demo *DemoFleet, w *watcher) error {
	if o.Answers != "auto" {
		w.summary()
		if code := exitOf(w.states); code != fault.ExitDone {
			return exitError(code)
		}
		return nil
	}
	var wrong []string
	for _, id := range w.order {
		st := w.states[id]
		want := procedure.Updated
		if story, ok := demo.Stories[st.Plan.Device]; ok {
			want = story.Outcome
		}
		if st.Result == nil || st.Result.Outcome != want {
			wrong = append(wrong, fmt.Sprintf("%s: %s, not %s", st.Plan.Device, status(st), want))
		}
	}
	if len(wrong) > 0 {
		return fault.New(fault.Internal, "", "demonstration", "it did not end as foreseen: %s", strings.Join(wrong, "; "))
	}
	return nil
}
