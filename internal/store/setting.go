package store

import "context"

// Setting gives a small value, opened if it rests sealed; fault.NotFound where
// it was never put.
func (s *Store) Setting(ctx context.Context, key string) ([]byte, error) { panic("soon") }

// PutSetting keeps a small value, encrypted if sealed.
func (s *Store) PutSetting(ctx context.Context, key string, value []byte, sealed bool) error {
	panic("soon")
}
