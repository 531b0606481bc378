package cli

import (
	"fmt"

	"github.com/spf13/cobra"

	"drydock/client"
	"drydock/internal/fault"
)

func (s *session) deviceImport() *cobra.Command {
	var f netboxFlags
	c := &cobra.Command{
		Use:   "import [FILE]",
		Short: "Add devices from a CSV or YAML file, or from NetBox, all or none",
		Long: `Add devices from a file, all or none.

CSV has a header line; the columns are id, address, driver, serial, labels
(key=value, separated by ;), snmp (v1, v2c, v3), community, write-community, user,
auth, auth-password, priv, priv-password. Only id, address and driver are needed;
an empty cell leaves what is known of a device as it is. Commas, semicolons or
tabulators may separate the cells, as the spreadsheet has it. Every mistake is said
with its line; a row that is there twice, and says the same, counts once.

YAML is a list of devices with the keys of the API: id, address, driver, serial,
labels, credentials (version, community, user, ...).

With --netbox the devices come from NetBox: their primary address, serial number,
and site, role, tenant and tags as labels. Which driver a device has, the file
--netbox-options says by platform, manufacturer, model or role; else a platform
whose slug is a driver's name; else, with --discover, the device itself. Doing it
again changes what NetBox has changed and nothing else; what was skipped is said
with the reason.

The credentials are those of the flags: with NetBox for new devices, which are asked
where there are several to choose from (--community-file with more lines than one,
--credentials-file); with a file for devices that have none in it.`,
		Example: "  drydock device import fleet.csv\n" +
			"  drydock device import --netbox https://netbox.example --netbox-token-file ./token \\\n" +
			"      --filter site=north --filter role=access --netbox-options netbox.yaml --community-file ./community",
		Args: cobra.MaximumNArgs(1),
	}
	f.register(c)
	c.RunE = func(c *cobra.Command, args []string) error { return s.importDevices(c, &f, args) }
	return c
}

// importDevices imports from where the flags and arguments say, a file or
// NetBox.
func (s *session) importDevices(c *cobra.Command, f *netboxFlags, args []string) error {
	switch {
	case f.url != "" && len(args) > 0:
		return usagef("import either from %s or from NetBox", args[0])
	case f.url != "":
		return s.importNetBox(c.Context(), f)
	case len(args) == 0:
		return usagef("name a file, as fleet.csv or fleet.yaml, or a NetBox: --netbox URL")
	case f.tokenFile+f.caFile+f.optionsFile+f.credentialsFile != "" || len(f.filters) > 0 || f.discover || f.dryRun:
		return usagef("--filter, --discover, --dry-run, --credentials-file and --netbox-... belong to --netbox URL")
	}
	devices, notes, err := readDevices(args[0])
	if err != nil {
		return err
	}
	for _, note := range notes {
		fmt.Fprintln(s.Stderr, note)
	}
	if err := f.complete(s, devices); err != nil {
		return err
	}
	if err := s.putDevices(c, devices); err != nil {
		return fault.New(fault.CodeOf(err), "", args[0], "%w; no device was imported", err)
	}
	return nil
}

// complete gives the credentials of the flags, if there are any, to devices
// that have none of their own.
func (f *credentialFlags) complete(s *session, devices []client.NewDevice) error {
	if f.version != "v3" && f.communityFile == "" {
		return nil
	}
	creds, err := f.read(s.Env)
	for i := range devices {
		if devices[i].Credentials == nil {
			devices[i].Credentials = creds
		}
	}
	return err
}
