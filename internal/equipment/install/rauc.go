package install

import (
	"context"
	"encoding/json"
	"fmt"

	"drydock/internal/equipment/settings"
)

// rauc is RAUC (https://rauc.readthedocs.io). Its service must run: it installs
// on behalf of the command line.
type rauc struct {
	settings.RAUC
	run Exec
}

// Traits implements Loader.
func (rauc) Traits() Traits { return Traits{Slots: true} }

func (r rauc) call(ctx context.Context, args ...string) (string, error) {
	argv := []string{r.Program}
	if r.Config != "" {
		argv = append(argv, "--conf="+r.Config)
	}
	return r.run(ctx, r.Env, append(argv, args...)...)
}

// Inspect implements Loader. RAUC verifies the bundle's signature against the
// keyring of its configuration.
func (r rauc) Inspect(ctx context.Context, i Image) (Image, error) {
	out, err := r.call(ctx, "info", "--output-format=json", i.Path)
	if err != nil {
		return i, err
	}
	var info struct {
		Version string `json:"version"`
	}
	if err := json.Unmarshal(onlyJSON(out), &info); err != nil {
		return i, fmt.Errorf("rauc info: %w", err)
	}
	if i.Version != "" && info.Version != i.Version {
		return i, fmt.Errorf("the bundle is version %s and the manifest says %s", info.Version, i.Version)
	}
	i.Version = info.Version
	return i, nil
}

// onlyJSON takes log lines away from around a program's answer.
func onlyJSON(out string) []byte {
	first, last := 0, len(out)
	for first < last && out[first] != '{' {
		first++
	}
	for last > first && out[last-1] != '}' {
		last--
	}
	return []byte(out[first:last])
}

// Install implements Loader. RAUC refuses a bundle for another system
// (compatible) by itself.
func (r rauc) Install(ctx context.Context, i Image) error {
	_, err := r.call(ctx, "install", i.Path)
	return err
}

// Commit implements Loader.
func (r rauc) Commit(ctx context.Context) error {
	_, err := r.call(ctx, "status", "mark-good", "booted")
	return err
}

// Revert implements Loader.
func (r rauc) Revert(ctx context.Context) error {
	_, err := r.call(ctx, "status", "mark-active", "other")
	return err
}
