package cli

import (
	"strings"

	"github.com/spf13/cobra"
)

// examples are those of the commands that need only a line or two; each line is
// one.
var examples = map[string]string{
	"audit list":        "drydock audit list --actor alice --action start-runs",
	"audit verify":      "drydock audit verify\ndrydock audit verify --head 4711:9f2c...",
	"backup diff":       "drydock backup diff r7f3k2m9q-e3 r7f3k2m9q-e9",
	"backup list":       "drydock backup list --device iad-0042",
	"backup restore":    "drydock backup restore r7f3k2m9q-e3 --watch",
	"backup show":       "drydock backup show r7f3k2m9q-e3 --out iad-0042.conf",
	"backup take":       "drydock backup take iad-0042 iad-0043",
	"campaign approve":  "drydock campaign approve c5k2m9q7",
	"campaign cancel":   "drydock campaign cancel c5k2m9q7",
	"campaign filter":   "drydock campaign filter berlin-old --label site=berlin --version-now 1.4\ndrydock campaign plan --filter berlin-old --release iad-2.0",
	"campaign list":     "drydock campaign list --active",
	"campaign pause":    "drydock campaign pause c5k2m9q7",
	"campaign report":   "drydock campaign report c5k2m9q7 --out report.html",
	"campaign resume":   "drydock campaign resume c5k2m9q7",
	"campaign retry":    "drydock campaign retry c5k2m9q7\ndrydock campaign retry c5k2m9q7 iad-0042",
	"campaign show":     "drydock campaign show c5k2m9q7 --state failed",
	"campaign watch":    "drydock campaign watch c5k2m9q7",
	"demo":              "drydock demo\ndrydock demo --devices 100 --answers auto --hold",
	"device list":       "drydock device list --label site=berlin --version-now 1.4\ndrydock device list --search iad-00 -o json",
	"device pending":    "drydock device pending",
	"device refuse":     "drydock device refuse e5k2m9q7",
	"device remove":     "drydock device remove iad-0042 iad-0043",
	"device show":       "drydock device show iad-0042",
	"driver check":      "drydock driver check acme.yaml --mib-dir ./mibs",
	"driver list":       "drydock driver list",
	"driver match":      "drydock driver match --sysobjectid 1.3.6.1.4.1.9.1.1745 --sysdescr 'Cisco IOS Software, ... Version 16.9.6, ...'",
	"driver show":       "drydock driver show cisco-ios",
	"migrate apply":     "drydock migrate apply --pack drydock-iad --out iad-0042.new.conf iad-0042.conf",
	"migrate test":      "drydock migrate test ./my-pack\ndrydock migrate test ./my-pack --run vlan --update",
	"notify deliveries": "drydock notify deliveries --channel ops --state waiting",
	"notify list":       "drydock notify list",
	"notify remove":     "drydock notify remove ops",
	"notify test":       "drydock notify test ops",
	"oidc remove":       "drydock oidc remove",
	"oidc set":          "drydock oidc set oidc.yaml",
	"oidc show":         "drydock oidc show",
	"question list":     "drydock question list\ndrydock question list --group",
	"release list":      "drydock release list",
	"release show":      "drydock release show iad-2.0",
	"serve":             "drydock serve --data /var/lib/drydock\ndrydock serve --data ./practice --tftp 127.0.0.1:6969 --ftp 127.0.0.1:2121 --trap 127.0.0.1:1162",
	"sim":               "drydock sim --devices 100 --import fleet.yaml --faults 'dev=3 op=update fault=fail'\ndrydock sim --personality cisco-ios --devices 10 --tftp-port 6969 --ftp-port 2121 --import fleet.yaml",
	"token list":        "drydock token list",
	"token revoke":      "drydock token revoke t5k2m9q7",
	"update cancel":     "drydock update cancel r7f3k2m9q",
	"update list":       "drydock update list --active\ndrydock update list --device iad-0042",
	"update plan":       "drydock update plan --label site=berlin --release iad-2.0",
	"update show":       "drydock update show r7f3k2m9q\ndrydock update show r7f3k2m9q --bundle run.zip",
	"update watch":      "drydock update watch",
	"user list":         "drydock user list",
	"user password":     "drydock user password alice",
	"user remove":       "drydock user remove alice",
}

// withExamples gives the commands below c their examples.
func withExamples(c *cobra.Command) {
	for _, sub := range c.Commands() {
		withExamples(sub)
		if text := examples[strings.TrimPrefix(sub.CommandPath(), "drydock ")]; sub.Example == "" && text != "" {
			sub.Example = "  " + strings.ReplaceAll(text, "\n", "\n  ")
		}
	}
}
