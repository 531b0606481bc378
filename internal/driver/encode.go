package driver

import (
	"encoding/hex"
	"fmt"
	"net/netip"
	"strconv"
	"strings"

	"drydock/internal/fleet"
)

func hexOf(d fleet.Digest) string { return strings.TrimPrefix(string(d), "sha256:") }

// encode makes the value of an object from a text: a template filled in, or
// the name of an enumeration's value.
func (o *mibObject) encode(oid, text string) (Varbind, error) {
	vb := Varbind{OID: oid}
	var err error
	switch o.kind {
	case kindInteger, kindRowStatus, kindTruth:
		vb.Type = TypeInteger
		vb.Int, err = o.number(text, -1<<31, 1<<31-1)
	case kindGauge:
		vb.Type = TypeGauge
		vb.Int, err = o.number(text, 0, 1<<32-1)
	case kindTimeTicks:
		vb.Type = TypeTimeTicks
		vb.Int, err = o.number(text, 0, 1<<32-1)
	case kindCounter:
		err = fmt.Errorf("a counter cannot be set")
	case kindText, kindURI:
		vb.Type, vb.Text = TypeText, text
		const longestText = 65535 // RFC 3416: OCTET STRING (SIZE (0..65535))
		if len(text) > longestText {
			err = fmt.Errorf("the text has %d octets; %d at most", len(text), longestText)
		}
	case kindOctets:
		vb.Type = TypeOctets
		vb.Bytes, err = hex.DecodeString(strings.TrimPrefix(text, "0x"))
	case kindOID:
		vb.Type, vb.Text = TypeOID, text
		err = checkOID(text)
	default:
		return o.encodeAddress(vb, text)
	}
	if err != nil {
		return Varbind{}, fmt.Errorf("object %s: %w", o.name, err)
	}
	return vb, nil
}

// encodeAddress makes the values that hold the address of the file server.
func (o *mibObject) encodeAddress(vb Varbind, text string) (Varbind, error) {
	var address netip.Addr
	var port netip.AddrPort
	var err error
	if o.kind == kindTAddress {
		if port, err = netip.ParseAddrPort(text); err != nil {
			return vb, fmt.Errorf("object %s: %q is not an address and port, %q", o.name, text, "192.0.2.1:69")
		}
		address = port.Addr()
	} else if address, err = netip.ParseAddr(text); err != nil {
		return vb, fmt.Errorf("object %s: %q is not an IP address", o.name, text)
	}
	address = address.Unmap()
	switch o.kind {
	case kindIPAddress:
		if !address.Is4() {
			return vb, fmt.Errorf("object %s holds IPv4 addresses only; %s is not one", o.name, address)
		}
		vb.Type, vb.Text = TypeIPAddress, address.String()
	case kindInetType:
		if vb.Type, vb.Int = TypeInteger, 1; address.Is6() {
			vb.Int = 2
		}
	case kindInetAddress:
		vb.Type, vb.Bytes = TypeOctets, address.AsSlice()
	case kindTAddress: // transport address: octets of the address, then the port (RFC 3419 section 4)
		vb.Type = TypeOctets
		vb.Bytes = append(address.AsSlice(), byte(port.Port()>>8), byte(port.Port()))
	}
	return vb, nil
}

func (o *mibObject) number(text string, low, high int64) (int64, error) {
	if v, ok := o.values[text]; ok {
		return v, nil
	}
	v, err := strconv.ParseInt(text, 10, 64)
	if err != nil || v < low || v > high {
		return 0, fmt.Errorf("%q is not a number from %d to %d", text, low, high)
	}
	return v, nil
}

// textOf is the value as text, numbers in decimal.
func (v Varbind) textOf() string {
	switch v.Type {
	case TypeText, TypeOID, TypeIPAddress:
		return v.Text
	case TypeOctets:
		return string(v.Bytes)
	case TypeMissing, "":
		return ""
	}
	return strconv.FormatInt(v.Int, 10)
}

// number is the value as a number; families exist that give numbers as text.
func (v Varbind) number() (int64, bool) {
	switch v.Type {
	case TypeInteger, TypeGauge, TypeCounter, TypeTimeTicks:
		return v.Int, true
	case TypeText, TypeOctets:
		n, err := strconv.ParseInt(strings.TrimSpace(v.textOf()), 10, 64)
		return n, err == nil
	}
	return 0, false
}

func (v Varbind) missing() bool { return v.Type == TypeMissing || v.Type == "" }

// same says whether two varbinds have the same value, however octets are held.
func (v Varbind) same(w Varbind) bool {
	if v.missing() || w.missing() {
		return v.missing() && w.missing()
	}
	return v.textOf() == w.textOf()
}
