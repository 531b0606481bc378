package sim

import (
	"fmt"
	"net/netip"
	"strconv"
	"strings"

	"drydock/internal/fault"
)

// ParseQuirks reads the text that the package comment describes into the spec:
// its Quirks, and the options of its TFTP and FTP clients. The error is
// fault.Invalid and says which word is wrong and what was expected.
func (s *Spec) ParseQuirks(text string) error {
	for _, word := range strings.Fields(text) {
		key, value, _ := strings.Cut(word, "=")
		read, known := quirkWords()[key]
		if !known {
			return fault.New(fault.Invalid, "read quirks", word, "expected one of %s", strings.Join(quirkNames(), ", "))
		}
		if err := read(s, value); err != nil {
			return fault.New(fault.Invalid, "read quirks", word, "%w", err)
		}
	}
	return s.Quirks.check()
}

// quirkNames are the words in the order of the package comment.
func quirkNames() []string {
	return []string{"snmp", "max-message", "silent-writes", "engine-of-software", "traps-from", "answers-from",
		"tftp-blksize", "tftp-window", "tftp-room", "tftp-to-one", "ftp-active"}
}

func quirkWords() map[string]func(s *Spec, value string) error {
	return map[string]func(s *Spec, value string) error{
		"snmp":               func(s *Spec, v string) error { s.Quirks.SNMP = strings.Split(v, ","); return nil },
		"max-message":        func(s *Spec, v string) error { return number(&s.Quirks.MaxMessage, v, minMessage, 65507) },
		"silent-writes":      func(s *Spec, v string) error { return set(&s.Quirks.SilentWrites, v) },
		"engine-of-software": func(s *Spec, v string) error { return set(&s.Quirks.EngineOfSoftware, v) },
		"traps-from":         func(s *Spec, v string) error { return source(&s.Quirks.TrapsFrom, v) },
		"answers-from":       func(s *Spec, v string) error { return source(&s.Quirks.AnswersFrom, v) },
		"tftp-blksize":       func(s *Spec, v string) error { return number(&s.TFTP.Blksize, v, 8, 65464) },
		"tftp-window":        func(s *Spec, v string) error { return number(&s.TFTP.Windowsize, v, 1, 65535) },
		"tftp-room":          func(s *Spec, v string) error { return number(&s.TFTP.Room, v, 8, 65464) },
		"tftp-to-one":        func(s *Spec, v string) error { return set(&s.TFTP.ToOne, v) },
		"ftp-active":         func(s *Spec, v string) error { return set(&s.FTP.Active, v) },
	}
}

func number(to *int, value string, low, high int) error {
	n, err := strconv.Atoi(value)
	if err != nil || n < low || n > high {
		return fmt.Errorf("expected a number from %d to %d", low, high)
	}
	*to = n
	return nil
}

func set(to *bool, value string) error {
	if value != "" {
		return fmt.Errorf("it takes no value")
	}
	*to = true
	return nil
}

func source(to *netip.Addr, value string) (err error) {
	if *to, err = netip.ParseAddr(value); err != nil {
		return fmt.Errorf("expected an address in 127.0.0.0/8")
	}
	return nil
}
