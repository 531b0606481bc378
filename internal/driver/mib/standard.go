package mib

import "fmt"

// standardNodes are places of the tree that makers' modules begin at (RFC 2578
// section 2): they are known without the files that define them.
func standardNodes() map[string]string {
	return map[string]string{"iso": "1", "ccitt": "0", "org": "1.3", "dod": "1.3.6", "internet": "1.3.6.1", "mgmt": "1.3.6.1.2", "mib-2": "1.3.6.1.2.1",
		"transmission": "1.3.6.1.2.1.10", "experimental": "1.3.6.1.3", "private": "1.3.6.1.4", "enterprises": "1.3.6.1.4.1", "snmpV2": "1.3.6.1.6",
		"snmpModules": "1.3.6.1.6.3"}
}

// standardTypes are textual conventions of RFC 2579 and others that makers'
// modules use, with what they come down to; those that the driver language has
// itself need no entry.
func standardTypes() map[string]Syntax {
	text, number := Syntax{Base: "OCTET STRING"}, Syntax{Base: "INTEGER"}
	return map[string]Syntax{"DisplayString": text, "PhysAddress": text, "MacAddress": text, "DateAndTime": text, "OwnerString": text, "SnmpAdminString": text,
		"SnmpEngineID": text, "TestAndIncr": number, "TimeInterval": number, "InterfaceIndex": {Base: "Integer32"}, "InetPortNumber": {Base: "Unsigned32"},
		"TimeStamp": {Base: "TimeTicks"}, "TimeTicks": {Base: "TimeTicks"}, "AutonomousType": {Base: "OBJECT IDENTIFIER"}}
}

// Missing says why a name that a module defines has no place: which name, of
// which module, is not there. "" where nothing is known of it.
func (l *Library) Missing(name string) string { return l.missing[name] }

// why follows a node that has no place to the name that is not there.
func (t *tree) why(m *module, n *node) string {
	for range deepest {
		if len(n.place) == 0 {
			return fmt.Sprintf("%s defines it in a way that cannot be read", m.name)
		}
		head := n.place[0]
		all := t.candidates(m, head)
		if len(all) == 0 {
			return absent(m, head)
		}
		m, n = all[0].m, all[0].n
	}
	return fmt.Sprintf("%s defines it below itself", m.name)
}

func absent(m *module, name string) string {
	from := m.imports[name]
	if from == "" {
		return fmt.Sprintf("%s has it, but no module defines %s, which it stands below", m.name, name)
	}
	return fmt.Sprintf("%s has it, but imports %s from %s, and that module is not there", m.name, name, from)
}
