package install

import (
	"context"

	"drydock/internal/equipment/settings"
)

// sysupgrade is OpenWrt's (https://openwrt.org/docs/techref/sysupgrade). There
// is one place for the software: the way back is an older image.
type sysupgrade struct {
	settings.Sysupgrade
	run Exec
}

// Traits implements Loader.
func (sysupgrade) Traits() Traits { return Traits{Restarts: true, Whole: true} }

// Inspect implements Loader: -T verifies the image's metadata (the boards that
// it is for) and its signature, and does nothing else.
func (s sysupgrade) Inspect(ctx context.Context, i Image) (Image, error) {
	_, err := s.run(ctx, nil, s.Program, "-T", i.Path)
	return i, err
}

// Install implements Loader.
func (s sysupgrade) Install(ctx context.Context, i Image) error {
	_, err := s.run(ctx, nil, append(append([]string{s.Program}, s.Options...), i.Path)...)
	return err
}

// Commit implements Loader: there is nothing to be said.
func (sysupgrade) Commit(context.Context) error { return nil }

// Revert implements Loader: there is nothing to go back to.
func (sysupgrade) Revert(context.Context) error { return nil }
