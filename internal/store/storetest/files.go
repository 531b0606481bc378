package storetest

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"reflect"
	"strings"
	"sync"
	"testing"
	"time"

	"drydock/internal/fault"
	"drydock/internal/fleet"
	"drydock/internal/store"
)

func release(id string, names ...string) fleet.Release {
	r := fleet.Release{ID: fleet.ReleaseID(id), Driver: "drydock", Version: "2.0", Recover: fleet.RecoverOriginal, Models: []string{"IAD-*"}}
	for _, n := range names {
		r.Files = append(r.Files, fleet.File{Role: "image", Name: n})
	}
	return r
}

// files opens contents by name.
func files(contents map[string]string) func(string) (io.ReadCloser, error) {
	return func(name string) (io.ReadCloser, error) {
		text, ok := contents[name]
		if !ok {
			return nil, fmt.Errorf("no file %s", name)
		}
		return io.NopCloser(strings.NewReader(text)), nil
	}
}

func testReleases(t *testing.T, s *store.Store) {
	ctx := t.Context()
	_, err := s.Release(ctx, "iad-2.0")
	wantCode(t, err, fault.NotFound)
	contents := map[string]string{"boot.bin": "boot", "image.bin": strings.Repeat("image", 100_000)}
	r := release("iad-2.0", "boot.bin", "image.bin")
	r.Files[0].Size, r.Files[0].Digest = 4, fleet.DigestOf([]byte("boot"))
	added, err := s.AddRelease(ctx, r, files(contents))
	must(t, err)
	if added.Files[1].Size != 500_000 || added.Files[1].Digest != fleet.DigestOf([]byte(contents["image.bin"])) {
		t.Errorf("size or digest: %+v", added.Files[1])
	}
	got, err := s.Release(ctx, "iad-2.0")
	must(t, err)
	if !reflect.DeepEqual(got, added) {
		t.Errorf("got  %+v\nwant %+v", got, added)
	}
	for name, text := range contents {
		c, err := s.ReleaseFile(ctx, "iad-2.0", name)
		must(t, err)
		if content := readAll(t, c); content != text {
			t.Errorf("%s came back as %d octets", name, len(content))
		}
		must(t, c.Close())
		must(t, c.Close()) // more than once is once
	}
	_, err = s.ReleaseFile(ctx, "iad-2.0", "other.bin")
	wantCode(t, err, fault.NotFound)
	_, err = s.ReleaseFile(ctx, "none", "boot.bin")
	wantCode(t, err, fault.NotFound)

	_, err = s.AddRelease(ctx, release("iad-1.4", "boot.bin"), files(contents))
	must(t, err)
	all, err := s.Releases(ctx)
	must(t, err)
	if len(all) != 2 || all[0].ID != "iad-1.4" || all[1].ID != "iad-2.0" {
		t.Errorf("releases: %+v", all)
	}
}

func readAll(t *testing.T, c store.Content) string {
	t.Helper()
	content, err := io.ReadAll(io.NewSectionReader(c, 0, c.Size()))
	must(t, err)
	return string(content)
}

func testReleaseRefused(t *testing.T, s *store.Store) {
	ctx := t.Context()
	ok := map[string]string{"a": "aaaa", "empty": ""}
	broken := errors.New("cut off")
	cut := func(string) (io.ReadCloser, error) {
		return io.NopCloser(io.MultiReader(strings.NewReader("half"), failing{broken})), nil
	}
	sized, digested := release("r", "a"), release("r", "a")
	sized.Files[0].Size = 5
	digested.Files[0].Digest = fleet.DigestOf([]byte("bbbb"))
	for name, c := range map[string]struct {
		r    fleet.Release
		open func(string) (io.ReadCloser, error)
		want fault.Code
	}{
		"no files":      {release("r"), files(ok), fault.Invalid},
		"empty file":    {release("r", "a", "empty"), files(ok), fault.Invalid},
		"wrong size":    {sized, files(ok), fault.Invalid},
		"wrong digest":  {digested, files(ok), fault.Invalid},
		"twice":         {release("r", "a", "a"), files(ok), fault.Invalid},
		"no name":       {release("r", ""), files(ok), fault.Invalid},
		"missing":       {release("r", "a", "gone"), files(ok), fault.Internal},
		"cut off":       {release("r", "a"), cut, fault.Internal},
		"not described": {fleet.Release{ID: "r"}, files(ok), fault.Invalid},
	} {
		_, err := s.AddRelease(ctx, c.r, c.open)
		if !fault.Is(err, c.want) {
			t.Errorf("%s: want %s, got %v", name, c.want, err)
		}
	}
	_, err := s.Release(ctx, "r")
	wantCode(t, err, fault.NotFound)
	_, err = s.AddRelease(ctx, release("r", "a"), files(ok))
	must(t, err)
	_, err = s.AddRelease(ctx, release("r", "a"), files(map[string]string{"a": "another"}))
	wantCode(t, err, fault.Conflict)
	c, err := s.ReleaseFile(ctx, "r", "a")
	must(t, err)
	if got := readAll(t, c); got != "aaaa" {
		t.Errorf("the first one was changed: %q", got)
	}
	must(t, c.Close())
}

type failing struct{ err error }

func (f failing) Read([]byte) (int, error) { return 0, f.err }

func testReleaseShared(t *testing.T, s *store.Store) {
	ctx := t.Context()
	contents := map[string]string{}
	var names []string
	for i := range 8 { // more than stay open unused
		name := fmt.Sprintf("f%d", i)
		names = append(names, name)
		contents[name] = strings.Repeat(name, 50_000)
	}
	_, err := s.AddRelease(ctx, release("r", names...), files(contents))
	must(t, err)
	var users sync.WaitGroup
	for i := range 64 {
		users.Go(func() {
			name := names[i%len(names)]
			c, err := s.ReleaseFile(ctx, "r", name)
			if err != nil {
				t.Error(err)
				return
			}
			buf := make([]byte, 2)
			if _, err := c.ReadAt(buf, int64(i)*2); err != nil || string(buf) != name {
				t.Errorf("%s: %q, %v", name, buf, err)
			}
			if err := c.Close(); err != nil {
				t.Error(err)
			}
		})
	}
	users.Wait()
}

func testBackups(t *testing.T, s *store.Store) {
	ctx := t.Context()
	_, _, err := s.OpenBackup(ctx, "b1")
	wantCode(t, err, fault.NotFound)
	plain := []byte("sip user 4711\nend\n")
	sealed, err := s.SealBackup(ctx, fleet.Backup{Device: "iad-1", Run: "r1", Purpose: fleet.BeforeLoad, Source: "tftp 127.0.0.1", Version: "1.4", Format: "indent"}, plain)
	must(t, err)
	if sealed.ID == "" || sealed.TakenAt.IsZero() || sealed.Size != fleet.Bytes(len(plain)) || sealed.Digest != fleet.DigestOf(plain) {
		t.Errorf("what is made is missing: %+v", sealed)
	}
	got, opened, err := s.OpenBackup(ctx, sealed.ID)
	must(t, err)
	if !reflect.DeepEqual(got, sealed) || !bytes.Equal(opened, plain) {
		t.Errorf("got  %+v %q\nwant %+v", got, opened, sealed)
	}
	again := sealed
	again.Blob = ""
	_, err = s.SealBackup(ctx, again, []byte("other"))
	wantCode(t, err, fault.Conflict)
	if _, opened, err = s.OpenBackup(ctx, sealed.ID); err != nil || !bytes.Equal(opened, plain) {
		t.Errorf("the first one was changed: %q, %v", opened, err)
	}
	empty, err := s.SealBackup(ctx, fleet.Backup{Device: "iad-1", Purpose: fleet.ByHand}, nil)
	must(t, err)
	if _, opened, err = s.OpenBackup(ctx, empty.ID); err != nil || len(opened) != 0 {
		t.Errorf("empty: %q, %v", opened, err)
	}
	_, err = s.SealBackup(ctx, fleet.Backup{}, plain)
	wantCode(t, err, fault.Invalid)
}

func testBackupPages(t *testing.T, s *store.Store) {
	ctx := t.Context()
	at := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	for i := range 12 {
		b := fleet.Backup{ID: fleet.BackupID(fmt.Sprintf("b%02d", i)), Device: fleet.DeviceID(fmt.Sprintf("d%d", i%2)), Run: fleet.RunID(fmt.Sprintf("r%d", i%3)),
			Purpose: fleet.BeforeLoad, TakenAt: at.Add(time.Duration(i/4) * time.Hour)} // several at one time
		if i%4 == 0 {
			b.Purpose = fleet.AfterUpdate
		}
		_, err := s.SealBackup(ctx, b, []byte{byte(i)})
		must(t, err)
	}
	for _, c := range []struct {
		f    store.BackupFilter
		want int
	}{
		{store.BackupFilter{}, 12}, {store.BackupFilter{Device: "d1"}, 6}, {store.BackupFilter{Run: "r2"}, 4},
		{store.BackupFilter{Device: "d0", Run: "r0"}, 2}, {store.BackupFilter{Purpose: fleet.AfterUpdate}, 3},
	} {
		var pages []fleet.Backup
		for f := c.f; ; {
			f.Limit = 5
			page, err := s.Backups(ctx, f)
			must(t, err)
			if len(page) == 0 {
				break
			}
			pages = append(pages, page...)
			f.After = page[len(page)-1].ID
		}
		all, err := s.Backups(ctx, c.f)
		must(t, err)
		if len(all) != c.want || !reflect.DeepEqual(all, pages) {
			t.Errorf("%+v: %d backups, %d by pages, want %d", c.f, len(all), len(pages), c.want)
		}
		for i := 1; i < len(all); i++ {
			if all[i].TakenAt.After(all[i-1].TakenAt) {
				t.Errorf("%+v: not newest first", c.f)
			}
		}
	}
}
