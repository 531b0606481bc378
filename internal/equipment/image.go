package equipment

import (
	"bytes"
	"crypto/sha256"
	"encoding"
	"fmt"
	"hash"
	"io"
	"slices"
	"strconv"
	"strings"
)

// Image files describe themselves. They begin with one line
//
//	DRYDOCK-IAD-IMAGE version=2.0 model=IAD-4,IAD-24 generation=2
//
// and end with the SHA-256 of everything before it (32 octets). What is
// between is the software, which nobody looks into.
const (
	imageMagic   = "DRYDOCK-IAD-IMAGE"
	maxImageHead = 512
)

// Image is what is known of an image file: it is not the file.
type Image struct {
	Version    string
	Models     []string
	Generation int   // of the configuration it reads and writes: 1 or 2
	Size       int64 // octets of the file
	Digest     [sha256.Size]byte
}

// Fits says whether the image is for the model.
func (i Image) Fits(model string) bool { return slices.Contains(i.Models, model) }

// ConfigVersion is the form of configuration that the image writes.
func (i Image) ConfigVersion() string {
	if i.Generation >= 2 {
		return "2.0"
	}
	return "1.4"
}

// WriteImage writes an image file of that size, or of the smallest possible
// size where size is less. Size and Digest of i are not looked at; the image as
// written is the result. The same arguments give the same file.
func WriteImage(w io.Writer, i Image, size int64) (Image, error) {
	head := fmt.Sprintf("%s version=%s model=%s generation=%d\n", imageMagic, i.Version, strings.Join(i.Models, ","), i.Generation)
	if _, err := parseImageHead(strings.TrimSuffix(head, "\n")); err != nil || len(head) > maxImageHead {
		return Image{}, fmt.Errorf("image %s for %v cannot be described in one line: %w", i.Version, i.Models, err)
	}
	check := NewImageCheck()
	out := io.MultiWriter(w, check)
	if _, err := io.WriteString(out, head); err != nil {
		return Image{}, err
	}
	sum := sha256.Sum256([]byte(head)) // so that no two versions have the same content
	pad := bytes.Repeat(sum[:], 128)
	for rest := size - int64(len(head)) - sha256.Size; rest > 0; rest -= int64(len(pad)) {
		if _, err := out.Write(pad[:min(rest, int64(len(pad)))]); err != nil {
			return Image{}, err
		}
		pad[int(rest/int64(len(pad)))%len(pad)]++
	}
	if _, err := out.Write(check.bodySum()); err != nil {
		return Image{}, err
	}
	return check.Finish()
}

// ImageCheck is a writer that looks at an image file as it goes by and keeps
// none of it.
type ImageCheck struct {
	body hash.Hash // of all octets but the last 32
	head []byte
	tail []byte // the last octets, 32 at most
	size int64
}

// NewImageCheck makes an ImageCheck that has seen nothing.
func NewImageCheck() *ImageCheck { return &ImageCheck{body: sha256.New()} }

// Write takes the next octets. It never fails.
func (c *ImageCheck) Write(p []byte) (int, error) {
	n := len(p)
	c.size += int64(n)
	if room := maxImageHead - len(c.head); room > 0 {
		c.head = append(c.head, p[:min(room, n)]...)
	}
	if n >= sha256.Size {
		c.body.Write(c.tail)
		c.body.Write(p[:n-sha256.Size])
		c.tail = append(c.tail[:0], p[n-sha256.Size:]...)
		return n, nil
	}
	c.tail = append(c.tail, p...)
	if over := len(c.tail) - sha256.Size; over > 0 {
		c.body.Write(c.tail[:over])
		c.tail = append(c.tail[:0], c.tail[over:]...)
	}
	return n, nil
}

// bodySum is the digest that the file must end with, were it to end with the
// next octets.
func (c *ImageCheck) bodySum() []byte {
	h := c.clone()
	h.Write(c.tail)
	return h.Sum(nil)
}

func (c *ImageCheck) clone() hash.Hash {
	state, err := c.body.(encoding.BinaryMarshaler).MarshalBinary()
	if err != nil {
		panic("equipment: SHA-256 does not give its state: " + err.Error())
	}
	h := sha256.New()
	if err := h.(encoding.BinaryUnmarshaler).UnmarshalBinary(state); err != nil {
		panic("equipment: SHA-256 does not take its state: " + err.Error())
	}
	return h
}

// Digest is the SHA-256 of all octets so far.
func (c *ImageCheck) Digest() [sha256.Size]byte { return [sha256.Size]byte(c.bodySum()) }

// Size is the number of octets so far.
func (c *ImageCheck) Size() int64 { return c.size }

// Finish says what the image is, or why it is none. The error is a *Failure
// with BadImage.
func (c *ImageCheck) Finish() (Image, error) {
	line, _, found := bytes.Cut(c.head, []byte("\n"))
	if !found {
		return Image{}, failed(BadImage, "the file does not begin with the line of an image")
	}
	img, err := parseImageHead(string(line))
	if err != nil {
		return Image{}, failed(BadImage, "%v", err)
	}
	if c.size < int64(len(line)+1+sha256.Size) || !bytes.Equal(c.body.Sum(nil), c.tail) {
		return Image{}, failed(BadImage, "image %s is not whole: after %d octets the digest at its end is wrong", img.Version, c.size)
	}
	img.Size, img.Digest = c.size, c.Digest()
	return img, nil
}

func parseImageHead(line string) (Image, error) {
	words := strings.Split(line, " ")
	if words[0] != imageMagic {
		return Image{}, fmt.Errorf("the file does not begin with %s", imageMagic)
	}
	var img Image
	for _, word := range words[1:] {
		key, value, _ := strings.Cut(word, "=")
		switch key {
		case "version":
			img.Version = value
		case "model":
			img.Models = strings.Split(value, ",")
		case "generation":
			n, err := strconv.Atoi(value)
			if err != nil {
				return Image{}, fmt.Errorf("image header: generation %q is no number", value)
			}
			img.Generation = n
		default:
			return Image{}, fmt.Errorf("image header: %q is not known", word)
		}
	}
	if img.Version == "" || len(img.Models) == 0 || img.Models[0] == "" || img.Generation < 1 || img.Generation > 2 {
		return Image{}, fmt.Errorf("image header: version, model and generation 1 or 2 are needed, got %q", line)
	}
	return img, nil
}
