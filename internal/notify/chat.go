package notify

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
)

// sendChat posts a batch as one message to a chat's incoming web hook.
func sendChat(ctx context.Context, c Channel, batch []Message) error {
	var payload any
	switch c.Type {
	case Slack:
		payload = slackMessage(batch)
	case Mattermost:
		payload = mattermostMessage(batch)
	case Teams:
		payload = teamsMessage(batch)
	default:
		return refused("type %q is no chat", c.Type)
	}
	body, err := json.Marshal(payload)
	if err != nil {
		return err
	}
	p, err := newPoster(c)
	if err != nil {
		return err
	}
	defer p.close()
	return p.post(ctx, http.Header{}, body)
}

// defanged is text that no chat makes a mention or a link of: angle brackets,
// which Slack writes both with, become quotation marks, and a zero-width space
// stands after what would begin one elsewhere.
func defanged(text string) string {
	const gap = "\u200b"
	return strings.NewReplacer("<", "‹", ">", "›", "@", "@"+gap, "://", ":"+gap+"//", "www.", "www"+gap+".", "mailto:", "mailto"+gap+":", "#", "#"+gap).
		Replace(cut(clean(text), textMost))
}

type object map[string]any

// slackMessage puts what may come from a device into plain_text objects, in
// which Slack reads neither mentions nor links nor marks, and escapes it in the
// text that notifications show.
func slackMessage(batch []Message) object {
	plain := func(text string) object { return object{"type": "plain_text", "text": text, "emoji": false} }
	blocks := []object{{"type": "header", "text": plain(cut(defanged(headline(batch)), 140))}}
	some, more := shown(batch)
	for _, m := range some {
		text := defanged(m.Text)
		if len(batch) > 1 {
			text = strings.TrimSpace(defanged(m.Title) + "\n" + text)
		}
		if text != "" {
			blocks = append(blocks, object{"type": "section", "text": plain(text)})
		}
		if m.URL != "" {
			link := object{"type": "mrkdwn", "text": "<" + slackEscaped(m.URL) + "|open in drydock>", "verbatim": true}
			blocks = append(blocks, object{"type": "context", "elements": []object{link}})
		}
	}
	if more > 0 {
		blocks = append(blocks, object{"type": "section", "text": plain(fmt.Sprintf("and %d more", more))})
	}
	return object{"text": slackEscaped(defanged(headline(batch))), "mrkdwn": false, "parse": "none", "link_names": 0,
		"unfurl_links": false, "unfurl_media": false, "blocks": blocks}
}

// slackEscaped escapes the three characters that Slack's formatting begins with.
func slackEscaped(text string) string {
	return strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;").Replace(text)
}

// mattermostMessage puts what may come from a device into code spans, in which
// Mattermost reads neither mentions nor Markdown.
func mattermostMessage(batch []Message) object {
	code := func(text string) string { return "`" + strings.ReplaceAll(defanged(text), "`", "'") + "`" }
	lines := []string{code(headline(batch))}
	some, more := shown(batch)
	for _, m := range some {
		line := ""
		if len(batch) > 1 {
			line = "* " + code(m.Title)
		}
		if text := defanged(m.Text); text != "" {
			line += " " + code(text)
		}
		if m.URL != "" {
			line += " [open in drydock](" + m.URL + ")"
		}
		lines = append(lines, strings.TrimLeft(line, " "))
	}
	if more > 0 {
		lines = append(lines, fmt.Sprintf("and %d more", more))
	}
	return object{"text": strings.Join(lines, "\n"), "username": "drydock"}
}

// teamsMessage is an Adaptive Card. Its text stands in text runs, which have no
// Markdown; a mention would need an entity, and there is none.
func teamsMessage(batch []Message) object {
	block := func(text string, run object) object {
		run["type"], run["text"] = "TextRun", text
		return object{"type": "RichTextBlock", "inlines": []object{run}}
	}
	body := []object{block(defanged(headline(batch)), object{"weight": "Bolder"})}
	var actions []object
	some, more := shown(batch)
	for _, m := range some {
		if len(batch) > 1 {
			body = append(body, block(defanged(m.Title), object{}))
		}
		if text := defanged(m.Text); text != "" {
			body = append(body, block(text, object{"isSubtle": true}))
		}
		if m.URL != "" && len(actions) == 0 {
			actions = append(actions, object{"type": "Action.OpenUrl", "title": "open in drydock", "url": m.URL})
		}
	}
	if more > 0 {
		body = append(body, block(fmt.Sprintf("and %d more", more), object{}))
	}
	card := object{"$schema": "http://adaptivecards.io/schemas/adaptive-card.json", "type": "AdaptiveCard", "version": "1.4", "body": body}
	if len(actions) > 0 {
		card["actions"] = actions
	}
	return object{"type": "message", "attachments": []object{{"contentType": "application/vnd.microsoft.card.adaptive", "content": card}}}
}
