package settings

import (
	"strings"
	"testing"
	"time"
)

const good = `
identity: {serial: X1, model: {file: /etc/model}}
snmp:
  listen: 127.0.0.1:161
  users: [{name: ops, auth: SHA-256, auth-password: a password, access: write}]
software:
  version: {file: /etc/os-release, key: VERSION_ID}
  room: 64MiB
  command: {install: [load, "{image}"], files: [/opt/app]}
  restart: {command: [systemctl, restart, app], wait: service, within: 90s}
configuration:
  files: [{name: app, path: /etc/app.ini, category: user, format: ini}]
`

func TestParseGivesDefaults(t *testing.T) {
	s, err := Parse("x", []byte(good))
	if err != nil {
		t.Fatal(err)
	}
	if s.Identity.Serial.Text != "X1" || s.Identity.Model.File != "/etc/model" || s.Software.Room != 64<<20 || s.State == "" || s.BootID == "" ||
		s.Software.Restart.Within != Duration(90*time.Second) || s.Software.Loader != "command" || s.Configuration.Version.Text != "1" {
		t.Errorf("%+v", s)
	}
}

func TestParseSaysWhatIsWrong(t *testing.T) {
	for change, want := range map[string]string{
		"serial: X1 -> seriall: X1":                                          "seriall",
		"serial: X1, -> ":                                                    "identity.serial: it is missing",
		"within: 90s -> within: ninety":                                      "no time span",
		"room: 64MiB -> room: large":                                         "no size",
		"wait: service -> wait: forever":                                     "machine or service",
		"access: write -> access: all":                                       "read or write",
		"listen: 127.0.0.1:161 -> listen: here":                              "no IPv4 address",
		"listen: 127.0.0.1:161 -> agentx: /run/agentx":                       "snmpd.conf",
		"room: 64MiB -> loader: opkg":                                        "command, rauc, swupdate or sysupgrade",
		", files: [/opt/app] -> ":                                            "either files",
		"software: -> autonomous: {window: 2-4}\nsoftware:":                  "write 02:00-04:00",
		"software: -> autonomous: {window: 02:00-02:10}\nsoftware:":          "shorter than loading",
		"software: -> autonomous: {every: 6h}\nsoftware:":                    "autonomous.source",
		"software: -> autonomous: {server: https://x, device: y}\nsoftware:": "token",
	} {
		from, to, _ := strings.Cut(change, " -> ")
		if !strings.Contains(good, from) {
			t.Fatalf("%q is not in the settings", from)
		}
		_, err := Parse("agent.yaml", []byte(strings.Replace(good, from, to, 1)))
		if err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), "agent.yaml") {
			t.Errorf("%s: %v; wanted %q", change, err, want)
		}
	}
}
