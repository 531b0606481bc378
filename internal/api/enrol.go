package api

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"time"

	"drydock/client"
	"drydock/internal/fault"
	"drydock/internal/fleet"
)

// enrolSetting holds codes and announcements, sealed: keys that were not
// collected yet are in it.
const enrolSetting = "enrolment"

const (
	maxPending = 1000               // announcements that nobody has decided
	keepFor    = 7 * 24 * time.Hour // what is decided stays in the list so long
)

// enrolments is what is stored.
type enrolments struct {
	Codes []enrolCode     `json:"codes,omitempty"`
	List  []enrolmentSeal `json:"list,omitempty"`
}

type enrolCode struct {
	Hash    string    `json:"hash"` // SHA-256 of the code, hexadecimal
	Label   string    `json:"label,omitempty"`
	Expires time.Time `json:"expires"`
}

type enrolmentSeal struct {
	fleet.Enrolment
	Ticket string              `json:"ticket"` // its hash
	Keys   *fleet.EnrolledKeys `json:"keys,omitempty"`
}

func (s *server) enrolment() {
	add := post("add-enrolment-code", "/api/v1/enrolment-codes", "Make a code with which one piece of equipment may announce itself")
	add.DefaultStatus = http.StatusCreated
	register(s, add, func(ctx context.Context, in *body[client.NewEnrolmentCode]) (*body[client.EnrolmentCode], error) {
		return answer(s.addEnrolmentCode(ctx, in.Body))
	})
	register(s, post("announce", "/api/v1/announcements", "Equipment announces itself with a code that is good once"),
		func(ctx context.Context, in *body[fleet.Announcement]) (*body[fleet.Enrolled], error) {
			return answer(s.announce(ctx, in.Body))
		})
	register(s, post("collect", "/api/v1/announcements/{id}", "Equipment asks what has become of its announcement; its keys are told once"), func(ctx context.Context, in *struct {
		ID   string `path:"id"`
		Body struct {
			Ticket string `json:"ticket" maxLength:"64"`
		}
	}) (*body[fleet.Enrolled], error) {
		return answer(s.collect(ctx, in.ID, in.Body.Ticket))
	})
	register(s, get("list-enrolments", "/api/v1/enrolments", "Equipment that has announced itself"), func(ctx context.Context, _ *struct{}) (*body[[]fleet.Enrolment], error) {
		e, err := s.storedEnrolments(ctx)
		slices.Reverse(e.List)
		return list(mapped(e.List, func(x enrolmentSeal) fleet.Enrolment { return x.Enrolment }), err)
	})
	register(s, post("approve-enrolment", "/api/v1/enrolments/{id}/approve", "Take it into the fleet, with SNMPv3 keys of its own"), func(ctx context.Context, in *struct {
		ID   string `path:"id"`
		Body client.Approval
	}) (*body[fleet.Enrolment], error) {
		return answer(s.approve(ctx, in.ID, in.Body))
	})
	register(s, post("refuse-enrolment", "/api/v1/enrolments/{id}/refuse", "Refuse it"), func(ctx context.Context, in *struct {
		ID string `path:"id"`
	}) (*body[fleet.Enrolment], error) {
		return answer(s.decide(ctx, in.ID, func(e *enrolmentSeal) error { e.State = fleet.EnrolRefused; return nil }))
	})
}

func (s *server) storedEnrolments(ctx context.Context) (e enrolments, err error) {
	raw, err := s.Store.Setting(ctx, enrolSetting)
	if fault.Is(err, fault.NotFound) {
		return e, nil
	}
	if err != nil {
		return e, err
	}
	return e, json.Unmarshal(raw, &e)
}

// changeEnrolments changes what is stored, one request after the other.
func (s *server) changeEnrolments(ctx context.Context, change func(*enrolments) error) error {
	s.enrolling.Lock()
	defer s.enrolling.Unlock()
	e, err := s.storedEnrolments(ctx)
	if err != nil {
		return err
	}
	now := time.Now()
	e.Codes = slices.DeleteFunc(e.Codes, func(c enrolCode) bool { return now.After(c.Expires) })
	e.List = slices.DeleteFunc(e.List, func(x enrolmentSeal) bool { return now.Sub(x.At) > keepFor && x.State != fleet.EnrolApproved })
	if err := change(&e); err != nil {
		return err
	}
	raw, err := json.Marshal(e)
	if err != nil {
		return err
	}
	return s.Store.PutSetting(ctx, enrolSetting, raw, true)
}

func hashText(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:])
}

func sameHash(a, b string) bool { return subtle.ConstantTimeCompare([]byte(a), []byte(b)) == 1 }

// secretText is random text without signs that people mistake or shells heed.
func secretText() string {
	random := newSecret()
	return encode(random[:])
}

func (s *server) addEnrolmentCode(ctx context.Context, n client.NewEnrolmentCode) (client.EnrolmentCode, error) {
	made := client.EnrolmentCode{Code: secretText(), Expires: time.Now().Add(time.Duration(max(1, n.Hours)) * time.Hour).UTC().Truncate(time.Second)}
	return made, s.changeEnrolments(ctx, func(e *enrolments) error {
		e.Codes = append(e.Codes, enrolCode{Hash: hashText(made.Code), Label: n.Label, Expires: made.Expires})
		return nil
	})
}

// announce spends the code. What the equipment says of itself is shown to a
// person and believed by nobody else.
func (s *server) announce(ctx context.Context, a fleet.Announcement) (told fleet.Enrolled, err error) {
	r := requestOf(ctx)
	if a.Driver == "" {
		a.Driver = "drydock-agent"
	}
	random := newSecret()
	told = fleet.Enrolled{ID: hex.EncodeToString(random[:6]), State: fleet.EnrolPending, Ticket: secretText()}
	err = s.changeEnrolments(ctx, func(e *enrolments) error {
		hash := hashText(a.Code)
		i := slices.IndexFunc(e.Codes, func(c enrolCode) bool { return sameHash(c.Hash, hash) })
		if i < 0 {
			return fault.New(fault.Denied, "", "", "the code is not known: it was used, or its time is over").WithHint("drydock device enrol-code makes another")
		}
		if len(e.List) >= maxPending {
			return fault.New(fault.Full, "", "", "%d announcements wait for a person", len(e.List))
		}
		e.List = append(e.List, enrolmentSeal{Ticket: hashText(told.Ticket), Enrolment: fleet.Enrolment{ID: told.ID, State: told.State, Serial: a.Serial,
			Model: a.Model, Name: a.Name, Address: a.Address, From: r.address, Driver: a.Driver, Label: e.Codes[i].Label, At: time.Now().UTC()}})
		e.Codes = slices.Delete(e.Codes, i, i+1)
		return nil
	})
	return told, err
}

// collect tells the equipment's keys, once.
func (s *server) collect(ctx context.Context, id, ticket string) (told fleet.Enrolled, err error) {
	err = s.changeEnrolments(ctx, func(e *enrolments) error {
		i := slices.IndexFunc(e.List, func(x enrolmentSeal) bool { return x.ID == id })
		if i < 0 || !sameHash(e.List[i].Ticket, hashText(ticket)) {
			return fault.New(fault.Denied, "", "", "there is no such announcement, or the ticket is another's")
		}
		x := &e.List[i]
		told = fleet.Enrolled{ID: id, State: x.State, Keys: x.Keys}
		if x.State == fleet.EnrolApproved {
			x.State, x.Keys = fleet.EnrolDone, nil
		}
		return nil
	})
	return told, err
}

// decide changes an announcement that waits for a person.
func (s *server) decide(ctx context.Context, id string, change func(*enrolmentSeal) error) (decided fleet.Enrolment, err error) {
	err = s.changeEnrolments(ctx, func(e *enrolments) error {
		i := slices.IndexFunc(e.List, func(x enrolmentSeal) bool { return x.ID == id })
		if i < 0 {
			return fault.New(fault.NotFound, "", "enrolment "+id, "there is no such announcement").WithHint("drydock device pending shows what there is")
		}
		if x := e.List[i]; x.State != fleet.EnrolPending {
			return fault.New(fault.Conflict, "", "enrolment "+id, "it is %s already, by %s", x.State, x.DecidedBy)
		}
		if err := change(&e.List[i]); err != nil {
			return err
		}
		e.List[i].DecidedBy = by(ctx, "")
		decided = e.List[i].Enrolment
		return nil
	})
	return decided, err
}

// approve makes the device with keys that no other has. An id that is taken is
// refused: approving must not change a device that is known.
func (s *server) approve(ctx context.Context, id string, a client.Approval) (fleet.Enrolment, error) {
	return s.decide(ctx, id, func(e *enrolmentSeal) error {
		if _, err := s.Store.Device(ctx, a.Device); !fault.Is(err, fault.NotFound) {
			if err != nil {
				return err
			}
			return fault.New(fault.Conflict, "", "device "+string(a.Device), "there is one already").WithHint("choose another name, or remove it first")
		}
		keys := &fleet.EnrolledKeys{User: "drydock-" + strings.ToLower(e.ID), AuthProtocol: "SHA-256", AuthPassword: secretText(), PrivProtocol: "AES-128", PrivPassword: secretText()}
		device := client.NewDevice{ID: a.Device, Address: e.Address, Driver: e.Driver, Serial: e.Serial, Labels: a.Labels, Credentials: &client.Credentials{
			Version: "v3", User: keys.User, AuthProtocol: keys.AuthProtocol, AuthPassword: keys.AuthPassword, PrivProtocol: keys.PrivProtocol, PrivPassword: keys.PrivPassword}}
		if a.Address != "" {
			device.Address = a.Address
		}
		if _, err := s.putDevices(ctx, &body[[]client.NewDevice]{Body: []client.NewDevice{device}}); err != nil {
			return err
		}
		e.State, e.Device, e.Keys = fleet.EnrolApproved, a.Device, keys
		return nil
	})
}
