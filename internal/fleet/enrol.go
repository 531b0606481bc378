package fleet

import "time"

// Announcement is how equipment makes itself known. The code was made for it
// and is good once.
type Announcement struct {
	Code    string `json:"code" minLength:"16" maxLength:"64"`
	Serial  string `json:"serial" minLength:"1" maxLength:"128"`
	Model   string `json:"model" maxLength:"128"`
	Name    string `json:"name,omitempty" maxLength:"128"`
	Address string `json:"address" minLength:"1" maxLength:"128" doc:"HOST:PORT of its SNMP agent"`
	Driver  string `json:"driver,omitempty" maxLength:"64" doc:"drydock-agent where empty"`
}

// EnrolmentState says what has become of an announcement.
type EnrolmentState string

// The states.
const (
	EnrolPending  EnrolmentState = "pending"  // a person has to approve or refuse it
	EnrolApproved EnrolmentState = "approved" // its keys wait to be collected, once
	EnrolRefused  EnrolmentState = "refused"
	EnrolDone     EnrolmentState = "done" // it has its keys
)

// Enrolment is equipment that has announced itself.
type Enrolment struct {
	ID        string         `json:"id"`
	State     EnrolmentState `json:"state"`
	Serial    string         `json:"serial"`
	Model     string         `json:"model"`
	Name      string         `json:"name,omitempty"`
	Address   string         `json:"address"`
	From      string         `json:"from" doc:"the address that the announcement came from"`
	Driver    string         `json:"driver"`
	Label     string         `json:"label,omitempty" doc:"of its code"`
	At        time.Time      `json:"at"`
	Device    DeviceID       `json:"device,omitempty"`
	DecidedBy string         `json:"decidedBy,omitempty"`
}

// Enrolled is what equipment is told when it asks for its enrolment. Keys are
// there once: whoever asks again gets none.
type Enrolled struct {
	ID     string         `json:"id"`
	State  EnrolmentState `json:"state"`
	Ticket string         `json:"ticket,omitempty" doc:"to ask with; only in the answer to the announcement"`
	Keys   *EnrolledKeys  `json:"keys,omitempty"`
}

// EnrolledKeys are an SNMPv3 user that no other device has.
type EnrolledKeys struct {
	User         string `json:"user"`
	AuthProtocol string `json:"authProtocol"`
	AuthPassword string `json:"authPassword"`
	PrivProtocol string `json:"privProtocol"`
	PrivPassword string `json:"privPassword"`
}
