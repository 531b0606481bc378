package notify

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// sendWebhook posts a message, signed as the specification Standard Webhooks
// has it: whoever receives it can check that it is drydock's, that it is new
// (webhook-timestamp) and whether they have seen it (webhook-id).
func sendWebhook(ctx context.Context, p *poster, m Message, now time.Time) error {
	body, err := json.Marshal(m)
	if err != nil {
		return err
	}
	stamp := strconv.FormatInt(now.Unix(), 10)
	header := http.Header{}
	header.Set("webhook-id", m.ID)
	header.Set("webhook-timestamp", stamp)
	header.Set("webhook-signature", Signature(p.channel.Secret, m.ID, stamp, body))
	return p.post(ctx, header, body)
}

// Signature is the value of webhook-signature: "v1," and the base64 of the
// HMAC-SHA256 of id, timestamp and body, with dots between. The key is what
// the base64 after whsec_ says, or the secret itself where it does not begin
// with that.
func Signature(secret, id, stamp string, body []byte) string {
	key := []byte(secret)
	if encoded, ok := strings.CutPrefix(secret, secretPrefix); ok {
		if decoded, err := base64.StdEncoding.DecodeString(encoded); err == nil {
			key = decoded
		}
	}
	mac := hmac.New(sha256.New, key)
	mac.Write([]byte(id + "." + stamp + "."))
	mac.Write(body)
	return "v1," + base64.StdEncoding.EncodeToString(mac.Sum(nil))
}
