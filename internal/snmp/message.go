package snmp

import (
	"errors"
	"fmt"
	"net/netip"
)

// The versions as they stand in a message.
const (
	version1  = 0
	version2c = 1
	version3  = 3
)

// The PDU types (RFC 3416 section 3; Trap-PDU: RFC 1157 section 4.1.6).
const (
	pduGet      byte = 0xa0
	pduGetNext  byte = 0xa1
	pduResponse byte = 0xa2
	pduSet      byte = 0xa3
	pduTrapV1   byte = 0xa4
	pduGetBulk  byte = 0xa5
	pduInform   byte = 0xa6
	pduTrapV2   byte = 0xa7
	pduReport   byte = 0xa8
)

// The bits of msgFlags (RFC 3412 section 6.4).
const (
	flagAuth       byte = 1
	flagPriv       byte = 2
	flagReportable byte = 4

	levelFlags = flagAuth | flagPriv
)

const (
	securityModelUSM = 3
	minMaxSize       = 484   // RFC 3412 section 6.3
	maxMessageSize   = 65507 // of a UDP datagram over IPv4
)

// message is an SNMP message of any version. What decodeMessage gives aliases
// its buffer, except for the varbinds.
type message struct {
	Version   int    // version1, version2c, version3
	Community []byte // v1 and v2c

	MsgID         int32 // v3 (RFC 3412 section 6)
	MaxSize       int32
	Flags         byte
	SecurityModel int32
	USM           usmParameters

	ContextEngineID []byte
	ContextName     []byte
	PDU             pdu // with its type only, if Trap is set
	Trap            *trapPDU

	encrypted []byte // the scopedPDU that open has still to decrypt
	wire      []byte // the whole message as received
	authAt    int    // where in it the octets of authParams begin
}

// usmParameters are msgSecurityParameters (RFC 3414 section 2.4).
type usmParameters struct {
	EngineID   []byte // of the authoritative engine
	Boots      uint32
	Time       uint32
	User       []byte
	AuthParams []byte
	PrivParams []byte
}

// pdu is every PDU but the v1 Trap-PDU. In a GETBULK ErrorStatus stands for
// non-repeaters and ErrorIndex for max-repetitions.
type pdu struct {
	Type        byte
	RequestID   int32
	ErrorStatus int32
	ErrorIndex  int32
	Varbinds    []Varbind
}

// trapPDU is the Trap-PDU of SNMPv1 (RFC 1157 section 4.1.6).
type trapPDU struct {
	Enterprise OID
	AgentAddr  netip.Addr // IPv4
	Generic    int32
	Specific   int32
	Timestamp  uint32 // hundredths of a second
	Varbinds   []Varbind
}

// decodeMessage takes one datagram apart. The PDU of an encrypted message
// comes only with open. It keeps buf.
func decodeMessage(buf []byte) (*message, error) {
	whole := newBERReader(buf)
	body, err := whole.expect(tagSequence)
	if err != nil {
		return nil, err
	}
	version, err := body.int32(0)
	if err != nil {
		return nil, err
	}
	m := &message{Version: int(version), wire: buf[:whole.at]}
	switch version {
	case version1, version2c:
		if m.Community, err = body.octets(); err == nil {
			err = m.decodePDU(&body)
		}
	case version3:
		err = m.decodeV3(&body)
	default:
		err = fmt.Errorf("SNMP version number %d is not known", version)
	}
	if err != nil {
		return nil, err
	}
	return m, nil
}

func (m *message) decodeV3(body *berReader) error {
	header, err := body.expect(tagSequence)
	if err != nil {
		return err
	}
	var flags []byte
	err = inOrder(
		func() (err error) { m.MsgID, err = header.int32(0); return },
		func() (err error) { m.MaxSize, err = header.int32(minMaxSize); return },
		func() (err error) { flags, err = header.octets(); return },
		func() (err error) { m.SecurityModel, err = header.int32(1); return },
	)
	if err != nil {
		return err
	}
	if len(flags) != 1 || flags[0]&(flagAuth|flagPriv) == flagPriv {
		return errors.New("msgFlags are not valid (RFC 3412 section 6.4)")
	}
	m.Flags = flags[0]
	if m.SecurityModel != securityModelUSM {
		return fmt.Errorf("security model %d is not known", m.SecurityModel)
	}
	if err := m.decodeUSM(body); err != nil {
		return err
	}
	if m.Flags&flagPriv != 0 {
		m.encrypted, err = body.octets()
		return err
	}
	return m.decodeScoped(body)
}

func (m *message) decodeUSM(body *berReader) error {
	octets, err := body.expect(tagOctets)
	if err != nil {
		return err
	}
	seq, err := octets.expect(tagSequence)
	if err != nil {
		return err
	}
	u := &m.USM
	var boots, seconds int32
	err = inOrder(
		func() (err error) { u.EngineID, err = seq.octets(); return },
		func() (err error) { boots, err = seq.int32(0); return },
		func() (err error) { seconds, err = seq.int32(0); return },
		func() (err error) { u.User, err = seq.octets(); return },
		func() error {
			auth, err := seq.expect(tagOctets)
			u.AuthParams, m.authAt = auth.bytes(), auth.at
			return err
		},
		func() (err error) { u.PrivParams, err = seq.octets(); return },
	)
	u.Boots, u.Time = uint32(boots), uint32(seconds)
	if err == nil && (len(u.EngineID) > 32 || len(u.User) > 32) {
		err = errors.New("engine ID or user name of more than 32 octets (RFC 3414 section 2.4)")
	}
	return err
}

// decodeScoped reads a ScopedPDU (RFC 3412 section 6.8).
func (m *message) decodeScoped(r *berReader) error {
	scoped, err := r.expect(tagSequence)
	if err != nil {
		return err
	}
	return inOrder(
		func() (err error) { m.ContextEngineID, err = scoped.octets(); return },
		func() (err error) { m.ContextName, err = scoped.octets(); return },
		func() error { return m.decodePDU(&scoped) },
	)
}

func (m *message) decodePDU(r *berReader) error {
	tag, body, err := r.next()
	if err != nil {
		return err
	}
	m.PDU.Type = tag
	switch tag {
	case pduTrapV1:
		if m.Version != version1 {
			return errors.New("a Trap-PDU of SNMPv1 in a message of another version")
		}
		return m.decodeTrap(&body)
	case pduGet, pduGetNext, pduResponse, pduSet, pduGetBulk, pduInform, pduTrapV2, pduReport:
	default:
		return fmt.Errorf("PDU type %#x is not known", tag)
	}
	lowest := int32(-1 << 31)
	return inOrder(
		func() (err error) { m.PDU.RequestID, err = body.int32(lowest); return },
		func() (err error) { m.PDU.ErrorStatus, err = body.int32(lowest); return },
		func() (err error) { m.PDU.ErrorIndex, err = body.int32(lowest); return },
		func() (err error) { m.PDU.Varbinds, err = decodeVarbinds(&body); return },
	)
}

func (m *message) decodeTrap(body *berReader) error {
	var t trapPDU
	err := inOrder(
		func() error {
			c, err := body.expect(byte(ObjectIdentifier))
			if err == nil {
				t.Enterprise, err = berOID(c.bytes())
			}
			return err
		},
		func() error {
			c, err := body.expect(byte(IPAddress))
			if addr, ok := netip.AddrFromSlice(c.bytes()); ok && addr.Is4() {
				t.AgentAddr = addr
			} else if err == nil {
				err = errors.New("the agent-addr of a Trap-PDU has 4 octets")
			}
			return err
		},
		func() (err error) { t.Generic, err = body.int32(0); return },
		func() (err error) { t.Specific, err = body.int32(-1 << 31); return },
		func() error {
			c, err := body.expect(byte(TimeTicks))
			if err != nil {
				return err
			}
			ticks, err := berUnsigned(c.bytes(), 1<<32-1)
			t.Timestamp = uint32(ticks)
			return err
		},
		func() (err error) { t.Varbinds, err = decodeVarbinds(body); return },
	)
	m.Trap = &t
	return err
}

func decodeVarbinds(r *berReader) ([]Varbind, error) {
	list, err := r.expect(tagSequence)
	if err != nil {
		return nil, err
	}
	var vars []Varbind
	for !list.empty() {
		bind, err := list.expect(tagSequence)
		if err != nil {
			return nil, err
		}
		name, err := bind.expect(byte(ObjectIdentifier))
		if err != nil {
			return nil, err
		}
		oid, err := berOID(name.bytes())
		if err != nil {
			return nil, err
		}
		tag, content, err := bind.next()
		if err != nil {
			return nil, err
		}
		value, err := berValue(tag, content.bytes())
		if err != nil {
			return nil, err
		}
		vars = append(vars, Varbind{OID: oid, Value: value})
	}
	return vars, nil
}

// inOrder does one step after the other up to the first error.
func inOrder(steps ...func() error) error {
	for _, step := range steps {
		if err := step(); err != nil {
			return err
		}
	}
	return nil
}
