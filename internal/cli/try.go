package cli

import (
	"cmp"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"drydock/client"
	"drydock/internal/driver"
	"drydock/internal/driver/mib"
	"drydock/internal/fault"
	"drydock/internal/fleet"
	"drydock/internal/procedure"
	"drydock/internal/secret"
)

// YardOptions say what the server of one trial is to serve.
type YardOptions struct {
	Drivers       string // directory with the driver that is tried
	MIBDir        string
	TFTP          string
	FTP           string
	ServerAddress string
	Verbose       bool
}

// Yard is a server that lives as long as one trial.
type Yard struct {
	URL   string
	Token secret.String
	Stop  func() error
}

// tryFlags are those of drydock driver try.
type tryFlags struct {
	credentialFlags
	device, address string
	operation       string
	dryRun          bool
	protocol        string
	release, backup string
	files           []string // ROLE=PATH
	timeout         string
	out             string
	mibDir          string
	tftp, ftp       string
	serverAddress   string
	verbose         bool
	labels          map[string]string
}

func (s *session) driverTry() *cobra.Command {
	var f tryFlags
	c := &cobra.Command{Use: "try FILE", Short: "Carry out one operation of a driver file on one device, or only show it", Args: cobra.ExactArgs(1),
		Long: `Carry out one operation of a driver file on one device and show every step as it
happens: what is read, each SET with its varbinds, what the device and the file
server say. Nothing but that operation is done; no run is made of it.

--dry-run reads the device and shows what would be set, in order, with the polls and
waits between, and sets nothing.

--device names a device of the server, which has its credentials; the driver file
need not be one of the server's. --address tries without a server: this process is
then the file server, so it needs the ports of --tftp or --ftp.

update, reboot, recover and restore-files ask for consent.
` + exitCodes,
		Example: `  drydock driver try acme.yaml --address 192.0.2.7 --community-file ./community --operation backup --dry-run
  drydock driver try acme.yaml --device iad-7 --operation backup`}
	flags := c.Flags()
	flags.StringVar(&f.device, "device", "", "try on the server's device `ID`")
	flags.StringVar(&f.address, "address", "", "try on the device at `HOST[:PORT]`, without a server")
	flags.StringVar(&f.operation, "operation", "", "`NAME` of the operation: "+strings.Join(operationNames(), ", "))
	flags.BoolVar(&f.dryRun, "dry-run", false, "show what would be set, and set nothing")
	flags.StringVar(&f.protocol, "protocol", "", "`PROTOCOL` of the transfer, tftp or ftp (default: the driver's first)")
	flags.StringVar(&f.release, "release", "", "update: the server's release `ID`")
	flags.StringVar(&f.backup, "backup", "", "recover: the server's backup `ID`")
	flags.StringArrayVar(&f.files, "file", nil, "`ROLE=PATH` of a file for the device: with --address those of an update, and config for recover; repeatable")
	flags.StringVar(&f.timeout, "timeout", "", "`DURATION` of the operation, as 5m (default: the driver's)")
	flags.StringVar(&f.out, "out", "", "write the configuration that has arrived to `FILE`")
	flags.StringVar(&f.mibDir, "mib-dir", "", "MIB modules below `DIR`, whose names the driver uses")
	flags.StringVar(&f.tftp, "tftp", ":69", "with --address: `ADDR` of the TFTP server")
	flags.StringVar(&f.ftp, "ftp", ":21", "with --address: `ADDR` of the FTP server")
	flags.StringVar(&f.serverAddress, "server-address", "", "with --address: `IP` that the device reaches this machine at (default: the one that routes to it)")
	flags.StringToStringVar(&f.labels, "label", nil, "with --address: a label of the device, `KEY=VALUE`, that the driver reads as {vars.KEY}; repeatable")
	flags.BoolVar(&f.verbose, "verbose", false, "with --address: show the file server's log")
	f.register(c)
	c.RunE = func(c *cobra.Command, args []string) error { return s.try(c.Context(), &f, args[0]) }
	return c
}

func operationNames() []string {
	var names []string
	for _, op := range driver.Operations() {
		names = append(names, string(op))
	}
	return names
}

// try checks everything that can be checked here, and then has the operation
// carried out.
func (s *session) try(ctx context.Context, f *tryFlags, path string) error {
	trial, d, err := f.trial(s, path)
	if err != nil {
		return err
	}
	if err := f.consent(s, d); err != nil {
		return err
	}
	var api *client.Client
	if f.address != "" {
		yard, err := s.yard(ctx, f, d, trial)
		if err != nil {
			return err
		}
		defer yard.close()
		api, trial.Device, trial.Release = yard.api, "trial", yard.release
	} else if api, err = s.client(); err != nil {
		return err
	}
	return s.carryTrial(ctx, api, f, trial)
}

// trial makes the order from the flags.
func (f *tryFlags) trial(s *session, path string) (client.Trial, *driver.Driver, error) {
	t := client.Trial{Device: fleet.DeviceID(f.device), File: filepath.Base(path), Operation: f.operation, DryRun: f.dryRun, Protocol: f.protocol,
		Release: fleet.ReleaseID(f.release), Backup: fleet.BackupID(f.backup), Timeout: f.timeout}
	if (f.device == "") == (f.address == "") {
		return t, nil, usagef("say which device: --device ID, one of the server's, or --address HOST[:PORT], without a server")
	}
	raw, library, err := readDriver(path, f.mibDir)
	if err != nil {
		return t, nil, err
	}
	d, err := checkDriver(path, raw, library, false)
	if err != nil {
		return t, nil, fault.New(fault.Invalid, "", "", "the driver is wrong:\n%w", err).WithHint("docs/driver-language.md describes the language")
	}
	t.Driver = string(raw)
	for _, o := range d.MIBObjects() {
		t.Objects = append(t.Objects, client.MIBObjectOf(o))
	}
	if !slices.Contains(operationNames(), f.operation) {
		return t, nil, usagef("--operation %q: it is one of %s", f.operation, strings.Join(operationNames(), ", "))
	}
	if text, cannot := d.Cannot(driver.Operation(f.operation)); cannot {
		return t, nil, fault.New(fault.Invalid, "", "driver "+d.Name(), "it cannot do %s: %s", f.operation, text)
	}
	if f.protocol != "" && !slices.Contains(d.Protocols(), f.protocol) {
		return t, nil, usagef("--protocol %s: the driver has %s", f.protocol, strings.Join(d.Protocols(), ", "))
	}
	return t, d, f.wants(&t, d)
}

// wants holds the flags to what the operation moves.
func (f *tryFlags) wants(t *client.Trial, d *driver.Driver) error {
	given := map[string]string{}
	for _, text := range f.files {
		role, path, ok := strings.Cut(text, "=")
		if !ok || role == "" || path == "" {
			return usagef("--file %s: ROLE=PATH is expected", text)
		}
		given[role] = path
	}
	switch driver.Operation(f.operation) {
	case driver.Update:
		if f.address == "" && f.release == "" {
			return usagef("an update needs the files of a release of the server: --release ID")
		}
		for _, role := range d.Files() {
			if f.address != "" && !role.Optional && given[role.Role] == "" {
				return usagef("an update needs a file in the role %s (%s): --file %s=PATH", role.Role, role.Text, role.Role)
			}
		}
	case driver.Recover:
		if given["config"] == "" && f.backup == "" {
			return usagef("recover needs a configuration: --file config=PATH, or --backup ID of the server")
		}
		if given["config"] == "" {
			return nil
		}
		raw, err := os.ReadFile(given["config"])
		if err != nil {
			return usagef("%w", err)
		}
		t.Configuration = raw
	}
	return nil
}

// consent asks before what interrupts the device's service, or changes it.
func (f *tryFlags) consent(s *session, d *driver.Driver) error {
	what := map[driver.Operation]string{driver.Update: "load software into", driver.Reboot: "restart", driver.Recover: "load a configuration into",
		driver.RestoreFiles: "put the kept files back into"}[driver.Operation(f.operation)]
	if what == "" || f.dryRun {
		return nil
	}
	return s.consent("%s %s, by the driver %s", what, cmp.Or(f.device, f.address), d.Name())
}

// carryTrial shows the steps as they come, and how it ended.
func (s *session) carryTrial(ctx context.Context, api *client.Client, f *tryFlags, t client.Trial) error {
	fmt.Fprintf(s.Stderr, "trying %s of %s on %s; Ctrl-C stops it\n", t.Operation, t.File, cmp.Or(f.device, f.address))
	show := &trialView{session: s, dryRun: t.DryRun}
	var steps []client.TrialStep
	err := api.Try(ctx, t, func(step client.TrialStep) {
		steps = append(steps, step)
		if s.output == "table" {
			show.step(step)
		}
	})
	if ctx.Err() != nil {
		fmt.Fprintln(s.Stderr, "drydock: interrupted: nothing more is sent to the device and its files are offered no longer; what it has begun it may finish")
		return exitError(fault.ExitFailed)
	}
	if err != nil {
		return err
	}
	if s.output != "table" {
		if err := s.print(steps, nil); err != nil {
			return err
		}
	}
	last := steps[len(steps)-1]
	if last.Backup != "" {
		if err := s.arrived(ctx, api, f, last.Backup); err != nil {
			return err
		}
	}
	if last.Verdict != procedure.Succeeded {
		return exitError(fault.ExitFailed)
	}
	return nil
}

// arrived says what came of a backup, and writes it where it is wanted.
func (s *session) arrived(ctx context.Context, api *client.Client, f *tryFlags, id fleet.BackupID) error {
	content, err := api.BackupContent(ctx, id)
	if err != nil {
		return err
	}
	where := "; it is kept nowhere: --out FILE writes it"
	if f.address == "" {
		where = "; the server keeps it as " + string(id)
	}
	if f.out != "" {
		if err := s.writeNew(f.out, content); err != nil {
			return err
		}
		where = ", written to " + f.out
	}
	fmt.Fprintf(s.Stderr, "a whole configuration has arrived: %d octets, %d lines%s\n", len(content), strings.Count(string(content), "\n"), where)
	return nil
}

// readDriver reads a driver file and, where wanted, MIB modules.
func readDriver(path, mibDir string) (raw []byte, library *mib.Library, err error) {
	if raw, err = os.ReadFile(path); err != nil {
		return nil, nil, usagef("driver file: %w", err)
	}
	if mibDir == "" {
		return raw, nil, nil
	}
	library, err = readModules(mibDir)
	return raw, library, err
}

func readModules(dir string) (*mib.Library, error) {
	if info, err := os.Stat(dir); err != nil || !info.IsDir() {
		return nil, usagef("--mib-dir %s: it is not a directory that can be read", dir)
	}
	library, err := mib.Read(os.DirFS(dir))
	if err != nil {
		return nil, usagef("--mib-dir %s: %w", dir, err)
	}
	return library, nil
}
