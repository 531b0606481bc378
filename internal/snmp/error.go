package snmp

import (
	"errors"
	"fmt"
)

// Status is the error-status of a response (RFC 3416 section 3).
type Status int

// The statuses by number.
const (
	NoError Status = iota
	TooBig
	NoSuchName
	BadValue
	ReadOnly
	GenErr
	NoAccess
	WrongType
	WrongLength
	WrongEncoding
	WrongValue
	NoCreation
	InconsistentValue
	ResourceUnavailable
	CommitFailed
	UndoFailed
	AuthorizationError
	NotWritable
	InconsistentName
)

// String gives the name in RFC 3416.
func (s Status) String() string {
	names := [...]string{"noError", "tooBig", "noSuchName", "badValue", "readOnly", "genErr", "noAccess", "wrongType", "wrongLength",
		"wrongEncoding", "wrongValue", "noCreation", "inconsistentValue", "resourceUnavailable", "commitFailed", "undoFailed",
		"authorizationError", "notWritable", "inconsistentName"}
	if s >= 0 && int(s) < len(names) {
		return names[s]
	}
	return fmt.Sprintf("error-status %d", int(s))
}

// PDUError is a response with an error status.
type PDUError struct {
	Status Status
	Index  int // of the varbind, from 1; 0: not told
	OID    OID // the object at Index
}

func (e *PDUError) Error() string {
	if e.OID == nil {
		return "the device answers " + e.Status.String()
	}
	return fmt.Sprintf("the device answers %s for %s", e.Status, e.OID)
}

// unclearError is the error of a SET whose answer did not come.
type unclearError struct{ error }

func (e unclearError) Unwrap() error { return e.error }

// IsUnclear says whether the request that err is of may have taken effect.
func IsUnclear(err error) bool {
	var u unclearError
	return errors.As(err, &u)
}
