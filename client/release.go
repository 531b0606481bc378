package client

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"mime/multipart"
	"net/http"

	"drydock/internal/fleet"
)

// AddRelease sends a release and its files; open gives the content of each.
func (c *Client) AddRelease(ctx context.Context, r fleet.Release, open func(name string) (io.ReadCloser, error)) (added fleet.Release, err error) {
	pr, pw := io.Pipe()
	form := multipart.NewWriter(pw)
	written := make(chan error, 1)
	go func() { // ends when the form is written or the request is over
		err := writeRelease(form, r, open)
		written <- err
		pw.CloseWithError(err)
	}()
	resp, err := c.send(ctx, http.MethodPost, "/api/v1/releases", nil, form.FormDataContentType(), pr)
	pr.CloseWithError(io.ErrClosedPipe)
	if werr := <-written; werr != nil && !errors.Is(werr, io.ErrClosedPipe) {
		err = werr
	}
	if err != nil {
		return added, err
	}
	defer resp.Body.Close()
	return added, json.NewDecoder(resp.Body).Decode(&added)
}

func writeRelease(form *multipart.Writer, r fleet.Release, open func(string) (io.ReadCloser, error)) error {
	manifest, err := form.CreateFormField("release")
	if err != nil {
		return err
	}
	if err := json.NewEncoder(manifest).Encode(r); err != nil {
		return err
	}
	for _, f := range r.Files {
		if err := writeFile(form, f.Name, open); err != nil {
			return err
		}
	}
	return form.Close()
}

func writeFile(form *multipart.Writer, name string, open func(string) (io.ReadCloser, error)) error {
	content, err := open(name)
	if err != nil {
		return err
	}
	defer content.Close()
	part, err := form.CreateFormFile("file", name)
	if err != nil {
		return err
	}
	_, err = io.Copy(part, content)
	return err
}
