package main

// override says where a method differs from what follows from its operation.
type override struct {
	name   string   // of the method; else list-runs is Runs, show-run Run, pause-campaign PauseCampaign
	query  []string // parameters that become arguments, as "name type"; the others are left out
	form   string   // the query's parameters come in this type instead
	result string   // Go's type of the answer
	slow   bool     // it may look at the whole fleet
}

// overrides by operation: names that users of the package know, and types that
// the document cannot name.
var overrides = map[string]override{
	"answer-question":  {name: "Reply"},
	"answer-questions": {name: "AnswerAll"},
	"answer-self-run":  {name: "AnswerSelf"},
	"campaign-devices": {query: []string{"state campaign.State", "after fleet.DeviceID", "limit int"}},
	"campaign-report":  {slow: true},
	"cancel-run":       {name: "Cancel"},
	"check-migration":  {name: "CheckPack"},
	"counts":           {form: "DeviceQuery"},
	"diff-backups":     {name: "Diff", query: []string{"a fleet.BackupID", "b fleet.BackupID"}},
	"list-audit":       {form: "AuditQuery"},
	"list-backups":     {query: []string{"device fleet.DeviceID", "run fleet.RunID", "limit int"}},
	"list-campaigns":   {query: []string{"active bool"}},
	"list-deliveries":  {query: []string{"channel string", "state string", "limit int"}},
	"list-devices":     {form: "DeviceQuery"},
	"list-migrations":  {name: "Packs"},
	"list-questions":   {query: []string{"all bool"}},
	"list-runs":        {query: []string{"device fleet.DeviceID", "active bool", "limit int"}},
	"open-backup":      {name: "BackupContent", result: "[]byte"},
	"plan-campaign":    {slow: true},
	"run-evidence":     {name: "Evidence", result: "json.RawMessage"},
	"run-journal":      {name: "Journal", query: []string{}},
	"run-report":       {name: "Report"},
	"search-backups":   {query: []string{"text string", "newest bool", "after fleet.BackupID"}},
	"setup":            {name: "SetUp"},
	"show-credentials": {name: "CredentialState"},
	"start-campaign":   {slow: true},
	"start-runs":       {name: "Start"},
	"verify-audit":     {form: "AuditHead"},
}

// byHand are operations that get no method here, and why.
var byHand = map[string]string{
	"add-release":         "an upload: AddRelease",
	"announce":            "equipment's, which has a client of its own",
	"answer-by-link":      "a browser's",
	"answer-by-open-link": "a browser's",
	"campaign-events":     "a stream: WatchCampaign",
	"collect":             "equipment's",
	"discover":            "a stream: Discover",
	"events":              "a stream: Watch",
	"healthz":             "a monitor's",
	"login":               "keeps a session: LoggedIn",
	"logout":              "keeps a session: LogOut",
	"metrics":             "a monitor's",
	"oidc-return":         "a browser's",
	"oidc-start":          "a browser's",
	"profile":             "go tool pprof's",
	"readyz":              "a monitor's",
	"show-answer-link":    "a browser's",
	"tell-self-run":       "equipment's",
	"try-driver":          "a stream: Try",
}

// identifiers are Go's types of the {id} below a path.
var identifiers = map[string]string{
	"/api/v1/backups/":   "fleet.BackupID",
	"/api/v1/campaigns/": "campaign.ID",
	"/api/v1/devices/":   "fleet.DeviceID",
	"/api/v1/releases/":  "fleet.ReleaseID",
	"/api/v1/runs/":      "fleet.RunID",
}

// homes are the packages that a schema's name may begin with.
var homes = map[string]string{
	"Access": "access", "Campaign": "campaign", "Fleet": "fleet", "Procedure": "procedure",
}

// imports are the paths of what the methods name.
var imports = map[string]string{
	"access": "drydock/internal/access", "campaign": "drydock/internal/fleet/campaign", "fleet": "drydock/internal/fleet",
	"procedure": "drydock/internal/procedure", "json": "encoding/json", "url": "net/url",
}
