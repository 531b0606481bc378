package api

import (
	"context"
	"errors"
	"net"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"drydock/internal/access"
	"drydock/internal/fault"
	"drydock/internal/fleet"
	"drydock/internal/fleet/campaign"
)

// request is what the gate knows of a request that it lets through.
type request struct {
	id      string // the operation's
	route   route
	who     access.Principal
	address string // the client's, without its port
	secure  bool   // over TLS
	session string // hash of the session's secret; empty: none
	ends    time.Time
	quiet   bool   // looked at once more: not a sign of life
	object  string // "device iad-1", for the audit log
}

type requestKey struct{}

// requestOf gives what the gate knows. A handler that was reached without the
// gate has nobody.
func requestOf(ctx context.Context) request {
	r, _ := ctx.Value(requestKey{}).(request)
	return r
}

// gate lets through what the table of routes allows, and nothing else.
func (s *server) gate(ctx huma.Context, next func(huma.Context)) {
	r := request{id: ctx.Operation().OperationID}
	r.address, r.secure = s.client(ctx)
	if err := s.enter(ctx, &r); err != nil {
		s.refuse(ctx, err)
		return
	}
	ctx = huma.WithValue(ctx, requestKey{}, r)
	if isStream(ctx.Operation()) {
		s.watched(ctx, r, next)
		return
	}
	next(ctx)
}

func (s *server) enter(ctx huma.Context, r *request) error {
	var known bool
	if r.route, known = s.routes[r.id]; !known {
		return fault.New(fault.Internal, "", "operation "+r.id, "it has no row in the table of routes, so nobody may use it")
	}
	now := time.Now()
	if err := s.limits.take(addressKey(r.address), addressRate(), now); err != nil {
		return err
	}
	httpRequest, _ := humago.Unwrap(ctx)
	if err := s.crossOrigin.Check(httpRequest); err != nil {
		return fault.New(fault.Denied, "", "", "the request comes from another site: %w", err)
	}
	if r.route.need == access.Open {
		if r.id == showAnswerLink {
			_ = s.identify(ctx, r, now) // who is not logged in is sent to log in
		}
		return nil
	}
	if err := s.identify(ctx, r, now); err != nil {
		return err
	}
	if err := s.limits.take("who "+r.who.Actor(), s.rate(), now); err != nil {
		return err
	}
	err := s.authorise(ctx, r)
	if err != nil && r.route.audited {
		s.audit(ctx.Context(), *r, access.Refused, err.Error())
	}
	return err
}

func hostOf(addr string) string {
	host, _, err := net.SplitHostPort(addr)
	if err != nil {
		return addr
	}
	return host
}

// refuse sends a problem in the place of an answer.
func (s *server) refuse(ctx huma.Context, err error) {
	p := problemOf(err)
	for key, values := range p.GetHeaders() {
		ctx.SetHeader(key, values[0])
	}
	if p.status == http.StatusUnauthorized {
		ctx.SetHeader("WWW-Authenticate", "Bearer")
	}
	if p.status == http.StatusInternalServerError && !errors.Is(err, context.Canceled) { // who asked has left
		s.Log.Error("request refused", "operation", ctx.Operation().OperationID, "err", err)
	}
	ctx.SetHeader("Content-Type", problemJSON)
	ctx.SetStatus(p.status)
	_ = s.api.Marshal(ctx.BodyWriter(), "application/json", p.Problem)
}

// authorise checks permission and scope.
func (s *server) authorise(ctx huma.Context, r *request) error {
	id := ctx.Param("id")
	r.object = objectOf(ctx)
	switch {
	case r.who.MayEverywhere(r.route.need):
		return nil
	case r.route.object == whole:
		return denied(r.who, r.route.need, "the whole fleet")
	case !r.who.MaySomewhere(r.route.need):
		return denied(r.who, r.route.need, "")
	}
	switch r.route.object {
	case ofDevice, ofRun, ofBackup, ofQuestion:
		return s.mayObject(ctx.Context(), *r, r.route.object, id)
	case ofCampaign:
		return s.mayCampaign(ctx.Context(), *r, campaign.ID(id))
	case shared, listed, named, own:
		return nil
	}
	return fault.New(fault.Internal, "", "operation "+r.id, "its row names the unknown object %q", r.route.object)
}

// objectOf names what a path is about: "device iad-1" of /api/v1/devices/{id}.
// A token in a path is a secret.
func objectOf(ctx huma.Context) string {
	segments := strings.Split(ctx.Operation().Path, "/")
	for i, segment := range segments {
		if name, ok := strings.CutPrefix(segment, "{"); ok && i > 0 && name != "token}" {
			return strings.TrimSuffix(segments[i-1], "s") + " " + ctx.Param(strings.TrimSuffix(name, "}"))
		}
	}
	return ""
}

// denied says which role is missing.
func denied(who access.Principal, need access.Permission, over string) error {
	if over != "" {
		over = " for " + over
	}
	return fault.New(fault.Denied, "", "", "%s may not do this", who.Actor()).
		WithHint("the role %s%s is needed; an administrator gives it", need.Least(), over)
}

// mayObject checks the device that an object belongs to. What somebody may not
// even see does not exist for them.
func (s *server) mayObject(ctx context.Context, r request, kind object, id string) error {
	labels, err := s.labelsOf(ctx, kind, id)
	switch {
	case fault.Is(err, fault.NotFound), err == nil && !r.who.May(access.View, labels):
		return absent(kind, id)
	case err != nil:
		return err
	case !r.who.May(r.route.need, labels):
		return denied(r.who, r.route.need, string(kind)+" "+id)
	}
	return nil
}

// mayGoOn checks the object that a page comes after. Without it the page would
// be empty, which its reader would take for the end of the list.
func (s *server) mayGoOn(ctx context.Context, kind object, after string) error {
	if after == "" {
		return nil
	}
	err := s.mayObject(ctx, requestOf(ctx), kind, after)
	if fault.Is(err, fault.NotFound) {
		return fault.New(fault.NotFound, "", string(kind)+" "+after, "there is no such %s, so nothing comes after it", kind).
			WithHint("read the list from its beginning, without after")
	}
	return err
}

// may checks each device that a request names.
func (s *server) may(ctx context.Context, ids ...fleet.DeviceID) error {
	r := requestOf(ctx)
	if r.who.MayEverywhere(r.route.need) {
		return nil
	}
	for _, id := range ids {
		if err := s.mayObject(ctx, r, ofDevice, string(id)); err != nil {
			return err
		}
	}
	return nil
}

// mayBackup checks each backup that a request names; empty ids name none.
func (s *server) mayBackup(ctx context.Context, ids ...fleet.BackupID) error {
	r := requestOf(ctx)
	if r.who.MayEverywhere(r.route.need) {
		return nil
	}
	for _, id := range ids {
		if id == "" {
			continue
		}
		if err := s.mayObject(ctx, r, ofBackup, string(id)); err != nil {
			return err
		}
	}
	return nil
}

// within gives the scopes that a list is kept to; nil: the whole fleet.
func within(ctx context.Context) []access.Scope {
	r := requestOf(ctx)
	if r.who.MayEverywhere(r.route.need) {
		return nil
	}
	return r.who.Within(r.route.need)
}

// labelsOf gives the labels that decide over an object. Those of a device that
// was removed are gone: only a role without a scope reaches what it left.
func (s *server) labelsOf(ctx context.Context, kind object, id string) (map[string]string, error) {
	owner := fleet.DeviceID(id)
	switch kind {
	case ofRun:
		record, err := s.Store.Run(ctx, fleet.RunID(id))
		if err != nil {
			return nil, err
		}
		owner = record.State.Plan.Device
	case ofBackup:
		b, err := s.Store.Backup(ctx, fleet.BackupID(id))
		if err != nil {
			return nil, err
		}
		owner = b.Device
	case ofQuestion:
		q, err := s.question(ctx, id)
		if err != nil {
			return nil, err
		}
		owner = q.Device
	}
	d, err := s.Store.Device(ctx, owner)
	if fault.Is(err, fault.NotFound) && kind != ofDevice {
		return nil, nil
	}
	return d.Labels, err
}

// absent is what the store says of an object that is not there.
func absent(kind object, id string) error {
	err := fault.New(fault.NotFound, "", string(kind)+" "+id, "there is no such %s", kind)
	if kind == ofRun {
		return err.WithHint("drydock update list shows the runs")
	}
	return err.WithHint("drydock %s list shows what there is", kind)
}

// by names who did it. The bootstrap token's holder may say a name, and it
// stays told that nobody has shown to be that one.
func by(ctx context.Context, given string) string {
	who := requestOf(ctx).who
	switch {
	case who.Kind == access.ByBootstrap && given != "":
		return given + " (" + who.Actor() + ")"
	case who.Name != "":
		return who.Actor()
	case given == "":
		return "api"
	}
	return given
}

// person names the user behind a request, without the token that they came
// with and whatever name they say: two tokens of one user are not two people,
// nor is the bootstrap token under two names.
func person(ctx context.Context) string {
	if who := requestOf(ctx).who; who.Name != "" {
		return who.Name
	}
	return access.Bootstrap().Name
}

// audit writes one entry; what cannot be audited is said to the log.
func (s *server) audit(ctx context.Context, r request, outcome access.Outcome, detail string) {
	if err := s.record(ctx, r, outcome, detail); err != nil {
		s.Log.Error("audit entry lost", "operation", r.id, "actor", r.who.Actor(), "outcome", outcome, "err", err)
	}
}

// detailMost bounds an entry's detail, in octets.
const detailMost = 2000

func (s *server) record(ctx context.Context, r request, outcome access.Outcome, detail string) error {
	if len(detail) > detailMost {
		detail = detail[:detailMost] + "…"
	}
	actor := r.who.Actor()
	if actor == "" {
		actor = "nobody"
	}
	_, err := s.Store.AppendAudit(context.WithoutCancel(ctx), access.Entry{At: time.Now(), Actor: actor, Address: r.address,
		Action: r.id, Object: r.object, Outcome: outcome, Detail: detail})
	return err
}

// ordered puts an order into the audit log before it is carried out: what
// cannot be audited is not done.
func (s *server) ordered(ctx context.Context, in any) error {
	r := requestOf(ctx)
	if !r.route.audited {
		return nil
	}
	return s.record(ctx, r, access.Ordered, detailOf(in))
}

// failed says in the audit log that an order was not carried out.
func (s *server) failed(ctx context.Context, err error) {
	if r := requestOf(ctx); r.route.audited {
		s.audit(ctx, r, access.Failed, err.Error())
	}
}

// retryAfter is when a request may be made again, for the header of that name.
func retryAfter(wait time.Duration) http.Header {
	seconds := int64((wait + time.Second - 1) / time.Second)
	return http.Header{"Retry-After": {strconv.FormatInt(max(1, seconds), 10)}}
}
