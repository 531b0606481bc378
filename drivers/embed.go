// Package drivers holds the drivers that drydock brings along: one YAML file
// for each family of equipment. It is data only; package driver parses it.
// Users add families by files of their own.
package drivers

import "embed"

// FS has the driver files in its root.
//
//go:embed *.yaml
var FS embed.FS
