package store

import (
	"context"
	"database/sql"
	"strings"

	"drydock/internal/fleet"
)

// bulkSizes are the numbers of rows that a statement is prepared for: few
// statements, and few executions.
func bulkSizes() []int { return []int{64, 16, 4, 1} }

// bulk runs head, a row of values for each change, tail: in as few statements
// as it can. It gives the runs that the statements returned.
func (t *tx) bulk(ctx context.Context, changes []*change, head, row, tail string, values func(*change) []any) (map[fleet.RunID]bool, error) {
	took := make(map[fleet.RunID]bool, len(changes))
	for _, size := range bulkSizes() {
		for len(changes) >= size {
			var args []any
			for _, ch := range changes[:size] {
				args = append(args, values(ch)...)
			}
			changes = changes[size:]
			query := head + strings.Repeat(row+", ", size-1) + row + tail
			err := t.each(ctx, query, args, func(rows *sql.Rows) error {
				var run fleet.RunID
				err := rows.Scan(&run)
				took[run] = true
				return err
			})
			if err != nil {
				return nil, err
			}
		}
	}
	return took, nil
}
