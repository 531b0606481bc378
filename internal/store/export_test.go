package store

import (
	"database/sql"
	"encoding/json"

	"drydock/internal/fleet"
)

// Redirect makes a backup's row name another blob, with a checksum that fits.
func Redirect(raw *sql.DB, driver string, b fleet.Backup, blob string) error {
	doc, err := json.Marshal(b)
	if err != nil {
		return err
	}
	query := "UPDATE backup SET blob = ?, sum = ? WHERE id = ?"
	if driver == "pgx" {
		query = numbered(query)
	}
	_, err = raw.Exec(query, blob, checksum(doc, string(b.ID), blob), b.ID)
	return err
}
