package cli

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"drydock/internal/fault"
)

// ServeOptions are the flags of drydock serve.
type ServeOptions struct {
	Data             string
	Database         string
	Engine           string
	HTTP             string
	Metrics          string
	LogFormat        string
	LogLevel         string
	URL              string
	TFTP             string
	FTP              string
	FTPPassive       string // "FIRST-LAST" of the passive ports
	Trap             string
	ServerAddress    string
	Drivers          string
	MIBDir           string
	Migrations       string
	KeyFile          string
	Key              string // from the environment
	ProvisioningPort uint16
	SinglePort       bool
	Rate             float64
	ApproveAbove     int
	TLSCert          string
	TLSKey           string
	OwnCA            bool
	TLSNames         []string
	Proxies          []string
	Drain            time.Duration
}

// DemoOptions are the flags of drydock demo.
type DemoOptions struct {
	Devices int
	Answers string // "ask" or "auto"
	HTTP    string
	Data    string // empty: a fresh directory that is removed at the end
	Hold    bool   // leave the server running at the end
	Verbose bool   // the server's log on stderr
}

// SimOptions are the flags of drydock sim.
type SimOptions struct {
	Devices     int
	Personality string // of vendors' equipment; empty: drydock's own
	TFTPPort    uint16 // of the file server, for personalities whose MIB has no object for it
	FTPPort     uint16
	Driver      string
	First       string
	Port        int
	Faults      string
	Quirks      string
	Version     string
	Seed        uint64
	TrapSink    string
	EffectLog   string
	Import      string
	Speed       float64
	Strict      bool
}

func (s *session) serveCommand() *cobra.Command {
	var o ServeOptions
	c := &cobra.Command{
		Use:   "serve",
		Short: "Run the server: SNMP manager, TFTP and FTP file server, store, engine, HTTP API",
		Long: `Run the server. At its first start it makes, in the data directory, the key that
seals backups and credentials (key, keep a copy elsewhere: without it no backup can
be opened) and the API's token (token), both readable by their owner only.

The key can also come from DRYDOCK_KEY. One process uses a store at a time.`,
		Args: cobra.NoArgs,
	}
	flags := c.Flags()
	flags.StringVar(&o.Data, "data", s.dataDir(), "data `DIR`")
	flags.StringVar(&o.Database, "database", "", "store `URL`: postgres://..., or a path for SQLite (default: drydock.db in the data directory)")
	flags.StringVar(&o.Engine, "engine", "local", "engine `URL`: local")
	flags.StringVar(&o.HTTP, "http", "127.0.0.1:8480", "`ADDR` of the HTTP API")
	flags.StringVar(&o.URL, "url", "", "`URL` where people reach this server, for links in notifications (default: where it listens)")
	flags.StringVar(&o.LogFormat, "log-format", "text", "`FORMAT` of the log on stderr: text or json")
	flags.StringVar(&o.LogLevel, "log-level", "info", "`LEVEL` from which on it is written: debug, info, warn or error")
	flags.StringVar(&o.Metrics, "metrics", "", "`ADDR` that serves /metrics without a token; empty: only the API does, with one")
	flags.StringVar(&o.TFTP, "tftp", ":69", "`ADDR` of the TFTP server; empty: none")
	flags.StringVar(&o.FTP, "ftp", ":21", "`ADDR` of the FTP server; empty: none")
	flags.StringVar(&o.FTPPassive, "ftp-passive", "", "`FIRST-LAST` of the FTP server's passive ports (default: any)")
	flags.StringVar(&o.Trap, "trap", ":162", "`ADDR` of the trap receiver; empty: none")
	flags.StringVar(&o.ServerAddress, "server-address", "", "`IP` that devices reach this server at (default: the one that routes to each device)")
	flags.StringVar(&o.Drivers, "drivers", "", "`DIR` with more driver files, *.yaml; of the same name they replace drydock's own")
	flags.StringVar(&o.MIBDir, "mib-dir", "", "`DIR` with the MIB modules whose names those driver files use")
	flags.StringVar(&o.Migrations, "migrations", "", "`DIR` with more migration packs")
	flags.StringVar(&o.KeyFile, "key-file", "", "`FILE` with the sealing key (default: key in the data directory)")
	flags.Uint16Var(&o.ProvisioningPort, "provisioning-port", 69, "`PORT` of the TFTP servers that devices get their configuration from by themselves, as cable modems do")
	flags.BoolVar(&o.SinglePort, "tftp-single-port", false, "answer TFTP from the listening port only, for firewalls")
	flags.IntVar(&o.ApproveAbove, "approve-above", 0, "campaigns of more than `N` devices start when a second person approves them; 0: all start at once")
	flags.DurationVar(&o.Drain, "drain", 30*time.Second, "when it is told to stop, how long transfers under way may go on; a second Ctrl-C breaks them off")
	flags.Float64Var(&o.Rate, "rate", 200, "requests a second, `N`, that one user or token may make for long; ten times as many at once")
	flags.StringVar(&o.TLSCert, "tls-cert", "", "serve HTTPS with the certificate in `FILE` (PEM; with what leads to its CA); new ones are taken without a restart")
	flags.StringVar(&o.TLSKey, "tls-key", "", "`FILE` with the certificate's key (PEM)")
	flags.BoolVar(&o.OwnCA, "tls-own-ca", false, "serve HTTPS with a CA that is made in the data directory (ca.pem: give it to clients)")
	flags.StringSliceVar(&o.Proxies, "trusted-proxy", nil, "`ADDRESS` or network of a proxy that ends TLS before this server, repeatable: its X-Forwarded-For and X-Forwarded-Proto count")
	flags.StringSliceVar(&o.TLSNames, "tls-name", nil, "with --tls-own-ca: one more `NAME` or address that clients call this server, repeatable")
	c.RunE = func(c *cobra.Command, _ []string) error {
		if o.Drain < 0 {
			return usagef("--drain %s: a time is expected, as 30s, or 0", o.Drain)
		}
		if o.ApproveAbove < 0 {
			return usagef("--approve-above %d: a number of devices is expected, or 0", o.ApproveAbove)
		}
		o.Key = s.Env("DRYDOCK_KEY")
		err := s.Serve(c.Context(), o, Streams{s.Stdout, s.Stderr})
		if c.Context().Err() != nil && errors.Is(err, context.Canceled) { // one that serves ends without an error
			fmt.Fprintln(s.Stderr, "drydock: interrupted while the server was starting; the next start goes on from what there is")
			return exitError(fault.ExitFailed)
		}
		return err
	}
	return c
}

func (s *session) demoCommand() *cobra.Command {
	var o DemoOptions
	c := &cobra.Command{
		Use:   "demo",
		Short: "Show it all with nothing to install: server and simulated fleet on loopback",
		Long: `Start the server with a fresh store and a simulated fleet that speaks real SNMP,
TFTP and FTP on loopback; update it; fail some devices on purpose; ask.
` + exitCodes,
		Args: cobra.NoArgs,
	}
	flags := c.Flags()
	flags.IntVar(&o.Devices, "devices", 24, "`N` simulated devices, at least 6")
	flags.StringVar(&o.Answers, "answers", "ask", "`WHO` answers questions: ask (you do) or auto (the demonstration's own answers)")
	flags.StringVar(&o.HTTP, "http", "127.0.0.1:8480", "`ADDR` of the HTTP API")
	flags.StringVar(&o.Data, "data", "", "data `DIR` (default: a fresh one, removed at the end)")
	flags.BoolVar(&o.Verbose, "verbose", false, "show the server's log")
	flags.BoolVar(&o.Hold, "hold", false, "leave the server running at the end, until Ctrl-C")
	c.RunE = func(c *cobra.Command, _ []string) error {
		if o.Answers != "ask" && o.Answers != "auto" {
			return usagef("--answers %s: it is ask or auto", o.Answers)
		}
		if o.Devices < 6 || o.Devices > 1000 {
			return usagef("--devices %d: between 6 and 1000", o.Devices)
		}
		return s.demo(c.Context(), o)
	}
	return c
}

func (s *session) simCommand() *cobra.Command {
	var o SimOptions
	c := &cobra.Command{
		Use:   "sim",
		Short: "Simulate a fleet of equipment on loopback, until Ctrl-C",
		Args:  cobra.NoArgs,
	}
	flags := c.Flags()
	flags.IntVar(&o.Devices, "devices", 24, "`N` devices, up to 10,000")
	flags.StringVar(&o.Driver, "driver", "drydock-iad", "`NAME` of the driver whose equipment is simulated")
	flags.StringVar(&o.Personality, "personality", "", "simulate vendors' equipment instead: `NAME` is cisco-ios, comware, fastpath, huawei-access or huawei-vrp")
	flags.Uint16Var(&o.TFTPPort, "tftp-port", 69, "with --personality: `PORT` of the file server's TFTP; the vendors' MIBs have no object for it")
	flags.Uint16Var(&o.FTPPort, "ftp-port", 21, "with --personality: `PORT` of the file server's FTP")
	flags.StringVar(&o.First, "first", "127.1.0.1", "`ADDRESS` of the first device")
	flags.IntVar(&o.Port, "port", 1161, "UDP `PORT` of the SNMP agents")
	flags.StringVar(&o.Faults, "faults", "", "fault `SPEC`, as \"dev=3 op=update fault=fail count=1; dev=5 op=backup fault=hang\"")
	flags.StringVar(&o.Quirks, "quirks", "", "peculiarities of all devices, as \"snmp=v1 silent-writes max-message=484 tftp-blksize=1428 ftp-active\"")
	flags.StringVar(&o.Version, "software", "1.4", "`VERSION` that the devices run")
	flags.Uint64Var(&o.Seed, "seed", 1, "`SEED` of names, numbers and timings")
	flags.StringVar(&o.TrapSink, "trap-sink", "", "`HOST:PORT` that notifications go to")
	flags.StringVar(&o.EffectLog, "effect-log", "", "append every effect to `FILE`")
	flags.StringVar(&o.Import, "import", "", "write the fleet to `FILE` for drydock device import")
	flags.Float64Var(&o.Speed, "speed", 1, "make the devices `N` times as fast")
	flags.BoolVar(&o.Strict, "strict", false, "new software refuses the old form of the configuration")
	c.RunE = func(c *cobra.Command, _ []string) error {
		if o.Port < 0 || o.Port > 65535 {
			return usagef("--port %d: a port is a number up to 65535", o.Port)
		}
		if o.Import != "" && !isImport(o.Import) {
			return usagef("--import %s: the file's name must end in .csv, .yaml or .yml", o.Import)
		}
		return s.Sim(c.Context(), o, Streams{s.Stdout, s.Stderr})
	}
	return c
}

// ShutdownTime is how long a started part may take to end after Ctrl-C.
const ShutdownTime = 10 * time.Second
