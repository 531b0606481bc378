package sim

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"drydock/internal/equipment"
	"drydock/internal/fault"
)

// Kind is what goes wrong.
type Kind string

// The kinds; the package comment says what each is.
const (
	Refuse          Kind = "refuse"
	Fail            Kind = "fail"
	FailSilently    Kind = "fail-silently"
	Hang            Kind = "hang"
	Slow            Kind = "slow"
	Lie             Kind = "lie"
	Truncate        Kind = "truncate"
	Reboot          Kind = "reboot"
	OldVersion      Kind = "old-version"
	OtherSerial     Kind = "other-serial"
	Lose            Kind = "lose"
	WrongFile       Kind = "wrong-file"
	NoRoom          Kind = "no-room"
	NoTraps         Kind = "no-traps"
	DropSetResponse Kind = "drop-set-response"
	Drop            Kind = "drop"
	Late            Kind = "late"
)

// Kinds gives all kinds of faults.
func Kinds() []Kind {
	return []Kind{Refuse, Fail, FailSilently, Hang, Slow, Lie, Truncate, Reboot, OldVersion, OtherSerial, Lose, WrongFile, NoRoom,
		NoTraps, DropSetResponse, Drop, Late}
}

// onWire says that the kind is about SNMP packets and not about an operation.
func (k Kind) onWire() bool { return k == Drop || k == Late }

// Range is a range of device numbers, both ends included.
type Range struct{ First, Last int }

// Fault is one thing that goes wrong.
type Fault struct {
	Devices []Range
	Op      equipment.Type // 0: any
	Kind    Kind
	N       int           // of truncate (octets) and lose (lines)
	For     time.Duration // of slow and late
	P       float64       // of drop
	Cause   equipment.Cause
	Count   int // 0: always
	After   int
}

func (f Fault) hits(device int) bool {
	return slices.ContainsFunc(f.Devices, func(r Range) bool { return r.First <= device && device <= r.Last })
}

// ParseFaults reads the text that the package comment describes. The error is
// fault.Invalid and says which word is wrong and what was expected.
func ParseFaults(text string) ([]Fault, error) {
	var all []Fault
	for i, entry := range strings.Split(text, ";") {
		words := strings.Fields(entry)
		if len(words) == 0 {
			continue
		}
		f, err := parseFault(words)
		if err != nil {
			return nil, fault.New(fault.Invalid, "read faults", fmt.Sprintf("number %d %q", i+1, strings.TrimSpace(entry)), "%w", err)
		}
		all = append(all, f)
	}
	return all, nil
}

func parseFault(words []string) (Fault, error) {
	f := Fault{Cause: equipment.InternalError, Count: -1}
	for _, word := range words {
		key, value, _ := strings.Cut(word, "=")
		var err error
		switch key {
		case "dev":
			f.Devices, err = parseDevices(value)
		case "op":
			f.Op, err = parseOp(value)
		case "fault":
			kind, argument, _ := strings.Cut(value, "=")
			err = f.set(Kind(kind), argument)
		case "count":
			f.Count, err = natural(value)
		case "after":
			f.After, err = natural(value)
		case "cause":
			if f.Cause = equipment.ParseCause(value); f.Cause == equipment.NoFailure {
				err = fmt.Errorf("%q is no cause of DeFailureCause, such as badImage", value)
			}
		default:
			err = fmt.Errorf("expected dev=, op=, fault=, count=, after= or cause=")
		}
		if err != nil {
			return f, fmt.Errorf("%s: %w", word, err)
		}
	}
	switch {
	case f.Devices == nil:
		return f, fmt.Errorf("no device is named: write dev=3, dev=1,4-6 or dev=*")
	case f.Kind == "":
		return f, fmt.Errorf("nothing goes wrong: write fault=, one of %v", Kinds())
	}
	if f.Count < 0 && f.Kind.onWire() {
		f.Count = 0
	} else if f.Count < 0 {
		f.Count = 1
	}
	return f, nil
}

func (f *Fault) set(kind Kind, argument string) (err error) {
	if !slices.Contains(Kinds(), kind) {
		return fmt.Errorf("%q is none of %v", kind, Kinds())
	}
	f.Kind = kind
	switch kind {
	case Truncate, Lose:
		f.N, err = natural(argument)
	case Slow, Late:
		if f.For, err = time.ParseDuration(argument); err != nil || f.For < 0 {
			err = fmt.Errorf("expected a time, as %s=20s", kind)
		}
	case Drop:
		if f.P, err = strconv.ParseFloat(argument, 64); err != nil || !(f.P >= 0 && f.P <= 1) {
			err = fmt.Errorf("expected a probability from 0 to 1, as drop=0.2")
		}
	default:
		if argument != "" {
			err = fmt.Errorf("%s takes no argument", kind)
		}
	}
	return err
}

func natural(s string) (int, error) {
	n, err := strconv.Atoi(s)
	if err != nil || n < 0 {
		return 0, fmt.Errorf("expected a number from 0 on")
	}
	return n, nil
}

func parseOp(s string) (equipment.Type, error) {
	switch s {
	case "*":
		return 0, nil
	case "restore-files":
		return equipment.RestoreFiles, nil
	}
	if t := equipment.ParseType(s); t != 0 {
		return t, nil
	}
	return 0, fmt.Errorf("expected backup, update, recover, keep, restoreFiles, reboot, modify or *")
}

func parseDevices(s string) ([]Range, error) {
	if s == "*" {
		return []Range{{1, math.MaxInt}}, nil
	}
	var all []Range
	for part := range strings.SplitSeq(s, ",") {
		first, last, isRange := strings.Cut(part, "-")
		if !isRange {
			last = first
		}
		a, errA := strconv.Atoi(first)
		b, errB := strconv.Atoi(last)
		if errA != nil || errB != nil || a < 1 || b < a {
			return nil, fmt.Errorf("expected device numbers from 1 on, as 3 or 1,4-6, or *")
		}
		all = append(all, Range{a, b})
	}
	return all, nil
}
