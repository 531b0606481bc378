package cli

import (
	"cmp"
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"net/http"
	"net/netip"
	"os"
	"slices"
	"text/tabwriter"

	"github.com/goccy/go-yaml"
	"github.com/spf13/cobra"

	"drydock/client"
	"drydock/internal/cli/netbox"
	"drydock/internal/secret"
)

// netboxFlags say which NetBox, what of it, and what becomes of it.
type netboxFlags struct {
	credentialFlags
	credentialsFile                     string
	url, tokenFile, caFile, optionsFile string
	filters                             []string
	discover, dryRun                    bool
	rate                                int
}

func (f *netboxFlags) register(c *cobra.Command) {
	f.credentialFlags.register(c)
	flags := c.Flags()
	flags.StringVar(&f.credentialsFile, "credentials-file", "", "with --netbox: YAML `FILE` with a list of credentials; new devices are asked which they answer to")
	flags.StringVar(&f.url, "netbox", "", "import from the NetBox at this `URL`")
	flags.StringVar(&f.tokenFile, "netbox-token-file", "", "`FILE` with NetBox's API token (or NETBOX_TOKEN)")
	flags.StringVar(&f.caFile, "netbox-ca", "", "`FILE` with the certificate of the authority that NetBox's is signed by (PEM)")
	flags.StringVar(&f.optionsFile, "netbox-options", "", "YAML `FILE` that says which driver, address and labels devices get")
	flags.StringArrayVar(&f.filters, "filter", nil, "only devices that fit NetBox's filter `KEY=VALUE`, repeatable")
	flags.BoolVar(&f.discover, "discover", false, "where no driver is stated, have the server ask the device and match its driver")
	flags.IntVar(&f.rate, "rate", 50, "`DEVICES` asked a second with --discover, at most 1000")
	flags.BoolVar(&f.dryRun, "dry-run", false, "say what would become of each device of NetBox, and change nothing")
}

// importNetBox brings the fleet to what NetBox says.
func (s *session) importNetBox(ctx context.Context, f *netboxFlags) error {
	source, err := f.source(s)
	if err != nil {
		return err
	}
	filters, err := netbox.Filters(f.filters)
	if err != nil {
		return err
	}
	api, err := s.client()
	if err != nil {
		return err
	}
	im := &netbox.Import{Source: source.Name(), All: len(filters) == 0}
	if err := f.options(ctx, s, api, im); err != nil {
		return err
	}
	list, err := source.Devices(ctx, filters)
	if err != nil {
		return err
	}
	if im.Fleet, err = allDevices(ctx, api, client.DeviceQuery{}); err != nil {
		return err
	}
	plan := im.Propose(list)
	creds, err := f.candidates(s, plan)
	if err != nil {
		return err
	}
	if err := s.settle(ctx, f, plan, creds); err != nil {
		return err
	}
	return s.followPlan(ctx, api, f, plan, creds)
}

func (f *netboxFlags) source(s *session) (*netbox.Source, error) {
	token, err := secretFrom(f.tokenFile, s.Env("NETBOX_TOKEN"))
	if err != nil {
		return nil, err
	}
	if token == "" {
		return nil, usagef("NetBox's API token is missing: give --netbox-token-file or set NETBOX_TOKEN")
	}
	transport := http.DefaultTransport.(*http.Transport).Clone()
	if f.caFile != "" {
		raw, err := os.ReadFile(f.caFile)
		if err != nil {
			return nil, usagef("%v", err)
		}
		pool, err := x509.SystemCertPool()
		if err != nil {
			pool = x509.NewCertPool() // a system without authorities has only the user's
		}
		if !pool.AppendCertsFromPEM(raw) {
			return nil, usagef("%s: there is no certificate in it; PEM is expected (-----BEGIN CERTIFICATE-----)", f.caFile)
		}
		transport.TLSClientConfig = &tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS12}
	}
	source, err := netbox.New(f.url, secret.New(token), transport)
	if err == nil && !source.Encrypted() {
		fmt.Fprintf(s.Stderr, "warning: %s is not encrypted: the token can be read on its way\n", f.url)
	}
	return source, err
}

// options reads the options' file, and holds it against the server's drivers.
func (f *netboxFlags) options(ctx context.Context, s *session, api *client.Client, im *netbox.Import) error {
	if f.optionsFile != "" {
		raw, err := s.readInput(f.optionsFile)
		if err != nil {
			return err
		}
		asJSON, err := yaml.YAMLToJSON(raw)
		if err != nil {
			return usagef("%s: %s", f.optionsFile, yaml.FormatError(err, false, true))
		}
		if err := strictJSON(asJSON, &im.Options); err != nil {
			return usagef("%s: drivers, driver-field, address, labels and statuses are expected: %v", f.optionsFile, err)
		}
	}
	families, err := api.Drivers(ctx)
	if err != nil {
		return err
	}
	for _, d := range families {
		im.Drivers = append(im.Drivers, d.Name)
	}
	if err := im.Options.Check(im.Drivers); err != nil {
		return fmt.Errorf("%s: %w", cmp.Or(f.optionsFile, "--netbox"), err)
	}
	return nil
}

// candidates are the credentials for new devices and for asking.
func (f *netboxFlags) candidates(s *session, plan []netbox.Proposal) ([]client.Credentials, error) {
	if f.credentialsFile != "" || f.version == "v3" || f.communityFile != "" || s.Env("DRYDOCK_COMMUNITY") != "" {
		all := discoverFlags{credentialFlags: f.credentialFlags, credentialsFile: f.credentialsFile}
		return all.all(s)
	}
	n := tally(plan)
	if f.discover && n[netbox.Ask] > 0 || n[netbox.Add] > 0 && !f.dryRun {
		return nil, usagef("%s new or to be asked: give SNMP credentials with --community-file, --credentials-file, or --snmp v3 --user",
			count(n[netbox.Add]+n[netbox.Ask], "device"))
	}
	return nil, nil
}

func tally(plan []netbox.Proposal) map[netbox.Action]int {
	n := map[netbox.Action]int{}
	for _, p := range plan {
		n[p.Action]++
	}
	return n
}

// settle has the devices asked whose driver nobody states, and the new ones
// where there is a choice of credentials.
func (s *session) settle(ctx context.Context, f *netboxFlags, plan []netbox.Proposal, creds []client.Credentials) error {
	byPort := map[uint16][]*netbox.Proposal{}
	for i := range plan {
		p := &plan[i]
		if p.Action != netbox.Ask && (p.Action != netbox.Add || len(creds) < 2) {
			continue
		}
		at, err := agentAt(p.Device.Address)
		switch {
		case p.Action == netbox.Ask && !f.discover:
			p.Leave("the device was not asked: state it in --netbox-options, or give --discover")
		case err != nil:
			p.Leave("the device cannot be asked: its address is a name")
		default:
			byPort[at.Port()] = append(byPort[at.Port()], p)
		}
	}
	for port, list := range byPort {
		if err := s.askDevices(ctx, f, port, list, creds); err != nil {
			return err
		}
	}
	return nil
}

// askDevices asks the devices at one port.
func (s *session) askDevices(ctx context.Context, f *netboxFlags, port uint16, list []*netbox.Proposal, creds []client.Credentials) error {
	sweep := client.Sweep{Port: port, Credentials: creds, Rate: f.rate}
	for _, p := range list {
		at, _ := agentAt(p.Device.Address) // it was read before
		sweep.Networks = append(sweep.Networks, at.Addr().String())
	}
	found, err := s.discover(ctx, sweep)
	if err != nil {
		return err
	}
	for _, p := range list {
		at, _ := agentAt(p.Device.Address)
		i := slices.IndexFunc(found, func(f client.Found) bool { return addressOf(f) == at })
		switch {
		case i < 0:
			p.Leave("the device does not answer to these credentials")
		case found[i].SysObjectID == "":
			p.Leave("the device takes none of these credentials: " + found[i].Problem)
		default:
			p.Found(found[i].Driver, "sysObjectID "+found[i].SysObjectID+", "+found[i].SysDescr, found[i].Credentials)
		}
	}
	return nil
}

// agentAt reads an address with or without a port.
func agentAt(text string) (netip.AddrPort, error) {
	if a, err := netip.ParseAddr(text); err == nil {
		return netip.AddrPortFrom(a, 161), nil
	}
	return netip.ParseAddrPort(text)
}

// followPlan shows the plan, and unless it is a rehearsal, does it.
func (s *session) followPlan(ctx context.Context, api *client.Client, f *netboxFlags, plan []netbox.Proposal, creds []client.Credentials) error {
	if err := s.print(plan, func(w *tabwriter.Writer) { printPlan(w, plan) }); err != nil {
		return err
	}
	n := tally(plan)
	said := fmt.Sprintf("%d to add, %d to change, %d as they are, %d skipped", n[netbox.Add], n[netbox.Change], n[netbox.Same], n[netbox.Skip])
	if n[netbox.Gone] > 0 {
		said += fmt.Sprintf(", %d gone from NetBox", n[netbox.Gone])
	}
	fmt.Fprintln(s.Stderr, said)
	var devices []client.NewDevice
	for _, p := range plan {
		if p.Action == netbox.Add && !f.dryRun {
			p.Device.Credentials = &creds[p.Credentials]
		}
		if p.Action == netbox.Add || p.Action == netbox.Change {
			devices = append(devices, *p.Device)
		}
	}
	if f.dryRun || len(devices) == 0 {
		return nil
	}
	if err := api.PutDevices(ctx, devices); err != nil {
		return err
	}
	fmt.Fprintf(s.Stderr, "%s added or changed\n", count(len(devices), "device"))
	return nil
}

func printPlan(w *tabwriter.Writer, plan []netbox.Proposal) {
	row(w, "ACTION", "DEVICE", "ADDRESS", "DRIVER", "WHY")
	for _, p := range plan {
		name, address, driver := p.Name, "", ""
		if p.Device != nil {
			name, address, driver = string(p.Device.ID), p.Device.Address, p.Device.Driver
		}
		row(w, p.Action, name, address, driver, p.Why)
	}
}
