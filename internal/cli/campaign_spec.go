package cli

import (
	"encoding/csv"
	"encoding/json"
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/goccy/go-yaml"
	"github.com/spf13/cobra"

	"drydock/internal/fault"
	"drydock/internal/fleet"
	"drydock/internal/fleet/campaign"
	"drydock/internal/procedure"
)

// specFlags are a campaign's order, as flags or as a file; flags count over
// the file.
type specFlags struct {
	file     string
	targets  targetFlags
	name     string
	release  []string
	of       string
	waves    []string
	inFlight int
	caps     map[string]int
	rates    map[string]string
	exclude  []string
	order    string
	windows  []string
	blackout []string
	zone     string
	takes    time.Duration
	late     string
	failures int
	percent  int
	answers  []string
	wait     time.Duration
	offline  time.Duration
	approval bool
	protocol string
}

type targetFlags struct {
	labels  []string
	driver  string
	model   string
	version string
	text    string
	filter  string
	devices []string
	csv     string
	except  []string
}

func (f *targetFlags) register(c *cobra.Command) {
	flags := c.Flags()
	flags.StringSliceVar(&f.labels, "label", nil, "devices with label `KEY=VALUE`, repeatable: each must hold")
	flags.StringVar(&f.driver, "driver", "", "devices of this `FAMILY`")
	flags.StringVar(&f.model, "model", "", "devices of this `MODEL`")
	flags.StringVar(&f.version, "version-now", "", "devices that run this `VERSION` now")
	flags.StringVar(&f.text, "search", "", "devices with this `TEXT` in id, address, model or serial")
	flags.StringVar(&f.filter, "filter", "", "a saved filter's `NAME`")
	flags.StringSliceVar(&f.devices, "device", nil, "`DEVICE`, repeatable")
	flags.StringVar(&f.csv, "devices-file", "", "`FILE` with a device's id at the start of each line (CSV; - for stdin)")
	flags.StringSliceVar(&f.except, "except", nil, "`DEVICE` to leave out, repeatable")
}

func (f *specFlags) register(c *cobra.Command) {
	f.targets.register(c)
	flags := c.Flags()
	flags.StringVar(&f.file, "file", "", "the order as YAML or JSON `FILE`, with the fields that -o json shows; flags count over it")
	flags.StringVar(&f.name, "name", "", "your `NAME` for the campaign")
	flags.StringSliceVar(&f.release, "release", nil, "`RELEASE` that the devices are to run; repeatable: one for each family")
	flags.StringVar(&f.of, "revert", "", "instead of a release: bring the devices of `CAMPAIGN` back to what they ran before")
	flags.StringArrayVar(&f.waves, "wave", nil, "a `WAVE`: 1 or 10%, then soak=1h, threshold=95, approval, separated by commas; repeatable")
	flags.IntVar(&f.inFlight, "in-flight", 0, "at most `N` runs at once (default 500)")
	flags.StringToIntVar(&f.caps, "cap", nil, "at most N runs at once for each value of a label: `LABEL=N`")
	flags.StringToStringVar(&f.rates, "bandwidth", nil, "octets a second of images for each value of a label: `LABEL=10M`; all=10M: in all")
	flags.StringSliceVar(&f.exclude, "exclusive", nil, "never two devices with the same value of `LABEL` at once")
	flags.StringVar(&f.order, "order", "", "`LABEL=FIRST,THEN`: devices with the first value are done before those with the next")
	flags.StringArrayVar(&f.windows, "window", nil, "when devices may be changed, on their own clock: `WINDOW` as \"sat,sun 01:00-05:00\"; repeatable")
	flags.StringSliceVar(&f.blackout, "black-out", nil, "`DATE` on which no window opens, as 2026-12-24")
	flags.StringVar(&f.zone, "zone", "", "time `ZONE` of devices without the label timezone (default UTC)")
	flags.DurationVar(&f.takes, "takes", 0, "how `LONG` a run needs: none is started where less of the window is left (default 30m)")
	flags.StringVar(&f.late, "late", "", "a run that would load outside of the window: `wait` for the next, or ask")
	flags.IntVar(&f.failures, "failures", 0, "`N` failures pause the campaign (default 5)")
	flags.IntVar(&f.percent, "failure-rate", 0, "if they are also `PERCENT` of what has ended (default 2)")
	flags.StringArrayVar(&f.answers, "answer", nil, "standing `ANSWER`: \"STEP[/CAUSE]: repeat N, then ask|stop|restore-files\"")
	flags.DurationVar(&f.wait, "question-timeout", 0, "how `LONG` a question waits before the run stops safely (default 24h)")
	flags.DurationVar(&f.offline, "offline", 0, "how `LONG` devices that do not answer are waited for (default 24h)")
	flags.BoolVar(&f.approval, "approval", false, "a second person must approve the start")
	flags.StringVar(&f.protocol, "protocol", "", "`PROTOCOL` of the transfers: tftp or ftp (default: the driver's first)")
}

// targets gives what the flags say, added to what the file says.
func (s *session) targets(f targetFlags, t campaign.Targets) (campaign.Targets, error) {
	t.Labels = append(t.Labels, f.labels...)
	for _, l := range f.labels {
		if !strings.Contains(l, "=") {
			return t, usagef("--label %s: KEY=VALUE is expected", l)
		}
	}
	set(&t.Driver, f.driver)
	set(&t.Model, f.model)
	set(&t.Version, f.version)
	set(&t.Text, f.text)
	set(&t.Filter, f.filter)
	t.Devices = append(t.Devices, deviceIDs(f.devices)...)
	t.Except = append(t.Except, deviceIDs(f.except)...)
	if f.csv != "" {
		ids, err := s.deviceFile(f.csv)
		if err != nil {
			return t, err
		}
		t.Devices = append(t.Devices, ids...)
	}
	return t, nil
}

// set changes a field where a flag was given.
func set[T comparable](field *T, given T) {
	var zero T
	if given != zero {
		*field = given
	}
}

// deviceFile reads the first field of each line; a line that begins with id or
// # is left out.
func (s *session) deviceFile(name string) (ids []fleet.DeviceID, err error) {
	raw, err := s.readInput(name)
	if err != nil {
		return nil, err
	}
	r := csv.NewReader(strings.NewReader(string(raw)))
	r.FieldsPerRecord, r.Comment, r.TrimLeadingSpace = -1, '#', true
	records, err := r.ReadAll()
	if err != nil {
		return nil, fault.New(fault.Invalid, "", name, "%w", err)
	}
	for i, rec := range records {
		if id := strings.TrimSpace(rec[0]); id != "" && (i > 0 || id != "id") {
			ids = append(ids, fleet.DeviceID(id))
		}
	}
	if len(ids) == 0 {
		return nil, fault.New(fault.Invalid, "", name, "it names no device")
	}
	return ids, nil
}

// spec gives the order.
func (s *session) spec(f specFlags) (spec campaign.Spec, err error) {
	if f.file != "" {
		if spec, err = s.specFile(f.file); err != nil {
			return spec, err
		}
	}
	if spec.Targets, err = s.targets(f.targets, spec.Targets); err != nil {
		return spec, err
	}
	set(&spec.Name, f.name)
	if len(f.release) > 0 {
		spec.Release, spec.Releases = fleet.ReleaseID(f.release[0]), nil
		for _, id := range f.release[1:] {
			spec.Releases = append(spec.Releases, fleet.ReleaseID(id))
		}
	}
	if f.of != "" {
		spec.Goal, spec.Of = procedure.GoalRevert, campaign.ID(f.of)
	}
	if spec.Name == "" {
		spec.Name = orDefault(string(spec.Release), "revert "+string(spec.Of))
	}
	set(&spec.Caps.InFlight, f.inFlight)
	set(&spec.Budget.Failures, f.failures)
	set(&spec.Budget.Percent, f.percent)
	set(&spec.Runs.QuestionTimeout, campaign.Duration(f.wait))
	set(&spec.Runs.Protocol, f.protocol)
	set(&spec.Offline, campaign.Duration(f.offline))
	set(&spec.Schedule.Takes, campaign.Duration(f.takes))
	set(&spec.Schedule.Zone, f.zone)
	spec.Approval = spec.Approval || f.approval
	spec.Exclusive = append(spec.Exclusive, f.exclude...)
	spec.Schedule.BlackOut = append(spec.Schedule.BlackOut, f.blackout...)
	if err := f.parse(&spec); err != nil {
		return spec, err
	}
	return spec, spec.Check()
}

// parse reads the flags that have a form of their own.
func (f specFlags) parse(spec *campaign.Spec) error {
	for key, n := range f.caps {
		if spec.Caps.PerLabel == nil {
			spec.Caps.PerLabel = map[string]int{}
		}
		spec.Caps.PerLabel[key] = n
	}
	for key, text := range f.rates {
		n, err := parseRate(text)
		if err != nil {
			return usagef("--bandwidth %s=%s: %v", key, text, err)
		}
		if spec.Caps.Bandwidth == nil {
			spec.Caps.Bandwidth = map[string]int64{}
		}
		spec.Caps.Bandwidth[strings.TrimPrefix(key, "all")] = n
	}
	if len(f.waves) > 0 {
		spec.Waves = nil
	}
	for _, text := range f.waves {
		w, err := parseWave(text)
		if err != nil {
			return usagef("--wave %q: %v; as \"1,soak=1h\" or \"10%%,threshold=98,approval\"", text, err)
		}
		spec.Waves = append(spec.Waves, w)
	}
	if f.order != "" {
		label, values, ok := strings.Cut(f.order, "=")
		if !ok || values == "" {
			return usagef("--order %q: LABEL=FIRST,THEN is expected, as tier=access,aggregation", f.order)
		}
		spec.Order = &campaign.Ranking{Label: label, Values: strings.Split(values, ",")}
	}
	for _, text := range f.windows {
		w, err := parseWindow(text)
		if err != nil {
			return err
		}
		spec.Schedule.Windows = append(spec.Schedule.Windows, w)
	}
	switch f.late {
	case "":
	case "ask", "wait":
		spec.Schedule.Ask = f.late == "ask"
	default:
		return usagef("--late %q: it can be wait or ask", f.late)
	}
	for _, text := range f.answers {
		standing, err := parseStanding(text)
		if err != nil {
			return err
		}
		spec.Runs.Standing = append(spec.Runs.Standing, standing)
	}
	return nil
}

func parseWave(text string) (w campaign.Wave, err error) {
	for i, part := range strings.Split(text, ",") {
		part = strings.TrimSpace(part)
		key, value, _ := strings.Cut(part, "=")
		switch {
		case i == 0 && strings.HasSuffix(part, "%"):
			w.Percent, err = strconv.Atoi(strings.TrimSuffix(part, "%"))
		case i == 0:
			w.Count, err = strconv.Atoi(part)
		case key == "soak":
			err = w.Soak.UnmarshalText([]byte(value))
		case key == "threshold":
			w.Threshold, err = strconv.Atoi(strings.TrimSuffix(value, "%"))
		case part == "approval":
			w.Approval = true
		default:
			err = fmt.Errorf("%q is not understood", part)
		}
		if err != nil && i == 0 {
			err = fmt.Errorf("%q is no number of devices and no percentage", part)
		}
		if err != nil {
			return w, err
		}
	}
	return w, nil
}

func parseWindow(text string) (w campaign.Window, err error) {
	bad := usagef("--window %q: as \"01:00-05:00\" or \"sat,sun 23:00-04:00\"", text)
	fields := strings.Fields(text)
	if len(fields) == 2 {
		w.Days = strings.Split(strings.ToLower(fields[0]), ",")
		fields = fields[1:]
	}
	if len(fields) != 1 {
		return w, bad
	}
	var ok bool
	if w.From, w.To, ok = strings.Cut(fields[0], "-"); !ok {
		return w, bad
	}
	return w, nil
}

// parseRate reads 500k, 10M, 1G or a number of octets a second.
func parseRate(text string) (int64, error) {
	unit := int64(1)
	for suffix, n := range map[string]int64{"k": 1e3, "K": 1e3, "M": 1e6, "G": 1e9} {
		if rest, ok := strings.CutSuffix(text, suffix); ok {
			text, unit = rest, n
			break
		}
	}
	n, err := strconv.ParseFloat(text, 64)
	if err != nil || n <= 0 {
		return 0, fmt.Errorf("octets a second are expected, as 500k, 10M or 1G")
	}
	return int64(n * float64(unit)), nil
}

// specFile reads an order from a YAML or JSON file, strictly.
func (s *session) specFile(name string) (spec campaign.Spec, err error) {
	raw, err := s.readInput(name)
	if err != nil {
		return spec, err
	}
	asJSON, err := yaml.YAMLToJSON(raw)
	if err == nil {
		err = strictJSON(asJSON, &spec)
	}
	if err != nil {
		return spec, fault.New(fault.Invalid, "", name, "it is no campaign's order: %w", err).WithHint("drydock campaign plan -o json shows the fields, under spec")
	}
	return spec, nil
}

// readPlan reads what drydock campaign plan -o json has written.
func readPlan(name string) (p campaign.Plan, err error) {
	raw, err := os.ReadFile(name)
	if err != nil {
		return p, fault.New(fault.Invalid, "", name, "%w", err)
	}
	if err := json.Unmarshal(raw, &p); err != nil || len(p.Devices) == 0 {
		return p, fault.New(fault.Invalid, "", name, "it is no campaign's plan").WithHint("drydock campaign plan … -o json > FILE makes one")
	}
	return p, nil
}
