package api

import (
	"maps"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"drydock/internal/access"
)

// object says what an operation is about, and so whose labels decide.
type object string

// The objects. Whoever has a role in some scope may do it to what lies there.
const (
	shared     object = "shared"   // what all scopes share: drivers, releases; a role in any scope will do
	whole      object = "whole"    // what concerns the whole fleet: a role without a scope is needed
	ofDevice   object = "device"   // the device {id}
	ofRun      object = "run"      // the device of the run {id}
	ofBackup   object = "backup"   // the device of the backup {id}
	ofQuestion object = "question" // the device of the question {id}
	ofCampaign object = "campaign" // each device of the campaign {id}
	listed     object = "listed"   // many: the handler gives only those in within(ctx)
	named      object = "named"    // the handler calls may for each device that the request names
	own        object = "own"      // the handler sees to it that it belongs to whoever asks
)

// route is what an operation needs. What changes something is audited.
type route struct {
	need    access.Permission
	object  object
	audited bool
}

// routes is the one table of what each operation needs, by operation id. One
// that is not in it is refused, and a test fails.
func routes() map[string]route {
	all := peopleRoutes()
	maps.Copy(all, fleetRoutes())
	maps.Copy(all, orderRoutes())
	return all
}

// peopleRoutes are about the server, who comes in, and who did what.
func peopleRoutes() map[string]route {
	return map[string]route{
		"healthz": {access.Open, shared, false},
		"readyz":  {access.Open, shared, false},
		"version": {access.Known, shared, false},
		"metrics": {access.View, whole, false},
		"profile": {access.Administer, whole, true},

		"show-setup":  {access.Open, shared, false},
		"setup":       {access.Open, shared, false}, // the handlers of these two audit
		"login":       {access.Open, shared, false}, // them: they know the name
		"oidc-start":  {access.Open, shared, false},
		"oidc-return": {access.Open, shared, false},
		"logout":      {access.Known, own, true},
		"me":          {access.Known, own, false},

		"list-users":      {access.Administer, whole, false},
		"add-user":        {access.Administer, whole, true},
		"change-user":     {access.Administer, whole, true},
		"remove-user":     {access.Administer, whole, true},
		"change-password": {access.Known, own, true},
		"list-tokens":     {access.Known, own, false},
		"add-token":       {access.Known, own, true},
		"revoke-token":    {access.Known, own, true},
		"list-audit":      {access.Administer, whole, false},
		"verify-audit":    {access.Administer, whole, false},

		"show-oidc":   {access.Administer, whole, false},
		"put-oidc":    {access.Administer, whole, true},
		"remove-oidc": {access.Administer, whole, true},
	}
}

// fleetRoutes are about devices, and what is known of them and for them.
func fleetRoutes() map[string]route {
	return map[string]route{
		"list-devices":     {access.View, listed, false},
		"put-devices":      {access.Operate, named, true},
		"show-device":      {access.View, ofDevice, false},
		"show-credentials": {access.View, ofDevice, false},
		"remove-device":    {access.Operate, ofDevice, true},

		"tell-self-run":   {access.Operate, ofDevice, true},
		"show-self-run":   {access.View, ofDevice, false},
		"answer-self-run": {access.Operate, ofDevice, true},

		"add-enrolment-code": {access.Operate, whole, true},
		"announce":           {access.Open, shared, false}, // its code is the right
		"collect":            {access.Open, shared, false}, // its ticket is
		"list-enrolments":    {access.View, whole, false},
		"approve-enrolment":  {access.Operate, whole, true},
		"refuse-enrolment":   {access.Operate, whole, true},

		"list-drivers": {access.View, shared, false},
		"show-driver":  {access.View, shared, false},
		"discover":     {access.Operate, whole, true},
		"try-driver":   {access.Administer, whole, true}, // a driver may set any object

		"list-releases": {access.View, shared, false},
		"show-release":  {access.View, shared, false},
		"add-release":   {access.Operate, whole, true},

		"counts":          {access.View, listed, false},
		"search-backups":  {access.Reveal, listed, true},
		"list-migrations": {access.View, shared, false},
		"check-migration": {access.Reveal, named, false},

		"list-backups": {access.View, listed, false},
		"show-backup":  {access.View, ofBackup, false},
		"open-backup":  {access.Reveal, ofBackup, true},
		"diff-backups": {access.Reveal, named, false},
	}
}

// orderRoutes are about runs, campaigns, questions, and how people are told.
func orderRoutes() map[string]route {
	return map[string]route{
		"plan":         {access.View, named, false},
		"start-runs":   {access.Operate, named, true},
		"list-runs":    {access.View, listed, false},
		"show-run":     {access.View, ofRun, false},
		"run-journal":  {access.View, ofRun, false},
		"run-evidence": {access.View, ofRun, false},
		"run-report":   {access.Reveal, ofRun, false},
		"cancel-run":   {access.Operate, ofRun, true},
		"events":       {access.View, listed, false},

		"plan-campaign":    {access.View, named, false},
		"start-campaign":   {access.Operate, named, true},
		"list-campaigns":   {access.View, listed, false},
		"show-campaign":    {access.View, ofCampaign, false},
		"campaign-devices": {access.View, ofCampaign, false},
		"campaign-events":  {access.View, ofCampaign, false},
		"pause-campaign":   {access.Operate, ofCampaign, true},
		"resume-campaign":  {access.Operate, ofCampaign, true},
		"approve-campaign": {access.Approve, ofCampaign, true},
		"cancel-campaign":  {access.Operate, ofCampaign, true},
		"retry-campaign":   {access.Operate, ofCampaign, true},
		"campaign-report":  {access.View, ofCampaign, false},
		"put-filter":       {access.Operate, whole, true},
		"show-filter":      {access.View, whole, false},
		"list-filters":     {access.View, whole, false},
		"remove-filter":    {access.Operate, whole, true},
		"answer-questions": {access.Operate, listed, true},

		"list-questions":  {access.View, listed, false},
		"show-question":   {access.View, ofQuestion, false},
		"answer-question": {access.Operate, ofQuestion, true},

		"list-channels":   {access.Administer, whole, false},
		"put-channel":     {access.Administer, whole, true},
		"remove-channel":  {access.Administer, whole, true},
		"test-channel":    {access.Administer, whole, true},
		"list-deliveries": {access.Administer, whole, false},
		// A link's token is the right to look at its question, and one of a channel
		// whose links are open is the right to answer it.
		"show-answer-link":    {access.Open, shared, false},
		"answer-by-open-link": {access.Open, shared, false}, // the handler audits it: not every made-up token
		"answer-by-link":      {access.Operate, named, true},
	}
}

// describeNeed puts a row into the description of its operation.
func describeNeed(_ *huma.OpenAPI, op *huma.Operation) {
	row, ok := routes()[op.OperationID]
	if !ok {
		return // TestEveryRouteHasARow says it
	}
	var text string
	switch {
	case row.need == access.Open:
		text = "Needs nobody to be logged in."
		op.Security = []map[string][]string{}
	case row.need == access.Known:
		text = "Needs any role."
	case row.object == whole:
		text = "Needs the role " + string(row.need.Least()) + " for the whole fleet."
	case row.object == listed:
		text = "Needs the role " + string(row.need.Least()) + ", and is about what lies in its scope."
	case row.object == shared:
		text = "Needs the role " + string(row.need.Least()) + " in any scope."
	default:
		text = "Needs the role " + string(row.need.Least()) + " for the devices that it is about."
	}
	if row.audited {
		text += " Audited."
	}
	op.Description = strings.TrimSpace(op.Description + "\n\n" + text)
}
