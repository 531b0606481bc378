package install

import (
	"bytes"
	"crypto/ed25519"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"path"
	"slices"
	"strconv"
	"strings"
)

// manifestHead begins a manifest, with the version of its form.
const manifestHead = "drydock-manifest 1"

// Manifest is what a release's maker says of its image. Written, it is lines:
//
//	drydock-manifest 1
//	version 2.0
//	models box-2 box-3*
//	image SHA-256 SIZE
//	patch SHA-256 SIZE from SHA-256
//	signature BASE64
//
// The signature is ed25519 (RFC 8032) over all lines before it, line ends
// included.
type Manifest struct {
	Version string
	Models  []string // patterns as of path.Match
	Image   Content
	Patch   Content // none: Digest is empty
	From    string  // digest of the image that the patch is for
}

// Content is a file by what is in it.
type Content struct {
	Digest string // hexadecimal SHA-256
	Size   int64  // octets
}

// Fits says whether the image is for the model.
func (m Manifest) Fits(model string) bool {
	return slices.ContainsFunc(m.Models, func(pattern string) bool {
		ok, err := path.Match(pattern, model)
		return err == nil && ok
	})
}

// Sign writes the manifest with its signature.
func (m Manifest) Sign(key ed25519.PrivateKey) []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, "%s\nversion %s\nmodels %s\nimage %s %d\n", manifestHead, m.Version, strings.Join(m.Models, " "), m.Image.Digest, m.Image.Size)
	if m.Patch.Digest != "" {
		fmt.Fprintf(&b, "patch %s %d from %s\n", m.Patch.Digest, m.Patch.Size, m.From)
	}
	fmt.Fprintf(&b, "signature %s\n", base64.StdEncoding.EncodeToString(ed25519.Sign(key, b.Bytes())))
	return b.Bytes()
}

// ParseManifest reads a manifest that one of the keys has signed. Without keys
// the signature is not looked at: the digests still say what is wanted.
func ParseManifest(data []byte, trust []ed25519.PublicKey) (m Manifest, err error) {
	signed, last, ok := cutLast(data)
	word, text, _ := strings.Cut(last, " ")
	if !ok || word != "signature" {
		return m, fmt.Errorf("the manifest's last line is no signature")
	}
	signature, err := base64.StdEncoding.DecodeString(text)
	if err != nil {
		return m, fmt.Errorf("the manifest's signature: %w", err)
	}
	if len(trust) > 0 && !slices.ContainsFunc(trust, func(k ed25519.PublicKey) bool { return ed25519.Verify(k, signed, signature) }) {
		return m, fmt.Errorf("the manifest is signed by none of the keys that this equipment trusts")
	}
	return parseLines(string(signed))
}

// cutLast takes the last line off.
func cutLast(data []byte) (before []byte, last string, ok bool) {
	body, ok := bytes.CutSuffix(data, []byte("\n"))
	i := bytes.LastIndexByte(body, '\n')
	if !ok || i < 0 {
		return nil, "", false
	}
	return body[:i+1], string(body[i+1:]), true
}

func parseLines(text string) (m Manifest, err error) {
	for i, line := range strings.Split(strings.TrimSuffix(text, "\n"), "\n") {
		f := strings.Fields(line)
		switch {
		case i == 0 && line == manifestHead:
		case i == 0:
			return m, fmt.Errorf("a manifest begins with %q", manifestHead)
		case len(f) == 2 && f[0] == "version":
			m.Version = f[1]
		case len(f) > 1 && f[0] == "models":
			m.Models = f[1:]
		case len(f) == 3 && f[0] == "image":
			m.Image, err = content(f[1], f[2])
		case len(f) == 5 && f[0] == "patch" && f[3] == "from":
			m.From = f[4]
			m.Patch, err = content(f[1], f[2])
		default:
			return m, fmt.Errorf("the manifest's line %d is not understood: %q", i+1, line)
		}
		if err != nil {
			return m, fmt.Errorf("the manifest's line %d: %w", i+1, err)
		}
	}
	if m.Version == "" || len(m.Models) == 0 || m.Image.Digest == "" {
		return m, fmt.Errorf("a manifest needs version, models and image")
	}
	return m, nil
}

func content(digest, size string) (Content, error) {
	n, err := strconv.ParseInt(size, 10, 64)
	raw, hexErr := hex.DecodeString(digest)
	if err != nil || hexErr != nil || len(raw) != 32 || n < 0 {
		return Content{}, fmt.Errorf("%s %s is no SHA-256 with a size", digest, size)
	}
	return Content{digest, n}, nil
}
