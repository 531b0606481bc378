package equipment

import (
	"fmt"

	"drydock/internal/migrate"
)

// PackMigrator is a Migrator that applies a migration pack, the same as the
// management system would.
type PackMigrator struct{ Pack *migrate.Pack }

// Migrate applies the pack from the version that the configuration tells.
func (m PackMigrator) Migrate(config, toVersion string) (string, error) {
	result, err := m.Pack.Apply("", toVersion, []byte(config))
	if err != nil {
		return "", err
	}
	for _, f := range result.Findings {
		if f.Severity == migrate.Manual {
			return "", fmt.Errorf("line %d: %s", f.Line, f.Message)
		}
	}
	return string(result.Output), nil
}
