package client

import (
	"time"

	"drydock/internal/fleet"
)

// DeviceGroup counts devices that are alike.
type DeviceGroup struct {
	Driver  string `json:"driver"`
	Model   string `json:"model"`
	Version string `json:"version"`
	Devices int    `json:"devices"`
}

// FleetCounts are numbers of the fleet, and of what is going on in it.
type FleetCounts struct {
	Devices []DeviceGroup `json:"devices" doc:"by driver, model and version"`
	Running int           `json:"running" doc:"runs that have not ended"`
	Asking  int           `json:"asking" doc:"questions that wait for an answer"`
}

// Beat shows that a stream of events is alive.
type Beat struct {
	At time.Time `json:"at"`
}

// Hit is a line of a backup that has the wanted text in it.
type Hit struct {
	Backup fleet.Backup `json:"backup"`
	Line   int          `json:"line" doc:"counts from 1"`
	Text   string       `json:"text"`
}

// Search is one page of a search through backups.
type Search struct {
	Hits    []Hit          `json:"hits"`
	Scanned int            `json:"scanned" doc:"backups that were opened for this page"`
	Next    fleet.BackupID `json:"next,omitempty" doc:"cursor of the next page; none: all were opened"`
}

// Pack is a migration pack: what becomes of a configuration from version to
// version.
type Pack struct {
	Name   string     `json:"name"`
	Format string     `json:"format"`
	Newest string     `json:"newest" doc:"the version that it leads to"`
	Steps  []PackStep `json:"steps"`
}

// PackStep holds the rules from one version to the next.
type PackStep struct {
	From    string     `json:"from"`
	To      string     `json:"to"`
	Convert string     `json:"convert,omitempty" doc:"the format that the new version has"`
	Rules   []PackRule `json:"rules"`
}

// PackRule is one rule.
type PackRule struct {
	ID       string `json:"id"`
	Why      string `json:"why,omitempty"`
	Category string `json:"category,omitempty"`
	Severity string `json:"severity,omitempty"`
}

// PackCheck asks what a pack makes of a configuration.
type PackCheck struct {
	Backup        fleet.BackupID `json:"backup,omitempty" doc:"the configuration; or"`
	Configuration string         `json:"configuration,omitempty" maxLength:"4194304" doc:"its text"`
	From          string         `json:"from,omitempty" doc:"the version that it has; none: as it tells"`
	To            string         `json:"to,omitempty" doc:"the wanted version; none: the pack's newest"`
}
