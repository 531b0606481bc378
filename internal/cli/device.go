package cli

import (
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"drydock/client"
	"drydock/internal/fault"
	"drydock/internal/fleet"
)

func (s *session) deviceCommand() *cobra.Command {
	return noun("device", "The fleet: add, import, discover, list, show, remove; enrol-code, pending, approve, refuse",
		s.deviceAdd(), s.deviceImport(), s.deviceDiscover(), s.deviceList(), s.deviceShow(), s.deviceRemove(),
		s.deviceSelf(), s.deviceEnrolCode(), s.devicePending(), s.deviceApprove(), s.deviceRefuse())
}

// credentialFlags are SNMP credentials on the command line. Secrets come from
// files or the environment: arguments can be seen by every user of a machine.
type credentialFlags struct {
	version, communityFile, writeCommunityFile string
	user, auth, authFile, priv, privFile       string
}

func (f *credentialFlags) register(c *cobra.Command) {
	flags := c.Flags()
	flags.StringVar(&f.version, "snmp", "v2c", "SNMP `VERSION`: v1, v2c or v3; never another than this is tried")
	flags.StringVar(&f.communityFile, "community-file", "", "`FILE` with the community (or DRYDOCK_COMMUNITY)")
	flags.StringVar(&f.writeCommunityFile, "write-community-file", "", "`FILE` with the community for SET, if it is another")
	flags.StringVar(&f.user, "user", "", "SNMPv3 `USER`")
	flags.StringVar(&f.auth, "auth", "SHA-256", "SNMPv3 authentication `PROTOCOL`: MD5, SHA, SHA-224, SHA-256, SHA-384, SHA-512")
	flags.StringVar(&f.authFile, "auth-file", "", "`FILE` with the authentication passphrase (or DRYDOCK_AUTH)")
	flags.StringVar(&f.priv, "priv", "AES-128", "SNMPv3 privacy `PROTOCOL`: DES, AES-128, AES-192, AES-256")
	flags.StringVar(&f.privFile, "priv-file", "", "`FILE` with the privacy passphrase (or DRYDOCK_PRIV)")
}

func (f *credentialFlags) read(env func(string) string) (*client.Credentials, error) {
	c := &client.Credentials{Version: f.version}
	var err error
	if f.version != "v3" {
		if c.Community, err = secretFrom(f.communityFile, env("DRYDOCK_COMMUNITY")); err != nil {
			return nil, err
		}
		if c.Community == "" {
			return nil, usagef("the community is missing: give --community-file or set DRYDOCK_COMMUNITY")
		}
		c.WriteCommunity, err = secretFrom(f.writeCommunityFile, "")
		return c, err
	}
	c.User, c.AuthProtocol, c.PrivProtocol = f.user, f.auth, f.priv
	if c.AuthPassword, err = secretFrom(f.authFile, env("DRYDOCK_AUTH")); err != nil {
		return nil, err
	}
	c.PrivPassword, err = secretFrom(f.privFile, env("DRYDOCK_PRIV"))
	return c, err
}

// secretFrom reads the first line of a file, or takes the other text.
func secretFrom(path, otherwise string) (string, error) {
	if path == "" {
		return otherwise, nil
	}
	raw, err := os.ReadFile(path)
	if err != nil {
		return "", usagef("%v", err)
	}
	line, _, _ := strings.Cut(string(raw), "\n")
	return strings.TrimRight(line, "\r"), nil
}

func (s *session) deviceAdd() *cobra.Command {
	var d client.NewDevice
	var id string
	var creds credentialFlags
	c := &cobra.Command{
		Use:     "add ID",
		Short:   "Add a device, or change one that is known",
		Example: "  drydock device add iad-0042 --address 10.1.0.42 --driver drydock-iad --community-file ./community",
		Args:    cobra.ExactArgs(1),
	}
	flags := c.Flags()
	flags.StringVar(&d.Address, "address", "", "`HOST[:PORT]` of the SNMP agent")
	flags.StringVar(&d.Driver, "driver", "", "`NAME` of the driver (drydock driver list)")
	flags.StringVar(&d.Serial, "serial", "", "serial `NUMBER`, if known: another device at the address is then refused")
	flags.StringToStringVar(&d.Labels, "label", nil, "`KEY=VALUE`, repeatable")
	creds.register(c)
	_ = c.MarkFlagRequired("address")
	_ = c.MarkFlagRequired("driver")
	c.RunE = func(c *cobra.Command, args []string) error {
		id = args[0]
		d.ID = fleet.DeviceID(id)
		var err error
		if d.Credentials, err = creds.read(s.Env); err != nil {
			return err
		}
		return s.putDevices(c, []client.NewDevice{d})
	}
	return c
}

func (s *session) putDevices(c *cobra.Command, devices []client.NewDevice) error {
	api, err := s.client()
	if err != nil {
		return err
	}
	if err := api.PutDevices(c.Context(), devices); err != nil {
		return err
	}
	fmt.Fprintf(s.Stderr, "%s added or changed\n", count(len(devices), "device"))
	return nil
}

func (s *session) deviceList() *cobra.Command {
	var q client.DeviceQuery
	c := &cobra.Command{Use: "list", Short: "List devices", Args: cobra.NoArgs}
	flags := c.Flags()
	flags.StringVar(&q.Label, "label", "", "only devices with label `KEY=VALUE`")
	flags.StringVar(&q.Driver, "driver", "", "only this `DRIVER`")
	flags.StringVar(&q.Model, "model", "", "only this `MODEL`")
	flags.StringVar(&q.Version, "version-now", "", "only devices that run this `VERSION` now")
	flags.StringVar(&q.Text, "search", "", "only devices with `TEXT` in id, address, model or serial")
	flags.IntVar(&q.Limit, "limit", 0, "at most `N` devices (default: all)")
	c.RunE = func(c *cobra.Command, _ []string) error {
		api, err := s.client()
		if err != nil {
			return err
		}
		devices, err := allDevices(c.Context(), api, q)
		if err != nil {
			return err
		}
		return s.print(devices, func(w *tabwriter.Writer) {
			row(w, "DEVICE", "ADDRESS", "DRIVER", "MODEL", "VERSION", "SERIAL", "SEEN", "LABELS")
			for _, d := range devices {
				row(w, d.ID, d.Address, d.Driver, d.Model, d.Version, d.Identity.Serial, stamp(d.SeenAt), labels(d.Labels))
			}
		})
	}
	return c
}

func (s *session) deviceShow() *cobra.Command {
	return &cobra.Command{Use: "show ID", Short: "Show a device and its runs", Args: cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			api, err := s.client()
			if err != nil {
				return err
			}
			d, err := api.Device(c.Context(), fleet.DeviceID(args[0]))
			if err != nil {
				return err
			}
			how := "none"
			if c, err := api.CredentialState(c.Context(), d.ID); err == nil {
				how = strings.Join(strings.Fields(strings.Join([]string{"SNMP" + c.Version, c.User, c.AuthProtocol, c.PrivProtocol}, " ")), " ") + "; secrets are sealed"
			} else if !fault.Is(err, fault.NotFound) {
				how = err.Error()
			}
			return s.print(d, func(w *tabwriter.Writer) {
				row(w, "device", d.ID)
				row(w, "address", d.Address)
				row(w, "driver", d.Driver)
				row(w, "model", d.Model)
				row(w, "version", d.Version)
				row(w, "serial", d.Identity.Serial)
				row(w, "engine ID", d.Identity.EngineID)
				row(w, "sysObjectID", d.Identity.SysObjectID)
				row(w, "credentials", how)
				row(w, "labels", labels(d.Labels))
				row(w, "seen", stamp(d.SeenAt))
			})
		}}
}

func (s *session) deviceRemove() *cobra.Command {
	return &cobra.Command{Use: "remove ID...", Short: "Take devices out of the fleet; their backups stay", Args: cobra.MinimumNArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			api, err := s.client()
			if err != nil {
				return err
			}
			if err := s.consent("take %s out of the fleet", count(len(args), "device")); err != nil {
				return err
			}
			for _, id := range args {
				if err := api.RemoveDevice(c.Context(), fleet.DeviceID(id)); err != nil {
					return err
				}
				fmt.Fprintf(s.Stderr, "%s removed\n", printable(id))
			}
			return nil
		}}
}

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
