// Package web holds the page as it was built: dist is made by `make page` and is
// not kept in git. A binary that was built without it still serves everything
// else, and says how the page is built (internal/server/page).
package web

import "embed"

// Built is the directory dist: index.html and assets, or nothing but a
// placeholder.
//
//go:embed all:dist
var Built embed.FS
