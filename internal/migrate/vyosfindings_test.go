package migrate

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestVyOSFindings: where VyOS itself loses something or cannot know it, the
// pack tells a person, at the line in question.
func TestVyOSFindings(t *testing.T) {
	p := vyosPack(t)
	for _, c := range []struct {
		file, rule string
		severity   Severity
		text, says string
	}{
		{"cluster-obstacles", "cluster-to-vrrp", Manual, "group APP {", "services that are no IPv4 addresses"},
		{"cluster-obstacles", "cluster-to-vrrp", Manual, "group WEB {", "on several interfaces"},
		{"cluster-obstacles", "cluster-to-vrrp", Manual, "group DB {", "without an interface"},
		{"cluster-groups", "cluster-to-vrrp", Warning, "primary one", "the higher priority"},
		{"rpki-keys", "rpki-ssh-keys", Manual, "ssh {", "pki openssh rpki-192.0.2.1"},
		{"rpki-keys", "rpki-ssh-keys", Warning, "known-hosts-file /config/known", "no longer compares"},
		{"firewall-oldest", "firewall-stricter-rules", Warning, "monthdays 1,15", "every day of the month"},
		{"firewall-oldest", "firewall-stricter-rules", Warning, "time 60", "one minute"},
		{"firewall-oldest", "firewall-families", Warning, "config-trap disable", "no SNMP trap"},
		{"policy-orphans", "policy-interfaces", Warning, "route GONE", "no policy routes"},
		{"bgp-oldest", "quagga-peer-options", Warning, "peer-group PG", "one group"},
		{"vrf-limits", "vrf-limits", Warning, "name 1red {", "table 102 in place of 70000"},
		{"vrf-limits", "vrf-limits", Warning, "name 1red {", "is called a1red"},
		{"monitoring-and-qos-oldest", "conntrack-custom-timeouts", Warning, "rule 2 {", "not for TCP"},
		{"monitoring-and-qos-oldest", "lldp-location", Warning, "civic-based {", "postal address"},
		{"openvpn-ciphers", "openvpn-weak-ciphers", Warning, "cipher bf128", "is broken"},
		{"openvpn-ciphers", "interfaces-openvpn-pki", Manual, "key-file /config/auth/key.pem", "pki certificate openvpn_vtun0 private key"},
		{"openvpn-ciphers", "interfaces-openvpn-pki", Manual, "shared-secret-key-file /config/auth/secret", "openvpn_vtun1_shared"},
		{"interfaces-oldest", "interfaces-wireguard-keys", Manual, "wireguard wg0 {", "/config/auth/wireguard/default/private.key"},
	} {
		input, err := os.ReadFile(filepath.Join("../../migrations/vyos/cases", c.file+".boot"))
		if err != nil {
			t.Fatal(err)
		}
		r, err := p.Apply("", "", input)
		if err != nil {
			t.Fatal(err)
		}
		if !hasFinding(r, c.rule, c.severity, c.text, c.says) {
			t.Errorf("%s: no finding of %s that is %s at %q and says %q", c.file, c.rule, c.severity, c.text, c.says)
		}
	}
}

func hasFinding(r *Result, rule string, severity Severity, text, says string) bool {
	for _, f := range r.Findings {
		if f.Rule == rule && f.Severity == severity && strings.TrimSpace(f.Text) == text && strings.Contains(f.Message, says) {
			return true
		}
	}
	return false
}

// TestVyOSDamagedValues: a command whose value is missing stops no migration.
func TestVyOSDamagedValues(t *testing.T) {
	p := vyosPack(t)
	for _, name := range []string{"firewall-oldest", "firewall-chains", "policy-oldest", "nat-oldest", "bgp-oldest", "routing-oldest", "vrrp-oldest", "cluster-groups", "monitoring-and-qos-oldest", "vrf-limits", "rpki-keys", "interfaces-oldest", "interfaces-emptied", "openvpn-ciphers"} {
		input, err := os.ReadFile(filepath.Join("../../migrations/vyos/cases", name+".boot"))
		if err != nil {
			t.Fatal(err)
		}
		for turn := range 6 {
			damaged := withoutValues(string(input), turn, 6)
			r, err := p.Apply("", "", []byte(damaged))
			if err != nil {
				t.Errorf("%s, turn %d: %v", name, turn, err)
				continue
			}
			checkAccount(t, []byte(damaged), r)
		}
	}
}

// withoutValues leaves the values out of every nth command.
func withoutValues(text string, turn, nth int) string {
	lines := strings.Split(text, "\n")
	for i, line := range lines {
		words := strings.Fields(line)
		if i%nth == turn && len(words) > 1 && words[len(words)-1] != "{" && !strings.HasPrefix(words[0], "/") {
			lines[i] = line[:strings.Index(line, words[0])] + words[0]
		}
	}
	return strings.Join(lines, "\n")
}
