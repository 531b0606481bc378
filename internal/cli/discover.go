package cli

import (
	"context"
	"fmt"
	"net/netip"
	"os"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/goccy/go-yaml"
	"github.com/spf13/cobra"

	"drydock/client"
	"drydock/internal/fleet"
)

// discoverFlags say where to look, with what, and what becomes of it.
type discoverFlags struct {
	credentialFlags
	credentialsFile string
	port            uint16
	rate            int
	save            string
	add             bool
}

func (s *session) deviceDiscover() *cobra.Command {
	var f discoverFlags
	c := &cobra.Command{Use: "discover NETWORK...", Short: "Look for equipment by SNMP; reads only",
		Long: `Look for equipment in networks by SNMP, from the server. Every address is asked
with each of the credentials, and once more where nothing comes back, not faster
than --rate. What has a driver is identified by it. Nothing is written to any device.
An agent that answers and takes none of the credentials is shown with what it says.

Only the given versions of SNMP are spoken, so name v1 in --credentials-file, or with
--snmp v1, for devices that speak nothing else. Whoever sits at one of the addresses
can read a community; a passphrase of SNMPv3 is never sent.

--community-file may hold several communities, a line each; --credentials-file is a
YAML list of credentials (version, community; user, authProtocol, authPassword,
privProtocol, privPassword). --save writes an import file with what has a driver,
--add adds it to the fleet at once.`,
		Example: "  drydock device discover 10.0.0.0/22 --community-file ./communities --save fleet.yaml\n" +
			"  drydock device discover 10.0.0.0/22 --snmp v3 --user operator --auth-file ./auth --priv-file ./priv",
		Args: cobra.MinimumNArgs(1)}
	f.register(c)
	flags := c.Flags()
	flags.StringVar(&f.credentialsFile, "credentials-file", "", "YAML `FILE` with a list of credentials to try")
	flags.Uint16Var(&f.port, "port", 161, "UDP `PORT` of the SNMP agents")
	flags.IntVar(&f.rate, "rate", 50, "`ADDRESSES` a second, at most 1000")
	flags.StringVar(&f.save, "save", "", "write an import file, `FILE`.yaml, with what was found")
	flags.BoolVar(&f.add, "add", false, "add what was found to the fleet")
	c.RunE = func(c *cobra.Command, args []string) error {
		creds, err := f.all(s)
		if err != nil {
			return err
		}
		found, err := s.discover(c.Context(), client.Sweep{Networks: args, Port: f.port, Credentials: creds, Rate: f.rate})
		if err != nil {
			return err
		}
		if err := s.print(found, func(w *tabwriter.Writer) { printFound(w, found) }); err != nil {
			return err
		}
		return s.keepFound(c, &f, found, creds)
	}
	return c
}

// all are the credentials to try.
func (f *discoverFlags) all(s *session) ([]client.Credentials, error) {
	if f.credentialsFile != "" {
		raw, err := s.readInput(f.credentialsFile)
		if err != nil {
			return nil, err
		}
		asJSON, err := yaml.YAMLToJSON(raw)
		if err != nil {
			return nil, usagef("%s: %v", f.credentialsFile, err)
		}
		var list []client.Credentials
		if err := strictJSON(asJSON, &list); err != nil {
			return nil, usagef("%s: a list of credentials is expected: %v", f.credentialsFile, err)
		}
		if len(list) == 0 {
			return nil, usagef("%s: there are no credentials in it", f.credentialsFile)
		}
		return list, nil
	}
	if f.version == "v3" || f.communityFile == "" {
		one, err := f.read(s.Env)
		if err != nil {
			return nil, err
		}
		return []client.Credentials{*one}, nil
	}
	raw, err := s.readInput(f.communityFile)
	if err != nil {
		return nil, err
	}
	var list []client.Credentials
	for line := range strings.Lines(string(raw)) {
		if line = strings.TrimRight(line, "\r\n"); line != "" {
			list = append(list, client.Credentials{Version: f.version, Community: line})
		}
	}
	if len(list) == 0 {
		return nil, usagef("%s: there is no community in it", f.communityFile)
	}
	return list, nil
}

// discover shows how far it has come, and gives what was found by address.
func (s *session) discover(ctx context.Context, sweep client.Sweep) ([]client.Found, error) {
	api, err := s.client()
	if err != nil {
		return nil, err
	}
	found := []client.Found{}
	err = api.Discover(ctx, sweep, func(step client.Swept) bool {
		if step.Found != nil {
			found = append(found, *step.Found)
		}
		if s.IsTerminal {
			fmt.Fprintf(s.screen(), "\r[%-40s] %d of %d addresses, %d found ", strings.Repeat("#", 40*step.Asked/max(1, step.Total)), step.Asked, step.Total, len(found))
		}
		return true
	})
	if s.IsTerminal {
		fmt.Fprintln(s.Stderr)
	}
	slices.SortFunc(found, func(a, b client.Found) int { return addressOf(a).Compare(addressOf(b)) })
	return found, err
}

func addressOf(f client.Found) netip.AddrPort {
	a, err := netip.ParseAddrPort(f.Address)
	if err != nil {
		return netip.AddrPort{}
	}
	return a
}

func printFound(w *tabwriter.Writer, found []client.Found) {
	row(w, "ADDRESS", "DRIVER", "MODEL", "VERSION", "SERIAL", "NAME", "KNOWN AS", "DESCRIPTION")
	for _, f := range found {
		descr := f.SysDescr
		if f.Problem != "" {
			descr = f.Problem
		}
		if runes := []rune(descr); len(runes) > 60 {
			descr = string(runes[:59]) + "…"
		}
		row(w, f.Address, f.Driver, f.Model, f.Version, f.Serial, f.SysName, f.Known, descr)
	}
}

// keepFound makes devices of what has a driver and is not in the fleet yet.
func (s *session) keepFound(c *cobra.Command, f *discoverFlags, found []client.Found, creds []client.Credentials) error {
	var devices []client.NewDevice
	for _, x := range found {
		if x.Driver != "" && x.Known == "" {
			devices = append(devices, client.NewDevice{ID: nameFound(x), Address: x.Address, Driver: x.Driver, Serial: x.Serial, Credentials: &creds[x.Credentials]})
		}
	}
	fmt.Fprintf(s.Stderr, "%d found, %d of them have a driver and are not in the fleet yet\n", len(found), len(devices))
	if len(devices) == 0 || f.save == "" && !f.add {
		return nil
	}
	if err := uniqueDevices("what was found", devices); err != nil {
		return err
	}
	if f.save != "" {
		raw, err := yaml.MarshalWithOptions(devices, yaml.UseJSONMarshaler())
		if err != nil {
			return err
		}
		if err := s.writeNew(f.save, raw); err != nil {
			return err
		}
		if err := os.Chmod(f.save, 0o600); err != nil { // it has the credentials in it
			return err
		}
	}
	if !f.add {
		return nil
	}
	if err := s.consent("add %s to the fleet", count(len(devices), "device")); err != nil {
		return err
	}
	return s.putDevices(c, devices)
}

// nameFound names a device by what it calls itself, if that is a name, else by
// its address.
func nameFound(f client.Found) fleet.DeviceID {
	name := strings.Map(func(r rune) rune {
		if r == '-' || r == '.' || r == '_' || r >= '0' && r <= '9' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' {
			return r
		}
		return -1
	}, f.SysName)
	if name == "" || name != f.SysName {
		name = strings.NewReplacer(":", "-", "[", "", "]", "").Replace(f.Address)
	}
	return fleet.DeviceID(name)
}
