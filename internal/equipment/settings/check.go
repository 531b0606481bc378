package settings

import (
	"crypto/ed25519"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"net/netip"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

func (s *Settings) defaults() {
	set := func(at *string, to string) {
		if *at == "" {
			*at = to
		}
	}
	span := func(at *Duration, to time.Duration) {
		if *at == 0 {
			*at = Duration(to)
		}
	}
	set(&s.State, "/var/lib/drydock-agent")
	set(&s.BootID, "/proc/sys/kernel/random/boot_id")
	set(&s.Software.Loader, "command")
	set(&s.Software.RAUC.Program, "rauc")
	set(&s.Software.SWUpdate.Program, "swupdate")
	set(&s.Software.Sysupgrade.Program, "sysupgrade")
	set(&s.Software.Restart.Wait, "machine")
	set(&s.Configuration.Version.Text, "1")
	if s.Configuration.Version.File != "" || len(s.Configuration.Version.Command) > 0 {
		s.Configuration.Version.Text = ""
	}
	span(&s.Software.Restart.Within, 5*time.Minute)
	span(&s.Software.Health.Within, 5*time.Minute)
	span(&s.Software.Health.Every, 5*time.Second)
	span(&s.Transfer.Timeout, 30*time.Second)
	for i := range s.SNMP.Users {
		set(&s.SNMP.Users[i].Access, "read")
	}
}

// check says everything that is wrong.
func (s *Settings) check() error {
	var all []error
	wrong := func(where, format string, args ...any) {
		all = append(all, fmt.Errorf(where+": "+format, args...))
	}
	for _, part := range []struct {
		name   string
		source Source
	}{{"identity.serial", s.Identity.Serial}, {"identity.model", s.Identity.Model}, {"software.version", s.Software.Version}} {
		if part.source.IsZero() {
			wrong(part.name, "it is missing: a text, {file: ..., key: ...} or {command: [...]}")
		}
	}
	for name, path := range map[string]string{"state": s.State, "boot-id": s.BootID} {
		if !filepath.IsAbs(path) {
			wrong(name, "%q is not an absolute path", path)
		}
	}
	s.checkSNMP(wrong)
	s.checkSoftware(wrong)
	s.checkAutonomous(wrong)
	if len(s.Configuration.Files) == 0 {
		wrong("configuration.files", "it is missing: the files that are backed up and recovered")
	}
	if s.Transfer.Address != "" {
		if _, err := netip.ParseAddr(s.Transfer.Address); err != nil {
			wrong("transfer.address", "%q is no IP address", s.Transfer.Address)
		}
	}
	return errors.Join(all...)
}

func (s *Settings) checkSNMP(wrong func(string, string, ...any)) {
	n := s.SNMP
	switch {
	case (n.Listen == "") == (n.AgentX == ""):
		wrong("snmp", "either listen (an address such as 0.0.0.0:161) or agentx (the master agent's socket) is needed")
	case n.Listen != "":
		if a, err := netip.ParseAddrPort(n.Listen); err != nil || !a.Addr().Is4() {
			wrong("snmp.listen", "%q is no IPv4 address with a port", n.Listen)
		}
		if len(n.Users) == 0 && n.Communities == (Communities{}) && !n.Enrolled {
			wrong("snmp.users", "nobody may ask: name SNMPv3 users, or write enrolled: true")
		}
	case len(n.Users) > 0 || n.Communities != (Communities{}) || len(n.Notify) > 0:
		wrong("snmp", "with agentx the users, communities and sinks are those of snmpd.conf")
	}
	if _, err := hex.DecodeString(n.EngineID); err != nil || n.EngineID != "" && (len(n.EngineID) < 10 || len(n.EngineID) > 64) {
		wrong("snmp.engine-id", "%q: it is 5 to 32 octets in hexadecimal (RFC 3411)", n.EngineID)
	}
	for _, u := range n.Users {
		if u.Access != "read" && u.Access != "write" {
			wrong("snmp.users", "%s: access %q; it can be read or write", u.Name, u.Access)
		}
	}
	for _, k := range n.Notify {
		if _, err := netip.ParseAddrPort(k.To); err != nil {
			wrong("snmp.notify", "%q is no address with a port", k.To)
		}
		known := slices.ContainsFunc(n.Users, func(u User) bool { return u.Name == k.User })
		if (k.User == "") == k.Community.IsZero() || k.User != "" && !known {
			wrong("snmp.notify", "%s: either a community or one of the users is needed", k.To)
		}
	}
}

func (s *Settings) checkSoftware(wrong func(string, string, ...any)) {
	w := s.Software
	switch w.Loader {
	case "command":
		if len(w.Command.Install) == 0 {
			wrong("software.command.install", "it is missing: the command that loads {image}")
		}
		if len(w.Command.Files) == 0 && len(w.Command.Revert) == 0 {
			wrong("software.command", "either files (that install changes, and keep keeps) or revert (a command that lets the other slot start) is needed")
		}
	case "rauc", "sysupgrade":
	case "swupdate":
		if len(w.SWUpdate.Revert) == 0 {
			wrong("software.swupdate.revert", "it is missing: the command that lets the other slot start")
		}
	default:
		wrong("software.loader", "%q; it can be command, rauc, swupdate or sysupgrade", w.Loader)
	}
	if w.Restart.Wait != "machine" && w.Restart.Wait != "service" {
		wrong("software.restart.wait", "%q; it can be machine or service", w.Restart.Wait)
	}
	if len(w.Restart.Command) == 0 {
		wrong("software.restart.command", "it is missing, for example [reboot]")
	}
	for _, key := range w.Trust {
		if raw, err := base64.StdEncoding.DecodeString(strings.TrimSpace(key)); err != nil || len(raw) != ed25519.PublicKeySize {
			wrong("software.trust", "%q is no ed25519 public key in base64", key)
		}
	}
}
