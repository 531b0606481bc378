package api

import (
	"context"
	"encoding/json"
	"io"
	"mime/multipart"
	"net/http"
	"time"

	"drydock/internal/fault"
	"drydock/internal/fleet"
)

// uploadTimeout bounds a release on its way in.
const uploadTimeout = time.Hour

func (s *server) releases() {
	register(s, get("list-releases", "/api/v1/releases", "Releases"), func(ctx context.Context, _ *struct{}) (*body[[]fleet.Release], error) {
		return list(s.Store.Releases(ctx))
	})
	register(s, get("show-release", "/api/v1/releases/{id}", "One release"), func(ctx context.Context, in *struct {
		ID fleet.ReleaseID `path:"id"`
	}) (*body[fleet.Release], error) {
		return answer(s.Store.Release(ctx, in.ID))
	})
	add := post("add-release", "/api/v1/releases", "Add a release: form field release (JSON), then its files")
	add.DefaultStatus, add.MaxBodyBytes, add.BodyReadTimeout = http.StatusCreated, -1, uploadTimeout
	add.SkipValidateBody = true
	register(s, add, func(ctx context.Context, in *struct{ RawBody multipart.Form }) (*body[fleet.Release], error) {
		defer in.RawBody.RemoveAll() //nolint:errcheck // temporary files
		return answer(s.addRelease(ctx, &in.RawBody))
	})
}

func (s *server) addRelease(ctx context.Context, form *multipart.Form) (fleet.Release, error) {
	var r fleet.Release
	fields := form.Value["release"]
	if len(fields) != 1 {
		return r, fault.New(fault.Invalid, "", "release", "the form must have one field release, it has %d", len(fields))
	}
	if err := json.Unmarshal([]byte(fields[0]), &r); err != nil {
		return r, fault.New(fault.Invalid, "", "release", "field release: %w", err)
	}
	if r.Pack != "" {
		if err := s.Engine.CheckPack(r.Pack); err != nil {
			return r, err
		}
	}
	if err := s.Engine.CheckFiles(r); err != nil {
		return r, err
	}
	files := map[string]*multipart.FileHeader{}
	for _, h := range form.File["file"] {
		files[h.Filename] = h
	}
	return s.Store.AddRelease(ctx, r, func(name string) (io.ReadCloser, error) {
		h, ok := files[name]
		if !ok {
			return nil, fault.New(fault.Invalid, "", "release "+string(r.ID), "file %q was not sent", name)
		}
		return h.Open()
	})
}
