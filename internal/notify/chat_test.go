package notify

import (
	"encoding/json"
	"regexp"
	"strings"
	"testing"
	"time"
)

// texts gives every string of a JSON document with the key that it stands at.
func texts(v any, key string, all map[string][]string) {
	switch v := v.(type) {
	case map[string]any:
		for k, inner := range v {
			texts(inner, k, all)
		}
	case []any:
		for _, inner := range v {
			texts(inner, key, all)
		}
	case string:
		all[key] = append(all[key], v)
	}
}

// TestChatsCannotBeForged: text of a device mentions nobody, links nowhere and
// has no marks, whatever form the chat has for them.
func TestChatsCannotBeForged(t *testing.T) {
	live := regexp.MustCompile(`@[a-z]|#[a-z]|[<>]|://|\x1b|\x07|\r|\x{202e}|\x{9b}`)
	ours := regexp.MustCompile(`<https://drydock\.test/questions/r[12]-q2\|open in drydock>|\[open in drydock\]\(https://drydock\.test/questions/r[12]-q2\)`)
	for _, typ := range []Type{Slack, Mattermost, Teams} {
		t.Run(string(typ), func(t *testing.T) {
			y, h := newYard(t), newHook(t)
			y.put(Channel{Name: "room", Type: typ, URL: h.URL + "/secret", Gather: time.Second})
			y.asks("r1", "iad-1"+hostile)
			y.asks("r2", "iad-2"+hostile)
			y.deliver()
			y.pass(2 * time.Second)
			y.deliver()
			if h.count() != 1 {
				t.Fatalf("%d messages", h.count())
			}
			var doc any
			if err := json.Unmarshal(h.bodies[0], &doc); err != nil {
				t.Fatal(err)
			}
			all := map[string][]string{}
			texts(doc, "", all)
			if !strings.Contains(strings.Join(all["text"], ""), "iad-1") || len(all["url"]) > 1 || len(all["entities"]) > 0 {
				t.Errorf("message %s", h.bodies[0])
			}
			for _, text := range all["text"] {
				text = ours.ReplaceAllString(text, "")
				if live.MatchString(text) {
					t.Errorf("%q is live in %q", live.FindString(text), text)
				}
				outside := regexp.MustCompile("`[^`]*`").ReplaceAllString(text, "")
				if typ == Mattermost && strings.Trim(outside, "* \n") != "" {
					t.Errorf("outside of code: %q", outside)
				}
			}
			if typ == Teams && strings.Contains(string(h.bodies[0]), `"TextBlock"`) {
				t.Error("a block of text with Markdown")
			}
		})
	}
}

// TestSlackMentionIsText holds the form that Slack has for mentions.
func TestSlackMentionIsText(t *testing.T) {
	m := slackMessage([]Message{{Title: "<!channel> & <@U1>"}})
	if text := m["text"].(string); strings.ContainsAny(text, "<>") || !strings.Contains(text, "‹!channel› &amp;") {
		t.Errorf("text %q", text)
	}
	for _, b := range m["blocks"].([]object) {
		if inner, ok := b["text"].(object); ok && inner["type"] != "plain_text" {
			t.Errorf("block %v", b)
		}
	}
}

func TestDefanged(t *testing.T) {
	for in, bad := range map[string]string{
		"@here": "@h", "see https://evil.example": "://", "www.evil.example": "www.", "#town": "#t", "a\x1b[31mb": "\x1b", "a\u202eb": "\u202e", "a\nb": "\n", "<!channel>": "<",
	} {
		if out := defanged(in); strings.Contains(out, bad) {
			t.Errorf("%q becomes %q", in, out)
		}
	}
	if out := defanged(strings.Repeat("ü", 2000)); len(out) > textMost+10 {
		t.Errorf("%d octets are left", len(out))
	}
}
