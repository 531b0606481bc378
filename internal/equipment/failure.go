package equipment

import (
	"errors"
	"fmt"
	"slices"
)

// Cause is why an operation failed: DeFailureCause of the MIB.
type Cause int

// The causes.
const (
	NoFailure             Cause = 0
	ServerUnreachable     Cause = 1
	FileNotFound          Cause = 2
	TransferFailed        Cause = 3
	TransferTimeout       Cause = 4
	NoRoom                Cause = 5
	BadImage              Cause = 6
	WrongModel            Cause = 7
	ConfigurationRejected Cause = 8
	NothingKept           Cause = 9
	Busy                  Cause = 10
	InternalError         Cause = 11
)

// Failure is an error with its cause. Units and FileClients return it, so that
// the operation's row can say why.
type Failure struct {
	Cause Cause
	Text  string // for a person; goes to deOperFailureText
}

// Error gives the text.
func (f *Failure) Error() string { return f.Text }

func failed(c Cause, format string, args ...any) *Failure {
	return &Failure{Cause: c, Text: fmt.Sprintf(format, args...)}
}

// causeOf finds the Failure in err, or makes an InternalError of it.
func causeOf(err error) *Failure {
	var f *Failure
	if errors.As(err, &f) {
		return f
	}
	return failed(InternalError, "%v", err)
}

var causeNames = []string{"none", "serverUnreachable", "fileNotFound", "transferFailed", "transferTimeout", "noRoom", "badImage", "wrongModel",
	"configurationRejected", "nothingKept", "busy", "internalError"}

// String gives the MIB's name of the cause, or "".
func (c Cause) String() string {
	if c < 0 || int(c) >= len(causeNames) {
		return ""
	}
	return causeNames[c]
}

// ParseCause finds the cause by the MIB's name, or gives NoFailure.
func ParseCause(name string) Cause { return Cause(max(0, slices.Index(causeNames, name))) }
