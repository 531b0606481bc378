// Package migrations holds the migration packs that drydock brings along: one
// folder a family, with pack.yaml and its tests. It is data only; package
// migrate reads and applies it. Users add packs by folders of their own.
package migrations

import "embed"

// FS has a folder for each pack in its root.
//
//go:embed audiocodes drydock-iad sonic vyos
var FS embed.FS
