package driver

import (
	"fmt"
	"strings"
)

// checkSample tries a value that has variables with what they may stand for:
// an object that could never take it is a mistake. Variables that only the
// device or its settings know are not tried.
func (c *compiler) checkSample(o *mibObject, t template, when *condition, at place) {
	protocols := c.driver.protocols
	if when != nil && len(when.protocols) > 0 {
		protocols = when.protocols
	}
	for _, protocol := range protocols {
		text, ok := t.sample(protocol)
		if !ok {
			return
		}
		if _, err := o.encode(o.oid, text); err != nil {
			c.Wrong(at, hintFor(o), "%s is %s and cannot be %q, for example %q", o.name, kindWords(o), t.String(), text)
			return
		}
	}
}

// sample fills the template with values such as an operation has.
func (t template) sample(protocol string) (text string, ok bool) {
	var b strings.Builder
	for _, p := range t.parts {
		b.WriteString(p.literal)
		if p.variable == "" {
			continue
		}
		value, known := sampleOf(p.variable, protocol)
		if !known {
			return "", false
		}
		b.WriteString(value)
	}
	return b.String(), true
}

func sampleOf(variable, protocol string) (string, bool) {
	samples := map[string]string{"server.address": "192.0.2.1", "server.port": "69", "protocol": protocol, "index": "1",
		"version": "V1.0", "model": "M-1", "files.names": "image.bin boot.bin", "files.digests": strings.Repeat("0a", 32)}
	if value, ok := samples[variable]; ok {
		return value, true
	}
	if !strings.HasPrefix(variable, "file.") {
		return "", false
	}
	properties := map[string]string{"name": "image.bin", "target": "image.bin", "digest": strings.Repeat("0a", 32),
		"size": "1000", "user": "user", "password": "********"}
	value, ok := properties[variable[strings.LastIndexByte(variable, '.')+1:]]
	return value, ok
}

// kindWords says what an object takes.
func kindWords(o *mibObject) string {
	if labels := o.labels(); len(labels) > 0 {
		return "one of " + oneOf(labels)
	}
	return fmt.Sprintf("of type %q", o.kind)
}

// hintFor says what is usually written for a type.
func hintFor(o *mibObject) string {
	switch o.kind {
	case kindIPAddress, kindInetAddress, kindInetType:
		return `write "{server.address}", or type: text if the object holds the address as text`
	case kindTAddress:
		return `write "{server.address}:{server.port}"`
	case kindInteger, kindGauge, kindTimeTicks:
		if len(o.values) == 0 {
			return "write a number, or give the object the type that it has in the MIB"
		}
		return "add the value to the object's values if the MIB has it, or write one of them"
	}
	return "give the object the type that it has in the MIB"
}
