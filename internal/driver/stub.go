package driver

import (
	"errors"
	"io/fs"
	"time"
)

type (
	match      struct{}
	healthRule struct{}
	indexRange struct{}
	schema     struct{ vars map[string]string }
	program    struct{}
	Machine    struct{}
	Set        struct{}
)

var errNotYet = errors.New("driver: not there yet")

// Explanation says how one match rule of a driver fared against a device.
type Explanation struct {
	Driver  string
	Rule    string // as the driver file has it
	Line    int
	Matched bool
	Why     string
}

func Parse(file string, data []byte) (*Driver, error) { return nil, errNotYet }
func LoadAll(fsys fs.FS) (*Set, error)                { return nil, errNotYet }
func (s *Set) Get(name string) (*Driver, bool)        { return nil, false }
func (s *Set) Names() []string                        { return nil }
func (s *Set) Match(sysObjectID, sysDescr string) (*Driver, []Explanation) {
	return nil, nil
}
func (d *Driver) Reads() []Reading { return nil }
func (d *Driver) CompareHealth(before, after map[string]string) []string {
	return nil
}
func (d *Driver) Start(op Operation, mode Mode, in Inputs, now time.Time) (*Machine, Ask, error) {
	return nil, nil, errNotYet
}
func (m *Machine) Next(answer Answer, now time.Time) (Ask, error) { return nil, errNotYet }
