package main

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"strings"

	"drydock/internal/equipment/install"
	"drydock/internal/fault"
)

// makeKey makes a key pair: the private key into a file, the public one for
// software.trust onto the standard output.
func makeKey(_ context.Context, args []string, out, errs io.Writer) error {
	flags := flag.NewFlagSet("key", flag.ContinueOnError)
	flags.SetOutput(errs)
	path := flags.String("out", "", "`file` for the private key, which must not exist")
	if err := flags.Parse(args); err != nil || *path == "" {
		return fault.New(fault.Invalid, "", "key", "--out FILE is needed")
	}
	public, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		return err
	}
	f, err := os.OpenFile(*path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return fault.New(fault.Invalid, "", "key", "%w", err)
	}
	_, err = fmt.Fprintln(f, base64.StdEncoding.EncodeToString(private.Seed()))
	if err := errors.Join(err, f.Close()); err != nil {
		return err
	}
	_, err = fmt.Fprintln(out, base64.StdEncoding.EncodeToString(public))
	return err
}

// makeManifest writes a release's signed manifest, and its patch.
func makeManifest(_ context.Context, args []string, _, errs io.Writer) error {
	flags := flag.NewFlagSet("manifest", flag.ContinueOnError)
	flags.SetOutput(errs)
	key := flags.String("key", "", "`file` with the private key")
	release := flags.String("version", "", "the software's `version`, as the equipment tells it")
	models := flags.String("models", "", "the `models` that it is for, separated by commas; * and ? stand for others")
	image := flags.String("image", "", "the image `file`")
	out := flags.String("out", "", "`file` for the manifest")
	old := flags.String("patch-from", "", "an older image `file`, to make a patch from")
	patch := flags.String("patch", "", "`file` for the patch")
	if err := flags.Parse(args); err != nil {
		return errors.Join(flag.ErrHelp, err)
	}
	if *key == "" || *release == "" || *models == "" || *image == "" || *out == "" || (*old == "") != (*patch == "") {
		return fault.New(fault.Invalid, "", "manifest", "--key, --version, --models, --image and --out are needed; --patch-from and --patch go together")
	}
	private, err := readKey(*key)
	if err != nil {
		return err
	}
	data, err := os.ReadFile(*image)
	if err != nil {
		return fault.New(fault.Invalid, "", "manifest", "%w", err)
	}
	m := install.Manifest{Version: *release, Models: strings.Split(*models, ","), Image: contentOf(data)}
	if *old != "" {
		if err := writePatch(&m, *old, *patch, data); err != nil {
			return err
		}
	}
	return os.WriteFile(*out, m.Sign(private), 0o644)
}

func writePatch(m *install.Manifest, from, to string, image []byte) error {
	old, err := os.ReadFile(from)
	if err != nil {
		return fault.New(fault.Invalid, "", "manifest", "%w", err)
	}
	var patch bytes.Buffer
	if err := install.WritePatch(&patch, old, image); err != nil {
		return err
	}
	m.Patch, m.From = contentOf(patch.Bytes()), contentOf(old).Digest
	return os.WriteFile(to, patch.Bytes(), 0o644)
}

func contentOf(data []byte) install.Content {
	sum := sha256.Sum256(data)
	return install.Content{Digest: hex.EncodeToString(sum[:]), Size: int64(len(data))}
}

func readKey(path string) (ed25519.PrivateKey, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, fault.New(fault.Invalid, "", "key", "%w", err)
	}
	seed, err := base64.StdEncoding.DecodeString(strings.TrimSpace(string(text)))
	if err != nil || len(seed) != ed25519.SeedSize {
		return nil, fault.New(fault.Invalid, "", "key", "%s is no private key of drydock-agent key", path)
	}
	return ed25519.NewKeyFromSeed(seed), nil
}
