package install

import (
	"context"
	"fmt"
	"io"
	"os"
	"regexp"
	"strconv"
	"strings"

	"drydock/internal/equipment/settings"
)

// swupdate is SWUpdate (https://sbabic.github.io/swupdate).
type swupdate struct {
	settings.SWUpdate
	run Exec
}

// Traits implements Loader.
func (swupdate) Traits() Traits { return Traits{Slots: true} }

func (s swupdate) call(ctx context.Context, i Image, args ...string) error {
	argv := append([]string{s.Program}, s.Options...)
	if s.Key != "" {
		argv = append(argv, "-k", s.Key)
	}
	if s.Hardware != "" {
		argv = append(argv, "-H", s.Hardware)
	}
	mode, err := s.mode(ctx)
	if err != nil {
		return err
	}
	if mode != "" {
		argv = append(argv, "-e", mode)
	}
	out, err := s.run(ctx, nil, append(append(argv, args...), "-i", i.Path)...)
	if err != nil && ctx.Err() == nil && strings.Contains(out, "SWUPDATE successful") && !strings.Contains(out, "SWUPDATE failed") {
		// 2022.12 on a loaded machine: now and then its exit status is 1 after all
		// went well, for its command line asks its own daemon too late.
		return nil
	}
	return err
}

// mode is the image's mode for the slot that does not run; empty where the
// image has none.
func (s swupdate) mode(ctx context.Context) (string, error) {
	if len(s.Select) == 0 {
		return "", nil
	}
	running, err := Read(ctx, s.Running, s.run)
	if err != nil {
		return "", fmt.Errorf("the running slot cannot be told: %w", err)
	}
	for _, slot := range s.Select {
		if slot.Running == running {
			return slot.Mode, nil
		}
	}
	return "", fmt.Errorf("the running slot is %q, for which the settings select nothing", running)
}

// Inspect implements Loader: swupdate verifies signature, digests and hardware.
func (s swupdate) Inspect(ctx context.Context, i Image) (Image, error) {
	version, err := swuVersion(i.Path)
	if err != nil {
		return i, err
	}
	if i.Version != "" && version != i.Version {
		return i, fmt.Errorf("the image is version %s and the manifest says %s", version, i.Version)
	}
	i.Version = version
	return i, s.call(ctx, i, "-c")
}

// Install implements Loader.
func (s swupdate) Install(ctx context.Context, i Image) error { return s.call(ctx, i) }

// Commit implements Loader.
func (s swupdate) Commit(ctx context.Context) error {
	_, err := s.run(ctx, nil, s.SWUpdate.Commit...)
	return err
}

// Revert implements Loader.
func (s swupdate) Revert(ctx context.Context) error {
	_, err := s.run(ctx, nil, s.SWUpdate.Revert...)
	return err
}

var descriptionVersion = regexp.MustCompile(`(?m)^\s*"?version"?\s*[=:]\s*"([^"]+)"`)

// The head of a cpio archive's file, "new ASCII format" (cpio(5)): what an .swu
// file is, with sw-description first.
const (
	cpioHead       = 110
	cpioSize       = 6 + 6*8  // where c_filesize stands: 8 hexadecimal digits
	cpioName       = 6 + 11*8 // c_namesize
	maxDescription = 1 << 20
)

// swuVersion reads the version out of sw-description.
func swuVersion(path string) (string, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer f.Close() // only read
	head := make([]byte, cpioHead)
	if _, err := io.ReadFull(f, head); err != nil {
		return "", fmt.Errorf("the file is no .swu image: %w", err)
	}
	size, err1 := strconv.ParseInt(string(head[cpioSize:cpioSize+8]), 16, 64)
	name, err2 := strconv.ParseInt(string(head[cpioName:cpioName+8]), 16, 64)
	if err1 != nil || err2 != nil || string(head[:5]) != "07070" || size > maxDescription || name > 255 {
		return "", fmt.Errorf("the file is no .swu image")
	}
	at := (cpioHead + name + 3) / 4 * 4
	text := make([]byte, size)
	if _, err := f.ReadAt(text, at); err != nil {
		return "", fmt.Errorf("the file is no .swu image: %w", err)
	}
	m := descriptionVersion.FindSubmatch(text)
	if m == nil {
		return "", fmt.Errorf("the image's sw-description tells no version")
	}
	return string(m[1]), nil
}
