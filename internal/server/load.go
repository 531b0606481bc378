package server

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"drydock/drivers"
	"drydock/internal/driver"
	"drydock/internal/driver/mib"
	"drydock/internal/fault"
	"drydock/internal/migrate"
	"drydock/internal/secret"
	"drydock/internal/transfer"
	"drydock/migrations"
)

func keyring(o Options) (*secret.Keyring, error) {
	if o.Key != "" {
		key, err := secret.ParseKey(o.Key)
		if err != nil {
			return nil, fault.New(fault.Invalid, "", "DRYDOCK_KEY", "%w", err)
		}
		return secret.NewKeyring(key)
	}
	path := o.KeyFile
	if path == "" {
		path = filepath.Join(o.Data, "key")
	}
	_, missing := os.Stat(path)
	keys, err := secret.LoadOrCreateKeyFile(path)
	if err != nil {
		return nil, fault.New(fault.Invalid, "", "", "%w", err)
	}
	if errors.Is(missing, fs.ErrNotExist) {
		o.Log.Warn("a new sealing key was made: keep a copy of it elsewhere, no backup opens without it", "file", path)
	}
	return keys, nil
}

// dataDirectory makes the data directory, and in it what is not there yet: the
// sealing key and the bootstrap token.
func dataDirectory(o Options) (keys *secret.Keyring, token secret.String, err error) {
	if err = os.MkdirAll(o.Data, 0o700); err != nil {
		return nil, token, err
	}
	if keys, err = keyring(o); err == nil {
		token, err = apiToken(filepath.Join(o.Data, "token"))
	}
	return keys, token, err
}

// unusable says what to do about a data directory that cannot be written. Other
// errors stay as they are.
func unusable(data string, err error) error {
	switch {
	case errors.Is(err, syscall.ENOSPC), errors.Is(err, syscall.EDQUOT):
		return fault.New(fault.Full, "", "data directory "+data, "%w", err).WithHint("make room on its disk")
	case errors.Is(err, fs.ErrPermission), errors.Is(err, syscall.EROFS), errors.Is(err, syscall.ENOTDIR), errors.Is(err, fs.ErrNotExist):
		return fault.New(fault.Invalid, "", "data directory "+data, "%w", err).
			WithHint("give a directory that the user of this process may write: --data DIR")
	}
	return err
}

// apiToken reads the API's token, or makes it at the first start.
func apiToken(path string) (secret.String, error) {
	raw, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		raw = []byte(transfer.NewName() + transfer.NewName() + transfer.NewName() + "\n")
		err = secret.WriteFileOwnerOnly(path, raw)
	}
	text := strings.TrimSpace(string(raw))
	if err == nil && text == "" {
		err = errors.New("it is empty: remove it and a new one is made")
	}
	if err != nil {
		return secret.String{}, fault.New(fault.Invalid, "", "token file "+path, "%w", err)
	}
	return secret.New(text), nil
}

// loadDrivers gives the drivers of the binary and those of a directory, which
// replace the former where they have the same name. Names in the latter may be
// those of the MIB modules below mibDir.
func loadDrivers(dir, mibDir string) (*driver.Set, error) {
	own, err := driver.LoadAll(drivers.FS)
	if dir == "" || err != nil {
		return own, err
	}
	if info, err := os.Stat(dir); err != nil || !info.IsDir() {
		return nil, fault.New(fault.Invalid, "", "--drivers "+dir, "it is not a directory that can be read").
			WithHint("give the directory that has your driver files, *.yaml, in it")
	}
	var modules *mib.Library
	if mibDir != "" {
		if modules, err = mib.Read(os.DirFS(mibDir)); err != nil {
			return nil, fault.New(fault.Invalid, "", "--mib-dir "+mibDir, "%w", err)
		}
	}
	more, err := driver.LoadAllWith(os.DirFS(dir), modules)
	if err != nil {
		return nil, fault.New(fault.Invalid, "", "--drivers "+dir, "a driver is wrong:\n%w", err).
			WithHint("drydock driver check FILE shows the same; docs/driver-language.md describes the language")
	}
	if len(more.Names()) == 0 {
		return nil, fault.New(fault.Invalid, "", "--drivers "+dir, "there is no driver file in it").
			WithHint("driver files are named *.yaml and stand in the folder itself")
	}
	for _, name := range more.Names() {
		d, _ := more.Get(name)
		if err := errors.Join(d.CheckFormat(migrate.Formats()), d.CheckPatterns(migrate.CheckPattern)); err != nil {
			return nil, fault.New(fault.Invalid, "", "--drivers "+dir, "a driver is wrong:\n%w", err)
		}
	}
	return own.With(more), nil
}

// loadPacks gives the migration packs of the binary and those of a directory.
func loadPacks(dir string) (map[string]*migrate.Pack, error) {
	packs := map[string]*migrate.Pack{}
	sources := []fs.FS{migrations.FS}
	if dir != "" {
		sources = append(sources, os.DirFS(dir))
	}
	for _, source := range sources {
		entries, err := fs.ReadDir(source, ".")
		if err != nil {
			return nil, fault.New(fault.Invalid, "", "migrations", "%w", err)
		}
		for _, entry := range entries {
			if !entry.IsDir() {
				continue
			}
			pack, err := migrate.LoadPack(source, entry.Name())
			if err != nil {
				return nil, err
			}
			packs[pack.Name] = pack
		}
	}
	return packs, nil
}
