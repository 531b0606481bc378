package driver

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"drydock/internal/driver/mib"
	"drydock/internal/strictyaml"
)

// schema is what a driver's actions may name: the family's objects and the
// variables that templates read.
type schema struct {
	roots   map[string]string
	objects map[string]*mibObject
	vars    map[string]string     // Inputs.Vars: name and meaning
	roles   []string              // of files, "config" first
	modules *mib.Library          // where names are looked for that the driver does not describe; nil: nowhere
	taken   map[string]mib.Object // what was found there
	told    map[string]bool       // why names have no place: each is said once
}

// mibObject is one MIB object.
type mibObject struct {
	name, oid string
	kind      string
	values    map[string]int64 // of an enumeration
	scalar    bool
	writeOnly bool // reads as empty: passwords
	at        place
	from      string // the MIB module that it was found in; "" = the driver describes it
}

// The types of an object, as a driver names them. They say how a text from a
// template becomes a value.
const (
	kindInteger     = "integer"
	kindGauge       = "gauge"
	kindCounter     = "counter"
	kindTimeTicks   = "timeticks"
	kindText        = "text"
	kindURI         = "uri"
	kindOctets      = "octets"
	kindIPAddress   = "ipaddress"         // IpAddress
	kindInetAddress = "inet-address"      // InetAddress (RFC 4001): 4 or 16 octets
	kindInetType    = "inet-address-type" // InetAddressType: ipv4(1), ipv6(2)
	kindTAddress    = "taddress"          // TAddress (RFC 2579): address and port, 6 octets
	kindOID         = "oid"
	kindRowStatus   = "rowstatus"  // RowStatus (RFC 2579)
	kindTruth       = "truthvalue" // TruthValue (RFC 2579)
)

func kinds() []string {
	return []string{kindInteger, kindGauge, kindCounter, kindTimeTicks, kindText, kindURI, kindOctets, kindIPAddress,
		kindInetAddress, kindInetType, kindTAddress, kindOID, kindRowStatus, kindTruth}
}

// RowStatus (RFC 2579).
const (
	rowActive        = 1
	rowCreateAndGo   = 4
	rowCreateAndWait = 5
	rowDestroy       = 6
)

func rowStatusValues() map[string]int64 {
	return map[string]int64{"active": rowActive, "notInService": 2, "notReady": 3,
		"createAndGo": rowCreateAndGo, "createAndWait": rowCreateAndWait, "destroy": rowDestroy}
}

// standardObjects are known to every driver.
func standardObjects() map[string]*mibObject {
	all := map[string]*mibObject{}
	add := func(name, oid, kind string, scalar bool) {
		all[name] = &mibObject{name: name, oid: oid, kind: kind, scalar: scalar}
	}
	add("sysDescr", "1.3.6.1.2.1.1.1", kindText, true)
	add("sysObjectID", "1.3.6.1.2.1.1.2", kindOID, true)
	add("sysUpTime", "1.3.6.1.2.1.1.3", kindTimeTicks, true)
	add("sysName", "1.3.6.1.2.1.1.5", kindText, true)
	add("snmpEngineID", "1.3.6.1.6.3.10.2.1.1", kindOctets, true)
	add("snmpEngineBoots", "1.3.6.1.6.3.10.2.1.2", kindInteger, true)
	add("entPhysicalClass", "1.3.6.1.2.1.47.1.1.1.1.5", kindInteger, false)
	add("entPhysicalHardwareRev", "1.3.6.1.2.1.47.1.1.1.1.8", kindText, false)
	add("entPhysicalFirmwareRev", "1.3.6.1.2.1.47.1.1.1.1.9", kindText, false)
	add("entPhysicalSoftwareRev", "1.3.6.1.2.1.47.1.1.1.1.10", kindText, false)
	add("entPhysicalSerialNum", "1.3.6.1.2.1.47.1.1.1.1.11", kindText, false)
	add("entPhysicalModelName", "1.3.6.1.2.1.47.1.1.1.1.13", kindText, false)
	return all
}

// readRoots reads "roots": short names for prefixes.
func (s *schema) readRoots(r *reader, n strictyaml.Node) {
	for _, f := range r.fields(n, "roots") {
		if oid, ok := s.oidOf(r, f.value, f.key); ok {
			s.roots[f.key] = oid
		}
	}
}

// oidOf reads an OID: dotted numbers, or the name of a root or object and
// numbers.
func (s *schema) oidOf(r *reader, n strictyaml.Node, what string) (string, bool) {
	text, ok := r.text(n, what)
	if !ok {
		return "", false
	}
	text = strings.TrimPrefix(text, ".")
	head, rest, _ := strings.Cut(text, ".")
	if _, err := strconv.ParseUint(head, 10, 32); err != nil {
		base, known := s.roots[head]
		if o := s.objects[head]; !known && o != nil {
			base, known = o.oid, true
		}
		if !known && s.modules != nil {
			base, known = s.node(head)
		}
		if !known {
			names := slices.Sorted(maps.Keys(s.roots))
			if s.modules != nil {
				names = append(names, s.modules.Names()...)
			}
			r.Wrong(n.Place(), didYouMean(head, names), "%s: no root is called %q", what, head)
			return "", false
		}
		if text = base; rest != "" {
			text += "." + rest
		}
	}
	if err := checkOID(text); err != nil {
		r.Wrong(n.Place(), "", "%s is not an OID: %v", what, err)
		return "", false
	}
	return text, true
}

// checkOID holds an OID to RFC 3416 section 4.1: numbers, 128 at most.
func checkOID(oid string) error {
	const mostArcs = 128
	arcs := strings.Split(oid, ".")
	if len(arcs) < 2 || len(arcs) > mostArcs {
		return fmt.Errorf("%q has %d numbers; expected 2 to %d", oid, len(arcs), mostArcs)
	}
	for _, arc := range arcs {
		if _, err := strconv.ParseUint(arc, 10, 32); err != nil || (len(arc) > 1 && arc[0] == '0') {
			return fmt.Errorf("%q in %q is not a number from 0 to 4294967295", arc, oid)
		}
	}
	return nil
}

// scalarOID gives the instance of the scalar that a field names.
func (s *schema) scalarOID(r *reader, o object, key string) string {
	n, ok := o.need(key, "the name of a scalar")
	if !ok {
		return ""
	}
	name, _ := r.text(n, key)
	if s.objects[name] == nil || !s.objects[name].scalar {
		r.Wrong(n.Place(), "describe it under \"scalars\"", "there is no scalar %q", name)
		return ""
	}
	return s.objects[name].oid + ".0"
}

// readObjects reads "scalars" or "columns".
func (s *schema) readObjects(r *reader, n strictyaml.Node, scalar bool) {
	what := "columns"
	if scalar {
		what = "scalars"
	}
	for _, f := range r.fields(n, what) {
		if s.objects[f.key] != nil {
			r.Wrong(f.at, "choose another name", "object %q is there already", f.key)
			continue
		}
		if !isName(f.key) {
			r.Wrong(f.at, "use letters, digits, - and _", "%q cannot be the name of an object", f.key)
			continue
		}
		s.readObject(r, f, scalar)
	}
}

func (s *schema) readObject(r *reader, f field, scalar bool) {
	o := &mibObject{name: f.key, kind: kindText, scalar: scalar, at: f.at}
	s.objects[f.key] = o
	if _, isMap := f.value.Fields(); !isMap {
		o.oid, _ = s.oidOf(r, f.value, "object "+f.key)
		return
	}
	spec := r.object(f.value, "object "+f.key, "oid", "type", "values", "write-only")
	fallback := kindText
	if s.modules != nil && !spec.has("oid") {
		fallback = s.fromModule(r, o, f.at)
	} else if n, ok := spec.need("oid", "its OID, or a root and numbers"); ok {
		o.oid, _ = s.oidOf(r, n, "oid")
	}
	if spec.has("values") {
		fallback = kindInteger
	}
	o.kind = spec.word("type", fallback, kinds()...)
	o.writeOnly = spec.boolean("write-only")
	switch {
	case o.kind == kindRowStatus:
		o.values = rowStatusValues()
	case o.kind == kindTruth:
		o.values = map[string]int64{"true": 1, "false": 2}
	case spec.has("values"):
		o.values = s.readValues(r, spec.fields["values"].value, o)
	}
}

func (s *schema) readValues(r *reader, n strictyaml.Node, o *mibObject) map[string]int64 {
	if o.kind != kindInteger {
		r.Wrong(n.Place(), "leave out the type", "object %s is %s: only integers have named values", o.name, o.kind)
	}
	values, names := map[string]int64{}, map[int64]string{}
	for _, f := range r.fields(n, "values") {
		v := r.integer(f.value, f.key, -1<<31, 1<<32-1)
		if other, taken := names[v]; taken {
			r.Wrong(f.value.Place(), "", "value %d is %q already", v, other)
		}
		values[f.key], names[v] = v, f.key
	}
	return values
}

func isName(s string) bool {
	for _, c := range s {
		if !(c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '-' || c == '_') {
			return false
		}
	}
	return s != "" && (s[0] < '0' || s[0] > '9')
}

// label gives the name of an enumeration's value, or its number.
func (o *mibObject) label(v int64) string {
	for name, n := range o.values {
		if n == v {
			return name
		}
	}
	return strconv.FormatInt(v, 10)
}
